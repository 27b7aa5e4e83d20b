"""Times of post-processing, localization, evaluation and the report, compared with others."""
