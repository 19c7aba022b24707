"""Print what forced alignment does on voices that know their own times, and what it costs beside recognition.

.venv/bin/python tests/bench_align.py [--quick]
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "speech" / "scripts"))
import alignment

from votd.media.speech import recognise


def recognition_cost(whisper: Any, case: alignment.Case, speech: alignment.Speech) -> float:
    """Return CPU seconds for a minute of sound."""
    began = time.process_time()
    recognise.recognise(whisper, speech.samples, case.language, "base", lambda share: None)
    return (time.process_time() - began) / (len(speech.samples) / 16_000 / 60)


def main(cases: tuple[alignment.Case, ...]) -> None:
    """Print three tables."""
    whisper = alignment.load(threads=1)
    print("voice                        min  words  median   95 %  worst  first  last  coverage  CPU s/min  recognised")
    for case in cases:
        speech = alignment.speak(case, alignment.sentences(case))
        made, cost = alignment.aligned(whisper, case, speech)
        found = alignment.errors(made, speech)
        name = f"{case.text} {case.voice}"
        times = f"{found.median:6.0f} {found.most:6.0f} {found.worst:6.0f} {found.first:6.0f} {found.last:5.0f}"
        costs = f"{cost:9.1f} {recognition_cost(whisper, case, speech):11.1f}"
        print(f"{name:27} {len(speech.samples) / 960_000:4.1f} {found.words:6} {times} {made.script:9.3f} {costs}")
    print("\na third not spoken     seed  words  shown  running  lost of  spoken  coverage  true  CPU s/min")
    for case in cases:
        for seed in (1, 2) if ":" in case.voice else ():
            left, made, cost = alignment.cut(whisper, case, seed)
            counts = f"{left.words:6} {left.shown:6} {left.running:8} {left.lost:5} {left.spoken:10}"
            print(f"{case.voice:22} {seed:4} {counts} {made.script:9.3f} {left.true_share:5.3f} {cost:10.1f}")
    print("\nad-lib                before sentence    WER  coverage  CPU s/min")
    for case in cases:
        for place in (0, 5) if ":" in case.voice and case.language == "en" else ():
            wer, made, cost = alignment.ad_lib(whisper, case, place)
            print(f"{case.voice:22} {place:14} {wer:6.3f} {made.script:9.3f} {cost:10.1f}")


if __name__ == "__main__":
    main(alignment.CASES[1:4] if "--quick" in sys.argv else alignment.CASES)
