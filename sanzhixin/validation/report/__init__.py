"""The report on a model in three forms: a page with pictures, a workbook, JSON."""
