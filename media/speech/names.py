"""Which words of a first hearing may be a misheard name, and whether a second hearing may correct them.

A run of words is *doubtful* where the recogniser was not sure of it and it sounds like a name that the story has. One
that sounds the same and is written as a name is spelled right at once; any other must be heard again, and the second
hearing counts only where it puts a name on that run. Figures below were set on the sample and five other talks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from votd.media.model import Finding, Recognition, Utterance, Word
from votd.media.speech.sounds import distance, plain, sounds, transliterated

SAME = 0.12
"""Up to here two spellings have one sound: "Bytola", "Karapolevsky", "Joseph Borrel"."""
ALIKE = 0.35
"""Up to here a run may be a misheard name: "Bulk grade", "All our shalts"; strangers are mostly above."""
SURE, SURE_NAME = 0.6, 0.85
"""Probabilities from which an ordinary word and a capitalised one count as heard well: foreign names that are heard
right reach 0.85, misheard ones stay under 0.8 with the base model."""
WHOLE = 0.2
"""Up to here a whole name is certain, if one of its words is near enough alone: "Petr Nendik", "Zoran Zeeve"."""
HEARD_AGAIN = 0.2
"""The least probability of a name in a second hearing: below it hotwords speak, not the sound."""
LONGEST_RUN = 5
MAX_NAMES = 8
MAX_WINDOW_MS, AROUND_MS = 7_000, 1_500
WINDOWS_A_MINUTE = 4
ALIKE_SHORT, _SHORT = 0.2, 6
_MIN_LETTERS = 4
_END = re.compile(r"[.!?…][\"”»')]*$")
_EDGES = re.compile(r"^(\W*)(.*?)((?:['’]s)?\W*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Words ``start`` to ``end`` (exclusive) of an utterance that may be ``name``; ``apart`` is their distance."""

    start: int
    end: int
    name: str
    apart: float


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch to be heard again, words ``start`` to ``end`` of the utterance's, with the names it may hold."""

    utterance: int
    start: int
    end: int
    names: tuple[str, ...]


def targets(names: Sequence[str], text: str) -> tuple[str, ...]:
    """Return what may be written: whole names and their longer parts, in the script of ``text``.

    A Cyrillic name is transliterated for speech in Latin letters; a Latin one is left out of Cyrillic speech, whose
    spelling nobody can tell from it.
    """
    cyrillic = _cyrillic(text)
    found: dict[str, None] = {}
    for name in names:
        written = name if _cyrillic(name) == cyrillic else "" if cyrillic else transliterated(name)
        found |= dict.fromkeys([written, *(part for part in written.split() if part[0].isupper())])
    return tuple(name for name in found if len(plain(name)) >= _MIN_LETTERS)


def doubts(words: Sequence[Word], names: Sequence[str], only_certain: bool = False) -> tuple[Doubt, ...]:
    """Find the runs that may be names, nearest first where they overlap, in the order of speech."""
    right = _already_right(words, names)
    found = [doubt for doubt in _alike(words, names) if not right.intersection(range(doubt.start, doubt.end))]
    # A longer name explains more of what was said: "Christian Mikoski" is not Mickoski alone.
    found = [doubt for doubt in found if not only_certain or certain(words, doubt)]
    found.sort(key=lambda doubt: doubt.apart - 0.02 * len(plain(doubt.name)))
    taken: list[Doubt] = []
    for doubt in found:
        if not any(doubt.start < other.end and other.start < doubt.end for other in taken):
            taken.append(doubt)
    return tuple(sorted(taken, key=lambda doubt: doubt.start))


def certain(words: Sequence[Word], doubt: Doubt) -> bool:
    """Tell whether a run needs no second hearing: the same sound, and written as a name."""
    run = words[doubt.start : doubt.end]
    near = doubt.apart <= SAME or (doubt.apart <= WHOLE and _each_alike(run, doubt.name.split()))
    return near and all(_capital(word) for word in run) and _inside(words, doubt)


def _each_alike(run: Sequence[Word], parts: Sequence[str]) -> bool:
    """Tell whether a run is a name of several words, word for word: all alike, and one of the same sound."""
    if len(parts) < 2 or len(run) != len(parts):
        return False
    apart = [distance(_core([word]), part) for word, part in zip(run, parts, strict=True)]
    return min(apart) <= SAME and max(apart) <= ALIKE


def spelled(heard: Recognition, names: Sequence[str]) -> Recognition:
    """Write the certain names right; times stay."""
    known = targets(names, heard.transcript.text)
    for at, utterance in enumerate(heard.transcript.utterances):
        for doubt in reversed(doubts(utterance.words, known, only_certain=True)):
            heard = corrected(heard, at, doubt, f"it sounds the same (distance {doubt.apart:.2f})")
    return heard


def windows(heard: Recognition, names: Sequence[str]) -> tuple[Window, ...]:
    """Return the stretches that must be heard again: at most four a minute, those nearest to a name.

    There are none in speech in which no name of the story was heard: it is about something else.
    """
    known = targets(names, heard.transcript.text)
    if not any(_mentions(utterance.words, known) for utterance in heard.transcript.utterances):
        return ()
    found: list[tuple[float, Window]] = []
    for at, utterance in enumerate(heard.transcript.utterances):
        near = [doubt for doubt in doubts(utterance.words, known) if not certain(utterance.words, doubt)]
        found += _grouped(at, utterance.words, near)
    most = max(2, heard.transcript.duration_ms * WINDOWS_A_MINUTE // 60_000)
    best = sorted(found, key=lambda rated: rated[0])[:most]
    return tuple(sorted((window for _, window in best), key=lambda window: (window.utterance, window.start)))


def judged(heard: Recognition, window: Window, second: Sequence[Word]) -> Recognition:
    """Take the names of a second hearing that stand where the first one doubted; all else of it is dropped."""
    utterance = heard.transcript.utterances[window.utterance]
    first = utterance.words[window.start : window.end]
    for doubt, sure in reversed(list(_replacements(first, second, window.names))):
        placed = replace(doubt, start=doubt.start + window.start, end=doubt.end + window.start)
        why = f"heard again, the name is there at {sure:.2f} (distance {doubt.apart:.2f} of {ALIKE} allowed)"
        heard = corrected(heard, window.utterance, placed, why)
    return heard


def corrected(heard: Recognition, at: int, doubt: Doubt, why: str) -> Recognition:
    """Put a name in the place of a run, between the run's punctuation and over its time, and note it."""
    utterances = list(heard.transcript.utterances)
    words = utterances[at].words
    old = words[doubt.start : doubt.end]
    new = _written(old, doubt.name)
    words = (*words[: doubt.start], *new, *words[doubt.end :])
    utterances[at] = Utterance(words[0].start_ms, words[-1].end_ms, " ".join(word.text for word in words), words)
    note = Finding("name", old[0].start_ms, old[-1].end_ms, _text(old), _text(new), f"A name of the story: {why}.")
    transcript = replace(heard.transcript, utterances=tuple(utterances))
    return replace(heard, transcript=transcript, findings=(*heard.findings, note))


def _replacements(first: Sequence[Word], second: Sequence[Word], names: Sequence[str]) -> Iterator[tuple[Doubt, float]]:
    """Pair the names that are new in the second hearing with the doubtful runs between words that both heard."""
    codes = SequenceMatcher(None, [plain(w.text) for w in first], [plain(w.text) for w in second], False).get_opcodes()
    for kind, i1, i2, j1, j2 in codes:
        if kind != "replace":
            continue
        start = i1
        for name, sure in _said(second[j1:j2], names):
            near = [d for d in _alike(first[:i2], [name]) if d.start >= start]
            best = min(near, key=lambda doubt: doubt.apart, default=None)
            if best and sure >= HEARD_AGAIN:
                start = best.end
                yield best, sure


def _said(words: Sequence[Word], names: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield the names that a stretch is made of in part, the longest first at each place, with their probability."""
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_RUN, len(words) - at), 0, -1):
            run = words[at : at + length]
            name = next((name for name in names if plain(name) == plain(_EDGES.sub(r"\2", _text(run)))), None)
            if name:
                yield name, min(word.probability or 0.0 for word in run)
                at += length - 1
                break
        at += 1


def _alike(words: Sequence[Word], names: Sequence[str]) -> Iterator[Doubt]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_RUN, len(words)) + 1):
            run = words[start:end]
            if any(_END.search(word.text) for word in run[:-1]):
                break
            if not _unsure(run):
                continue
            text = _core(run)
            letters = len(plain(text))
            for name in names:
                # Sounds that differ in number by half cannot be near enough; the cheap look saves most of the work.
                if len(plain(name)) < 2 * letters < 4 * len(plain(name)) and (
                    apart := distance(text, name)
                ) <= _allowed(name):
                    yield Doubt(start, end, name, apart)


def _allowed(name: str) -> float:
    """Return how far a run may be from a name: short names are near to many words."""
    return ALIKE if len(sounds(name)) > _SHORT else ALIKE_SHORT


def _unsure(run: Sequence[Word]) -> bool:
    """Tell whether a run may be anything else than what was heard.

    No word of it was heard well, but for a short one inside ("and a novice") and, in a name of several words, some
    capitalised ones ("Joseph Borrel"). One ordinary word alone is never doubted: "curt" is no Kurti.
    """
    well = [_well(word) for word in run]
    if all(well) or (len(run) == 1 and not _capital(run[0])):
        return False
    return all(
        not sure
        or (0 < at < len(run) - 1 and len(plain(word.text)) <= 3)
        or (_capital(word) and len(plain(word.text)) > 3)
        for at, (word, sure) in enumerate(zip(run, well, strict=True))
    )


def _well(word: Word) -> bool:
    return word.probability is None or word.probability >= (SURE_NAME if _capital(word) else SURE)


def _already_right(words: Sequence[Word], names: Sequence[str]) -> set[int]:
    """Return the places of words that are names as they stand, or forms of them: "Ukrainian", "Macron's"."""
    right: set[int] = set()
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_RUN, len(words)) + 1):
            run = words[start:end]
            text = plain(_core(run))
            if any(_stands(run, text, name) for name in names):
                right |= set(range(start, end))
    return right


def _mentions(words: Sequence[Word], names: Sequence[str]) -> bool:
    """Tell whether a name is heard right, as a name is written."""
    return any(_capital(words[at]) and len(plain(words[at].text)) > _MIN_LETTERS for at in _already_right(words, names))


def _stands(run: Sequence[Word], text: str, name: str) -> bool:
    """Tell whether a run is a name, or one word that is its form: an ending of three letters more, or another one.

    "Andonovich" is no form of "Andonovic" but the same sound, unless it was heard well.
    """
    folded = plain(name)
    if text == folded or len(run) > 1:
        return text == folded
    stem = folded[:-1] if len(folded) > _MIN_LETTERS + 1 and folded[-1] in "aeiou" else folded
    ending = text.startswith(stem) and len(folded) <= len(text) <= len(folded) + 3
    return ending and (_well(run[0]) or distance(text, name) > SAME / 2)


def _grouped(at: int, words: Sequence[Word], near: Sequence[Doubt]) -> Iterator[tuple[float, Window]]:
    """Put doubts that stand close together into one window: each decode costs as much as thirty seconds do."""
    while near:
        end_ms = words[near[0].start].start_ms + MAX_WINDOW_MS - 2 * AROUND_MS
        group = [doubt for doubt in near if doubt is near[0] or words[doubt.end - 1].end_ms <= end_ms]
        start_ms, end_ms = words[group[0].start].start_ms - AROUND_MS, words[group[-1].end - 1].end_ms + AROUND_MS
        inside = [i for i, word in enumerate(words) if word.start_ms >= start_ms and word.end_ms <= end_ms]
        first, last = min([group[0].start, *inside]), max([group[-1].end - 1, *inside])
        names = tuple(dict.fromkeys(doubt.name for doubt in sorted(group, key=lambda doubt: doubt.apart)))
        yield min(doubt.apart for doubt in group), Window(at, first, last + 1, names[:MAX_NAMES])
        near = near[len(group) :]


def _written(old: Sequence[Word], name: str) -> tuple[Word, ...]:
    """Write a name over a run's time, each word in proportion to its letters, with the run's edges and ending."""
    before, after = _EDGES.sub(r"\1", old[0].text), _EDGES.sub(r"\3", old[-1].text)
    parts = name.split()
    parts[0], parts[-1] = before + parts[0], parts[-1] + after
    if len(parts) == len(old):
        return tuple(replace(word, text=part) for word, part in zip(old, parts, strict=True))
    start, length, letters = old[0].start_ms, old[-1].end_ms - old[0].start_ms, len("".join(parts))
    edges = [start + length * len("".join(parts[:at])) // letters for at in range(len(parts) + 1)]
    doubt = min((word.probability for word in old if word.probability is not None), default=None)
    return tuple(Word(edges[at], max(edges[at + 1], edges[at] + 1), part, doubt) for at, part in enumerate(parts))


def _inside(words: Sequence[Word], doubt: Doubt) -> bool:
    """Tell whether a capital means a name: inside a sentence, or over several words."""
    return doubt.end - doubt.start > 1 or (doubt.start > 0 and not _END.search(words[doubt.start - 1].text))


def _capital(word: Word) -> bool:
    return _EDGES.sub(r"\2", word.text)[:1].isupper()


def _core(run: Sequence[Word]) -> str:
    return _EDGES.sub(r"\2", _text(run))


def _text(run: Sequence[Word]) -> str:
    return " ".join(word.text for word in run)


def _cyrillic(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum("\u0400" <= letter <= "\u04ff" for letter in letters) * 2 > len(letters)
