"""How captions look on the page: readable, in the picture, clear of the controls, their lines as written.

Each look is two pictures of a real browser, with the caption and without: what differs is the caption.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.all

NODE = Path(__file__).parent.parent / "node"
SCALE = 2
LIGHT_S, DARK_S = 1, 5
CONTRAST = 4.5  # WCAG 2.2, 1.4.3
CONTROLS = 60  # CSS pixels: Chromium's buttons and time line
INK = 0.06  # a row of letters has more of it than one of accents, dots and tails, which may stand between two lines
CLIP = "color=c=0xf4f4f2:size={0}:rate=25:duration=4[a];color=c=0x0c0d10:size={0}:rate=25:duration=4[b];[a][b]concat"

# Lines as long as the style allows, in words with few narrow letters.
WIDE = {
    "en": "Paris, Berlin and London cannot agree yet,\nwhether European troops march to the east.",
    "mk": "Париз, Берлин и Лондон сè уште чекаат дали\nевропските војници ќе заминат на истокот.",
    "ar": "قال Emmanuel Macron إن 27 دولة وافقت،\nفي 23 نوفمبر 2025، على الاتفاق!",
}
NARROW = {
    "en": "Paris, Berlin and London\ncannot agree on it today",
    "mk": "Париз, Берлин и Лондон\nсè уште чекаат одговор.",
}

# Reads the looks from the command line, and prints where the video was in each.
CAMERA = """
import { chromium } from "playwright-core";
const looks = JSON.parse(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--autoplay-policy=no-user-gesture-required"],
});
try {
  const boxes = [];
  for (const { url, out, language, seconds, size: [width, height], full, scale } of looks) {
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale });
    await page.goto(url, { waitUntil: "networkidle" });
    await page.evaluate(async ([tongue, at, fill]) => {
      const video = document.querySelector("video");
      for (const track of video.textTracks) track.mode = track.language === tongue ? "showing" : "disabled";
      video.muted = true;
      await video.play();
      video.pause();
      if (fill) await video.requestFullscreen();
      const there = new Promise((done) => video.addEventListener("seeked", done, { once: true }));
      video.currentTime = at;
      await there;
      video.scrollIntoView({ block: "nearest" });
    }, [language, seconds, full]);
    await page.waitForFunction(() => [...document.querySelector("video").textTracks]
      .some((track) => track.mode === "showing" && track.activeCues?.length), null, { timeout: 20000 });
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${out}.with.png` });
    await page.evaluate(() => {
      for (const track of document.querySelector("video").textTracks) track.mode = "hidden";
    });
    await page.waitForTimeout(300);
    await page.screenshot({ path: `${out}.without.png` });
    boxes.push(await page.evaluate(() => {
      const { left, top, right, bottom } = document.querySelector("video").getBoundingClientRect();
      return [left, top, right, bottom];
    }));
    await page.close();
  }
  console.log(JSON.stringify(boxes));
} finally {
  await browser.close();
}
"""


@dataclass(frozen=True)
class Seen:
    """One caption as it was seen, in CSS pixels of the window."""

    name: str
    video: tuple[float, float, float, float]
    left: float
    top: float
    right: float
    bottom: float
    lines: int
    contrast: float


def _luminance(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the relative luminance of each pixel (WCAG 2.2)."""
    part = picture / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    luminance: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return luminance


def _runs(rows: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first row, and the one after the last, of each run that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], rows.view(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _measure(name: str, video: list[float], shown: NDArray[np.uint8], bare: NDArray[np.uint8]) -> Seen:
    """Find the caption by what differs; its lines and their contrast are read in its middle, where both lines are."""
    differs = np.abs(shown.astype(int) - bare.astype(int)).max(axis=2) > 20
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    assert rows.size, f"{name}: no caption is seen"
    left, right = int(columns[0]), int(columns[-1]) + 1
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    quarter = (right - left) // 4
    middle = _luminance(shown[top:bottom, left + quarter : right - quarter])
    ink = (middle > 0.3).mean(axis=1) > INK
    lines = [run for run in _runs(ink) if run[1] - run[0] > 3 * SCALE]
    contrasts = [(np.percentile(middle[a:b], 98) + 0.05) / (np.percentile(middle[a:b], 40) + 0.05) for a, b in lines]
    edges = (side / SCALE for side in (left, top, right, bottom))
    return Seen(name, tuple(video), *edges, len(lines), float(min(contrasts, default=0)))


@pytest.fixture
def seen(
    house: Any, ffmpeg: str, make_clip: Callable[..., Path], serving: Callable[[Path], str], tmp_path: Path
) -> Callable[..., Iterator[Seen]]:
    """Return what publishes a clip, light and then dark, with these captions, and looks at it in these windows."""

    def look(size: str, texts: dict[str, str], windows: list[tuple[int, int, bool]]) -> Iterator[Seen]:
        clip = make_clip("looks.mp4", size=size, seconds=8)
        video = tmp_path / "looks.mp4"
        plain = ["-f", "lavfi", "-i", CLIP.format(size), "-i", str(clip), "-map", "0:v", "-map", "1:a"]
        coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "copy"]
        subprocess.run([ffmpeg, "-nostdin", "-v", "error", *plain, *coding, str(video)], check=True)
        files = {tongue: tmp_path / f"looks.{tongue}.vtt" for tongue in texts}
        for tongue, file in files.items():
            times = "00:00.200 --> 00:03.900", "00:04.100 --> 00:07.900"
            file.write_text("WEBVTT\n\n" + "\n\n".join(f"{time}\n{texts[tongue]}" for time in times) + "\n", "utf-8")
        captions = tuple((file, tongue) for tongue, file in files.items())
        record = house.publish(video, title="Looks", language="en", captions=captions).record
        url = f"{serving(house.site)}/{record.page}"
        looks = [
            {
                "url": url,
                "out": str(tmp_path / f"{tongue}-{width}x{height}-{'full' if full else 'page'}-{seconds}"),
                "language": tongue,
                "seconds": seconds,
                "size": (width, height),
                "full": full,
                "scale": SCALE,
            }
            for tongue in texts
            for width, height, full in windows
            for seconds in (LIGHT_S, DARK_S)
        ]
        for a_look, box in zip(looks, _photograph(looks), strict=True):
            pictures = (_pixels(ffmpeg, Path(f"{a_look['out']}.{kind}.png"), a_look) for kind in ("with", "without"))
            yield _measure(Path(str(a_look["out"])).name, box, *pictures)

    return look


def _photograph(looks: list[dict[str, Any]]) -> list[list[float]]:
    command = ["node", "--input-type=module", "-", json.dumps(looks)]
    done = subprocess.run(command, input=CAMERA, cwd=NODE, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    boxes: list[list[float]] = json.loads(done.stdout)
    return boxes


def _pixels(ffmpeg: str, picture: Path, look: dict[str, Any]) -> NDArray[np.uint8]:
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", str(picture), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    width, height = look["size"]
    return np.frombuffer(raw, np.uint8).reshape(height * SCALE, width * SCALE, 3)


def _judge(seen: Seen) -> None:
    left, top, right, bottom = seen.video
    assert seen.contrast >= CONTRAST, seen
    assert seen.lines == 2, seen
    assert left <= seen.left, seen
    assert seen.right <= right, seen
    assert (top + bottom) / 2 < seen.top, seen
    assert seen.bottom <= bottom - CONTROLS, seen


def test_long_lines_on_a_wide_picture(seen: Callable[..., Iterator[Seen]]) -> None:
    """Show two full lines, readable on any picture, on a desk, on a phone, and where the phone's screen is filled."""
    windows = [(1280, 800, False), (390, 844, False), (390, 844, True)]
    for one in seen("640x360", WIDE, windows):
        _judge(one)


def test_lines_on_a_portrait_picture(seen: Callable[..., Iterator[Seen]]) -> None:
    """Show two lines of 24 characters inside a portrait picture."""
    for one in seen("360x640", NARROW, [(1280, 800, False), (390, 844, False)]):
        _judge(one)


def test_long_lines_on_a_square_picture_on_a_phone(seen: Callable[..., Iterator[Seen]]) -> None:
    """Show two full lines where the picture is as high as it is wide."""
    for one in seen("480x480", {"mk": WIDE["mk"]}, [(390, 844, False)]):
        _judge(one)
