"""Paragraphs and moments, chapters, figures, and what a talk and its article tell differently."""

import datetime as dt
import itertools
import math

import numpy as np
import pytest
from articles.bed.load import Talk
from bench_passages import WEIGHTS, Case, Sample, batch, expected
from hypothesis import given, settings
from hypothesis import strategies as st

from votd.media.articles import meaning
from votd.media.articles.chapters import chapters, heading_of
from votd.media.articles.differences import differences
from votd.media.articles.figures import figures
from votd.media.articles.passages import (
    BOTH,
    WORDS_ALONE,
    Sentence,
    aligned,
    likeliest,
    passages,
    sentences,
    signs,
    voice,
)
from votd.media.articles.words import stem, terms
from votd.media.model import Article, Passage, Transcript, Utterance, Word

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
    assert aligned(said, STORY, "en", "en", {}) == (3, None, 1)


def test_macedonian_speech_finds_english_paragraphs() -> None:
    """By meaning, since they share hardly a word."""
    said = (
        "Советот на Битола во понеделникот одлучи да купи единаесет автобуси на гас.",
        "Првите автобуси треба да дојдат во септември од фабрика во Бурса.",
    )
    assert aligned(said, STORY, "mk", "en", {}) == (0, 3)


@pytest.mark.parametrize(("said", "told"), [((), STORY), (("A sentence.",), ()), ((), ())])
def test_nothing_is_about_nothing(said: tuple[str, ...], told: tuple[str, ...]) -> None:
    """Without speech or paragraphs there are no passages."""
    assert aligned(said, told, "en", "en", {}) == (None,) * len(said)


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
@given(st.lists(st.lists(st.floats(-2, 6), min_size=3, max_size=3), min_size=1, max_size=4))
def test_each_sentence_tells_what_all_paths_together_say(rows: list[list[float]]) -> None:
    """Counted path by path, for short talks about two paragraphs."""

    def cost(told: int | None, before: int | None, one: int | None) -> float:
        if one is None or (before == one):
            return 0.0
        step = one - (-1 if told is None else told)
        first = told is None and one == 0
        going = BOTH.back if step <= 0 else 0.0 if first else BOTH.ahead
        return going + (BOTH.again if before is None else 0.0)

    sums = np.zeros((len(rows), 3))
    for path in itertools.product((0, 1, None), repeat=len(rows)):
        told, before, total = None, None, 0.0
        for row, one in zip(rows, path, strict=True):
            total += row[2 if one is None else one] - cost(told, before, one)
            told, before = (told if one is None else one), one
        for at, one in enumerate(path):
            sums[at, 2 if one is None else one] += math.exp(total)
    for own, one in zip(sums, likeliest(np.array(rows), BOTH), strict=True):
        assert own[2 if one is None else one] >= own.max() * (1 - 1e-6)


def test_talks_side_by_side_count_as_each_alone() -> None:
    """The fit fills a shorter talk up at its beginning, with what neither costs nor counts anything."""
    samples = []
    for said, labels in ((STORY, ({1}, {2}, set(), {4})), (("Three million euros.", "A bargain!"), ({2}, set()))):
        case = Case(Talk("", "plain", "en", dt.date.min, "", None, frozenset(), ()), Article("", STORY, ""), (), (), {})
        made = signs(said, STORY, "en", "en", {stem("bargain"): 1.0})
        samples.append(Sample(case, made, [frozenset(one) for one in labels]))
    values = np.linspace(-1, 1, WEIGHTS)

    def counted(some: list[Sample], right: bool) -> np.ndarray:
        one = batch(some, voice(), means=True)
        return expected(one, values, one.right if right else one.free)

    for right in (True, False):
        alone = [counted([one], right) for one in samples]
        assert counted(samples, right) == pytest.approx(sum(alone))
        assert abs(alone[1]).sum() > 1


def test_a_talk_may_begin_in_the_middle_and_go_back() -> None:
    """A strong sign beats every cost; a weak one between two of its neighbours does not."""
    strong = np.full((4, 4), -20.0)
    strong[range(4), (2, 0, 3, 1)] = 20
    assert likeliest(strong, BOTH) == (2, 0, None, 1)
    weak = np.array([[5.0, 0, 0], [0, 0.5, 0], [5.0, 0, 0]])
    assert likeliest(weak, BOTH) == (0, 0, 0)


def test_who_speaks_of_himself_tells_no_paragraph() -> None:
    """In both languages; the same words of others do."""
    said = ("I rode on my bus, and you on yours.", "Јас се возев во мојот автобус.", "They rode on a bus.")
    assert signs(said, STORY, "en", "en", {}).person.tolist() == [3, 2, 0]
    assert min(BOTH.person, WORDS_ALONE.person) > 0


def test_a_figure_of_one_paragraph_draws_its_sentence_there() -> None:
    """Though nothing else is said of it."""
    paragraphs = (
        "The ministry counted 4,200 tents in the camp on the border in spring.",
        "The ministry counted 9,100 tents in the camp on the border in summer.",
        "The opposition asks who pays for the camp.",
    )
    said = ("The opposition wants to know who pays for the camp.", "Think of it, 4,200 of them.")
    found = signs(said, paragraphs, "en", "en", {}).figures > 0
    assert found.tolist() == [[False, False, False], [True, False, False]]
    assert aligned(said, paragraphs, "en", "en", {}) == (2, 0)


def test_what_only_earlier_turns_told_is_an_aside() -> None:
    """It shares more with a paragraph than other asides do."""
    said = (
        "Bitola buys eleven buses that run on gas.",
        "In January two of the old buses burned at the depot.",
        "The first come in September.",
    )
    assert aligned(said, STORY, "en", "en", {}) == (0, 0, 3)
    assert aligned(said, STORY, "en", "en", dict.fromkeys(terms("burned at the depot in January"), 5.0)) == (0, None, 3)


def test_to_ask_is_no_aside() -> None:
    """Who asks about the news in the voice of an aside is still at the news; who says the same is not."""
    said = (STORY[0], "Have you ever sat in one of the old ones?", STORY[3])
    stated = (STORY[0], "Have you ever sat in one of the old ones.", STORY[3])
    assert aligned(said, STORY, "en", "en", {})[1] is not None
    assert aligned(stated, STORY, "en", "en", {})[1] is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("The old ones had holes instead of seats.", "en"), ("Старите имаа повеќе дупки отколку седишта.", "mk")],
)
def test_one_sentence_alone_finds_its_paragraph(text: str, language: str) -> None:
    """Its own nearness is not the mean that it has to stand out of."""
    assert aligned((text,), STORY, language, "en", {}) == (2,)


def test_without_meaning_the_words_still_find_their_paragraphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is optional."""
    monkeypatch.setattr(meaning, "available", lambda: False)
    said = (
        "My grandfather drove, and I sang with him.",
        "Three million euros, says mayor Vesna Krstanoska, a bargain.",
    )
    assert aligned(said, STORY, "en", "en", {}) == (None, 1)


def test_asides_sound_otherwise_than_news() -> None:
    """Also in sentences that nobody labelled, and in a language that no label was in."""
    said = (
        ("My uncle told me this over coffee, and he laughed.", "en"),
        ("Meine Großmutter hat immer gesagt, Geduld bringt Rosen.", "de"),
        ("The minister announced that the tender is cancelled.", "en"),
        ("Das Parlament hat das Gesetz mit zwei Stimmen Mehrheit angenommen.", "de"),
    )
    told = [float((meaning.text_vectors([text], tongue, query=True) @ voice())[0]) for text, tongue in said]
    assert min(told[:2]) > max(told[2:])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seventy-one children infected", [(71, "child")]),
        ("One million one hundred thousand euros, that was it", [(1_100_000, "eur")]),
        ("about 30,000 people and twelve percent of voters", [(30_000, "peopl"), (12, "%")]),
        ("In 2024 there were 3.05 million euros", [(3_050_000, "eur")]),
        ("три милиони и двесте илјади денари", [(3_200_000, "denar")]),
        ("вредни 3,2 милиони евра", [(3_200_000, "eur")]),
        ("дваесет и еден автобус", [(21, "bus")]),
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
