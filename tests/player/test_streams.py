"""Published streams in the players that others use, in a real browser: start, sync, cues. Needs node and Chromium.

Sync is measured on a clip whose white flash and beep begin at the same sample, once a second, and always against that
clip itself, played as a file: what the browser's own sound path adds is the same for both.
"""

import asyncio
import html
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from votd.config.settings import load
from votd.flows import story
from votd.flows.display import Ledger
from votd.flows.request import Request
from votd.media.captions.read import read
from votd.media.record import Record

pytestmark = pytest.mark.all

NODE = Path(__file__).parent.parent / "node"
SECONDS = 14
"""Three segments, so that two boundaries are played over."""
PLAYED_S = 13
START_S = 0.001
SYNC_S = 0.020
MIDDLE_S = 0.005
FLASH = "drawbox=t=fill:c=white:enable='lt(mod(n,25),2)*gte(n,25)'"
BEEP = "aeval='0.5*sin(2*PI*1000*t)*lt(mod(t,1),0.08)*gte(t,1)':c=same"
COLOUR = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
BIT_RATE = ["-b:v", "450k", "-maxrate", "600k", "-bufsize", "600k"]
CLOSED_GOPS = ["-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-bf", "2"]
COMPLIANT = ["-preset", "veryfast", "-profile:v", "high", "-level", "3.0", *CLOSED_GOPS, *BIT_RATE]
STREAMS = [("hls.js", "hls"), ("shaka", "hls"), ("shaka", "dash"), ("dash.js", "dash")]


@dataclass(frozen=True)
class Published:
    """The flash/beep clip as it is published."""

    site: Path
    record: Record
    address: str


@pytest.fixture(scope="module")
def flash(make_clip: Callable[..., Path]) -> Path:
    """Make the clip, so that its picture is published as it is beside a rung that is encoded."""
    return make_clip("flash.mp4", SECONDS, "640x360", extra_out=["-vf", f"{FLASH},{COLOUR}", "-af", BEEP, *COMPLIANT])


@pytest.fixture(scope="module")
def bundle(flash: Path, serving: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Publish the flash/beep clip and serve it."""
    folder = tmp_path_factory.mktemp("streams")
    site = folder / "site"
    settings = load(home=folder / "home", store=f"file:{site}", model="base")
    outcome = asyncio.run(story.publish_here(Request(video=flash), settings, Ledger()))
    return Published(site, outcome.record, serving(site))


@pytest.fixture(scope="module")
def control(flash: Path, serving: Callable[[Path], str]) -> float:
    """Measure the clip itself: what lag the browser adds to a file of known sync."""
    return median(_lags(_play("native", f"{serving(flash.parent)}/{flash.name}", PLAYED_S)))


def _play(player: str, url: str, seconds: float, cues: int = 0) -> dict[str, Any]:
    command = ["node", str(NODE / "stream.mjs"), player, url, str(seconds), str(cues)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _lags(seen: dict[str, Any]) -> list[float]:
    """Return how long after its flash each beep was heard; some flashes go unseen on a busy machine, most must not."""
    lags = [lag for _, lag in seen["lags"]]
    assert len(lags) >= SECONDS // 2, f"few flashes were seen: {seen['dropped']} of {seen['total']} frames were dropped"
    return lags


def _assert_in_sync(seen: dict[str, Any], control: float) -> None:
    """Every beep is near its flash, and their middle so near that an AAC frame of priming (21 ms) too many shows."""
    lags = _lags(seen)
    assert lags == pytest.approx([control] * len(lags), abs=SYNC_S)
    assert median(lags) == pytest.approx(control, abs=MIDDLE_S)


def _assert_whole(seen: dict[str, Any]) -> None:
    """Sound and picture have a buffer each, from 0, without a gap."""
    assert sorted(buffer["type"][:5] for buffer in seen["buffers"]) == ["audio", "video"]
    for buffer in seen["buffers"]:
        assert buffer["first"][0][0] <= START_S, buffer
        assert len(buffer["last"]) == 1, buffer
        assert buffer["last"][0][0] <= START_S, buffer


@pytest.mark.parametrize(("player", "kind"), STREAMS)
def test_a_stream_plays_from_0_and_in_sync(bundle: Published, control: float, player: str, kind: str) -> None:
    """Play over segments of several rungs without error or gap, beeps within 20 ms of flashes (rules 13, 15)."""
    seen = _play(player, f"{bundle.address}/{getattr(bundle.record, kind)}", PLAYED_S)
    assert (seen["errors"], seen["failures"]) == ([], [])
    _assert_whole(seen)
    assert {*seen["heights"]} == {each.height for each in bundle.record.renditions}
    assert min(buffer["last"][0][1] for buffer in seen["buffers"]) == pytest.approx(SECONDS, abs=0.04)
    _assert_in_sync(seen, control)


def test_the_file_plays_in_sync(bundle: Published, control: float) -> None:
    """Play the progressive MP4 with every beep within 20 ms of its flash."""
    seen = _play("native", f"{bundle.address}/{bundle.record.mp4}", PLAYED_S)
    assert (seen["errors"], seen["failures"]) == ([], [])
    _assert_in_sync(seen, control)


def test_the_measurement_finds_a_faulty_stream(
    flash: Path, control: float, serving: Callable[[Path], str], ffmpeg: str, tmp_path: Path
) -> None:
    """See that ffmpeg's own HLS muxer, with its empty edit, starts the picture two frames late and the sound early."""
    run = [ffmpeg, "-nostdin", "-v", "error", "-i", str(flash), "-map", "0:v", "-map", "0:a", "-c:a", "copy"]
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50"]
    hls = ["-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "6", "-hls_playlist_type", "vod"]
    streams = ["-var_stream_map", "v:0,agroup:a a:0,agroup:a", "-master_pl_name", "master.m3u8"]
    subprocess.run([*run, *video, *hls, *streams, str(tmp_path / "%v.m3u8")], check=True)
    seen = _play("hls.js", f"{serving(tmp_path)}/master.m3u8", PLAYED_S)
    (picture,) = (buffer for buffer in seen["buffers"] if buffer["type"].startswith("video"))
    assert picture["first"][0][0] == pytest.approx(0.080, abs=START_S)
    assert median(_lags(seen)) - control == pytest.approx(-0.059, abs=MIDDLE_S)


@pytest.mark.parametrize(("player", "kind"), STREAMS)
def test_a_player_shows_the_cues_of_the_captions(
    published: tuple[Any, Any], serving: Callable[[Path], str], player: str, kind: str
) -> None:
    """Show each cue once, with the text and within 1 ms of the times of the WebVTT file (rule 24)."""
    house, outcome = published
    expected = [
        (cue.start_ms, cue.end_ms, "\n".join(cue.lines))
        for cue in read(house.site / outcome.record.captions[0].vtt, outcome.record.duration_ms).cues
    ]
    assert len(expected) > 10
    # dash.js holds only the cues of the next 20 s.
    whole = player != "dash.js"
    address = serving(house.site)
    seen = _play(player, f"{address}/{getattr(outcome.record, kind)}", 1, len(expected) if whole else 1)
    shown = sorted((start * 1000, end * 1000, html.unescape(text)) for start, end, text in seen["cues"])
    assert len(shown) == len(expected) if whole else shown
    for (start, end, text), cue in zip(shown, expected, strict=False):
        assert (start, end) == pytest.approx(cue[:2], abs=1)
        assert text == cue[2]
    _assert_whole(seen)
    assert (seen["errors"], seen["failures"]) == ([], [])


def test_npm_mpd_parser_reads_the_mpd(bundle: Published, tmp_path: Path) -> None:
    """Read the MPD with npm's mpd-parser: every file it names is there, every segment is named, durations are right."""
    mpd = bundle.site / str(bundle.record.dash)
    (facts,) = _parse(mpd)
    assert (facts["duration"], facts["endList"]) == (SECONDS, True)
    kinds = [each["kind"] for each in facts["representations"]]
    assert kinds == ["video"] * len(bundle.record.renditions) + ["audio"] + ["text"] * len(bundle.record.captions)
    for each in facts["representations"]:
        assert each["duration"] == pytest.approx(SECONDS, abs=0.04), each["id"]
    named = {Path(part["file"]) for each in facts["representations"] for part in each["segments"]}
    captions = {bundle.site / track.vtt for track in bundle.record.captions}
    assert named == {*bundle.site.rglob("*.m4s")} | captions
    assert {Path(each["init"]) for each in facts["representations"] if each["init"]} == {*bundle.site.rglob("init.mp4")}
    sizes = [each["resolution"] for each in facts["representations"] if each["kind"] == "video"]
    assert sizes == [{"width": each.width, "height": each.height} for each in bundle.record.renditions]
    bad = tmp_path / "bad.mpd"
    bad.write_text(mpd.read_text().replace("Period", "Epoch"))
    assert _parse(bad, rc=1)[0]["error"]


def _parse(file: Path, rc: int = 0) -> list[dict[str, Any]]:
    command = ["node", str(NODE / "mpd-parse.mjs"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == rc, done.stdout + done.stderr
    facts: list[dict[str, Any]] = json.loads(done.stdout)
    return facts
