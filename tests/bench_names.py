"""Measure what the names of a story mend in the commentaries, and what they cost; prints a table.

Per commentary: names said that the article or the glossary has, wrong in the first pass, right after, made wrong; other
words changed; CPU of the second look over the first pass. The first pass is ours, guards
and all, written anew as ``*.heard.json`` with ``--write``. ``--held`` measures the ``held-`` talks, on which nothing
was tuned. A whole name is a run of its words that were said without a stop between them.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from faster_whisper import WhisperModel

from votd.media import schema
from votd.media.articles.names import names
from votd.media.model import Article
from votd.media.speech import weights
from votd.media.speech.recognise import recognise
from votd.media.speech.respell import respell
from votd.media.speech.sounds import plain

HERE = Path(__file__).parent
TALKS = HERE / "speech" / "commentaries"
SAMPLE = HERE / "sample"
GLOSSARY = ("Andonovic", "Sloboden Pechat", "Skopje")  # as the newsroom's own file would have
NAMED = ("sample", "cinema", "dialogue", "handball", "motorway")
FOREIGN = ("foreign-bread", "foreign-stars")
HELD_NAMED, HELD_FOREIGN = ("held-river", "held-music"), ("held-foreign-trains",)


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
    whole = [set(run) for run in runs(spoken, places)]
    return {
        "words": len(places), "wrong": len(places - was), "mended": len((places - was) & now),
        "names": len(whole), "names wrong": sum(not run <= was for run in whole),
        "names mended": sum(not run <= was and run <= now for run in whole),
        "lost names": len(places & was - now), "lost words": len(was - now - places),
    }  # fmt: skip


def runs(spoken: list[str], places: set[int]) -> list[list[int]]:
    """Put the words of a name together: those that follow each other without punctuation."""
    found: list[list[int]] = []
    for at in sorted(places):
        if found and found[-1][-1] == at - 1 and spoken[at - 1][-1].isalpha():
            found[-1].append(at)
        else:
            found.append([at])
    return found


def main() -> None:
    """Print the table."""
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
    folder = weights.find("base", Path("~/.cache/votd").expanduser())
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    named, foreign = (HELD_NAMED, HELD_FOREIGN) if "--held" in sys.argv else (NAMED, FOREIGN)
    all_names = tuple(dict.fromkeys(name for talk in named for name in article_names(talk)))
    total: Counter[str] = Counter()
    for talk in (*named, *foreign):
        sound = samples(talk)
        start = time.process_time()
        heard = recognise(whisper, sound, "en", "base", lambda share: None)
        middle = time.process_time()
        if "--write" in sys.argv:
            (TALKS / f"{talk}.heard.json").write_bytes(schema.dump(heard, indent=None))
        known = article_names(talk) if talk in named else all_names
        mended = respell(whisper, sound, heard, known, lambda share: None)
        cost = (time.process_time() - middle) / (middle - start)
        figures = judge(talk, known, heard.transcript.text, mended.transcript.text)
        total.update(figures)
        print(f"{talk:20}", *(f"{name} {count:2}" for name, count in figures.items()), f"second look {cost:.2f}")
        for note in mended.findings:
            print(f"    {note.heard} -> {note.used}: {note.why}")
    print("all", *(f"{name} {count}" for name, count in total.items()), flush=True)


if __name__ == "__main__":
    main()
