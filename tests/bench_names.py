"""Measure what the names of a story mend in the commentaries, and what they cost; prints a table.

Per commentary: names said that the article or the glossary has, wrong in the first pass, right after, made wrong; other
words changed; CPU of the second look over the first pass. The first pass is faster-whisper's with VAD, written anew as
``*.heard.json`` with ``--write``.
"""

import os
import subprocess
import sys
import time
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from faster_whisper import WhisperModel

from votd.media import schema
from votd.media.articles.names import names
from votd.media.model import Article, Recognition, Transcript
from votd.media.speech import weights, words
from votd.media.speech.respell import respell
from votd.media.speech.sounds import plain

HERE = Path(__file__).parent
TALKS = HERE / "speech" / "commentaries"
SAMPLE = HERE / "sample"
GLOSSARY = ("Andonovic", "Sloboden Pechat", "Skopje")  # as the newsroom's own file would have
NAMED = ("sample", "cinema", "dialogue", "handball", "motorway")
FOREIGN = ("foreign-bread", "foreign-stars")


def article_names(talk: str) -> tuple[str, ...]:
    """Return the names of a talk's article and of the glossary."""
    path = TALKS / f"{talk}.article.txt"
    if talk == "sample":
        path = SAMPLE / "articles" / "video-andonovic-european-troops-in-ukraine.txt"
    title, *paragraphs = path.read_text(encoding="utf-8").strip().split("\n\n")
    return tuple(dict.fromkeys([*GLOSSARY, *names(Article(title, tuple(paragraphs), path.name))]))


def said(talk: str) -> str:
    """Return the words that are spoken."""
    return ((SAMPLE / "commentary.txt") if talk == "sample" else (TALKS / f"{talk}.txt")).read_text(encoding="utf-8")


def samples(talk: str) -> np.ndarray:
    """Decode a talk to 16 kHz mono."""
    path = SAMPLE / "sample.mp4" if talk == "sample" else TALKS / f"{talk}.opus"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(path), "-vn", "-ar", "16000"]
    made = subprocess.run([*command, "-ac", "1", "-f", "s16le", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(made, "<i2").astype(np.float32) / 32768


def first_pass(whisper: Any, sound: np.ndarray) -> Recognition:
    """Recognise without any names."""
    segments, _ = whisper.transcribe(
        sound, language="en", word_timestamps=True, vad_filter=True, condition_on_previous_text=False
    )
    heard = [
        words.Heard(at, round(word.start * 1000), round(word.end * 1000), word.word, float(word.probability))
        for at, segment in enumerate(segments)
        for word in segment.words
    ]
    duration = len(sound) // 16
    return Recognition(Transcript("en", 1.0, duration, words.utterances(heard, (), duration)), "base")


def right_words(truth: str, text: str) -> set[int]:
    """Return which spoken words stand in a text at their place."""
    wanted, got = ([plain(word.replace("'s", "")) for word in t.split()] for t in (truth, text))
    blocks = SequenceMatcher(None, wanted, got, False).get_matching_blocks()
    return {at for block in blocks for at in range(block.a, block.a + block.size)}


def judge(talk: str, known: tuple[str, ...], before: str, after: str) -> dict[str, int]:
    """Count name words that were said: all, wrong before, right after; and any word that was right and is no more."""
    truth = said(talk)
    spoken = truth.split()
    parts = {plain(part) for name in known for part in name.split() if part[0].isupper()}
    places = {
        at
        for at, word in enumerate(spoken)
        if word.lstrip("\"'(")[0].isupper() and plain(word.replace("'s", "")) in parts
    }
    was, now = right_words(truth, before), right_words(truth, after)
    return {
        "said": len(places), "wrong": len(places - was), "mended": len((places - was) & now),
        "lost names": len(places & was - now), "lost words": len(was - now - places),
    }  # fmt: skip


def main() -> None:
    """Print the table."""
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
    folder = weights.find("base", Path("~/.cache/votd").expanduser())
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    all_names = tuple(dict.fromkeys(name for talk in NAMED for name in article_names(talk)))
    total = [0, 0]
    for talk in (*NAMED, *FOREIGN):
        sound = samples(talk)
        start = time.process_time()
        heard = first_pass(whisper, sound)
        middle = time.process_time()
        if "--write" in sys.argv:
            (TALKS / f"{talk}.heard.json").write_bytes(schema.dump(heard, indent=None))
        known = article_names(talk) if talk in NAMED else all_names
        mended = respell(whisper, sound, heard, known, lambda share: None)
        cost = (time.process_time() - middle) / (middle - start)
        figures = judge(talk, known, heard.transcript.text, mended.transcript.text)
        total = [total[0] + figures["wrong"], total[1] + figures["mended"]]
        print(f"{talk:14}", *(f"{name} {count:3}" for name, count in figures.items()), f"second look {cost:.2f}")
        for note in mended.findings:
            print(f"    {note.heard} -> {note.used}: {note.why}")
    print(f"mended {total[1]} of {total[0]} = {total[1] / total[0]:.0%}", flush=True)


if __name__ == "__main__":
    main()
