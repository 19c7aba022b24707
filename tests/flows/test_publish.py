"""The whole story on small real clips: identity, versions, reuse, and what a person decided."""

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from votd.media import errors

MakeClip = Callable[..., Path]
ARTICLE = """VIDEO | Andonovic: Who pays for the buses?

Skopje wants a hundred buses, and nobody has said who pays for them.

Video of the day
"""


@pytest.fixture
def clip(make_clip: MakeClip, tmp_path: Path) -> Path:
    """Return a private copy of a clip with a tone and no speech."""
    return Path(shutil.copy(make_clip("tone.mp4"), tmp_path / "Evening comment.mp4"))


def article(folder: Path, name: str = "buses.txt", text: str = ARTICLE) -> Path:
    """Write an article."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def media(house: Any) -> set[str]:
    """Return the keys of what was encoded."""
    return {key for key in house.objects() if key.startswith("media/")}


def test_a_published_video_is_found_by_its_pointers(house: Any, clip: Path) -> None:
    """latest.json leads to a record whose every path exists; nothing private is under the public root."""
    outcome = house.publish(clip, date=dt.date(2026, 11, 22))
    latest = house.json("latest.json")
    assert latest == {
        "id": "2026-11-22-evening-comment",
        "date": "2026-11-22",
        "version": outcome.record.version,
        "record": f"videos/2026-11-22-evening-comment/{outcome.record.version}/record.json",
    }
    assert house.json("videos/2026-11-22-evening-comment/current.json") == latest
    record = house.json(latest["record"])
    text = json.dumps(record)
    for key in [record["hls"], record["mp4"], record["poster"], record["page"], record["transcript"]]:
        assert (house.site / key).stat().st_size > 0
    assert str(house.home) not in text
    assert record["title"] == "Evening comment"
    assert [c["origin"] for c in record["captions"]] == ["machine"]
    assert not [key for key in house.objects() if "report" in key]
    assert (house.home / "workspace" / "reports" / "2026-11-22-evening-comment.json").is_file()


def test_silence_gives_an_empty_labelled_track(house: Any, clip: Path) -> None:
    """A tone is no speech, which is no failure."""
    record = house.publish(clip).record
    assert house.json(record.transcript)["utterances"] == []
    assert (house.site / record.captions[0].vtt).read_text().strip() == "WEBVTT"


def test_the_same_inputs_again_change_nothing(house: Any, clip: Path) -> None:
    """No object is written a second time, pointers included."""
    first = house.publish(clip)
    before = house.objects()
    second = house.publish(clip)
    assert not second.changed
    assert second.uploaded == 0
    assert second.record == first.record
    assert house.objects() == before
    assert all(stage.reused for stage in second.stages if stage.name != "link")


def test_a_new_title_is_a_new_version_without_encoding(house: Any, clip: Path) -> None:
    """The id and the media stay; the old version stands untouched beside the new one; going back is legal."""
    first = house.publish(clip)
    before = house.objects()
    second = house.publish(clip, title="Another title")
    assert second.record.id == first.record.id
    assert second.record.version != first.record.version
    assert second.record.published_at == first.record.published_at
    assert media(house) == {key for key in before if key.startswith("media/")}
    pointers = {"latest.json", "index.json", f"videos/{first.record.id}/current.json"}
    after = house.objects()
    assert {key for key in before if after[key] != before[key]} == pointers
    again = house.publish(clip, title="Evening comment")
    assert again.record == first.record
    assert house.json("latest.json")["version"] == first.record.version
    assert len(house.json("index.json")["videos"]) == 1


def test_the_same_bytes_under_another_name_are_the_same_video(house: Any, clip: Path) -> None:
    """One publish: the bytes find their id again, on another day too, and keep their title."""
    first = house.publish(clip, seen=dt.date(2026, 11, 1))
    copy = clip.with_name("copy of it.mp4")
    shutil.copy(clip, copy)
    second = house.publish(copy, seen=dt.date(2026, 11, 5))
    assert second.record == first.record
    assert not second.changed


def test_an_id_is_given_once_and_remembered_without_the_store(house: Any, clip: Path) -> None:
    """What was seen and then failed keeps its id and its day; so does what is published elsewhere."""
    first = house.publish(clip, seen=dt.date(2026, 11, 1))
    shutil.rmtree(house.site)
    second = house.publish(clip, title="Now with a title", seen=dt.date(2026, 11, 9))
    assert (second.record.id, second.record.date) == (first.record.id, dt.date(2026, 11, 1))


def test_new_bytes_for_an_id_are_a_new_version(house: Any, clip: Path, make_clip: MakeClip) -> None:
    """The producer drops a better export under the same name on the same day."""
    day = dt.date(2026, 11, 22)
    first = house.publish(clip, date=day)
    shutil.copy(make_clip("tone5.mp4", seconds=5), clip)
    second = house.publish(clip, date=day)
    assert second.record.id == first.record.id
    assert second.record.source.sha256 != first.record.source.sha256
    assert len(house.json("index.json")["videos"]) == 1


def test_an_old_day_does_not_move_latest_back(house: Any, clip: Path, make_clip: MakeClip) -> None:
    """Latest is the greatest date; the index is newest first."""
    newest = house.publish(clip, date=dt.date(2026, 11, 22))
    house.publish(make_clip("tone5.mp4", seconds=5), date=dt.date(2026, 3, 1))
    assert house.json("latest.json")["id"] == newest.record.id
    assert [v["date"] for v in house.json("index.json")["videos"]] == ["2026-11-22", "2026-03-01"]


def test_without_the_model_it_is_published_without_captions(house: Any, clip: Path, tmp_path: Path) -> None:
    """The summary says so; when the model is back, captions are a new version and nothing is encoded again."""
    first = house.publish(clip, model=str(tmp_path / "no model"))
    assert first.record.captions == ()
    assert "without captions" in first.warnings[0]
    before = media(house)
    second = house.publish(clip)
    assert [c.origin for c in second.record.captions] == ["machine"]
    assert media(house) == before
    third = house.publish(clip, model=str(tmp_path / "no model"))
    assert third.record == second.record


def test_captions_of_a_person_are_never_replaced(house: Any, clip: Path) -> None:
    """They stay through a re-run and a new title; a new version carries them word for word."""
    record = house.publish(clip).record
    path = house.site / f"videos/{record.id}/{record.version}/record.json"
    facts = json.loads(path.read_text())
    facts["captions"][0]["origin"] = "corrected"
    path.write_text(json.dumps(facts))
    text = "WEBVTT\n\n1\n00:00:00.500 --> 00:00:02.000\nGood evening, Tetovo & Ohrid.\n"
    (house.site / record.captions[0].vtt).write_text(text.replace("&", "&amp;"))
    second = house.publish(clip, title="Another title").record
    assert [c.origin for c in second.captions] == ["corrected"]
    assert "Tetovo &amp; Ohrid" in (house.site / second.captions[0].vtt).read_text()
    assert house.publish(clip, title="Another title").changed is False


def test_a_link_that_a_person_set_stays(house: Any, clip: Path, tmp_path: Path) -> None:
    """The machine finds nothing in a tone, and says so only where no person has spoken."""
    file = article(tmp_path / "articles")
    first = house.publish(clip, article=str(file)).record
    assert [(a.title, a.origin) for a in first.articles] == [("VIDEO | Andonovic: Who pays for the buses?", "person")]
    assert first.title == "Andonovic: Who pays for the buses?"
    second = house.publish(clip, articles=(str(file.parent),)).record
    assert second.articles == first.articles
    assert house.publish(clip).record == second


def test_a_wordless_video_is_linked_to_nothing(house: Any, clip: Path, tmp_path: Path) -> None:
    """No guess."""
    outcome = house.publish(clip, articles=(str(article(tmp_path / "articles").parent),))
    assert outcome.link.status == "none"
    assert outcome.record.articles == ()


def test_a_sidecar_gives_the_facts(house: Any, clip: Path) -> None:
    """What the request gives wins over it."""
    clip.with_suffix(".yaml").write_text('title: "A & B"\ndate: 2026-01-02\nlanguage: mk\ncommentator: Andonovic\n')
    record = house.publish(clip, title="From the command").record
    assert (record.title, str(record.date), record.language) == ("From the command", "2026-01-02", "mk")
    assert record.commentator == "Andonovic"
    assert record.id == "2026-01-02-from-the-command"


@pytest.mark.parametrize("text", ["title: [", "- a", "titel: x", "date: soon", "title: 5"])
def test_a_wrong_sidecar_is_refused_in_one_sentence(house: Any, clip: Path, text: str) -> None:
    """Its producer reads what to correct; nothing is published."""
    clip.with_suffix(".yaml").write_text(text)
    with pytest.raises(errors.RejectedSource, match=r"Evening comment\.yaml"):
        house.publish(clip)
    assert not house.site.exists() or not house.objects()


def test_a_video_without_sound_is_published(house: Any, make_clip: MakeClip) -> None:
    """Without captions, and the summary says why."""
    outcome = house.publish(make_clip("mute.mp4", audio=False))
    assert outcome.record.captions == ()
    assert "no sound" in outcome.warnings[0]


def test_a_portrait_video_keeps_its_shape(house: Any, make_clip: MakeClip) -> None:
    """Renditions are chosen by the short edge."""
    record = house.publish(make_clip("portrait.mp4", size="360x640")).record
    assert all(r.height > r.width for r in record.renditions)


def test_damaged_finished_work_is_made_again(house: Any, clip: Path) -> None:
    """A cut segment in the workspace is never published."""
    first = house.publish(clip)
    shutil.rmtree(house.site)
    segment = next((house.home / "workspace" / "finished" / "encode").rglob("*.m4s"))
    os.truncate(segment, 10)
    second = house.publish(clip)
    assert second.record.hls
    assert second.record.mp4 != first.record.mp4
    assert not [s for s in second.stages if s.name == "transcode" and s.reused]
