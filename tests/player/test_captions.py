"""The segmented captions in hls.js and Shaka: the times, texts and identifiers of the VTT. Needs node and Chromium."""

import html
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from votd.media.captions.webvtt import write
from votd.media.model import CaptionTrack, Cue

pytestmark = pytest.mark.all

NODE = Path(__file__).parent.parent / "node"
SECONDS = 24
SEGMENT_MS = 6000
CUES = (
    Cue(333, 1999, ("Добро утро & <добредојдовте>",)),
    Cue(5001, 7003, ("straddles", "the first boundary")),
    Cue(8017, 19_501, ("longer than a whole segment",)),
    Cue(19_501, 20_009, ("chained",), ("<i>chained</i>",), "line:0"),
    Cue(23_000, 24_000, ("אחרון 👩‍👩‍👧",)),
)
MASTER = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="captions/en/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=600000,CODECS="avc1.42c01e",RESOLUTION=320x180,SUBTITLES="s"
video.m3u8
"""


@pytest.fixture(scope="module")
def address(
    make_clip: Callable[..., Path],
    ffmpeg: str,
    serving: Callable[[Path], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Serve a stream of four segments with captions that our writer cut at its boundaries."""
    folder = tmp_path_factory.mktemp("captioned")
    clip = make_clip(
        "captioned.mp4", SECONDS, audio=False, extra_out=["-g", "50", "-bf", "0", "-profile:v", "baseline"]
    )
    hls = ["-c", "copy", "-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
    run = [ffmpeg, "-nostdin", "-v", "error", "-i", str(clip), *hls, "video.m3u8"]
    subprocess.run(run, check=True, cwd=folder)
    track = CaptionTrack("en", "captions", "English", "human", CUES)
    write(track, folder / "captions", duration_ms=SECONDS * 1000, segment_ms=SEGMENT_MS)
    (folder / "master.m3u8").write_text(MASTER)
    return serving(folder)


@pytest.mark.parametrize("player", ["hls.js", "shaka"])
def test_cues_are_the_files(address: str, player: str) -> None:
    """Show each cue once, within 1 ms, over three boundaries, one that straddles and one that spans a segment."""
    command = ["node", str(NODE / "stream.mjs"), player, f"{address}/master.m3u8", "2", str(len(CUES))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert (seen["errors"], seen["failures"]) == ([], [])
    shown = sorted(zip(seen["cues"], seen["cueIds"], strict=True))
    assert len(shown) == len(CUES)
    for ((start, end, text), identifier), cue in zip(shown, CUES, strict=True):
        assert (start * 1000, end * 1000) == pytest.approx((cue.start_ms, cue.end_ms), abs=1)
        assert html.unescape(text.replace("<i>", "").replace("</i>", "")) == "\n".join(cue.lines)
        # Shaka gives cues identifiers of its own.
        assert identifier == str(cue.start_ms) or player == "shaka"
    assert len({*seen["cueIds"]}) == len(CUES)
