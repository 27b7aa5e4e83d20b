"""Extractors: from pictures to features. `make_extractor` makes one by name."""
