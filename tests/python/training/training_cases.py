"""What the tiny data set of the `dataset` fixture holds."""

FEATURE_DIM = 6
LENGTHS = [9, 17, 12, 3, 20, 11, 16, 8]
TAGS: list[list[str]] = [["Run"], [], ["Jump"], ["Run"], ["Jump", "Run"], [], ["Jump"], ["Run"]]
