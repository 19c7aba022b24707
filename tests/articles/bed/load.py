"""Load the bed: talks, the articles around them, and what a recogniser would have made of a talk.

``dev/`` may be looked at; ``held_out/`` is opened by the benches' ``--held-out`` and by ``speak.py`` alone. A talk is
had as its clean text, with errors put in, and, where ``heard/NAME.txt`` is there, as Whisper heard it.
"""

import datetime as dt
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from articles.bed.filler import DAILY_NAME, GRAMMAR, daily, follow_ups

from votd.media.articles.index import Index
from votd.media.articles.rank import Said
from votd.media.articles.title import headline
from votd.media.model import Article

HERE = Path(__file__).parent
FOLLOW_UPS, DAILY = 8, 6  # to each story
LENGTHS = (100, 280)
"""Words of a generated article, once it is as long as written ones are."""
ERRORS = (0.0, 0.1, 0.25, 0.4)
SOURCE = "bed"


@dataclass(frozen=True, slots=True)
class Talk:
    """One commentary. ``right`` are the files of its articles, none where the site has none.

    ``sentences`` are (paragraphs that it speaks of, text); the paragraphs are ``None`` in a story without labels.
    """

    name: str
    kind: str
    language: str
    date: dt.date
    file: str
    title: str | None
    right: frozenset[str]
    sentences: tuple[tuple[frozenset[int] | None, str], ...]

    @property
    def text(self) -> str:
        return " ".join(text for _, text in self.sentences)

    @property
    def heard(self) -> str | None:
        """Return what the recogniser heard, where the talk was spoken."""
        path = HERE / "heard" / f"{self.name}.txt"
        return path.read_text(encoding="utf-8") if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Bed:
    """One half of the bed; articles are known by ``file``."""

    talks: tuple[Talk, ...]
    articles: tuple[Article, ...]


@cache
def bed(half: str, seed: int | None = None) -> Bed:
    """Load ``dev`` or ``held_out``, with the generated news around its stories; another ``seed`` makes other news."""
    stories = [(path.stem, yaml.safe_load(path.read_text("utf-8"))) for path in sorted((HERE / half).glob("*.yaml"))]
    talks = tuple(_talk(name, story["commentary"]) for name, story in stories)
    written = [_article(name, a) for name, story in stories for a in story.get("articles") or ()]
    right = {file for talk in talks for file in talk.right}
    turns = [one for one in written if one.language in GRAMMAR["cast"]]
    seed = seed or (1 if half == "dev" else 2)
    news: list[Article] = []
    if turns:
        news += follow_ups(turns, right, FOLLOW_UPS * len(stories), seed)
        news += daily(DAILY * len(stories), seed)
    return Bed(talks, (*written, *news))


def evened(half: Bed, seed: int) -> Bed:
    """Return the articles so that none is told from the other turns of its story by its length.

    The written ones of a story are all cut, after a paragraph, to about the length of the shortest in their language;
    the generated ones, whose lines are short, get more of their kind, to a length that is drawn.
    """
    chance = random.Random(seed)
    stories: dict[tuple[str, str | None], list[Article]] = defaultdict(list)
    for one in half.articles:
        stories[one.file.partition("/")[0] if "/" in one.file else "", one.language].append(one)
    day = [one for one in half.articles if one.file.startswith(DAILY_NAME)]
    made: list[Article] = []
    for (name, language), own in stories.items():
        if name:
            least = min(_words(one.paragraphs) for one in own)
            made += [replace(one, paragraphs=_cut(one.paragraphs, least)) for one in own]
        else:
            more = [text for one in day if one.language == language for text in one.paragraphs]
            made += [replace(one, paragraphs=_filled(one.paragraphs, more, chance)) for one in own]
    return Bed(half.talks, tuple(made))


def _cut(paragraphs: tuple[str, ...], words: int) -> tuple[str, ...]:
    """Return the first paragraphs, as many as come nearest to so many words, one at least."""
    count = min(range(1, len(paragraphs) + 1), key=lambda count: abs(_words(paragraphs[:count]) - words))
    return paragraphs[:count]


def _filled(paragraphs: tuple[str, ...], more: Sequence[str], chance: random.Random) -> tuple[str, ...]:
    told, length = list(paragraphs), chance.randint(*LENGTHS)
    while more and _words(told) < length:
        told.append(chance.choice(more))
    return tuple(told)


def _words(paragraphs: Sequence[str]) -> int:
    return sum(len(text.split()) for text in paragraphs)


def indexed(half: Bed) -> Index:
    """Return an index of the half's articles."""
    index = Index()
    index.put(SOURCE, [(a.file, "", a) for a in half.articles])
    return index


def variants(talk: Talk, talks: Sequence[Talk], seed: int) -> Iterator[tuple[str, str]]:
    """Yield how a talk was heard, and the text: clean, with errors put in, and as the recogniser heard it."""
    others = " ".join(other.text for other in talks if other.language == talk.language).split()
    for share in ERRORS:
        yield f"{share:.0%} wrong", misheard(talk.text, share, seed, others)
    if talk.heard:
        yield "whisper", talk.heard


def misheard(text: str, share: float, seed: int, others: Sequence[str]) -> str:
    """Put word errors into a text: of ``share`` of the words a third is dropped, a third misspelt, a third another."""
    chance = random.Random(seed)

    def hear(word: str) -> str:
        if chance.random() >= share:
            return word
        at = chance.randrange(len(word))
        spelt = word[:at] + chance.choice("aeiorstl" if word.isascii() else "аеиорстл") + word[at + 1 :]
        return chance.choice(("", spelt, chance.choice(others)))

    return " ".join(filter(None, map(hear, text.split())))


def _talk(name: str, story: dict[str, Any]) -> Talk:
    lines = [line.strip() for line in story["text"].splitlines() if line.strip()]
    return Talk(
        name,
        story["kind"],
        story["language"],
        story["date"],
        story["file"],
        story["title"],
        frozenset(f"{name}/{id_}" for id_ in story["article"]),
        tuple(map(_sentence, lines)),
    )


def _sentence(line: str) -> tuple[frozenset[int] | None, str]:
    label = re.match(r"\[(-|[\d,]+)\] *", line)
    if not label:
        return None, line
    numbers = label[1].strip("-").split(",")
    return frozenset(int(number) for number in numbers if number), line[label.end() :]


def _article(name: str, article: dict[str, Any]) -> Article:
    paragraphs = tuple(" ".join(p.split()) for p in re.split(r"\n\s*\n", article["text"].strip()))
    return Article(article["title"], paragraphs, f"{name}/{article['id']}", None, article["date"], article["language"])


def lede_of(article: Article) -> str:
    """Return the headline and the beginning of an article, for what has to tell its meaning."""
    return f"{headline(article.title)}. {' '.join(article.paragraphs[:2])[:400]}"


def said_of(talk: Talk, text: str, *, dated: bool) -> Said:
    """Return what the linker is told of a talk."""
    return Said(text, talk.language, talk.title or Path(talk.file).stem, talk.date.toordinal() if dated else None)
