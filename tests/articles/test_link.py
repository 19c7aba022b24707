"""The right article, or none: commentaries against candidates that tell of the same people, days apart."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from votd.media.articles.link import link
from votd.media.articles.read import read_folder
from votd.media.model import Article, Link, Transcript, Utterance

HERE = Path(__file__).parent
STORIES = read_folder(HERE / "stories").articles
SAMPLE = read_folder(HERE.parent / "sample/articles").articles
COMMENTARY = HERE.parent / "sample/commentary.txt"
SPOKEN = {path.stem: path.read_text() for path in sorted(HERE.glob("*/*.spoken"))}
ALL = (*STORIES, *SAMPLE)
DIGRESSION = SPOKEN["none-politics"]
# These two commentaries share too little with their article: English on a Macedonian article, and a loose paraphrase.
TOO_FAR = {"budget-mk", "hungary-approves-swedish-membership"}
HAVING = sorted(name for name in SPOKEN if not name.startswith("none-"))
HAVING_NONE = sorted(SPOKEN.keys() - set(HAVING))


def transcript(text: str) -> Transcript:
    """Return a transcript of one utterance."""
    text = " ".join(text.split())
    return Transcript("en", 0.9, 60_000, (Utterance(0, 60_000, text, ()),) if text else ())


def misheard(text: str, share: float, seed: int) -> str:
    """Drop a share of the words, or put a word from another commentary or a changed letter in their place."""
    chance = random.Random(seed)
    others = " ".join(SPOKEN.values()).split()

    def hear(word: str) -> str:
        if chance.random() >= share:
            return word
        at = chance.randrange(len(word))
        return chance.choice(("", chance.choice(others), word[:at] + chance.choice("aeiorstl") + word[at + 1 :]))

    return " ".join(hear(word) for word in text.split())


def without(name: str, articles: Sequence[Article]) -> tuple[Article, ...]:
    """Return all articles but one."""
    return tuple(article for article in articles if Path(article.file).stem != name)


def only(name: str, articles: Sequence[Article] = ALL) -> Article:
    """Return the article of one file."""
    return next(article for article in articles if Path(article.file).stem == name)


def verdict(found: Link, name: str) -> str:
    """Return ``right``, ``wrong`` (linked to another) or the status of an abstention."""
    if found.status != "linked":
        return found.status
    return "right" if found.best and Path(found.best.article.file).stem == name else "wrong"


@pytest.mark.parametrize("name", sorted(set(HAVING) - TOO_FAR))
def test_the_right_article(name: str) -> None:
    """Link a commentary to its article among all candidates."""
    assert verdict(link(transcript(SPOKEN[name]), ALL), name) == "right"


@pytest.mark.parametrize("name", HAVING)
def test_the_right_article_is_missing(name: str) -> None:
    """Link nothing where the right article is not there, not even its neighbour when that stands alone."""
    rest = without(name, ALL)
    found = link(transcript(SPOKEN[name]), rest)
    assert found.status != "linked"
    assert found.best is not None
    assert link(transcript(SPOKEN[name]), [found.best.article]).status != "linked"


@pytest.mark.parametrize("name", HAVING_NONE)
def test_no_article_at_all(name: str) -> None:
    """Say none where a commentary speaks of what no article tells."""
    assert link(transcript(SPOKEN[name]), ALL).status == "none"


@pytest.mark.parametrize("name", sorted(TOO_FAR))
def test_too_far_for_certainty(name: str) -> None:
    """Put the right article first, and abstain, where names and figures are nearly all that two texts share."""
    found = link(transcript(SPOKEN[name]), ALL)
    assert found.status != "linked"
    assert Path(found.candidates[0].article.file).stem == name


@pytest.mark.parametrize(("share", "kept"), [(0.10, 0.8), (0.25, 0.6)])
def test_misheard_words(share: float, kept: float) -> None:
    """Link nothing wrong with words misheard, with the right article and without; keep most of the right links."""
    verdicts = []
    for seed, name in enumerate(HAVING):
        heard = transcript(misheard(SPOKEN[name], share, seed))
        verdicts.append(verdict(link(heard, ALL), name))
        assert link(heard, without(name, ALL)).status != "linked"
    assert "wrong" not in verdicts
    assert verdicts.count("right") >= kept * len(verdicts)


@pytest.mark.parametrize("name", sorted(set(HAVING) - TOO_FAR))
def test_a_single_candidate(name: str) -> None:
    """Link to the right article where it is the only one, since a folder of one knows nothing of rarity."""
    assert verdict(link(transcript(SPOKEN[name]), [only(name)]), name) == "right"


@pytest.mark.parametrize("name", HAVING)
def test_digression(name: str) -> None:
    """Link nothing wrong where as much again is said about something else."""
    rambling = transcript(SPOKEN[name] + DIGRESSION)
    assert verdict(link(rambling, ALL), name) != "wrong"
    assert link(rambling, without(name, ALL)).status != "linked"


def test_the_sample() -> None:
    """Link the sample's commentary to its article; with that removed, link nothing."""
    said = transcript(COMMENTARY.read_text())
    found = link(said, SAMPLE)
    assert found.best is not None
    assert found.status == "linked"
    assert found.best.article.title == "VIDEO | Andonovic: European troops in Ukraine?"
    assert link(said, without(Path(found.best.article.file).stem, SAMPLE)).status != "linked"


def test_macedonian_under_english_by_names() -> None:
    """Find a Macedonian article under an English commentary by its names and figures, well before all others."""
    found = link(transcript(SPOKEN["budget-mk"]), ALL)
    assert found.status == "review"
    assert found.candidates[0].article.language is None
    assert found.candidates[0].article.title.startswith("ВИДЕО | Буџетот")
    assert found.candidates[0].score > 5 * found.candidates[1].score


@pytest.mark.parametrize("text", ["", "…", "And so it is. You, too.", "2 3 4"])
def test_nothing_was_said(text: str) -> None:
    """Guess nothing from silence or from words that say nothing, whatever the title promises."""
    assert link(transcript(text), ALL, title="Dockers stop work at Brenica") == Link("none", ())


def test_no_candidates() -> None:
    """Say none where there is nothing to link to."""
    assert link(transcript(SPOKEN["museum-theft"]), ()) == Link("none", ())


def test_a_few_words_prove_nothing() -> None:
    """Do not link a title without text to a sentence that repeats it."""
    stub = Article("Macron in Paris", (), "a.txt")
    assert link(transcript("Emmanuel Macron is in Paris."), [stub]).status != "linked"


def test_a_choice_between_two_versions() -> None:
    """Leave it to a person where a second article tells the story as well."""
    first = only("museum-theft")
    second = replace(first, file="b.txt", paragraphs=(*first.paragraphs[:4], *only("wolves").paragraphs[:2]))
    found = link(transcript(SPOKEN["museum-theft"]), [*without("museum-theft", ALL), first, second])
    assert found.status == "review"
    assert {candidate.article.file for candidate in found.candidates[:2]} == {"museum-theft.txt", "b.txt"}


def test_copies_are_no_rivals() -> None:
    """Link where a folder holds the same article twice; the first of equal ones comes first, every time."""
    copies = [replace(only("museum-theft"), file=name) for name in ("b.txt", "a.txt", "c.txt")]
    found = link(transcript(SPOKEN["museum-theft"]), [*without("museum-theft", ALL), *copies])
    assert found.status == "linked"
    assert [candidate.article.file for candidate in found.candidates[:3]] == ["b.txt", "a.txt", "c.txt"]


def test_boilerplate_is_not_what_an_article_tells() -> None:
    """Score alike with and without a paragraph that stands under every article of the folder."""
    said = transcript(SPOKEN["museum-theft"])
    shared = "Scaffolding, ladder, icons, bats, trombone, concert, courtyard and the Virgin of Varosh."
    added = [replace(article, paragraphs=(*article.paragraphs, shared)) for article in ALL]
    before, after = link(said, ALL), link(said, added)
    assert [candidate.score for candidate in before.candidates] == [candidate.score for candidate in after.candidates]


def test_the_date_decides_between_neighbours() -> None:
    """Put the article of the video's day before an old one that tells the same."""
    old = replace(only("museum-theft"), date=dt.date(2025, 3, 1), file="old.txt")
    new = replace(only("museum-theft"), date=dt.date(2026, 3, 1), file="new.txt")
    found = link(transcript(SPOKEN["museum-theft"]), [old, new], date=dt.date(2026, 3, 2))
    assert [candidate.article.file for candidate in found.candidates] == ["new.txt", "old.txt"]
    assert found.candidates[0].score > found.candidates[1].score


def test_a_wrong_date_does_not_hide_the_right_article() -> None:
    """Link in spite of a date that is far off, as for an old video that was filed without one."""
    dated = [replace(article, date=dt.date(2020, 1, 1)) for article in STORIES]
    found = link(transcript(SPOKEN["museum-theft"]), dated, date=dt.date(2026, 3, 2))
    assert verdict(found, "museum-theft") == "right"


def test_the_title_speaks_for_its_headline() -> None:
    """Let a video's title raise the article of that name, and no other."""
    said = transcript(" ".join(SPOKEN["port-2-soldiers"].split()[:25]))
    titled = link(said, STORIES, title="VIDEO | Koleva: soldiers cannot drive a crane")
    plain = link(said, STORIES)
    assert titled.best is not None
    assert plain.best is not None
    assert titled.best.article.file == plain.best.article.file == "port-2-soldiers.txt"
    assert titled.best.score > plain.best.score


def test_scores() -> None:
    """List at most five candidates, best first, with scores from 0 to 1."""
    found = link(transcript(SPOKEN["gas-2-rudin"]), ALL)
    scores = [candidate.score for candidate in found.candidates]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
