"""``votd up``: put a machine on duty. Prefect's server, a worker and the watcher run as children, and end together."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from votd.config.settings import Settings
from votd.flows import server
from votd.flows.inbox import Inbox
from votd.flows.watch import POOL
from votd.media import errors, process
from votd.media.process import Limits
from votd.media.workspace.workspace import take_lock

START_S = 120
Say = Callable[[str], None]


async def up(settings: Settings, say: Say) -> None:
    """Stay on duty until a child dies or this task is cancelled; either way every child is ended.

    Raises ``BadRequest`` where another ``votd up`` runs for this home, ``ToolFailed`` where a child died.
    """
    inbox = Inbox(settings.home, settings.attempts)
    api = f"http://127.0.0.1:{settings.prefect_port}/api"
    lock = take_lock(server.duty_lock(settings))
    if lock is None:
        raise errors.BadRequest(f"votd up runs already for {settings.home}.")
    if server.answers(api):
        raise errors.BadRequest(f"Port {settings.prefect_port} is taken by another server. Set VOTD_PREFECT_PORT.")
    with lock:
        for name in inbox.recover():
            say(f"votd: {name} was left by a run that died; it is back in the inbox.")
        os.environ.update(_environment(settings, api))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_child("server", _prefect("server", "start", *_address(settings)), say))
                await _wait_for(api)
                await _child("register", _module("votd.flows.register"), say, ends=True)
                worker = _prefect("worker", "start", "--pool", POOL, "--type", "process", "--name", os.uname().nodename)
                group.create_task(_child("worker", worker, say))
                group.create_task(_child("watch", _module("votd.flows.watch"), say))
                server.duty_lock(settings).write_text(api, encoding="utf-8")
                say(f"votd: on duty. Drop videos into {inbox.folder}; the runs are at {api.removesuffix('/api')}")
        except* errors.VotdError as group_error:
            raise group_error.exceptions[0] from None
        finally:
            server.duty_lock(settings).write_text("", encoding="utf-8")


def _environment(settings: Settings, api: str) -> dict[str, str]:
    """Return what the children inherit: they start in other folders, and so do the runs of the worker."""
    home = {"PREFECT_HOME": str(settings.home / "prefect"), "PREFECT_WORKER_QUERY_SECONDS": "3"}
    return server.environment(settings, api) | home | settings.environment()


def _address(settings: Settings) -> tuple[str, ...]:
    return "--host", "127.0.0.1", "--port", str(settings.prefect_port)


def _module(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", *arguments]


def _prefect(*arguments: str) -> list[str]:
    return _module("prefect", *arguments)


async def _child(name: str, argv: list[str], say: Say, ends: bool = False) -> None:
    """Run one child; that it ends at all is an error, unless it is one that should."""
    tail = await process.run(argv, Limits(), lambda line: say(f"{name}: {line}"))
    if not ends:
        raise errors.ToolFailed(f"The {name} ended by itself; everything else was ended too. {tail}")


async def _wait_for(api: str) -> None:
    limit = time.monotonic() + START_S
    while not await asyncio.to_thread(server.answers, api):
        if time.monotonic() > limit:
            raise errors.ToolFailed(f"Prefect's server did not answer within {START_S} s.")
        await asyncio.sleep(0.5)


def folders(home: Path) -> dict[str, int]:
    """Count what is in each of the producers' folders."""
    names = ("inbox", "working", "done", "rejected")
    return {name: len([p for p in (home / name).glob("*") if not p.name.startswith(".")]) for name in names}
