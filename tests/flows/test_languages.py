"""A talk in one language and its article in another, through the whole story."""

import datetime as dt
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
import yaml

TESTS = Path(__file__).parents[1]


@pytest.mark.all
def test_a_macedonian_talk_by_its_script_finds_its_english_article(house: Any, tmp_path: Path) -> None:
    """Speak a talk of the bed, align it with its script, and link it among the sample's articles."""
    told = yaml.safe_load((TESTS / "articles/bed/dev/night-tariff.yaml").read_text("utf-8"))["commentary"]["text"]
    sound, video = tmp_path / "talk.wav", tmp_path / "talk.mp4"
    subprocess.run(["espeak-ng", "-v", "mk", "-w", str(sound)], input=told, text=True, check=True)
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-i", str(sound), "-shortest"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(video)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *picture, *coded], check=True)
    video.with_suffix(".txt").write_text(told, encoding="utf-8")
    folders = (str(TESTS / "articles/languages"), str(TESTS / "sample/articles"))
    outcome = house.publish(video, language="mk", date=dt.date(2026, 3, 26), articles=folders)
    assert outcome.record.speech.script > 0.9
    assert [article.title for article in outcome.record.articles] == [
        "Cheap night electricity cut to five hours from April"
    ]
