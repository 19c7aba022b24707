"""Publish what was dropped: claim it, tell the story, and move it where its outcome belongs."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from votd.flows.inbox import Claim, Inbox, Settling
from votd.flows.outcome import Outcome
from votd.flows.request import Request
from votd.media import errors

Publish = Callable[[Request], Awaitable[Outcome]]
GREW = "It was still being copied when it was taken, and is taken again once it is whole."


@dataclass(frozen=True, slots=True)
class DropResult:
    """Where a drop is now, in one word (published, unchanged, rejected, waits, growing, taken) and one sentence."""

    name: str
    state: str
    message: str
    outcome: Outcome | None = None


async def publish_drop(
    inbox: Inbox, name: str, *, articles: tuple[str, ...], publish: Publish, seen: dt.date | None = None
) -> DropResult:
    """Publish one drop. What fails for a reason of its own is rejected; all else goes back, and is tried again."""
    claim = inbox.claim(name)
    if claim is None:
        return DropResult(name, "taken", "Somebody else took it first.")
    try:
        outcome = await publish(Request(video=claim.video, articles=articles, seen=seen))
    except errors.RejectedSource as e:
        return _refused(claim, e)
    except Exception as e:
        # A tool that failed, a store that refuses us, a bug: not the producer's fault, and no reason to lose a drop.
        if claim.tries >= inbox.attempts:
            claim.reject(f"Tried {claim.tries} times, and failed. {e}")
            return DropResult(name, "rejected", str(e))
        claim.give_back(waits=True, reason=str(e))
        if isinstance(e, errors.VotdError):
            return DropResult(name, "waits", f"Will be tried again by night ({claim.tries} of {inbox.attempts}). {e}")
        raise
    except BaseException:
        claim.give_back(waits=True, reason="Cancelled.")  # by the person on call: not now, and not lost either
        raise
    if claim.changed and claim.wait(GREW):  # half of some formats looks whole; what is whole becomes a new version
        return DropResult(name, "growing", GREW)
    claim.finish(again=outcome.again)
    return DropResult(name, "published" if outcome.changed else "unchanged", outcome.record.title, outcome)


async def publish_again(inbox: Inbox, name: str, *, articles: tuple[str, ...], publish: Publish) -> DropResult:
    """Publish once more what went out without something that was unavailable, such as captions."""
    video = inbox.home / "done" / name
    if not video.is_file():
        inbox.settled(name)
        return DropResult(name, "gone", "It was to be published once more, and is no longer in done/.")
    outcome = await publish(Request(video=video, articles=articles))
    if outcome.again:
        return DropResult(name, "waits", "; ".join(outcome.warnings), outcome)
    inbox.settled(name)
    return DropResult(name, "published" if outcome.changed else "unchanged", outcome.record.title, outcome)


def _refused(claim: Claim, error: errors.RejectedSource) -> DropResult:
    reason = str(error)
    if (claim.changed or isinstance(error, errors.CutOff)) and claim.wait(reason):
        return DropResult(claim.name, "growing", f"Waits for the rest of its copy. {reason}")
    claim.reject(reason)
    return DropResult(claim.name, "rejected", reason)


PublishOne = Callable[[str], Awaitable[DropResult]]


async def publish_all(inbox: Inbox, publish_one: PublishOne, publish_once_more: PublishOne) -> list[DropResult]:
    """Publish what waits, those that failed before too, and what lacks something; one that fails never stops the next.

    What is still being copied is left to the watcher, which takes it as soon as it is whole, or to the next night.
    """
    inbox.recover()
    settling = Settling(inbox.settle_s)
    settling.ready(inbox.waiting(), 0)
    await asyncio.sleep(inbox.settle_s)
    waiting = inbox.waiting()
    ready = settling.ready(waiting, inbox.settle_s)
    results = [DropResult(drop.name, "growing", "It is still being copied.") for drop in waiting if drop not in ready]
    jobs = [(publish_one, drop.name) for drop in ready]
    for publish, name in [*((publish_once_more, name) for name in inbox.unsettled()), *jobs]:
        try:
            results.append(await publish(name))
        except Exception as e:  # one poison file among ten: nine are published
            results.append(DropResult(name, "failed", str(e)))
    return results
