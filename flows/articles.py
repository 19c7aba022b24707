"""The articles of a newsroom, as a run needs them: sources brought up to date, and the talk's own found."""

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from votd.config.settings import Settings
from votd.media.articles import meaning
from votd.media.articles.gather import gather_folder
from votd.media.articles.index import Index, Window
from votd.media.articles.link import AFTER_DAYS, BEFORE_DAYS, EACH, link
from votd.media.articles.rank import Said
from votd.media.articles.read import read_file
from votd.media.model import Candidate, Link, Transcript

FOREIGN = 100
"""Articles of other languages that are embedded for one talk, the latest first: those share no words with it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The linker's verdict, and sentences on what could not be read or fits badly."""

    link: Link
    problems: tuple[str, ...] = ()


def index_of(settings: Settings) -> Index:
    """Open this machine's index."""
    return Index(settings.home / "articles.sqlite")


def find(index: Index, sources: Sequence[str], said: Said, *, sure_of_day: bool, now: dt.datetime) -> Found:
    """Find the article of a talk in folders; ``sure_of_day`` where the talk's day is more than that of its file."""
    problems: list[str] = []
    for source in sources:
        problems += gather_folder(index, Path(source), now)
    if said.vectors is not None:
        embed(index, said, sources)
    return Found(link(index, said, sources, sure_of_day=sure_of_day), tuple(problems))


def chosen(said: Said, file: Path) -> Found:
    """Take a person's choice; say so where the talk does not seem to be about it."""
    article = read_file(file)
    with contextlib.closing(Index()) as index:
        index.put("person", [(article.file, "", article)])
        if said.vectors is not None:
            embed(index, said, ("person",))
        verdict = link(index, replace(said, day=None), ("person",))
    best = verdict.best or Candidate(article, 0.0)
    doubts = (DOUBT,) if said.terms and verdict.status == "none" else ()
    return Found(Link("linked", (Candidate(article, best.score, best.evidence, linked=True),)), doubts)


DOUBT = "The article that was named shares little with what is said: see that it is the right one."


def embed(index: Index, said: Said, sources: Sequence[str]) -> None:
    """Give vectors to the articles that will be compared, where they have none yet."""
    having = index.frequencies(said.terms)
    rare = sorted(having, key=lambda term: (having[term], term))
    for tongue in index.tongues(sources):
        window = Window(tuple(sources), tongue)
        if said.day is not None:
            day = dt.date.fromordinal(said.day)
            window = Window(window.sources, tongue, day - dt.timedelta(BEFORE_DAYS), day + dt.timedelta(AFTER_DAYS))
        lacking = [one for one in index.telling(rare, window, EACH) if one.vector is None]
        if tongue != (said.language or "").partition("-")[0]:
            ids = {one.id for one in lacking}
            lacking += [one for one in index.without_vector(window, FOREIGN) if one.id not in ids]
        if lacking:
            index.remember([one.id for one in lacking], meaning.article_vectors([one.article for one in lacking]))


def said_of(heard: Transcript, title: str, day: dt.date | None) -> Said:
    """Return what the linker needs to know of a talk; vectors where their model is installed."""
    means = meaning.available() and bool(heard.text.strip())
    vectors = meaning.speech_vectors(heard.text, heard.language) if means else None
    return Said(heard.text, heard.language, title, day.toordinal() if day else None, vectors)
