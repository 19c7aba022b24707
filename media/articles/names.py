"""The proper names of an article: what a recogniser may have heard and not known how to write."""

import re
from collections.abc import Iterator

from votd.media.articles.title import headline
from votd.media.articles.words import stop_words
from votd.media.model import Article

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”“’')\]]*\s+|\n+")
_PARTICLES = frozenset("de da di del della van von der den bin ibn al el la le фон ван де бин".split())  # noqa: SIM905 - as below
_BOILERPLATE = re.compile(r"dear reader|почитуван читател|драг[иа] читател", re.IGNORECASE)
LONGEST = 8
"""Words of a name; what goes on longer is a list."""
_NO_NAMES = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december video i dear mr mrs ms prime minister president professor saint
    понеделник вторник среда четврток петок сабота недела видео
    """.split()  # noqa: SIM905 - a column of strings in quotes cannot be read
)


def names(article: Article) -> tuple[str, ...]:
    """Return the names of persons, places and organisations, in reading order, without doubles.

    A name is a run of capitalised words inside a sentence, with particles ("Ursula von der Leyen"). A word that begins
    a sentence counts where it stands capitalised inside another, too, or with the rest of its run. The commentator, who
    stands before the colon of the title, comes first. A headline in capitals and what follows the appeal to the
    readers give none, nor does a single word that the article has in lower case, too, or that every text has.
    """
    head, colon, rest = headline(article.title).partition(":")
    texts = [rest if colon else head, *_story(article)]
    sentences = [sentence for text in texts for sentence in _SENTENCE.split(text)]
    inner = {run for sentence in sentences for start, run in _runs(sentence) if start}
    known = {word for run in inner for word in run.split()}
    found: dict[str, None] = {}
    speaker = " ".join(_WORD.findall(head)) if colon else ""
    if speaker and len(speaker.split()) <= 3 and not speaker.isupper():
        found[speaker] = None
    for sentence in sentences:
        for start, run in _runs(sentence):
            name = run if start else _confirmed(run, known)
            if speaker and name.endswith(f" {speaker}"):  # "… for Sloboden Pechat Andonovic disagrees"
                name = name.removesuffix(f" {speaker}")
            if name:
                found[name] = None
    ordinary = stop_words() | {word for sentence in sentences for word in _WORD.findall(sentence) if word.islower()}
    return tuple(name for name in found if name.lower() not in ordinary)


def _story(article: Article) -> Iterator[str]:
    for paragraph in article.paragraphs:
        if _BOILERPLATE.match(paragraph):
            return
        yield paragraph


def _runs(sentence: str) -> Iterator[tuple[int, str]]:
    """Yield runs of capitalised words with the number of their first one; sentences that shout have none."""
    words = list(_WORD.finditer(sentence))
    if len(words) > 3 and not any(word[0].islower() and len(word[0]) > 3 for word in words):
        words = []
    run: list[str] = []
    first = 0
    for at, word in enumerate(words):
        text = re.sub(r"['’]s$", "", word[0])
        parted = at > 0 and sentence[words[at - 1].end() : word.start()] != " "
        if run and (parted or len(run) == LONGEST or words[at - 1][0] != run[-1]):
            yield from _closed(first, run)
            run = []
        if text[0].isupper() and text.lower() not in _NO_NAMES:
            first = first if run else at
            run.append(text)
        elif run and text in _PARTICLES:
            run.append(text)
        elif run:
            yield from _closed(first, run)
            run = []
    yield from _closed(first, run)


def _closed(first: int, run: list[str]) -> Iterator[tuple[int, str]]:
    while run and run[-1] in _PARTICLES:
        run = run[:-1]
    if run and len("".join(run)) > 2:
        yield first, " ".join(run)


def _confirmed(run: str, known: set[str]) -> str:
    """Return a run that begins a sentence, without its first word where that is only a sentence's capital."""
    first, _, rest = run.partition(" ")
    if first in known:
        return run
    return run if rest and first.lower() not in stop_words() else rest
