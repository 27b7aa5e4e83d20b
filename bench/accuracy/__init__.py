"""Accuracy on real and simulated data, how settings were chosen, and how exact the formats are."""
