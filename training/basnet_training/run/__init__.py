"""`basnet-train run`: from videos or features with tags to a model, results and a report."""
