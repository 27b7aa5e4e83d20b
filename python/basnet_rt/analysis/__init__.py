"""Looking into results: error kinds, comparisons, plots."""
