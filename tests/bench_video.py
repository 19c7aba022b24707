"""Measure what the encode costs beside bare ffmpeg: ``python tests/bench_video.py``.

60 s of 1080p25 (the sample, scaled up, with a camera's grain), in turn, so that a busy machine slows all alike:

A.  ``votd transcode``: probe, loudness, sound, ladder, MP4, the three stills, shot changes, playlists,
    and the measuring of all of it; Python itself included.
B.  The floor: one ffmpeg that decodes once, scales each size from the one above, encodes each once and the sound once,
    and throws everything away.
C.  An ffmpeg for each rendition, as most scripts do it.
D.  ``votd transcode`` of a file whose own stream complies, and of the same stream in a container that cannot tell.

The figures of the ladder are read from ``config/ladder.toml``; the commands are written here. CPU is user and system
time of a process and everything that it started. The least of the rounds counts: whatever else runs on the machine can
only add to it. Memory is the largest single process's. Ends with 1 where a figure is over its limit.
"""

import argparse
import ctypes
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from bench import PR_SET_CHILD_SUBREAPER, SAMPLE, Cost, least, limits, run, scaled, show, together, tools

from votd.config.profiles import ladder
from votd.media.model import Ladder, Rung

RATE, SECONDS = 25, 60
MOST_OVER_FLOOR, MOST_OVER_PROCESSES, MOST_COPIED = 1.08, 0.60, 0.65
COLOUR = "setsar=1,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


@dataclass(frozen=True, slots=True)
class Video:
    """The videos, the folder that they lie in, and the tools."""

    folder: Path
    ffmpeg: str
    threads: int
    ladder: Ladder

    def make(self, seconds: float) -> None:
        """Make the source, and a compliant one in two containers."""
        sample = str(SAMPLE / "sample.mp4")
        grain = f"scale=1920:1080,noise=alls=6:allf=t,{COLOUR}"
        once = f"-i {sample} -t {seconds} -vf {grain} -c:v libx264 -preset veryfast -crf 18 -c:a copy source.mp4"
        gop = f"-g {2 * RATE} -keyint_min {2 * RATE} -sc_threshold 0 -bf 2"
        capped = f"-profile:v high -crf 23 -maxrate 6M -bufsize 9M {gop}"
        again = f"-i source.mp4 -vf {COLOUR} -c:v libx264 -preset veryfast {capped} -c:a copy compliant.mp4"
        self._ffmpeg(once)
        self._ffmpeg(again)
        self._ffmpeg("-i compliant.mp4 -c copy untold.mkv")

    def ours(self, source: str, name: str) -> Cost:
        """Run the project's own command."""
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("VOTD_", "PREFECT_"))}
        settings = {
            "PATH": tools(self.folder),
            "VOTD_THREADS": str(self.threads),
            "VOTD_FFMPEG": self.ffmpeg,
            "VOTD_PROFILE": self.ladder.name,
        }
        command = [Path(sys.executable).with_name("votd"), "transcode", source, "--to", name]
        return run(command, self.folder, outside | settings | {"VOTD_HOME": str(self.folder / "home")})

    def floor(self) -> Cost:
        """Decode once, scale in a cascade, encode everything, keep nothing."""
        edges = [rung.short_edge for rung in self.ladder.rungs]
        graph = scaled(edges).replace("split=3", "split=2").replace("[poster]", "")
        outputs = " ".join(f"-map [v{rung.short_edge}] {self._x264(rung)} -f null -" for rung in self.ladder.rungs)
        sound = f"-map 0:a -c:a aac -b:a {self.ladder.audio_bitrate} -ar 48000 -ac 2 -f null -"
        threads = f"-threads {self.threads}"
        words = f"{threads} -i source.mp4 -filter_complex_threads {self.threads} -filter_complex {graph}"
        return self._ffmpeg(f"{words} {outputs} {sound}")

    def processes(self) -> Cost:
        """Decode, scale and encode each rendition by itself, and the sound too."""
        costs = [
            self._ffmpeg(
                f"-threads {self.threads} -i source.mp4 -an -vf scale=-2:{rung.short_edge} {self._x264(rung)} -f null -"
            )
            for rung in self.ladder.rungs
        ]
        sound = f"-i source.mp4 -vn -c:a aac -b:a {self.ladder.audio_bitrate} -ar 48000 -ac 2 -f null -"
        return together([*costs, self._ffmpeg(sound)])

    def _x264(self, rung: Rung) -> str:
        cap = f"-crf {rung.crf} -maxrate {rung.max_bitrate} -bufsize {rung.max_bitrate * 3 // 2}"
        gop = f"-g {2 * RATE} -keyint_min {2 * RATE} -sc_threshold 0 -bf 2"
        return f"-c:v libx264 -preset {self.ladder.preset} -profile:v high {gop} {cap} -threads {self.threads}"

    def _ffmpeg(self, words: str) -> Cost:
        return run([self.ffmpeg, *f"-nostdin -y -v error {words}".split(" ")], self.folder, os.environ)


def compare(video: Video, rounds: int) -> tuple[Cost, Cost, Cost]:
    """Run the three ways in turn; return the least of each."""
    ours, floor, processes = [], [], []
    for number in range(rounds):
        ours.append(show(f"round {number + 1}: votd transcode", video.ours("source.mp4", f"ours{number}")))
        floor.append(show(f"round {number + 1}: floor", video.floor()))
        processes.append(show(f"round {number + 1}: a process per rendition", video.processes()))
    return least(ours), least(floor), least(processes)


def compare_copy(video: Video, rounds: int) -> float:
    """Return what a compliant file costs over what the same stream costs where it has to be encoded."""
    copied: list[Cost] = []
    encoded: list[Cost] = []
    for number in range(rounds):
        copied.append(show(f"round {number + 1}: compliant stream", video.ours("compliant.mp4", f"copied{number}")))
        encoded.append(show(f"round {number + 1}: the same, encoded", video.ours("untold.mkv", f"encoded{number}")))
    return least(copied).cpu_s / least(encoded).cpu_s


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and fail where a limit is broken."""
    parser = argparse.ArgumentParser(description="Compare votd transcode with bare ffmpeg.")
    parser.add_argument("--profile", default="fast", help="a profile of config/ladder.toml; only fast has limits")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args(arguments)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="votd-bench-") as folder:
        threads = len(os.sched_getaffinity(0))
        video = Video(Path(folder), imageio_ffmpeg.get_ffmpeg_exe(), threads, ladder(given.profile))
        video.make(given.seconds)
        rungs = len(video.ladder.rungs)
        print(f"  {given.seconds:g} s of 1080p25, {rungs} rungs, {video.ladder.preset}, {threads} threads")
        print(f"  {'':<44}{'CPU s':>8}{'wall s':>9}{'MiB':>9}")
        ours, floor, processes = compare(video, given.rounds)
        copied = compare_copy(video, given.rounds)
    bound = given.profile == "fast"
    figures = {
        "CPU of A over the floor B": (ours.cpu_s / floor.cpu_s, MOST_OVER_FLOOR if bound else 9),
        "CPU of A over a process per rendition C": (ours.cpu_s / processes.cpu_s, MOST_OVER_PROCESSES if bound else 9),
        "CPU of D, copied over encoded": (copied, MOST_COPIED if bound else 9),
    }
    sys.exit(0 if limits(figures) else 1)


if __name__ == "__main__":
    main()
