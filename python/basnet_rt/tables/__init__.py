"""Predictions and marked segments as arrays, for evaluation and comparison."""
