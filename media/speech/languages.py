"""Which language is spoken where, from what single stretches sound like; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

SURE = 0.8  # a window that is so sure settles the language by itself
SECOND = 0.7  # a stretch that is so sure of another language than the file's shows it
TELLS = 0.5  # below it, a detection is a finding and no language
LEAST_RUN_MS = 4000  # a shorter stretch in another language is a name or a mistake
UNDETERMINED = "und"  # BCP 47's own word for it

# Whisper's words for languages that BCP 47 names otherwise.
_TAGS = {"jw": "jv"}
_WHISPERS = {"jv": "jw", "nb": "no", "cmn": "zh", "fil": "tl", "iw": "he", "in": "id", "ji": "yi"}
# Whisper tells these for one another: hearing a sister is no sign of a second language.
_KIN = (
    {"mk", "bg", "sr", "hr", "bs", "sl"},
    {"cs", "sk", "pl"},
    {"ru", "uk", "be"},
    {"no", "nn", "da", "sv"},
    {"es", "gl", "ca", "pt"},
    {"id", "ms", "jw"},
    {"nl", "af"},
    {"hi", "ur", "pa"},
    {"zh", "yue"},
    {"tr", "az"},
    {"en", "cy"},
    {"it", "la"},
)
# fmt: off
_NAMES = {
    "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bs": "Bosnian",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish",
    "fr": "French", "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese",
    "jw": "Javanese", "ka": "Georgian", "ko": "Korean", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian",
    "mk": "Macedonian", "ms": "Malay", "mt": "Maltese", "nl": "Dutch", "nn": "Nynorsk", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovene",
    "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "th": "Thai",
    "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "yi": "Yiddish",
    "zh": "Chinese",
}
# fmt: on


# What Whisper tells for speech that it does not know: believed only where it is sure.
_REFUGES = {"la", "nn", "jw", "haw", "cy", "sn", "mi", "yo", "ln", "mg", "su", "sa", "br", "fo", "oc", "lb"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of speech and what it sounds like: the probability of each of Whisper's languages, some left out."""

    start_ms: int
    end_ms: int
    sounds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of speech in one language, and the probability of its surest part."""

    start_ms: int
    end_ms: int
    language: str
    probability: float


def tag(language: str) -> str:
    """Return the BCP 47 tag of Whisper's word for a language."""
    return _TAGS.get(language, language)


def whispers(declared: str) -> str:
    """Return Whisper's word for a BCP 47 tag; it need not know it."""
    language = declared.partition("-")[0].lower()
    return _WHISPERS.get(language, language)


def name(language: str) -> str:
    """Return the English name of a language, or what Whisper calls it."""
    return _NAMES.get(language, f"'{language}'")


def kin(one: str, other: str) -> bool:
    """Say whether two languages are the same, or are taken for one another."""
    return one == other or any({one, other} <= family for family in _KIN)


def told(language: str, probability: float) -> bool:
    """Say whether a detection tells the language."""
    return probability >= (SURE if language in _REFUGES else TELLS)


def second(language: str, probability: float, main: str) -> bool:
    """Say whether a stretch shows a second language beside the file's."""
    return not kin(language, main) and probability >= (SURE if language in _REFUGES else SECOND)


def together(heard: Sequence[dict[str, float]]) -> tuple[str, float]:
    """Return the language with the highest mean probability over windows."""
    means: dict[str, float] = {}
    for window in heard:
        for language, probability in window.items():
            means[language] = means.get(language, 0.0) + probability / len(heard)
    return max(means.items(), key=lambda item: item[1])


def runs(stretches: Sequence[Stretch], main: str) -> tuple[Run, ...]:
    """Join stretches in order into runs of one language each; ``main`` is the file's.

    Another language must be sure somewhere, and no sister of ``main``; every stretch is then given to the likeliest of
    those that are. A run too short to be believed stays in ``main``.
    """
    tops = [max(each.sounds.items(), key=lambda item: item[1]) for each in stretches]
    others = {top for top, probability in tops if second(top, probability, main)}
    each_one = [Run(each.start_ms, each.end_ms, *_likeliest(each.sounds, main, others)) for each in stretches]
    long = [_believed(run, main) for run in _joined(each_one)]
    return tuple(_joined(long))


def _likeliest(sounds: dict[str, float], main: str, others: set[str]) -> tuple[str, float]:
    shares = {other: sounds.get(other, 0.0) for other in others}
    shares[main] = sum(probability for language, probability in sounds.items() if kin(language, main))
    return max(shares.items(), key=lambda item: (item[1], item[0] == main))


def _joined(each_one: Sequence[Run]) -> list[Run]:
    joined: list[Run] = []
    for run in each_one:
        last = joined[-1] if joined else None
        if last and last.language == run.language:
            joined[-1] = Run(last.start_ms, run.end_ms, run.language, max(last.probability, run.probability))
        else:
            joined.append(run)
    return joined


def _believed(run: Run, main: str) -> Run:
    short = run.end_ms - run.start_ms < LEAST_RUN_MS
    return Run(run.start_ms, run.end_ms, main, run.probability) if short else run
