"""From words to cues; pure, and linear in the number of words.

Each cue takes as many words as fit, then gives back those after the best place to stop: a sentence's end, a clause's
end, else the middle of what is left of the sentence. Limits: Netflix Timed Text Style Guide; lines: BBC guidelines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from votd.media.errors import BadRequest
from votd.media.model import CaptionStyle, Cue, Transcript

SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")
CLAUSE_ENDS = (",", ";", ":", "–", "—", "、", "，", "；", "：")
SPACES = re.compile(r"[ \t\r\n\f\v]+")  # no-break spaces stay
CLOSERS = "\"'”’»)]“"
ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "gen.", "st.", "vs.", "г.", "д-р.", "бр."})
FULL_ENOUGH = 0.4
"""A cue that holds this share of what it could may stop at a clause's end; emptier ones would flicker."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as it is shown: white space inside it made plain."""

    start_ms: int
    end_ms: int
    text: str


def cues(transcript: Transcript, style: CaptionStyle) -> tuple[Cue, ...]:
    """Cut a transcript into cues: in order, no overlap, inside the media, within the style's limits.

    Every word stands in exactly one cue. Only a word longer than a line makes a line too long. Raises ``BadRequest``
    for words that are out of order, overlap or lie outside the media.
    """
    _check(transcript)
    tokens = [_Token(word.start_ms, word.end_ms, SPACES.sub(" ", word.text).strip(" ")) for word in transcript.words]
    tokens = [token for token in tokens if token.text.strip()]
    spans = list(_spans(tokens, style))
    nexts = [*(tokens[first].start_ms for first, _ in spans), transcript.duration_ms][1:]
    return tuple(
        _cue(tokens[first:after], following, style) for (first, after), following in zip(spans, nexts, strict=True)
    )


def lines(texts: Sequence[str], style: CaptionStyle) -> tuple[str, ...]:
    """Break the words of one cue into lines: one if it fits, else two as a subtitler would balance them."""
    filled = _fill(texts, style)
    if len(filled) != 2:
        return filled
    breaks = [(" ".join(texts[:at]), " ".join(texts[at:])) for at in range(1, len(texts))]
    fitting = [pair for pair in breaks if all(len(line) <= style.max_line_length for line in pair)]
    return min(fitting, key=_imbalance, default=filled)


def _check(transcript: Transcript) -> None:
    words = transcript.words
    orderly = all(word.start_ms < word.end_ms for word in words)
    orderly = orderly and all(one.end_ms <= two.start_ms for one, two in pairwise(words))
    if words and not (orderly and words[0].start_ms >= 0 and words[-1].end_ms <= transcript.duration_ms):
        raise BadRequest("The transcript's words are out of order, overlap or lie outside the media: make it again.")


def _spans(tokens: Sequence[_Token], style: CaptionStyle) -> Iterator[tuple[int, int]]:
    """Yield each cue's first token and the one after its last."""
    first = 0
    while first < len(tokens):
        reach = _reach(tokens, first, style)
        after = _stop(tokens, first, reach, style)
        yield first, after
        first = after


def _reach(tokens: Sequence[_Token], first: int, style: CaptionStyle) -> int:
    """Return the end of the longest cue that could start at ``first``: it is filled line by line, word by word."""
    full, length = 1, len(tokens[first].text)
    for at in range(first + 1, len(tokens)):
        token = tokens[at]
        if token.start_ms - tokens[at - 1].end_ms > style.max_gap_ms:
            return at
        if token.end_ms - tokens[first].start_ms > style.max_duration_ms:
            return at
        length += 1 + len(token.text)
        if length > style.max_line_length:
            full, length = full + 1, len(token.text)
        if full > style.max_lines:
            return at
    return len(tokens)


def _stop(tokens: Sequence[_Token], first: int, reach: int, style: CaptionStyle) -> int:
    """Choose where the cue ends, at ``reach`` or before it."""
    if _breath(tokens, reach, style):
        return reach
    room = style.max_lines * style.max_line_length
    for at in range(reach, first, -1):
        long_enough = tokens[at - 1].end_ms - tokens[first].start_ms >= style.min_duration_ms
        if _ends(tokens[at - 1].text, SENTENCE_ENDS) and long_enough:
            return at
    for at in range(reach, first, -1):
        if _ends(tokens[at - 1].text, CLAUSE_ENDS) and _length(tokens, first, at) >= FULL_ENOUGH * room:
            return at
    return _middle(tokens, first, reach, style)


def _middle(tokens: Sequence[_Token], first: int, reach: int, style: CaptionStyle) -> int:
    """Halve a sentence whose rest would be a crumb; a longer rest is worth a full cue."""
    room = style.max_lines * style.max_line_length
    end = reach
    while end < len(tokens) and _length(tokens, first, end) < 2 * room and not _breath(tokens, end, style):
        end += 1
    whole = _length(tokens, first, end)
    if whole >= 2 * room:
        return reach
    return min(range(first + 1, reach + 1), key=lambda at: abs(2 * _length(tokens, first, at) - whole))


def _breath(tokens: Sequence[_Token], at: int, style: CaptionStyle) -> bool:
    """Say whether the speaker stops before token ``at``: the end, a sentence's end, or a long pause."""
    if at == len(tokens) or _ends(tokens[at - 1].text, SENTENCE_ENDS):
        return True
    return tokens[at].start_ms - tokens[at - 1].end_ms > style.max_gap_ms


def _ends(text: str, marks: tuple[str, ...]) -> bool:
    bare = text.rstrip(CLOSERS) or text
    return bare.endswith(marks) and bare.lower() not in ABBREVIATIONS


def _length(tokens: Sequence[_Token], first: int, after: int) -> int:
    return sum(len(token.text) + 1 for token in tokens[first:after]) - 1


def _fill(texts: Sequence[str], style: CaptionStyle) -> tuple[str, ...]:
    """Break greedily: the fewest lines that these words can have."""
    filled = [texts[0]]
    for text in texts[1:]:
        if len(filled[-1]) + 1 + len(text) > style.max_line_length:
            filled.append(text)
        else:
            filled[-1] += " " + text
    return tuple(filled)


def _imbalance(pair: tuple[str, str]) -> float:
    """Rate a break, less is better: even lines, rather after punctuation, rather the bottom one longer."""
    top, bottom = pair
    uneven = abs(len(top) - len(bottom)) + (4 if len(top) > len(bottom) else 0)
    if _ends(top, SENTENCE_ENDS):
        return uneven - 24
    return uneven - 18 if _ends(top, CLAUSE_ENDS) else uneven


def _cue(tokens: Sequence[_Token], following_ms: int, style: CaptionStyle) -> Cue:
    """Show the words while they are spoken, and long enough to be read where the next cue leaves room."""
    start = tokens[0].start_ms
    end = min(max(tokens[-1].end_ms, start + style.min_duration_ms), start + style.max_duration_ms, following_ms)
    return Cue(start, end, lines([token.text for token in tokens], style))
