"""Analysis of results: comparisons, tuning, tables."""
