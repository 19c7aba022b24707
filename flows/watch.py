"""The inbox watcher: a plain daemon that asks Prefect for a run as soon as a drop has stopped growing.

It claims nothing and forgets everything: the run claims, the idempotency key keeps it from asking twice, and the
nightly flow takes whatever was missed.
"""

import asyncio
import datetime as dt
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from watchfiles import awatch

from votd.config import settings as configuration
from votd.config.settings import Settings
from votd.flows.inbox import Drop, Inbox, Settling

POOL = "votd"


async def watch(settings: Settings) -> None:
    """Ask Prefect for a run for each drop that is ready, until the process is ended."""

    async def ask(drop: Drop) -> bool:
        return await _ask(drop, dt.datetime.now(settings.zone).date())

    await ask_for_each(Inbox(settings.home, settings.attempts, settings.settle_s), ask)


async def ask_for_each(inbox: Inbox, ask: Callable[[Drop], Awaitable[bool]]) -> None:
    """Ask once for each drop that is ready, as it is; ``ask`` returns ``False`` to be called again at the next look."""
    settling, asked = Settling(inbox.settle_s), set[str]()
    while True:
        for drop in settling.ready(inbox.waiting(), time.monotonic()):
            if not drop.waits and _key(drop) not in asked and await ask(drop):
                asked.add(_key(drop))
        await _change(inbox.folder, inbox.settle_s / 2)


def _key(drop: Drop) -> str:
    return f"{drop.signature}-{drop.tries}"


async def _ask(drop: Drop, today: dt.date) -> bool:
    """Ask Prefect for a run; a server that does not answer is asked again at the next look."""
    from prefect.deployments.flow_runs import arun_deployment  # noqa: PLC0415 - two seconds that the tests of Settling need not pay

    parameters = {"name": drop.name, "seen": today.isoformat()}
    try:
        await arun_deployment(
            "publish drop/inbox", parameters=parameters, timeout=0, idempotency_key=_key(drop), as_subflow=False
        )
    except httpx.HTTPError as e:
        sys.stderr.write(f"Prefect does not answer ({type(e).__name__}); asking again.\n")
        return False
    return True


async def _change(folder: Path, at_most_s: float) -> None:
    """Wait for a change in a folder, but never long: events are hints, the look at the folder is the guarantee."""
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(at_most_s, stop.set)
    async for _ in awatch(folder, stop_event=stop, recursive=False, debounce=200):
        return


if __name__ == "__main__":
    asyncio.run(watch(configuration.load()))
