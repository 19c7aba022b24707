"""One small published version, and copies of it to break."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from votd.config.settings import load
from votd.flows import story
from votd.flows.display import Ledger
from votd.flows.request import Request
from votd.media.verify.report import Report
from votd.media.verify.verify import verify


@dataclass(frozen=True)
class Copy:
    """A copy of the published version, whose files may be changed."""

    site: Path
    ffmpeg: str

    @property
    def key(self) -> str:
        """Return the record's key."""
        return str(json.loads((self.site / "latest.json").read_text())["record"])

    @property
    def record(self) -> dict[str, Any]:
        return dict(json.loads((self.site / self.key).read_text()))

    @property
    def media(self) -> Path:
        """Return the folder of the encode."""
        return (self.site / self.record["mp4"]).parent

    @property
    def version(self) -> Path:
        """Return the folder of the version."""
        return (self.site / self.key).parent

    def files(self) -> dict[str, Path]:
        """Return every object by key."""
        found = (path for path in self.site.rglob("*") if path.is_file() and ".votd" not in path.parts)
        return {str(path.relative_to(self.site)): path for path in found}

    def verify(self) -> Report:
        """Judge it as it is now."""
        return asyncio.run(verify(self.files(), self.key, ffmpeg=self.ffmpeg))

    def set(self, name: str, value: Any) -> None:
        """Change a field of the record; ``a.b`` is a field of a field."""
        record = self.record
        outer, _, inner = name.partition(".")
        record[outer] = {**record[outer], inner: value} if inner else value
        (self.site / self.key).write_text(json.dumps(record))

    def run(self, *arguments: str) -> None:
        """Run ffmpeg in the encode's folder."""
        head = [self.ffmpeg, "-nostdin", "-v", "error", "-y"]
        subprocess.run([*head, *arguments], check=True, cwd=self.media)

    def remake(self, track: str, *arguments: str) -> None:
        """Encode a track anew from the MP4, into segments of the same names; its playlist stays."""
        for old in (self.media / track).glob("*.m[4p]*"):
            if old.suffix != ".m3u8":
                old.unlink()
        names = ["-init_seg_name", f"{track}/init.mp4", "-media_seg_name", f"{track}/$Number%05d$.m4s"]
        dash = ["-f", "dash", "-seg_duration", "6", "-use_timeline", "0", *names, f"{track}.mpd"]
        self.run("-i", "video.mp4", *arguments, *dash)


@pytest.fixture(scope="session")
def bundle(make_clip: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish eight seconds in two renditions, once; return the store's folder."""
    folder = tmp_path_factory.mktemp("bundle")
    settings = load(home=folder / "home", store=f"file:{folder / 'site'}", model="base")
    clip = make_clip("clip.mp4", seconds=8, size="640x360")
    asyncio.run(story.publish_here(Request(video=clip), settings, Ledger()))
    return folder / "site"


@pytest.fixture
def copy(bundle: Path, tmp_path: Path, ffmpeg: str) -> Copy:
    """Return a copy of the published version."""
    shutil.copytree(bundle, tmp_path / "site")
    return Copy(tmp_path / "site", ffmpeg)


@pytest.fixture
def broken(copy: Copy) -> Callable[[Callable[[Copy], None]], Sequence[str]]:
    """Return a judge of a copy that was broken: it gives "RULE subject: detail" of everything that fails."""

    def judge(fault: Callable[[Copy], None]) -> list[str]:
        fault(copy)
        return [f"{each.rule} {each.subject}: {each.detail}" for each in copy.verify().failures]

    return judge
