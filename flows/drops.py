"""Publish what was dropped: claim it, tell the story, and move it where its outcome belongs."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from votd.flows.inbox import Inbox
from votd.flows.outcome import Outcome
from votd.flows.request import Request
from votd.media import errors

Publish = Callable[[Request], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class DropResult:
    """Where a drop is now, in one word and one sentence."""

    name: str
    state: str
    message: str
    outcome: Outcome | None = None


async def publish_drop(
    inbox: Inbox, name: str, articles: Path | None, seen: dt.date | None, publish: Publish
) -> DropResult:
    """Publish one drop. What fails for a reason of its own is rejected; all else goes back, and is tried again."""
    claim = inbox.claim(name)
    if claim is None:
        return DropResult(name, "taken", "Somebody else took it first.")
    try:
        outcome = await publish(Request(video=claim.video, articles=articles, seen=seen))
    except errors.RejectedSource as e:
        claim.reject(str(e))
        return DropResult(name, "rejected", str(e))
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
    claim.finish()
    return DropResult(name, "published" if outcome.changed else "unchanged", outcome.record.title, outcome)


async def publish_all(inbox: Inbox, publish_one: Callable[[str], Awaitable[DropResult]]) -> list[DropResult]:
    """Publish everything that waits, those that failed before too; one that fails never stops the next."""
    inbox.recover()
    results = []
    for drop in inbox.waiting():
        try:
            results.append(await publish_one(drop.name))
        except Exception as e:  # one poison file among ten: nine are published
            results.append(DropResult(drop.name, "failed", str(e)))
    return results
