"""The sample, with real speech through the real model: what a newcomer sees after ``make demo``."""

import asyncio
import itertools
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jiwer
import jsonschema
import m3u8
import pytest
import webvtt
from whisper_normalizer.english import EnglishTextNormalizer

from votd.config.settings import Settings
from votd.flows.outcome import Outcome, lines, markdown
from votd.flows.stages import link
from votd.media.model import Transcript
from votd.media.schema import load

TITLE = "VIDEO | Andonovic: European troops in Ukraine?"
ROOT = Path(__file__).parents[2]
VOTD = str(Path(sys.executable).with_name("votd"))


@pytest.fixture(scope="module")
def record(published: tuple[Any, Outcome]) -> Any:
    """Return the record that latest.json leads to."""
    house, _ = published
    return house.json(house.json("latest.json")["record"])


@pytest.fixture(scope="module")
def heard(published: tuple[Any, Outcome], record: Any) -> Transcript:
    """Return the published transcript."""
    return load(Transcript, (published[0].site / record["transcript"]).read_bytes())


def test_the_schemas_accept_record_and_transcript(published: tuple[Any, Outcome], record: Any) -> None:
    """The schemas that are shipped, and their formats."""
    for schema, data in (("record", record), ("transcript", published[0].json(record["transcript"]))):
        rules = json.loads((ROOT / "media" / f"{schema}.schema.json").read_text())
        jsonschema.validate(data, rules, format_checker=jsonschema.FormatChecker())


def test_every_path_in_the_record_exists(published: tuple[Any, Outcome], record: Any) -> None:
    """Each is relative to the root of the store."""
    paths = [record[name] for name in ("hls", "mp4", "poster", "page", "transcript")]
    paths += [c[kind] for c in record["captions"] for kind in ("vtt", "srt")]
    paths += [r["playlist"] for r in record["renditions"]]
    assert len(paths) > 10
    assert all((published[0].site / path).stat().st_size > 0 for path in paths)


def test_every_address_in_the_playlists_exists(published: tuple[Any, Outcome], record: Any) -> None:
    """From the master down to the last segment, read by another parser than our writer."""
    master = published[0].site / record["hls"]
    playlists = m3u8.load(str(master))
    assert [p.stream_info.resolution for p in playlists.playlists]
    below = [p.uri for p in playlists.playlists] + [m.uri for m in playlists.media]
    count = 0
    for address in below:
        path = (master.parent / address).resolve()
        media = m3u8.load(str(path))
        assert media.is_endlist
        files = [s.uri for s in media.segments] + [i.uri for i in media.segment_map if i]
        assert all((path.parent / f).stat().st_size > 0 for f in files)
        assert abs(sum(s.duration for s in media.segments) * 1000 - record["duration_ms"]) < 50
        count += len(files)
    assert count > 50


def test_the_speech_is_recognised(heard: Transcript, sample: Path) -> None:
    """The word error rate against the committed text is at most 9 %, without three inserted words running."""
    normal = EnglishTextNormalizer()
    done = jiwer.process_words(normal((sample / "commentary.txt").read_text()), normal(heard.text))
    print(f"word error rate {done.wer:.4f}")
    assert done.wer <= 0.09
    inserted = [c.hyp_end_idx - c.hyp_start_idx for c in done.alignments[0] if c.type == "insert"]
    assert max(inserted, default=0) < 3
    assert heard.language == "en"


def test_the_words_have_times_in_order(heard: Transcript) -> None:
    """Inside the media, after each other, and at least a millisecond long."""
    words = heard.words
    assert all(0 <= w.start_ms < w.end_ms <= heard.duration_ms for w in words)
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(words))
    assert all(0 <= w.probability <= 1 for w in words)


def test_the_captions_are_the_transcript_within_the_limits(
    published: tuple[Any, Outcome], record: Any, heard: Transcript
) -> None:
    """The same words; two lines of 42 characters; at most seven seconds; in order, without overlap."""
    cues = list(webvtt.read(str(published[0].site / record["captions"][0]["vtt"])))
    assert " ".join(c.raw_text for c in cues).split() == [part for w in heard.words for part in w.text.split()]
    spans = [(_ms(c.start), _ms(c.end)) for c in cues]
    assert all(start < end and end - start <= 7000 for start, end in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert spans[-1][1] <= record["duration_ms"]
    assert all(len(c.lines) <= 2 and all(len(line) <= 42 for line in c.lines) for c in cues)


def test_it_is_linked_to_its_article(published: tuple[Any, Outcome], record: Any) -> None:
    """Among more than thirty; the title is the article's without the rubric."""
    assert [a["title"] for a in record["articles"]] == [TITLE]
    assert record["title"] == "Andonovic: European troops in Ukraine?"
    assert len(published[1].link.candidates) > 1


def test_without_its_article_it_is_not_linked(heard: Transcript, sample: Path, tmp_path: Path) -> None:
    """Several others are about the same war, summit and people."""
    for file in (sample / "articles").iterdir():
        if TITLE not in file.read_text(encoding="utf-8"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    assert len(list(tmp_path.iterdir())) > 30
    verdict, problems = asyncio.run(link(heard, (str(tmp_path),), None, None, Settings(home=tmp_path / "home")))
    assert verdict["status"] in ("none", "review")
    assert verdict["title"] is None
    assert problems == ()


def test_a_person_who_must_choose_sees_the_candidates(published: tuple[Any, Outcome]) -> None:
    """The three best, in the summary and with what speaks for each on the run's page; not the fourth."""
    outcome = published[1]
    link = replace(outcome.link, status="review")
    unlinked = replace(outcome, record=outcome.record.model_copy(update={"articles": ()}), link=link)
    told = dict(lines(unlinked))["Article"]
    titles = [one.article.title.replace("|", "│") for one in link.candidates]
    assert [title in told for title in titles[:4]] == [True, True, True, False]
    assert all(" ".join(one.evidence) in markdown(unlinked) for one in link.candidates[:3] if one.evidence)


def test_the_command_says_why(published: tuple[Any, Outcome], record: Any, sample: Path) -> None:
    """The verdict, and under each candidate what it shares with the talk."""
    transcript = published[0].site / record["transcript"]
    command = [VOTD, "link", transcript, "--articles", sample / "articles"]
    verdict, best, why, *_ = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert verdict == f"linked: {TITLE}"
    assert best.endswith(TITLE)
    assert "Names in both: " in why


def _ms(clock: str) -> int:
    hours, minutes, seconds, thousandths = (int(part) for part in re.split("[:.]", clock))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
