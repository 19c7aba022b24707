"""What a run shows while it works: names, shares, speeds and the time left; in a terminal and to Prefect."""

import os
import pty
import re
import subprocess
import sys

import pytest

from votd.flows.display import Bars, Ledger, Reading


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading(0.0, 0.1, 60), ""),
        (Reading(0.5, 15.0, 60), "2.0× real time, 0:15 left"),
        (Reading(0.25, 30.0), "1:30 left"),
        (Reading(0.01, 40.0, 60), "0.0× real time, 1:06:00 left"),
        (Reading(0.9, 0.1, 600), "5400× real time, 0:00 left"),
        (Reading(1.0, 30.0, 60), "2.0× real time"),
        (Reading(1.0, 30.0), ""),
        (Reading(0.5, 0.0, 60), "0:00 left"),
    ],
)
def test_speed_and_time_left_come_from_the_share_and_the_clock(reading: Reading, said: str) -> None:
    """The speed is stated where the length of the media is known, the time left where there is one."""
    assert str(reading) == said


def test_every_watcher_hears_of_a_stage_from_its_start_to_its_end() -> None:
    """A stage that ends well is told as whole first; one that fails is not."""
    told: list[tuple[str, float | None]] = []
    ledger = Ledger(lambda stage, reading: told.append((stage, reading.share if reading else None)))
    ledger.watchers.append(lambda stage, reading: told.append((stage.upper(), reading.share if reading else None)))
    with ledger.stage("one") as stage:
        stage.progress(0.5)
    assert told == [(name, share) for share in (0.0, 0.5, 1.0, None) for name in ("one", "ONE")]
    told.clear()
    with pytest.raises(OSError, match="broken"), ledger.stage("two") as stage:
        stage.progress(0.5)
        raise OSError("broken")
    stage.progress(0.7)  # by a thread that does not know yet
    assert [share for name, share in told if name == "two"] == [0.0, 0.5, None]
    assert [(time.name, time.reused) for time in ledger.stages] == [("one", False)]


SHOW = """
from votd.flows.display import Bars, Reading
with Bars() as bars:
    bars.watch("transcode", Reading(0, 0, 60))
    bars.watch("transcribe", Reading(0, 0, 60))
    bars.watch("transcode", Reading(0.5, 15, 60))
    bars.watch("transcribe", Reading(0.25, 40))
    bars._bars.refresh()
"""


def test_a_terminal_shows_each_running_stage() -> None:
    """Its name, its share, its speed where there is one, and the time left."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", SHOW], stderr=theirs, env=environment, check=True)
    os.close(theirs)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(ours, 1 << 16).decode())
    os.close(ours)
    assert re.search(r"transcode +\S* +50 % 2\.0× real time, 0:15 left\s*$", shown, re.MULTILINE)
    assert re.search(r"transcribe +\S* +25 % 2:00 left\s*$", shown, re.MULTILINE)


def test_elsewhere_nothing_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """A log is no place for bars."""
    with Bars() as bars, Ledger(bars.watch).stage("transcode") as stage:
        stage.progress(0.5)
    assert capfd.readouterr() == ("", "")
