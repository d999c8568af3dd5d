"""What estimators are given: columns of any frame, outcomes, and columns side by side."""
