"""Ask Whisper's attention where in the sound the words of a text lie (the child's part)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from votd.media.speech import follow
from votd.media.speech.follow import Placed, Timed
from votd.media.speech.script import Unit

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
TICK_MS = 20  # one step of Whisper's encoder
MAX_TOKENS = 430  # Whisper's context is 448 with its own marks


class Attention:
    """Whisper's attention over one window, kept while texts are tried on it."""

    def __init__(self, whisper: Any, samples: "np.ndarray", tag: str) -> None:
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415 - heavy: in the child only

        code = tag.split("-", 1)[0].lower()
        known = code if code in whisper.supported_languages else "en"  # it hardly matters which language is said
        many = whisper.model.is_multilingual
        self._tokenizer = Tokenizer(whisper.hf_tokenizer, many, task="transcribe", language=known)
        self._whisper, self._samples = whisper, samples
        self._at, self._encoded = -1, None

    def place(self, at_ms: int, units: Sequence[Unit]) -> list[Placed]:
        """Align units, as many as one pass takes, to the window from a moment on; see ``follow.Place``."""
        tokens: list[int] = []
        spans: list[list[tuple[int, int, int]]] = []
        for unit in units:
            more, inside = self._tokens(unit, len(tokens))
            if spans and len(tokens) + len(more) > MAX_TOKENS:
                break
            tokens += more
            spans.append(inside)
        starts, probabilities = self._align(at_ms, tokens[:MAX_TOKENS])
        return [tuple(_timed(span, starts, probabilities, at_ms) for span in inside) for inside in spans]

    def _tokens(self, unit: Unit, first: int) -> tuple[list[int], list[tuple[int, int, int]]]:
        """Return a unit's tokens, and where in the text each word begins, its letters end, and it ends."""
        tokens: list[int] = []
        spans = []
        for word in unit.words:
            core = word.rstrip("".join(mark for mark in set(word) if not mark.isalnum())) or word
            letters = self._tokenizer.encode(" " + core)
            rest = self._tokenizer.encode(word[len(core) :].replace("\u00a0", " ")) if core != word else []
            begin = first + len(tokens)
            spans.append((begin, begin + len(letters), begin + len(letters) + len(rest)))
            tokens += [*letters, *rest]
        return tokens, spans

    def _align(self, at_ms: int, tokens: list[int]) -> tuple[list[int], list[float]]:
        """Return where each token begins (ms in the window), that of the end last, and how probable it is."""
        from faster_whisper.audio import pad_or_trim  # noqa: PLC0415 - heavy: in the child only

        if self._at != at_ms:
            first = at_ms * RATE // 1000
            features = self._whisper.feature_extractor(self._samples[first : first + follow.WINDOW_MS * RATE // 1000])
            self._at, self._encoded = at_ms, self._whisper.encode(pad_or_trim(features))
        left_ms = len(self._samples) * 1000 // RATE - at_ms
        frames = max(2, min(follow.WINDOW_MS, left_ms) // 10)
        (result,) = self._whisper.model.align(
            self._encoded, self._tokenizer.sot_sequence, [tokens], frames, median_filter_width=7
        )
        starts: list[int] = []
        for token, tick in result.alignments:
            while len(starts) <= token:
                starts.append(int(tick) * TICK_MS)
        starts += [starts[-1]] * (len(tokens) + 1 - len(starts))
        return starts, [float(probability) for probability in result.text_token_probs]


def _timed(span: tuple[int, int, int], starts: Sequence[int], probabilities: Sequence[float], at_ms: int) -> Timed:
    begin, letters, end = (min(edge, len(starts) - 1) for edge in span)
    own = probabilities[begin:end] or [0.0]
    return Timed(at_ms + starts[begin], at_ms + starts[letters], sum(own) / len(own))
