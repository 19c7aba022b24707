"""Where words may part: by punctuation in any language, by grammar in English and Macedonian."""

import tomllib
from pathlib import Path

import pytest

from votd.media.captions.breaks import SENTENCE, bonds
from votd.media.captions.cues import lines
from votd.media.model import CaptionStyle, WordClasses

TESTS = Path(__file__).parent
CONFIG = TESTS.parents[1] / "config"
STYLE = CaptionStyle(**tomllib.loads((CONFIG / "captions.toml").read_text("utf-8"))["style"])
NEVER = 70
"""From here on a break is one that a subtitler would not make."""


def classes(language: str) -> WordClasses:
    """Read a language's word classes as they ship."""
    table = tomllib.loads((CONFIG / f"words.{language}.toml").read_text("utf-8"))
    phrases = frozenset(part.strip() for part in table.pop("phrases").split("|"))
    ready = {name: tuple(v) if isinstance(v, list) else frozenset(v.split()) for name, v in table.items()}
    return WordClasses(**{**ready, "language": language, "phrases": phrases})


KNOWN = {language: classes(language) for language in ("en", "mk")}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "We saw the | bridge"),
        ("en", "a very old | castle"),
        ("en", "it was a dangerous | idea"),
        ("en", "asked Mr. | Cameron"),
        ("en", "asked Olaf | Scholz"),
        ("en", "it costs 40 | euros"),
        ("en", "it costs sixty | billion"),
        ("en", "on May | 4"),
        ("en", "on May 4, | 1847"),
        ("en", "then they | refused"),
        ("en", "that it's | late"),
        ("en", "they have | refused"),
        ("en", "they did not | refuse"),
        ("en", "we talked about | bread"),
        ("en", "they wanted to | leave"),
        ("en", "bread and | butter"),
        ("en", "I know that | whales"),
        ("en", "the government's | budget"),
        ("en", "she turned it | off"),
        ("en", "because | of them"),
        ("mk", "тие ќе | дојдат"),
        ("mk", "сака да | дојде"),
        ("mk", "тој не | дојде"),
        ("mk", "јас го | видов"),
        ("mk", "ние се | враќаме"),
        ("mk", "тие би | дошле"),
        ("mk", "живее во | куќа"),
        ("mk", "вели дека | доаѓа"),
        ("mk", "премиерот | Марковски"),
        ("mk", "чека Елена | Ристовска"),
        ("mk", "чинат 450 | милиони"),
        ("mk", "доаѓа на 3 | септември"),
        ("mk", "нашата | земја"),
        ("mk", "ја видовме старата | тврдина"),
        ("mk", "остана затоа | што врнеше"),
    ],
)
def test_what_never_parts(language: str, text: str) -> None:
    """Fail if words that lean on each other may be parted."""
    before, after = text.split(" | ")
    assert bonds([*before.split(), *after.split()], KNOWN[language])[len(before.split())] >= NEVER


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "en",
            [
                "They came. | They left",
                "they came, | and we left",
                "they know | that we left",
                "people came | from the village",
                "people carried | the boxes",
                "people carried big | boxes",
            ],
        ),
        (
            "mk",
            [
                "Дојдоа. | Заминаа",
                "дојдоа, | но заминавме",
                "знаат | дека заминавме",
                "луѓето дојдоа | од селото",
                "луѓето дојдоа | денес",
                "луѓето ќе | дојдат",
            ],
        ),
    ],
)
def test_the_order_of_breaks(language: str, texts: list[str]) -> None:
    """Fail if a break after punctuation is not better than one before a conjunction, a preposition, or elsewhere."""
    found = []
    for text in texts:
        before, after = text.split(" | ")
        found.append(bonds([*before.split(), *after.split()], KNOWN[language])[len(before.split())])
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("He came. She left.", [2]),
        ("Why? Because.", [1]),
        ("“Why?” he asked.", []),
        ("Well… maybe not.", []),
        ("Well… Maybe not.", [1]),
        ("with Mr. Smith and Dr. Jones", []),
        ("the U.S. Army", []),
        ("at 10 p.m. and later", []),
        ("J. F. Kennedy", []),
        ("他来了。 她走了。", [1]),
        ("هل جاء؟ نعم.", [2]),
        ("- Here? - There.", [2]),
    ],
)
def test_sentences(text: str, stops: list[int]) -> None:
    """Fail if a sentence's end is overlooked, or an abbreviation or a question within a sentence is taken for one."""
    found = bonds(text.split(), KNOWN["en"])
    assert [at for at in range(1, len(text.split())) if found[at] == SENTENCE] == stops


@pytest.mark.parametrize("text", ["wait !", "( here", "one – two", "«", "..."])
def test_signs_alone_stay_with_the_word_before(text: str) -> None:
    """Fail if a line may begin with a mark or a dash of its own."""
    words = ["so", *text.split()]
    found = bonds(words)
    assert all(found[at] == 100 for at, word in enumerate(words) if at and not word.isalnum())


def test_other_languages_know_punctuation() -> None:
    """Fail if a language without word classes does not part at punctuation first."""
    texts = ["Elle", "est", "venue,", "et", "puis", "tout", "le", "monde", "est", "parti", "pour", "Paris."]
    found = bonds(texts)
    assert found.index(min(found[1:-1]), 1) == 3
    assert len(found) == len(texts) + 1


@pytest.mark.parametrize("language", ["en", "mk"])
def test_blocks_broken_by_hand(language: str) -> None:
    """Fail if fewer than four in five of the blocks for work are broken as a subtitler broke them."""
    told = (TESTS / "breaks" / f"blocks.dev.{language}.txt").read_text("utf-8").strip().split("\n\n")
    right = sum("\n".join(lines(block.split(), STYLE, KNOWN[language])) == block for block in told)
    assert right / len(told) >= 0.8


@pytest.mark.parametrize("language", ["en", "mk"])
def test_word_classes_are_words(language: str) -> None:
    """Fail if a list holds something that no word of a transcript is compared with: capitals, spaces, empty lists."""
    known = KNOWN[language]
    for words in (known.articles, known.prepositions, known.conjunctions, known.leaders, known.verbs, known.units):
        assert words
        assert all(word == word.lower().strip() for word in words)
    assert all(len(phrase.split()) == 2 for phrase in known.phrases)
