"""From words to cues: the best of all ways to part them, in linear time; pure.

Dynamic programming over the words, as Knuth and Plass break paragraphs ("Breaking Paragraphs into Lines", 1981): the
cost of a cue depends on its first and last word alone, so that the best way up to each word follows from the best ways
up to the words before it, and a cue holds only so many. Costs are ordered: duration, reading speed, gaps (rules of the
Netflix Timed Text Style Guide), then where it breaks (``breaks.py``), pauses, crumbs and balance.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from votd.media.captions.breaks import COMMA, SENTENCE, bonds
from votd.media.captions.timing import NEAR_MS, Spoken, timed
from votd.media.errors import BadRequest
from votd.media.model import CaptionStyle, Cue, Transcript, WordClasses

SPACES = re.compile(r"[ \t\r\n\f\v]+")  # no-break spaces stay
UNSPACED = ("zh", "ja", "th", "lo", "my", "km", "yue")
"""Languages written without spaces between words."""

DURATION, TOO_FAST, FAST, FAST_CHARACTER, GAP = 1e9, 1e4, 40.0, 15.0, 200.0
"""What it costs not to meet a rule; far apart, so that a lower one hardly outweighs a higher one nearby. Speeds cost by
the character too many: where all is spoken fast, they say little about where to break."""
CUE = 25
"""Each further cue: short sentences share one, sentences that fill a cue do not."""
SHORT, SHORT_COST = 34, 1.2
"""Characters below which a cue looks torn off, and what each missing one costs."""
CROSSED, IN_LINE = 33, 8
"""A sentence's end inside a cue, and inside a line."""
OPEN_LINE = 10
"""A cue of one line that ends within a sentence: what can be told together fills the first cue, not the second."""
CRUMB, CLAUSE_CRUMB, CRUMB_WORDS = 30, 12, 2
"""So few words of a sentence, or of a clause, on the other side of a break between cues."""
PAUSE_MS, PAUSE_COST = 250, 0.06
"""A silence inside a cue costs so much for each ms beyond; between cues it gains as much, up to a limit."""
PAUSE_GAIN = 20
LINE = 0.8
"""What a break between lines costs, as a share of the same break between cues."""
UNEVEN, TOP_HEAVY = 0.5, 4
"""Each character by which lines differ, and a top line that is the longer one."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as it is shown: white space inside it made plain."""

    start_ms: int
    end_ms: int
    text: str


def cues(
    transcript: Transcript,
    style: CaptionStyle,
    classes: WordClasses | None = None,
    shots: Sequence[int] = (),
    frame_rate: Fraction = Fraction(25),
) -> tuple[Cue, ...]:
    """Cut a transcript into cues: in order, no overlap, inside the media, within the style's limits.

    Every word stands in exactly one cue. Only a word longer than a line makes a line too long. ``shots`` are the ms at
    which new shots begin. Raises ``BadRequest`` for words that are out of order, overlap or lie outside the media.
    """
    _check(transcript)
    tokens = [_Token(word.start_ms, word.end_ms, SPACES.sub(" ", word.text).strip(" ")) for word in transcript.words]
    tokens = [token for token in tokens if token.text.strip()]
    space = "" if transcript.language.split("-")[0] in UNSPACED else " "
    page = _Page.of([token.text for token in tokens], space, style, classes)
    spans = _best(page, tokens, transcript.duration_ms, style)
    told = [Spoken(tokens[i].start_ms, tokens[j - 1].end_ms, page.length(i, j)) for i, j in spans]
    times = timed(told, transcript.duration_ms, style, shots, frame_rate)
    return tuple(Cue(start, end, page.lines(i, j)) for (i, j), (start, end) in zip(spans, times, strict=True))


def lines(texts: Sequence[str], style: CaptionStyle, classes: WordClasses | None = None) -> tuple[str, ...]:
    """Break the words of one cue into lines: one if they fit, else two as a subtitler would part them.

    Words that no two lines hold are filled line by line, into as many as it takes.
    """
    page = _Page.of(texts, " ", style, classes)
    return _fill(texts, style) if page.cost(0, len(texts)) is None else page.lines(0, len(texts))


def _check(transcript: Transcript) -> None:
    words = transcript.words
    orderly = all(word.start_ms < word.end_ms for word in words)
    orderly = orderly and all(one.end_ms <= two.start_ms for one, two in pairwise(words))
    if words and not (orderly and words[0].start_ms >= 0 and words[-1].end_ms <= transcript.duration_ms):
        raise BadRequest("The transcript's words are out of order, overlap or lie outside the media: make it again.")


def _fill(texts: Sequence[str], style: CaptionStyle) -> tuple[str, ...]:
    filled = [texts[0]]
    for text in texts[1:]:
        if len(filled[-1]) + 1 + len(text) > style.max_line_length:
            filled.append(text)
        else:
            filled[-1] += " " + text
    return tuple(filled)


# --- the words on the screen -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """Words as text: ``offsets`` of their beginnings when all stand in one line, ``bond`` as ``bonds`` gives them."""

    texts: Sequence[str]
    space: str
    offsets: list[int]
    bond: list[int]
    style: CaptionStyle

    @classmethod
    def of(cls, texts: Sequence[str], space: str, style: CaptionStyle, classes: WordClasses | None) -> "_Page":
        offsets = list(accumulate((len(text) + len(space) for text in texts), initial=0))
        return cls(texts, space, offsets, bonds(texts, classes), style)

    def length(self, first: int, after: int) -> int:
        """Return the characters of these words in one line."""
        return self.offsets[after] - self.offsets[first] - len(self.space)

    def is_line(self, first: int, after: int) -> bool:
        return after == first + 1 or self.length(first, after) <= self.style.max_line_length

    def cost(self, first: int, after: int) -> float | None:
        """Return what the break within these words costs, 0 for one line; ``None`` where they do not fit."""
        if self.is_line(first, after):
            return 0.0
        best = self._split(first, after)
        return best[0] if best else None

    def lines(self, first: int, after: int) -> tuple[str, ...]:
        """Return the lines of words that fit."""
        best = None if self.is_line(first, after) else self._split(first, after)
        parts = [(first, best[1]), (best[1], after)] if best else [(first, after)]
        return tuple(self.space.join(self.texts[i:j]) for i, j in parts)

    def _split(self, first: int, after: int) -> tuple[float, int] | None:
        """Return the least cost of two lines, and the word that the second begins with."""
        if self.style.max_lines < 2:
            return None
        offsets, bond, room = self.offsets, self.bond, self.style.max_line_length + len(self.space)
        middle, top, bottom = offsets[first] + offsets[after], offsets[first] + room, offsets[after] - room
        best = None
        for at in range(after - 1, first, -1):
            offset = offsets[at]
            if offset < bottom and at < after - 1:
                break
            if offset > top and at > first + 1:
                continue
            uneven = 2 * offset - middle
            cost = LINE * bond[at] if bond[at] else -IN_LINE
            cost += UNEVEN * uneven + TOP_HEAVY if uneven > 0 else -UNEVEN * uneven
            if best is None or cost < best[0]:
                best = cost, at
        return best


# --- the best way through --------------------------------------------------------------------------------


def _best(page: _Page, tokens: Sequence[_Token], duration_ms: int, style: CaptionStyle) -> list[tuple[int, int]]:
    """Return each cue's first word and the one after its last."""
    count, room = len(tokens), style.max_lines * style.max_line_length
    ends, inside = _ends(page, tokens), _inside(page, tokens)
    least = [0.0] + [float("inf")] * count
    origin = [0] * (count + 1)
    for first in range(count):
        base = least[first] + CUE - inside[first + 1]
        for after in range(first + 1, count + 1):
            if after > first + 1 and not _together(tokens, first, after, style):
                break
            if base + inside[after] + ends[after] - IN_LINE > least[after] and page.length(first, after) < room:
                continue  # no better way, whatever it costs
            broken = page.cost(first, after)
            if broken is None:
                break  # more words do not fit either
            following = tokens[after].start_ms if after < count else duration_ms
            characters = page.length(first, after)
            cost = base + broken + inside[after] + ends[after]
            cost += _unmet(characters, tokens[first].start_ms, tokens[after - 1].end_ms, following, style)
            if not broken and page.bond[after] and after < count:
                cost += OPEN_LINE
            if characters < SHORT:
                cost += (SHORT - characters) * SHORT_COST
            if cost < least[after]:
                least[after], origin[after] = cost, first
    spans = []
    while count:
        spans.append((origin[count], count))
        count = origin[count]
    return spans[::-1]


def _together(tokens: Sequence[_Token], first: int, after: int, style: CaptionStyle) -> bool:
    """Say whether the last of these words may stand with those before it: no long pause, not too long in all."""
    last = tokens[after - 1]
    pause = last.start_ms - tokens[after - 2].end_ms
    return pause <= style.max_gap_ms and last.end_ms - tokens[first].start_ms <= style.max_duration_ms


def _ends(page: _Page, tokens: Sequence[_Token]) -> list[float]:
    """Return what it costs to end a cue before each word: the bond, and a crumb, less what a pause gains."""
    costs: list[float] = list(page.bond)
    for limit, crumb in ((SENTENCE, CRUMB), (COMMA, CLAUSE_CRUMB)):
        stops = [at for at, bond in enumerate(page.bond) if bond <= limit]
        for start, stop in pairwise([0, *stops]):
            for at in {*range(start + 1, stop)[:CRUMB_WORDS], *range(start + 1, stop)[-CRUMB_WORDS:]}:
                costs[at] += crumb
    for at in range(1, len(tokens)):
        pause = tokens[at].start_ms - tokens[at - 1].end_ms
        costs[at] -= min(PAUSE_GAIN, max(0, pause - PAUSE_MS) * PAUSE_COST)
    return costs


def _inside(page: _Page, tokens: Sequence[_Token]) -> list[float]:
    """Return, summed up to each word, what it costs that cues go on over sentences' ends and pauses before it."""
    costs = [0.0]
    for at in range(1, len(tokens)):
        pause = tokens[at].start_ms - tokens[at - 1].end_ms
        crossed = CROSSED + IN_LINE if page.bond[at] == SENTENCE else 0
        costs.append(crossed + max(0, pause - PAUSE_MS) * PAUSE_COST)
    return [0.0, *accumulate(costs)]


def _unmet(characters: int, start: int, end: int, following: int, style: CaptionStyle) -> float:
    """Rate a cue by the rules that it cannot meet, its words from ``start`` to ``end``, the next at ``following``."""
    latest = min(following, max(end + style.max_linger_ms, start + style.min_duration_ms))
    shown = min(latest - start, style.max_duration_ms)
    cost = 0.0
    if shown < style.min_duration_ms:
        cost = DURATION * (2 - shown / style.min_duration_ms)
    speed = characters * 1000 / shown
    if speed > style.reading_speed:
        cost += FAST + FAST_CHARACTER * (characters - style.reading_speed * shown / 1000)
    if speed > style.top_speed:
        cost += TOO_FAST * (characters - style.top_speed * shown / 1000)
    if 0 < following - start - style.max_duration_ms < NEAR_MS and following - end < NEAR_MS:
        cost += GAP
    return cost
