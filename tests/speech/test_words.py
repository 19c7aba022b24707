"""Words: whatever times Whisper gives, a transcript's are in order and inside the media."""

from hypothesis import given, settings
from hypothesis import strategies as st

from votd.media.speech.words import Heard, Region, clamp, glue, mend, utterances


def heard(*told: tuple[int, int, str], segment: int = 0) -> list[Heard]:
    """Make words as Whisper gives them."""
    return [Heard(segment, start, end, text, 0.5) for start, end, text in told]


def test_parts_of_a_word_are_joined() -> None:
    """Fail if a figure or a compound that Whisper parts is shown with a space inside."""
    parts = heard((0, 5, " about"), (5, 8, " 30"), (8, 9, ",000"), (9, 12, " anti"), (12, 15, "-war"), (15, 17, " 50"))
    assert [(w.start_ms, w.end_ms, w.text) for w in glue([*parts, *heard((17, 19, "%"))])] == [
        (0, 5, " about"),
        (5, 9, " 30,000"),
        (9, 15, " anti-war"),
        (15, 19, " 50%"),
    ]


def test_parts_of_two_segments_stay_apart() -> None:
    """Fail if a segment's first word, which has no space before it, is glued to the segment before."""
    assert len(glue([*heard((0, 5, "one")), *heard((5, 8, "two"), segment=1)])) == 2


def test_words_are_cut_to_the_speech() -> None:
    """Fail if a word stretched over a silence is not cut to the region that it shares most with."""
    regions = [Region(0, 1000), Region(41_000, 45_000)]
    words = heard((200, 900, "in"), (950, 1300, "ends"), (30_000, 41_500, "begins"), (44_900, 46_000, "last"))
    assert [(word.start_ms, word.end_ms) for word in clamp(words, regions)] == [
        (200, 900),
        (950, 1000),
        (41_000, 41_500),
        (44_900, 45_000),
    ]


def test_a_word_across_a_silence_goes_where_most_of_it_is() -> None:
    """Fail if a word that touches two regions is cut to the smaller share, or one that touches none is cut."""
    regions = [Region(0, 1000), Region(5000, 9000)]
    across, none = clamp(heard((900, 5500, "across"), (9100, 9200, "none")), regions)
    assert (across.start_ms, across.end_ms) == (5000, 5500)
    assert (none.start_ms, none.end_ms) == (9100, 9200)


def test_overlaps_are_mended() -> None:
    """Fail if overlapping, empty or late words keep their times, or a word in order loses its own."""
    words = heard((0, 500, "a"), (400, 700, "b"), (700, 700, "c"), (650, 900, "d"), (990, 1200, "e"))
    assert [(word.start_ms, word.end_ms) for word in mend(words, 1000)] == [
        (0, 400),
        (400, 700),
        (700, 701),
        (701, 900),
        (990, 1000),
    ]


def test_a_long_silence_parts_an_utterance() -> None:
    """Fail if words before and after a long silence stay one utterance."""
    told = heard((0, 500, " Before"), (500, 900, " it."), (41_000, 41_400, " After."))
    first, second = utterances(told, (), 60_000)
    assert (first.start_ms, first.end_ms, first.text) == (0, 900, "Before it.")
    assert (second.start_ms, second.end_ms, second.text) == (41_000, 41_400, "After.")


times = st.integers(-500, 6000)
any_heard = st.lists(
    st.builds(Heard, st.integers(0, 3), times, times, st.sampled_from([" a", "b", "", " "]), st.just(1.0))
)
any_regions = st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 900)), max_size=5)


@given(any_heard, any_regions, st.integers(0, 5000))
@settings(deadline=None)
def test_order_for_any_times(told: list[Heard], spans: list[tuple[int, int]], duration: int) -> None:
    """Fail if any times of Whisper's lead to words that overlap, last nothing or lie outside the media."""
    regions = [Region(start, start + length) for start, length in sorted(spans)]
    words = [word for utterance in utterances(told, regions, duration) for word in utterance.words]
    edges = [0, *(edge for word in words for edge in (word.start_ms, word.end_ms)), duration]
    assert edges == sorted(edges)
    assert all(word.start_ms < word.end_ms and word.text == word.text.strip() != "" for word in words)
    kept = sum(bool(word.text.strip()) for word in glue(told))
    assert len(words) == min(kept, duration)
