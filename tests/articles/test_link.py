"""The right article, or none: small cases here; how well it links is measured by tests/bench_link.py."""

import datetime as dt
import math
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from articles.bed.filler import daily
from articles.bed.load import bed, evened
from fit_link import as_often, bounds, logit

from votd.flows.articles import said_of
from votd.media.articles import link as module
from votd.media.articles.index import Index
from votd.media.articles.rank import FEATURES
from votd.media.articles.read import files, read_file
from votd.media.articles.words import is_figure, sound, stem
from votd.media.model import Article, Link, Recognition, Transcript, Utterance
from votd.media.schema import load

HERE = Path(__file__).parent
STORIES, SAMPLE, LANGUAGES = (
    [read_file(path) for path in files(folder)]
    for folder in (HERE / "stories", HERE.parent / "sample/articles", HERE / "languages")
)
HEARD = load(Recognition, (HERE.parent / "speech/commentaries/sample.heard.json").read_bytes()).transcript.text
COMMENTARY = (HERE.parent / "sample/commentary.txt").read_text()
SPOKEN = {path.stem: path.read_text() for path in sorted(HERE.glob("stories/*.spoken"))}


def transcript(text: str, language: str = "en") -> Transcript:
    """Return a transcript of one utterance."""
    text = " ".join(text.split())
    return Transcript(language, 0.9, 60_000, (Utterance(0, 60_000, text, ()),) if text else ())


def link(
    text: str,
    articles: Sequence[Article],
    *,
    title: str = "",
    language: str = "en",
    date: dt.date | None = None,
    sure: bool = True,
) -> Link:
    """Link a text among articles."""
    index = Index()
    index.put("here", [(article.file, "", article) for article in articles])
    return module.link(index, said_of(transcript(text, language), title, date), ["here"], sure_of_day=sure)


def without(file: str, articles: Sequence[Article]) -> list[Article]:
    """Return all articles but one."""
    return [article for article in articles if article.file != file]


def test_the_sample_as_it_was_heard() -> None:
    """Link what the recogniser made of the sample; with its article removed, link nothing."""
    found = link(HEARD, SAMPLE)
    assert [one.article.title for one in found.linked] == ["VIDEO | Andonovic: European troops in Ukraine?"]
    assert not link(HEARD, without(found.linked[0].article.file, SAMPLE)).linked


@pytest.mark.parametrize("day", [None, dt.date(2024, 2, 27)])
def test_english_speech_finds_its_macedonian_article(day: dt.date | None) -> None:
    """Link the recognised sample to a Macedonian article where the site has none in English."""
    (right,) = [one for one in LANGUAGES if one.language == "mk"]
    rest = without("video-andonovic-european-troops-in-ukraine.txt", SAMPLE)
    found = link(HEARD, [*rest, right], date=day)
    assert [one.article.file for one in found.linked] == [right.file]


def test_the_sample() -> None:
    """Link the sample's commentary to its article; with that removed, link nothing."""
    found = link(COMMENTARY, SAMPLE)
    assert found.status == "linked"
    assert [one.article.title for one in found.linked] == ["VIDEO | Andonovic: European troops in Ukraine?"]
    rest = link(COMMENTARY, without(found.linked[0].article.file, SAMPLE))
    assert rest.status in ("review", "none")
    assert not rest.linked


@pytest.mark.parametrize("text", ["", "…", "And so it is. You, too.", "2 3 4"])
def test_nothing_was_said(text: str) -> None:
    """Guess nothing from silence or from words that say nothing, whatever the title promises."""
    found = link(text, STORIES, title="Dockers stop work at Brenica")
    assert found.status == "none"
    assert not found.linked


def test_no_candidates() -> None:
    """Say none where there is nothing to link to."""
    assert link(SPOKEN["museum-theft"], ()) == Link("none", ())


@pytest.mark.parametrize("name", ["none-chess", "none-strike-teachers"])
def test_no_article_at_all(name: str) -> None:
    """Link nothing where a commentary speaks of what no article tells."""
    assert not link(SPOKEN[name], [*STORIES, *SAMPLE]).linked


TURKISH = Article(
    "Bakan köprünün açılışını erteledi",
    (
        "Ulaştırma bakanı Kemal Aslan dün yaptığı açıklamada köprünün açılışının üç hafta ertelendiğini söyledi.",
        "Bakan, müteahhidin asfaltı yeniden dökmesi gerektiğini ve bunun için 40 bin avro ceza ödeyeceğini de ekledi.",
        "Köprünün yapımına iki yıl önce başlandı, maliyeti 12 milyon avroyu buldu ve nehrin iki yakasını bağlayacak.",
        "Belediye başkanı Selma Demir, esnafın gecikmeden zarar gördüğünü ve tazminat isteyeceğini açıkladı.",
    ),
    "kopru.txt",
    None,
    dt.date(2026, 3, 2),
    "tr",
)


@pytest.mark.parametrize("known", [False, True])
def test_a_language_whose_stop_words_are_not_known(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    """Leave it to a person, even where the talk reads the article: any two texts share such a language's words."""
    if known:
        monkeypatch.setattr(module, "READ", {"tr"})
    found = link(" ".join(TURKISH.paragraphs), [TURKISH], language="tr", date=TURKISH.date)
    assert found.status == ("linked" if known else "review")


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("dated", [False, True])
def test_a_short_article_is_found_too(length: int, dated: bool) -> None:
    """Link a talk that reads an article of few paragraphs, alone in its folder."""
    day = dt.date(2026, 3, 2) if dated else None
    whole = next(one for one in STORIES if one.file == "museum-theft.txt")
    short = replace(whole, paragraphs=whole.paragraphs[:length], date=day)
    assert link(" ".join((short.title, *short.paragraphs)), [short], date=day).status == "linked"


@pytest.mark.parametrize("brief", ["talk", "article"])
def test_of_a_few_words_nothing_is_linked(brief: str) -> None:
    """Leave it to a person where talk or article is little more than a headline, though all of it is in the other."""
    day = dt.date(2026, 3, 2)
    whole = next(one for one in STORIES if one.file == "museum-theft.txt")
    whole = replace(whole, title="Macron, Merkel and Zelensky meet Erdogan in Ankara over Black Sea grain", date=day)
    few = " ".join(whole.paragraphs[0].split()[:6])
    article = replace(whole, paragraphs=(few,)) if brief == "article" else whole
    said = " ".join((whole.title, few if brief == "talk" else " ".join(whole.paragraphs)))
    assert link(said, [article], date=day).status == "review"


def test_an_article_read_aloud_among_many() -> None:
    """Link a talk that says all that its article says: what can be known well is judged by weights of its own."""
    day = dt.date(2026, 3, 2)
    stories = [replace(one, date=day, language="en") for one in STORIES]
    news = [*daily(module.MANY * 2, 5, macedonian=0), *stories]
    index = Index()
    index.put("here", [(one.file, "", one) for one in news])
    for one in stories:
        said = said_of(transcript(" ".join((one.title, *one.paragraphs))), "", day)
        assert [best.article.file for best in module.link(index, said, ["here"]).linked] == [one.file], one.file


def test_where_a_talk_strays_to_hides_no_article() -> None:
    """Find the article of a talk whose rarest words are all of other matters, each of which some article has."""
    whole = next(one for one in STORIES if one.file == "museum-theft.txt")
    told = " ".join((whole.title, *whole.paragraphs))
    copies = [replace(whole, file=f"{n}.txt") for n in range(3)]  # so that none of its words is the rarest
    syllables = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
    names = [f"Z{one}{other}vak" for one, other in pairwise(syllables)]
    strays = [Article(f"{name} wins", (f"{name} came home.",), f"{name}.txt", None, None, "en") for name in names]
    index = Index()
    index.put("here", [(one.file, "", one) for one in (whole, *copies, *strays)])
    said = said_of(transcript(f"{told} Once there was {', and there was '.join(names)}."), "", None)
    assert whole in [one.article for one in module.candidates(index, said, ["here"])]


def test_what_can_be_known_well_is_judged_by_its_own_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge one talk among many articles otherwise than where as many were few."""
    day = dt.date(2026, 3, 2)
    stories = [replace(one, date=day, language="en") for one in STORIES if one.file == "museum-theft.txt"]
    news = [*daily(module.MANY * 2, 5, macedonian=0), *stories]
    said = " ".join(SPOKEN["museum-theft"].split()[:25])  # of all of it both are quite sure
    among_many = link(said, news, date=day).best
    monkeypatch.setattr(module, "MANY", len(news) + 1)
    among_few = link(said, news, date=day).best
    assert among_many is not None
    assert among_few is not None
    assert among_many.article == among_few.article == stories[0]
    assert among_many.score != among_few.score


@pytest.mark.parametrize("times", [module.TWICE, 1])
def test_what_two_articles_tell_alike_is_for_a_person(monkeypatch: pytest.MonkeyPatch, times: float) -> None:
    """Link neither of two that share what the talk reads; a person chooses."""
    monkeypatch.setattr(module, "TWICE", times)
    day = dt.date(2026, 3, 2)
    read, *others = [replace(one, date=day, language="en") for one in STORIES[:3]]
    alike = [replace(one, paragraphs=(*read.paragraphs, *one.paragraphs), title=read.title) for one in others]
    news = [*daily(module.MANY * 2, 5, macedonian=0), *alike]
    found = link(" ".join((read.title, *read.paragraphs)), news, date=day)
    assert found.status == ("linked" if times == 1 else "review")
    assert {one.article.file for one in found.candidates[:2]} == {one.file for one in alike}


ALIKE, OTHER = ("port dockers strike wage ferry", "snow pass closed plough salt")


@pytest.mark.parametrize(
    ("told", "status", "linked"),
    [
        (((ALIKE, "en", 0.95), (ALIKE, "mk", 0.9)), "linked", ("en", "mk")),
        (((ALIKE, "en", 0.95), (ALIKE, "mk", 0.6), (OTHER, "mk", 0.38)), "linked", ("en",)),
        (((ALIKE, "en", 0.6), (OTHER, "en", 0.38)), "review", ()),
        (((ALIKE, "en", 0.95), (OTHER, "mk", 0.9)), "review", ()),
        (((ALIKE, "en", 0.999), (OTHER, "mk", 0.95)), "linked", ("en",)),
    ],
)
def test_languages_of_one_story_are_no_rivals(
    told: Sequence[tuple[str, str, float]], status: str, linked: tuple[str, ...]
) -> None:
    """Link one in each language; leave out what another contests; ask a person where stories contest the talk."""
    day = dt.date(2026, 3, 2)
    index = Index()
    index.put(
        "here", [(str(at), "", Article(text, (text,), str(at), None, day, to)) for at, (text, to, _) in enumerate(told)]
    )
    said = said_of(transcript(f"{ALIKE} {OTHER}"), "", day)
    scores = {str(at): score for at, (_, _, score) in enumerate(told)}
    found = [
        module._Judged(one, scores[one.article.file], True, scores[one.article.file] > 0.5, review=True)
        for one in module.candidates(index, said, ["here"])
    ]
    verdict = module._verdict(said, sorted(found, key=lambda each: each.order))
    assert (verdict.status, tuple(one.article.language for one in verdict.linked)) == (status, linked)


def test_how_many_articles_there_are_counts_only_where_they_are_few() -> None:
    """Learnt from a few sizes it would mislead at others."""
    weights = tomllib.loads(Path(module.__file__).with_name("link.toml").read_text())
    assert {name for name, one in weights.items() if one["weights"]["few_articles"]} == {"dated_scant", "undated_scant"}
    assert weights["undated"]["weights"]["rivals"] == 0  # there are as many as there can be


def test_talks_whose_article_was_taken_away_make_articles_no_rarer() -> None:
    """Of six talks four have an article, and are tried without it too: the odds are four to two."""
    right, removed = np.array([1] * 4 + [0] * 6, bool), np.array([0] * 6 + [1] * 4, bool)
    group, rows = np.arange(10), np.zeros((10, len(FEATURES)))
    seen = logit(rows, right, group, bounds(dated=True, scant=False))
    assert seen[-1] == pytest.approx(math.log(4 / 6))
    assert as_often(seen, right, group, removed)[-1] == pytest.approx(math.log(4 / 2))


def test_no_article_of_the_bed_is_told_by_its_length() -> None:
    """Bring the articles of a story to one length: which is longer than another turn is chance."""
    half = evened(bed("dev"), 1)
    right = {file for talk in half.talks for file in talk.right}
    stories: dict[tuple[str, str | None], list[tuple[bool, int]]] = defaultdict(list)
    for one in half.articles:
        words = sum(len(text.split()) for text in one.paragraphs)
        stories[one.file.partition("/")[0], one.language].append((one.file in right, words))
    pairs = [
        (mine > other) + (mine == other) / 2
        for own in stories.values()
        for is_right, mine in own
        for other_right, other in own
        if is_right and not other_right
    ]
    assert len(pairs) > 500
    assert 0.4 < sum(pairs) / len(pairs) < 0.6


def test_rivals_share_one_probability() -> None:
    """Be sure of neither of two that are as likely, and of none where none is; however far apart they are."""
    first, second = module.probabilities([5.0, 5.0])
    assert first == second
    assert 0.49 < first < 0.5
    assert module.probabilities([900.0, -900.0]) == [1.0, 0.0]
    assert module.probabilities([-900.0]) == [0.0]


def test_one_article_more_decides_nothing() -> None:
    """Mix what is judged as little and as much: between half and twice as many articles, step by step."""
    index = Index()
    index.put("here", [("a", "", replace(STORIES[0], paragraphs=("word " * module.SHORT * 2,), language="en"))])
    (one,) = module.candidates(index, said_of(transcript("word"), "", None), ["here"])
    shares = [module.known(one, articles) for articles in range(1, module.MANY * 3)]
    assert (shares[0], shares[module.MANY - 1], shares[-1]) == (0.0, 0.5, 1.0)
    assert max(more - less for less, more in pairwise(shares)) < 0.01


def test_copies_in_two_sources_are_not_a_choice() -> None:
    """Link where an article lies there twice: a folder holds its text and its page."""
    copies = [replace(a, file="b.txt") for a in STORIES if a.file == "museum-theft.txt"]
    assert link(SPOKEN["museum-theft"], [*STORIES, *copies]).status == link(SPOKEN["museum-theft"], STORIES).status


def test_a_presumed_day_does_not_hide_the_right_article() -> None:
    """Look at all days where the day is only that of the file; a day that was said leaves it to a person."""
    dated = [replace(article, date=dt.date(2024, 2, 27)) for article in SAMPLE]
    today = dt.date(2026, 11, 24)
    assert link(COMMENTARY, dated, date=today, sure=False).status == "linked"
    told = link(COMMENTARY, dated, date=today)
    assert told.status == "review"
    assert told.candidates[0].article.title == "VIDEO | Andonovic: European troops in Ukraine?"


def test_the_evidence_says_why() -> None:
    """Name what both share, in words that stand in the article."""
    best = link(COMMENTARY, SAMPLE).linked[0]
    assert any(one.startswith("Names in both: ") and "Macron" in one for one in best.evidence)
    assert any(one.startswith("Words in both: ") for one in best.evidence)


def test_scores() -> None:
    """List at most five candidates, the linked ones first, with probabilities."""
    found = link(COMMENTARY, SAMPLE)
    assert len(found.candidates) == 5
    assert all(0 <= one.score <= 1 for one in found.candidates)
    rest = [one.score for one in found.candidates if not one.linked]
    assert rest == sorted(rest, reverse=True)


BUSES = Article(
    "Bitola buys gas buses",
    ("The council of Bitola agreed on Monday to buy eleven buses that run on gas.", "They cost three million euros."),
    "buses",
    date=dt.date(2025, 3, 10),
    language="en",
)
BURNED = Article(
    "Old buses burn in Bitola",
    ("Two buses of the council of Bitola burned at the depot.", "Firefighters blamed a heater that run on gas."),
    "burned",
    date=dt.date(2025, 1, 20),
    language="en",
)
HANDBALL = Article(
    "Struga beats Ohrid", ("Struga won at handball on Sunday.",), "handball", date=dt.date(2025, 3, 3), language="en"
)


def told_before(*others: Article, article: Article = BUSES) -> set[str]:
    """Return what earlier turns of an article's story tell, which need not be in the index itself."""
    index = Index()
    index.put("here", [(one.file, "", one) for one in others])
    return {*module.earlier(index, article, ["here"])}


def test_what_only_the_earlier_turns_of_a_story_tell() -> None:
    """Neither what the article tells itself, nor what other stories tell."""
    found = told_before(BURNED, HANDBALL, BUSES)
    assert {stem("depot"), stem("heater")} <= found
    assert not found & {stem("council"), stem("gas"), stem("handball")}
    headed = replace(BUSES, title="Bitola buys gas buses after the fire at the depot")
    assert stem("depot") not in told_before(BURNED, article=headed)
    named = replace(BURNED, paragraphs=("Two buses of the Council of Bitola burned, that run on gas.",))
    assert stem("burned") in told_before(named)
    assert f"@{sound('council')}" not in told_before(named)  # heard without capitals the article's is a name as well
    assert not any(
        map(is_figure, told_before(replace(BURNED, paragraphs=(*BURNED.paragraphs, "It cost 21,500 euros."))))
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(BURNED, date=BUSES.date),
        replace(BURNED, date=dt.date(2023, 1, 20)),
        replace(BURNED, date=None),
        replace(BURNED, language="sr"),
        replace(BUSES, paragraphs=(*BUSES.paragraphs, "The depot is old."), file="copy", date=dt.date(2025, 3, 9)),
        HANDBALL,
    ],
)
def test_an_earlier_turn_is_of_the_story_and_of_the_months_before(other: Article) -> None:
    """An article without a day may be the story's next turn."""
    assert not told_before(other)


@pytest.mark.parametrize("day", [None, dt.date.min])
def test_before_no_day_there_is_nothing(day: dt.date | None) -> None:
    """Also where a site gives the first day there is."""
    assert not told_before(BURNED, article=replace(BUSES, date=day))


def test_articles_without_a_day_do_not_crowd_the_earlier_turns_out() -> None:
    """However much they share with the article."""
    undated = [replace(BUSES, file=str(at), date=None) for at in range(module.EACH + 6)]
    assert told_before(*undated, BURNED) == told_before(BURNED)


def test_in_a_language_that_is_not_known_nothing_is_remembered() -> None:
    """Two of its texts share words that mean nothing."""
    german = (replace(one, language="de") for one in (BURNED, BUSES))
    assert not told_before(*german, article=replace(BUSES, language="de"))
