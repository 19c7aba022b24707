"""The articles that are known, in one SQLite file: found again by what they tell (FTS5), by date, and by meaning.

Whatever is in it came from a source (a folder, a feed, a site) and can be read from there again: a file that is broken,
or of another version, is thrown away and filled anew. Each article is kept once for each source and place (a file's
name or an address), with a fingerprint that tells whether it must be read again.
"""

import array
import contextlib
import datetime as dt
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from votd.media.articles.title import headline
from votd.media.articles.words import terms
from votd.media.model import Article

VERSION = 1
LONGEST_QUERY = 48
"""Terms that one search asks for, the rarest first: each costs a walk through its list, and the rest decides little."""

_TABLES = """
CREATE TABLE source (
  address TEXT PRIMARY KEY, etag TEXT, modified TEXT, read_at TEXT, problem TEXT
);
CREATE TABLE article (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, place TEXT NOT NULL, fingerprint TEXT NOT NULL, title TEXT NOT NULL,
  paragraphs TEXT NOT NULL, url TEXT, day TEXT, language TEXT, vector BLOB, UNIQUE (source, place)
);
CREATE INDEX by_day ON article (day);
CREATE VIRTUAL TABLE told USING fts5 (terms, tokenize = "unicode61 remove_diacritics 0 tokenchars '#@'");
CREATE VIRTUAL TABLE frequency USING fts5vocab (told, row);
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One article of the index; ``vector`` says what it means (see ``embed``), ``None`` where nobody has asked."""

    id: int
    article: Article
    vector: tuple[float, ...] | None = None


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
                row = (
                    source,
                    place,
                    fingerprint,
                    article.title,
                    json.dumps(article.paragraphs, ensure_ascii=False),
                    article.url,
                    article.date.isoformat() if article.date else None,
                    article.language,
                )
                made = self._base.execute(
                    "INSERT INTO article (source, place, fingerprint, title, paragraphs, url, day, language)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
                told = " ".join(term for term, count in _told(article).items() for _ in range(count))
                self._base.execute("INSERT INTO told (rowid, terms) VALUES (?, ?)", (made.lastrowid, told))

    def forget(self, source: str, places: Sequence[str]) -> None:
        """Drop what a source no longer has."""
        with _at_once(self._base):
            for place in places:
                self._forget(source, place)

    def _forget(self, source: str, place: str) -> None:
        found = self._base.execute("SELECT id FROM article WHERE source = ? AND place = ?", (source, place)).fetchone()
        if found:
            self._base.execute("DELETE FROM told WHERE rowid = ?", found)
            self._base.execute("DELETE FROM article WHERE id = ?", found)

    def validators(self, source: str) -> tuple[str | None, str | None]:
        """Return the ETag and the date that an address gave the last time."""
        found = self._base.execute("SELECT etag, modified FROM source WHERE address = ?", (source,)).fetchone()
        return (found[0], found[1]) if found else (None, None)

    def note(
        self, source: str, *, etag: str | None, modified: str | None, read_at: dt.datetime, problem: str | None
    ) -> None:
        """Keep when a source was read, with what, and what was wrong."""
        self._base.execute(
            "INSERT OR REPLACE INTO source (address, etag, modified, read_at, problem) VALUES (?, ?, ?, ?, ?)",
            (source, etag, modified, read_at.isoformat(), problem),
        )

    # --- what is asked of it --------------------------------------------------------------------------

    def frequencies(self, wanted: Sequence[str]) -> dict[str, int]:
        """Count the articles that have each of these terms; those of none are left out."""
        ask = "SELECT doc FROM frequency WHERE term = ?"
        rows = ((term, self._base.execute(ask, (term,)).fetchone()) for term in wanted)
        return {term: row[0] for term, row in rows if row}

    def telling(
        self,
        rare: Sequence[str],
        *,
        sources: Sequence[str],
        since: dt.date | None = None,
        until: dt.date | None = None,
        limit: int = 40,
    ) -> list[Known]:
        """Return the articles that BM25 puts first for these terms (the rarest first), within a window of dates.

        Articles without a date are in every window.
        """
        if not rare:
            return []
        query = " OR ".join(f'"{term}"' for term in rare[:LONGEST_QUERY])
        where, values = _window(sources, since, until)
        rows = self._base.execute(
            f"SELECT {_FIELDS} FROM told JOIN article ON article.id = told.rowid"  # noqa: S608 - constants alone
            f" WHERE told MATCH ? AND {where} ORDER BY bm25(told) LIMIT ?",
            (query, *values, limit),
        )
        return [_known(row) for row in rows]

    def within(
        self, *, sources: Sequence[str], since: dt.date | None, until: dt.date | None, limit: int
    ) -> list[Known]:
        """Return the articles of a window of dates, the latest first."""
        where, values = _window(sources, since, until)
        rows = self._base.execute(
            f"SELECT {_FIELDS} FROM article WHERE {where} ORDER BY day DESC, id LIMIT ?",  # noqa: S608 - as above
            (*values, limit),
        )
        return [_known(row) for row in rows]

    def at(self, url: str) -> Article | None:
        """Return the article of an address."""
        row = self._base.execute(f"SELECT {_FIELDS} FROM article WHERE url = ?", (url,)).fetchone()  # noqa: S608 - as above
        return _known(row).article if row else None

    def remember(self, id_: int, vector: Sequence[float]) -> None:
        """Keep what an article means, so that it is embedded once."""
        self._base.execute("UPDATE article SET vector = ? WHERE id = ?", (array.array("f", vector).tobytes(), id_))


_FIELDS = "article.id, title, paragraphs, place, url, day, language, vector"


def _told(article: Article) -> dict[str, int]:
    return terms("\n\n".join([f"{headline(article.title)}.", *article.paragraphs]))


def _window(sources: Sequence[str], since: dt.date | None, until: dt.date | None) -> tuple[str, list[str]]:
    marks = ", ".join("?" for _ in sources)
    where, values = [f"source IN ({marks})"], list(sources)
    if since:
        where.append("(day IS NULL OR day >= ?)")
        values.append(since.isoformat())
    if until:
        where.append("(day IS NULL OR day <= ?)")
        values.append(until.isoformat())
    return " AND ".join(where), values


def _known(row: tuple[int, str, str, str, str | None, str | None, str | None, bytes | None]) -> Known:
    id_, title, paragraphs, place, url, day, language, vector = row
    date = dt.date.fromisoformat(day) if day else None
    article = Article(title, tuple(json.loads(paragraphs)), place, url, date, language)
    return Known(id_, article, tuple(array.array("f", vector)) if vector else None)


@contextlib.contextmanager
def _at_once(base: sqlite3.Connection) -> Iterator[None]:
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")
