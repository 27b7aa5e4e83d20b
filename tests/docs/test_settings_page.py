"""The page of training settings is made from their definition, and every one is explained."""

from __future__ import annotations

import re

from scripts import settings_page


def test_the_page_is_that_of_the_definition():
    """Catches a setting or a default that changed: python scripts/settings_page.py."""
    assert settings_page.PAGE.read_text() == settings_page.page()


def test_every_setting_says_what_it_means():
    """Catches a field without a comment, of which the page would say nothing."""
    silent = re.findall(r"^\| (`\w+`) .*\| \|$", settings_page.page(), re.MULTILINE)
    assert silent == []
