"""Networks of known libraries as extractors, by their name or from a folder."""
