"""Recognise speech with faster-whisper, in a child that can be killed.

``transcribe`` is the caller's side and loads nothing heavy; ``main`` is the child's. The transcript comes back
through a file of the caller's, since hours of words do not fit into one line of the children's protocol.
"""

import os
import wave
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from votd.media import process, schema
from votd.media.errors import BadRequest
from votd.media.model import Transcript
from votd.media.process import Limits, Progress
from votd.media.speech import weights, words

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
UNDETERMINED = "und"  # BCP 47's own word for it
SPACELESS = {"zh", "ja", "th", "lo", "my", "yue"}  # Whisper parts these anywhere; a missing space means nothing


async def transcribe(
    wav: Path, model: str, *, to: Path, language: str | None, cache: Path, threads: int, progress: Progress
) -> Transcript:
    """Transcribe a 16 kHz mono 16-bit WAV file; ``language`` is BCP 47, ``None`` to have it detected.

    The transcript's JSON stays in the file ``to``, which lies in the caller's scratch: a kill leaves it to its sweep.
    Silence gives a transcript without utterances. Raises ``BadRequest`` for a model, language or file that cannot
    be meant, ``Unavailable`` where the model cannot be had now, ``ToolFailed`` for anything else.
    """
    limits = Limits(wall_s=_duration_ms(wav) * 12 / 1000 + 300)
    args = (str(wav), model, language or "", str(cache), str(threads), str(to))
    await process.call("votd.media.speech.recognise", *args, limits=limits, progress=progress)
    return schema.load(Transcript, to.read_bytes())


def main(args: list[str], progress: Progress) -> None:
    """Be the child: find the model, recognise, write the transcript to the last argument's file."""
    wav, model, language, cache, threads, out = args
    fetched = 0.0

    def fetching(share: float) -> None:
        nonlocal fetched
        fetched = share / 2  # a download is the first half of the bar
        progress(fetched)

    folder = weights.find(model, Path(cache), fetching)
    whisper = _load(folder, int(threads))
    transcript = _recognise(
        whisper, _samples(Path(wav)), language or None, lambda share: progress(fetched + (1 - fetched) * share)
    )
    Path(out).write_bytes(schema.dump(transcript, indent=None))


def _load(folder: Path, threads: int) -> Any:
    # An encoder runs beside us: threads that spin while they wait would take its cores (OpenMP's default).
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime (the VAD's) would report to its maker
    import ctranslate2  # type: ignore[import-untyped, unused-ignore] # noqa: PLC0415 - heavy: in the child only
    from faster_whisper import WhisperModel  # noqa: PLC0415 - as above

    kind = "default" if ctranslate2.get_cuda_device_count() else "int8"  # int8 is twice as fast on a CPU
    try:
        return WhisperModel(str(folder), device="auto", compute_type=kind, cpu_threads=threads)
    except (RuntimeError, ValueError) as e:
        raise BadRequest(f"The model in {folder} cannot be loaded: {e}") from e


@dataclass(frozen=True, slots=True)
class _Speech:
    """What voice detection leaves of the sound, and the way back to the times of the whole."""

    samples: "np.ndarray"
    regions: tuple[words.Region, ...]
    times: Any  # faster-whisper's SpeechTimestampsMap

    def whole_ms(self, start_s: float, end_s: float) -> tuple[int, int]:
        """Return where a word of the speech stands in the whole; both its ends are in the region of its middle."""
        region = self.times.get_chunk_index((start_s + end_s) / 2)
        start, end = (float(self.times.get_original_time(at, region)) for at in (start_s, end_s))
        return round(start * 1000), round(end * 1000)


def _recognise(whisper: Any, samples: "np.ndarray", declared: str | None, progress: Progress) -> Transcript:
    duration_ms = len(samples) * 1000 // RATE
    language = _whispers(declared, whisper.supported_languages)
    nothing = Transcript(declared or UNDETERMINED, 1.0 if declared else 0.0, duration_ms, ())
    speech = _speech(samples)
    if not speech.regions:
        return nothing
    segments, info = whisper.transcribe(
        speech.samples,
        language=language,
        word_timestamps=True,
        condition_on_previous_text=False,  # one mistake is not carried on into a loop
    )
    heard = _heard(segments, speech, duration_ms, progress)
    if info.language in SPACELESS:
        heard = [replace(word, text=" " + word.text) for word in heard]
    spoken = words.utterances(heard, speech.regions, duration_ms)
    if not spoken:  # the detection of nothing is a guess
        return nothing
    return Transcript(declared or info.language, float(info.language_probability), duration_ms, spoken)


def _speech(samples: "np.ndarray") -> _Speech:
    """Detect speech as faster-whisper's ``vad_filter`` does, which does not tell where it heard any."""
    import numpy as np  # noqa: PLC0415 - heavy: in the child only
    from faster_whisper import vad  # noqa: PLC0415 - as above

    found = vad.get_speech_timestamps(samples)
    regions = tuple(words.Region(region["start"] * 1000 // RATE, region["end"] * 1000 // RATE) for region in found)
    parts, _ = vad.collect_chunks(samples, found)
    return _Speech(np.concatenate(parts), regions, vad.SpeechTimestampsMap(found, RATE))


def _heard(segments: Iterable[Any], speech: _Speech, duration_ms: int, progress: Progress) -> list[words.Heard]:
    """Consume Whisper's lazy segments; its float seconds (numpy's) become milliseconds here and nowhere else."""
    heard = []
    for number, segment in enumerate(segments):
        for word in segment.words or ():
            start, end = speech.whole_ms(word.start, word.end)
            heard.append(words.Heard(number, start, end, word.word, float(word.probability)))
        progress(min(1.0, speech.whole_ms(segment.end, segment.end)[1] / duration_ms))
    return heard


def _whispers(declared: str | None, supported: list[str]) -> str | None:
    """Turn a BCP 47 tag into Whisper's word for the language."""
    if not declared:
        return None
    language = declared.split("-")[0].lower()
    if language not in supported:
        raise BadRequest(f"This Whisper model does not know the language '{declared}': name another model or language.")
    return language


def _duration_ms(wav: Path) -> int:
    with _open(wav) as file:
        return file.getnframes() * 1000 // RATE


def _samples(wav: Path) -> "np.ndarray":
    """Read the samples as Whisper wants them: float32, −1 to 1; faster-whisper would open the file unguarded."""
    import numpy as np  # noqa: PLC0415 - heavy: in the child only

    with _open(wav) as file:
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768


def _open(wav: Path) -> wave.Wave_read:
    try:
        file = wave.open(str(wav), "rb")  # noqa: SIM115 - the caller's with-statement closes it
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2):
            return file
        file.close()
    except (wave.Error, EOFError, OSError):
        pass
    raise BadRequest(f"{wav} is not a 16 kHz mono 16-bit WAV file.")


if __name__ == "__main__":
    process.serve(main)
