"""The whole main job, written once: a dropped file becomes a page that plays.

``steps`` are plain functions (``votd publish --direct``) or Prefect tasks (``flows/runs.py``); the story is the same.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable
from dataclasses import asdict
from typing import TypeVar

from votd.config.settings import Settings
from votd.flows.articles import Found, note_named
from votd.flows.assemble import Encoded, Parts, Speech, measured
from votd.flows.captions import captioned, given
from votd.flows.display import Ledger
from votd.flows.facts import facts
from votd.flows.hear import hear, with_names
from votd.flows.outcome import Outcome
from votd.flows.request import Request, checked, with_sidecars
from votd.flows.speech import UNDETERMINED, recogniser, user_cache
from votd.flows.steps import Steps
from votd.flows.told import Told, tell
from votd.media import errors
from votd.media.articles.title import headline
from votd.media.model import MediaInfo, Transcript
from votd.media.record import Record

A = TypeVar("A")
B = TypeVar("B")


async def publish(request: Request, steps: Steps) -> Outcome:
    """Publish one video. Finished work is reused; the same inputs, articles among them, change nothing again."""
    request = checked(with_sidecars(request))
    source = await steps.ingest(request.video)
    async with steps.alone_with(source):
        info = await steps.examine(source)
        beside = await asyncio.to_thread(given, request, info)
        identity, standing = await steps.identify(source, request)
        before = standing if standing and standing.source.sha256 == source.sha256 else None
        language = request.language or steps.settings.language
        audio = await steps.extract_audio(source, info, language)
        hearing = hear(steps, dataclasses.replace(request, language=language), beside, audio, before)
        encoded, heard = await side_by_side(steps.transcode(source, info, audio), hearing)
        found = await steps.link(heard.transcript, request, identity, standing)
        speech = captioned(await with_names(steps, audio, heard, found.link, request), encoded, steps.settings)
        told = await asyncio.to_thread(linked, found, request, standing, speech.transcript)
        title = headline(told.articles[0].title) if told.articles else None
        parts = Parts(
            facts=facts(request, identity, before, title, steps.settings.rubric),
            source=measured(source.sha256, info),
            encoded=encoded,
            speech=speech,
            articles=told.articles,
            chapters=told.chapters,
            public=steps.settings.public_url,
            language=language or spoken_language(speech),
        )
        try:
            done = await steps.publish(parts, standing)
        except errors.Unfit:
            if encoded.encoding.copied is None:
                raise
            # The source's own stream was not what its packets promised: encode it after all.
            encoded = await steps.transcode(source, to_encode(info), audio)
            done = await steps.publish(dataclasses.replace(parts, encoded=encoded), standing)
        if request.article:  # only now: a run that failed changes nothing for the night
            note_named(steps.settings, identity.id, request.article if found.again else None)
        outcome = Outcome(
            record=done.record,
            changed=done.changed,
            uploaded=done.uploaded,
            address=steps.address,
            link=found.link,
            warnings=(*damage(encoded), *speech.doubts, *found.problems),
            differences=told.differences,
            again=speech.again,
            stages=tuple(steps.ledger.stages),
        )
        made = {"media": asdict(info), "encoding": asdict(encoded.encoding), "speech": asdict(speech)}
        steps.report(identity.id, {**asdict(outcome), **made})
        return outcome


async def publish_here(request: Request, settings: Settings, ledger: Ledger) -> Outcome:
    """Publish one video in this process, without Prefect."""
    async with recogniser(settings) as ear:
        return await publish(request, Steps(settings, user_cache(), ledger, ear))


def to_encode(info: MediaInfo) -> MediaInfo:
    """Return a source as one whose stream cannot be published as it is."""
    assert info.video is not None  # judged before
    return dataclasses.replace(info, video=dataclasses.replace(info.video, gops=None))


def damage(encoded: Encoded) -> list[str]:
    """Say what the decoder had against the source: it goes on over what it cannot read, and nobody would know."""
    if not encoded.encoding.complaints:
        return []
    lines = encoded.encoding.complaints
    return [f"The file is damaged ({lines} lines of the decoder's log): watch it, and export it again if it shows."]


def spoken_language(speech: Speech) -> str | None:
    """Return the recognised language; silence has none."""
    said = speech.transcript
    return said.language if said and said.utterances and said.language != UNDETERMINED else None


def linked(found: Found, request: Request, standing: Record | None, said: Transcript | None) -> Told:
    """Decide the articles of the record and its chapters: a person's choice, now or before, wins over the machine's.

    Where the address that a person names is out of reach, or no search could judge what stands, that is kept.
    """
    before = standing.articles if standing else ()
    by_person = any(a.origin == "person" for a in before)
    unlinked = not found.link.linked if request.article else by_person or not request.articles
    if unlinked or found.unsure:
        return Told(before, standing.chapters if standing else ())
    return tell(found.link, said, "person" if request.article else "machine", found.earlier)


async def side_by_side(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """Wait for both, also where one fails: the other's finished work is kept for the next run."""
    results = await asyncio.gather(first, second, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results  # type: ignore[return-value]  # gather's exceptions are raised above
