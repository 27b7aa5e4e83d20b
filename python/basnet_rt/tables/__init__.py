"""Predictions and marked segments as arrays: what evaluation and comparison count on."""
