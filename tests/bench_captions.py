"""Judge line and cue breaks against those made by hand, and time 100,000 words.

    python tests/bench_captions.py [--held-out] [--misses]

Blocks: two-line blocks broken exactly as by hand. Passages: F1 of the positions between words at which cues end, the
words timed at a natural pace. Against: greedy fill (each line as full as it goes, two lines a cue); balance only (the
even break; cues greedily full); and Subtitle Edit's order of rules as its users see it: split at a sentence's end or a
dialogue's dash if both parts fit, else at a comma near the middle, else at the space nearest to the middle; for
passages its split of long lines: at a sentence's end, else a comma, else as full as it goes.
"""

import argparse
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from votd.media.captions.cues import cues, lines
from votd.media.model import CaptionStyle, Transcript, Utterance, Word, WordClasses

TESTS = Path(__file__).parent
CONFIG = TESTS.parent / "config"
STYLE = CaptionStyle(**tomllib.loads((CONFIG / "captions.toml").read_text("utf-8"))["style"])
WIDTH = STYLE.max_line_length
Lines = Callable[[Sequence[str]], Sequence[str]]
Ends = Callable[[Sequence[str]], set[int]]


def classes(language: str) -> WordClasses:
    """Read a language's word classes."""
    table = tomllib.loads((CONFIG / f"words.{language}.toml").read_text("utf-8"))
    return WordClasses(**{name: _value(name, value) for name, value in table.items()})


def _value(name: str, value: str | list[str]) -> str | frozenset[str] | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(value)
    if name == "language":
        return value
    return frozenset(part.strip() for part in value.split("|")) if name == "phrases" else frozenset(value.split())


def spoken(words: Sequence[str], language: str) -> Transcript:
    """Time words: 15 characters a second, 250 ms after a sentence, 120 ms after a clause."""
    at, told = 0, []
    for word in words:
        end = at + max(1, round((len(word) + 1) * 1000 / 15))
        told.append(Word(at, end, word, 1.0))
        bare = word.rstrip("\"'”’»)]“")
        at = end + (250 if bare.endswith((".", "!", "?", "…")) else 120 if bare.endswith((",", ";", ":")) else 0)
    utterance = Utterance(0, at, " ".join(words), tuple(told))
    return Transcript(language, 1.0, at + 1000, (utterance,))


# --- what it is compared with --------------------------------------------------------------------------------


def greedy(words: Sequence[str]) -> list[str]:
    """Fill the top line."""
    filled = [words[0]]
    for word in words[1:]:
        if len(filled[-1]) + 1 + len(word) > WIDTH:
            filled.append(word)
        else:
            filled[-1] += " " + word
    return filled


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return [pair for pair in pairs if max(map(len, pair)) <= WIDTH]


def balanced(words: Sequence[str]) -> Sequence[str]:
    """Break at the space nearest to the middle."""
    return min(_pairs(words), key=lambda pair: abs(len(pair[0]) - len(pair[1])), default=greedy(words))


def by_order(words: Sequence[str]) -> Sequence[str]:
    """Break at a sentence's end, else at a comma in the middle third, else nearest to the middle."""
    whole = len(" ".join(words))
    for ends, least in (((".", "!", "?"), 0.15), ((",",), 1 / 3)):
        found = [pair for pair in _pairs(words) if pair[0].endswith(ends) and min(map(len, pair)) >= least * whole]
        if found:
            return min(found, key=lambda pair: abs(len(pair[0]) - len(pair[1])))
    return balanced(words)


def full_cues(words: Sequence[str]) -> set[int]:
    """End a cue where no further word fits."""
    ends, first = set(), 0
    for at in range(1, len(words) + 1):
        if len(greedy(words[first:at])) > 2:
            ends.add(at - 1)
            first = at - 1
    return ends


def ordered_cues(words: Sequence[str]) -> set[int]:
    """End a cue at the last sentence's end that fits, else the last comma, else where it is full."""
    ends, first = set[int](), 0
    while first < len(words):
        fitting = [at for at in range(first + 1, len(words) + 1) if len(greedy(words[first:at])) <= 2]
        if fitting[-1] == len(words):
            break
        for marks in ((".", "!", "?"), (",",), ("",)):
            stops = [at for at in fitting if words[at - 1].endswith(marks)]
            if stops:
                first = stops[-1]
                ends.add(first)
                break
    return ends


# --- the figures -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """One way to break: its name, its lines of a block, its cues' ends in a passage."""

    name: str
    lines: Lines
    ends: Ends


def ours(language: str) -> Way:
    """Return our way for one language."""
    known = classes(language)

    def ends(words: Sequence[str]) -> set[int]:
        at, found = 0, set()
        for cue in cues(spoken(words, language), STYLE, known):
            at += len(" ".join(cue.lines).split())
            found.add(at)
        return found - {len(words)}

    return Way("ours", lambda words: lines(words, STYLE, known), ends)


def read(kind: str, half: str, language: str, mark: str) -> list[str]:
    """Read what was broken by hand, one text a piece."""
    path = TESTS / "captions" / "breaks" / f"{kind}.{half}.{language}.txt"
    return [part.strip("\n") for part in path.read_text("utf-8").split(mark) if part.strip()]


def blocks(way: Way, half: str, language: str, misses: bool) -> tuple[int, int]:
    """Count the blocks that are broken as by hand, and all."""
    right = 0
    told = read("blocks", half, language, "\n\n")
    for block in told:
        made = "\n".join(way.lines(block.split()))
        right += made == block
        if misses and made != block:
            print(f"by hand:\n{block}\nmade:\n{made}\n")
    return right, len(told)


def passages(way: Way, half: str, language: str, misses: bool) -> tuple[int, int, int]:
    """Count cue ends within passages: right, made, by hand."""
    right = made = hand = 0
    for passage in read("passages", half, language, "---\n"):
        at, truth = 0, set()
        for cue in passage.split("\n\n"):
            at += len(cue.split())
            truth.add(at)
        words = passage.split()
        truth -= {len(words)}
        found = way.ends(words)
        right, made, hand = right + len(found & truth), made + len(found), hand + len(truth)
        if misses and found != truth:
            show = [word + " ‖" * (n in truth) + " ◊" * (n in found) for n, word in enumerate(words, 1)]
            print(" ".join(show), "\n")
    return right, made, hand


def table(half: str, misses: bool) -> None:
    """Print one row a way: blocks and passages, English, Macedonian, both."""
    print(f"{half:24}{'blocks exact':>30}{'cue ends F1':>30}")
    print(f"{'':24}" + "".join(f"{head:>10}" for head in ("en", "mk", "both") * 2))
    for name in ("ours", "greedy fill", "balance only", "order of rules"):
        exact, ends = [], []
        for language in ("en", "mk"):
            way = {
                "ours": ours(language),
                "greedy fill": Way(name, greedy, full_cues),
                "balance only": Way(name, balanced, full_cues),
                "order of rules": Way(name, by_order, ordered_cues),
            }[name]
            exact.append(blocks(way, half, language, misses and name == "ours"))
            ends.append(passages(way, half, language, misses and name == "ours"))
        shares = [right / total for right, total in [*exact, tuple(map(sum, zip(*exact, strict=True)))]]
        scores = [2 * r / (m + h) for r, m, h in [*ends, tuple(map(sum, zip(*ends, strict=True)))]]
        print(f"{name:24}" + "".join(f"{share:10.1%}" for share in shares) + "".join(f"{f1:10.3f}" for f1 in scores))


def speed() -> None:
    """Print the CPU time for 25,000 to 100,000 words."""
    words = [word for passage in read("passages", "dev", "en", "---\n") for word in passage.split()]
    for count in (25_000, 50_000, 100_000):
        told = spoken((words * (count // len(words) + 1))[:count], "en")
        begun = time.process_time()
        made = cues(told, STYLE, classes("en"), shots=range(0, told.duration_ms, 4000))
        print(f"{count:7} words: {len(made):6} cues in {time.process_time() - begun:.2f} s of CPU")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held-out", action="store_true", help="the closing figure too")
    parser.add_argument("--misses", action="store_true", help="show where ours differs")
    asked = parser.parse_args()
    table("dev", asked.misses)
    if asked.held_out:
        table("held_out", False)
    speed()
