"""The demo: its own small set of videos, and the whole way from them to evaluated segments."""
