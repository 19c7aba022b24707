"""The recogniser's child: it loads a model once and answers one request after the other; see ``recogniser.py``."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from votd.media import process, schema
from votd.media.errors import BadRequest
from votd.media.model import Recognition
from votd.media.process import Progress
from votd.media.speech import align, recognise, respell, weights
from votd.media.speech.recogniser import opened

if TYPE_CHECKING:
    import numpy as np


@dataclass
class _Loaded:
    """The one model in memory."""

    folder: Path | None = None
    whisper: Any = None


_loaded = _Loaded()


def main(request: dict[str, Any], progress: Progress) -> Any:
    """Answer one request."""
    fetched = 0.0

    def fetching(share: float) -> None:
        nonlocal fetched
        fetched = share / 2  # a download is the first half of the bar
        progress(fetched)

    folder = weights.find(request["model"], Path(request["cache"]), fetching)
    if _loaded.folder != folder:
        _loaded.folder, _loaded.whisper = None, None  # never two in memory
        _loaded.whisper = _load(folder, request["threads"])
        _loaded.folder = folder
    samples = _samples(Path(request["wav"]))
    return METHODS[request["method"]](
        _loaded.whisper, samples, request, lambda share: progress(fetched + (1 - fetched) * share)
    )


def _transcribe(whisper: Any, samples: "np.ndarray", request: dict[str, Any], progress: Progress) -> None:
    _write(request, recognise.recognise(whisper, samples, request["language"], request["model"], progress))


def _translate(whisper: Any, samples: "np.ndarray", request: dict[str, Any], progress: Progress) -> None:
    _write(request, recognise.translate(whisper, samples, request["language"], request["model"], progress))


def _align(whisper: Any, samples: "np.ndarray", request: dict[str, Any], progress: Progress) -> None:
    _write(request, align.align(whisper, samples, request["script"], request["language"], request["model"], progress))


def _respell(whisper: Any, samples: "np.ndarray", request: dict[str, Any], progress: Progress) -> None:
    heard = schema.load(Recognition, Path(request["heard"]).read_bytes())
    _write(request, respell.respell(whisper, samples, heard, request["names"], progress))


def _language(whisper: Any, samples: "np.ndarray", request: dict[str, Any], progress: Progress) -> list[Any]:
    return list(recognise.detect(whisper, samples))


METHODS: dict[str, Callable[[Any, "np.ndarray", dict[str, Any], Progress], Any]] = {
    "transcribe": _transcribe,
    "translate": _translate,
    "align": _align,
    "respell": _respell,
    "language": _language,
}


def _write(request: dict[str, Any], made: Recognition) -> None:
    Path(request["to"]).write_bytes(schema.dump(made, indent=None))


def _load(folder: Path, threads: int) -> Any:
    # An encoder runs beside us: threads that spin while they wait would take its cores (OpenMP's default).
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime (the VAD's) would report to its maker
    import ctranslate2  # type: ignore[import-untyped, unused-ignore] # noqa: PLC0415 - after the environment is set
    from faster_whisper import WhisperModel  # noqa: PLC0415 - as above

    kind = "default" if ctranslate2.get_cuda_device_count() else "int8"  # int8 is twice as fast on a CPU
    try:
        return WhisperModel(str(folder), device="auto", compute_type=kind, cpu_threads=threads)
    except (RuntimeError, ValueError) as e:
        raise BadRequest(f"The model in {folder} cannot be loaded: {e}") from e


def _samples(wav: Path) -> "np.ndarray":
    """Read the samples as Whisper wants them: float32, −1 to 1; faster-whisper would open the file unguarded."""
    import numpy as np  # noqa: PLC0415 - heavy: in the child only

    with opened(wav) as file:
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768


if __name__ == "__main__":
    process.answer(main)
