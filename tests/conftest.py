"""What many tests need: the real ffmpeg, small clips made with it, a house to publish in, the published sample."""

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import imageio_ffmpeg
import pytest
import uvicorn

from votd.config.settings import load
from votd.flows import story
from votd.flows.display import Ledger
from votd.flows.outcome import Outcome
from votd.flows.request import Request
from votd.flows.serve import app

RADOSGW = Path(__file__).parent / "radosgw.py"


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    """Return the path of the ffmpeg that the project runs."""
    return imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture(scope="session")
def make_clip(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a maker of small H.264/AAC files: a moving test picture with a tone."""
    folder = tmp_path_factory.mktemp("clips")

    def make(
        name: str,
        seconds: float = 4,
        size: str = "320x180",
        rate: str = "25",
        audio: bool = True,
        extra_in: Sequence[str] = (),
        extra_out: Sequence[str] = (),
    ) -> Path:
        made_of = repr((seconds, size, rate, audio, extra_in, extra_out)).encode()
        path = folder / hashlib.sha256(made_of).hexdigest()[:16] / name
        if path.exists():
            return path
        path.parent.mkdir(exist_ok=True)
        picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
        tone = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}"] if audio else []
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        head = [ffmpeg, "-nostdin", "-v", "error", "-y", *picture, *tone, *extra_in]
        subprocess.run([*head, *codecs, *extra_out, str(path)], check=True)
        return path

    return make


@dataclass(frozen=True)
class House:
    """One home and one directory store, with the story told directly in this process."""

    home: Path
    site: Path

    def publish(self, video: Path, model: str = "base", **facts: Any) -> Outcome:
        """Publish a video as ``votd publish --direct`` does."""
        return asyncio.run(self.tell(Request(video=video, **facts), model))

    async def tell(self, request: Request, model: str = "base") -> Outcome:
        """Tell the story of one request."""
        settings = load(home=self.home, store=f"file:{self.site}", model=model)
        return await story.publish_here(request, settings, Ledger())

    def json(self, key: str) -> Any:
        """Read a JSON object of the store."""
        return json.loads((self.site / key).read_text(encoding="utf-8"))

    def objects(self) -> dict[str, int]:
        """List every object of the store with the time of its last change; hidden files are none."""
        paths = (p for p in self.site.rglob("*") if p.is_file())
        keys = {str(p.relative_to(self.site)): p.stat().st_mtime_ns for p in paths}
        return {key: changed for key, changed in sorted(keys.items()) if not key.startswith(".")}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Return a new home with an empty store."""
    return House(tmp_path / "home", tmp_path / "site")


@pytest.fixture(scope="session")
def sample() -> Path:
    """Return the folder of the sample: a video, what is said in it, and articles."""
    return Path(__file__).parent / "sample"


@pytest.fixture(scope="session")
def published(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Outcome]:
    """Publish the sample once for every test that only looks at the result."""
    folder = tmp_path_factory.mktemp("published")
    house = House(folder / "home", folder / "site")
    return house, house.publish(sample / "sample.mp4", articles=(str(sample / "articles"),))


@pytest.fixture(scope="session")
def serving() -> Iterator[Callable[[Path], str]]:
    """Return a starter of ``votd serve`` on a free port; it gives the address."""
    with contextlib.ExitStack() as servers:

        def start(folder: Path) -> str:
            server = uvicorn.Server(uvicorn.Config(app(folder), log_level="warning"))
            listener = servers.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            servers.callback(thread.join)
            servers.callback(setattr, server, "should_exit", True)
            while not server.started:
                time.sleep(0.02)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield start


@pytest.fixture(scope="session")
def gateway() -> Iterator[dict[str, str]]:
    """Start a real S3 server; it ends with its standard input, so also when pytest is killed."""
    argv = [sys.executable, str(RADOSGW)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        line = server.stdout.readline()
        if not line:
            pytest.fail(f"no S3 server to test with: {server.stderr.read().decode()}")
        yield json.loads(line)
        server.stdin.close()
        server.wait()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return a setter of credentials; whatever this machine has of its own is out of sight."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)

    def give(access: str, secret: str) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", access)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)

    return give


@pytest.fixture
def bucket(gateway: dict[str, str], keys: Callable[[str, str], None]) -> str:
    """Make an empty bucket and give its keys to boto3's chain."""
    keys(gateway["access_key"], gateway["secret_key"])
    name = f"test-{uuid.uuid4().hex}"
    boto3.session.Session().client("s3", endpoint_url=gateway["endpoint"]).create_bucket(Bucket=name)
    return name
