"""Captions through the whole story: a person's, a script's, corrected ones, and those that come a night later."""

import asyncio
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import webvtt

from votd.config.settings import load
from votd.flows import drops
from votd.flows.correct import Correction, correct, learn
from votd.flows.display import Ledger
from votd.flows.inbox import Inbox
from votd.flows.outcome import Outcome
from votd.flows.request import Request
from votd.flows.show import lines, show
from votd.flows.speech import glossary, recogniser, user_cache
from votd.flows.steps import Steps
from votd.media.errors import BadRequest, RejectedSource

SRT = """1
00:00:00,400 --> 00:00:02,000
Добра вечер од
Малоречани.

2
00:00:01,900 --> 00:00:03,500
Реката расте.
""".replace("\n", "\r\n")
VTT = """WEBVTT

00:00.400 --> 00:02.000 line:10%
Good evening
from <i>Maloreč</i>.

00:02.400 --> 00:03.500
The river rises.
"""


@pytest.fixture
def drop(make_clip: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a video in a folder of its own, so that something can lie beside it."""
    video = tmp_path / "drop" / "river.mp4"
    video.parent.mkdir()
    video.write_bytes(make_clip("river.mp4").read_bytes())
    return video


@pytest.fixture
def without_hub(house: Any, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Inbox, Path]:
    """Return an inbox in which the Macedonian sample waits, on a machine that reaches no hub, and the sample's path."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no hub"))
    video = next((sample / "macedonian").glob("*.mp4"))
    inbox = Inbox(house.home, attempts=5, settle_s=0.1)
    (inbox.folder / "reka.mp4").write_bytes(video.read_bytes())
    return inbox, video


def cues(house: Any, outcome: Outcome, number: int = 0) -> list[tuple[str, str, str]]:
    """Read a published caption file."""
    file = house.site / outcome.record.captions[number].vtt
    return [(cue.start, cue.end, cue.text) for cue in webvtt.read(str(file))]


def corrected(house: Any, id_: str, file: Path, language: str | None = None) -> Correction:
    """Correct a video of this house."""
    settings = load(home=house.home, store=f"file:{house.site}")
    steps = Steps(settings, user_cache(), Ledger(), recogniser(settings))
    return asyncio.run(correct(id_, file, language, steps))


def test_a_persons_captions_win(house: Any, drop: Path) -> None:
    """A SubRip file of an old machine is read, mended with a note, and nothing is recognised."""
    drop.with_suffix(".mk.srt").write_bytes(SRT.encode("cp1251"))
    outcome = house.publish(drop)
    (track,) = outcome.record.captions
    assert (track.language, track.origin, track.doubtful, track.label) == ("mk", "human", None, "македонски")
    assert [text for *_, text in cues(house, outcome)] == ["Добра вечер од\nМалоречани.", "Реката расте."]
    assert any("overlap" in warning for warning in outcome.warnings), outcome.warnings
    assert outcome.record.speech is None and "transcribe" not in [s.name for s in outcome.stages]
    words = [w["text"] for u in house.json(outcome.record.transcript)["utterances"] for w in u["words"]]
    assert words == ["Добра", "вечер", "од", "Малоречани.", "Реката", "расте."]
    assert not house.publish(drop).changed


def test_what_webvtt_can_carry_stays(house: Any, drop: Path) -> None:
    """Places and slanted letters are a person's choice."""
    drop.with_suffix(".en.vtt").write_text(VTT, encoding="utf-8")
    outcome = house.publish(drop)
    text = (house.site / outcome.record.captions[0].vtt).read_text(encoding="utf-8")
    assert "00:00:00.400 --> 00:00:02.000 line:10%" in text and "<i>Maloreč</i>" in text


def test_a_file_that_cannot_be_read_is_said(house: Any, drop: Path) -> None:
    """The producer reads which line it is, and nothing is published."""
    drop.with_suffix(".en.vtt").write_text("WEBVTT\n\n00:00.400 --> later\nGood evening\n", encoding="utf-8")
    with pytest.raises(RejectedSource, match="line 3"):
        house.publish(drop)
    assert not house.objects()


def test_a_correction_touches_no_media(house: Any, drop: Path, tmp_path: Path) -> None:
    """Captions, transcript, record and page are new; a second time nothing is; the change outlives a re-run."""
    beside = drop.with_suffix(".en.vtt")
    beside.write_text(VTT, encoding="utf-8")
    first = house.publish(drop)
    before = house.objects()
    file = tmp_path / "river.en.vtt"
    file.write_text(VTT.replace("<i>Maloreč</i>", "Skopje Andonovic"), encoding="utf-8")
    done = corrected(house, first.record.id, file)
    after = house.objects()
    fresh = {key for key in after if key not in before}
    assert done.published.changed and fresh and not any(key.startswith("media/") for key in fresh)
    assert {key: time for key, time in before.items() if key.startswith("media/")} == {
        key: time for key, time in after.items() if key.startswith("media/")
    }
    assert [(change.heard, change.corrected) for change in done.changes] == [("Maloreč.", "Skopje Andonovic.")]
    assert done.names == ("Skopje Andonovic",)
    record = done.published.record
    assert record.captions[0].origin == "corrected" and record.version != first.record.version
    segment = (house.site / record.hls).parent / "captions" / "en" / "00001.vtt"
    assert "Skopje Andonovic" in segment.read_text(encoding="utf-8")
    assert not corrected(house, first.record.id, file).published.changed
    again = house.publish(drop)  # what lies beside the video is older than the correction
    assert not again.changed and again.record.version == record.version


def test_what_was_corrected_is_learnt(house: Any) -> None:
    """A name goes into the glossary once."""
    settings = load(home=house.home, store=f"file:{house.site}")
    assert learn(settings, ("Skopje", "Andonovic")) == ("Skopje", "Andonovic")
    assert learn(settings, ("Andonovic", "Macron")) == ("Macron",)
    assert glossary(settings) == ("Skopje", "Andonovic", "Macron")


@pytest.mark.parametrize(("id_", "said"), [("2026-01-01-none", "There is no video"), ("../x", "cannot be the key")])
def test_a_correction_of_nothing_is_refused(house: Any, tmp_path: Path, id_: str, said: str) -> None:
    """An id that does not exist is one sentence."""
    file = tmp_path / "x.en.vtt"
    file.write_text(VTT, encoding="utf-8")
    with pytest.raises(BadRequest, match=said):
        corrected(house, id_, file)


def test_a_script_makes_a_small_model_right(house: Any, sample: Path) -> None:
    """A Macedonian video gets its captions from the text beside it, word for word."""
    video = next((sample / "macedonian").glob("*.mp4"))
    outcome = house.publish(video, language="mk")
    (track,) = outcome.record.captions
    assert (track.language, track.origin) == ("mk", "script")
    assert outcome.record.speech.script == pytest.approx(1, abs=0.05)
    script = video.with_suffix(".txt").read_text(encoding="utf-8").split()
    shown = " ".join(text for *_, text in cues(house, outcome)).split()
    assert shown == script
    told = "\n".join(lines(*show(outcome.record.id, load(home=house.home, store=f"file:{house.site}"))))
    assert "of the script spoken" in told and "script, 0% doubtful" in told


def test_where_no_model_is_fit_the_video_goes_out_without_captions(house: Any, without_hub: tuple[Inbox, Path]) -> None:
    """Macedonian on ``base`` would be nonsense: it says so, and the night adds captions when a model is there."""
    inbox, video = without_hub
    (inbox.folder / "reka.yaml").write_text("language: mk\n", encoding="utf-8")
    tell = functools.partial(house.tell, model="auto")
    result = asyncio.run(drops.publish_drop(inbox, "reka.mp4", articles=(), publish=tell))
    assert result.state == "published" and result.outcome and result.outcome.again
    assert not result.outcome.record.captions and "No model at hand is fit for Macedonian" in result.outcome.warnings[0]
    assert inbox.unsettled() == ["reka.mp4"]
    # The text comes later: it is as good as a model.
    (inbox.home / "done" / "reka.txt").write_bytes(video.with_suffix(".txt").read_bytes())
    one = functools.partial(drops.publish_drop, inbox, articles=(), publish=tell)
    again = functools.partial(drops.publish_again, inbox, articles=(), publish=tell)
    (night,) = asyncio.run(drops.publish_all(inbox, one, again))
    assert night.state == "published" and night.outcome and night.outcome.record.captions[0].origin == "script"
    assert inbox.unsettled() == []
    assert asyncio.run(drops.publish_all(inbox, one, again)) == []


def test_a_model_that_comes_back_adds_captions(house: Any, without_hub: tuple[Inbox, Path]) -> None:
    """A named model that is not here now costs the captions of one night only."""
    inbox, video = without_hub
    (inbox.folder / "reka.txt").write_bytes(video.with_suffix(".txt").read_bytes())
    missing = functools.partial(house.tell, model="small")
    result = asyncio.run(drops.publish_drop(inbox, "reka.mp4", articles=(), publish=missing))
    assert result.state == "published" and result.outcome and not result.outcome.record.captions
    one = functools.partial(drops.publish_drop, inbox, articles=(), publish=missing)
    still = functools.partial(drops.publish_again, inbox, articles=(), publish=missing)
    (night,) = asyncio.run(drops.publish_all(inbox, one, still))
    assert night.state == "waits" and inbox.unsettled() == ["reka.mp4"]
    back = functools.partial(
        drops.publish_again, inbox, articles=(), publish=functools.partial(house.tell, model="base")
    )
    (later,) = asyncio.run(drops.publish_all(inbox, one, back))
    assert later.state == "published" and later.outcome and later.outcome.record.captions
    assert inbox.unsettled() == []


def test_what_is_gone_is_not_tried_for_ever(house: Any) -> None:
    """A producer who clears done/ ends the tries."""
    inbox = Inbox(house.home, attempts=5, settle_s=0.1)
    inbox.unsettle("gone.mp4")

    async def never(request: Request) -> Outcome:
        raise AssertionError("nothing is there to publish")

    again = functools.partial(drops.publish_again, inbox, articles=(), publish=never)
    (result,) = asyncio.run(drops.publish_all(inbox, again, again))
    assert result.state == "gone" and inbox.unsettled() == []


def test_captions_of_another_language_are_added_not_swapped(house: Any, drop: Path, tmp_path: Path) -> None:
    """The file's name says which captions are corrected; a language that was not there becomes a second track."""
    drop.with_suffix(".en.vtt").write_text(VTT, encoding="utf-8")
    first = house.publish(drop)
    french = tmp_path / "river.fr.vtt"
    french.write_text(VTT.replace("Good evening", "Bonsoir"), encoding="utf-8")
    record = corrected(house, first.record.id, french).published.record
    assert [(c.language, c.kind, c.origin) for c in record.captions] == [
        ("en", "captions", "human"),
        ("fr", "subtitles", "corrected"),
    ]
    assert "Good evening" in house.json(record.transcript)["utterances"][0]["text"]


def test_two_files_of_one_language_are_one_track(house: Any, drop: Path) -> None:
    """WebVTT wins, the other is named, and nothing is refused."""
    drop.with_suffix(".mk.srt").write_text(SRT, encoding="utf-8")
    drop.with_suffix(".MK.VTT").write_text(VTT, encoding="utf-8")
    outcome = house.publish(drop, language="mk")
    assert [c.origin for c in outcome.record.captions] == ["human"] and "Good evening" in cues(house, outcome)[0][2]
    assert any("left aside" in warning for warning in outcome.warnings)


def test_a_link_beside_a_video_is_refused(house: Any, drop: Path, tmp_path: Path) -> None:
    """Nobody has another file of the machine published."""
    secret = tmp_path / "secret.vtt"
    secret.write_text(VTT, encoding="utf-8")
    drop.with_suffix(".en.vtt").symlink_to(secret)
    with pytest.raises(RejectedSource, match="is a link"):
        house.publish(drop)


def test_an_article_is_no_script(house: Any, sample: Path, tmp_path: Path) -> None:
    """A text of which next to nothing is spoken is left aside, and said so; what is heard is labelled automatic."""
    video = tmp_path / "talk.mp4"
    video.write_bytes(next((sample / "macedonian").glob("*.mp4")).read_bytes())
    article = sample / "articles" / "video-andonovic-european-troops-in-ukraine.txt"
    video.with_suffix(".txt").write_bytes(article.read_bytes())
    outcome = house.publish(video, language="en")
    assert any("script was left aside" in warning for warning in outcome.warnings)
    assert all(c.origin == "machine" for c in outcome.record.captions)


def test_a_broken_glossary_costs_names_not_the_video(house: Any, sample: Path, drop: Path) -> None:
    """It is one sentence in the summary."""
    house.home.mkdir(parents=True)
    (house.home / "glossary.txt").write_bytes(b"\xc0\xff")
    video = next((sample / "macedonian").glob("*.mp4"))
    outcome = house.publish(video, language="mk")
    assert outcome.record.captions and any("glossary" in warning for warning in outcome.warnings)
