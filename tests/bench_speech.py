"""Measure what our recognition costs beside plain faster-whisper: ``python tests/bench_speech.py``.

On the same sound, in turn, so that a busy machine slows all alike; each in a process of its own, the loading included:

A.  ``recognise``: voice detection, hearing, the guards with their second looks, the words' clamping.
B.  Ten lines of faster-whisper with ``vad_filter=True, word_timestamps=True``, and nothing else.
C.  faster-whisper's ``BatchedInferencePipeline``, with the share of B's words that it hears alike.

The clean sound is the sample's; the other is the same with 25 s drowned in noise three times as loud as the speech,
so that A listens again. CPU is user and system time; the least of the rounds counts. Ends with 1 where a figure is over
its limit.
"""

import argparse
import ctypes
import difflib
import json
import os
import subprocess
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from bench import PR_SET_CHILD_SUBREAPER, SAMPLE, Cost, least, limits, run, show

from votd.flows.speech import user_cache
from votd.media.speech import weights

RATE = 16_000
NOISY_S = (30, 55)
MOST_CLEAN, MOST_RETRIES = 1.10, 2.0

HEAD = """
import json, sys, wave
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

folder, threads, wav = sys.argv[1:]
model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads))
with wave.open(wav) as file:
    samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
"""
OURS = """
from votd.media.speech import recognise
made = recognise.recognise(model, samples, None, "base", lambda share: None)
words = [(word.text, word.start_ms / 1000) for word in made.transcript.words]
print(json.dumps({"words": words, "findings": [f"{f.kind}: {f.why}" for f in made.findings]}))
"""
PLAIN = """
segments, _ = model.transcribe(samples, vad_filter=True, word_timestamps=True, condition_on_previous_text=False)
words = [(word.word.strip(), float(word.start)) for segment in segments for word in segment.words]
print(json.dumps({"words": words, "findings": []}))
"""
BATCHED = """
pipeline = BatchedInferencePipeline(model)
segments, _ = pipeline.transcribe(samples, batch_size=8, vad_filter=True, word_timestamps=True)
words = [(word.word.strip(), float(word.start)) for segment in segments for word in segment.words]
print(json.dumps({"words": words, "findings": []}))
"""
WAYS = {"A ours": OURS, "B plain": PLAIN, "C batched": BATCHED}

Words = list[tuple[str, float]]


def sounds(folder: Path) -> dict[str, Path]:
    """Write the clean and the noisy sound."""
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(SAMPLE / "sample.mp4"), "-vn"]
    done = subprocess.run([*argv, "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"], check=True, capture_output=True)
    clean = np.frombuffer(done.stdout, "<i2").astype(np.float32)
    first, last = (second * RATE for second in NOISY_S)
    noisy = clean.copy()
    loud = float(np.sqrt(np.mean(clean[first:last] ** 2)))
    noisy[first:last] += 3 * loud * np.random.default_rng(5).standard_normal(last - first)
    return {name: written(folder / f"{name}.wav", each) for name, each in (("clean", clean), ("noisy", noisy))}


def written(path: Path, samples: np.ndarray) -> Path:
    """Write samples of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.clip(samples, -32768, 32767).astype("<i2").tobytes())
    return path


def measured(way: str, sound: Path, model: Path, threads: int) -> tuple[Cost, Words, list[str]]:
    """Run one way over one sound."""
    folder = sound.parent
    (folder / "way.py").write_text(HEAD + WAYS[way], encoding="utf-8")
    cost = run([sys.executable, "way.py", model, str(threads), sound], folder, os.environ)
    told = json.loads((folder / "bench.log").read_text().splitlines()[-1])
    return show(f"{sound.stem}: {way}", cost), [(word, at) for word, at in told["words"]], told["findings"]


def alike(one: Words, other: Words) -> tuple[float, float]:
    """Return the share of ``other``'s words that ``one`` has too, and the median difference of their starts in ms."""
    matcher = difflib.SequenceMatcher(None, [word for word, _ in one], [word for word, _ in other], autojunk=False)
    pairs = [(b.a + at, b.b + at) for b in matcher.get_matching_blocks() for at in range(b.size)]
    apart = [abs(one[a][1] - other[b][1]) * 1000 for a, b in pairs]
    return len(pairs) / max(len(other), 1), float(np.median(apart)) if apart else 0.0


def compare(sound: Path, ways: Sequence[str], model: Path, threads: int, rounds: int) -> dict[str, Cost]:
    """Run the ways in turn; print how far their words agree; return the least cost of each."""
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    for _ in range(rounds):
        heard: dict[str, Words] = {}
        for way in ways:
            cost, heard[way], findings = measured(way, sound, model, threads)
            costs[way].append(cost)
            for finding in findings:
                print(f"      {finding}")
    for way in ways:
        share, apart = alike(heard[way], heard["B plain"])
        print(f"  {sound.stem}: {way}: {share:.1%} of B's words, starts {apart:.0f} ms apart (median)")
    return {way: least(each) for way, each in costs.items()}


def main() -> None:
    """Measure, print the table, and fail where a limit is broken."""
    parser = argparse.ArgumentParser(description="Compare our recognition with plain faster-whisper.")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="votd-bench-") as name:
        both, model = sounds(Path(name)), weights.find("base", user_cache())
        print(f"  {'':<44}{'CPU s':>8}{'wall s':>9}{'MiB':>9}")
        clean = compare(both["clean"], list(WAYS), model, given.threads, given.rounds)
        noisy = compare(both["noisy"], list(WAYS)[:2], model, given.threads, given.rounds)
    figures = {
        "CPU of A over B, clean": (clean["A ours"].cpu_s / clean["B plain"].cpu_s, MOST_CLEAN),
        "CPU of A over B, with second looks": (noisy["A ours"].cpu_s / noisy["B plain"].cpu_s, MOST_RETRIES),
        "CPU of C over B (no limit: why we do not batch)": (clean["C batched"].cpu_s / clean["B plain"].cpu_s, 9),
    }
    sys.exit(0 if limits(figures) else 1)


if __name__ == "__main__":
    main()
