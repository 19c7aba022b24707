"""Have speech recognised in a child that can be killed, and that keeps its model from one video to the next.

The caller's side, which loads nothing heavy: ``child.py`` is the other. What is long goes through files of the
caller's, since hours of words do not fit into one line of the children's protocol.
"""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from votd.media import process, schema
from votd.media.errors import BadRequest
from votd.media.model import Recognition
from votd.media.process import Limits, Progress

RATE = 16_000


@dataclass(frozen=True, slots=True)
class Sound:
    """A 16 kHz mono 16-bit WAV file, the name of the model that is to hear it, and its language (BCP 47) if known."""

    wav: Path
    model: str
    language: str | None


class Recogniser:
    """Whisper in a child, started with the first request; ``async with`` ends it.

    Every request writes its answer into a file of the caller's scratch, which a kill leaves to its sweep. All raise
    ``BadRequest`` for a model, language or file that cannot be meant, ``Unavailable`` where the model cannot be had
    now, ``ToolFailed`` for anything else.
    """

    def __init__(self, cache: Path, threads: int) -> None:
        self._cache = cache
        self._threads = threads
        self._worker = process.Worker("votd.media.speech.child")

    async def __aenter__(self) -> "Recogniser":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._worker.close()

    async def transcribe(self, sound: Sound, to: Path, progress: Progress) -> Recognition:
        """Recognise what is said. Silence gives a transcript without utterances."""
        return await self._ask("transcribe", sound, to, progress)

    async def translate(self, sound: Sound, to: Path, progress: Progress) -> Recognition:
        """Recognise what is said and tell it in English."""
        return await self._ask("translate", sound, to, progress)

    async def align(self, sound: Sound, script: Sequence[str], to: Path, progress: Progress) -> Recognition:
        """Give the words of a script (its paragraphs) their times; what is off script is recognised."""
        return await self._ask("align", sound, to, progress, script=list(script))

    async def respell(
        self, sound: Sound, heard: Recognition, names: Sequence[str], to: Path, progress: Progress
    ) -> Recognition:
        """Hear again where one of the ``names`` may have been meant, and return what is better."""
        known = to.with_name(f"{to.name}.heard")
        known.write_bytes(schema.dump(heard, indent=None))
        return await self._ask("respell", sound, to, progress, heard=str(known), names=list(names))

    async def language(self, sound: Sound, progress: Progress) -> tuple[str, float]:
        """Detect the language of the speech: BCP 47 and a probability; ``("und", 0.0)`` where nobody speaks."""
        tag, probability = await self._request("language", sound, progress)
        return str(tag), float(probability)

    async def _ask(self, method: str, sound: Sound, to: Path, progress: Progress, **more: Any) -> Recognition:
        await self._request(method, sound, progress, to=str(to), **more)
        return schema.load(Recognition, to.read_bytes())

    async def _request(self, method: str, sound: Sound, progress: Progress, **more: Any) -> Any:
        request = {
            "method": method,
            "wav": str(sound.wav),
            "model": sound.model,
            "language": sound.language,
            "cache": str(self._cache),
            "threads": self._threads,
            **more,
        }
        limits = Limits(wall_s=duration_ms(sound.wav) * 12 / 1000 + 300)
        return await self._worker.ask(request, limits, progress)


def duration_ms(wav: Path) -> int:
    """Return how long a file of the right kind is; raises ``BadRequest`` for any other."""
    with opened(wav) as file:
        return file.getnframes() * 1000 // RATE


def opened(wav: Path) -> wave.Wave_read:
    """Open a file of the right kind; raises ``BadRequest`` for any other."""
    try:
        file = wave.open(str(wav), "rb")  # noqa: SIM115 - the caller's with-statement closes it
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2):
            return file
        file.close()
    except (wave.Error, EOFError, OSError):
        pass
    raise BadRequest(f"{wav} is not a 16 kHz mono 16-bit WAV file.")
