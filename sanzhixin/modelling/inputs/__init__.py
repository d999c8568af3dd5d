"""What estimators are given: columns of any frame, and outcomes."""
