"""Points, default probabilities and cards against what became of loans."""
