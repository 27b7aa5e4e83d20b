"""Measurements: how fast, how exact and how late this package is, one program a file.

Run them from the root of the repository, as `python -m bench.speed.postprocess`. The head of each
file says what it checks, what it measures and where its table goes.
"""
