"""Which sentences of a talk tell of today, and which of what went before.

A talk that remembers a story's earlier turns shares more words with their articles than with its own; but it says
"in January", "two weeks ago", and then "today", "last night". What a sentence says holds until another says otherwise.
"""

import re
from collections.abc import Sequence

_WEEKS = r"(?:недел|месец|ден|годин|седмиц)\w*"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTHS_MK = r"јануари|февруари|март|април|мај|јуни|јули|август|септември|октомври|ноември|декември"
_NOW = re.compile(
    r"\b(?:today|tonight|now|this (?:morning|afternoon|evening|week)|yesterday|last night|hours ago|at last|finally|"
    r"денес|вечерва|утрово|вчера|завчера|синоќа|ноќва|сега|попладнево|оваа (?:недела|седмица)|овие денови|конечно|"
    r"штотуку)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"\b(?:ago|last (?:week|month|year|autumn|summer|spring|winter|{_MONTHS})|earlier|in (?:{_MONTHS})|back then|"
    r"in those days|at first|before that|it (?:began|started)|"
    rf"лани|пред (?:\w+ )?{_WEEKS}|минат\w+|тогаш|порано|некогаш|во (?:{_MONTHS_MK})|на почетокот|почна\w*|"
    r"се сеќава\w*)\b",
    re.IGNORECASE,
)


def of_today(sentences: Sequence[str]) -> list[bool]:
    """Tell of each sentence whether it tells of today; what begins a talk does, until something else is said."""
    found, today = [], True
    for sentence in sentences:
        now, before = (max((hit.start() for hit in each.finditer(sentence)), default=-1) for each in (_NOW, _BEFORE))
        if max(now, before) >= 0:
            today = now > before
        found.append(today)
    return found
