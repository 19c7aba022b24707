"""``votd up`` for real: server, worker, watcher, drops of every kind, and an end that leaves no process."""

import contextlib
import datetime as dt
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from votd.media.record import Current, Index

pytestmark = pytest.mark.all

VOTD = str(Path(sys.executable).with_name("votd"))
START_S = 240  # Prefect's server, the registration and the worker, on a machine that does much else
WORK_S = 900  # a bound for a busy machine; an idle one needs a tenth
SENTENCE = r"[^\n]+[.]\n"


@dataclass(frozen=True)
class Duty:
    """One home whose ``votd up`` listens on a port of its own."""

    root: Path
    port: int

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def site(self) -> Path:
        return self.root / "site"

    def environment(self) -> dict[str, str]:
        """Return the settings of this home, and nothing of a Prefect that the user may have."""
        ours = {
            "VOTD_HOME": str(self.home),
            "VOTD_STORE": f"file:{self.site}",
            "VOTD_PREFECT_PORT": str(self.port),
            "VOTD_SETTLE_S": "1",
            "PREFECT_HOME": str(self.root / "no prefect"),
        }
        return {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"} | ours

    def start(self) -> subprocess.Popen[bytes]:
        """Start ``votd up`` and wait until it is on duty."""
        self.root.mkdir(exist_ok=True)
        with (self.root / "up.log").open("ab") as log:
            begin = log.tell()
            running = subprocess.Popen([VOTD, "up"], env=self.environment(), cwd=self.root, stdout=log, stderr=log)

        def on_duty() -> bool:
            text = (self.root / "up.log").read_bytes()[begin:]
            assert running.poll() is None, text.decode()
            return b"on duty." in text

        until(on_duty, START_S)
        return running

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run another command of votd for this home."""
        env = self.environment() | environment
        argv = [VOTD, *arguments]
        return subprocess.run(argv, env=env, cwd=self.root, capture_output=True, text=True, timeout=300, check=False)

    def ask(self, path: str, **query: Any) -> Any:
        """Ask the server's API."""
        answer = httpx.post(f"http://127.0.0.1:{self.port}/api/{path}", json=query, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def runs(self, name: str) -> list[Any]:
        """Return the flow runs of a name."""
        runs: list[Any] = self.ask("flow_runs/filter", flow_runs={"name": {"any_": [name]}})
        return runs

    def of_run(self, kind: str, name: str) -> list[Any]:
        """Return the task runs or artifacts of the one flow run of a name; Prefect's own notes of failures left out."""
        [run] = self.runs(name)
        found = self.ask(f"{kind}/filter", flow_runs={"id": {"any_": [run["id"]]}})
        return [one for one in found if one.get("key", "task run")]

    def where(self) -> dict[str, list[str]]:
        """Return what is in each of the producers' folders; a claim's folder stands for itself."""
        names = ("inbox", "working", "done", "rejected")
        return {n: sorted(p.name for p in (self.home / n).iterdir() if not p.name.startswith(".")) for n in names}

    def alive(self) -> dict[int, str]:
        """Return the processes of this home: its path is in the environment that every child inherits."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"VOTD_HOME={self.home}\0".encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def transcodes(self) -> bool:
        """Tell whether ffmpeg makes renditions now."""
        return any("f=dash" in line for line in self.alive().values())

    def published(self) -> list[str]:
        """Return the titles of the store's videos."""
        if not (self.site / "index.json").exists():
            return []
        return [v.title for v in Index.model_validate_json((self.site / "index.json").read_text()).videos]


def until(moment: Callable[[], object], seconds: float) -> None:
    """Wait until something is so; fail where it is not in time."""
    limit = time.monotonic() + seconds
    while not moment():
        assert time.monotonic() < limit, f"not within {seconds} s: {moment.__qualname__}"
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(duty: Duty, running: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    """End a ``votd up``; whatever it has started is gone soon after."""
    start = time.monotonic()
    running.send_signal(sign)
    running.wait(timeout=15)
    until(lambda: not duty.alive(), 15)
    print(f"{sign.name}: no process left after {time.monotonic() - start:.1f} s")


@contextlib.contextmanager
def nothing_left(duty: Duty) -> Iterator[None]:
    """Kill what a failed test would leave behind."""
    try:
        yield
    finally:
        for pid in duty.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def half(clip: Path, to: Path, ffmpeg: str) -> None:
    """Write the first half of a faststart MP4, whose moov says that all is well."""
    whole = to.with_name("whole.mov")
    copy = ["-i", str(clip), "-c", "copy", "-movflags", "+faststart", "-f", "mp4", str(whole)]
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *copy], check=True)
    to.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])


@pytest.fixture(scope="module")
def duty(make_clip: Callable[..., Path], ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duty]:
    """Put a machine on duty, give it five bad drops and a good one, and wait until all are dealt with."""
    folder = tmp_path_factory.mktemp("duty")
    duty, clip = Duty(folder / "machine", free_port()), make_clip("tone.mp4")
    with nothing_left(duty):
        running = duty.start()
        inbox = duty.home / "inbox"
        (inbox / "text.mp4").write_text("This is no video.\n" * 100)
        os.mkfifo(inbox / "pipe.mp4")
        (inbox / "folder.mp4").mkdir()
        (inbox / "list.mp4").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{clip}\n#EXT-X-ENDLIST\n"
        )
        half(clip, folder / "half.mp4", ffmpeg)
        (folder / "half.mp4").rename(inbox / "half.mp4")
        (inbox / "good.yaml").write_text('title: "A good evening"\ndate: 2026-11-22\n')
        shutil.copy(clip, inbox / "good.mp4")
        until(lambda: len(duty.where()["done"]) == 2 and len(duty.where()["rejected"]) == 10, WORK_S)
        until(lambda: not any(run["state_type"] in ("RUNNING", "PENDING") for run in duty.ask("flow_runs/filter")), 60)
        yield duty
        end(duty, running, signal.SIGTERM)
        assert running.returncode == 130


def test_the_good_one_is_published_and_the_bad_ones_have_their_reasons(duty: Duty) -> None:
    """Each drop is in exactly one folder; the store holds one video, with the sidecar's facts."""
    bad = ["folder.mp4", "half.mp4", "list.mp4", "pipe.mp4", "text.mp4"]
    reasons = [f"{name}.reason.txt" for name in bad]
    assert duty.where() == {
        "inbox": [],
        "working": [],
        "done": ["good.mp4", "good.yaml"],
        "rejected": sorted(bad + reasons),
    }
    for reason in reasons:
        assert re.fullmatch(SENTENCE, (duty.home / "rejected" / reason).read_text())
    assert duty.published() == ["A good evening"]
    latest = Current.model_validate_json((duty.site / "latest.json").read_text())
    assert latest.id == "2026-11-22-a-good-evening"
    assert (duty.site / latest.record).is_file()
    assert len(list(duty.site.glob("media/*/*"))) == 1


def test_the_run_of_a_drop_shows_its_tasks_and_its_summary(duty: Duty) -> None:
    """Prefect's page of a run tells what happened, also where a drop was refused."""
    [run] = duty.runs("publish drop good.mp4")
    assert run["state_type"] == "COMPLETED"
    tasks = duty.of_run("task_runs", "publish drop good.mp4")
    names = {"ingest", "identify", "examine", "extract audio", "transcode", "transcribe", "link", "publish"}
    assert {re.sub(r"-[^-]+$", "", task["name"]): task["state_type"] for task in tasks} == dict.fromkeys(
        names, "COMPLETED"
    )
    [summary] = duty.of_run("artifacts", "publish drop good.mp4")
    assert (summary["key"], summary["type"]) == ("summary", "markdown")
    assert "A good evening" in summary["data"]
    [refused] = duty.runs("publish drop text.mp4")
    assert refused["state_type"] == "FAILED"
    [summary] = duty.of_run("artifacts", "publish drop text.mp4")
    assert summary["data"].startswith("**Not published.**")


def test_the_nightly_deployment_has_scheduled_runs(duty: Duty) -> None:
    """The cron schedule with its time zone is there, and the server makes runs of it: a wrong pin stops that."""
    url = f"http://127.0.0.1:{duty.port}/api/deployments/name/nightly/nightly"
    deployment = httpx.get(url, timeout=30).json()
    [schedule] = deployment["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 * * *", "Europe/Skopje")
    query = {"deployment_id": {"any_": [deployment["id"]]}, "state": {"type": {"any_": ["SCHEDULED"]}}}

    def scheduled() -> list[Any]:
        runs: list[Any] = duty.ask("flow_runs/filter", flow_runs=query)
        return runs

    until(scheduled, 60)
    for run in scheduled():
        due = dt.datetime.fromisoformat(run["expected_start_time"]).astimezone(ZoneInfo("Europe/Skopje"))
        assert (due.hour, due.minute) == (2, 0)


def test_status_says_what_is(duty: Duty) -> None:
    """Drops are counted, not their sidecars; the run that failed and the night to come are named."""
    ran = duty.run("status")
    assert ran.returncode == 0, ran.stderr
    assert f"inbox 0, working 0, done 1, rejected 5 (in {duty.home})" in ran.stdout
    assert f"http://127.0.0.1:{duty.port}, the next scheduled run at " in ran.stdout
    assert re.search(r"02:00 CES?T$", ran.stdout, re.MULTILINE)
    assert re.search(r"^ +Completed +publish drop good\.mp4$", ran.stdout, re.MULTILINE)
    assert re.search(r"^ +Failed +publish drop text\.mp4: .+", ran.stdout, re.MULTILINE)
    assert "1 videos, the latest is 2026-11-22-a-good-evening: A good evening" in ran.stdout


def test_publish_becomes_a_run_of_that_server(duty: Duty, make_clip: Callable[..., Path], tmp_path: Path) -> None:
    """Without a flag, from the same home."""
    other = shutil.copy(make_clip("tone5.mp4", seconds=5), tmp_path / "other.mp4")
    ran = duty.run("publish", str(other), "--to", f"file:{tmp_path / 'site'}")
    assert ran.returncode == 0, ran.stderr
    assert [run["state_type"] for run in duty.runs("publish other.mp4")] == ["COMPLETED"]
    assert len(duty.of_run("task_runs", "publish other.mp4")) == 8


def test_a_second_up_for_the_same_home_is_refused(duty: Duty) -> None:
    """In one sentence; the first one works on."""
    ran = duty.run("up")
    assert ran.returncode == 2
    assert re.fullmatch(f"votd: {SENTENCE}", ran.stderr), ran.stderr
    assert duty.alive()


def test_an_end_in_the_middle_leaves_no_process_and_loses_no_drop(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """SIGTERM, then kill -9, each while ffmpeg runs; each time the claim goes back; in the end it is published once."""
    duty = Duty(tmp_path / "machine", free_port())
    (duty.home / "inbox").mkdir(parents=True)
    shutil.copy(make_clip("long tone.mp4", seconds=30, size="960x540"), duty.home / "inbox" / "long.mp4")
    with nothing_left(duty):
        for sign in (signal.SIGTERM, signal.SIGKILL):
            running = duty.start()
            until(duty.transcodes, WORK_S)
            end(duty, running, sign)
            assert duty.published() == []
            assert len(duty.where()["inbox"]) + len(duty.where()["working"]) == 1
        running = duty.start()
        until(lambda: duty.where()["done"], WORK_S)
        assert duty.where() == {"inbox": [], "working": [], "done": ["long.mp4"], "rejected": []}
        assert duty.published() == ["long"]
        assert len(list(duty.site.glob("videos/*/*/record.json"))) == 1
        end(duty, running, signal.SIGTERM)
    assert not list((duty.home / "workspace" / "scratch").iterdir())


def test_a_configured_server_that_does_not_answer_is_one_sentence(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """The exit code says: out of reach; nothing was begun."""
    duty = Duty(tmp_path, free_port())
    start = time.monotonic()
    ran = duty.run("publish", str(make_clip("tone.mp4")), PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api")
    print(f"ended after {time.monotonic() - start:.1f} s")
    assert ran.returncode == 3
    assert re.fullmatch(f"votd: {SENTENCE}", ran.stderr), ran.stderr
    assert not duty.site.exists()
