"""The published sample in a real browser, and its playlist in a real parser of playlists. Needs node and Chromium."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from votd.flows.outcome import Outcome

pytestmark = pytest.mark.all

NODE = Path(__file__).parent.parent / "node"


def node(script: str, *arguments: str) -> Any:
    """Run one of our scripts in node and return what it prints, as data."""
    done = subprocess.run(
        ["node", script, *arguments], cwd=NODE, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_hls_parser_reads_the_master(published: tuple[Any, Outcome]) -> None:
    """In strict mode, and every playlist below it."""
    house, outcome = published
    master = house.site / outcome.record.hls
    below = [str(house.site / r.playlist) for r in outcome.record.renditions]
    parsed = node("hls-parse.mjs", str(master), *below)
    assert len(parsed) == 1 + len(below)
    full = [variant for variant in parsed[0]["variants"] if not variant["isIFrameOnly"]]
    assert len(full) == len(parsed[0]["variants"]) - len(full) == len(outcome.record.renditions)


def test_the_page_plays_five_seconds_with_a_caption(
    published: tuple[Any, Outcome], serving: Callable[[Path], str], tmp_path: Path
) -> None:
    """From the address of the store: title, article, download, the picture moving, one caption on the screen."""
    house, outcome = published
    picture = tmp_path / "page.png"
    seen = node("play.mjs", f"{serving(house.site)}/", str(picture), "5")
    assert seen["currentTime"] >= 5
    assert seen["buffered"][0][0] <= 0.001
    assert seen["tracksShowing"] == 1
    assert seen["captions"]
    assert seen["heading"] == "Andonovic: European troops in Ukraine?"
    assert [a["title"] for a in seen["articles"]] == ["VIDEO | Andonovic: European troops in Ukraine?"]
    assert seen["downloads"][0].endswith(outcome.record.mp4)
    assert seen["consoleErrors"] == []
    assert seen["failedRequests"] == []
    assert picture.stat().st_size > 50_000


def test_a_page_opens_at_a_moment_and_goes_to_a_chapter(
    published: tuple[Any, Outcome], serving: Callable[[Path], str]
) -> None:
    """``?t=`` is kept by the store's own address; the chapter that plays is marked."""
    house, outcome = published
    assert len(outcome.record.chapters) >= 3
    seen = node("moments.mjs", f"{serving(house.site)}/?t=12")
    assert seen["asked"] == pytest.approx(12, abs=0.1)
    assert seen["clicked"] >= seen["chapter"] == seen["current"]
