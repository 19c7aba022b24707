"""Paragraphs and moments, chapters, figures, and what a talk and its article tell differently."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from votd.media.articles.chapters import chapters, heading_of
from votd.media.articles.differences import differences
from votd.media.articles.figures import figures
from votd.media.articles.passages import BOTH, Sentence, aligned, best_path, passages, sentences
from votd.media.model import Passage, Transcript, Utterance, Word

STORY = (
    "The council of Bitola agreed on Monday to buy eleven buses that run on gas.",
    "They cost three million euros. Mayor Vesna Krstanoska called the price a bargain for the town.",
    "Councillors of the opposition said that the old buses had more holes than seats.",
    "The first buses are to come in September from a factory in Bursa.",
)


def spoken(text: str, start_ms: int = 0, probability: float = 0.9) -> Sentence:
    """Return a sentence, half a second a word."""
    words = [
        Word(start_ms + i * 500, start_ms + i * 500 + 400, word, probability) for i, word in enumerate(text.split())
    ]
    return Sentence(tuple(words))


def transcript(text: str) -> Transcript:
    """Return a transcript of one utterance."""
    words = spoken(text).words
    return Transcript("en", 0.9, 100_000, (Utterance(0, 99_000, text, words),))


def test_sentences_find_their_paragraphs() -> None:
    """In the speaker's own order, with a digression between."""
    said = (
        "The first of them should come in September from a Turkish factory in Bursa.",
        "My grandfather drove on that very line, and he sang.",
        "Three million euros, and the mayor Vesna Krstanoska calls it a bargain.",
    )
    assert aligned(said, STORY, "en", "en") == (3, None, 1)


def test_macedonian_speech_finds_english_paragraphs() -> None:
    """By meaning, since they share hardly a word."""
    said = (
        "Советот на Битола во понеделникот одлучи да купи единаесет автобуси на гас.",
        "Првите автобуси треба да дојдат во септември од фабрика во Бурса.",
    )
    assert aligned(said, STORY, "mk", "en") == (0, 3)


@pytest.mark.parametrize(("said", "told"), [((), STORY), (("A sentence.",), ()), ((), ())])
def test_nothing_is_about_nothing(said: tuple[str, ...], told: tuple[str, ...]) -> None:
    """Without speech or paragraphs there are no passages."""
    assert aligned(said, told, "en", "en") == (None,) * len(said)


def test_neighbours_on_one_paragraph_are_one_passage() -> None:
    """A digression between parts them."""
    said = [spoken("a b.", at) for at in (0, 2000, 4000, 6000)]
    assert passages(said, (1, 1, None, 1)) == (Passage(1, 0, 2900), Passage(1, 6000, 6900))


def test_sentences_are_cut_at_their_ends_and_at_pauses() -> None:
    """Each word stands in one sentence, in order."""
    made = sentences(transcript("One two three. Four five? Six"))
    assert [one.text for one in made] == ["One two three.", "Four five?", "Six"]
    assert len(sentences(transcript("word " * 100))) == 3
    assert sentences(Transcript("und", 0.0, 4000, ())) == ()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.floats(-2, 8), min_size=3, max_size=3), min_size=1, max_size=8))
def test_the_path_is_the_best_there_is(rows: list[list[float]]) -> None:
    """Against every other path, for short talks."""
    import itertools

    import numpy as np

    like = np.array(rows, np.float32)

    def worth(path: tuple[int | None, ...]) -> float:
        total = sum(BOTH.digression if at is None else float(like[i, at]) for i, at in enumerate(path))
        for one, other in itertools.pairwise(path):
            if one != other:
                near = one is not None and other is not None and other == one + 1
                total -= BOTH.leave if None in (one, other) else BOTH.jump / 2 if near else BOTH.jump
        return total

    found = best_path(like, BOTH)
    some = itertools.product((0, 1, 2, None), repeat=min(len(rows), 5))
    assert len(found) == len(rows)
    if len(rows) <= 5:
        assert worth(found) >= max(map(worth, some)) - 1e-4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seventy-one children infected", [(71, "childr")]),
        ("One million one hundred thousand euros, that was it", [(1_100_000, "euro")]),
        ("about 30,000 people and twelve percent of voters", [(30_000, "people"), (12, "%")]),
        ("In 2024 there were 3.05 million euros", [(3_050_000, "euro")]),
        ("три милиони и двесте илјади денари", [(3_200_000, "denar")]),
        ("вредни 3,2 милиони евра", [(3_200_000, "euro")]),
        ("дваесет и еден автобус", [(21, "avtobu")]),
        ("on the second day", []),
        ("one of the two", []),
        ("1.2.3.4 and 12345678901234567890", []),
    ],
)
def test_figures_however_they_are_written(text: str, found: list[tuple[float, str]]) -> None:
    """With what they count; years, ordinals and bare numbers are none."""
    assert [(one.value, one.unit) for one in figures(text.split())] == found


@given(st.text(alphabet="0123456789.,% -éеден twohundred", max_size=60))
def test_no_text_breaks_the_figures(text: str) -> None:
    """Whatever stands there."""
    assert all(one.value >= 0 for one in figures(text.split()))


@pytest.mark.parametrize(
    ("said", "paragraph", "kind", "written"),
    [
        ("They will buy fifteen buses on gas.", 0, "figure", "eleven buses"),
        ("It was agreed on Tuesday.", 0, "date", "Monday"),
        ("For mayor Elena Manevska it is a bargain.", 1, "name", "Vesna Krstanoska"),
    ],
)
def test_a_contradiction_is_told_with_both_places(said: str, paragraph: int, kind: str, written: str) -> None:
    """A figure, a day, a name."""
    (found,) = differences([spoken(said, 5000)], [paragraph], STORY)
    assert (found.kind, found.paragraph, found.written) == (kind, paragraph, written)
    assert found.start_ms >= 5000
    assert "one of the two is wrong" in found.why


@pytest.mark.parametrize(
    ("said", "paragraph"),
    [
        ("Eleven buses it is.", 0),
        ("It costs almost 2.9 million euros.", 1),
        ("Mayor Krstanoska smiles.", 1),
        ("Two hundred people were there.", 0),
        ("On Monday they agreed.", 0),
        ("Nobody wants 900 buses.", 0),
    ],
)
def test_what_agrees_or_cannot_be_compared_is_not_told(said: str, paragraph: int) -> None:
    """Rounding, a surname alone, a figure of something else."""
    assert differences([spoken(said)], [paragraph], STORY) == ()


@pytest.mark.parametrize(
    ("said", "probability"), [("Mayor Vesna Kerstanovska smiles.", 0.9), ("They will buy fifteen buses.", 0.3)]
)
def test_what_was_misheard_is_no_contradiction(said: str, probability: float) -> None:
    """A name that sounds alike, and a word of which the recogniser was unsure."""
    (found,) = differences([spoken(said, probability=probability)], [1 if "Mayor" in said else 0], STORY)
    assert "misheard" in found.why


def test_chapters_follow_each_other() -> None:
    """Without gaps, of ten seconds at least; none where there would be fewer than three."""
    told = [Passage(2, 3000, 9000), Passage(0, 12_000, 20_000), Passage(1, 21_000, 24_000), Passage(3, 40_000, 50_000)]
    made = chapters(told, STORY, "Title", 60_000)
    assert [(one.start_ms, one.end_ms) for one in made] == [(0, 12_000), (12_000, 40_000), (40_000, 60_000)]
    assert made[0].title == heading_of(STORY[2])
    assert chapters(told[:2], STORY, "Title", 60_000) == ()
    assert chapters((), STORY, "Title", 60_000) == ()


@pytest.mark.parametrize(
    ("paragraph", "heading"),
    [
        ("Short one. And more.", "Short one"),
        ("“Quoted,” he said. And more.", "Quoted,” he said"),
        ("word " * 30, "word " * 13 + "word…"),
        (
            "The war has now passed its second anniversary, and nobody at the table expected an end.",
            "The war has now passed its second anniversary",
        ),
    ],
)
def test_a_heading_is_short(paragraph: str, heading: str) -> None:
    """The first sentence, a clause of it, or its beginning."""
    assert heading_of(paragraph) == heading
