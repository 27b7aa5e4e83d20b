"""Golden post-processing cases and the real streams."""

from __future__ import annotations

import pytest

from reference.golden import PUBLISHED_CASES, published_arrays


@pytest.fixture(scope="session")
def golden(shared):
    """Arrays by `<case>/<name>`."""
    return published_arrays(shared)


@pytest.fixture(params=PUBLISHED_CASES)
def golden_case_name(request):
    return request.param
