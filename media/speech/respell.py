"""Hear doubtful names again, with the names of the story at hand; the child's part of ``names``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from votd.media.model import Recognition, Word
from votd.media.process import Progress
from votd.media.speech import names as spelling

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
_MARGIN_MS = 200  # where the pause beside the window allows it: a clipped first sound makes another word


def respell(
    whisper: Any, samples: "np.ndarray", heard: Recognition, names: Sequence[str], progress: Progress
) -> Recognition:
    """Correct misheard names: by their sound where that is certain, else by a second hearing of a few seconds.

    ``samples`` are float32 at 16 kHz. Where nothing is doubtful, and where the words are a script's, the recognition
    comes back unchanged and nothing is decoded. At most three windows a minute are, each for the price of up to thirty
    seconds of recognition. Each change is a finding of the kind ``name``.
    """
    if heard.script is not None:
        return heard
    heard = spelling.spelled(heard, names)
    todo = spelling.windows(heard, names)
    # Backwards: a correction may change how many words stand before the windows that follow it.
    for done, window in enumerate(reversed(todo), start=1):
        heard = spelling.judged(heard, window, _again(whisper, samples, heard, window))
        progress(done / len(todo))
    return heard


def _again(whisper: Any, samples: "np.ndarray", heard: Recognition, window: spelling.Window) -> list[Word]:
    """Recognise one window with its names as hotwords: never more, since they invent sentences made of themselves."""
    start_ms, end_ms = _cut(heard, window)
    segments, _ = whisper.transcribe(
        samples[start_ms * RATE // 1000 : end_ms * RATE // 1000],
        language=heard.transcript.language.split("-")[0].lower(),
        hotwords=", ".join(window.names),
        word_timestamps=True,
        condition_on_previous_text=False,
        temperature=0.0,  # other temperatures are for text that fails; here it is only not believed
    )
    return [
        Word(start_ms + round(word.start * 1000), start_ms + round(word.end * 1000), text, float(word.probability))
        for segment in segments
        for word in segment.words or ()
        for text in word.word.split()
    ]


def _cut(heard: Recognition, window: spelling.Window) -> tuple[int, int]:
    """Return where to cut the sound, in ms: in the pauses beside the window, at most a margin from its words."""
    everything = heard.transcript.words
    inside = heard.transcript.utterances[window.utterance].words[window.start : window.end]
    start, end = inside[0].start_ms, inside[-1].end_ms
    before = max((word.end_ms for word in everything if word.end_ms <= start), default=0)
    after = min((word.start_ms for word in everything if word.start_ms >= end), default=heard.transcript.duration_ms)
    return max(start - _MARGIN_MS, (before + start) // 2), min(end + _MARGIN_MS, (after + end) // 2)
