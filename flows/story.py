"""The whole main job, written once: a dropped file becomes a page that plays.

``steps`` are plain functions (``votd publish --direct``) or Prefect tasks (``flows/runs.py``); the story is the same.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable
from dataclasses import asdict
from typing import TypeVar

from votd.config.settings import Settings
from votd.flows.assemble import Encoded, Parts, Speech, measured
from votd.flows.display import Ledger
from votd.flows.facts import facts
from votd.flows.outcome import Outcome
from votd.flows.request import Request, checked, with_sidecars
from votd.flows.speech import UNDETERMINED, glossary, model_name, recogniser, user_cache
from votd.flows.steps import Audio, Steps
from votd.media import errors
from votd.media.articles.names import names
from votd.media.articles.title import headline
from votd.media.model import Link, MediaInfo
from votd.media.record import Record, RecordArticle

A = TypeVar("A")
B = TypeVar("B")

PERSONS_CAPTIONS = {"human", "corrected"}
NO_SOUND = "The video has no sound: it is published without captions."
LEAST_OF_SCRIPT = 0.3
"""Less was spoken: the text beside the video is an article or another day's script."""
MOST_OF_SCRIPT = 0.9


async def publish(request: Request, steps: Steps) -> Outcome:
    """Publish one video. Finished work is reused; the same inputs a second time change nothing."""
    request = checked(with_sidecars(request))
    source = await steps.ingest(request.video)
    async with steps.alone_with(source):
        info = await steps.examine(source)
        await steps.proofread(request, info)
        identity, standing = await steps.identify(source, request)
        before = standing if standing and standing.source.sha256 == source.sha256 else None
        language = request.language or steps.settings.language
        audio = await steps.extract_audio(source, info, language)
        hearing = hear(steps, dataclasses.replace(request, language=language), info, audio, before)
        encoded, heard = await side_by_side(steps.transcode(source, info, audio), hearing)
        link, problems = await steps.link(heard.transcript, request, identity.stem)
        articles = linked(link, request, standing)
        speech = steps.caption(await with_names(steps, audio, heard, link, request), encoded)
        title = headline(articles[0].title) if articles else None
        parts = Parts(
            facts=facts(request, identity, before, title, steps.settings.rubric),
            source=measured(source.sha256, info),
            encoded=encoded,
            speech=speech,
            articles=articles,
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
        outcome = Outcome(
            record=done.record,
            changed=done.changed,
            uploaded=done.uploaded,
            address=steps.address,
            link=link,
            warnings=(*damage(encoded), *speech.doubts, *problems),
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


async def hear(steps: Steps, request: Request, info: MediaInfo, audio: Audio | None, before: Record | None) -> Speech:
    """Get what was said: from a person's captions, else from the script, else by ear.

    What a person corrected stays, whatever lies beside the video; a recogniser that fails costs only the captions.
    """
    if before and (kept := await kept_by_a_person(steps, request, before)):
        return kept
    persons = await steps.persons_captions(request, info, audio) if request.captions else Speech()
    if persons.transcript:
        return persons
    if audio is None:
        return doubted(persons, NO_SOUND)
    try:
        return await by_ear(steps, request, audio, persons)
    except errors.RejectedSource:
        raise
    except errors.VotdError as e:
        again = isinstance(e, errors.Unavailable | errors.ToolFailed)  # a model may come back, and so may memory
        if before and before.captions and not persons.tracks:
            stands = await steps.kept_speech(before)
            return dataclasses.replace(doubted(stands, f"The captions that stand are kept. {e}"), again=again)
        return dataclasses.replace(doubted(persons, f"Published without captions of the speech. {e}"), again=again)


async def kept_by_a_person(steps: Steps, request: Request, before: Record) -> Speech | None:
    """Return the captions that a person made for the version that stands, unless others lie beside the video."""
    origins = {captions.origin for captions in before.captions}
    beside = request.captions or request.script
    if "corrected" in origins and beside:
        stays = "The corrected captions stay, whatever lies beside the video: votd correct changes them."
        return doubted(await steps.kept_speech(before), stays)
    return await steps.kept_speech(before) if origins & PERSONS_CAPTIONS and not request.captions else None


async def by_ear(steps: Steps, request: Request, audio: Audio, persons: Speech) -> Speech:
    """Add what was spoken, by the script where it was read out, and where it is asked for the same in English."""
    heard = await steps.align(audio, request.script, request.language) if request.script else None
    if heard and (heard.script or 0) < LEAST_OF_SCRIPT:
        persons = doubted(persons, f"The script was left aside: {heard.script or 0:.0%} of its words are spoken here.")
        heard = None
    elif heard and heard.script is not None and heard.script < MOST_OF_SCRIPT:
        persons = doubted(persons, f"{heard.script:.0%} of the script's words are spoken: votd show tells which not.")
    heard = heard or await steps.transcribe(audio, request.language)
    speech = dataclasses.replace(
        persons,
        transcript=heard.transcript,
        recognitions=(heard,),
        model=model_name(heard.model),
        script=heard.script,
    )
    for finding in heard.findings:
        speech = doubted(speech, finding.why) if finding.kind == "language" else speech
    wanted = steps.settings.translate if request.translate is None else request.translate
    spoken = heard.transcript
    if not wanted or not spoken.utterances or spoken.language.partition("-")[0] == "en":
        return speech
    try:
        return dataclasses.replace(speech, recognitions=(heard, await steps.translate(audio, spoken.language)))
    except errors.VotdError as e:
        again = isinstance(e, errors.Unavailable | errors.ToolFailed)
        return dataclasses.replace(doubted(speech, f"There is no translation. {e}"), again=again)


def doubted(speech: Speech, sentence: str) -> Speech:
    """Add a sentence for the producer."""
    return dataclasses.replace(speech, doubts=(*speech.doubts, sentence))


async def with_names(steps: Steps, audio: Audio | None, heard: Speech, link: Link, request: Request) -> Speech:
    """Put names right that the article, the commentator or the glossary know."""
    if audio is None or not heard.recognitions:
        return heard
    article = link.best.article if link.best and link.status == "linked" else None
    try:
        named = [*(names(article) if article else ()), *filter(None, [request.commentator]), *glossary(steps.settings)]
        if not named or not heard.recognitions[0].transcript.utterances or heard.script is not None:
            return heard
        first = await steps.respell(audio, heard.recognitions[0], tuple(dict.fromkeys(named)))
    except errors.VotdError as e:
        return doubted(heard, f"Names were not looked at again. {e}")
    return dataclasses.replace(heard, transcript=first.transcript, recognitions=(first, *heard.recognitions[1:]))


def spoken_language(speech: Speech) -> str | None:
    """Return the recognised language; silence has none."""
    said = speech.transcript
    return said.language if said and said.utterances and said.language != UNDETERMINED else None


def linked(link: Link, request: Request, standing: Record | None) -> tuple[RecordArticle, ...]:
    """Decide the articles of the record: a person's choice, now or before, wins over the machine's."""
    before = standing.articles if standing else ()
    if not request.article and (any(a.origin == "person" for a in before) or not request.articles):
        return before
    if link.best is None or link.status != "linked":
        return ()
    article = link.best.article
    origin = "person" if request.article else "machine"
    score = round(link.best.score, 3)
    return (RecordArticle(title=article.title, url=article.url, language=article.language, origin=origin, score=score),)


async def side_by_side(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """Wait for both, also where one fails: the other's finished work is kept for the next run."""
    results = await asyncio.gather(first, second, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results  # type: ignore[return-value]  # gather's exceptions are raised above
