"""Running an extractor over videos: one or many, several at a time, kept in folders and caches."""
