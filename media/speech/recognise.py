"""Recognise speech: hear it, judge it, listen once more where it is suspect, and say what was done.

``whisper`` is a ``faster_whisper.WhisperModel``, ``samples`` float32 mono at 16 kHz, a language BCP 47.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from votd.media.errors import BadRequest
from votd.media.model import Finding, Recognition, Transcript
from votd.media.process import Progress
from votd.media.speech import again, hearing, languages, words
from votd.media.speech.guard import Piece
from votd.media.speech.hearing import RATE, Speech
from votd.media.speech.languages import UNDETERMINED, Run, Stretch

if TYPE_CHECKING:
    import numpy as np

WINDOWS = 4  # looked at for the language where the first is not sure
POOR, UNHEARD_MS = 0.6, 3000  # probability of a piece, length of unclaimed speech, whose language is looked at
LOOKED_AT = 3  # of each, the longest
PHRASE_MS = 5000  # long enough to tell a language


@dataclass(frozen=True, slots=True)
class _Task:
    whisper: Any
    samples: "np.ndarray"
    speech: Speech
    name: str  # Whisper's task


def recognise(whisper: Any, samples: "np.ndarray", language: str | None, model: str, progress: Progress) -> Recognition:
    """Return what is said, in the language that is spoken; ``language`` wins over every detection.

    Silence gives a transcript without utterances; so does speech whose language cannot be told, with a finding.
    Raises ``BadRequest`` for a language that the model does not know.
    """
    return _recognise(_Task(whisper, samples, hearing.speech(samples), "transcribe"), language, model, progress)


def translate(whisper: Any, samples: "np.ndarray", language: str | None, model: str, progress: Progress) -> Recognition:
    """Return what is said, told in English by Whisper itself; its words' times are rough."""
    made = _recognise(_Task(whisper, samples, hearing.speech(samples), "translate"), language, model, progress)
    return replace(made, transcript=replace(made.transcript, language="en"))


def detect(whisper: Any, samples: "np.ndarray") -> tuple[str, float]:
    """Return the language of the speech (BCP 47) and its probability; ``("und", 0.0)`` where nobody speaks."""
    speech = hearing.speech(samples)
    if not speech.regions:
        return UNDETERMINED, 0.0
    language, probability = _detected(whisper, speech)
    return languages.tag(language), probability


def _recognise(task: _Task, declared: str | None, model: str, progress: Progress) -> Recognition:
    whisper = task.whisper
    told = _told(declared, whisper.supported_languages)
    duration_ms = len(task.samples) * 1000 // RATE
    nothing = Transcript(declared or UNDETERMINED, 1.0 if declared else 0.0, duration_ms, ())
    if not task.speech.regions:
        return Recognition(nothing, model)
    language, probability = (told, 1.0) if told else _detected(whisper, task.speech)
    if not told and not languages.told(language, probability):
        return Recognition(nothing, model, (_untold(task.speech, language, probability),))
    first = _heard(task, task.speech, language, progress)
    pieces, findings = (first, _foreign(task, first, language)) if told else _each_in_its_own(task, first, language)
    pieces, faults = again.guarded(task.whisper, task.samples, task.speech, pieces, task.name)
    spoken = words.utterances(_numbered(pieces), task.speech.regions, duration_ms)
    if not spoken:  # the detection of nothing is a guess
        return Recognition(nothing, model, tuple(faults))
    transcript = Transcript(declared or languages.tag(language), probability, duration_ms, spoken)
    return Recognition(transcript, model, tuple(sorted([*findings, *faults], key=lambda found: found.start_ms)))


def _told(declared: str | None, supported: Sequence[str]) -> str | None:
    if not declared:
        return None
    language = languages.whispers(declared)
    if language not in supported:
        raise BadRequest(f"This Whisper model does not know the language '{declared}': name another model or language.")
    return language


def _heard(task: _Task, speech: Speech, language: str, progress: Progress, **options: Any) -> list[Piece]:
    pieces = []
    for share, piece in hearing.hear(task.whisper, speech, language, task.name, **options):
        pieces.append(piece)
        progress(share)
    return pieces


def _numbered(pieces: Iterable[Piece]) -> list[words.Heard]:
    return [replace(word, segment=number) for number, piece in enumerate(pieces) for word in piece.words]


# --- languages ----------------------------------------------------------------------------------------


def _detected(whisper: Any, speech: Speech) -> tuple[str, float]:
    """Tell the language by the first window of speech; where it is not sure, by the mean of several."""
    found = [hearing.sounds(whisper, speech.samples)]
    if max(found[0].values()) < languages.SURE:
        window = 30 * RATE
        last = max(len(speech.samples) - window, 0)
        starts = {last * number // (WINDOWS - 1) for number in range(1, WINDOWS)} - {0}
        found += [hearing.sounds(whisper, speech.samples[at : at + window]) for at in sorted(starts)]
    return languages.together(found)


def _untold(speech: Speech, language: str, probability: float) -> Finding:
    start_ms, end_ms = speech.regions[0].start_ms, speech.regions[-1].end_ms
    why = f"The language could not be told ({languages.name(language)} at {probability:.2f}): name it."
    return Finding("language", start_ms, end_ms, "", "", why)


def _foreign(task: _Task, pieces: Sequence[Piece], language: str) -> list[Finding]:
    """Show where a declared language is surely not what is heard; the words stay.

    Whoever declared it wins: detection takes sister languages and accents for one another, and what is left out would
    be missed silently, while a line that reads oddly is seen.
    """
    marked = []
    for run in _windows(pieces, language):
        heard = again.text(piece for piece in pieces if run.start_ms <= piece.start_ms < run.end_ms)
        why = (
            f"It sounds like {languages.name(run.language)} ({run.probability:.2f}) where "
            f"{languages.name(language)} was declared: the words may be a translation."
        )
        marked.append(Finding("language", run.start_ms, run.end_ms, heard, heard, why))
    for gap in _unheard(task, pieces):
        other, probability = _sounds(task, gap)
        if languages.second(other, probability, language):
            why = (
                f"{languages.name(other)} is spoken here ({probability:.2f}) and has no captions: another was declared."
            )
            marked.append(Finding("language", gap.start_ms, gap.end_ms, "", "", why))
    return marked


def _windows(pieces: Sequence[Piece], main: str) -> list[Run]:
    """Return the runs of windows that surely sound like another language."""
    each = [Stretch(piece.start_ms, piece.end_ms, dict([piece.sounds])) for piece in pieces if piece.sounds[0]]
    return [run for run in languages.runs(each, main) if run.language != main]


def _each_in_its_own(task: _Task, first: list[Piece], main: str) -> tuple[list[Piece], list[Finding]]:
    """Where a window sounds like another language, find the stretches and hear each in its own."""
    if not _mixed(task, first, main):
        return first, []
    runs = languages.runs(_stretches(task, first), main)
    if {run.language for run in runs} == {main}:
        return first, []
    pieces, findings = [], []
    for run in runs:
        inside = again.inside(task.speech.spoken, run.start_ms, run.end_ms)
        heard = _heard(task, hearing.part(task.samples, inside), run.language, lambda share: None)
        pieces += heard
        if run.language != main:
            why = (
                f"{languages.name(run.language)} is spoken here ({run.probability:.2f}), "
                f"{languages.name(main)} elsewhere: it was heard in its own language."
            )
            findings.append(Finding("language", run.start_ms, run.end_ms, again.text(heard), again.text(heard), why))
    return pieces, findings


def _mixed(task: _Task, first: Sequence[Piece], main: str) -> bool:
    """Say whether a second language is likely: by the windows, and by the longest pieces that were heard badly.

    A window is told by its greater part, so that a short stretch shows only in words of low probability.
    """
    if any(piece.sounds[0] and not languages.kin(piece.sounds[0], main) for piece in first):
        return True
    poor = [piece for piece in first if piece.probability < POOR and piece.end_ms - piece.start_ms >= 2000]
    longest = sorted(poor, key=lambda piece: piece.start_ms - piece.end_ms)[:LOOKED_AT]
    regions = [*_unheard(task, first), *(words.Region(piece.start_ms, piece.end_ms) for piece in longest)]
    return any(languages.second(*_sounds(task, region), main) for region in regions)


def _unheard(task: _Task, pieces: Sequence[Piece]) -> list[words.Region]:
    """Return the longest stretches of speech that no word claims: Whisper drops what is not in its language."""
    edges = [
        0,
        *(edge for piece in pieces for edge in (piece.start_ms, piece.end_ms)),
        len(task.samples) * 1000 // RATE,
    ]
    gaps = [again.inside(task.speech.spoken, *gap) for gap in zip(edges[::2], edges[1::2], strict=True)]
    whole = [words.Region(gap[0].start_ms, gap[-1].end_ms) for gap in gaps if gap]
    long = [gap for gap in whole if gap.end_ms - gap.start_ms >= UNHEARD_MS]
    return sorted(long, key=lambda gap: gap.start_ms - gap.end_ms)[:LOOKED_AT]


def _sounds(task: _Task, region: words.Region) -> tuple[str, float]:
    samples = task.samples[region.start_ms * RATE // 1000 : region.end_ms * RATE // 1000]
    return languages.together([hearing.sounds(task.whisper, samples)])


def _stretches(task: _Task, first: Sequence[Piece]) -> list[Stretch]:
    """Tell the language of every few seconds, cut at pauses and where a first hearing began a sentence."""
    groups: list[words.Region] = []
    for each in _cut(task.speech.spoken, [edge for piece in first for edge in (piece.start_ms, piece.end_ms)]):
        if groups and each.end_ms - groups[-1].start_ms <= PHRASE_MS:
            groups[-1] = words.Region(groups[-1].start_ms, each.end_ms)
        else:
            groups.append(each)
    made = []
    for group in groups:
        samples = task.samples[group.start_ms * RATE // 1000 : group.end_ms * RATE // 1000]
        made.append(Stretch(group.start_ms, group.end_ms, hearing.sounds(task.whisper, samples)))
    return made


def _cut(spoken: Sequence[words.Region], moments: Sequence[int]) -> list[words.Region]:
    """Cut regions at moments that are a second or more away from their edges."""
    cut: list[words.Region] = []
    for each in spoken:
        start_ms = each.start_ms
        for moment in sorted(moments):
            if start_ms + 1000 <= moment <= each.end_ms - 1000:
                cut.append(words.Region(start_ms, moment))
                start_ms = moment
        cut.append(words.Region(start_ms, each.end_ms))
    return cut
