"""Proper names out of articles."""

from pathlib import Path

import pytest

from votd.media.articles.names import names
from votd.media.model import Article

TALKS = Path(__file__).parents[1] / "speech" / "commentaries"


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("VIDEO | Andonovic: A title", "It rained.", ("Andonovic",)),
        ("Rain", "The envoy of Ursula von der Leyen met Osama bin Said.", ("Ursula von der Leyen", "Osama bin Said")),
        ("Rain", "Never before. Skopje waits, and in Skopje it rains.", ("Skopje",)),
        ("Rain", "Yesterday Zoran Zaev spoke on Monday.", ("Zoran Zaev",)),
        ("Rain", "He asked Zaev, Tsipras and Kurti's mayor.", ("Zaev", "Tsipras", "Kurti")),
        ("Дожд", "Во Скопје зборуваше Стево Пендаровски.", ("Скопје", "Стево Пендаровски")),
        ("Rain", "It fell in Bitola.\n\nDear reader,\n\nHelp the Vardar Lantern.", ("Bitola",)),
        ("GREAT RAIN TODAY HERE", "It fell.", ()),
    ],
)
def test_names(title: str, text: str, found: tuple[str, ...]) -> None:
    """Capitalised runs inside sentences, particles kept, appeals, days and sentence starts left out."""
    assert names(Article(title, tuple(text.split("\n\n")), "a.txt")) == found


def test_a_name_has_an_end() -> None:
    """A list of capitalised words without one costs time by its length alone."""
    found = names(Article("Rain", ("He asked " + "Zoran Zaev " * 40_000,), "a.txt"))
    assert found == (" ".join(["Zoran Zaev"] * 4),)


@pytest.mark.parametrize("talk", ["cinema", "dialogue", "handball", "motorway"])
def test_names_of_whole_articles(talk: str) -> None:
    """The commentator comes first, none twice, and names of several words are whole."""
    title, *paragraphs = (TALKS / f"{talk}.article.txt").read_text(encoding="utf-8").strip().split("\n\n")
    found = names(Article(title, tuple(paragraphs), f"{talk}.txt"))
    assert found[0] == "Andonovic"
    assert len(found) == len(set(found))
    whole = {"cinema": "Milcho Manchevski", "dialogue": "Alexis Tsipras", "handball": "Sergey Samsonenko"}
    assert whole.get(talk, "Ursula von der Leyen") in found
