"""Measure what votd costs beside the bare tools that do the same work: ``python tests/bench.py``.

Two ways from one video to the same set of outputs, in turn, so that a busy machine slows both:

A.  ``votd publish --direct`` with an empty home and an empty store, and all its children.
B.  What a newcomer would type: an ffmpeg command for the speech recogniser's sound; one for the ladder, the MP4 and the
    poster, with one decode and each picture encoded once; ten lines of faster-whisper with the same options.

Both have the same ffmpeg, model and number of threads; the figures of the ladder are those of ``config/ladder.toml``,
the commands are written here and know nothing of ``media/video/graph.py``. The model is joined into the user's cache
before the clock starts. CPU is user and system time of a process and all its descendants, orphans included; the least
of the rounds counts, since whatever else runs on the machine can only add. Memory is that of the largest single
process. Ends with 1 where a figure is over its limit.
"""

import argparse
import ctypes
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from votd.config.profiles import ladder
from votd.config.settings import Settings
from votd.flows.steps import user_cache
from votd.media.speech import weights

SAMPLE = Path(__file__).parent / "sample"
FRAME_RATE = 25  # the sample's
MOST_RATIO, MOST_AGAIN_S, MOST_HELP_S = 1.10, 3.0, 0.3

SPEECH = """
import sys
from faster_whisper import WhisperModel

folder, threads, wav = sys.argv[1:]
model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads))
segments, info = model.transcribe(
    wav, language=None, word_timestamps=True, vad_filter=True, condition_on_previous_text=False
)
for segment in segments:
    print(segment.text, [(word.start, word.end) for word in segment.words])
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall time in seconds; memory, of the largest process, in bytes."""

    cpu_s: float
    wall_s: float
    memory: int


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs share: the video, an empty folder for each, and the tools."""

    video: Path
    folder: Path
    threads: int
    ffmpeg: str
    model: Path

    def votd(self, *arguments: str | Path, home: str) -> Cost:
        """Run our command with ``home``, a name in the folder, for its own files."""
        settings = {"VOTD_HOME": str(self.folder / home), "VOTD_THREADS": str(self.threads), "VOTD_FFMPEG": self.ffmpeg}
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("VOTD_", "PREFECT_"))}
        return run([Path(sys.executable).with_name("votd"), *arguments], self.folder, outside | settings)

    def publish(self, home: str, *options: str) -> Cost:
        """Publish the video, with the sample's articles, to the store that belongs to ``home``."""
        articles = ("--articles", SAMPLE / "articles")
        return self.votd("publish", self.video, *articles, "--to", f"file:{self.store(home)}", *options, home=home)

    def store(self, home: str) -> Path:
        return self.folder / f"{home}-site"

    def bare(self, name: str) -> dict[str, Cost]:
        """Run the plain commands one after the other, in a new folder called ``name``."""
        to = self.folder / name
        to.mkdir()
        (to / "speech.py").write_text(SPEECH, encoding="utf-8")
        speech = [sys.executable, "speech.py", self.model, str(self.threads), "speech.wav"]
        commands = {"sound": self._sound(), "encode": self._encode(), "speech": speech}
        return {step: run(command, to, os.environ) for step, command in commands.items()}

    def _sound(self) -> list[str]:
        return [self.ffmpeg, *"-nostdin -v warning -i".split(), str(self.video), *"-vn -ac 1 -ar 16000 speech.wav".split()]

    def _encode(self) -> list[str]:
        """Return the one encode: tee hands each encoded stream to the segments, and the first also to the MP4."""
        rungs = [rung for rung in ladder("fast").rungs if rung.short_edge <= 720]
        return [
            *(self.ffmpeg, "-nostdin", "-v", "warning", "-threads", str(self.threads), "-i", str(self.video)),
            *("-filter_complex", scaling([rung.short_edge for rung in rungs]), "-threads", str(self.threads)),
            *(word for i in range(len(rungs)) for word in ("-map", f"[v{i}]")),
            *"-map 0:a -c:a aac -b:a 128k -ar 48000 -ac 2 -c:v libx264 -preset veryfast -profile:v high -bf 2".split(),
            *f"-g {2 * FRAME_RATE} -keyint_min {2 * FRAME_RATE} -sc_threshold 0 -flags +global_header".split(),
            *(word for i, rung in enumerate(rungs) for word in (f"-crf:v:{i}", str(rung.crf))),
            *(word for i, rung in enumerate(rungs) for word in (f"-maxrate:v:{i}", str(rung.max_bitrate))),
            *(word for i, rung in enumerate(rungs) for word in (f"-bufsize:v:{i}", str(rung.max_bitrate * 3 // 2))),
            *("-f", "tee", f"[f=dash:seg_duration=6]video.mpd|[f=mp4:select='v:0,a':movflags=+faststart]video.mp4"),
            *"-map [poster] -ss 10 -frames:v 1 -q:v 3 poster.jpg".split(),
        ]
