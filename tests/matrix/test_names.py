"""Names and drops that would escape, collide or be published too early, each through the real inbox."""

import asyncio
import html
import re
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import craft
import pytest
from clips import Maker
from measure import Published

from votd.flows.drops import DropResult, publish_drop
from votd.flows.inbox import Inbox
from votd.flows.outcome import Outcome
from votd.flows.request import Request

pytestmark = pytest.mark.all
TWINS = [unicodedata.normalize(form, "Šešelj ѓавол.mp4") for form in ("NFC", "NFD")]
NAMES = [
    "two\nlines\r.mp4",
    "$(touch pwned) `touch pwned`.mp4",
    'it\'s "quoted" & <b>bold<-b>; rm -rf ~.mp4',
    "comment\u202e4pm.exe.mp4",
    "ж" * 125 + ".mp4",
    "..mp4",
    "...mp4",
    "-i.mp4",
    "http:x.mp4",
    "concat:a.mp4|b.mp4",
    "a%03d.mp4",
    "CON.mp4",
    *TWINS,
]


def different(data: bytes, number: int) -> bytes:
    """Return a clip's bytes with a box behind it that says nothing: another file, the same pictures."""
    return data + b"\0\0\0\x0cfree" + number.to_bytes(4, "big")


def drops(inbox: Inbox, house: Any, model: str) -> list[DropResult]:
    """Publish all that waits, one after the other, without a model."""

    async def publish(request: Request) -> Outcome:
        outcome: Outcome = await house.tell(request, model)
        return outcome

    async def each() -> list[DropResult]:
        return [await publish_drop(inbox, drop.name, articles=(), publish=publish) for drop in inbox.waiting()]

    return asyncio.run(each())


def outside(house: Any) -> set[Path]:
    """List what lies beside the house's own folders."""
    return {path for path in house.home.parent.iterdir() if path not in (house.home, house.site)}


@pytest.fixture
def clip(make: Maker) -> bytes:
    """Return the bytes of a small clip without sound."""
    return craft.plain(make)


def test_names(clip: bytes, house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is published under keys of plain letters, and its drop is in done/ under its own name."""
    monkeypatch.chdir(tmp_path)
    inbox = Inbox(house.home, attempts=3)
    visible = [name for name in NAMES if not name.startswith(".")]
    for number, name in enumerate(visible):
        (inbox.folder / name).write_bytes(different(clip, number))
    before = outside(house)
    results = drops(inbox, house, str(tmp_path / "no model"))
    assert {result.state for result in results} == {"published"}, results
    assert outside(house) == before
    done = {path.name: path.read_bytes() for path in (house.home / "done").iterdir()}
    assert done == {name: different(clip, number) for number, name in enumerate(visible)}
    assert [
        key for key in house.objects() if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_./-]*", key) or ".." in key
    ] == []
    assert len({key.split("/")[1] for key in house.objects() if key.startswith("media/")}) == len(visible)
    for result in results:
        assert result.outcome
        record = result.outcome.record
        assert record.title.isprintable()
        assert record.title
        page = (house.site / record.page).read_text(encoding="utf-8")
        assert f"<title>{html.escape(record.title)}" in page.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
        assert "<b>" not in page


def test_a_title_of_five_megabytes(make: Maker, house: Any, tmp_path: Path) -> None:
    """It is cut short, and a script in it runs nowhere."""
    title = "<script>alert(1)</script>" + "x" * 5_000_000
    outcome = house.publish(craft.titled(make, title), model=str(tmp_path / "no model"))
    for path in house.site.rglob("*"):
        if path.is_file() and path.suffix in (".html", ".json", ".m3u8", ".xml", ".mpd"):
            text = path.read_text(encoding="utf-8")
            assert "<script>alert" not in text, path
            assert "x" * 400 not in text, path
    data = Published(house.site, outcome.record).video().data + (house.site / outcome.record.mp4).read_bytes()
    assert b"alert(1)" not in data


def test_unfinished_and_foreign_files_wait(clip: bytes, house: Any, tmp_path: Path) -> None:
    """What a browser or a file manager leaves is never taken, and taken once it has its name."""
    inbox = Inbox(house.home, attempts=3)
    unfinished = ["a.mp4.part", "b.mp4.crdownload", "C.MP4.PART", ".DS_Store", "._clip.mp4", ".hidden.mp4", ".a.mp4.x7"]
    for name in unfinished:
        (inbox.folder / name).write_bytes(clip)
    assert drops(inbox, house, "") == []
    assert sorted(path.name for path in inbox.folder.iterdir()) == sorted(unfinished)
    (inbox.folder / "a.mp4.part").rename(inbox.folder / "a.MP4")
    (result,) = drops(inbox, house, str(tmp_path / "no model"))
    assert (result.name, result.state) == ("a.MP4", "published")


def test_the_same_bytes_and_the_same_name(clip: bytes, house: Any, tmp_path: Path) -> None:
    """The same bytes under two names are one publish; new bytes under a name are its new version."""
    inbox, model = Inbox(house.home, attempts=3), str(tmp_path / "no model")
    for name in ("a.mp4", "b.mp4"):
        (inbox.folder / name).write_bytes(clip)
    first, second = drops(inbox, house, model)
    assert (first.state, second.state) == ("published", "unchanged")
    assert first.outcome and second.outcome
    assert first.outcome.record == second.outcome.record
    (inbox.folder / "a.mp4").write_bytes(different(clip, 1))
    (third,) = drops(inbox, house, model)
    assert third.outcome
    assert third.outcome.record.id == first.outcome.record.id
    assert third.outcome.record.version != first.outcome.record.version
    assert len(house.json("index.json")["videos"]) == 1
    assert sorted(path.name for path in (house.home / "done").iterdir()) == ["a.mp4", "a~2.mp4", "b.mp4"]
    shutil.rmtree(house.home / "done")
