"""What faster-whisper does for us: find speech, tell a language, hear words; its floats become integers here.

Speech is found by ourselves, and the rest cut out, as ``vad_filter`` does: it does not tell where it heard any.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from votd.media.speech.guard import Piece
from votd.media.speech.words import Heard, Region

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
PAUSE_MS, PAD_MS = 250, 400
LONG_PAUSE_MS = 2000  # a shorter one is left in what Whisper hears (faster-whisper's own value)
SPACELESS = {"zh", "ja", "th", "lo", "my", "yue"}  # Whisper parts these anywhere; a missing space means nothing


@dataclass(frozen=True, slots=True)
class Speech:
    """What is left of the sound between long pauses, and the way back to the times of the whole.

    ``regions`` are what was left in, with some quiet around it; ``spoken`` is where somebody really speaks.
    """

    samples: "np.ndarray"
    regions: tuple[Region, ...]
    spoken: tuple[Region, ...]
    times: Any  # faster-whisper's SpeechTimestampsMap

    def whole_ms(self, start_s: float, end_s: float) -> tuple[int, int]:
        """Return where a word of the speech stands in the whole; both its ends are in the region of its middle."""
        region = self.times.get_chunk_index((start_s + end_s) / 2)
        start, end = (float(self.times.get_original_time(at, region)) for at in (start_s, end_s))
        return round(start * 1000), round(end * 1000)

    @property
    def ms(self) -> int:
        """Return the length of what is left."""
        return len(self.samples) * 1000 // RATE


def speech(samples: "np.ndarray") -> Speech:
    """Find speech with the voice detection that comes with faster-whisper."""
    from faster_whisper import vad  # noqa: PLC0415 - heavy: in the child only

    found = vad.get_speech_timestamps(samples, min_silence_duration_ms=PAUSE_MS, speech_pad_ms=0)
    spoken = [Region(each["start"] * 1000 // RATE, each["end"] * 1000 // RATE) for each in found]
    return part(samples, spoken)


def part(
    samples: "np.ndarray", spoken: Sequence[Region], pause_ms: int = LONG_PAUSE_MS, pad_ms: int = PAD_MS
) -> Speech:
    """Cut out the pauses from ``pause_ms`` on; ``pad_ms`` of them stay on either side."""
    import numpy as np  # noqa: PLC0415 - heavy: in the child only
    from faster_whisper import vad  # noqa: PLC0415 - as above

    regions = _padded(spoken, pause_ms, pad_ms, len(samples) * 1000 // RATE)
    cuts = [{"start": each.start_ms * RATE // 1000, "end": each.end_ms * RATE // 1000} for each in regions]
    kept = [samples[cut["start"] : cut["end"]] for cut in cuts]
    left = np.concatenate(kept) if kept else samples[:0]
    return Speech(left, regions, tuple(spoken), vad.SpeechTimestampsMap(cuts, RATE))


def _padded(spoken: Sequence[Region], pause_ms: int, pad_ms: int, duration_ms: int) -> tuple[Region, ...]:
    joined: list[Region] = []
    for each in spoken:
        if joined and each.start_ms - joined[-1].end_ms < pause_ms:
            joined[-1] = Region(joined[-1].start_ms, each.end_ms)
        else:
            joined.append(each)
    padded = [Region(max(0, each.start_ms - pad_ms), min(duration_ms, each.end_ms + pad_ms)) for each in joined]
    for at in range(1, len(padded)):  # pads that meet share the pause
        if padded[at].start_ms < padded[at - 1].end_ms:
            middle = (joined[at - 1].end_ms + joined[at].start_ms) // 2
            padded[at - 1] = Region(padded[at - 1].start_ms, middle)
            padded[at] = Region(middle, padded[at].end_ms)
    return tuple(each for each in padded if each.start_ms < each.end_ms)


def sounds(whisper: Any, samples: "np.ndarray") -> dict[str, float]:
    """Return the probability of each language for the first 30 s of ``samples``; an English model knows one."""
    if not whisper.model.is_multilingual:
        return {"en": 1.0}
    found = whisper.detect_language(audio=samples[: 30 * RATE], language_detection_threshold=0.0)[2]
    return {language: float(probability) for language, probability in found}


class _Ear:
    """Stands for Whisper's model while it hears: tells the language of each window, and obeys the one it was given.

    faster-whisper's ``multilingual`` asks for it with the window's encoding, which costs one step of the decoder.
    """

    def __init__(self, model: Any, language: str) -> None:
        self._model = model
        self._language = language
        self.heard = ("", 0.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def detect_language(self, encoded: Any) -> list[list[tuple[str, float]]]:
        """Note what a window sounds like, and answer with what it is to be heard as."""
        token, probability = self._model.detect_language(encoded)[0][0]
        self.heard = (token[2:-2], float(probability))
        return [[(f"<|{self._language}|>", 1.0)]]


def hear(whisper: Any, speech: Speech, language: str, task: str, **options: Any) -> Iterator[tuple[float, Piece]]:
    """Give each piece that Whisper hears, lazily, and how far it is through the speech, 0 to 1."""
    listening = copy.copy(whisper)
    listening.model = ear = _Ear(whisper.model, language)
    segments, _ = listening.transcribe(
        speech.samples,
        language=language,
        task=task,
        multilingual=bool(whisper.model.is_multilingual),
        word_timestamps=True,
        condition_on_previous_text=False,  # one mistake is not carried on into a loop
        **options,
    )
    spaces = "" if language not in SPACELESS or task == "translate" else " "
    for number, segment in enumerate(segments):
        said = tuple(
            Heard(number, *speech.whole_ms(word.start, word.end), spaces + word.word, float(word.probability))
            for word in segment.words or ()
        )
        if said:
            yield min(1.0, float(segment.end) * 1000 / max(speech.ms, 1)), _piece(segment, said, language, ear.heard)


def _piece(segment: Any, said: tuple[Heard, ...], language: str, sounds_like: tuple[str, float]) -> Piece:
    return Piece(
        text=str(segment.text),
        words=said,
        log_prob=float(segment.avg_logprob),
        no_speech=float(segment.no_speech_prob),
        compression=float(segment.compression_ratio),
        temperature=float(segment.temperature or 0.0),
        language=language,
        sounds=sounds_like,
    )
