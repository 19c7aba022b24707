"""The inbox watcher: a plain daemon that asks Prefect for a run as soon as a drop has stopped growing.

It claims nothing and forgets everything: the run claims, the idempotency key keeps it from asking twice, and the
nightly flow takes whatever was missed.
"""

import asyncio
import datetime as dt
import sys
import time
from pathlib import Path

import httpx
from watchfiles import awatch

from votd.config import settings as configuration
from votd.config.settings import Settings
from votd.flows.inbox import Drop, Inbox

POOL = "votd"


class Settling:
    """Tell which drops have not changed for a while."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[str, tuple[str, float]] = {}

    def ready(self, drops: list[Drop], now: float) -> list[Drop]:
        """Return the drops whose signature is as old as it must be; ``now`` is a steady clock's seconds."""
        known = self._since
        self._since = {}
        for drop in drops:
            signature, since = known.get(drop.name, ("", now))
            self._since[drop.name] = (drop.signature, since if signature == drop.signature else now)
        return [drop for drop in drops if now - self._since[drop.name][1] >= self._settle_s]


async def watch(settings: Settings) -> None:
    """Ask for a run for each drop that is ready, until the process is ended."""
    inbox, settling, asked = Inbox(settings.home, settings.attempts), Settling(settings.settle_s), set[str]()
    while True:
        ready = settling.ready(inbox.waiting(), time.monotonic())
        for drop in ready:
            if not drop.waits and _key(drop) not in asked and await _ask(drop, dt.datetime.now(settings.zone).date()):
                asked.add(_key(drop))
        await _change(inbox.folder, settings.settle_s / 2)


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
