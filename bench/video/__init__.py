"""From video on: decoding, extractors, the whole way to detections, and the demo."""
