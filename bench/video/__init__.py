"""Measurements on video files: decoding, extractors, the whole pipeline, memory and the demo."""
