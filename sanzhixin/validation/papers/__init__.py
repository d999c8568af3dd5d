"""Papers for people: notices and pages of households, disclosure and records of a model."""
