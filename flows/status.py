"""``votd status``: ask the folders, Prefect and the store."""

import os

from votd.config.settings import Settings
from votd.flows import server
from votd.flows.duty import folders
from votd.media import errors
from votd.media.delivery import publish
from votd.media.delivery.store import open_store

LAST = 10


async def status(settings: Settings) -> list[str]:
    """Return the lines that the person on call reads; what cannot be reached is said in its own line."""
    counts = ", ".join(f"{name} {count}" for name, count in folders(settings.home).items())
    return [f"Drops     {counts} (in {settings.home})", *await _prefect(settings), *_store(settings)]


async def _prefect(settings: Settings) -> list[str]:
    try:
        api = server.find(settings)
    except errors.Unavailable as e:
        return [f"Prefect   {e}"]
    if api is None:
        return ["Prefect   not on duty: votd up is not running here"]
    os.environ.update(server.environment(settings, api))
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - two seconds that only this line needs
    from prefect.client.schemas.sorting import FlowRunSort  # noqa: PLC0415

    async with get_client() as client:
        runs = await client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=200)
    past = [run for run in runs if run.state and not run.state.is_scheduled()][:LAST]
    due = sorted(
        run.expected_start_time
        for run in runs
        if run.auto_scheduled and run.state and run.state.is_scheduled() and run.expected_start_time
    )
    night = f", the next scheduled run at {due[0].astimezone(settings.zone):%Y-%m-%d %H:%M %Z}" if due else ""
    rows = [
        f"  {r.state_name:<10} {r.name}" + (f": {r.state.message}" if r.state and r.state.is_failed() else "")
        for r in past
    ]
    return [f"Prefect   {server.shown(api).removesuffix('/api')}{night}", *rows]


def _store(settings: Settings) -> list[str]:
    s3 = settings.s3
    try:
        store = open_store(settings.store_address, endpoint=s3.endpoint, path_style=s3.path_style, checksum=s3.checksum)
        videos = publish.index(store).videos
    except errors.VotdError as e:
        return [f"Store     {e}"]
    latest = f", the latest is {videos[0].id}: {videos[0].title}" if videos else ""
    return [f"Store     {store.address}: {len(videos)} videos{latest}"]
