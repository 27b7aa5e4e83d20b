"""Accuracy on real and simulated data, the choice of settings, and the accuracy of formats."""
