"""A frozen model at work: measures, profile, points, limits, reasons; numpy and pydantic only."""
