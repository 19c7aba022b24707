"""Five hundred damaged files go through everything: none crashes us, none hangs, none is published faulty."""

import asyncio
import collections
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from clips import Maker, tone, wav
from mutate import MUTATIONS, mutated

from votd.config.settings import load
from votd.flows import story
from votd.flows.display import Ledger
from votd.flows.request import Request
from votd.media.errors import RejectedSource, VotdError
from votd.media.verify.verify import verify

pytestmark = pytest.mark.all
COUNT = 500
AT_ONCE = 2
HANGS_S = 300
"""Longer than any limit lets a file of half a second work, on a busy machine too."""

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "5", "-bf", "1", "-c:a", "aac")
BASES = {
    "a.mp4": X264,
    "fast.mp4": (*X264, "-movflags", "+faststart"),
    "fragments.mp4": (*X264, "-movflags", "frag_keyframe+delay_moov"),
    "a.mkv": X264,
    "a.ts": X264,
    "a.avi": ("-c:v", "mpeg4", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le"),
    "a.webm": ("-c:v", "libvpx", "-b:v", "300k", "-c:a", "libopus"),
}


def bases(make: Maker) -> dict[str, bytes]:
    """Make the smallest films of each container: ten pictures of 128×128, and a tone."""
    noise = np.random.default_rng(3).integers(20, 230, (140, 140), dtype=np.uint8)
    pictures = [np.ascontiguousarray(noise[number : 128 + number, :128]) for number in range(10)]
    voice = wav(make.folder / "tone.wav", [tone(0.4, 440)])
    inputs = ("-i", str(voice))
    return {
        name: make.drawn(name, pictures, pixels="gray", inputs=inputs, encode=encode).read_bytes()
        for name, encode in BASES.items()
    }


def damaged(make: Maker, count: int) -> Iterator[tuple[str, Path]]:
    """Write one damaged file after the other; a name tells its base, its damage and its seed."""
    whole = bases(make)
    names = [*whole]
    for seed in range(count):
        name = names[seed % len(names)]
        mutation = MUTATIONS[seed // len(names) % len(MUTATIONS)]
        other = whole[names[(seed * 5 + 1) % len(names)]]
        label = f"{seed:03} {mutation.__name__} {name}"
        path = make.folder / label
        path.write_bytes(mutated(whole[name], other, mutation, seed))
        yield label, path


@dataclass(frozen=True)
class Fate:
    """What became of one file, in one word; ``said`` is the sentence or the warnings."""

    name: str
    end: str
    said: str


async def fate(name: str, file: Path, home: Path, ffmpeg: str) -> Fate:
    """Publish one file into a house of its own; what is published is verified once more."""
    settings = load(home=home / "home", store=f"file:{home / 'site'}", model=str(home / "no model"))
    ledger = Ledger()
    began: list[str] = []
    ledger.watchers.append(lambda stage, _: began.append(stage))
    try:
        async with asyncio.timeout(HANGS_S):
            outcome = await story.publish_here(Request(video=file), settings, ledger)
    except RejectedSource as e:
        assert re.fullmatch(r"[^\n]+[.]", str(e)), (name, str(e))
        return Fate(name, refused_at(set(began), {stage.name for stage in ledger.stages}), str(e))
    except VotdError as e:
        return Fate(name, type(e).__name__, f"{e} {getattr(e, 'tail', '')}")
    files = {str(path.relative_to(home / "site")): path for path in (home / "site").rglob("*") if path.is_file()}
    record = outcome.record
    report = await verify(files, f"videos/{record.id}/{record.version}/record.json", ffmpeg=ffmpeg)
    if not report.ok:
        return Fate(name, "faulty", "; ".join(f"{f.rule} {f.subject} {f.detail}" for f in report.failures))
    flags = [warning for warning in outcome.warnings if "without captions" not in warning]
    return Fate(name, "published, flagged" if flags else "published", " ".join(flags))


def refused_at(began: set[str], ended: set[str]) -> str:
    """Say which part of us refused a file, from the stages that began and that ended."""
    if "examine" not in ended:
        return "refused by the probe" if "examine" in began else "refused by the copy"
    return "refused by the judge" if began <= {"copy in", "examine"} else "refused by the encoder"


@pytest.fixture(scope="module")
def fates(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> list[Fate]:
    """Send all the files through, two at a time, and print what became of them."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "clips").mkdir()
    files = damaged(Maker(ffmpeg, folder / "clips"), COUNT)
    found: list[Fate] = []

    async def work() -> None:
        for name, file in files:
            home = folder / hashlib.sha256(name.encode()).hexdigest()[:12]
            found.append(await fate(name, file, home, ffmpeg))

    async def everything() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())

    asyncio.run(everything())
    counts = collections.Counter(each.end for each in found)
    print(f"\n{len(found)} damaged files:", *(f"{count} {end}" for end, count in counts.most_common()), sep="\n  ")
    return found


def test_none_crashes_or_hangs(fates: list[Fate]) -> None:
    """Every file ends, and with an error of our own tree if with any: all else would have been raised above."""
    assert len(fates) == COUNT


def test_the_damage_is_worth_it(fates: list[Fate]) -> None:
    """Keep this file honest: a good part of the files gets through the probe, and a good part does not."""
    refused = sum(each.end.startswith("refused") for each in fates)
    assert COUNT // 10 < refused < COUNT * 9 // 10


def test_none_is_published_faulty(fates: list[Fate]) -> None:
    """What stands in a store is what verify passes."""
    assert [each for each in fates if each.end == "faulty"] == []


def test_none_is_taken_for_our_own_fault(fates: list[Fate]) -> None:
    """A damaged file is refused, not tried again and again as if a tool or a network had failed."""
    assert [each for each in fates if not each.end.startswith(("refused", "published"))] == []
