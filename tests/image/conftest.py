"""The two images, built first where they are not in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from image import build


@pytest.fixture(scope="session")
def images() -> Path:
    """The directory with the unpacked root file systems `operator` and `armsim`."""
    try:
        return build.images()
    except build.NotHere as why:
        pytest.skip(str(why))
