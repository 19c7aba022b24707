"""What was said, from whoever knows it best: a person's captions, the script, else the recogniser."""

import dataclasses

from votd.flows.assemble import Speech
from votd.flows.captions import Given, persons
from votd.flows.request import Request
from votd.flows.speech import glossary, model_name, primary
from votd.flows.steps import Audio, Steps
from votd.media import errors
from votd.media.articles.names import names
from votd.media.model import Link, Recognition
from votd.media.record import Record

PERSONS_CAPTIONS = {"human", "corrected"}
NO_SOUND = "The video has no sound: it is published without captions."
LEAST_OF_SCRIPT = 0.3
"""Less was spoken: the text beside the video is an article or another day's script."""
MOST_OF_SCRIPT = 0.9


async def hear(steps: Steps, request: Request, beside: Given, audio: Audio | None, before: Record | None) -> Speech:
    """Get what was said: from a person's captions, else from the script, else by ear.

    What a person corrected stays, whatever lies beside the video; a recogniser that fails costs only the captions.
    """
    if before and (kept := await kept_by_a_person(steps, beside, before)):
        return kept
    speech = Speech()
    if beside.captions:
        spoken = request.language or (await steps.language(audio) if audio else None)
        speech = persons(beside, spoken)
    if speech.transcript:
        return speech
    if audio is None:
        return doubted(speech, NO_SOUND)
    try:
        speech, heard = await read_out(steps, request, beside, audio, speech)
        return await by_ear(steps, request, audio, speech, heard)
    except errors.VotdError as e:
        again = isinstance(e, errors.Unavailable | errors.ToolFailed)  # a model may come back, and so may memory
        if before and before.captions and not speech.tracks:
            stands = await steps.kept_speech(before)
            return dataclasses.replace(doubted(stands, f"The captions that stand are kept. {e}"), again=again)
        return dataclasses.replace(doubted(speech, f"Published without captions of the speech. {e}"), again=again)


async def kept_by_a_person(steps: Steps, beside: Given, before: Record) -> Speech | None:
    """Return the captions that a person made for the version that stands, unless others lie beside the video."""
    origins = {captions.origin for captions in before.captions}
    if "corrected" in origins and (beside.captions or beside.script):
        stays = "The corrected captions stay, whatever lies beside the video: votd correct changes them."
        return doubted(await steps.kept_speech(before), stays)
    return await steps.kept_speech(before) if origins & PERSONS_CAPTIONS and not beside.captions else None


async def read_out(
    steps: Steps, request: Request, beside: Given, audio: Audio, speech: Speech
) -> tuple[Speech, Recognition | None]:
    """Follow the script, if there is one and it is this video's; say how much of it was spoken."""
    if beside.script is None:
        return speech, None
    heard = await steps.align(audio, beside.script, request.language)
    spoken = heard.script or 0.0
    if spoken < LEAST_OF_SCRIPT:
        return doubted(speech, f"The script was left aside: {spoken:.0%} of its words are spoken here."), None
    if spoken < MOST_OF_SCRIPT:
        speech = doubted(speech, f"{spoken:.0%} of the script's words are spoken: votd show tells which not.")
    return speech, heard


async def by_ear(steps: Steps, request: Request, audio: Audio, speech: Speech, heard: Recognition | None) -> Speech:
    """Add what is heard where no script told it, and where it is asked for the same in English."""
    heard = heard or await steps.transcribe(audio, request.language)
    speech = dataclasses.replace(
        speech,
        transcript=heard.transcript,
        recognitions=(heard,),
        model=model_name(heard.model),
        script=heard.script,
    )
    for finding in heard.findings:
        speech = doubted(speech, finding.why) if finding.kind == "language" else speech
    wanted = steps.settings.translate if request.translate is None else request.translate
    spoken = heard.transcript
    if not wanted or not spoken.utterances or primary(spoken.language) == "en":
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
    articles = [one.article for one in link.linked]
    try:
        named = [name for article in articles for name in names(article)]
        named += [*filter(None, [request.commentator]), *glossary(steps.settings)]
        if not named or not heard.recognitions[0].transcript.utterances or heard.script is not None:
            return heard
        first = await steps.respell(audio, heard.recognitions[0], tuple(dict.fromkeys(named)))
    except errors.VotdError as e:
        return doubted(heard, f"Names were not looked at again. {e}")
    return dataclasses.replace(heard, transcript=first.transcript, recognitions=(first, *heard.recognitions[1:]))
