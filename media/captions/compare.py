"""A person's cues against what was heard: the transcript that follows from them, and what they changed; pure."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

from votd.media.errors import BadRequest
from votd.media.model import Cue, Transcript, Utterance, Word

NEAR_MS = 500
"""How far outside its cue a word may have been heard: people set cues by eye."""
MANY_WORDS = 5000
"""From here on, the words that stand everywhere no longer begin a match: comparing would be quadratic in them."""
NOT_LETTERS = re.compile(r"\W+")
EDGES = re.compile(r"^\W+|\W+$")
SENTENCE_END = re.compile(r"[.!?…]\W*$")
BREAK = re.compile(r"[^\w\s'’-]\W*$")
POSSESSIVE = re.compile(r"['’]s?$")
PARTICLES = frozenset(
    {"de", "la", "van", "von", "der", "den", "di", "da", "del", "al", "bin", "ибн", "де", "ван", "фон"}
)
NO_NAMES = frozenset({"I", "I'm", "I'll", "I've", "I'd"})


@dataclass(frozen=True, slots=True)
class Change:
    """What a person put in the place of what was heard; ``opens``: it begins a sentence, where all is capitalised."""

    start_ms: int
    heard: str
    corrected: str
    opens: bool = False


def transcript(cues: Sequence[Cue], before: Transcript | None, language: str, duration_ms: int) -> Transcript:
    """Return the words of a person's cues, an utterance a cue.

    Words that were heard there keep their times and probabilities; the others are spread between them by their
    lengths. Raises ``BadRequest`` for cues out of order.
    """
    if any(one.end_ms > two.start_ms for one, two in pairwise(cues)):
        raise BadRequest("The cues are out of order or overlap: read them anew from their file.")
    heard = before.words if before else ()
    starts = [word.start_ms for word in heard]
    made, after = [], 0
    for cue in cues:
        texts = " ".join(cue.lines).split()
        end_ms = min(cue.end_ms, duration_ms)
        if not texts or cue.start_ms >= end_ms:
            continue
        first = max(after, bisect_left(starts, cue.start_ms - NEAR_MS))
        near = heard[first : bisect_left(starts, end_ms + NEAR_MS, first)]
        same = _same(texts, near)
        after = max((first + at + 1 for at in same.values()), default=after)
        words = _timed(texts, {at: near[other] for at, other in same.items()}, cue.start_ms, end_ms)
        made.append(Utterance(cue.start_ms, end_ms, " ".join(texts), words))
    sure = before.language_probability if before and before.language == language else 1.0
    return Transcript(language, sure, duration_ms, tuple(made))


def changes(before: Transcript, after: Transcript) -> tuple[Change, ...]:
    """Return where the words differ, in order; a capital at the beginning of a sentence is no difference."""
    old, new = before.words, after.words
    matcher = _matcher([word.text for word in old], [word.text for word in new])
    found: list[Change] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        pairs = [(a, b, c, d)] if kind != "equal" else [(a + n, a + n + 1, c + n, c + n + 1) for n in range(b - a)]
        for one, two, three, four in pairs:
            change = _change(old[one:two], new[three:four], opens=_opens(new, three))
            if kind != "equal" or (not change.opens and _bare(change.heard) != _bare(change.corrected)):
                found.append(change)
    return tuple(found)


def names(changes: Sequence[Change]) -> tuple[str, ...]:
    """Return what looks like a name among the corrections: words with a capital inside a sentence, joined."""
    found = [name for change in changes for name in _names(change)]
    return tuple(dict.fromkeys(found))


def _plain(text: str) -> str:
    return NOT_LETTERS.sub("", text).casefold() or text


def _bare(text: str) -> str:
    return EDGES.sub("", text)


def _matcher(one: Sequence[str], two: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, [*map(_plain, one)], [*map(_plain, two)], autojunk=len(two) > MANY_WORDS)


# --- times -------------------------------------------------------------------------------------------


def _same(texts: Sequence[str], near: Sequence[Word]) -> dict[int, int]:
    """Return which of the words near a cue is which of the cue's."""
    blocks = _matcher(texts, [word.text for word in near]).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _timed(texts: Sequence[str], heard: dict[int, Word], start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """Give every word its time; more words than milliseconds share them."""
    length = end_ms - start_ms
    if len(texts) > length:
        at = [len(texts) * n // length for n in range(length + 1)]
        shared = [" ".join(texts[one:two]) for one, two in pairwise(at)]
        return tuple(Word(start_ms + n, start_ms + n + 1, text, None) for n, text in enumerate(shared))
    times = dict(_fixed(heard, start_ms, end_ms))
    while too_tight := _too_tight(len(texts), times, start_ms, end_ms):
        del times[too_tight[0]]
    spans: list[tuple[int, int]] = []
    for first, last, begin, end in _gaps(len(texts), times, start_ms, end_ms):
        spans += _spread([len(text) for text in texts[first:last]], begin, end)
        spans += [times[last]] if last in times else []
    return tuple(
        Word(begin, end, text, heard[at].probability if at in heard else None)
        for at, (text, (begin, end)) in enumerate(zip(texts, spans, strict=True))
    )


def _fixed(heard: dict[int, Word], start_ms: int, end_ms: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the times that stand: those inside the cue, in order."""
    free = start_ms
    for at, word in sorted(heard.items()):
        begin, end = max(word.start_ms, free), min(word.end_ms, end_ms)
        if begin < end:
            yield at, (begin, end)
            free = end


def _gaps(
    count: int, times: dict[int, tuple[int, int]], start_ms: int, end_ms: int
) -> Iterator[tuple[int, int, int, int]]:
    """Yield each run of words without a time, empty ones included: first, after the last, begin and end of its room."""
    fixed = sorted(times)
    for one, two in pairwise([-1, *fixed, count]):
        begin = times[one][1] if one in times else start_ms
        yield one + 1, two, begin, times[two][0] if two in times else end_ms


def _too_tight(count: int, times: dict[int, tuple[int, int]], start_ms: int, end_ms: int) -> list[int]:
    """Return the words beside the first run that has less than 1 ms a word: one of them must give up its time."""
    for first, last, begin, end in _gaps(count, times, start_ms, end_ms):
        if end - begin < last - first:
            return [at for at in (first - 1, last) if at in times]
    return []


def _spread(lengths: Sequence[int], begin: int, end: int) -> list[tuple[int, int]]:
    """Share a stretch among words by their lengths, at least 1 ms each."""
    spare, ends = end - begin - len(lengths), [0, *accumulate(lengths)]
    marks = [begin + n + spare * at // max(ends[-1], 1) for n, at in enumerate(ends)]
    return list(pairwise(marks))


# --- names -------------------------------------------------------------------------------------------


def _change(old: Sequence[Word], new: Sequence[Word], *, opens: bool) -> Change:
    start = new[0].start_ms if new else old[0].start_ms
    return Change(start, " ".join(word.text for word in old), " ".join(word.text for word in new), opens)


def _opens(words: Sequence[Word], at: int) -> bool:
    return at == 0 or SENTENCE_END.search(words[at - 1].text) is not None


def _names(change: Change) -> Iterator[str]:
    """Yield the runs of capitalised words that do not begin a sentence; particles may stand between them."""
    run: list[str] = []
    opens = change.opens
    for word in change.corrected.split():
        bare = EDGES.sub("", word)
        capital = bare[:1].isupper() and bare not in NO_NAMES and not opens
        if capital or (run and bare in PARTICLES):
            run.append(bare)
        if (not capital and bare not in PARTICLES) or BREAK.search(word):
            yield from _name(run)
            run = []
        opens = SENTENCE_END.search(word) is not None
    yield from _name(run)


def _name(run: list[str]) -> Iterator[str]:
    while run and run[-1] in PARTICLES:
        run = run[:-1]
    if run:
        yield POSSESSIVE.sub("", " ".join(run))
