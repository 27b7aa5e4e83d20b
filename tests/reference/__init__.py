"""The oracle: DESIGN sections 4, 5 and 8 in float64 NumPy and plain loops.

Slow and obvious on purpose. It imports neither torch nor basnet_rt, so that it
can be wrong only in its own way. Arguments are plain arrays and dicts whose keys
are the fields of `PostprocessConfig`; arguments are trusted, not checked.
"""
