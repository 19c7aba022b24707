"""The story as Prefect runs it: its tasks, its retries, its summary, and the nightly flow, on a real server."""

import asyncio
import ctypes
import datetime as dt
import re
import shutil
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

from votd.config.settings import load
from votd.flows import server
from votd.flows.display import Ledger
from votd.flows.inbox import Inbox
from votd.flows.outcome import Outcome
from votd.flows.request import Request
from votd.media import errors

MakeClip = Callable[..., Path]
TASKS = {"ingest", "identify", "examine", "extract audio", "transcode", "transcribe", "link", "publish"}


@dataclass(frozen=True)
class Api:
    """What the server knows of the runs."""

    url: str

    def ask(self, path: str, **query: Any) -> list[Any]:
        """Ask for a list."""
        answer = httpx.post(f"{self.url}/{path}/filter", json=query, timeout=30)
        answer.raise_for_status()
        found: list[Any] = answer.json()
        return found

    def run(self, name: str) -> Any:
        """Return the one flow run of a name."""
        [run] = self.ask("flow_runs", flow_runs={"name": {"any_": [name]}})
        return run

    def tasks(self, name: str) -> dict[str, Any]:
        """Return the task runs of a flow run by the names of their tasks; Prefect writes them down a moment later."""

        def ended() -> list[Any]:
            found = self.ask("task_runs", flow_runs={"name": {"any_": [name]}})
            return found if found and all(task["end_time"] for task in found) else []

        return {re.sub(r"-[^-]+$", "", task["name"]): task for task in soon(ended)}

    def artifact(self, name: str, key: str) -> str:
        """Return the text of a flow run's artifact."""
        found = self.ask("artifacts", flow_runs={"name": {"any_": [name]}}, artifacts={"key": {"any_": [key]}})
        [text] = [artifact["data"] for artifact in found]
        return str(text)


def soon(ask: Callable[[], Any], seconds: float = 60) -> Any:
    """Ask until there is an answer."""
    limit = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < limit, f"nothing came of {ask.__qualname__}"
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Run Prefect's server on a new database for the tests of this file.

    Prefect's own test harness runs no scheduler, so that it cannot show that a cron schedule becomes runs.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    argv = [sys.executable, "-P", "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**server.QUIET, "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect"))}.items():
            patch.setenv(name, value)
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as running:
            try:
                soon(lambda: server.answers(api) or running.poll() is not None, server.START_S)
                from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

                # Without logs to the API: their last would be sent when this server is gone.
                with temporary_settings({PREFECT_API_URL: api, PREFECT_LOGGING_TO_API_ENABLED: False}):
                    yield Api(api)
            finally:
                running.terminate()


@pytest.fixture
def home(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a new home, as a worker's runs find it: in the environment."""
    monkeypatch.setenv("VOTD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VOTD_STORE", f"file:{tmp_path / 'site'}")
    monkeypatch.setenv("VOTD_SETTLE_S", "0.1")
    yield tmp_path / "home"
    if sys.platform == "linux":  # the nightly flow has tied this process to its parent
        ctypes.CDLL(None).prctl(1, 0)


def publish(video: Path, **settings: Any) -> Outcome:
    """Run the flow of ``votd publish``."""
    from votd.flows.runs import publishing

    async def run() -> Outcome:
        outcome: Outcome = await publishing(load(**settings), Ledger())(Request(video=video))  # type: ignore[misc]
        return outcome

    return asyncio.run(run())


def published(home: Path) -> list[str]:
    """Return the titles of what is in the store, from its index."""
    index = home.parent / "site" / "index.json"
    return sorted(re.findall(r'"title": "(.+)"', index.read_text())) if index.exists() else []


def test_a_run_has_a_task_for_each_artifact_and_a_summary(api: Api, home: Path, make_clip: MakeClip) -> None:
    """The run's page shows where it is, and in the end what came of it."""
    outcome = publish(make_clip("tasks.mp4"))
    assert api.run("publish tasks.mp4")["state_type"] == "COMPLETED"
    assert {name: task["state_type"] for name, task in api.tasks("publish tasks.mp4").items()} == dict.fromkeys(
        TASKS, "COMPLETED"
    )
    summary = api.artifact("publish tasks.mp4", "summary")
    assert outcome.record.id in summary
    assert outcome.record.page in summary
    assert published(home) == ["tasks"]


def test_a_long_stage_has_a_progress_artifact(
    api: Api, home: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of its task shows how far it is and how fast; in the end it is at 100."""
    from votd.flows import runs

    monkeypatch.setattr(runs, "SHOW_EVERY_S", 0.3)
    publish(make_clip("bars.mp4", seconds=20, size="640x360"))
    tasks = {task["id"]: name for name, task in api.tasks("publish bars.mp4").items()}
    query = {"flow_runs": {"name": {"any_": ["publish bars.mp4"]}}, "artifacts": {"type": {"any_": ["progress"]}}}
    bars = {tasks[found["task_run_id"]]: found for found in api.ask("artifacts", **query)}
    assert bars["transcode"]["data"] == 100
    assert re.fullmatch(r"transcode: [\d.]+× real time", bars["transcode"]["description"])
    assert {found["data"] for found in bars.values()} == {100}


def test_only_what_is_unavailable_is_tried_again(
    api: Api, home: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that cannot be had is asked for four times; all else runs once, and the video comes without captions."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(home / "no models"))
    outcome = publish(make_clip("hub.mp4"), model="tiny")
    assert outcome.record.captions == ()
    assert "'tiny' is not on this machine" in outcome.warnings[0]
    tasks = api.tasks("publish hub.mp4")
    assert {name: task["run_count"] for name, task in tasks.items()} == dict.fromkeys(TASKS, 1) | {"transcribe": 4}
    assert api.run("publish hub.mp4")["state_type"] == "COMPLETED"


def test_a_refused_source_is_not_tried_again(api: Api, home: Path, tmp_path: Path) -> None:
    """The run fails at once, and its page says the sentence that the producer gets."""
    (tmp_path / "text.mp4").write_text("This is no video.\n" * 100)
    with pytest.raises(errors.RejectedSource) as refused:
        publish(tmp_path / "text.mp4")
    assert api.run("publish text.mp4")["state_type"] == "FAILED"
    tasks = api.tasks("publish text.mp4")
    assert (tasks["examine"]["state_type"], tasks["examine"]["run_count"]) == ("FAILED", 1)
    assert api.artifact("publish text.mp4", "summary") == f"**Not published.** {refused.value}"
    assert published(home) == []


def test_registered_twice_the_night_has_one_schedule_and_runs_to_come(
    api: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cron line and time zone of the settings become Scheduled runs: a wrong pin stops that silently."""
    from votd.flows.register import register

    monkeypatch.setenv("VOTD_CRON", "30 4 * * *")
    monkeypatch.setenv("VOTD_TIMEZONE", "America/New_York")
    for _ in range(2):
        asyncio.run(register(load()))
    assert {d["name"] for d in api.ask("deployments")} == {"inbox", "nightly"}
    [night] = [d for d in api.ask("deployments") if d["name"] == "nightly"]
    [schedule] = night["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("30 4 * * *", "America/New_York")
    query = {"deployment_id": {"any_": [night["id"]]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    for run in soon(lambda: api.ask("flow_runs", flow_runs=query)):
        due = dt.datetime.fromisoformat(run["expected_start_time"]).astimezone(ZoneInfo("America/New_York"))
        assert (due.hour, due.minute) == (4, 30)


def test_the_night_publishes_what_waits_and_tries_again(api: Api, home: Path, make_clip: MakeClip) -> None:
    """A bad file does not stop the next; what was unavailable has its second try; nothing is left waiting."""
    from votd.flows.runs import nightly

    inbox = Inbox(home, attempts=5)
    (inbox.folder / "1 bad.mp4").write_text("This is no video.\n" * 100)
    shutil.copy(make_clip("tone.mp4"), inbox.folder / "2 waited.mp4")
    shutil.copy(make_clip("small.mp4", size="160x90"), inbox.folder / "3 new.mp4")
    claim = inbox.claim("2 waited.mp4")
    assert claim
    claim.give_back(waits=True, reason="The store is down.")
    asyncio.run(nightly())  # type: ignore[arg-type]  # an async flow is typed as a plain one
    assert inbox.waiting() == []
    assert sorted(p.name for p in (home / "done").iterdir()) == ["2 waited.mp4", "3 new.mp4"]
    assert sorted(p.name for p in (home / "rejected").iterdir()) == ["1 bad.mp4", "1 bad.mp4.reason.txt"]
    assert published(home) == ["2 waited", "3 new"]
    nights = api.ask("artifacts", artifacts={"key": {"any_": ["night"]}})
    [table] = [artifact["data"] for artifact in nights if "3 new.mp4" in artifact["data"]]
    assert re.findall(r"^\| (.+?) \| (\w+) \|", table, re.MULTILINE)[1:] == [
        ("1 bad.mp4", "rejected"),
        ("2 waited.mp4", "published"),
        ("3 new.mp4", "published"),
    ]
    assert api.run("publish drop 3 new.mp4")["state_type"] == "COMPLETED"


@pytest.mark.parametrize(("hours", "left"), [(13, ["bad.mp4"]), (11, [])])
def test_a_night_that_comes_too_late_is_skipped(api: Api, home: Path, hours: int, left: list[str]) -> None:
    """After a week without power only the newest of the runs that piled up does the work."""
    from prefect.client.orchestration import get_client
    from prefect.flow_engine import run_flow_async
    from prefect.states import Scheduled

    from votd.flows.runs import nightly

    inbox = Inbox(home, attempts=5)
    (inbox.folder / "bad.mp4").write_text("This is no video.\n" * 100)

    async def late() -> None:
        due = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
        async with get_client() as client:
            run = await client.create_flow_run(nightly, state=Scheduled(scheduled_time=due))
        await run_flow_async(nightly, flow_run=run, parameters={})

    asyncio.run(late())
    assert [drop.name for drop in inbox.waiting()] == left
