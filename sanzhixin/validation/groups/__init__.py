"""Groups for audit: how they fare, and whether the profile tells them apart."""
