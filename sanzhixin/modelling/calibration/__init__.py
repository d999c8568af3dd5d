"""Calibration: default probabilities of attainable points, by a method that the defaults allow."""
