"""The nouns of the field, as frozen values. Standard library only.

Times are integer milliseconds unless a field says ticks; bit rates are bit/s; sizes are bytes.
``None`` means "does not apply" or "unknown", never "failed".
"""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

# --- what a producer gives ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gops:
    """Closed groups of pictures of one length, at a constant frame rate from the file's first moment on.

    ``frames`` is that length (the last may be shorter), ``peak_bitrate`` the highest rate over three in a row.
    """

    frames: int
    peak_bitrate: int


@dataclass(frozen=True, slots=True)
class VideoStream:
    """One video stream as its container and its packets describe it; nothing decoded.

    ``width`` and ``height`` are coded pixels, before ``rotation`` (clockwise degrees: 0, 90, 180 or 270) and
    ``sample_aspect_ratio`` are applied. ``frames`` counts packets that are really there; ``declared_frames`` is
    the container's own count, ``None`` where it keeps none. Colour is as tagged, in ffmpeg's words (``bt709``,
    ``smpte2084``, ``tv``, …), ``None`` where the stream says nothing; ``peak_nits`` is the mastering display's.
    ``longest_picture_ms`` is for how long one of them stands before the next.
    ``start_ms`` is when the first picture is shown after the file's beginning, ``duration_ms`` when the last one ends.
    ``progressive`` is ``None`` where the stream does not say. ``gops`` is ``None`` for any other H.264, and for
    every other codec.
    """

    index: int
    codec: str
    width: int
    height: int
    sample_aspect_ratio: Fraction
    rotation: int
    frame_rate: Fraction
    frames: int
    declared_frames: int | None
    duration_ms: int
    pixel_format: str
    encrypted: bool
    start_ms: int = 0
    profile: str | None = None
    level: int | None = None
    color_space: str | None = None
    color_primaries: str | None = None
    color_transfer: str | None = None
    color_range: str | None = None
    peak_nits: int | None = None
    longest_picture_ms: int = 0
    progressive: bool | None = None
    gops: Gops | None = None


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One audio stream; ``language`` is BCP 47 or ``None``; ``start_ms`` and ``duration_ms`` as in ``VideoStream``."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    language: str | None
    duration_ms: int
    start_ms: int = 0


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a probe found in one file, the attached pictures and data streams left out.

    ``duration_ms`` is what the container declares, ``available_ms`` the end of the last packet that is there: a
    file that was cut off has less of the second. ``video`` is the stream that will be published.
    """

    container: str
    size: int
    duration_ms: int
    available_ms: int
    streams: int
    title: str | None
    video: VideoStream | None
    audio: tuple[AudioStream, ...]


# --- what the encoder is asked for, and what it made -----------------------------------------------


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: the short edge in pixels, x264's CRF, and the VBV cap in bit/s."""

    short_edge: int
    crf: int
    max_bitrate: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """An encoding profile (``config/ladder.toml``); rungs from the largest to the smallest."""

    name: str
    preset: str
    max_frame_rate: int
    high_rate_cap: float
    gop_ms: int
    segment_gops: int
    audio_bitrate: int
    rungs: tuple[Rung, ...]

    def __post_init__(self) -> None:
        edges = [rung.short_edge for rung in self.rungs]
        if not edges or edges != sorted(set(edges), reverse=True):
            raise ValueError(f"ladder {self.name}: rungs must be there, and go from the largest to the smallest")


@dataclass(frozen=True, slots=True)
class Rendition:
    """One rung applied to one source: even display dimensions, square pixels, constant frame rate."""

    name: str
    width: int
    height: int
    frame_rate: Fraction
    crf: int
    max_bitrate: int


@dataclass(frozen=True, slots=True)
class MediaSegment:
    """One CMAF segment as its boxes say: name within its track's folder, bytes, ticks of the track's timescale.

    ``key_offset`` and ``key_size`` are the bytes that its first picture needs: from the moof to that sample's end.
    """

    name: str
    size: int
    start: int
    duration: int
    key_offset: int
    key_size: int


@dataclass(frozen=True, slots=True)
class MediaTrack:
    """One encoded track, measured. ``codec`` is its RFC 6381 string; ``name`` is also its folder's."""

    name: str
    kind: Literal["video", "audio"]
    codec: str
    timescale: int
    init: str
    segments: tuple[MediaSegment, ...]
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    channels: int | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Loudness:
    """EBU R128: integrated loudness in LUFS and true peak in dBTP; ``None`` for silence."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None


@dataclass(frozen=True, slots=True)
class Level:
    """What is done to one sound before it is encoded: a gain, and a limiter at ``ceiling_dbtp`` where there is one.

    ``target_lufs`` is ``None`` where the level stays as it came.
    """

    gain_db: float
    ceiling_dbtp: float | None
    target_lufs: float | None


@dataclass(frozen=True, slots=True)
class Sound:
    """One encoded sound: its stream's index in the source, its level, and how loud it was and came to be.

    ``complaints`` counts what the decoder had to say against the source.
    """

    stream: int
    level: Level
    source: Loudness
    result: Loudness
    complaints: int


@dataclass(frozen=True, slots=True)
class Stills:
    """Names of the pictures of one encode; ``storyboard`` is the WebVTT that says what is where in ``sprite``."""

    poster: str
    share: str
    sprite: str
    storyboard: str


@dataclass(frozen=True, slots=True)
class Encoding:
    """Everything that one transcode made in its folder; kept beside it as ``encoding.json``.

    ``sounds`` are those of ``audio``; ``shots`` the moments at which a new shot begins, in ms. ``copied`` names the
    rendition that is the source's own stream; ``complaints`` counts the decoder's, those over the sounds included.
    """

    duration_ms: int
    video: tuple[MediaTrack, ...]
    audio: tuple[MediaTrack, ...]
    sounds: tuple[Sound, ...]
    mp4: str
    stills: Stills
    shots: tuple[int, ...]
    copied: str | None
    complaints: int


# --- what was said --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word, without surrounding spaces.

    ``probability`` is the recogniser's or the aligner's, 0 to 1; ``None`` where a person wrote and timed the word.
    """

    start_ms: int
    end_ms: int
    text: str
    probability: float | None


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech that the recogniser gave as one."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said; the JSON of ``votd transcribe``. No utterances: no speech was found, which is no failure."""

    language: str
    language_probability: float
    duration_ms: int
    utterances: tuple[Utterance, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for utterance in self.utterances for word in utterance.words)

    @property
    def text(self) -> str:
        return " ".join(utterance.text for utterance in self.utterances)


FindingKind = Literal["loop", "invented", "doubtful", "language", "name", "off_script", "not_spoken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was noticed in a stretch of speech, and what was done about it; the private report lists them.

    ``heard`` was there first (the recogniser's words, or the script's), ``used`` stands now: nothing where it was
    dropped, the same where it stands and is marked. ``why`` is one sentence with its figures.
    """

    kind: FindingKind
    start_ms: int
    end_ms: int
    heard: str
    used: str
    why: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """A transcript and how it came to be.

    ``model`` is the Whisper model's name. ``script`` is the share of a script's words that were spoken, 0 to 1;
    ``None`` where there was no script.
    """

    transcript: Transcript
    model: str
    findings: tuple[Finding, ...] = ()
    script: float | None = None


# --- what is read on the screen -----------------------------------------------------------------------

CaptionOrigin = Literal["machine", "script", "human", "corrected", "translated"]


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """The limits of a cue (``config/captions.toml``).

    ``max_linger_ms`` is for how long it may stand after its last word. Speeds are characters a second:
    ``reading_speed`` is kept by nearly every cue, ``top_speed`` by each where the times allow it. A cue whose words'
    mean probability is below ``doubtful_below`` is doubtful.
    """

    max_lines: int
    max_line_length: int
    max_duration_ms: int
    min_duration_ms: int
    max_gap_ms: int
    max_linger_ms: int
    reading_speed: int
    top_speed: int
    doubtful_below: float

    def __post_init__(self) -> None:
        if self.max_lines not in (1, 2):
            raise ValueError(f"captions have one line or two, not {self.max_lines}")


@dataclass(frozen=True, slots=True)
class WordClasses:
    """What a language's words are, as far as line breaks need it (``config/words.*.toml``); all in lower case.

    ``leaders`` lean on the verb that follows: auxiliaries, negations, clitics. ``subjects`` are pronouns that are
    nothing else, ``pronouns`` may be objects too; ``genitives`` are prepositions that hang on a noun.
    ``intensifiers`` lean on the word that follows, ``particles`` on the verb before. ``phrases`` are pairs of words
    that stay together. The endings of adjectives and verbs tell words that no list names.
    """

    language: str
    articles: frozenset[str]
    determiners: frozenset[str]
    prepositions: frozenset[str]
    genitives: frozenset[str]
    conjunctions: frozenset[str]
    subordinators: frozenset[str]
    subjects: frozenset[str]
    pronouns: frozenset[str]
    leaders: frozenset[str]
    intensifiers: frozenset[str]
    particles: frozenset[str]
    titles: frozenset[str]
    abbreviations: frozenset[str]
    numbers: frozenset[str]
    units: frozenset[str]
    adverbs: frozenset[str]
    adjectives: frozenset[str]
    verbs: frozenset[str]
    phrases: frozenset[str]
    adjective_endings: tuple[str, ...]
    verb_endings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: its lines as plain text.

    A person's cue may bring more: ``markup`` has the same lines as WebVTT cue text, with tags and escapes (none: there
    is only text), ``settings`` is where it stands in the picture, in WebVTT's words (``line:0 align:left``).
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    markup: tuple[str, ...] = ()
    settings: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms < self.end_ms:
            raise ValueError(f"a cue must end after it starts: {self.start_ms}–{self.end_ms}")


@dataclass(frozen=True, slots=True)
class CueVerdict:
    """How far a cue can be trusted: its words' mean probability (``None``: sure), and why it is doubtful, if it is."""

    verdict: Literal["good", "doubtful"]
    probability: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How many cues there are, which share is doubtful, and in how many each rule could not be met.

    ``fast`` cues are above the style's reading speed, the ``too_fast`` among them above its top speed. ``bad_gaps``
    counts the gaps that are neither none, nor two frames, nor half a second or more.
    """

    cues: int
    doubtful: float
    too_short: int
    too_long: int
    fast: int
    too_fast: int
    bad_gaps: int
    long_lines: int


@dataclass(frozen=True, slots=True)
class CaptionTrack:
    """The cues of one language and where they come from; ``doubtful`` is the share of cues that nobody should trust."""

    language: str
    kind: Literal["captions", "subtitles"]
    label: str
    origin: CaptionOrigin
    cues: tuple[Cue, ...]
    doubtful: float | None = None


# --- what it is about ---------------------------------------------------------------------------------

LinkStatus = Literal["linked", "review", "none"]


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the site. ``title`` stands as published, prefix and all; no ``date`` means unknown."""

    title: str
    paragraphs: tuple[str, ...]
    file: str
    url: str | None = None
    date: dt.date | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article, how likely it is the right one (0 to 1), sentences that say why, and whether it is taken."""

    article: Article
    score: float
    evidence: tuple[str, ...] = ()
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """The linker's verdict: an article (one in each language) is ``linked``, a person must ``review``, or ``none``."""

    status: LinkStatus
    candidates: tuple[Candidate, ...]

    @property
    def linked(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if one.linked)

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of speech that tells what one paragraph of the article tells; paragraphs are numbered from 0.

    Many to many: passages may share a paragraph, and overlap in time. Speech that is in none is digression.
    """

    paragraph: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the video with a title; chapters follow each other without gaps."""

    start_ms: int
    end_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the speech and a paragraph (numbered from 0) tell differently, with both places.

    ``why`` is one sentence; it says whether this looks like a contradiction or like a word that was misheard.
    """

    kind: Literal["name", "figure", "date", "quote"]
    start_ms: int
    end_ms: int
    said: str
    paragraph: int
    written: str
    why: str
