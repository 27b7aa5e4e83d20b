"""Reads tags of videos in the forms that people use, and matches their names with videos."""

from basnet_rt.tags.matching import Match, match_names, one_of, stem
from basnet_rt.tags.reading import Tagged, read_tagged, training_subset

__all__ = ["Match", "Tagged", "match_names", "one_of", "read_tagged", "stem", "training_subset"]
