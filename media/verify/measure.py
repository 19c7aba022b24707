"""The child of a verification: everything that reads bytes which may be a stranger's, but for the sound."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from votd.media import process
from votd.media.verify import box_rules, dash_rules, file_rules, master_rules, media_rules
from votd.media.verify.bundle import Bundle
from votd.media.verify.report import in_order
from votd.media.verify.tracks import Measured, measure
from votd.media.verify.walk import outline


def main(args: list[str], _: process.Progress) -> dict[str, Any]:
    """Judge the bundle of {key: path} in a file; return the findings, and which sound is to be measured."""
    bundle = Bundle({key: Path(path) for key, path in json.loads(Path(args[0]).read_bytes()).items()})
    try:
        return _judged(bundle, args[1])
    except MemoryError:
        return {"findings": [("1", args[1], False, "it needs more memory than a video does")], "sounds": []}


def _judged(bundle: Bundle, record_key: str) -> dict[str, Any]:
    measured = measure(bundle, outline(bundle, record_key))
    found = [
        *file_rules.pictures(measured, bundle),
        *master_rules.findings(measured),
        *media_rules.findings(measured),
        *box_rules.findings(measured, bundle),
        *dash_rules.findings(measured, bundle),
        *file_rules.progressive(measured, bundle),
        *file_rules.storyboard(measured, bundle),
    ]
    found = [*file_rules.objects(bundle), *found]
    return {"findings": [dataclasses.astuple(each) for each in in_order(found)], **_sound(measured)}


def _sound(measured: Measured) -> dict[str, Any]:
    loudness = measured.outline.record.get("loudness")
    return {
        "judged": isinstance(loudness, dict),
        "target": loudness.get("target_lufs") if isinstance(loudness, dict) else None,
        "sounds": [
            [track.name, [track.init, *(segment.key for segment in track.segments)], float(track.seconds)]
            for _, track in measured.audios
        ],
    }


if __name__ == "__main__":
    process.serve(main)
