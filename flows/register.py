"""Register the work pool and the deployments with a Prefect server, from the installed package alone.

It is a module of its own: flows that are defined in ``__main__`` could not be found again by a worker.
"""

import asyncio
import contextlib

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType

from votd.config import settings as configuration
from votd.config.settings import Settings
from votd.flows.runs import nightly, publish_drop
from votd.flows.watch import POOL


async def register(settings: Settings) -> None:
    """Create the work pool and both deployments; legal at any time, as often as one likes."""
    async with get_client() as client:
        with contextlib.suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=POOL, type="process", concurrency_limit=1))
        await _crash_orphans(client)
    night = [Cron(settings.cron, timezone=settings.timezone)]
    module = EntrypointType.MODULE_PATH  # an installed package has no folder of flows to point at
    for deployment in (
        await publish_drop.ato_deployment("inbox", work_pool_name=POOL, entrypoint_type=module),
        await nightly.ato_deployment("nightly", schedules=night, work_pool_name=POOL, entrypoint_type=module),
    ):
        await deployment.aapply()


async def _crash_orphans(client: PrefectClient) -> None:
    """Mark what a killed machine left running: nobody else would, and it would hold the pool's only slot for ever.

    Nothing of the pool can run now: this comes before the worker, and one home has one ``votd up``.
    """
    running = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
    for run in await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=running)),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
    ):
        await client.set_flow_run_state(run.id, Crashed(message="The machine ended while this ran."), force=True)


if __name__ == "__main__":
    asyncio.run(register(configuration.load()))
