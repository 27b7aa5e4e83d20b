"""Times of post-processing, localization, evaluation and the report, beside a rival's."""
