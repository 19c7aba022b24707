"""What one run of the story came to, for the summary, the run's page and the private report."""

from dataclasses import dataclass

from votd.flows.display import StageTime
from votd.flows.show import SHOWN, clock
from votd.media.model import Candidate, Difference, Link
from votd.media.record import Record


@dataclass(frozen=True, slots=True)
class Outcome:
    """``changed`` is false where this very version stood already. ``warnings`` are sentences for the producer.

    ``differences`` are between the talk and its article. ``again`` is true where the night should try once more:
    something that the captions need was unavailable.
    """

    record: Record
    changed: bool
    uploaded: int
    address: str
    link: Link
    warnings: tuple[str, ...]
    differences: tuple[Difference, ...]
    again: bool
    stages: tuple[StageTime, ...]


def markdown(outcome: Outcome) -> str:
    """Write the summary of a run as Markdown, for its page in Prefect."""
    record = outcome.record
    rows = [("Video", _cell(record.title)), *_rows(outcome)]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    evidence = "\n".join(_evidence(one) for one in outcome.link.candidates[:SHOWN])
    stages = "\n".join(f"| {s.name} | {s.seconds:.1f} s | {'reused' if s.reused else ''} |" for s in outcome.stages)
    return f"| | |\n|---|---|\n{table}\n\n{evidence}\n\n| stage | time | |\n|---|---|---|\n{stages}\n"


def lines(outcome: Outcome) -> list[tuple[str, str]]:
    """Return the summary as pairs of a name and a value, for the terminal."""
    return [("Video", outcome.record.title), *_rows(outcome)]


def _rows(outcome: Outcome) -> list[tuple[str, str]]:
    record = outcome.record
    state = f"published, {outcome.uploaded} objects uploaded" if outcome.changed else "nothing to do: stands already"
    rows = [
        ("Result", state),
        ("Id, version", f"{record.id}, {record.version}"),
        ("Page", f"{outcome.address}/{record.page}"),
        ("HLS", f"{outcome.address}/{record.hls}"),
        ("MP4", f"{outcome.address}/{record.mp4}"),
        ("Renditions", ", ".join(f"{r.width}×{r.height}" for r in record.renditions)),
        ("Captions", ", ".join(f"{c.label} ({c.origin})" for c in record.captions) or "none"),
        ("Article", _article(outcome)),
    ]
    rows += [("Mind", warning) for warning in outcome.warnings]
    return rows + [(f"At {clock(one.start_ms)}", _cell(one.why)) for one in outcome.differences]


def _article(outcome: Outcome) -> str:
    if articles := outcome.record.articles:
        return "; ".join(_cell(f"{a.title} ({a.origin}, score {a.score:.2f})") for a in articles)
    if outcome.link.status == "review" and outcome.link.candidates:
        told = "; ".join(
            _cell(f"{one.article.title} (score {one.score:.2f})") for one in outcome.link.candidates[:SHOWN]
        )
        return f"none linked; a person should look at: {told}"
    return "none"


def _evidence(one: Candidate) -> str:
    """Say of a candidate what speaks for it."""
    state = "**linked**" if one.linked else "not linked"
    return f"- {_cell(one.article.title)} ({state}, {one.score:.2f}). {_cell(' '.join(one.evidence))}"


def _cell(text: str) -> str:
    return text.replace("|", "│").replace("\n", " ")
