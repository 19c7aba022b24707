"""The story as Prefect runs it: the flows, with a task per artifact."""

import asyncio
import contextlib
import copy
import datetime as dt
import functools
import inspect
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.events.worker import EventsWorker
from prefect.flows import Flow
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run
from prefect.tasks import Task, exponential_backoff

from votd.config import settings as configuration
from votd.config.settings import Settings
from votd.flows import drops, story
from votd.flows.articles import index_of
from votd.flows.display import Ledger, Reading
from votd.flows.drops import DropResult
from votd.flows.inbox import Inbox
from votd.flows.outcome import Outcome, markdown
from votd.flows.relink import Relinked, relink_all
from votd.flows.request import Request
from votd.flows.speech import recogniser, user_cache
from votd.flows.steps import Steps, cause
from votd.media import errors
from votd.media.process import die_with_parent
from votd.media.speech.recogniser import Recogniser
from votd.media.workspace.workspace import take_lock

ARTIFACTS = (
    "ingest",
    "identify",
    "examine",
    "extract_audio",
    "transcode",
    "transcribe",
    "align",
    "translate",
    "respell",
    "kept_speech",
    "link",
    "publish",
)
DRAIN_S = 10
SHOW_EVERY_S = 5.0
STALE = dt.timedelta(hours=12)


def only_unavailable(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Tell whether a task may be tried again: waiting helps against nothing else."""
    return isinstance(state.data, errors.Unavailable)


def as_tasks(steps: Steps) -> Steps:
    """Return the same steps with each artifact's made a Prefect task of the same signature."""
    tasked = copy.copy(steps)
    for name in ARTIFACTS:
        made = task(
            getattr(steps, name),
            name=name.replace("_", " "),
            retries=3,
            retry_delay_seconds=exponential_backoff(2),
            retry_jitter_factor=0.5,
            retry_condition_fn=only_unavailable,
            cache_policy=NO_CACHE,
            persist_result=False,
        )
        setattr(tasked, name, made)
    return tasked


async def tell(request: Request, settings: Settings, ledger: Ledger, ear: Recogniser) -> Outcome:
    """Tell the story as tasks of the running flow, and leave the summary on the run's page."""
    try:
        async with shown(ledger):
            outcome = await story.publish(request, as_tasks(Steps(settings, user_cache(), ledger, ear)))
    except errors.VotdError as e:
        await acreate_markdown_artifact(f"**Not published.** {e}", key="summary", description=request.video.name)
        raise
    await acreate_markdown_artifact(markdown(outcome), key="summary", description=outcome.record.title)
    return outcome


@contextlib.asynccontextmanager
async def shown(ledger: Ledger) -> AsyncIterator[None]:
    """Show on the run's page how far each long stage is; what cannot be shown never fails the run."""
    latest: dict[str, Reading] = {}
    running: dict[str, asyncio.Event] = {}
    shows = []

    def watch(stage: str, reading: Reading | None) -> None:  # a reading may come from a stage's thread
        if reading is None:
            running.pop(stage).set()
            return
        latest[stage] = reading
        if stage not in running:
            running[stage] = asyncio.Event()
            # Begun within the stage's task, whose artifact it thus becomes.
            shows.append(asyncio.create_task(_show(stage, latest, running[stage])))

    ledger.watchers.append(watch)
    try:
        yield
        await asyncio.gather(*shows)
    finally:
        ledger.watchers.remove(watch)
        for show in shows:
            show.cancel()


async def _show(stage: str, latest: dict[str, Reading], ended: asyncio.Event) -> None:
    """Keep one stage's progress artifact. It has no key: a bar belongs to its run's page, not among the summaries."""
    artifact = None
    over = False
    while not over:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), SHOW_EVERY_S)
        over = ended.is_set()  # it may end while we tell the server: the last word comes after that
        if over and artifact is None:
            return  # it took no time worth a bar
        reading = latest[stage]
        percent, said = round(reading.share * 100, 1), ": ".join(filter(None, (stage, str(reading))))
        with contextlib.suppress(Exception):  # whatever the server says: the video matters more
            async with asyncio.timeout(SHOW_EVERY_S):
                if artifact:
                    await aupdate_progress_artifact(artifact, percent, said)
                else:
                    artifact = await acreate_progress_artifact(percent, description=said)


def publishing(settings: Settings, ledger: Ledger) -> Flow[[Request], Any]:
    """Return the flow of ``votd publish``, bound to the terminal that shows its progress."""

    @flow(name="publish", flow_run_name="publish {request.video.name}", persist_result=False, validate_parameters=False)
    async def publish(request: Request) -> Outcome:
        _cancel_on_sigterm()
        async with recogniser(settings) as ear:
            return await tell(request, settings, ledger, ear)

    return publish


async def drain() -> None:
    """Send the logs and events that Prefect still holds: at exit it would look for a server that is gone, for minutes.

    A run that is being cancelled has no time for it.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        return
    for worker in (APILogWorker, EventsWorker):
        sent = worker.drain_all(timeout=DRAIN_S)
        if inspect.isawaitable(sent):
            await sent


def _cancel_on_sigterm() -> None:
    """Put Prefect's handler aside: it raises in the middle of the event loop, which then hangs for minutes."""
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


@flow(name="publish drop", flow_run_name="publish drop {name}", persist_result=False)
async def publish_drop(name: str, seen: dt.date | None = None) -> None:
    """Publish one drop of the inbox."""
    die_with_parent()
    settings = configuration.load()
    async with recogniser(settings) as ear:
        inbox = Inbox(settings.home, settings.attempts, settings.settle_s)
        result = await _drop(functools.partial(drops.publish_drop, inbox, name, seen=seen), settings, name, ear)
    if result.state in ("rejected", "waits"):
        raise errors.VotdError(result.message)


@flow(name="nightly", persist_result=False)
async def nightly() -> None:
    """Publish what waits in the inbox, and try again what failed because something was unavailable."""
    die_with_parent()
    settings, logger = configuration.load(), get_run_logger()
    due = flow_run.scheduled_start_time
    if due and dt.datetime.now(dt.UTC) - due > STALE:
        logger.warning("Skipped: this run was due at %s, and a later one has come or will come.", due)
        return
    inbox = Inbox(settings.home, settings.attempts, settings.settle_s)
    lock = take_lock(settings.home / "nightly.lock")
    if lock is None:
        logger.warning("Skipped: another nightly run is at work.")
        return

    with lock:
        # One model in memory for all of the night's videos.
        async with recogniser(settings) as ear:

            @flow(name="publish drop", flow_run_name="publish drop {name}", persist_result=False)
            async def one(name: str) -> DropResult:
                return await _drop(functools.partial(drops.publish_drop, inbox, name), settings, name, ear)

            @flow(name="publish again", flow_run_name="publish again {name}", persist_result=False)
            async def again(name: str) -> DropResult:
                return await _drop(functools.partial(drops.publish_again, inbox, name), settings, name, ear)

            results = await drops.publish_all(inbox, one, again)
            links = await look_after_links(settings, ear)
    told = [(r.name, r.state, r.message) for r in results] + [(r.id, r.state, r.message) for r in links]
    rows = "\n".join(f"| {' | '.join(cell.replace('|', '│') for cell in row)} |" for row in told)
    table = f"| drop or video | state | |\n|---|---|---|\n{rows}\n" if rows else "Nothing waited in the inbox.\n"
    await acreate_markdown_artifact(table, key="night", description=f"{len(results)} drops")


@task(name="look after links", persist_result=False, cache_policy=NO_CACHE)
async def look_after_links(settings: Settings, ear: Recogniser) -> list[Relinked]:
    """Look after the links of the last days; return what changed."""
    steps = Steps(settings, user_cache(), Ledger(), ear)
    try:
        with contextlib.closing(index_of(settings)) as index:
            done = await relink_all(steps, index, dt.datetime.now(settings.zone).date())
    except Exception as e:  # the night's own table is written whatever the store or the index says
        get_run_logger().warning("links: failed. %s", cause(e))
        return [Relinked("links", "failed", cause(e))]
    for one in done:
        if one.state != "unchanged":
            get_run_logger().info("%s: %s. %s", one.id, one.state, one.message)
    return [one for one in done if one.state != "unchanged"]


async def _drop(
    publish_it: Callable[..., Awaitable[DropResult]], settings: Settings, name: str, ear: Recogniser
) -> DropResult:
    async def publish(request: Request) -> Outcome:
        return await tell(request, settings, Ledger(), ear)

    result = await publish_it(articles=settings.articles, publish=publish)
    get_run_logger().info("%s: %s. %s", name, result.state, result.message)
    return result
