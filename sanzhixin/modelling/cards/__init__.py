"""Scorecards of any table: selection, coefficients, whole points, answers and files."""
