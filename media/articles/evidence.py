"""Say in words what a talk and an article share, for whoever has to believe the link or to choose another."""

import re
from collections.abc import Iterable

from votd.media.articles.index import Known
from votd.media.articles.names import names
from votd.media.articles.rank import Said
from votd.media.articles.words import is_common, stem, terms

SHOWN = 6
_FIGURE = re.compile(r"#[\d.]+")
_WORD = re.compile(r"[^\W\d_]{4,}|\d[\d.,]*\d|\d")


def evidence(said: Said, one: Known) -> tuple[str, ...]:
    """Return a sentence each for the names, the figures and the telling words that both have, and for the days."""
    article = one.article
    spoken = [name for name in names(article) if all(_sounds(part) & said.terms.keys() for part in name.split()[-1:])]
    figures = sorted((term[1:] for term in said.terms if _FIGURE.fullmatch(term) and term in one.terms), key=len)[::-1]
    text = " ".join(article.paragraphs)
    known = {stem(part) for name in spoken for part in name.split()}
    words: dict[str, str] = {}
    for word in _WORD.findall(text):
        term = stem(word)
        if term in said.terms and not is_common(term) and term not in known and not word[0].isdigit():
            words.setdefault(term, word.lower())
    found = [
        _listed("Names", spoken),
        _listed("Figures", figures),
        _listed("Words", sorted(words.values(), key=len)[::-1]),
    ]
    if said.day is not None and article.date is not None:
        found.append(_age(said.day - article.date.toordinal()))
    return tuple(filter(None, found))


def _sounds(word: str) -> set[str]:
    return {term for term in terms(f"a {word}") if term.startswith("@")} or {stem(word)}


def _listed(what: str, found: Iterable[str]) -> str:
    shown = list(dict.fromkeys(found))[:SHOWN]
    return f"{what} in both: {', '.join(shown)}." if shown else ""


def _age(days: int) -> str:
    if days == 0:
        return "Of the same day."
    return f"The article is {abs(days)} {'day' if abs(days) == 1 else 'days'} {'older' if days > 0 else 'newer'}."
