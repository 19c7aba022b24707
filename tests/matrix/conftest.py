"""What every test of the matrix needs: the makers of its clips, and a short way from a clip to what was published."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# pytest imports tests by their path: modules that lie beside them are found only so.
sys.path.insert(0, str(Path(__file__).parent))

from clips import Maker
from measure import Published


@pytest.fixture
def make(ffmpeg: str, tmp_path: Path) -> Maker:
    """Return a maker of clips in a folder of its own."""
    (tmp_path / "clips").mkdir()
    return Maker(ffmpeg, tmp_path / "clips")


@pytest.fixture
def publish(house: Any, tmp_path: Path) -> Callable[[Path], Published]:
    """Return a publisher without a model: recognition costs time, and pictures and sound are what is measured."""

    def publish(clip: Path) -> Published:
        return Published(house.site, house.publish(clip, model=str(tmp_path / "no model")).record)

    return publish
