"""The index's file: held by others, of another version, damaged; and what counts as a notice."""

import contextlib
import datetime as dt
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from votd.media.articles import database, words
from votd.media.articles import index as module
from votd.media.articles.index import Index, Window
from votd.media.articles.words import terms
from votd.media.errors import Unavailable
from votd.media.model import Article

BODY = "The council of Bitola agreed on Monday to buy eleven buses that run on gas, for three million euros."


def articles(count: int, title: str = "Story {}", body: str = BODY + " {}") -> list[tuple[str, str, Article]]:
    """Return articles as ``put`` takes them."""
    return [
        (str(i), "", Article(title.format(i), (body.format(i), "And more of it."), f"{i}.txt", None, None, "en"))
        for i in range(count)
    ]


def filled(file: Path, count: int) -> None:
    """Make an index of so many articles."""
    with contextlib.closing(Index(file)) as index:
        index.put("s", articles(count))


def asked(index: Index) -> int:
    """Search, and count what is found."""
    return len(index.telling(sorted(terms(BODY)), Window(("s",)), 1000))


def older(file: Path) -> None:
    """Make a file look like that of an older version."""
    with contextlib.closing(sqlite3.connect(file)) as base:
        base.execute("CREATE TABLE of_old (name TEXT)")
        base.execute("PRAGMA user_version = 1")
        base.commit()


@pytest.mark.parametrize("old", [False, True])
def test_a_file_that_is_held_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool) -> None:
    """Readers need no lock; who must write waits, and says so in a sentence; nothing is deleted."""
    monkeypatch.setattr(database, "WAIT_S", 0.1)
    file = tmp_path / "articles.sqlite"
    filled(file, 3)
    if old:
        older(file)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        if old:
            with pytest.raises(Unavailable, match="cannot be used now"):
                Index(file)
        else:
            with contextlib.closing(Index(file)) as index:
                assert len(index) == asked(index) == 3
                with pytest.raises(Unavailable, match="cannot be used now"):
                    index.put("s", articles(4))
        other.execute("ROLLBACK")
    with contextlib.closing(Index(file)) as index:
        assert len(index) == (0 if old else 3)


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """What cannot be opened is told in a sentence."""
    with pytest.raises(Unavailable):
        Index(tmp_path)


@pytest.mark.parametrize("old", [False, True])
def test_processes_that_come_together_keep_each_others_work(tmp_path: Path, old: bool) -> None:
    """One of them makes the tables, whether the file is new or of an older version."""
    file = tmp_path / "articles.sqlite"
    if old:
        filled(file, 3)
        older(file)
    code = (
        "import sys; from pathlib import Path; from votd.media.articles.index import Index;"
        "from votd.media.model import Article;"
        "a = Article('T', ('Some text of it.',), 'a', None, None, 'en');"
        "Index(Path(sys.argv[1])).put(sys.argv[2], [('a', '', a)])"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, file, str(i)]) for i in range(8)]
    assert [one.wait(60) for one in started] == [0] * 8
    with contextlib.closing(Index(file)) as index:
        assert len(index) == 8
    with contextlib.closing(sqlite3.connect(file)) as base:
        assert base.execute("SELECT count(*) FROM sqlite_master WHERE name = 'of_old'").fetchone() == (0,)


@pytest.mark.parametrize("write", [False, True])
def test_damage_in_the_middle_is_told_once(tmp_path: Path, write: bool) -> None:
    """The file is thrown away when the damage is met, in reading or in writing; the next run fills a new one."""
    file = tmp_path / "articles.sqlite"
    filled(file, 400)
    whole = file.read_bytes()
    third = len(whole) // 3
    file.write_bytes(whole[:8192] + b"\xa5" * (2 * third - 8192) + whole[2 * third :])
    with contextlib.closing(Index(file)) as index:
        with pytest.raises(Unavailable, match="was damaged and has been thrown away"):
            index.put("s", articles(400)) if write else asked(index)
        index.put("s", articles(5))
    with contextlib.closing(Index(file)) as index:
        assert len(index) == asked(index) == 5


def test_many_articles_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the third part breaks off, the two before it are kept."""
    monkeypatch.setattr(module, "BATCH", 10)
    index, made = Index(), articles(30)
    made[25] = ("25", "", Article("Broken", (BODY,), "25", None, None, 1j))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        index.put("s", made)
    assert len(index) == 20


def test_copies_of_one_article_are_no_notice() -> None:
    """Different headlines are counted; one that was forgotten counts no more."""
    index = Index()
    index.put("s", articles(3, "VIDEO | Buses", BODY))
    (one, *_) = index.telling(sorted(terms(BODY)), Window(("s",)), 3)
    assert one.article.paragraphs == (BODY, "And more of it.")
    index.put("s", [(f"more {place}", mark, article) for place, mark, article in articles(4)])
    found = index.telling(sorted(terms(BODY)), Window(("s",)), 9)
    assert all("And more of it." not in one.article.paragraphs for one in found)
    index.forget("s", ["more 0", "more 1", "more 2"])
    found = index.telling(sorted(terms(BODY)), Window(("s",)), 9)
    assert all("And more of it." in one.article.paragraphs for one in found)


def test_an_article_of_notices_alone_stays_whole() -> None:
    """Something must be left to compare."""
    index = Index()
    index.put("s", articles(3, body=BODY))
    found = index.telling(sorted(terms(BODY)), Window(("s",)), 3)
    assert [one.article.paragraphs for one in found] == [(BODY, "And more of it.")] * 3


def test_an_article_is_compared_by_its_beginning() -> None:
    """Take the paragraphs up to the one in which so many words are reached; the whole is kept and counted."""
    index = Index()
    long = tuple(f"{' '.join(['word'] * 99)} end{name}" for name in ("one", "two", "three", "four"))
    index.put("s", [("a.txt", "", Article("Head", long, "a.txt", None, None, "en"))])
    (known,) = index.telling(["endon"], Window(("s",)), 1)
    assert known.words == 400
    assert len(known.article.paragraphs) == 4
    assert {"endon", "endtv", "endthr"} <= known.terms.keys()
    assert "endfou" not in known.terms


def test_the_nearest_days_have_their_share() -> None:
    """Find an article of the talk's day among the first, though dozens of older ones share more words."""
    old = [(p, m, replace(a, date=dt.date(2026, 3, 1))) for p, m, a in articles(30)]
    new = Article("Buses", ("Eleven buses came.",), "new.txt", None, dt.date(2026, 3, 9), "en")
    with contextlib.closing(Index()) as index:
        index.put("s", [*old, ("new.txt", "", new)])
        day = dt.date(2026, 3, 9)
        weeks = Window(("s",), dt.date(2026, 2, 20), dt.date(2026, 3, 12))
        rare = sorted(terms(BODY))
        assert new not in [one.article for one in index.telling(rare, weeks, 5)]
        found = index.telling(rare, replace(weeks, nearest=(day, day)), 5)
        assert len(found) == 6
        assert new in [one.article for one in found]


@pytest.mark.parametrize("language", ["mk", "xx"])
def test_each_language_has_its_share(language: str) -> None:
    """Find the best of a language though dozens of another share more words; all the unknown ones are one language."""
    weak = Article("Autobus", ("Bitola has eleven.",), "weak.txt", None, None, language)
    others = [(f"{i}{language}", "", replace(weak, file=f"{i}", language="yy", paragraphs=(BODY,))) for i in range(9)]
    with contextlib.closing(Index()) as index:
        index.put("s", [*articles(30), ("weak.txt", "", weak), *others])
        found = [one.article for one in index.telling(sorted(terms(BODY)), Window(("s",)), 5)]
    assert (weak in found) is (language == "mk")
    assert len(found) == (11 if language == "mk" else 10)


def test_an_article_without_a_day_counts_as_of_the_nearest() -> None:
    """It may be of the talk's day, so that a dozen of other days do not push it out."""
    old = [(p, m, replace(a, date=dt.date(2026, 3, 1))) for p, m, a in articles(30)]
    undated = Article("Buses", ("Eleven buses came.",), "new.txt", None, None, "en")
    day = dt.date(2026, 3, 9)
    with contextlib.closing(Index()) as index:
        index.put("s", [*old, ("new.txt", "", undated)])
        window = Window(("s",), dt.date(2026, 2, 20), dt.date(2026, 3, 12), nearest=(day, day))
        assert undated in [one.article for one in index.telling(sorted(terms(BODY)), window, 5)]


def test_another_list_of_words_makes_the_file_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was reduced by a list that has changed since would never be found by the new one."""
    file = tmp_path / "articles.sqlite"
    filled(file, 3)
    with contextlib.closing(Index(file)) as index:
        assert len(index) == 3
    known = words.fingerprint()
    lists = tmp_path / "lists"
    lists.mkdir()
    for one in Path(words.__file__).parent.glob("*.txt"):
        (lists / one.name).write_bytes(one.read_bytes())
    monkeypatch.setattr(words, "__file__", str(lists / "words.py"))
    assert words.fingerprint() == known
    with (lists / "dictionary.txt").open("a", encoding="utf-8") as dictionary:
        dictionary.write("quokka квока\n")
    with contextlib.closing(Index(file)) as index:
        assert len(index) == 0
        index.put("s", articles(3))
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    with contextlib.closing(Index(file)) as index:
        assert len(index) == 0


@pytest.mark.parametrize("tables", [None, "CREATE TABLE another (one)"])
def test_a_file_that_another_version_has_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: str | None
) -> None:
    """Neither asked nor written by a process that goes on with the version before, though the tables be the same."""
    file = tmp_path / "articles.sqlite"
    filled(file, 3)
    with contextlib.closing(Index(file)) as before:
        monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
        monkeypatch.setattr(module, "_TABLES", tables or module._TABLES)
        with contextlib.closing(Index(file)):
            for ask in (lambda: len(before), lambda: asked(before), lambda: before.put("s", articles(3))):
                with pytest.raises(Unavailable, match="another version's of votd now: start this one again"):
                    ask()


def test_what_another_process_adds_is_counted(tmp_path: Path) -> None:
    """Count anew after any change of the file, one's own or another's."""
    file = tmp_path / "articles.sqlite"
    with contextlib.closing(Index(file)) as index, contextlib.closing(Index(file)) as other:
        index.put("s", articles(2))
        assert index.frequencies(["bus", "tram"]) == {"bus": 2}
        assert len(index) == index.spoken()["en"] == 2
        other.put("s", [("3", "", Article("Trams", ("One tram and a bus.",), "3.txt", None, None, "en"))])
        assert index.frequencies(["bus", "tram"]) == {"bus": 3, "tram": 1}
        assert len(index) == index.spoken()["en"] == 3
        index.forget("s", ["0"])
        assert index.frequencies(["bus", "tram"]) == {"bus": 2, "tram": 1}


def test_what_is_counted_is_what_is_there() -> None:
    """Count as FTS5 does, after articles came, came again as others, came twice at once, and went."""
    with contextlib.closing(Index()) as index:
        index.put("s", [*articles(5), *articles(3, body="A tram of 1,250 seats, for 2.4 percent: Шолц. {}")])
        index.put("t", articles(2, title="It's a notice {}"))
        index.put("s", articles(2, body="Other words {}."))
        index.forget("s", ["4", "2", "none"])
        index._base.rows("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, told, row)")
        ours = index._base.rows("SELECT term, articles FROM frequency ORDER BY term")
        assert ours == index._base.rows("SELECT term, doc FROM vocabulary ORDER BY term")
        assert len(ours) > 10


def test_one_place_twice() -> None:
    """Keep the last of what one place brings at once, its paragraphs too."""
    with contextlib.closing(Index()) as index:
        (first, *rest) = articles(4, title="Notice {}", body="Dear reader, this is a notice under everything.")
        index.put("s", [first, *((first[0], "", one[2]) for one in rest)])
        assert len(index) == 1
        (known,) = index.telling(sorted(terms("a notice")), Window(("s",)), 5)
        assert known.article.title == "Notice 3"
        assert known.article.paragraphs[0].startswith("Dear reader")
        assert index._base.rows("SELECT count(*) FROM paragraph") == [(2,)]


def test_what_a_source_has_is_asked_of_it_alone() -> None:
    """By the address, or by the title where it has none; what was withdrawn is known whichever sources are asked."""
    with contextlib.closing(Index()) as index:
        (place, mark, filed), (other, _, linked) = articles(2)
        linked = replace(linked, url="https://example.org/1")
        index.put("s", [(place, mark, filed), (other, mark, linked)])
        for one in (filed, linked):
            assert index.has(one.title, one.url, ("s", "t"))
            assert not index.has(one.title, one.url, ("t",))
        index.forget("s", [other])
        assert index.has(linked.title, linked.url, ("t",))
