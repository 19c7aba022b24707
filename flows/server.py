"""Which Prefect server a command talks to, and the environment that Prefect's processes need. Imports no Prefect."""

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

from votd.config.settings import Settings
from votd.media import errors, process
from votd.media.process import Limits
from votd.media.workspace.workspace import take_lock

ANSWER_S = 5.0
START_S = 180
"""A fresh database takes 17 s on an idle machine, and several times that on a busy one."""
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}


def find(settings: Settings) -> str | None:
    """Return the API of the server to use: the configured one, else that of a running ``votd up``, else ``None``.

    Raises ``Unavailable`` where one is configured and does not answer.
    """
    api = configured() or on_duty(settings)
    if api and not answers(api):
        raise errors.Unavailable(
            f"The Prefect server at {shown(api)} does not answer. Start it, unset PREFECT_API_URL, or give --direct."
        )
    return api


def configured() -> str | None:
    """Return the API that PREFECT_API_URL or Prefect's active profile names."""
    if api := os.environ.get("PREFECT_API_URL"):
        return api
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text(encoding="utf-8"))
        name = os.environ.get("PREFECT_PROFILE") or profiles["active"]
        return profiles["profiles"][name].get("PREFECT_API_URL") or None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def duty_lock(settings: Settings) -> Path:
    """Return the file whose lock a running ``votd up`` holds; its text is the API."""
    return settings.home / "duty.lock"


def on_duty(settings: Settings) -> str | None:
    """Return the API of the ``votd up`` that runs for this home."""
    path = duty_lock(settings)
    if not path.is_file():
        return None
    if free := take_lock(path):
        free.close()
        return None
    return path.read_text(encoding="utf-8").strip() or None


def answers(api: str) -> bool:
    """Tell whether a Prefect API answers; one that wants a password answers too."""
    if not api.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(f"{api.rstrip('/')}/health", timeout=ANSWER_S) as answer:  # noqa: S310 - http(s) only
            return json.load(answer) is True
    except urllib.error.HTTPError as e:
        return e.code in (401, 403)
    except (OSError, ValueError):
        return False


def shown(api: str) -> str:
    """Return an API's address without the name and password that it may hold."""
    parts = urlsplit(api)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def environment(settings: Settings, api: str) -> dict[str, str]:
    """Return what a process of Prefect needs to know to talk to an API.

    Beside a server of ours, Prefect's own files are in our home; a configured one may need the user's profile.
    """
    if api == configured():
        return QUIET | {"PREFECT_API_URL": api}
    home = settings.home / "prefect"
    try:
        home.mkdir(parents=True, exist_ok=True)  # Prefect makes no parents, and tries for minutes
    except OSError as e:
        raise errors.BadRequest(f"The folder {home} cannot be made: {e.strerror}.") from e
    return QUIET | {"PREFECT_API_URL": api, "PREFECT_HOME": str(home)}


@contextlib.asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[str]:
    """Run Prefect's server for this process alone and lend its API; the kernel ends it if we are killed.

    Prefect's own ephemeral mode leaves its server behind after kill -9, and reports its shutdown as an error.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with running(settings, port, lambda line: None) as api:
        yield api


@contextlib.asynccontextmanager
async def running(settings: Settings, port: int, say: Callable[[str], None]) -> AsyncIterator[str]:
    """Run Prefect's server on a port and lend its API once it answers; raises ``ToolFailed`` where it does not."""
    api = f"http://127.0.0.1:{port}/api"
    os.environ.update(environment(settings, api))
    argv = [sys.executable, "-P", "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = asyncio.create_task(process.run(argv, Limits(), say))
    try:
        limit = time.monotonic() + START_S
        while not await asyncio.to_thread(answers, api):
            if server.done() or time.monotonic() > limit:
                reason = server.exception() if server.done() else f"no answer within {START_S} s"
                raise errors.ToolFailed(f"Prefect's server did not start: {reason}")
            await asyncio.sleep(0.3)
        yield api
    finally:
        server.cancel()
        await asyncio.wait([server])
