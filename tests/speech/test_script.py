"""Reading scripts, and following them through an attention that is laid down in the test; pure."""

from collections.abc import Sequence

import pytest

from votd.media.errors import RejectedSource
from votd.media.speech import script
from votd.media.speech.align import begin
from votd.media.speech.follow import Placed, Timed, follow, value
from votd.media.speech.script import Unit
from votd.media.speech.words import Region

RIVER = "Реката тече. Никој не слуша."


@pytest.mark.parametrize(
    ("data", "paragraphs"),
    [
        (b"One.\r\nTwo.\r\n\r\nThree.\n", ("One. Two.", "Three.")),
        (b"\xef\xbb\xbfOne.", ("One.",)),
        (RIVER.encode("utf-16"), (RIVER,)),
        (RIVER.encode("windows-1251"), (RIVER,)),
        (b"# Heading\n\n[camera two]\nHello.\n(laughs)\n\n---\n\nBye.", ("Hello.", "Bye.")),
        (b"ANDONOVIC: Good evening.\nSee https://example.org/a now: go.", ("Good evening. See   now: go.",)),
        ("АНДОНОВИЌ: Добра вечер.".encode(), ("Добра вечер.",)),
        (b"I say: wait. (Not) everything in brackets [goes].", ("I say: wait. (Not) everything in brackets [goes].",)),
    ],
)
def test_read(data: bytes, paragraphs: tuple[str, ...]) -> None:
    """Fail if a script loses what is spoken, or keeps what is not."""
    assert tuple(" ".join(text.split()) for text in script.read(data)) == tuple(" ".join(p.split()) for p in paragraphs)


@pytest.mark.parametrize(
    "data", [b"", b" \n\n", b"[music]", b"\0\1\2", b"MZ\x01\x02 text", b"--- ...", b"a" * 2_000_001]
)
def test_refused(data: bytes) -> None:
    """Fail if a file without spoken words, or one that is no text, is taken for a script."""
    with pytest.raises(RejectedSource, match=r"^The script .*\.$"):
        script.read(data)


def test_units() -> None:
    """Fail if words are lost, a dash stands alone, an abbreviation ends a sentence or a piece is too long."""
    long = " ".join(["word"] * 20) + ", " + " ".join(["more"] * 20) + "."
    made = script.units(["Dr. No came – at last. He left!", long])
    assert [unit.words for unit in made[:2]] == [("Dr.", "No", "came\u00a0–", "at", "last."), ("He", "left!")]
    assert [unit.sentence for unit in made] == [0, 1, 2, 2]
    assert made[2].words[-1] == "word,"
    assert all(len(unit.words) <= script.MAX_UNIT_WORDS for unit in made)


@pytest.mark.parametrize(("text", "tag"), [("Ќе одам.", "mk"), ("Река.", None), ("River.", None)])
def test_language(text: str, tag: str | None) -> None:
    """Fail if letters that only Macedonian has do not tell it, or others do."""
    assert script.language([text]) == tag


def test_value() -> None:
    """Fail if words with length and probability do not speak for themselves, and the others against."""
    assert value([Timed(0, 200, 0.9)]) > 0
    assert value([Timed(0, 200, 0.01)]) < 0
    assert value([Timed(0, 0, 0.9)]) < 0


@pytest.mark.parametrize(
    ("word", "start"),
    [((850, 1600), 1500), ((850, 1530), 850), ((1550, 1800), 1550), ((850, 2100), 1500), ((1450, 1700), 1500)],
    ids=["over the pause", "before it", "after it", "over a shorter one too", "from inside it"],
)
def test_begin(word: tuple[int, int], start: int) -> None:
    """Fail if a sentence begins with the last sound of the one before, or a word is moved that is in its place."""
    assert begin([Region(0, 900), Region(1500, 1900), Region(2000, 3000)], *word) == start


def test_follow_leaves_out_what_was_not_spoken() -> None:
    """Fail if a sentence without length stays, one beside it goes, or the surplus behind the sound is shown."""
    units = [Unit(number, (f"a{number}", "b", "c", "d")) for number in range(5)]
    spoken = {0: 0, 2: 4000, 3: 8000}

    def place(at_ms: int, asked: Sequence[Unit]) -> list[Placed]:
        placed = []
        for unit in asked:
            start = spoken.get(unit.sentence)
            if start is None:
                placed.append((Timed(11_900, 11_900, 0.01),) * 4)
            else:
                placed.append(tuple(Timed(start + 900 * at, start + 900 * at + 800, 0.8) for at in range(4)))
        return placed

    said = follow(units, place, [Region(0, 11_900)], lambda at: None)
    assert [(word.unit, word.word) for word in said] == [(unit, word) for unit in (0, 2, 3) for word in range(4)]
