"""The second look: what is suspect is heard once more by itself, and the better reading stays.

Other edges, shorter pauses and another temperature are tried once, worst first, as long as the allowance lasts; what
stays bad is left out (a loop, an invented sentence) or stands marked (a doubtful one).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from votd.media.model import Finding
from votd.media.speech import guard, hearing
from votd.media.speech.guard import Kind, Piece, Verdict
from votd.media.speech.hearing import Speech
from votd.media.speech.words import Region

if TYPE_CHECKING:
    import numpy as np

LEAST_MS, SHARE = 15_000, 0.5  # of the speech may be heard again, so that a video of nonsense costs at most twice
WINDOW_COST_MS = 10_000  # the encoder works on 30 s however short a window is
LONGEST_MS = 28_000  # one window of Whisper's
EDGE_MS = 500
WORST_FIRST: tuple[Kind, ...] = ("loop", "invented", "doubtful")
WORTH = 0.2  # the least score of a reading that takes the place of something bad
TOKENS_S = 12  # nobody speaks more: a loop is cut short


@dataclass(frozen=True, slots=True)
class Suspect:
    """Pieces in a row under suspicion, with their verdicts and the window that is theirs."""

    pieces: tuple[Piece, ...]
    verdicts: tuple[Verdict, ...]
    start_ms: int
    end_ms: int

    @property
    def worst(self) -> Verdict:
        return min(self.verdicts, key=lambda verdict: WORST_FIRST.index(verdict.kind))


def guarded(
    whisper: Any, samples: "np.ndarray", speech: Speech, pieces: Sequence[Piece], task: str
) -> tuple[list[Piece], list[Finding]]:
    """Return the pieces that stand, in order, and what was found; without a suspicion nothing is heard again."""
    verdicts = guard.judge(pieces, speech.spoken)
    suspects = _suspects(pieces, verdicts)
    readings = _readings(whisper, samples, speech, suspects, task)
    kept = [piece for piece, verdict in zip(pieces, verdicts, strict=True) if not verdict]
    findings = []
    for suspect, reading in zip(suspects, readings, strict=True):
        used, finding = decide(suspect, reading, speech.spoken)
        kept += used
        findings += [finding] if finding else []
    return sorted(kept, key=lambda piece: piece.start_ms), findings


def decide(
    suspect: Suspect, reading: Sequence[Piece] | None, spoken: Sequence[Region]
) -> tuple[list[Piece], Finding | None]:
    """Choose between what was heard first and second; ``None`` for what was not heard again. Pure."""
    second = list(reading or ())
    if _said_so(suspect, second, spoken):
        return list(suspect.pieces), None
    ms = sum(region.end_ms - region.start_ms for region in inside(spoken, suspect.start_ms, suspect.end_ms))
    first = [piece for piece, verdict in zip(suspect.pieces, suspect.verdicts, strict=True) if not _bad(verdict)]
    sound = [piece for piece, verdict in zip(second, guard.judge(second, spoken), strict=True) if not _bad(verdict)]
    old, new = (guard.score(each, [None] * len(each), spoken, ms) for each in (first, sound))
    better = new > (old if first else WORTH)
    used = sound if better else first
    heard, why = text(suspect.pieces), suspect.worst.why
    if better:
        done = f"A second hearing was better ({new:.2f} against {old:.2f})."
    elif len(first) < len(suspect.pieces):
        done = "It was left out."
    else:
        done = "It stands, marked." if reading is not None else "It stands, marked, and was not heard again."
    kind = suspect.worst.kind
    start_ms, end_ms = suspect.pieces[0].start_ms, max(piece.end_ms for piece in suspect.pieces)
    return used, Finding(kind, start_ms, end_ms, heard, text(used), f"{why} {done}")


def inside(spoken: Iterable[Region], start_ms: int, end_ms: int) -> list[Region]:
    """Return the speech between two moments."""
    cut = (Region(max(each.start_ms, start_ms), min(each.end_ms, end_ms)) for each in spoken)
    return [each for each in cut if each.end_ms - each.start_ms >= 50]


def text(pieces: Iterable[Piece]) -> str:
    """Return the text of pieces in a row."""
    return " ".join(piece.text.strip() for piece in pieces)


def _said_so(suspect: Suspect, second: Sequence[Piece], spoken: Sequence[Region]) -> bool:
    """Say whether a repetition is the speaker's own: heard twice alike, with good figures."""
    loop = all(verdict.kind == "loop" for verdict in suspect.verdicts)
    alike = guard.plain(text(second)) == guard.plain(text(suspect.pieces))
    return loop and alike and all(guard.real(each, spoken) for each in second)


def _suspects(pieces: Sequence[Piece], verdicts: Sequence[Verdict | None]) -> list[Suspect]:
    """Put neighbours together as long as they fit into one window: each costs an encoding."""
    groups: list[list[int]] = []
    for at, verdict in enumerate(verdicts):
        if verdict is None:
            continue
        last = groups[-1] if groups else None
        if last and last[-1] == at - 1 and pieces[at].end_ms - pieces[last[0]].start_ms <= LONGEST_MS:
            last.append(at)
        else:
            groups.append([at])
    return [_suspect(pieces, verdicts, group) for group in groups]


def _suspect(pieces: Sequence[Piece], verdicts: Sequence[Verdict | None], group: Sequence[int]) -> Suspect:
    start_ms, end_ms = pieces[group[0]].start_ms, max(pieces[at].end_ms for at in group)
    before = pieces[group[0] - 1].end_ms if group[0] else 0
    after = pieces[group[-1] + 1].start_ms if group[-1] + 1 < len(pieces) else end_ms + EDGE_MS
    return Suspect(
        tuple(pieces[at] for at in group),
        tuple(verdict for at in group if (verdict := verdicts[at])),
        min(start_ms, max(before, start_ms - EDGE_MS)),
        max(end_ms, min(after, end_ms + EDGE_MS)),
    )


def _readings(
    whisper: Any, samples: "np.ndarray", speech: Speech, suspects: Sequence[Suspect], task: str
) -> list[list[Piece] | None]:
    allowance = max(LEAST_MS, round(speech.ms * SHARE))
    readings: list[list[Piece] | None] = [None] * len(suspects)
    worst = sorted(range(len(suspects)), key=lambda at: WORST_FIRST.index(suspects[at].worst.kind))
    for at in worst:
        within = inside(speech.spoken, suspects[at].start_ms, suspects[at].end_ms)
        cost = max(WINDOW_COST_MS, sum(each.end_ms - each.start_ms for each in within))
        if within and cost <= allowance:
            allowance -= cost
            readings[at] = _again(whisper, hearing.part(samples, within, pause_ms=600, pad_ms=200), suspects[at], task)
        elif not within:
            readings[at] = []
    return readings


def _again(whisper: Any, window: Speech, suspect: Suspect, task: str) -> list[Piece]:
    """Hear one window by itself, at one other temperature than before; a loop may try two.

    Two samples of it are enough here: the five that Whisper takes cost more than its first search.
    """
    first = suspect.pieces[0]
    temperatures = [0.0, 0.4] if suspect.worst.kind == "loop" else [0.2 if first.temperature < 0.2 else 0.0]
    tokens = min(224, 24 + window.ms * TOKENS_S // 1000)
    options = {"temperature": temperatures, "best_of": 2, "max_new_tokens": tokens}
    heard = hearing.hear(whisper, window, first.language, task, **options)
    return [piece for _, piece in heard]


def _bad(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.kind != "doubtful"
