"""What a talk and its article tell differently: days in Macedonian, and long articles."""

import pytest

from votd.media.articles import differences as module
from votd.media.articles.differences import differences
from votd.media.articles.passages import Sentence
from votd.media.model import Word


def spoken(text: str) -> Sentence:
    """Return a sentence, half a second a word."""
    return Sentence(tuple(Word(i * 500, i * 500 + 400, word, 0.9) for i, word in enumerate(text.split())))


@pytest.mark.parametrize(
    ("said", "written", "days"),
    [
        ("Тоа беше во вторникот.", "Се собраа во понеделник.", ("вторникот", "понеделник")),
        ("Тоа беше во недела, навечер.", "Се собраа во саботата.", ("недела", "саботата")),
        ("Тоа беше во средата.", "По една недела се собраа, во недела.", ("средата", "недела")),
    ],
)
def test_days_in_macedonian(said: str, written: str, days: tuple[str, str]) -> None:
    """With their article or without."""
    (found,) = differences([spoken(said)], [0], [written])
    assert (found.kind, found.said, found.written) == ("date", *days)


@pytest.mark.parametrize(
    "said",
    [
        "Средствата ги нема.",
        "Средбата заврши.",
        "Саботажа беше тоа.",
        "Со недели чекаа.",
        "Оваа недела чекаа.",
        "Неделата заврши.",
        "Петочниот пазар е отворен.",
        "Во понеделник се собраа.",
    ],
)
def test_everyday_words_are_no_days(said: str) -> None:
    """Nor is a week a Sunday, nor an adjective a day."""
    assert differences([spoken(said)], [0], ["Се собраа во понеделникот."]) == ()


def test_the_figures_of_an_article_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sentences are compared with them."""
    read: list[list[str]] = []

    def counted(words: list[str]) -> tuple[()]:
        read.append(words)
        return ()

    monkeypatch.setattr(module, "figures", counted)
    differences([spoken("They will buy buses.")] * 5, [0] * 5, ["Eleven buses."])
    assert read.count(["Eleven", "buses."]) == 1
