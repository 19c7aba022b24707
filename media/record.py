"""The public record of a published video: our interface to everybody.

Every path is relative to the root of the store (or of its public address). Readers ignore fields that they do not
know; within one ``schema`` number fields are only ever added. ``media/record.schema.json`` is made from this file
by ``make docs``, and a test holds the two together.
"""

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from votd.media.model import CaptionOrigin

SCHEMA: Final = 1

RelativePath = Annotated[
    str, Field(min_length=1, pattern=r"^[^/\\][^\\]*$", description="Relative to the store's root")
]
Milliseconds = Annotated[int, Field(ge=0)]
BitRate = Annotated[int, Field(gt=0, description="bit/s")]


class _Public(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Source(_Public):
    """The file that the producer dropped, as it is displayed: rotated, with square pixels."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    frame_rate: float = Field(gt=0, description="Frames per second, rounded to three decimals")
    duration_ms: Milliseconds


class RecordRendition(_Public):
    """One quality of the video."""

    width: int = Field(gt=0)
    height: int = Field(gt=0)
    frame_rate: float = Field(gt=0)
    codecs: str = Field(description="RFC 6381, video and audio")
    bitrate: BitRate = Field(description="Measured average with audio, bit/s")
    peak_bitrate: BitRate
    playlist: RelativePath


class RecordCaptions(_Public):
    """One caption track; an empty one means that nobody speaks."""

    language: str = Field(description="BCP 47")
    kind: Literal["captions", "subtitles"]
    label: str
    vtt: RelativePath
    srt: RelativePath
    origin: CaptionOrigin
    doubtful: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of captions of which the recogniser was unsure; null for a person's",
    )


class RecordPassage(_Public):
    """A stretch of the video that tells what one paragraph of the article tells; many to many."""

    paragraph: int = Field(ge=1, description="Counted from 1, the headline is none")
    quote: str = Field(description="The paragraph's first words, as they stand, to find it by")
    start_ms: Milliseconds
    end_ms: Milliseconds


class RecordChapter(_Public):
    """A part of the video; chapters follow each other without gaps."""

    start_ms: Milliseconds
    end_ms: Milliseconds
    title: str


class RecordArticle(_Public):
    """An article that tells the same story, one per language, best first."""

    title: str
    url: str | None
    language: str | None
    date: dt.date | None = None
    status: Literal["linked"] = "linked"
    origin: Literal["machine", "person"]
    score: float = Field(ge=0, le=1)
    passages: tuple[RecordPassage, ...] = ()
    basis: str | None = Field(
        default=None, description="SHA-256 of the talk's words and the article's paragraphs that the passages join"
    )


class RecordLoudness(_Public):
    """How loud the first sound is as published (EBU R128); null for silence."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None
    target_lufs: float | None = Field(description="Null where the level was kept as it came: silence, or under 3 s")


class RecordSpeech(_Public):
    """The recogniser that wrote the transcript."""

    model: str
    script: float | None = Field(
        default=None, ge=0, le=1, description="Share of the script's words that were spoken; null without a script"
    )


class Record(_Public):
    """One version of one video."""

    model_config = ConfigDict(frozen=True, extra="ignore", title="votd record", serialize_by_alias=True)

    schema_: Literal[1] = Field(default=SCHEMA, alias="schema")
    id: str
    version: str
    date: dt.date
    published_at: dt.datetime = Field(description="When the id was first published (RFC 3339)")
    updated_at: dt.datetime = Field(description="When this version was published (RFC 3339)")
    title: str
    description: str | None
    commentator: str | None
    rubric: str | None
    duration_ms: Milliseconds
    language: str | None = Field(description="Of the speech, BCP 47; null where nobody speaks and nobody said")
    source: Source
    hls: RelativePath
    dash: RelativePath | None = None
    mp4: RelativePath
    poster: RelativePath
    share_image: RelativePath | None = Field(default=None, description="JPEG, 1200×630, for Open Graph")
    storyboard: RelativePath | None = Field(default=None, description="WebVTT whose cues are places in a JPEG")
    loudness: RecordLoudness | None = None
    renditions: tuple[RecordRendition, ...]
    captions: tuple[RecordCaptions, ...]
    transcript: RelativePath | None
    articles: tuple[RecordArticle, ...]
    chapters: tuple[RecordChapter, ...] = Field(default=(), description="None in a short or undivided video")
    speech: RecordSpeech | None
    page: RelativePath
    embed: RelativePath | None = Field(default=None, description="The player alone, to stand in a frame")
    structured: RelativePath | None = Field(
        default=None, description="JSON-LD (schema.org) of the video and its articles; needs a public address"
    )
    oembed: RelativePath | None = Field(default=None, description="oEmbed 1.0, JSON; needs a public address")


class Current(_Public):
    """``videos/ID/current.json`` and ``latest.json``: which version stands."""

    id: str
    date: dt.date
    version: str
    record: RelativePath


class IndexEntry(_Public):
    """One video in ``index.json``."""

    id: str
    date: dt.date
    published_at: dt.datetime
    title: str
    source_sha256: str
    articles: tuple[str, ...] = Field(description="URLs of the linked articles")
    version: str
    record: RelativePath
    description: str | None = None
    commentator: str | None = None
    rubric: str | None = None
    language: str | None = None
    duration_ms: Milliseconds | None = None
    size: tuple[int, int] | None = Field(default=None, description="Width and height in pixels")
    page: RelativePath | None = None
    embed: RelativePath | None = None
    mp4: RelativePath | None = None
    poster: RelativePath | None = Field(default=None, description="The image to share, else the poster")


class Index(_Public):
    """``index.json``: every video of the store, newest first."""

    videos: tuple[IndexEntry, ...] = ()
