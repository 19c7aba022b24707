"""Which model is taken for a language."""

import tomllib
from pathlib import Path

import pytest

from votd.media.speech.models import choose, table

TOML = Path(__file__).parents[2] / "config" / "models.toml"
FIT = table(tomllib.loads(TOML.read_text(encoding="utf-8")))
ALL = ("base", "small", "medium", "large-v3", "large-v3-turbo")


@pytest.mark.parametrize(
    ("language", "at_hand", "hub", "gpu", "model"),
    [
        ("en", {"base"}, True, False, "base"),
        ("en-GB", {"base", "small"}, False, False, "small"),
        ("en", ALL, False, False, "large-v3-turbo"),
        ("en", ALL, False, True, "large-v3"),
        ("en", {"base", "large-v3"}, False, False, "base"),
        ("de", {"base"}, True, False, "large-v3-turbo"),
        ("mk", {"base", "small"}, False, False, None),
        ("mk", {"base", "small"}, True, False, "large-v3-turbo"),
        ("mk", {"base", "medium"}, True, True, "medium"),
        ("sq", {"large-v3-turbo"}, True, False, "large-v3"),
        ("gd", ALL, False, False, "large-v3"),
        ("am", ALL, True, True, None),
        ("en", set(), False, False, None),
    ],
)
def test_choice(language: str, at_hand: set[str], hub: bool, gpu: bool, model: str | None) -> None:
    """Fail if a model that is not fit is taken, or one at hand is passed over for the hub's."""
    choice = choose(language, "Some", FIT, at_hand, hub=hub, gpu=gpu)
    assert choice.model == model
    assert choice.why.endswith(".") and "Some" in choice.why


def test_what_to_do_where_none_is_fit() -> None:
    """Fail if the newsroom is not told what would help."""
    why = choose("mk", "Macedonian", FIT, {"base"}, hub=False, gpu=False).why
    assert why == (
        "No model at hand is fit for Macedonian: it needs large-v3-turbo, medium or large-v3; "
        "install or name one with --model, or lay a script beside the video."
    )


def test_macedonian_and_english() -> None:
    """Fail if the table forgets what the project stands on."""
    assert set(FIT.languages["mk"]) == {"medium", "large-v3-turbo", "large-v3"}
    assert "base" in FIT.languages["en"]


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        ([{"models": ["base"], "languages": ["en", "en"]}], "two tiers"),
        ([{"models": ["bass"], "languages": ["en"]}], "bass must stand in both orders"),
    ],
)
def test_a_wrong_table_is_refused(tiers: list[dict[str, list[str]]], problem: str) -> None:
    """Fail if a slip of the pen in the table goes unnoticed."""
    order = {"gpu": ["base"], "cpu": ["base"]}
    with pytest.raises(ValueError, match=problem):
        table({"order": order, "tier": tiers, "default": {"models": ["base"]}})
