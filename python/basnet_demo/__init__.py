"""The demo: a small set of drawn videos, and all steps from these to evaluated segments."""
