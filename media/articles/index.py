"""The articles that are known, in one SQLite file: found again by what they tell (FTS5), and by date.

Whatever is in it came from a source (a folder, a feed, a site) and can be read from there again, so that its file may
be thrown away (see ``database``). Each article is kept once for each source and place (a file's name or an address),
with a fingerprint that tells whether it must be read again.
"""

import datetime as dt
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from votd.media.articles.database import Database
from votd.media.articles.title import headline
from votd.media.articles.words import READ, by_paragraph, fingerprint
from votd.media.model import Article

VERSION = 6
"""Raised with the tables, and with what makes terms of words; the lists of words count by themselves."""
BATCH = 1000
"""Articles that are written at once: others wait no longer than these take."""
LONGEST_QUERY = 256
"""Terms that one search asks for, the rarest first: each costs a walk through its list. With 32 one recap in five did
not find its article, since what is rarest in a talk are its digressions; ten minutes of speech have about 256."""

HEAD_WORDS = 250
"""Words of an article, to the end of the paragraph, by which it is compared: what follows is mostly background."""
BOILERPLATE_HEADLINES, BOILERPLATE_SHARE = 3, 0.2
"""A paragraph under so many headlines, as many as such a share of its source's articles, is an appeal or a notice."""

_Paragraph = tuple[str, int, int, int]

_TABLES = """
CREATE TABLE source (address TEXT PRIMARY KEY, etag TEXT, modified TEXT);
CREATE TABLE article (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, tongue TEXT NOT NULL, day TEXT, place TEXT NOT NULL,
  fingerprint TEXT NOT NULL, url TEXT, language TEXT, title TEXT NOT NULL,
  UNIQUE (source, place)
);
CREATE INDEX by_day ON article (day);
CREATE INDEX by_source ON article (source, tongue);
CREATE INDEX by_url ON article (url);
CREATE TABLE gone (url TEXT PRIMARY KEY);
CREATE TABLE paragraph (
  source TEXT NOT NULL, hash INTEGER NOT NULL, headline INTEGER NOT NULL, article INTEGER NOT NULL,
  PRIMARY KEY (source, hash, headline, article)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE told USING fts5 (
  terms, paragraphs UNINDEXED, tokenize = "unicode61 remove_diacritics 0 tokenchars '#@~.'"
);
CREATE TABLE frequency (term TEXT PRIMARY KEY, articles INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One article of the index, and what its first ``HEAD_WORDS`` tell: news begins with what is new.

    ``tongue`` is the language's first part, guessed by the script where nobody says it. ``parts`` are the terms of the
    headline and of each paragraph; ``terms`` counts them all, ``lede`` those of the first three. ``words`` is the
    length of the whole.
    """

    id: int
    article: Article
    tongue: str
    words: int
    parts: tuple[frozenset[str], ...]
    terms: Mapping[str, int]
    lede: Mapping[str, int]


class Index:
    """Keep articles. One thread at a time; other processes may read and write beside it (WAL)."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file, or make it; ``None`` keeps everything in memory.

        Raises ``Unavailable`` where the file cannot be used now, as while another process holds it.
        """
        self._base = Database(path, fingerprint() ^ VERSION, _TABLES)
        self._counted_at: tuple[int, int, int] | None = None
        self._counted: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __len__(self) -> int:
        return sum(self._sizes().values())

    # --- what a source brings -------------------------------------------------------------------------

    def fingerprints(self, source: str) -> dict[str, str]:
        """Return what is known of a source: each place with its fingerprint."""
        return dict(self._base.rows("SELECT place, fingerprint FROM article WHERE source = ?", (source,)))

    def put(self, source: str, found: Sequence[tuple[str, str, Article]]) -> None:
        """Keep articles as (place, fingerprint, article); what stood at a place is replaced.

        They are written a thousand at a time: where it breaks off, those before are kept.
        """
        for start in range(0, len(found), BATCH):
            made = [(one, _told(one[2])) for one in found[start : start + BATCH]]  # the slow part, while nobody waits
            with self._base.at_once() as base:
                rows: dict[str, list[_Paragraph]] = {}
                having: Counter[str] = Counter()
                for one, told in made:
                    having.subtract(_forget(base, source, one[0]))
                    having.update(set(told.split()))
                    rows[one[0]] = _keep(base, source, one, told)
                _count(base, having)
                # In the order of the table's key each of its pages is written once, however large it has grown.
                base.executemany(
                    "INSERT OR IGNORE INTO paragraph (source, hash, headline, article) VALUES (?, ?, ?, ?)",
                    sorted(row for each in rows.values() for row in each),
                )

    def forget(self, source: str, places: Sequence[str]) -> None:
        """Drop what a source no longer has, and remember that it was there."""
        with self._base.at_once() as base:
            having: Counter[str] = Counter()
            for place in places:
                ask = (
                    "INSERT OR IGNORE INTO gone SELECT url FROM article WHERE source = ? AND place = ? AND url NOT NULL"
                )
                base.execute(ask, (source, place))
                having.subtract(_forget(base, source, place))
            _count(base, having)

    def validators(self, source: str) -> tuple[str | None, str | None]:
        """Return the ETag and the date that an address gave the last time."""
        found = self._base.rows("SELECT etag, modified FROM source WHERE address = ?", (source,))
        return (found[0][0], found[0][1]) if found else (None, None)

    def note(self, source: str, *, etag: str | None, modified: str | None) -> None:
        """Keep what an address gave to be asked with the next time."""
        ask = "INSERT OR REPLACE INTO source (address, etag, modified) VALUES (?, ?, ?)"
        self._base.rows(ask, (source, etag, modified))

    # --- what is asked of it --------------------------------------------------------------------------

    def spoken(self) -> Mapping[str, int]:
        """Count the articles in each language."""
        found: Counter[str] = Counter()
        for (_, spoken), articles in self._sizes().items():
            found[spoken] += articles
        return found

    def frequencies(self, wanted: Collection[str]) -> dict[str, int]:
        """Count the articles that have each of these terms; those of none are left out."""
        ask = "SELECT term, articles FROM frequency WHERE term IN (SELECT value FROM json_each(?))"
        return dict(self._base.rows(ask, (json.dumps(list(wanted)),)))

    def _sizes(self) -> dict[tuple[str, str], int]:
        """Return how many articles each source brought in each language, counted once until the file changes."""
        state = self._base.state()
        if self._counted_at != state:
            rows = self._base.rows("SELECT source, tongue, count(*) FROM article GROUP BY source, tongue")
            self._counted_at, self._counted = state, {(source, spoken): count for source, spoken, count in rows}
        return self._counted

    def telling(self, rare: Sequence[str], window: "Window", limit: int) -> list[Known]:
        """Return the articles that FTS5's BM25 puts first for these terms, the rarest of which come first.

        In each language so many of the window, and so many of its nearest days.
        """
        if not rare:
            return []
        query = " OR ".join(f'"{term}"' for term in rare[:LONGEST_QUERY])
        since, until = _days(window.since, window.until)
        near = _days(*window.nearest) if window.nearest else (since, until)
        # News comes by the day, so articles of a few weeks mostly lie together: only that stretch is walked through.
        ((first, last),) = self._base.rows(
            "SELECT min(id), max(id) FROM (SELECT id FROM article WHERE day BETWEEN ? AND ?"
            " UNION ALL SELECT id FROM article WHERE day IS NULL)",
            (since, until),
        )
        marks = ", ".join("?" for _ in window.sources)
        found = self._base.rows(
            "SELECT id, tongue, coalesce(day BETWEEN ? AND ?, 1) FROM told JOIN article ON id = told.rowid"
            " WHERE told MATCH ? AND told.rowid BETWEEN ? AND ?"
            f" AND source IN ({marks}) AND coalesce(day BETWEEN ? AND ?, ?) ORDER BY bm25(told)",
            (*near, query, first, last, *window.sources, since, until, window.undated),
        )
        return self._known(_first(found, limit))

    def source_of(self, url: str) -> str | None:
        """Return the source that brought the article of an address."""
        found = self._base.rows("SELECT source FROM article WHERE url = ? ORDER BY id LIMIT 1", (url,))
        return str(found[0][0]) if found else None

    def is_gone(self, url: str) -> bool:
        """Tell whether an address was withdrawn by the source that had brought it, and none has it now."""
        return bool(self._base.rows("SELECT 1 FROM gone WHERE url = ?", (url,))) and self.source_of(url) is None

    def has(self, title: str, url: str | None, sources: Sequence[str]) -> bool:
        """Tell whether these sources have an article, or it was withdrawn: by its address, or its title without one."""
        column, value = ("title", title) if url is None else ("url", url)
        marks = ", ".join("?" for _ in sources)
        ask = f"SELECT 1 FROM article WHERE {column} = ? AND source IN ({marks}) LIMIT 1"
        return bool(self._base.rows(ask, (value, *sources))) or (url is not None and self.is_gone(url))

    def at(self, url: str) -> Article | None:
        """Return the article of an address."""
        found = self._base.rows("SELECT id FROM article WHERE url = ? LIMIT 1", (url,))
        return next((one.article for one in self._known(found[0])), None) if found else None

    def _known(self, ids: Sequence[int]) -> list[Known]:
        marks = ", ".join("?" for _ in ids)
        rows = self._base.rows(
            "SELECT article.id, source, title, paragraphs, place, url, day, language, tongue, terms"
            f" FROM article JOIN told ON told.rowid = article.id WHERE article.id IN ({marks})",
            ids,
        )
        usual = {source: self._usual(source, rows) for source in {row[1] for row in rows}}
        found = {row[0]: _row(row, usual[row[1]]) for row in rows}
        return [found[id_] for id_ in ids if id_ in found]  # another process may have taken one away since

    def _usual(self, source: str, rows: Sequence[tuple[Any, ...]]) -> set[str]:
        """Return the paragraphs that stand under much of what a source brought: the site's own, not the story's.

        Different headlines are counted, not articles: copies of one story do not make its text a notice.
        """
        texts = {_hash(text): text for row in rows if row[1] == source for text in json.loads(row[3])}
        whole = sum(articles for (brought, _), articles in self._sizes().items() if brought == source)
        least = max(BOILERPLATE_HEADLINES, BOILERPLATE_SHARE * whole)
        ask = (
            "SELECT hash FROM paragraph WHERE source = ? AND hash IN (SELECT value FROM json_each(?))"
            " GROUP BY hash HAVING count(DISTINCT headline) >= ?"
        )
        return {texts[row[0]] for row in self._base.rows(ask, (source, json.dumps(list(texts)), least))}


@dataclass(frozen=True, slots=True)
class Window:
    """Which articles are asked for: of these sources, of these days and, if ``undated``, those without a date.

    ``nearest`` are the first and the last day of those that matter most; articles without a date count as theirs.
    """

    sources: tuple[str, ...]
    since: dt.date | None = None
    until: dt.date | None = None
    nearest: tuple[dt.date, dt.date] | None = None
    undated: bool = True


def first_part(language: str | None) -> str:
    """Return the first part of a language's tag, in lower case; nothing where there is none."""
    return (language or "").replace("_", "-").partition("-")[0].lower()


def tongue(article: Article) -> str:
    """Return the first part of an article's language; where it has none, Cyrillic is taken for Macedonian."""
    if article.language:
        return first_part(article.language)
    letters = [letter for letter in article.title + "".join(article.paragraphs[:2]) if letter.isalpha()]
    return "mk" if sum("\u0400" <= letter <= "\u04ff" for letter in letters) > len(letters) / 2 else "en"


def _hash(paragraph: str) -> int:
    """Return 63 bits that stand for a paragraph, the same in every process."""
    return int.from_bytes(hashlib.blake2b(paragraph.encode(), digest_size=8).digest()) >> 1


def _told(article: Article) -> str:
    """Return the terms of the headline and of each paragraph, a line for each."""
    return "\n".join(" ".join(part) for part in by_paragraph([f"{headline(article.title)}.", *article.paragraphs]))


def _keep(base: sqlite3.Connection, source: str, one: tuple[str, str, Article], told: str) -> list[_Paragraph]:
    """Write an article; return the rows of its paragraphs."""
    place, fingerprint, article = one
    row = (
        source,
        tongue(article),
        article.date.isoformat() if article.date else None,
        place,
        fingerprint,
        article.url,
        article.language,
        article.title,
    )
    made = base.execute(
        "INSERT INTO article (source, tongue, day, place, fingerprint, url, language, title)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    written = json.dumps(article.paragraphs, ensure_ascii=False)
    base.execute("INSERT INTO told (rowid, terms, paragraphs) VALUES (?, ?, ?)", (made.lastrowid, told, written))
    base.execute("DELETE FROM gone WHERE url = ?", (article.url,))
    head = _hash(headline(article.title))
    assert made.lastrowid is not None
    return [(source, _hash(text), head, made.lastrowid) for text in set(article.paragraphs)]


def _forget(base: sqlite3.Connection, source: str, place: str) -> set[str]:
    """Drop an article; return the terms that it had."""
    ask = "SELECT id, title, paragraphs, terms FROM article JOIN told ON told.rowid = id WHERE source = ? AND place = ?"
    had: set[str] = set()
    for id_, title, paragraphs, told in base.execute(ask, (source, place)).fetchall():
        had = set(told.split())
        base.execute("DELETE FROM told WHERE rowid = ?", (id_,))
        base.execute("DELETE FROM article WHERE id = ?", (id_,))
        rows = [(source, _hash(text), _hash(headline(title)), id_) for text in set(json.loads(paragraphs))]
        base.executemany("DELETE FROM paragraph WHERE source = ? AND hash = ? AND headline = ? AND article = ?", rows)
    return had


def _count(base: sqlite3.Connection, having: Mapping[str, int]) -> None:
    """Add to the articles that have each term: FTS5's own table of them walks through a term's list at every ask."""
    ask = (
        "INSERT INTO frequency (term, articles) VALUES (?, ?)"
        " ON CONFLICT (term) DO UPDATE SET articles = articles + excluded.articles"
    )
    base.executemany(ask, sorted(one for one in having.items() if one[1]))
    if min(having.values(), default=0) < 0:
        base.execute("DELETE FROM frequency WHERE articles = 0")


def _first(found: Sequence[tuple[int, str, int]], limit: int) -> list[int]:
    """Return of (id, language, whether it is of the nearest days), the best first, so many of each.

    Languages whose stop words are not known count as one: a site may claim any number of them.
    """
    counted: Counter[tuple[str, bool]] = Counter()
    ids = []
    for id_, claimed, near in found:
        spoken = claimed if claimed in READ else ""
        counted.update(((spoken, False), (spoken, True)) if near else ((spoken, False),))
        if counted[spoken, False] <= limit or (near and counted[spoken, True] <= limit):
            ids.append(id_)
    return ids


def _days(first: dt.date | None, last: dt.date | None) -> tuple[str, str]:
    return (first or dt.date.min).isoformat(), (last or dt.date.max).isoformat()


def alone(article: Article) -> Known:
    """Return an article that need not be in an index as one would know it."""
    lines = _told(article).split("\n")
    return _known(0, article, tongue(article), lines[0], lines[1:])


def _row(row: tuple[Any, ...], usual: Container[str]) -> Known:
    id_, _, title, paragraphs, place, url, day, language, spoken, told = row
    date = dt.date.fromisoformat(day) if day else None
    head, *lines = told.split("\n")
    whole = list(zip(json.loads(paragraphs), lines, strict=True))
    own = [one for one in whole if one[0] not in usual] or whole  # an article is never nothing but notices
    article = Article(title, tuple(text for text, _ in own), place, url, date, language)
    return _known(id_, article, spoken, head, [line for _, line in own])


def _known(id_: int, article: Article, spoken: str, head: str, lines: Sequence[str]) -> Known:
    """Put together what the first ``HEAD_WORDS`` tell; ``lines`` are the terms of the paragraphs."""
    lengths = [len(text.split()) for text in article.paragraphs]
    parts = [head.split(), *(line.split() for at, line in enumerate(lines) if sum(lengths[:at]) < HEAD_WORDS)]
    return Known(
        id_,
        article,
        spoken,
        sum(lengths),
        tuple(map(frozenset, parts)),
        Counter(term for part in parts for term in part),
        Counter(term for part in parts[:3] for term in part),
    )
