"""Whatever goes in, npm's webvtt-parser finds no error in what is written (rule 18). Needs node."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from votd.media.captions.read import parse
from votd.media.captions.webvtt import guarded, write
from votd.media.errors import RejectedSource
from votd.media.model import CaptionTrack, Cue

pytestmark = pytest.mark.all

SCRIPT = Path(__file__).parent.parent / "node" / "vtt-parse.mjs"
# HLS asks for X-TIMESTAMP-MAP right below the signature (RFC 8216, 3.5), where this parser wants a blank line.
HEADER = {"message": "No blank line after the signature.", "line": 2}
BITS = ["-->", "&", "&amp;", "<", "<b>", "</i>", "<v Ana>", "<v>", "<c.x>", "<00:01.000>", "{\\an8}", "{\\i1}", "\0"]
BITS += ["\r", "\n", "\u2028", "\x85", "אב", "👩‍👩‍👧", "\ud800", "NOTE"]
text = st.lists(st.sampled_from(BITS) | st.text(st.characters(exclude_categories=()), max_size=6), max_size=5)
line = text.map(" ".join)
settings_text = st.lists(
    st.sampled_from(["line:0", "line:-1", "line:50.5%,end", "position:101%", "position:10%,line-left", "size:30%"])
    | st.sampled_from(["align:middle", "align:left", "vertical:rl", "region:a", "line:", ":", "x:1", "size:-3%"]),
    max_size=4,
).map(" ".join)
cue = st.builds(
    lambda start, length, lines: Cue(start, start + length, tuple(lines)),
    st.integers(0, 20_000),
    st.integers(1, 9000),
    st.lists(line, max_size=3),
)


def judge(cues: tuple[Cue, ...], folder: Path, duration_ms: int) -> None:
    """Write a track and let the parser judge every file of it."""
    track = CaptionTrack("en", "captions", "English", "human", cues)
    files = write(track, folder, duration_ms=duration_ms, segment_ms=6000)
    segments = sorted((folder / "en").glob("*.vtt"))[: -(-duration_ms // 6000)]
    whole, *parts = found(folder / files.vtt, *segments)
    kept = guarded(cues, duration_ms)
    assert whole["errors"] == []
    assert [(id_, round(a * 1000), round(b * 1000)) for id_, a, b in whole["cues"]] == [
        (str(cue.start_ms), cue.start_ms, cue.end_ms) for cue in kept
    ]
    for part in parts:
        assert [{key: error[key] for key in HEADER} for error in part["errors"]] == [HEADER]
        assert all(cue in whole["cues"] for cue in part["cues"])


def found(*files: Path) -> list[dict[str, Any]]:
    """Run the parser."""
    done = subprocess.run(["node", str(SCRIPT), *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    judged: list[dict[str, Any]] = json.loads(done.stdout)
    return judged


@given(cues=st.lists(cue, max_size=8), duration=st.integers(1, 30_000))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_written_without_an_error(cues: list[Cue], duration: int, tmp_path: Path) -> None:
    """Fail if control characters, arrows, half tags or surrogates make a file that the parser objects to."""
    judge(tuple(cues), tmp_path, duration)


@given(cues=st.lists(st.tuples(settings_text, st.lists(line, min_size=1, max_size=3)), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_people_wrote_is_written_without_an_error(cues: list[tuple[str, list[str]]], tmp_path: Path) -> None:
    """Fail if tags and settings of a person's file are published so that the parser objects."""
    blocks = [f"00:0{at}.000 --> 00:0{at}.900 {where}\n" + "\n".join(lines) for at, (where, lines) in enumerate(cues)]
    data = ("WEBVTT\n\n" + "\n\n".join(blocks)).encode("utf-8", "replace")
    try:
        read = parse(data, "a.vtt", 30_000)
    except RejectedSource:
        return
    assert guarded(read.cues, 30_000) == read.cues
    judge(read.cues, tmp_path, 30_000)
    assert parse((tmp_path / "en.vtt").read_bytes(), "a.vtt", 30_000).cues == read.cues


def test_the_parser_finds_faults(tmp_path: Path) -> None:
    """Fail if the judge accepts what is wrong."""
    bad = tmp_path / "bad.vtt"
    bad.write_text("WEBVTT\n\n00:02.000 --> 00:01.000\nA <b>\n")
    (judged,) = found(bad)
    assert len(judged["errors"]) == 2
