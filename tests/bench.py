"""Measure what votd costs beside the bare tools that do the same work: ``python tests/bench.py``.

Two ways from one video to the same set of outputs, in turn, so that a busy machine slows both:

A.  ``votd publish --direct`` with an empty home and an empty store, and all its children.
B.  What one would type: an ffmpeg command for the recogniser's sound; one for the ladder, the MP4 and the poster, which
    decodes once, encodes each size once and scales each from the one above (scaling all from the source costs a tenth
    more, and would flatter us); ten lines of faster-whisper with the options that we give it.

Both have the same ffmpeg, model and number of threads, and the ladder's figures from ``config/ladder.toml``; the
commands are written here and know nothing of ``media/video/graph.py``. The model is joined into the user's cache before
the clock starts. CPU is user and system time of a process and everything that it started, orphans included. The least
of the rounds counts: whatever else runs on the machine can only add to it. Memory is the largest single process's.
Ends with 1 where a figure is over its limit.
"""

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from votd.config.profiles import ladder
from votd.flows.speech import user_cache
from votd.media.speech import weights

SAMPLE = Path(__file__).parent / "sample"
FRAME_RATE, SHORT_EDGE = 25, 720  # the sample's
MOST_RATIO, MOST_AGAIN_S, MOST_HELP_S = 1.10, 3.0, 0.3
PR_SET_CHILD_SUBREAPER = 36

SPEECH = """
import sys
from faster_whisper import WhisperModel

folder, threads, wav = sys.argv[1:]
model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads))
segments, info = model.transcribe(
    wav, language=None, word_timestamps=True, vad_filter=True, condition_on_previous_text=False
)
for segment in segments:
    print(segment.text, [(word.word, word.start, word.end) for word in segment.words])
"""
BARE_FILES = ("speech.wav", "video.mpd", "video.mp4", "poster.jpg")

Files = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall time in seconds; memory, of the largest process, in bytes."""

    cpu_s: float
    wall_s: float
    memory: int


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs share: the video, a folder that holds theirs, the threads, and the tools."""

    video: Path
    folder: Path
    threads: int
    ffmpeg: str
    model: Path

    def votd(self, home: str, *arguments: str | Path) -> Cost:
        """Run our command; ``home`` names the folder of its own files."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("VOTD_", "PREFECT_"))}
        ours = {
            "PATH": tools(self.folder),
            "VOTD_HOME": self.folder / home,
            "VOTD_THREADS": self.threads,
            "VOTD_FFMPEG": self.ffmpeg,
        }
        settings = {name: str(value) for name, value in ours.items()}
        return run([Path(sys.executable).with_name("votd"), *arguments], self.folder, outside | settings)

    def publish(self, home: str, *options: str) -> Cost:
        """Publish the video beside the sample's articles; each home has a store of its own."""
        store = f"file:{self.folder / home}-site"
        return self.votd(home, "publish", self.video, "--articles", SAMPLE / "articles", "--to", store, *options)

    def objects(self, home: str) -> Files:
        """Return inode and time of everything in a home's store, by path."""
        store = self.folder / f"{home}-site"
        found = {str(p.relative_to(store)): p.stat() for p in store.rglob("*") if p.is_file()}
        return {name: (s.st_ino, s.st_mtime_ns) for name, s in found.items() if not name.startswith(".")}

    def bare(self, name: str) -> dict[str, Cost]:
        """Run the plain commands one after the other in a new folder."""
        to = self.folder / name
        to.mkdir()
        (to / "speech.py").write_text(SPEECH, encoding="utf-8")
        speech = [sys.executable, "speech.py", str(self.model), str(self.threads), "speech.wav"]
        commands = {"sound": self._sound(), "encode": self._encode(), "speech": speech}
        costs = {step: run(command, to, os.environ) for step, command in commands.items()}
        if missing := [file for file in BARE_FILES if not (to / file).is_file()]:
            sys.exit(f"The bare runs did not write {', '.join(missing)}: the comparison would be wrong.")
        return costs

    def _sound(self) -> list[str]:
        words = "-nostdin -v error -i VIDEO -vn -ac 1 -ar 16000 speech.wav"
        return [self.ffmpeg, *self._command(words)]

    def _encode(self) -> list[str]:
        rungs = [rung for rung in ladder("fast").rungs if rung.short_edge <= SHORT_EDGE]
        edges = [rung.short_edge for rung in rungs]
        gop = 2 * FRAME_RATE
        words = [
            f"-nostdin -v error -threads {self.threads} -i VIDEO",
            f"-filter_complex_threads {self.threads} -filter_complex {scaled(edges)} -threads {self.threads}",
            *(f"-map [v{edge}]" for edge in edges),
            "-map 0:a -c:a aac -b:a 128k -ar 48000 -ac 2",
            f"-c:v libx264 -preset veryfast -profile:v high -bf 2 -g {gop} -keyint_min {gop} -sc_threshold 0",
            *(f"-crf:v:{i} {rung.crf} -maxrate:v:{i} {rung.max_bitrate}" for i, rung in enumerate(rungs)),
            *(f"-bufsize:v:{i} {rung.max_bitrate * 3 // 2}" for i, rung in enumerate(rungs)),
            # tee hands each encoded stream to the segments, and the largest to the MP4 too
            "-flags +global_header -f tee",
            f"[f=dash:seg_duration=6]video.mpd|[f=mp4:select=0,{len(rungs)}:movflags=+faststart]video.mp4",
            "-map [poster] -ss 10 -frames:v 1 -update 1 -q:v 3 poster.jpg",
        ]
        return [self.ffmpeg, *self._command(" ".join(words))]

    def _command(self, words: str) -> list[str]:
        return [str(self.video) if word == "VIDEO" else word for word in words.split()]


def tools(folder: Path) -> str:
    """Return a PATH without bubblewrap: what ends in its process namespace is in nobody's sum (8 ms a start)."""
    place = folder / "tools"
    if not place.is_dir():
        place.mkdir()
        for name in ("setpriv", "sh", "prlimit"):
            if found := shutil.which(name):
                (place / name).symlink_to(found)
    return str(place)


def scaled(edges: Sequence[int]) -> str:
    """Return the filters that make a picture of each size, the first as it comes, and one for the poster."""
    first, *smaller = edges
    filters = [f"[0:v]split=3[v{first}][s{first}][poster]"]
    for larger, edge in zip(edges[:-1], smaller, strict=True):
        last = edge == edges[-1]
        filters.append(f"[s{larger}]scale=-2:{edge}" + (f"[v{edge}]" if last else f",split[v{edge}][s{edge}]"))
    return ";".join(filters)


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command to its end and return what it and all that it started cost; a failure ends the bench.

    We are the reaper of orphans here (see ``main``), so that what outlives its parent is waited for and counted too.
    """
    log = folder / "bench.log"
    with log.open("w") as out:
        start = time.monotonic()
        child = subprocess.Popen([*map(str, command)], cwd=folder, env=environment, stdin=-3, stdout=out, stderr=out)
        _, status, used = os.wait4(child.pid, 0)
        wall_s = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)  # subprocess must not wait for it again
    if child.returncode:
        sys.exit(f"{Path(command[0]).name} ended with {child.returncode}:\n{log.read_text()[-2000:]}")
    cpu_s, memory = used.ru_utime + used.ru_stime, used.ru_maxrss
    while True:
        try:
            _, _, used = os.wait4(-1, 0)
        except ChildProcessError:
            return Cost(cpu_s, wall_s, memory * 1024)
        cpu_s, memory = cpu_s + used.ru_utime + used.ru_stime, max(memory, used.ru_maxrss)


def least(costs: Sequence[Cost]) -> Cost:
    """Return the least of each figure."""
    return Cost(min(c.cpu_s for c in costs), min(c.wall_s for c in costs), min(c.memory for c in costs))


def together(costs: Sequence[Cost]) -> Cost:
    """Return what commands cost one after the other."""
    return Cost(sum(c.cpu_s for c in costs), sum(c.wall_s for c in costs), max(c.memory for c in costs))


def show(name: str, cost: Cost) -> Cost:
    """Print a row of the table as soon as it is measured."""
    print(f"  {name:<44}{cost.cpu_s:>8.2f}{cost.wall_s:>9.1f}{cost.memory / 2**20:>9.0f}", flush=True)
    return cost


def compare(bench: Bench, rounds: int) -> tuple[Cost, Cost]:
    """Run both ways in turn; return the cost of ours and of the bare tools."""
    ours, bare = [], []
    for number in range(rounds):
        ours.append(show(f"round {number + 1}: votd publish --direct", bench.publish(f"home{number}", "--direct")))
        bare.append(bench.bare(f"bare{number}"))
        show(f"round {number + 1}: bare runs", together(list(bare[-1].values())))
    best = show("A: votd publish --direct", least(ours))
    steps = {step: show(f"   bare {step}", least([costs[step] for costs in bare])) for step in bare[0]}
    return best, show("B: bare runs together", together(list(steps.values())))


def publish_again(bench: Bench) -> tuple[float, int]:
    """Publish the same twice more; return the least CPU seconds, and the objects made or changed in both."""
    before = bench.objects("home0")
    cost = least([bench.publish("home0", "--direct") for _ in range(2)])
    show("second publish, the same inputs", cost)
    return cost.cpu_s, len(bench.objects("home0").items() - before.items())


def publish_renamed(bench: Bench) -> None:
    """Publish under a new title, and see that nothing was encoded for it."""
    before = bench.objects("home0")
    show("publish with a new title", bench.publish("home0", "--direct", "--title", "Another title"))
    made = bench.objects("home0").items() - before.items()
    media = sum(name.startswith("media/") for name, _ in made)
    print(f"    it made or changed {len(made)} objects, {media} of them media")


def publish_as_flow(bench: Bench, rounds: int, direct: Cost) -> None:
    """Show what Prefect adds, its embedded server and the making of its database included."""
    flows = [bench.publish(f"flow{number}", "--flow") for number in range(rounds)]
    best = show("votd publish --flow", least(flows))
    print(
        f"    Prefect's part: {best.cpu_s - direct.cpu_s:.1f} CPU s, {best.wall_s - direct.wall_s:.1f} s of wall time"
    )
    show("second publish --flow, the same inputs", bench.publish("flow0", "--flow"))


def limits(figures: Mapping[str, tuple[float, float]]) -> bool:
    """Print each figure beside its limit; return whether all are within."""
    for name, (figure, most) in figures.items():
        print(f"  {name:<44}{figure:>8.3f}   {'' if figure <= most else 'OVER '}limit {most:g}")
    return all(figure <= most for figure, most in figures.values())


def main() -> None:
    """Measure, print the table, and fail where a limit is broken."""
    parser = argparse.ArgumentParser(description="Compare votd with the bare tools that do the same work.")
    parser.add_argument("--seconds", type=float, help="measure only the beginning of the video")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--flow", action="store_true", help="measure the Prefect flow on its embedded server too")
    parser.add_argument("--video", type=Path, default=SAMPLE / "sample.mp4", help="another 720p25 video with sound")
    given = parser.parse_args()
    if not given.video.is_file():
        sys.exit(f"{given.video} is not there.")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ffmpeg, threads = imageio_ffmpeg.get_ffmpeg_exe(), len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="votd-bench-") as name:
        video = Path(name, "video.mp4")
        length = ["-t", str(given.seconds)] if given.seconds else []
        copy = ["-nostdin", "-v", "error", "-i", given.video.absolute(), *length, "-c", "copy", video]
        run([ffmpeg, *copy], Path(name), os.environ)
        model = weights.find("base", user_cache())
        bench = Bench(video, Path(name), threads, ffmpeg, model)
        print(f"  {given.video.name}, {threads} threads{'CPU s':>34}{'wall s':>9}{'MiB':>9}")
        ours, bare = compare(bench, given.rounds)
        again_s, changed = publish_again(bench)
        publish_renamed(bench)
        if given.flow:
            publish_as_flow(bench, given.rounds, ours)
        help_s = show("votd --help", least([bench.votd("home0", "--help") for _ in range(3)])).cpu_s
    figures = {
        "CPU of A over CPU of B": (ours.cpu_s / bare.cpu_s, MOST_RATIO),
        "CPU s of a second publish": (again_s, MOST_AGAIN_S),
        "objects that it uploaded or changed": (changed, 0),
        "CPU s of votd --help": (help_s, MOST_HELP_S),
    }
    sys.exit(0 if limits(figures) else 1)


if __name__ == "__main__":
    main()
