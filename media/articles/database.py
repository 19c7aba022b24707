"""The file of the index: waited for while others hold it, made anew where it is damaged or of another version.

Little is lost by that: articles can be read again from where they came. Which addresses were withdrawn is forgotten;
their sites say it again.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from votd.media.errors import Unavailable

WAIT_S = 60.0
"""How long others who hold the file are waited for, at its opening and at every ask."""
AGAIN_S = 0.02

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_AWAY = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
)


class Database:
    """One SQLite file, open. One thread at a time; other processes may read and write beside it (WAL).

    Whatever is asked of it raises ``Unavailable`` where the file cannot be used now, as while another process holds it
    or since one of another version made it anew, and where it turns out to be damaged: then it has been thrown away,
    and an empty one is open in its place.
    """

    def __init__(self, path: Path | None, version: int, tables: str) -> None:
        """Open the file, or make it; ``None`` keeps everything in memory.

        ``tables`` are the statements, ended by semicolons, that make what ``version`` has; the tables of another
        version are dropped, and a damaged file is thrown away. Raises ``Unavailable`` where it cannot be used now.
        """
        self._path, self._version, self._tables = path, version, tables
        self._thrown = 0
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._base = self._opened()
        except sqlite3.DatabaseError as e:
            self._base = self._anew(_damaged(path, e))

    def rows(self, ask: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Execute one statement; return the rows that it gives."""
        with self._minded():
            self._check()
            return self._base.execute(ask, values).fetchall()

    @contextlib.contextmanager
    def at_once(self) -> Iterator[sqlite3.Connection]:
        """Write all of what is executed within, or nothing of it."""
        with self._minded(), _transaction(self._base, "IMMEDIATE") as base:
            self._check()
            yield base

    def state(self) -> tuple[int, int, int]:
        """Return what is another after any change of the file, one's own or another's."""
        ((others,),) = self.rows("PRAGMA data_version")
        return self._thrown, others, self._base.total_changes

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextlib.contextmanager
    def _minded(self) -> Iterator[None]:
        """Say in a sentence that the file is out of reach, or damaged; a damaged one is thrown away."""
        try:
            yield
        except sqlite3.DatabaseError as e:
            path = _damaged(self._path, e)
            self._base.close()
            self._base = self._anew(path)
            raise Unavailable("The index of articles was damaged and has been thrown away; run it again.") from e

    def _check(self) -> None:
        """Raise ``Unavailable`` where a process of another version has made the file its own since it was opened."""
        if _version(self._base) != self._version:
            raise Unavailable("The index of articles is another version's of votd now: start this one again.")

    def _opened(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._path or ":memory:", timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            if _version(base) != self._version:
                _log_ahead(base)
                self._make(base)
            base.execute("PRAGMA synchronous = NORMAL")  # a crash may cost the last articles: they are read again
        except BaseException:
            base.close()
            raise
        return base

    def _make(self, base: sqlite3.Connection) -> None:
        """Make the tables, in place of those of another version; once, however many processes come at the same time."""
        with _transaction(base, "EXCLUSIVE"):
            if _version(base) == self._version:
                return
            ask = (
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                " ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC"  # each takes its own tables along
            )
            for (name,) in base.execute(ask).fetchall():
                base.execute(f'DROP TABLE IF EXISTS "{name}"')
            for statement in filter(str.strip, self._tables.split(";")):
                base.execute(statement)
            base.execute(f"PRAGMA user_version = {self._version}")

    def _anew(self, path: Path) -> sqlite3.Connection:
        self._thrown += 1
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        return self._opened()


def _version(base: sqlite3.Connection) -> int:
    return int(base.execute("PRAGMA user_version").fetchone()[0])


def _log_ahead(base: sqlite3.Connection) -> None:
    """Turn the file to WAL; of two who do so at once SQLite refuses one without waiting, lest both wait for ever."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            base.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as e:
            if e.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(AGAIN_S)
        else:
            return


@contextlib.contextmanager
def _transaction(base: sqlite3.Connection, kind: str) -> Iterator[sqlite3.Connection]:
    base.execute(f"BEGIN {kind}")
    try:
        yield base
        base.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has rolled it back already
            base.execute("ROLLBACK")
        raise


def _damaged(path: Path | None, e: sqlite3.DatabaseError) -> Path:
    """Return the file where an error tells that it is damaged.

    Raises ``Unavailable`` where it is out of reach, and the error itself where it tells neither.
    """
    if _is_away(e):
        raise Unavailable(f"The index of articles cannot be used now ({e}): try again later.") from e
    if path is None or not _is_damaged(e):
        raise e
    return path


def _is_damaged(e: sqlite3.DatabaseError) -> bool:
    code = getattr(e, "sqlite_errorcode", None)
    if code is None:  # Python's own: a text that is no UTF-8
        return isinstance(e, sqlite3.OperationalError)
    return code & 0xFF in _DAMAGED


def _is_away(e: sqlite3.DatabaseError) -> bool:
    return getattr(e, "sqlite_errorcode", 0) & 0xFF in _AWAY
