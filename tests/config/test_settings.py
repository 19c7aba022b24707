"""Settings come from one file and the environment, and a wrong one is one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from votd.config.profiles import caption_style, ladder
from votd.config.settings import load


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start in an empty folder without any VOTD_ variable."""
    for name in [name for name in os.environ if name.startswith("VOTD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults_need_nothing(tmp_path: Path) -> None:
    """The store is a folder of the home."""
    settings = load(home=tmp_path / "h")
    assert settings.store_address == f"file:{tmp_path / 'h' / 'site'}"
    assert settings.zone.key == "Europe/Skopje"
    assert settings.cores >= 1


def test_the_environment_wins_over_the_file_and_arguments_over_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A section's name is written with two underscores."""
    (tmp_path / "votd.toml").write_text('model = "small"\nrubric = "From the file"\n[s3]\nendpoint = "http://a"\n')
    monkeypatch.setenv("VOTD_MODEL", "medium")
    monkeypatch.setenv("VOTD_S3__PATH_STYLE", "true")
    settings = load()
    assert (settings.model, settings.rubric) == ("medium", "From the file")
    assert (settings.s3.endpoint, settings.s3.path_style) == ("http://a", True)
    assert load(model="tiny").model == "tiny"


def test_relative_paths_are_relative_to_what_named_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those in the file to the file, those in the environment to the current folder."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "votd.toml").write_text('home = "data"\narticles = "articles"\nstore = "file:site"\n')
    monkeypatch.setenv("VOTD_CONFIG", "etc/votd.toml")
    monkeypatch.setenv("VOTD_ARTICLES", "mine")
    settings = load()
    assert settings.home == tmp_path / "etc" / "data"
    assert settings.articles == (str(tmp_path / "mine"),)
    assert settings.store == f"file:{tmp_path / 'etc' / 'site'}"
    assert load(store="file:here").store == f"file:{tmp_path / 'here'}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('timezone = "Mars/Base"', "timezone"),
        ("attempts = 0", "attempts"),
        ('modell = "base"', "modell"),
        ("home = [", "TOML"),
        ('cron = "every night"', "cron"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    """It names the setting, or the file."""
    (tmp_path / "votd.toml").write_text(text)
    with pytest.raises(ValueError, match=says) as caught:
        load()
    assert "\n" not in str(caught.value)


def test_settings_travel_through_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run that starts in another folder has the same ones."""
    (tmp_path / "votd.toml").write_text('store = "file:site"\nlanguage = "mk"\n[s3]\nchecksum = "when_required"\n')
    settings = load()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = "from votd.config.settings import load; print(load().model_dump_json())"
    there = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | settings.environment(),
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == settings.model_dump_json()


def test_the_profiles_that_ship_can_be_read() -> None:
    """The ladder goes from the largest rung to the smallest; there is one caption style."""
    assert ladder("fast").rungs[0].short_edge > ladder("fast").rungs[-1].short_edge
    assert (caption_style().max_lines, caption_style().max_line_length) == (2, 42)
    with pytest.raises(ValueError, match="there are fast"):
        ladder("none")
