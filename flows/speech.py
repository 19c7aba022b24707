"""What the steps on speech need to know: which model is fit, what tracks are called, the site's own names."""

import dataclasses
import os
from pathlib import Path

from babel import Locale, UnknownLocaleError

from votd.config import profiles
from votd.config.settings import Settings
from votd.media.errors import BadRequest, RejectedSource, Unavailable
from votd.media.model import CaptionOrigin, Recognition, Transcript
from votd.media.source.names import shown
from votd.media.speech import models, weights
from votd.media.speech.recogniser import Recogniser
from votd.media.speech.script import read as read_script

AUTO = "auto"
UNDETERMINED = "und"  # BCP 47's own word for it
SURE_LANGUAGE = 0.5
FOR_ANY = ("base", "small", "medium", "large-v3-turbo", "large-v3")
"""Any of them detects a language and aligns a script: the cheapest is taken."""
AUTOMATIC = {"en": "automatic", "mk": "автоматски", "sq": "automatik", "sr": "automatski"}
GPU = Path("/dev/nvidiactl")
MOST_SCRIPT_BYTES = 16_000_000


def user_cache() -> Path:
    """Return this user's folder for what can be fetched or made again: the models."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "votd"


def language_name(tag: str, in_: str | None = None) -> str:
    """Name a language in itself ("македонски" for ``mk``), as players show it; unknown tags stand as they are."""
    if tag == UNDETERMINED:
        return "No speech"
    try:
        return Locale.parse(tag, sep="-").get_display_name(in_) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def track_label(tag: str, origin: CaptionOrigin) -> str:
    """Name a track as players show it: what a machine wrote says so, in the track's own language where we know how."""
    if origin not in ("machine", "translated"):
        return language_name(tag) if tag != UNDETERMINED else "Captions"
    if tag == UNDETERMINED:
        return language_name(tag)
    word = AUTOMATIC.get(primary(tag), "automatic") if origin == "machine" else "automatic translation"
    return f"{language_name(tag)} ({word})"


def untold(heard: Recognition) -> bool:
    """Tell whether somebody speaks in a language that could not be told: no track may say that nobody does."""
    return not heard.transcript.utterances and any(finding.kind == "language" for finding in heard.findings)


def primary(tag: str) -> str:
    """Return the language of a tag alone: ``pt`` of ``pt-BR``."""
    return tag.partition("-")[0].lower()


def unquestioned(transcript: Transcript) -> Transcript:
    """Return a transcript without the probabilities of its words."""
    utterances = (
        dataclasses.replace(said, words=tuple(dataclasses.replace(word, probability=None) for word in said.words))
        for said in transcript.utterances
    )
    return dataclasses.replace(transcript, utterances=tuple(utterances))


def fit_model(settings: Settings, language: str, *, aligning: bool = False) -> str:
    """Return the model to use; raises ``Unavailable`` where none is fit for the language."""
    if settings.model != AUTO:
        return settings.model
    at_hand = weights.at_hand()
    if aligning or language == UNDETERMINED:
        return next((name for name in FOR_ANY if name in at_hand), FOR_ANY[0])
    fit, name = models.table(profiles.models()), language_name(language, "en")
    choice = models.choose(language, name, fit, at_hand, hub=weights.hub_answers(), gpu=GPU.exists())
    if choice.model is None:
        raise Unavailable(choice.why)
    return choice.model


def script_of(file: Path) -> tuple[str, ...]:
    """Read the paragraphs of a script."""
    if file.stat().st_size > MOST_SCRIPT_BYTES:
        raise RejectedSource(f"{shown(file.name)} is larger than any script can be.")
    return read_script(file.read_bytes())


def model_name(model: str) -> str:
    """Return what a model is called in public: a local path is nobody else's business."""
    return Path(model).name if weights.is_path(model) else model


def recogniser(settings: Settings) -> Recogniser:
    """Return a recogniser for this machine: it has half of the cores, since the encoder takes longer."""
    return Recogniser(user_cache(), max(1, settings.cores // 2))


def glossary(settings: Settings) -> tuple[str, ...]:
    """Read the site's own names: one a line, ``#`` begins a remark."""
    try:
        text = settings.glossary_file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as e:
        raise BadRequest(f"The glossary {settings.glossary_file} cannot be read: write it anew, in UTF-8.") from e
    names = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(dict.fromkeys(name for name in names if name))
