"""What many tests need: the real ffmpeg and small clips made with it."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import imageio_ffmpeg
import pytest


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    """Return the path of the ffmpeg that the project runs."""
    return imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture(scope="session")
def make_clip(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a maker of small H.264/AAC files: a moving test picture with a tone."""
    folder = tmp_path_factory.mktemp("clips")

    def make(
        name: str,
        seconds: float = 4,
        size: str = "320x180",
        rate: str = "25",
        audio: bool = True,
        extra_in: Sequence[str] = (),
        extra_out: Sequence[str] = (),
    ) -> Path:
        path = folder / name
        if path.exists():
            return path
        picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
        tone = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}"] if audio else []
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        head = [ffmpeg, "-nostdin", "-v", "error", "-y", *picture, *tone, *extra_in]
        subprocess.run([*head, *codecs, *extra_out, str(path)], check=True)
        return path

    return make
