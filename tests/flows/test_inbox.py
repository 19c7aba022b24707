"""A drop is in exactly one folder, whatever happens to whoever works on it."""

import asyncio
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import cast

import pytest

from votd.flows.drops import DropResult, Publish, publish_all, publish_drop
from votd.flows.inbox import Inbox, Settling
from votd.flows.outcome import Outcome
from votd.flows.request import Request
from votd.media import errors


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    """Return the folders of a new home; a drop is tried three times, and taken as soon as it is there."""
    return Inbox(tmp_path, attempts=3, settle_s=0.01)


def drop(inbox: Inbox, name: str, text: str = "film") -> None:
    """Drop a file."""
    (inbox.folder / name).write_text(text)


def where(inbox: Inbox, part: str = "") -> dict[str, list[str]]:
    """Return what is in each folder, working's claims opened, hidden files left out."""
    found: dict[str, list[str]] = {}
    for place in ("inbox", "working", "done", "rejected"):
        paths = (inbox.home / place).rglob(f"*{part}*" if part else "*")
        names = sorted(p.name for p in paths if p.is_file() and ".locks" not in p.parts)
        if names:
            found[place] = names
    return found


def test_sidecars_hidden_and_partial_files_are_no_drops(inbox: Inbox) -> None:
    """Only a video waits; what belongs to one, or is not finished, is left alone."""
    for name in ("b.mp4", "A.MP4", "a.yaml", "b.mk.vtt", "x.mp4.part", "y.mp4.crdownload", ".DS_Store", "z.txt"):
        drop(inbox, name)
    assert [d.name for d in inbox.waiting()] == ["A.MP4", "b.mp4"]


def test_a_claim_takes_the_video_with_its_sidecars(inbox: Inbox) -> None:
    """Sidecars have the stem of their video; others stay."""
    for name in ("a.mp4", "a.yaml", "a.txt", "a.mk.vtt", "ab.yaml", "a.b.yaml"):
        drop(inbox, name)
    claim = inbox.claim("a.mp4")
    assert claim is not None
    assert where(inbox) == {"working": ["a.mk.vtt", "a.mp4", "a.txt", "a.yaml"], "inbox": ["a.b.yaml", "ab.yaml"]}
    claim.finish()
    assert where(inbox)["done"] == ["a.mk.vtt", "a.mp4", "a.txt", "a.yaml"]
    assert not [p for p in (inbox.home / "working").rglob("*") if p.name != ".locks"]


def test_one_of_two_claims_wins(inbox: Inbox) -> None:
    """The second comes too late, and leaves nothing behind."""
    drop(inbox, "a.mp4")
    assert inbox.claim("a.mp4") is not None
    assert inbox.claim("a.mp4") is None
    assert len([p for p in (inbox.home / "working").iterdir() if p.name != ".locks"]) == 1


def test_a_rejected_drop_has_its_reason_beside_it(inbox: Inbox) -> None:
    """Also where a file of the same name was rejected before, and where the name fills all 255 bytes."""
    for text in ("one", "two"):
        drop(inbox, "a.mp4", text)
        claim = inbox.claim("a.mp4")
        assert claim is not None
        claim.reject(f"It says {text}.")
    rejected = inbox.home / "rejected"
    assert (rejected / "a.mp4.reason.txt").read_text() == "It says one.\n"
    assert (rejected / "a~2.mp4").read_text() == "two"
    assert (rejected / "a~2.mp4.reason.txt").read_text() == "It says two.\n"
    long = "ж" * 125 + "x.mp4"
    drop(inbox, long)
    claim = inbox.claim(long)
    assert claim is not None
    claim.reject("Long.")
    assert (rejected / long).exists()
    assert len(list(rejected.glob("*.reason.txt"))) == 3


def test_a_new_file_of_the_same_name_is_not_overwritten(inbox: Inbox) -> None:
    """A drop that goes back finds its name taken, and takes another with its sidecar."""
    drop(inbox, "a.mp4", "old")
    drop(inbox, "a.yaml", "title: old")
    claim = inbox.claim("a.mp4")
    assert claim is not None
    drop(inbox, "a.mp4", "new")
    claim.give_back(waits=True)
    assert {p.name: p.read_text() for p in inbox.folder.iterdir()} == {
        "a.mp4": "new",
        "a~2.mp4": "old",
        "a~2.yaml": "title: old",
    }


@pytest.mark.parametrize("kind", ["directory", "fifo", "link"])
def test_what_is_no_file_is_moved_too(inbox: Inbox, kind: str) -> None:
    """Directories, pipes and links can be claimed and rejected like anything else."""
    path = inbox.folder / "odd.mp4"
    match kind:
        case "directory":
            path.mkdir()
            (path / "inner").write_text("x")
        case "fifo":
            os.mkfifo(path)
        case _:
            path.symlink_to("/nowhere")
    assert [d.name for d in inbox.waiting()] == ["odd.mp4"]
    claim = inbox.claim("odd.mp4")
    assert claim is not None
    claim.reject("Odd.")
    assert os.path.lexists(inbox.home / "rejected" / "odd.mp4")


def test_a_name_that_is_no_utf8_becomes_one(inbox: Inbox) -> None:
    """Such a name could stand neither in JSON nor on a page."""
    drop(inbox, "caf\udce9.mp4")
    assert [d.name for d in inbox.waiting()] == ["caf\ufffd.mp4"]
    assert inbox.claim("caf\ufffd.mp4") is not None


def die_at_work(home: Path, ready: Path) -> None:
    """Claim a drop and wait to be killed."""
    claim = Inbox(home, 3).claim("a.mp4")
    ready.write_text(str(claim))
    time.sleep(60)


def test_the_claim_of_a_dead_owner_goes_back_and_is_put_aside_in_the_end(inbox: Inbox, tmp_path: Path) -> None:
    """A living owner keeps its claim; a file that kills its owners three times is rejected."""
    drop(inbox, "a.mp4")
    drop(inbox, "a.yaml", "title: x")
    for round_ in (1, 2, 3):
        ready = tmp_path / f"ready{round_}"
        child = multiprocessing.get_context("spawn").Process(target=die_at_work, args=(inbox.home, ready))
        child.start()
        while not ready.exists():
            time.sleep(0.02)
        assert inbox.recover() == []
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert inbox.recover() == ["a.mp4"]
        if round_ < 3:
            assert where(inbox, "a.") == {"inbox": ["a.mp4", "a.yaml"]}
            assert [(d.tries, d.waits) for d in inbox.waiting()] == [(round_, False)]
    assert where(inbox, "a.") == {"rejected": ["a.mp4", "a.mp4.reason.txt", "a.yaml"]}


def failing(error: Exception) -> Publish:
    """Return a publisher that ends as told; it stands for the story, which has its own tests."""

    async def publish(request: Request) -> Outcome:
        assert request.video.is_file()
        raise error

    return publish


def test_what_is_unavailable_goes_back_with_its_count(inbox: Inbox) -> None:
    """It waits for the night; after the last attempt it is put aside with the reason; new bytes start anew."""
    drop(inbox, "a.mp4")
    gone = failing(errors.Unavailable("The store is down."))
    for count in (1, 2):
        result = asyncio.run(publish_drop(inbox, "a.mp4", articles=(), publish=gone))
        assert result.state == "waits"
        assert [(d.tries, d.waits) for d in inbox.waiting()] == [(count, True)]
    result = asyncio.run(publish_drop(inbox, "a.mp4", articles=(), publish=gone))
    assert result.state == "rejected"
    assert "The store is down." in (inbox.home / "rejected" / "a.mp4.reason.txt").read_text()
    drop(inbox, "a.mp4", "new bytes")
    assert [(d.tries, d.waits) for d in inbox.waiting()] == [(0, False)]


def test_one_poison_file_among_ten_stops_nobody(inbox: Inbox) -> None:
    """By night nine are tried although one fails in a way that nobody foresaw."""
    for number in range(10):
        drop(inbox, f"{number}.mp4")
    tried = []

    async def one(name: str) -> DropResult:
        tried.append(name)
        error = RuntimeError("boom") if name == "3.mp4" else errors.RejectedSource("No.")
        return await publish_drop(inbox, name, articles=(), publish=failing(error))

    results = asyncio.run(publish_all(inbox, one, one))
    assert len(tried) == 10
    assert [r.state for r in results].count("rejected") == 9
    assert [d.name for d in inbox.waiting()] == ["3.mp4"]


def test_a_drop_is_ready_when_it_stopped_changing(inbox: Inbox) -> None:
    """A growing file, or one whose sidecar still comes, is waited for."""
    settling = Settling(5)
    drop(inbox, "a.mp4")
    assert settling.ready(inbox.waiting(), 0) == []
    drop(inbox, "a.mp4", "film film")
    assert settling.ready(inbox.waiting(), 4) == []
    assert settling.ready(inbox.waiting(), 8) == []
    drop(inbox, "a.yaml", "title: late")
    assert settling.ready(inbox.waiting(), 10) == []
    assert [d.name for d in settling.ready(inbox.waiting(), 15)] == ["a.mp4"]


def test_a_sidecar_that_stands_there_is_not_overwritten(inbox: Inbox) -> None:
    """Neither one of an earlier drop in done/, nor a corrected one that was dropped meanwhile."""
    for video in ("a.mp4", "a.mov"):
        drop(inbox, video)
        drop(inbox, "a.yaml", f"title: {video}")
        claim = inbox.claim(video)
        assert claim is not None
        claim.finish()
    texts = {p.name: p.read_text() for p in (inbox.home / "done").iterdir() if p.suffix == ".yaml"}
    assert texts == {"a.yaml": "title: a.mp4", "a~2.yaml": "title: a.mov"}
    assert (inbox.home / "done" / "a~2.mov").is_file()


def test_a_name_conflict_keeps_the_count(inbox: Inbox) -> None:
    """What goes back under another name still waits for the night."""
    drop(inbox, "a.mp4", "old")
    claim = inbox.claim("a.mp4")
    assert claim is not None
    drop(inbox, "a.mp4", "new")
    claim.give_back(waits=True)
    assert [(d.name, d.tries, d.waits) for d in inbox.waiting()] == [("a.mp4", 0, False), ("a~2.mp4", 1, True)]


def test_a_kill_in_the_middle_of_a_move_does_not_split_a_drop(inbox: Inbox) -> None:
    """The verdict was noted before the first file moved; the next look finishes the move."""
    drop(inbox, "a.mp4")
    drop(inbox, "a.yaml", "title: x")
    claim = inbox.claim("a.mp4")
    assert claim is not None
    target = claim._decide("done")
    (claim.folder / "a.yaml").rename(target.with_name("a.yaml"))
    claim.lock.close()  # the owner is dead
    assert inbox.recover() == []
    assert where(inbox, "a.") == {"done": ["a.mp4", "a.yaml"]}


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b.mp4", ".hidden.mp4", "a.yaml"])
def test_only_a_drop_can_be_claimed(inbox: Inbox, name: str) -> None:
    """A run's parameter may be anything."""
    drop(inbox, "a.yaml")
    assert inbox.claim(name) is None
    assert inbox.folder.is_dir()


@pytest.mark.parametrize(
    ("refusal", "waits"),
    [
        (errors.CutOff("Only 31 of 62 s are in the file: it looks cut off. Export it again."), True),
        (
            errors.RejectedSource("The file has sound but no picture. Give the video, not its sound or its cover."),
            False,
        ),
    ],
    ids=["cut off", "for good"],
)
def test_what_looks_half_copied_waits_and_does_not_count_as_tried(
    tmp_path: Path, refusal: errors.RejectedSource, waits: bool
) -> None:
    """It is back in the inbox with its sidecar, and is left alone until it changes; other refusals are for good."""
    inbox = Inbox(tmp_path, attempts=3, settle_s=30)
    drop(inbox, "a.mp4")
    drop(inbox, "a.yaml", "title: x")
    result = asyncio.run(publish_drop(inbox, "a.mp4", articles=(), publish=failing(refusal)))
    assert result.state == ("growing" if waits else "rejected")
    if not waits:
        return
    assert where(inbox, "a.") == {"inbox": ["a.mp4", "a.yaml"]}
    [waiting] = inbox.waiting()
    assert (waiting.tries, waiting.waits) == (0, False)
    assert 300 < waiting.until - time.time() <= 360
    settling = Settling(30)
    assert [settling.ready(inbox.waiting(), now) for now in (0, 40, 80)] == [[], [], []]
    drop(inbox, "a.mp4", "film film")
    assert settling.ready(inbox.waiting(), 90) == []
    assert [d.name for d in settling.ready(inbox.waiting(), 130)] == ["a.mp4"]


@pytest.mark.parametrize("age_s", [0.5, -3600])
def test_a_copy_that_has_stopped_is_refused_in_the_end(tmp_path: Path, age_s: float) -> None:
    """It waited once for as long as it may; a time of change in the future, by another's clock, is no excuse."""
    inbox = Inbox(tmp_path, attempts=3, settle_s=0.1)
    half = failing(errors.CutOff("Only 31 of 62 s are in the file: it looks cut off. Export it again."))
    drop(inbox, "a.mp4")
    changed = time.time() - age_s
    os.utime(inbox.folder / "a.mp4", (changed, changed))
    assert asyncio.run(publish_drop(inbox, "a.mp4", articles=(), publish=half)).state == "growing"
    time.sleep(inbox.patience_s)
    assert asyncio.run(publish_drop(inbox, "a.mp4", articles=(), publish=half)).state == "rejected"
    assert (inbox.home / "rejected" / "a.mp4.reason.txt").read_text().startswith("Only 31 of 62 s are in the file")


@pytest.mark.parametrize("refused", [True, False])
def test_what_changed_after_it_was_taken_is_neither_refused_nor_done(inbox: Inbox, refused: bool) -> None:
    """Its copy goes on: whatever came of what was there, the drop is back in the inbox, as one that was never tried."""
    drop(inbox, "a.ts")

    async def publish(request: Request) -> Outcome:
        request.video.write_text("film film")
        if refused:
            raise errors.RejectedSource("The file is not a video that can be read.")
        return cast("Outcome", None)  # nobody looks at what was published of a half

    result = asyncio.run(publish_drop(inbox, "a.ts", articles=(), publish=publish))
    assert result.state == "growing"
    assert where(inbox, "a.") == {"inbox": ["a.ts"]}
    assert [drop.tries for drop in inbox.waiting()] == [0]


def test_the_same_name_dropped_again_does_not_bring_the_first_back(inbox: Inbox) -> None:
    """What is claimed under its name meanwhile is another drop: the first one is done."""
    drop(inbox, "a.mp4", "old")

    async def publish(request: Request) -> Outcome:
        drop(inbox, "a.mp4", "new bytes")
        assert inbox.claim("a.mp4") is not None
        raise errors.RejectedSource("No.")

    assert asyncio.run(publish_drop(inbox, "a.mp4", articles=(), publish=publish)).state == "rejected"


def test_an_old_half_is_refused_at_once(tmp_path: Path) -> None:
    """What has not changed for longer than a copy may rest is not waited for."""
    inbox = Inbox(tmp_path, attempts=3, settle_s=5)
    drop(inbox, "a.mp4")
    os.utime(inbox.folder / "a.mp4", (0, time.time() - 61))
    half = failing(errors.CutOff("The file looks cut off: its index (moov) is missing. Export it again."))
    assert asyncio.run(publish_drop(inbox, "a.mp4", articles=(), publish=half)).state == "rejected"


def test_by_night_what_still_grows_is_left_alone(tmp_path: Path) -> None:
    """The others are published meanwhile; nothing is refused."""
    inbox = Inbox(tmp_path, attempts=3, settle_s=0.4)
    for name in ("a.mp4", "b.mp4"):
        drop(inbox, name)
    tried: list[str] = []

    async def one(name: str) -> DropResult:
        tried.append(name)
        return DropResult(name, "published", "")

    async def night() -> list[DropResult]:
        running = asyncio.create_task(publish_all(inbox, one, one))
        await asyncio.sleep(0.2)
        drop(inbox, "a.mp4", "film film")
        return await running

    assert {r.name: r.state for r in asyncio.run(night())} == {"a.mp4": "growing", "b.mp4": "published"}
    assert tried == ["b.mp4"]
    assert where(inbox, ".mp4") == {"inbox": ["a.mp4", "b.mp4"]}
