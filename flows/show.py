"""``votd show``: what stands for a video, and, on the machine that made it, how it came to be."""

import json
from collections.abc import Iterator
from typing import Any

from votd.config.settings import Settings
from votd.media import errors
from votd.media.delivery import publish as delivery
from votd.media.delivery.store import open_store
from votd.media.record import Record

SHOWN = 3
"""Candidates for an article that a person sees at once."""
FINDINGS = {
    "loop": "repetition",
    "invented": "invented",
    "doubtful": "unsure",
    "language": "language",
    "name": "name",
    "off_script": "off script",
    "not_spoken": "not spoken",
}


def show(id_: str, settings: Settings) -> tuple[Record, dict[str, Any]]:
    """Return the record that stands, and the private report, empty where another machine has it."""
    s3 = settings.s3
    store = open_store(settings.store_address, endpoint=s3.endpoint, path_style=s3.path_style, checksum=s3.checksum)
    record = delivery.current_record(store, id_)
    if record is None:
        raise errors.BadRequest(f"There is no video {id_} at {store.address}: votd status lists what there is.")
    place = settings.home / "workspace" / "reports" / f"{id_}.json"
    try:
        report = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        report = {}
    # A report on another version says nothing about this one.
    made = report.get("record", {}).get("version") if isinstance(report, dict) else None
    return record, report if made == record.version else {}


def lines(record: Record, report: dict[str, Any]) -> Iterator[str]:
    """Tell a record's story line by line."""
    yield f"{record.title}"
    yield f"  {record.id}, version {record.version}, published {record.updated_at:%Y-%m-%d %H:%M}"
    yield f"  {clock(record.duration_ms)} in {len(record.renditions)} renditions, page {record.page}"
    for article in record.articles:
        yield f"  article   {article.title} ({article.origin}, score {article.score:.2f})"
    if record.speech:
        script = f", {record.speech.script:.0%} of the script spoken" if record.speech.script is not None else ""
        yield f"  speech    heard by {record.speech.model}{script}"
    for captions in record.captions:
        unsure = f", {captions.doubtful:.0%} doubtful" if captions.doubtful is not None else ""
        yield f"  captions  {captions.label}: {captions.origin}{unsure}, {captions.vtt}"
    if not record.captions:
        yield "  captions  none"
    for one in (report.get("link") or {}).get("candidates", ())[:SHOWN]:
        linked = "linked" if one["linked"] else "not linked"
        yield f"  candidate {one['article']['title']} ({linked}, {one['score']:.2f}): {' '.join(one['evidence'])}"
    for one in report.get("differences", ()):
        yield f"  differs   {clock(one['start_ms'])}  {one['why']}"
    for warning in report.get("warnings", ()):
        yield f"  mind      {warning}"
    yield from _findings(report.get("speech") or {})


def _findings(speech: dict[str, Any]) -> Iterator[str]:
    for judged in speech.get("judgements", ()):
        track, state = judged["track"], "withheld: " if judged["withheld"] else ""
        unmet = ", ".join(
            f"{name.replace('_', ' ')} {n}" for name, n in judged["quality"].items() if name != "doubtful"
        )
        yield f"  quality   {track['label']}: {state}{unmet}"
        for cue, verdict in zip(track["cues"], judged["verdicts"], strict=True):
            if verdict["verdict"] != "good":
                yield f"  doubtful  {clock(cue['start_ms'])}  {' '.join(cue['lines'])}: {verdict['why']}"
    for heard in speech.get("recognitions", ()):
        for finding in heard["findings"]:
            used = f" → “{finding['used']}”" if finding["used"] != finding["heard"] else ""
            kind = FINDINGS.get(finding["kind"], finding["kind"])
            yield f"  {kind:<10}{clock(finding['start_ms'])}  “{finding['heard']}”{used}: {finding['why']}"


def clock(ms: int) -> str:
    """Write a moment as a player shows it."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
