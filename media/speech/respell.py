"""Hear doubtful names again, with the names of the story at hand; the child's part of ``names``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from votd.media.model import Recognition, Word
from votd.media.process import Progress
from votd.media.speech import names as spelling

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
_PACK_MS, _PAUSE_MS = 29_000, 500
_MARGIN_MS = 200  # where the pause beside the window allows it: a clipped first sound makes another word


def respell(
    whisper: Any, samples: "np.ndarray", heard: Recognition, names: Sequence[str], progress: Progress
) -> Recognition:
    """Correct misheard names: by their sound where that is certain, else by a second hearing of a few seconds.

    ``samples`` are float32 at 16 kHz. Where nothing is doubtful, and where the words are a script's, the recognition
    comes back unchanged and nothing is decoded. Windows are heard together, as many as thirty seconds hold, since
    Whisper's price is that of thirty seconds whatever they hold. Each change is a finding of the kind ``name``.
    """
    if heard.script is not None:
        return heard
    heard = spelling.spelled(heard, names)
    todo = spelling.windows(heard, names)
    # Backwards: a correction may change how many words stand before the windows that follow it.
    packs = list(reversed(_packed(heard, todo)))
    for done, pack in enumerate(packs, start=1):
        second = _again(whisper, samples, heard, pack)
        for window, said in reversed(list(zip(pack, second, strict=True))):
            heard = spelling.judged(heard, window, said)
        progress(done / len(packs))
    return heard


def _packed(heard: Recognition, todo: Sequence[spelling.Window]) -> list[list[spelling.Window]]:
    """Put windows together, in order, whose sound and names one decode can hold."""
    packs: list[list[spelling.Window]] = []
    for window in todo:
        pack = [*packs[-1], window] if packs else []
        lengths = [end - start + _PAUSE_MS for start, end in (_cut(heard, each) for each in pack)]
        if pack and sum(lengths) <= _PACK_MS and len(_names(pack)) <= spelling.MAX_NAMES:
            packs[-1] = pack
        else:
            packs.append([window])
    return packs


def _names(pack: Sequence[spelling.Window]) -> list[str]:
    return list(dict.fromkeys(name for window in pack for name in window.names))


def _again(
    whisper: Any, samples: "np.ndarray", heard: Recognition, pack: Sequence[spelling.Window]
) -> list[list[Word]]:
    """Recognise windows with their names as hotwords: never more, since they invent sentences made of themselves."""
    import numpy as np  # noqa: PLC0415 - heavy: in the child only

    pause = np.zeros(_PAUSE_MS * RATE // 1000, np.float32)
    parts = [samples[start * RATE // 1000 : end * RATE // 1000] for start, end in (_cut(heard, each) for each in pack)]
    ends = np.cumsum([len(part) + len(pause) for part in parts]) / RATE
    segments, _ = whisper.transcribe(
        np.concatenate([piece for part in parts for piece in (part, pause)]),
        language=heard.transcript.language.split("-")[0].lower(),
        hotwords=", ".join(_names(pack)),
        word_timestamps=True,
        condition_on_previous_text=False,
        temperature=0.0,  # other temperatures are for text that fails; here it is only not believed
    )
    second: list[list[Word]] = [[] for _ in pack]
    for word in (word for segment in segments for word in segment.words or ()):
        at = min(int(np.searchsorted(ends, (word.start + word.end) / 2)), len(pack) - 1)
        times = round(word.start * 1000), round(word.end * 1000)
        second[at] += [Word(*times, text, float(word.probability)) for text in word.word.split()]
    return second


def _cut(heard: Recognition, window: spelling.Window) -> tuple[int, int]:
    """Return where to cut the sound, in ms: in the pauses beside the window, at most a margin from its words."""
    everything = heard.transcript.words
    inside = heard.transcript.utterances[window.utterance].words[window.start : window.end]
    start, end = inside[0].start_ms, inside[-1].end_ms
    before = max((word.end_ms for word in everything if word.end_ms <= start), default=0)
    after = min((word.start_ms for word in everything if word.start_ms >= end), default=heard.transcript.duration_ms)
    return max(start - _MARGIN_MS, (before + start) // 2), min(end + _MARGIN_MS, (after + end) // 2)
