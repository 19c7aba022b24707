"""``votd up``: put a machine on duty. Prefect's server, a worker and the watcher run as children, and end together."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from votd.config.settings import Settings
from votd.flows import server
from votd.flows.inbox import Inbox, is_drop
from votd.flows.watch import POOL
from votd.media import errors, process
from votd.media.process import Limits
from votd.media.workspace.workspace import take_lock

Say = Callable[[str], None]


async def up(settings: Settings, say: Say) -> None:
    """Stay on duty until a child dies or this task is cancelled; either way every child is ended.

    Raises ``BadRequest`` where another ``votd up`` runs for this home, ``ToolFailed`` where a child died.
    """
    inbox = Inbox(settings.home, settings.attempts)
    duty = server.duty_lock(settings)
    lock = take_lock(duty)
    if lock is None:
        raise errors.BadRequest(f"votd up runs already for {settings.home}.")
    if server.answers(f"http://127.0.0.1:{settings.prefect_port}/api"):
        raise errors.BadRequest(f"Port {settings.prefect_port} is taken by another server. Set VOTD_PREFECT_PORT.")
    with lock:
        duty.write_text("", encoding="utf-8")  # an earlier one that was killed left its address
        for name in inbox.recover():
            say(f"votd: {name} was left by a run that died; it is back in the inbox.")
        # The children start in other folders, and so do the runs of the worker.
        os.environ.update(settings.environment() | {"PREFECT_WORKER_QUERY_SECONDS": "3"})
        async with server.running(settings, settings.prefect_port, lambda line: say(f"server: {line}")) as api:
            await _child("register", _module("votd.flows.register"), say)
            await _until_one_ends(
                {
                    "server": _answering(api),
                    "worker": _child("worker", _worker(), say),
                    "watcher": _child("watcher", _module("votd.flows.watch"), say),
                    "votd": _announce(duty, api, inbox, say),
                }
            )


async def _until_one_ends(jobs: dict[str, Coroutine[Any, Any, None]]) -> None:
    """Run all; the first that ends, however it ends, is an error and ends the others."""
    tasks = {asyncio.ensure_future(job): name for name, job in jobs.items()}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        task = done.pop()
        error = task.exception()
        tail = error.tail if isinstance(error, errors.ToolFailed) else ""
        said = f" {error}" if error else ""
        raise errors.ToolFailed(f"The {tasks[task]} ended, and so everything else was ended.{said}", (), tail)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _announce(duty: Path, api: str, inbox: Inbox, say: Say) -> None:
    """Tell other commands and whoever looks where we are, for as long as we are."""
    duty.write_text(api, encoding="utf-8")
    say(f"votd: on duty. Drop videos into {inbox.folder}; the runs are at {api.removesuffix('/api')}")
    try:
        await asyncio.Event().wait()
    finally:
        duty.write_text("", encoding="utf-8")


async def _answering(api: str) -> None:
    """End when the server has not answered three times running."""
    missed = 0
    while missed < 3:
        await asyncio.sleep(5)
        missed = 0 if await asyncio.to_thread(server.answers, api) else missed + 1


def _module(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", *arguments]


def _worker() -> list[str]:
    name = os.uname().nodename
    return _module("prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", name)


async def _child(name: str, argv: list[str], say: Say) -> None:
    tail = await process.run(argv, Limits(), lambda line: say(f"{name}: {line}"))
    for line in tail.splitlines():
        say(f"{name}: {line}")


def folders(home: Path) -> dict[str, int]:
    """Count the drops in each of the producers' folders; sidecars and reasons stand with theirs."""
    names = ("inbox", "working", "done", "rejected")
    return {name: len([p for p in (home / name).glob("*") if is_drop(p.name)]) for name in names}
