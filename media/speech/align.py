"""Give the words of a script their times by Whisper's attention (the child's part); ``follow.py`` decides.

Whisper's decoder is made to say the given text; where its attention lies with each word is where the word is spoken.
That holds in languages that the model cannot recognise. What is spoken off script is recognised.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from votd.media.model import Finding, Recognition, Transcript
from votd.media.process import Progress
from votd.media.speech import follow, languages, off_script, recognise, script, words
from votd.media.speech.attention import Attention
from votd.media.speech.follow import Said, Timed
from votd.media.speech.script import Unit
from votd.media.speech.words import Heard, Region

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
LATE_MS = 35  # the attention is early by a median of 42, 43 (English) and 21 (Macedonian): three voices
PAUSE_MS = 100
LEAST_MS = 40  # of a word must lie behind a pause
FOREIGN = 0.15  # a script of which less was spoken belongs to something else


def align(  # noqa: PLR0917 - a stage takes what it needs, as the other requests of the child do
    whisper: Any,
    samples: "np.ndarray",
    paragraphs: Sequence[str],
    language: str | None,
    model: str,
    progress: Progress,
) -> Recognition:
    """Return the script's words that were spoken, with their times, and what was recognised between them.

    An utterance is a sentence of the script. ``Recognition.script`` is the share of its words that were spoken;
    where that is next to nothing, everything is as recognised, and a finding says so.
    """
    duration_ms = len(samples) * 1000 // RATE
    units = script.units(paragraphs)
    speech = _speech(samples)
    tag, sure = _language(whisper, samples, paragraphs, language)
    attention = Attention(whisper, samples, tag)
    said = follow.follow(units, attention.place, speech, lambda at: progress(0.9 * at / duration_ms))
    coverage = len(said) / sum(len(unit.words) for unit in units)
    if coverage < FOREIGN:
        return _foreign(recognise.recognise(whisper, samples, language, model, progress), coverage)
    spoken = _heard(units, said, speech, duration_ms)
    known = tag if languages.whispers(tag) in whisper.supported_languages else None  # else it is told by its sound
    between, told = off_script.recognised(
        lambda part: recognise.recognise(whisper, part, known, model, lambda share: None), samples, spoken, speech
    )
    utterances = tuple(words.group(words.mend(_merged(spoken, between), duration_ms)))
    told += _not_spoken(units, said, spoken, duration_ms)
    found = tuple(sorted(told, key=lambda finding: finding.start_ms))
    return Recognition(Transcript(tag, sure, duration_ms, utterances), model, found, coverage)


def _speech(samples: "np.ndarray") -> list[Region]:
    """Detect where somebody speaks, parted at pauses as short as those between sentences."""
    from faster_whisper import vad  # noqa: PLC0415 - heavy: in the child only

    options = vad.VadOptions(min_silence_duration_ms=PAUSE_MS, speech_pad_ms=0)
    found = vad.get_speech_timestamps(samples, options)
    return [Region(region["start"] * 1000 // RATE, region["end"] * 1000 // RATE) for region in found]


def _language(
    whisper: Any, samples: "np.ndarray", paragraphs: Sequence[str], declared: str | None
) -> tuple[str, float]:
    """Return the language: the declared one, the one whose letters the script has, or the one that is heard."""
    told = declared or script.language(paragraphs)
    return (told, 1.0) if told else recognise.detect(whisper, samples)


def _heard(units: Sequence[Unit], said: Sequence[Said], speech: Sequence[Region], duration_ms: int) -> list[Heard]:
    """Return the spoken words with times that are set right."""
    heard = []
    for one in said:
        unit = units[one.unit]
        timed = _cut(one.timed, unit.words[one.word], first=one.word == 0)
        start, end = timed.start_ms + LATE_MS, max(timed.start_ms, timed.end_ms) + LATE_MS
        if one.word == 0:
            start = begin(speech, start, end)
        heard.append(Heard(unit.sentence, start, end, f" {unit.words[one.word]}", one.timed.probability))
    return words.mend(words.clamp(heard, speech), duration_ms)


def begin(speech: Sequence[Region], start_ms: int, end_ms: int) -> int:
    """Return where a sentence begins whose first word was placed so: after the longest pause that the word spans.

    The attention often leaves the sentence before too soon: its last sound is not this word's.
    """
    pauses = [
        (after.start_ms - before.end_ms, after.start_ms)
        for before, after in pairwise([Region(0, 0), *speech])
        if start_ms < after.start_ms < end_ms - LEAST_MS
    ]
    return max(pauses, default=(0, start_ms))[1]


def _cut(timed: Timed, word: str, first: bool) -> Timed:
    """Shorten a word that is stretched over what it cannot fill: a unit's ``first`` at its start, others at the end."""
    most = follow.longest_ms(word)
    if timed.end_ms - timed.start_ms <= most:
        return timed
    return replace(timed, start_ms=timed.end_ms - most) if first else replace(timed, end_ms=timed.start_ms + most)


def _merged(spoken: Iterable[Heard], between: Iterable[Heard]) -> list[Heard]:
    return sorted([*spoken, *between], key=lambda word: (word.start_ms, word.end_ms))


# --- what is told ----------------------------------------------------------------------------------------


def _not_spoken(
    units: Sequence[Unit], said: Sequence[Said], spoken: Sequence[Heard], duration_ms: int
) -> list[Finding]:
    """Tell each run of the script's words that were not spoken, and between which words' times."""
    places = [(unit, word) for unit, of in enumerate(units) for word in range(len(of.words))]
    number = {place: at for at, place in enumerate(places)}
    known = [-1, *(number[one.unit, one.word] for one in said), len(places)]
    ends = [0, *(word.end_ms for word in spoken)]
    starts = [*(word.start_ms for word in spoken), duration_ms]
    told = []
    for (last, following), low, high in zip(pairwise(known), ends, starts, strict=True):
        if following - last > 1:
            text = " ".join(units[unit].words[word] for unit, word in places[last + 1 : following])
            why = f"{following - last - 1} words of the script were not found in the speech: left out."
            told.append(Finding("not_spoken", low, max(low, high), text, "", why))
    return told


def _foreign(made: Recognition, coverage: float) -> Recognition:
    """Give what was recognised where the script belongs to something else."""
    why = f"Only {coverage:.0%} of the script's words were found in the speech: recognised instead."
    told = Finding("not_spoken", 0, made.transcript.duration_ms, "", "", why)
    return replace(made, findings=(told, *made.findings), script=coverage)
