"""The producers' folders. A drop is in exactly one of them at any moment, moved by rename alone:

    inbox/      dropped, waiting; a sidecar (``.yaml .txt .srt .vtt`` with the video's stem) waits with its video
    working/    claimed: one folder per claim, whose owner holds a lock that the kernel frees when the owner dies
    done/       published
    rejected/   refused for good, with ``NAME.reason.txt`` beside it

What was published without something that was unavailable is named in ``again/``: the night tries once more.
How often a drop was tried is noted in ``tries/``, for these very bytes (name, size and time of change).

A file that is still being copied waits: ``Settling`` tells which drops have not changed for a while. A copy can also
stop and go on; what looks cut off is left in the inbox until it changes, or has not changed for as long as
``Inbox.patience_s`` says, and is refused only then.
"""

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from votd.flows.request import CAPTIONS, SIDECARS
from votd.media.source.names import shown
from votd.media.workspace.workspace import take_lock

PATIENCE = 12
"""How many times ``settle_s`` a file that looks cut off may lie unchanged: a minute, where that is 5 s."""
VERDICT = ".verdict"
LOST = "lost"
PARTIAL = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".opdownload", "~")


@dataclass(frozen=True, slots=True)
class Drop:
    """One waiting video. ``signature`` changes when the file or one of its sidecars does, or when it is moved in again.

    ``waits`` is true for one that failed because something was unavailable: the night tries it again. ``until`` is the
    time (seconds since 1970) before which one that looked cut off is left alone; a change makes it 0.
    """

    name: str
    signature: str
    tries: int
    waits: bool
    until: float = 0.0


class Settling:
    """Tell which drops have not changed for a while."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[str, tuple[str, float]] = {}

    def ready(self, drops: list[Drop], now: float) -> list[Drop]:
        """Return the drops whose signature is as old as it must be; ``now`` is a steady clock's seconds."""
        known = self._since
        self._since = {}
        for drop in drops:
            signature, since = known.get(drop.name, ("", now))
            self._since[drop.name] = (drop.signature, since if signature == drop.signature else now)
        return [d for d in drops if now - self._since[d.name][1] >= self._settle_s and d.until <= time.time()]


class Inbox:
    """The folders of one home."""

    def __init__(self, home: Path, attempts: int, settle_s: float = 5) -> None:
        self.home = home
        self.attempts = attempts
        self.settle_s = settle_s
        for name in ("inbox", "working", "working/.locks", "done", "rejected", "tries", "again"):
            (home / name).mkdir(parents=True, exist_ok=True)

    @property
    def folder(self) -> Path:
        return self.home / "inbox"

    @property
    def patience_s(self) -> float:
        return PATIENCE * self.settle_s

    def waiting(self) -> list[Drop]:
        """Return the drops, in order of their names; sidecars, hidden and partial files are none."""
        names = sorted(self._readable(name) for name in os.listdir(self.folder) if is_drop(name))
        drops = []
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # somebody claimed it or took it away
                tries = self._tries(name)
                drops.append(Drop(name, self._signature(name), tries["count"], tries["waits"], tries["until"]))
        return drops

    def claim(self, name: str) -> "Claim | None":
        """Take a drop with its sidecars; ``None`` where somebody else was faster. One rename decides."""
        if not name or name != Path(name).name or not is_drop(name):
            return None
        token = secrets.token_hex(8)
        lock = take_lock(self.home / "working" / ".locks" / token)
        assert lock is not None  # nobody else can know the token
        folder = self.home / "working" / token
        folder.mkdir()
        before = self._tries(name)
        tries = before["count"] + 1
        try:
            (self.folder / name).rename(folder / name)
        except (FileNotFoundError, NotADirectoryError):
            _give_up(folder, lock)
            return None
        for sidecar in self._sidecars(name):
            with contextlib.suppress(FileNotFoundError):
                (self.folder / sidecar).rename(folder / sidecar)
        self._note(name, folder / name, tries, until=before["until"])
        return Claim(self, folder, name, tries, lock, _bytes(folder / name))

    def recover(self) -> list[str]:
        """Return the claims of dead owners to the inbox; those that were tried too often are put aside."""
        names = []
        for folder in sorted((self.home / "working").iterdir()):
            if folder.name.startswith(".") or not (lock := take_lock(self.home / "working" / ".locks" / folder.name)):
                continue
            videos = [name for name in os.listdir(folder) if is_drop(name)]
            claim = Claim(self, folder, videos[0] if videos else "", 0, lock)
            if claim.decided():
                claim.resume()
                continue
            if videos and (count := self._tries(videos[0], folder)["count"]) >= self.attempts:
                claim.reject(f"The machine failed {count} times while it was at this file. Ask whoever runs it.")
            else:
                claim.give_back(waits=False)
            names += videos
        return names

    def unsettled(self) -> list[str]:
        """Return the names in ``done/`` that are to be published once more."""
        notes = (note.read_text(encoding="utf-8") for note in sorted((self.home / "again").glob("*.txt")))
        return [name for name in notes if name]

    def unsettle(self, name: str) -> None:
        """Note that a drop is to be published once more."""
        fresh = self._again(name).with_suffix(".part")
        fresh.write_text(name, encoding="utf-8")
        fresh.replace(self._again(name))

    def settled(self, name: str) -> None:
        """Strike out a note."""
        self._again(name).unlink(missing_ok=True)

    def _again(self, name: str) -> Path:
        return self.home / "again" / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}.txt"

    def _readable(self, name: str) -> str:
        """Rename a drop whose name is no UTF-8, which neither JSON nor a page could carry."""
        safe = os.fsencode(name).decode("utf-8", "replace")
        if safe == name:
            return name
        target = next(path for path in _names(self.folder, safe) if not os.path.lexists(path))
        with contextlib.suppress(OSError):  # gone, or longer than a name may be
            (self.folder / name).rename(target)
        return target.name

    def _sidecars(self, name: str) -> list[str]:
        stem = Path(name).stem
        found = (n for n in os.listdir(self.folder) if n.startswith(f"{stem}.") and Path(n).suffix.lower() in SIDECARS)
        return sorted(n for n in found if n != name and _belongs(n, stem))

    def _signature(self, name: str) -> str:
        facts = []
        for part in (name, *self._sidecars(name)):
            stat = os.lstat(self.folder / part)
            facts.append((part, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
        return hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def _note_path(self, name: str) -> Path:
        return self.home / "tries" / hashlib.sha256(os.fsencode(name)).hexdigest()[:32]

    def _tries(self, name: str, folder: Path | None = None) -> dict[str, Any]:
        """Read how often these very bytes were tried; a note on earlier bytes of the same name counts for nothing."""
        try:
            note = json.loads(self._note_path(name).read_text(encoding="utf-8"))
            same = note["bytes"] == _bytes((folder or self.folder) / name)
        except (OSError, ValueError, KeyError):
            same = False
        return {"count": 0, "waits": False, "until": 0.0} | (note if same else {})

    def _note(
        self, name: str, path: Path, count: int, *, waits: bool = False, reason: str = "", until: float = 0.0
    ) -> None:
        fresh = self._note_path(name).with_suffix(".part")
        facts = {"count": count, "waits": waits, "reason": reason, "until": until}
        note = {"name": shown(name), "bytes": _bytes(path), **facts}
        fresh.write_text(json.dumps(note), encoding="utf-8")
        fresh.replace(self._note_path(name))


@dataclass
class Claim:
    """A drop that this process works on; ``tries`` counts this one. It ends with exactly one of the verbs.

    ``was`` is the video's size and time of change when it was claimed.
    """

    inbox: Inbox
    folder: Path
    name: str
    tries: int
    lock: IO[str]
    was: str = ""

    @property
    def video(self) -> Path:
        return self.folder / self.name

    @property
    def changed(self) -> bool:
        """Tell whether the video is another one than was claimed: its copy goes on."""
        return _bytes(self.video) != self.was

    def finish(self, *, again: bool = False) -> Path:
        """Move the drop to ``done/``; ``again`` leaves a note that something of it is still to come."""
        target = self._decide("done")
        if again:
            self.inbox.unsettle(target.name)
        return self._move(target)

    def reject(self, reason: str) -> Path:
        """Move the drop to ``rejected/``; the reason stands beside it before it is there."""
        target = self._decide("rejected")
        # A name may have 255 bytes; the reason's has to fit too.
        stem = os.fsencode(target.name)[: 255 - len(".reason.txt")].decode("utf-8", "ignore")
        (target.parent / f"{stem}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
        return self._move(target)

    def give_back(self, waits: bool, reason: str = "") -> Path:
        """Return the drop to the inbox; ``waits`` leaves it to the night."""
        target = self._free("inbox")
        if self.name:
            tries = self.tries or self.inbox._tries(self.name, self.folder)["count"]
            self.inbox._note(target.name, self.video, tries, waits=waits, reason=reason)
        return self._move(target)

    def wait(self, reason: str) -> bool:
        """Return a drop that is only half there to the inbox, where it waits for the rest; the try does not count.

        ``False``, and nothing is done, where it has lain unchanged for long enough: no rest will come.
        """
        now, until = time.time(), 0.0
        if not self.changed:
            noted = self.inbox._tries(self.name, self.folder)["until"]
            until = noted or min(now, self.video.lstat().st_mtime) + self.inbox.patience_s
            if now >= until:
                return False
        target = self._free("inbox")
        self.inbox._note(target.name, self.video, self.tries - 1, reason=reason, until=until)
        self._move(target)
        return True

    def decided(self) -> bool:
        """Tell whether an owner died between its verdict and the end of the move."""
        return (self.folder / VERDICT).exists()

    def resume(self) -> Path:
        """Finish the move that a dead owner had begun."""
        where, name = json.loads((self.folder / VERDICT).read_text(encoding="utf-8"))
        return self._move(self.inbox.home / where / name)

    def _decide(self, where: str) -> Path:
        """Note where the drop goes before its first file moves: a kill must not split it."""
        target = self._free(where)
        fresh = self.folder / f"{VERDICT}.part"
        fresh.write_text(json.dumps([where, target.name]), encoding="utf-8")
        fresh.replace(self.folder / VERDICT)
        self.inbox._note_path(self.name).unlink(missing_ok=True)
        return target

    def _free(self, where: str) -> Path:
        """Return the first of NAME, STEM~2 and so on at which nothing is in the way of the drop or of a sidecar."""
        folder = self.inbox.home / where
        names = [name for name in os.listdir(self.folder) if not name.startswith(".")]
        places = (target for target in _names(folder, self.name or LOST))
        return next(t for t in places if not any(os.path.lexists(self._place(t, name)) for name in names))

    def _place(self, target: Path, name: str) -> Path:
        """Return where one file of the drop goes when the video goes to ``target``."""
        if not self.name:  # sidecars alone: their video was never claimed
            return target.with_name(Path(name).stem + target.name.removeprefix(LOST) + Path(name).suffix)
        return target if name == self.name else target.with_name(target.stem + name.removeprefix(Path(self.name).stem))

    def _move(self, target: Path) -> Path:
        names = [name for name in os.listdir(self.folder) if not name.startswith(VERDICT)]
        for name in sorted(names, key=lambda n: n == self.name):  # the video last
            (self.folder / name).rename(self._place(target, name))
        for note in self.folder.glob(f"{VERDICT}*"):
            note.unlink()
        _give_up(self.folder, self.lock)
        return target


def _give_up(folder: Path, lock: IO[str]) -> None:
    folder.rmdir()
    Path(lock.name).unlink(missing_ok=True)
    lock.close()


def is_drop(name: str) -> bool:
    """Tell whether a name in the inbox is a video's: no sidecar, not hidden, not still being written."""
    low = name.lower()
    return not name.startswith(".") and not low.endswith(PARTIAL) and Path(low).suffix not in SIDECARS


def _belongs(name: str, stem: str) -> bool:
    """Tell whether a sidecar is this stem's: STEM.yaml, STEM.txt, STEM.srt, and STEM.LANGUAGE.vtt."""
    middle = name[len(stem) + 1 :].split(".")
    return len(middle) == 1 or (len(middle) == 2 and f".{middle[1]}" in CAPTIONS)


def _bytes(path: Path) -> str:
    stat = os.lstat(path)
    return f"{stat.st_size} {stat.st_mtime_ns}"


def _names(folder: Path, name: str) -> Iterator[Path]:
    """Offer the name, then STEM~2.EXT and so on."""
    yield folder / name
    number = 2
    while True:
        path = Path(name)
        stem = os.fsencode(path.stem)[: 240 - len(os.fsencode(path.suffix))].decode("utf-8", "ignore")
        yield folder / f"{stem}~{number}{path.suffix}"
        number += 1
