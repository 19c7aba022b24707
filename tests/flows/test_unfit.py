"""What the measuring before a publish finds, and what follows from it; every profile passes it."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from votd.config.settings import load
from votd.flows import story
from votd.flows.display import Ledger
from votd.flows.outcome import Outcome
from votd.flows.request import Request

COLOUR = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def told(house: Any, video: Path, profile: str) -> Outcome:
    """Publish a video with a profile."""
    settings = load(home=house.home, store=f"file:{house.site}", profile=profile)
    return asyncio.run(story.publish_here(Request(video=video), settings, Ledger()))


@pytest.mark.parametrize("profile", ["fast", "quality"])
def test_every_profile_passes(make_clip: Callable[..., Path], house: Any, profile: str) -> None:
    """Publish noise, the densest sound that there is, with each ladder that we ship."""
    noise = ("-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.5:seed=1:r=48000:d=6")
    clip = make_clip("noise.mp4", seconds=6, size="640x360", audio=False, extra_in=noise)
    assert told(house, clip, profile).changed


def test_a_copy_that_proves_unfit_is_encoded(ffmpeg: str, make_clip: Callable[..., Path], house: Any) -> None:
    """Copy first what looks compliant; where it keeps more pictures than its level allows, encode it after all."""
    clip, source = make_clip("six.mp4", seconds=6, size="640x360"), house.home.parent / "unfit.mp4"
    gop = ["-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-bf", "2", "-crf", "35", "-refs", "12"]
    form = ["-c:v", "libx264", "-profile:v", "high", "-pix_fmt", "yuv420p", "-vf", f"setsar=1,{COLOUR}"]
    command = [ffmpeg, "-v", "error", "-i", clip, *form, *gop, "-level", "3.0", "-c:a", "copy", source]
    subprocess.run(command, check=True)
    outcome = told(house, source, "fast")
    assert outcome.changed
    assert [stage.name for stage in outcome.stages].count("transcode") == 2
    report = next((house.home / "workspace/reports").glob("*.json")).read_text(encoding="utf-8")
    assert '"copied": null' in report
    assert not told(house, source, "fast").changed
