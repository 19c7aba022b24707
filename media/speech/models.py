"""Which Whisper model is fit for a language, from ``config/models.toml``; pure.

A CPU alone takes ``large-v3`` last: it needs about eight times the decoding of ``large-v3-turbo`` for nearly the same
words, so that a small machine would hear one video all night.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fit:
    """The table: for each language (BCP 47) the models that are fit, and orders of preference with and without a GPU.

    ``default`` holds for a language that is not in ``languages``.
    """

    languages: Mapping[str, tuple[str, ...]]
    default: tuple[str, ...]
    gpu: tuple[str, ...]
    cpu: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A model's name, ``None`` where none is fit and to be had; ``why`` is one sentence for the report."""

    model: str | None
    why: str


def table(values: Mapping[str, Any]) -> Fit:
    """Read the table from its TOML; raises ``ValueError`` for a language that stands twice or an unknown model."""
    gpu, cpu = tuple(values["order"]["gpu"]), tuple(values["order"]["cpu"])
    found: dict[str, tuple[str, ...]] = {}
    for tier in values["tier"]:
        for language in tier["languages"]:
            if language in found:
                raise ValueError(f"models.toml: the language {language} stands in two tiers")
            found[language] = tuple(tier["models"])
    default = tuple(values["default"]["models"])
    unknown = {model for models in (*found.values(), default) for model in models} - (set(gpu) & set(cpu))
    if unknown:
        raise ValueError(f"models.toml: {', '.join(sorted(unknown))} must stand in both orders")
    return Fit(found, default, gpu, cpu)


def choose(language: str, name: str, fit: Fit, at_hand: Collection[str], *, hub: bool, gpu: bool) -> Choice:
    """Return the best fit model at hand, else the best fit one of the hub where it can be reached, else none.

    ``language`` is BCP 47, ``name`` its English name for the sentence; ``at_hand`` are names of models on this machine.
    """
    fitting = fit.languages.get(language.partition("-")[0].lower(), fit.default)
    ordered = [model for model in (fit.gpu if gpu else fit.cpu) if model in fitting]
    here = [model for model in ordered if model in at_hand]
    if here:
        return Choice(here[0], f"{here[0]} is the best model at hand that is fit for {name}.")
    if ordered and hub:
        return Choice(ordered[0], f"{ordered[0]} is fit for {name}, and comes from the model hub.")
    if not ordered:
        return Choice(None, f"No Whisper model is fit for {name}: lay a script or captions beside the video.")
    advice = "install or name one with --model, or lay a script beside the video."
    return Choice(None, f"No model at hand is fit for {name}: it needs {_listed(ordered)}; {advice}")


def _listed(models: list[str]) -> str:
    return models[0] if len(models) == 1 else f"{', '.join(models[:-1])} or {models[-1]}"
