"""Measurements of speed, accuracy and latency of this package, one program per file.

Run them from the root of the repository, as `python -m bench.speed.postprocess`. The docstring of
each file describes its checks, its measurements and the place of its table.
"""
