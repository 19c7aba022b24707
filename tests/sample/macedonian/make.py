"""Make andonovik-reka.mp4 from the script beside it: espeak-ng's Macedonian voice over a calm title card.

It needs espeak-ng and the environment that ../make.py names in its first lines:

    sample-venv/bin/python tests/sample/macedonian/make.py [OUTPUT.mp4]
"""

import json
import math
import re
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import skia

HERE = Path(__file__).parent
SPEAK = HERE.parents[1] / "speech" / "scripts" / "speak.py"
VOICE = "espeak:mk@150"
TAIL = 1.2  # seconds after the last pause
TITLE, SUBTITLE = "РЕКАТА", "Коментар на Андоновиќ"

sys.path.insert(0, str(HERE.parent))
import draw  # noqa: E402 - the brushes of the large sample


def speak(sound: Path) -> tuple[list[list[int]], float]:
    """Speak the script's sentences; return when their words begin (ms) and how long the file shall be (s)."""
    text = (HERE / "andonovik-reka.txt").read_text(encoding="utf-8")
    sentences = re.split(r"(?<=[.?!])\s+", text.strip())
    argv = [sys.executable, str(SPEAK), VOICE, str(sound)]
    told = subprocess.run(argv, input="\n".join(sentences), text=True, stdout=subprocess.PIPE, check=True).stdout
    with wave.open(str(sound)) as file:
        seconds = file.getnframes() / file.getframerate()
    return [json.loads(line) for line in told.splitlines()], round(seconds + TAIL, 2)


def card(canvas: Any, t: float) -> None:
    """Draw one moment: a river under the evening, and what this is."""
    draw.fill(canvas, 0xFF16235A, draw.INK)
    canvas.drawPaint(draw.halo((930, 300), 420, draw.faded(draw.AMBER, 0.45)))
    canvas.drawCircle(930, 330 + t, 86, draw.paint(0xFFFFE2A8))
    hills = [(0, 470), (300, 380), (620, 450), (980, 360), (1280, 440), (1280, 720), (0, 720)]
    canvas.drawPath(draw.shape(hills), draw.paint(draw.PLUM))
    for band, colour in enumerate((draw.TEAL, 0xFF0B5B5C, 0xFF094A52)):
        wave_of = [(x, 520 + 62 * band + 9 * math.sin(x / 95 + band + t * 0.7)) for x in range(0, 1300, 20)]
        canvas.drawPath(draw.shape([*wave_of, (1280, 720), (0, 720)]), draw.paint(colour))
    draw.rise(canvas, TITLE, (90, 240), 108, draw.ease(t, 0.2), spacing=10)
    draw.rise(canvas, SUBTITLE, (94, 306), 36, draw.ease(t, 0.5), face="plain", colour=draw.MINT)
    draw.box(canvas, 94, 334, 260 * draw.ease(t, 0.7, 0.9), 5, draw.CORAL)
    draw.box(canvas, 1002, 40, 238, 30, draw.faded(draw.INK, 0.62), 15)
    draw.write(canvas, "sample, synthetic voice", (1228, 61), 17, draw.ICE, "plain", align=1)


def encoder(sound: Path, output: Path) -> list[str]:
    """Return the command that takes raw frames and makes the MP4; the loudness is the large sample's."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{draw.WIDTH}x{draw.HEIGHT}", "-r", str(draw.RATE), "-i", "-"]
    tags = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    video = ["-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{tags}", "-c:v", "libx264", "-crf", "30"]
    audio = ["-af", "apad,loudnorm=I=-23:TP=-2", "-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2"]
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    head = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *raw, "-i", str(sound)]
    return [
        *head,
        *video,
        "-g",
        "50",
        "-threads",
        "2",
        *audio,
        *plain,
        "-shortest",
        "-movflags",
        "+faststart",
        str(output),
    ]


def main(output: Path) -> None:
    """Speak, draw and encode; say when the sentences begin."""
    pixels = np.zeros((draw.HEIGHT, draw.WIDTH, 4), dtype=np.uint8)
    info = skia.ImageInfo.Make(draw.WIDTH, draw.HEIGHT, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels, draw.WIDTH * 4)
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.wav"
        times, seconds = speak(sound)
        with surface as canvas, subprocess.Popen(encoder(sound, output), stdin=subprocess.PIPE) as child:
            assert child.stdin is not None
            for number in range(math.ceil(seconds * draw.RATE)):
                card(canvas, number / draw.RATE)
                child.stdin.write(pixels.tobytes())
    if child.returncode:
        raise SystemExit(f"ffmpeg ended with {child.returncode}: the video was not made.")
    print(f"{output}: {seconds:.2f} s, {output.stat().st_size / 1e3:.0f} kB")
    print("\n".join(json.dumps(sentence) for sentence in times))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "andonovik-reka.mp4")
