"""The page in a real browser: it plays, and a caption is read once. Needs node and Chromium."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from votd.media.player.page import page, player_file
from votd.media.record import Record

pytestmark = pytest.mark.all

NODE = Path(__file__).parent.parent / "node"
CUES = (
    ("00:00:00.500", "00:00:03.900", "European troops in Ukraine?"),
    ("00:00:04.000", "00:00:07.500", "Not <i>yet</i>."),
)
SUBTITLES = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:8
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:8.0,
own.vtt
#EXT-X-ENDLIST
"""
RENDITION = (
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="own.m3u8"'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def address(folder: Path, serving: Callable[[Path], str]) -> str:
    """Serve the store."""
    return serving(folder)


@pytest.fixture
def bundle(folder: Path, facts: dict[str, Any], ffmpeg: str, make_clip: Callable[..., Path]) -> Callable[..., Record]:
    """Return a maker of small published versions: HLS with own audio and subtitle renditions, MP4, poster, page."""

    def make(size: str, **changes: Any) -> Record:
        clip = make_clip(f"browser-{size}.mp4", seconds=8, size=size, extra_out=["-g", "50", "-movflags", "+faststart"])
        width, height = map(int, size.split("x"))
        facts["source"] |= {"width": width, "height": height}
        record = Record.model_validate(facts | changes)
        files = folder / record.hls, folder / record.mp4, folder / record.poster, folder / player_file()[0]
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
        files[1].write_bytes(clip.read_bytes())
        files[3].write_bytes(player_file()[1])
        run = [ffmpeg, "-nostdin", "-v", "error", "-y", "-i", str(clip)]
        subprocess.run([*run, "-frames:v", "1", str(files[2])], check=True)
        hls = ["-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
        groups = ["-var_stream_map", "v:0,agroup:a a:0,agroup:a,language:en,default:yes"]
        maps = ["-map", "0:v", "-map", "0:a", "-master_pl_name", "master.m3u8", str(files[0].parent / "%v.m3u8")]
        names = ["-hls_fmp4_init_filename", "%v-init.mp4", "-hls_segment_filename", str(files[0].parent / "%v-%d.m4s")]
        subprocess.run([*run, *hls, *groups, *names, *maps], check=True)
        _write_captions(folder, record)
        (folder / record.page).write_text(page(record, "../../../", player_file()[0]), encoding="utf-8")
        current = {"id": record.id, "date": "2025-11-23", "version": record.version}
        path = f"videos/{record.id}/{record.version}/record.json"
        (folder / path).write_text(record.model_dump_json())
        (folder / "latest.json").write_text(json.dumps(current | {"record": path}))
        return record

    return make


def _write_captions(folder: Path, record: Record) -> None:
    """Write the captions beside the page, and once more as the playlist's own rendition, as a published version has."""
    vtt = "WEBVTT\n\n" + "\n\n".join(f"{start} --> {end}\n{text}" for start, end, text in CUES) + "\n"
    for track in record.captions:
        (folder / track.vtt).write_text(vtt)
    master = folder / record.hls
    (master.parent / "own.vtt").write_text(vtt)
    (master.parent / "own.m3u8").write_text(SUBTITLES)
    text = re.sub(r"(#EXT-X-STREAM-INF:.*)", rf'{RENDITION}\n\1,SUBTITLES="s"', master.read_text())
    master.write_text(text)


def _play(url: str, picture: Path, *options: str, seconds: int = 1) -> dict[str, Any]:
    command = ["node", str(NODE / "play.mjs"), url, str(picture), str(seconds), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert picture.read_bytes()[:4] == b"\x89PNG"
    return seen


def test_the_page_plays_with_one_caption(address: str, tmp_path: Path, bundle: Callable[..., Record]) -> None:
    """Play through hls.js from the address's root, and show each caption once though the playlist brings them too."""
    record = bundle("640x360")
    seen = _play(address + "/", tmp_path / "page.png", seconds=5)
    assert seen["source"].startswith("blob:")
    assert seen["buffered"][0][0] <= 0.1
    assert (seen["width"], seen["height"]) == (640, 360)
    assert (seen["tracksShowing"], seen["cues"]) == (1, len(CUES))
    assert seen["captions"] == [CUES[1][2]]
    assert seen["title"] == seen["heading"] == record.title
    assert seen["articles"] == [{"title": record.articles[0].title, "href": record.articles[0].url}]
    assert seen["downloads"][0] == f"{address}/{record.mp4}"
    assert (seen["consoleErrors"], seen["failedRequests"], seen["mediaError"]) == ([], [], None)
    assert seen["startedByClick"]
    before = [url.rpartition("/")[2] for url in seen["requestedBeforePlay"]]
    assert [name for name in before if name.startswith("0-") and name.endswith(".m4s")] == ["0-0.m4s"]
    assert "video.mp4" not in before


@pytest.mark.parametrize("lost", ["**/*.m4s", "**/master.m3u8", "**/player/*.js"])
def test_the_file_plays_where_the_stream_does_not(
    address: str, tmp_path: Path, bundle: Callable[..., Record], lost: str
) -> None:
    """Fall back to the MP4 when segments, playlist or player cannot be had, captions and all."""
    record = bundle("640x360")
    seen = _play(f"{address}/{record.page}", tmp_path / "page.png", "--block", lost)
    assert seen["source"] == f"{address}/{record.mp4}"
    assert (seen["tracksShowing"], seen["captions"]) == (1, [CUES[0][2]])


def test_a_hostile_record_runs_nothing(address: str, tmp_path: Path, bundle: Callable[..., Record]) -> None:
    """Show a hostile title as text in a browser that would run it, without one complaint from the policy."""
    title = "</title><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    seen = _play(f"{address}/{bundle('640x360', title=title).page}", tmp_path / "page.png")
    assert seen["title"] == seen["heading"] == title
    assert seen["consoleErrors"] == []


@pytest.mark.parametrize("window", ["1280x800", "390x844", "844x390"])
def test_a_portrait_video_fits_the_screen(
    address: str, tmp_path: Path, bundle: Callable[..., Record], window: str
) -> None:
    """Show the whole height of a portrait video in its own shape, on a desk and on a phone held either way."""
    record = bundle("180x320")
    seen = _play(f"{address}/{record.page}", tmp_path / "page.png", "--size", window)
    width, height = map(int, window.split("x"))
    assert seen["scrollWidth"] <= width
    top = seen["box"]["y"] if width > 640 else 0  # a narrow screen shows the title first, the video after a swipe
    assert top + seen["box"]["height"] <= height
    assert seen["box"]["width"] / seen["box"]["height"] == pytest.approx(180 / 320, rel=0.02)


def test_a_page_without_captions_plays(address: str, tmp_path: Path, bundle: Callable[..., Record]) -> None:
    """Play a record that has no captions, and show none."""
    record = bundle("640x360", captions=[])
    seen = _play(f"{address}/{record.page}", tmp_path / "page.png")
    assert (seen["tracks"], seen["captioned"], seen["consoleErrors"]) == (0, False, [])


def test_the_parser_judges_strictly(tmp_path: Path, folder: Path, bundle: Callable[..., Record]) -> None:
    """Read our playlists with npm's hls-parser, and fail on one that it cannot accept."""
    bad = tmp_path / "bad.m3u8"
    bad.write_text('#EXTM3U\n#EXT-X-STREAM-INF:CODECS="avc1.42c00d"\nvideo.m3u8\n')
    master = folder / bundle("640x360").hls
    command = ["node", str(NODE / "hls-parse.mjs"), str(master)]
    good = subprocess.run(command, capture_output=True, text=True, check=True)
    (facts,) = json.loads(good.stdout)
    assert [variant["resolution"] for variant in facts["variants"]] == [{"width": 640, "height": 360}]
    assert [sound["language"] for sound in facts["variants"][0]["audio"]] == ["en"]
    refused = subprocess.run([*command, str(bad)], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)[1]["error"]
