"""Give the words of a script their times by Whisper's attention (the child's part); ``follow.py`` decides.

Whisper's decoder is made to say the given text; where its attention lies with each word is where the word is spoken.
That holds in languages that the model cannot recognise. What is spoken off script is recognised.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from votd.media.model import Finding, Recognition, Transcript
from votd.media.process import Progress
from votd.media.speech import follow, recognise, script, words
from votd.media.speech.attention import Attention
from votd.media.speech.follow import Said, speech_ms
from votd.media.speech.script import Unit
from votd.media.speech.words import Heard, Region

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
LATE_MS = 35  # the attention is early by a median of 42, 43 (English) and 21 (Macedonian): three voices
PAUSE_MS = 100
OFF_SCRIPT_MS = 1000  # less speech that no word claims is a breath, or a word's own end
MARGIN_MS = 200
FOREIGN = 0.15  # a script of which less was spoken belongs to something else
OFF_SCRIPT = 1_000_000  # numbers of segments: those of the script are its sentences


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
    between, told = _off_script(
        lambda part: recognise.recognise(whisper, part, tag, model, lambda share: None), samples, spoken, speech
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
        timed = follow.cut(one.timed, unit.words[one.word], first=one.word == 0)
        start, end = timed.start_ms + LATE_MS, max(timed.start_ms, timed.end_ms) + LATE_MS
        if one.word == 0:
            start = follow.begin(speech, start, end)
        heard.append(Heard(unit.sentence, start, end, f" {unit.words[one.word]}", one.timed.probability))
    return words.mend(words.clamp(heard, speech), duration_ms)


# --- off the script -------------------------------------------------------------------------------------


def _off_script(
    hear: Callable[["np.ndarray"], Recognition],
    samples: "np.ndarray",
    spoken: Sequence[Heard],
    speech: Sequence[Region],
) -> tuple[list[Heard], list[Finding]]:
    """Recognise the stretches of speech that no word of the script claims."""
    duration_ms = len(samples) * 1000 // RATE
    ends = [0, *(word.end_ms for word in spoken)]
    starts = [*(word.start_ms for word in spoken), duration_ms]
    between: list[Heard] = []
    told: list[Finding] = []
    for number, (low, high) in enumerate(zip(ends, starts, strict=True)):
        if speech_ms(speech, low, high) < OFF_SCRIPT_MS:
            continue
        around = _Gap(max(0, low - MARGIN_MS), low, high, min(duration_ms, high + MARGIN_MS), OFF_SCRIPT + number)
        part = samples[around.from_ms * RATE // 1000 : around.to_ms * RATE // 1000]
        made = hear(part)
        fresh = _fresh(_within(made, around), spoken[max(0, number - 3) : number], spoken[number : number + 3])
        between += fresh
        told += [_shifted(finding, around.from_ms) for finding in made.findings]
        if fresh:
            text = " ".join(word.text.strip() for word in fresh)
            why = f"{speech_ms(speech, low, high) / 1000:.1f} s of speech fit no word of the script: recognised."
            told.append(Finding("off_script", fresh[0].start_ms, fresh[-1].end_ms, text, text, why))
    return between, told


@dataclass(frozen=True, slots=True)
class _Gap:
    """A stretch between two words of the script, and what is heard around it."""

    from_ms: int
    low_ms: int
    high_ms: int
    to_ms: int
    segment: int


def _within(made: Recognition, gap: _Gap) -> list[Heard]:
    """Return the recognised words of a gap at their times in the whole, those of the margins left out."""
    found = []
    for word in made.transcript.words:
        start, end = word.start_ms + gap.from_ms, word.end_ms + gap.from_ms
        if gap.low_ms <= (start + end) / 2 <= gap.high_ms:
            start, end = max(start, gap.low_ms), min(end, gap.high_ms)
            found.append(Heard(gap.segment, start, end, f" {word.text}", word.probability or 0.0))
    return found


def _fresh(found: list[Heard], before: Sequence[Heard], after: Sequence[Heard]) -> list[Heard]:
    """Leave out what the script's words beside the gap say already."""
    for count in range(min(len(before), len(found)), 0, -1):
        if [_plain(word) for word in before[-count:]] == [_plain(word) for word in found[:count]]:
            found = found[count:]
            break
    for count in range(min(len(after), len(found)), 0, -1):
        if [_plain(word) for word in after[:count]] == [_plain(word) for word in found[-count:]]:
            return found[:-count]
    return found


def _plain(word: Heard) -> str:
    return "".join(letter for letter in word.text.casefold() if letter.isalnum())


def _shifted(finding: Finding, by_ms: int) -> Finding:
    return replace(finding, start_ms=finding.start_ms + by_ms, end_ms=finding.end_ms + by_ms)


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
