"""The articles that are known, in one SQLite file: found again by what they tell (FTS5), by date, and by meaning.

Whatever is in it came from a source (a folder, a feed, a site) and can be read from there again: a file that is broken,
or of another version, is thrown away and filled anew. Each article is kept once for each source and place (a file's
name or an address), with a fingerprint that tells whether it must be read again.
"""

import contextlib
import datetime as dt
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from votd.media.articles.meaning import Vector
from votd.media.articles.title import headline
from votd.media.articles.words import terms
from votd.media.model import Article

VERSION = 2
LONGEST_QUERY = 32
"""Terms that one search asks for, the rarest first: each costs a walk through its list, and the rest decides little."""

BOILERPLATE_ARTICLES, BOILERPLATE_SHARE = 3, 0.2
"""A paragraph under so many headlines, and such a share of its source, is an appeal or a notice."""

_TABLES = """
CREATE TABLE source (address TEXT PRIMARY KEY, etag TEXT, modified TEXT);
CREATE TABLE article (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, place TEXT NOT NULL, fingerprint TEXT NOT NULL, title TEXT NOT NULL,
  paragraphs TEXT NOT NULL, url TEXT, day TEXT, language TEXT, tongue TEXT NOT NULL,
  length INTEGER NOT NULL, vector BLOB,
  UNIQUE (source, place)
);
CREATE INDEX by_day ON article (day);
CREATE INDEX by_source ON article (source, tongue, length);
CREATE INDEX by_url ON article (url);
CREATE TABLE gone (url TEXT PRIMARY KEY);
CREATE TABLE paragraph (
  source TEXT NOT NULL, hash INTEGER NOT NULL, articles INTEGER NOT NULL, PRIMARY KEY (source, hash)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE told USING fts5 (terms, tokenize = "unicode61 remove_diacritics 0 tokenchars '#@~.'");
CREATE VIRTUAL TABLE frequency USING fts5vocab (told, row);
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One article of the index: what it tells as terms, its headline and first two paragraphs apart, and its meaning.

    ``tongue`` is the language's first part, guessed by the script where nobody says it. ``vector`` is a row of
    ``meaning.article_vectors``; ``None`` where nobody has asked yet.
    """

    id: int
    article: Article
    tongue: str
    terms: Mapping[str, int]
    lede: Mapping[str, int]
    vector: Vector | None = None


class Index:
    """Keep articles. One thread at a time; other processes may read and write beside it (WAL)."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file, or make it; ``None`` keeps everything in memory."""
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._base = self._opened(path)
        except sqlite3.DatabaseError:
            if path is None:
                raise
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            self._base = self._opened(path)

    @staticmethod
    def _opened(path: Path | None) -> sqlite3.Connection:
        base = sqlite3.connect(path or ":memory:", timeout=60, isolation_level=None, check_same_thread=False)
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")  # a crash may cost the last articles: they are read again
        with _at_once(base):
            (version,) = base.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    base.execute(statement)
                base.execute(f"PRAGMA user_version = {VERSION}")
        if version not in (0, VERSION):
            base.close()
            raise sqlite3.DatabaseError(f"version {version}")
        return base

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __len__(self) -> int:
        (count,) = self._base.execute("SELECT count(*) FROM article").fetchone()
        return int(count)

    # --- what a source brings -------------------------------------------------------------------------

    def fingerprints(self, source: str) -> dict[str, str]:
        """Return what is known of a source: each place with its fingerprint."""
        return dict(self._base.execute("SELECT place, fingerprint FROM article WHERE source = ?", (source,)))

    def put(self, source: str, found: Sequence[tuple[str, str, Article]]) -> None:
        """Keep articles as (place, fingerprint, article), all or none; what stood at a place is replaced."""
        with _at_once(self._base):
            for place, fingerprint, article in found:
                self._forget(source, place)
                told = _told(article)
                row = (
                    source,
                    place,
                    fingerprint,
                    article.title,
                    json.dumps(article.paragraphs, ensure_ascii=False),
                    article.url,
                    article.date.isoformat() if article.date else None,
                    article.language,
                    tongue(article),
                    told.count(" ") + 1,
                )
                made = self._base.execute(
                    "INSERT INTO article"
                    " (source, place, fingerprint, title, paragraphs, url, day, language, tongue, length)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
                self._base.execute("INSERT INTO told (rowid, terms) VALUES (?, ?)", (made.lastrowid, told))
                self._base.execute("DELETE FROM gone WHERE url = ?", (article.url,))
                self._count(source, article.paragraphs, 1)

    def forget(self, source: str, places: Sequence[str]) -> None:
        """Drop what a source no longer has, and remember that it was there."""
        with _at_once(self._base):
            for place in places:
                ask = (
                    "INSERT OR IGNORE INTO gone SELECT url FROM article WHERE source = ? AND place = ? AND url NOT NULL"
                )
                self._base.execute(ask, (source, place))
                self._forget(source, place)

    def _forget(self, source: str, place: str) -> None:
        ask = "SELECT id, paragraphs FROM article WHERE source = ? AND place = ?"
        found = self._base.execute(ask, (source, place)).fetchone()
        if found:
            self._base.execute("DELETE FROM told WHERE rowid = ?", found[:1])
            self._base.execute("DELETE FROM article WHERE id = ?", found[:1])
            self._count(source, json.loads(found[1]), -1)

    def _count(self, source: str, paragraphs: Sequence[str], change: int) -> None:
        rows = [(source, _hash(text), change, change) for text in set(paragraphs)]
        self._base.executemany(
            "INSERT INTO paragraph (source, hash, articles) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET articles = articles + ?",
            rows,
        )

    def validators(self, source: str) -> tuple[str | None, str | None]:
        """Return the ETag and the date that an address gave the last time."""
        found = self._base.execute("SELECT etag, modified FROM source WHERE address = ?", (source,)).fetchone()
        return (found[0], found[1]) if found else (None, None)

    def note(self, source: str, *, etag: str | None, modified: str | None) -> None:
        """Keep what an address gave to be asked with the next time."""
        ask = "INSERT OR REPLACE INTO source (address, etag, modified) VALUES (?, ?, ?)"
        self._base.execute(ask, (source, etag, modified))

    # --- what is asked of it --------------------------------------------------------------------------

    def size(self) -> tuple[int, float]:
        """Return the number of articles and how many terms one has in the middle."""
        count, length = self._base.execute("SELECT count(*), coalesce(avg(length), 1) FROM article").fetchone()
        return int(count), float(length)

    def tongues(self, sources: Sequence[str]) -> list[str]:
        """Return the languages of what these sources brought."""
        marks = ", ".join("?" for _ in sources)
        ask = f"SELECT DISTINCT tongue FROM article WHERE source IN ({marks})"
        rows = self._base.execute(ask, tuple(sources))
        return [row[0] for row in rows]

    def frequencies(self, wanted: Iterable[str]) -> dict[str, int]:
        """Count the articles that have each of these terms; those of none are left out."""
        ask = "SELECT doc FROM frequency WHERE term = ?"
        rows = ((term, self._base.execute(ask, (term,)).fetchone()) for term in wanted)
        return {term: row[0] for term, row in rows if row}

    def telling(self, rare: Sequence[str], window: "Window", limit: int) -> list[Known]:
        """Return the articles that FTS5's BM25 puts first for these terms, the rarest of which come first."""
        if not rare:
            return []
        query = " OR ".join(f'"{term}"' for term in rare[:LONGEST_QUERY])
        where, values = _window(window)
        found = self._base.execute(
            "SELECT article.id FROM told JOIN article ON article.id = told.rowid"
            f" WHERE told MATCH ? AND {where} ORDER BY bm25(told) LIMIT ?",
            (query, *values, limit),
        )
        return self._known([row[0] for row in found])

    def meaning(self, vectors: Vector, window: "Window", limit: int) -> list[Known]:
        """Return the articles that are nearest to these rows in the middle, of those that have a vector."""
        where, values = _window(window)
        rows = self._base.execute(
            f"SELECT id, vector FROM article WHERE vector NOT NULL AND {where}", values
        ).fetchall()
        if not rows:
            return []
        matrix = np.frombuffer(b"".join(row[1] for row in rows), np.float16).reshape(len(rows), -1)
        near = matrix.astype(np.float32) @ vectors.mean(0)
        return self._known([rows[at][0] for at in np.argsort(-near, kind="stable")[:limit]])

    def without_vector(self, window: "Window", limit: int) -> list[Known]:
        """Return articles whose meaning nobody has asked for yet, the latest first."""
        where, values = _window(window)
        found = self._base.execute(
            f"SELECT id FROM article WHERE vector IS NULL AND {where} ORDER BY day DESC, id LIMIT ?",
            (*values, limit),
        )
        return self._known([row[0] for row in found])

    def remember(self, ids: Sequence[int], vectors: Vector) -> None:
        """Keep what articles mean, so that each is embedded once."""
        rows = [(row.astype(np.float16).tobytes(), id_) for id_, row in zip(ids, vectors, strict=True)]
        with _at_once(self._base):
            self._base.executemany("UPDATE article SET vector = ? WHERE id = ?", rows)

    def source_of(self, url: str) -> str | None:
        """Return the source that brought the article of an address."""
        found = self._base.execute("SELECT source FROM article WHERE url = ? ORDER BY id LIMIT 1", (url,)).fetchone()
        return str(found[0]) if found else None

    def is_gone(self, url: str) -> bool:
        """Tell whether an address was withdrawn by the source that had brought it, and none has it now."""
        gone = self._base.execute("SELECT 1 FROM gone WHERE url = ?", (url,)).fetchone() is not None
        return gone and self.source_of(url) is None

    def at(self, url: str) -> Article | None:
        """Return the article of an address."""
        found = self._base.execute("SELECT id FROM article WHERE url = ?", (url,)).fetchone()
        return self._known([found[0]])[0].article if found else None

    def _known(self, ids: Sequence[int]) -> list[Known]:
        marks = ", ".join("?" for _ in ids)
        rows = self._base.execute(
            "SELECT article.id, source, title, paragraphs, place, url, day, language, tongue, vector, terms"
            f" FROM article JOIN told ON told.rowid = article.id WHERE article.id IN ({marks})",
            ids,
        )
        sizes = dict(self._base.execute("SELECT source, count(*) FROM article GROUP BY source"))
        found = {row[0]: _row(row, self._usual(row[1], sizes[row[1]], json.loads(row[3]))) for row in rows}
        return [found[id_] for id_ in ids]

    def _usual(self, source: str, whole: int, paragraphs: Sequence[str]) -> set[str]:
        """Return the paragraphs that stand under much of what a source brought: the site's own, not the story's."""
        least = max(BOILERPLATE_ARTICLES, BOILERPLATE_SHARE * whole)
        ask = "SELECT articles FROM paragraph WHERE source = ? AND hash = ?"
        counted = {text: self._base.execute(ask, (source, _hash(text))).fetchone() for text in paragraphs}
        return {text for text, row in counted.items() if row and row[0] >= least}


@dataclass(frozen=True, slots=True)
class Window:
    """Which articles are asked for: of these sources, in this language, of these days and those without a date."""

    sources: tuple[str, ...]
    tongue: str
    since: dt.date | None = None
    until: dt.date | None = None


def tongue(article: Article) -> str:
    """Return the first part of an article's language; where it has none, Cyrillic is taken for Macedonian."""
    if article.language:
        return article.language.partition("-")[0]
    letters = [letter for letter in article.title + "".join(article.paragraphs[:2]) if letter.isalpha()]
    return "mk" if sum("\u0400" <= letter <= "\u04ff" for letter in letters) > len(letters) / 2 else "en"


def _hash(paragraph: str) -> int:
    """Return 63 bits that stand for a paragraph, the same in every process."""
    return int.from_bytes(hashlib.blake2b(paragraph.encode(), digest_size=8).digest()) >> 1


def _told(article: Article) -> str:
    told = terms("\n\n".join([f"{headline(article.title)}.", *article.paragraphs]))
    return " ".join(term for term, count in told.items() for _ in range(count))


def _window(window: Window) -> tuple[str, list[str]]:
    marks = ", ".join("?" for _ in window.sources)
    where = [f"source IN ({marks})", "tongue = ?"]
    values = [*window.sources, window.tongue]
    if window.since:
        where.append("(day IS NULL OR day >= ?)")
        values.append(window.since.isoformat())
    if window.until:
        where.append("(day IS NULL OR day <= ?)")
        values.append(window.until.isoformat())
    return " AND ".join(where), values


def _row(row: tuple[Any, ...], usual: Container[str]) -> Known:
    id_, _, title, paragraphs, place, url, day, language, spoken, vector, told = row
    date = dt.date.fromisoformat(day) if day else None
    own = tuple(text for text in json.loads(paragraphs) if text not in usual)
    article = Article(title, own, place, url, date, language)
    lede = terms("\n\n".join([f"{headline(title)}.", *article.paragraphs[:2]]))
    means = np.frombuffer(vector, np.float16).astype(np.float32) if vector else None
    return Known(id_, article, spoken, Counter(told.split()), lede, means)


@contextlib.contextmanager
def _at_once(base: sqlite3.Connection) -> Iterator[None]:
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")
