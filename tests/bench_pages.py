"""Measure what is taken out of pages of different make, beside ``trafilatura`` alone (its defaults, with metadata).

    python tests/bench_pages.py [--misses]

For each page: precision, recall and F1 of the article's text, by runs of three words within a paragraph; the share of
its paragraphs found whole; which of T(itle), D(ate), U(rl) and L(anguage) is wrong or missing; unwanted snippets in it.
The held-out pages were written before the code was changed, by the same hand, and measured when its rules stood. The
language is no part of what ``trafilatura`` tells without another package.
"""

import argparse
import statistics
from collections.abc import Callable, Sequence

import trafilatura
from articles.page_truth import Found, Truth, f1, truths

from votd.media.articles.page import read_page
from votd.media.errors import BadRequest

Extractor = Callable[[bytes, str], Found]


def votd(data: bytes, name: str) -> Found:
    """Read a page as a publish does."""
    try:
        article = read_page(data, name)
    except BadRequest:
        return Found()
    date = article.date.isoformat() if article.date else None
    return Found(article.title, date, article.url, article.language, article.paragraphs)


def alone(data: bytes, _: str) -> Found:
    """Read a page with ``trafilatura``'s defaults; the sign before a list's item is no part of the text."""
    found = trafilatura.bare_extraction(data, with_metadata=True)
    if found is None:
        return Found()
    lines = (" ".join(line.split()).removeprefix("- ") for line in (found.text or "").split("\n"))
    return Found(found.title, found.date, found.url, found.language, tuple(filter(None, lines)))


EXTRACTORS: dict[str, Extractor] = {"votd": votd, "trafilatura alone": alone}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure how well articles are taken out of pages.")
    parser.add_argument("--misses", action="store_true", help="print what is missing and what is too much")
    given = parser.parse_args()
    for held_out in (False, True):
        pages = [truth for truth in truths() if truth.held_out == held_out]
        print(f"\n{len(pages)} pages {'held out' if held_out else 'looked at'}")
        print(f"{'':18}", *(f"{name:^40}" for name in EXTRACTORS))
        print(
            f"{'':18}", *(f"{'prec':>6} {'rec':>6} {'F1':>6} {'whole':>6} {'wrong':>6} {'bad':>5}" for _ in EXTRACTORS)
        )
        rows = [
            (truth, [judge(truth, extract(truth.data, truth.name)) for extract in EXTRACTORS.values()])
            for truth in pages
        ]
        for truth, judged in rows:
            print(f"{truth.name:18}", *map(line, judged))
        print(f"{'all':18}", *(line(total([judged[at] for _, judged in rows])) for at in range(len(EXTRACTORS))))
        if given.misses and not held_out:
            misses(pages)


Judged = tuple[float, float, float, float, str, int]


def judge(truth: Truth, found: Found) -> Judged:
    """Return precision, recall, F1, the share of whole paragraphs, wrong facts, and the number of unwanted snippets."""
    precision, recall = truth.score(found.paragraphs)
    wrong = "".join(truth.wrong(found))
    whole = truth.whole(found.paragraphs)
    return precision, recall, f1(precision, recall), whole, wrong, len(truth.let_in(found.paragraphs))


def total(judged: Sequence[Judged]) -> Judged:
    """Return the means; facts and snippets are counted."""
    means = [statistics.fmean(row[at] for row in judged) for at in range(4)]
    return (
        means[0],
        means[1],
        means[2],
        means[3],
        str(sum(len(row[4]) for row in judged)),
        sum(row[5] for row in judged),
    )


def line(judged: Judged) -> str:
    """Write one extractor's half of a row."""
    *shares, wrong, bad = judged
    return " ".join([*(f"{share:6.3f}" for share in shares), f"{wrong or '-':>6}", f"{bad:5}"])


def misses(pages: Sequence[Truth]) -> None:
    """Print what votd missed and let in, page by page."""
    for truth in pages:
        found = votd(truth.data, truth.name)
        may = {*truth.paragraphs, *truth.may}
        for sign, texts in (
            ("-", [p for p in truth.paragraphs if p not in found.paragraphs]),
            ("+", [p for p in found.paragraphs if p not in may]),
        ):
            for text in texts:
                print(f"{truth.name} {sign} {text[:150]}")


if __name__ == "__main__":
    main()
