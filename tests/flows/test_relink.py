"""The link lives: articles come, change, move and go, and the video follows without its media being touched."""

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from articles import hostile
from articles.hostile import Site

from votd.config.settings import load
from votd.flows import story
from votd.flows.articles import DOUBT, KEPT, index_of, named, note_named, refresh
from votd.flows.correct import correct
from votd.flows.display import Ledger
from votd.flows.outcome import Outcome
from votd.flows.relink import Relinked, relink_all, standing_parts
from votd.flows.request import Request
from votd.flows.speech import recogniser, user_cache
from votd.flows.steps import Steps
from votd.media.errors import Unavailable
from votd.media.model import Link
from votd.media.record import Record, RecordArticle, RecordChapter

DAY = dt.date(2026, 3, 10)
SAID = (
    "Good evening. Bitola wants to buy eleven buses that run on gas.",
    "The council agreed on Monday, after a debate of nine hours.",
    "Three million euros, and the mayor Vesna Krstanoska calls it a bargain.",
    "The opposition counted the chairs in the old buses and found more holes than seats.",
    "The first of them should come in September from a factory in Bursa.",
    "My grandfather drove a bus on that very line.",
)
STORY = (
    "The council of Bitola agreed on Monday, after a debate of nine hours, to buy eleven buses that run on gas.",
    "They cost three million euros. Mayor Vesna Krstanoska called the price a bargain for the town.",
    "Councillors of the opposition said that the old buses had more holes than seats.",
    "The first buses are to come in September from a factory in Bursa.",
)
BURNED = "In January two of the old buses burned at the depot, and firefighters blamed a heater."
BEFORE = (
    "Two old buses of Bitola burned at the depot in January; firefighters blamed a heater that runs on gas.",
    "Mayor Vesna Krstanoska called it bad luck.",
)
OTHERS = (
    ("Prilep opens a market", "The market of Prilep was opened on Tuesday with a brass band and sixty stalls."),
    ("Snow closes the pass", "Snow closed the pass above Mavrovo on Tuesday, and three lorries had to be towed away."),
    ("Handball in Struga", "Struga won against Ohrid by two goals on Sunday in front of nine hundred spectators."),
)


@pytest.fixture
def site() -> Iterator[Site]:
    """Lend the server of a news site."""
    with hostile.hostile() as served:
        yield served


@pytest.fixture
def video(make_clip: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a clip with a person's captions beside it: nobody has to be heard."""
    clip = make_clip("buses.mp4", seconds=36)
    drop = tmp_path / "drop" / "andonovic-buses.mp4"
    drop.parent.mkdir()
    drop.write_bytes(clip.read_bytes())
    caption(drop, *SAID)
    return drop


def caption(drop: Path, *said: str) -> None:
    """Put captions beside a video, six seconds each."""
    cues = [f"00:{at * 6:02}.000 --> 00:{at * 6 + 5:02}.500\n{text}\n" for at, text in enumerate(said)]
    drop.with_suffix(".en.vtt").write_text("WEBVTT\n\n" + "\n".join(cues))


def publish_on(
    site: Site, *stories: tuple[str, tuple[str, ...]], day: dt.date = DAY, earlier: Sequence[str] = ()
) -> None:
    """Let the site have these stories of one day, and list them; those named ``earlier`` are some weeks older."""
    items = []
    for title, paragraphs in stories:
        path = "/" + title.lower().replace(" ", "-")
        came = day - dt.timedelta(20 if title in earlier else 0)
        site.answers[path] = hostile.page(page_of(title, paragraphs, came))
        date = came.strftime("%a, %d %b %Y 10:00:00 GMT")
        items.append(f"<item><title>{title}</title><link>{path}</link><pubDate>{date}</pubDate></item>")
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{"".join(items)}</channel></rss>'
    site.answers["/feed"] = hostile.page(feed, "application/rss+xml")


def page_of(title: str, paragraphs: Sequence[str], day: dt.date) -> str:
    """Return an article as a page."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<html lang="en"><head><title>{title} - The Site</title>'
        f'<meta property="article:published_time" content="{day}T10:00:00Z"></head>'
        f"<body><article><h1>{title}</h1>{text}</article></body></html>"
    )


def night(house: Any, site: Site, **given: Any) -> list[Relinked]:
    """Do what the nightly flow does for the links."""

    async def look() -> list[Relinked]:
        settings = load(home=house.home, store=f"file:{house.site}", model="base", **settings_of(site), **given)
        async with recogniser(settings) as ear:
            steps = Steps(settings, user_cache(), Ledger(), ear)
            with contextlib.closing(index_of(settings)) as index:
                return await relink_all(steps, index, DAY)

    return asyncio.run(look())


def settings_of(site: Site) -> dict[str, Any]:
    """Return the settings that let the tests' own site be asked."""
    return {"articles": f"{site.address}/feed", "articles_private": True}


def tell(house: Any, video: Path, *, private: bool = True, days: int = 10_000, **facts: Any) -> Outcome:
    """Publish the video, with the tests' own site allowed; ``days`` is how long a video is young, as DAY's is today."""
    settings = load(
        home=house.home, store=f"file:{house.site}", model="base", articles_private=private, article_days=days
    )
    request = Request(**{"video": video, "date": DAY, **facts})
    return asyncio.run(story.publish_here(request, settings, Ledger()))


def standing(house: Any) -> Record:
    """Return the record that stands."""
    (video,) = house.json("index.json")["videos"]
    return Record.model_validate(house.json(video["record"]))


def is_told(article: RecordArticle, cue: int) -> bool:
    """Tell whether a caption's middle is in a passage."""
    return any(passage.start_ms < cue * 6000 + 3000 < passage.end_ms for passage in article.passages)


def media(house: Any) -> dict[str, int]:
    """List the objects of media, with their times."""
    return {key: changed for key, changed in house.objects().items() if key.startswith("media/")}


def test_the_life_of_a_link(house: Any, video: Path, site: Site) -> None:
    """Published while the site is down, linked by night, corrected, moved, and withdrawn at last."""
    site.answers["/feed"] = lambda to: to.say(b"", status=503)
    first = tell(house, video, articles=(f"{site.address}/feed",))
    assert any("(503)" in warning for warning in first.warnings)
    assert first.record.articles == ()
    before = media(house)

    publish_on(site, ("Bitola buys buses", STORY), *((title, (text,) * 2) for title, text in OTHERS))
    (linked,) = night(house, site)
    assert linked.state == "linked", linked
    (article,) = standing(house).articles
    assert (article.title, article.url) == ("Bitola buys buses", f"{site.address}/bitola-buys-buses")
    assert {passage.paragraph for passage in article.passages} >= {1, 2, 4}
    assert night(house, site)[0].state == "unchanged"

    publish_on(site, ("Bitola buys buses", (STORY[0], "A paragraph was added.", *STORY[1:])))
    assert night(house, site)[0].state == "refreshed"
    (corrected,) = standing(house).articles
    assert [p.quote.split()[0] for p in corrected.passages] == [p.quote.split()[0] for p in article.passages]
    assert max(p.paragraph for p in corrected.passages) == max(p.paragraph for p in article.passages) + 1

    site.answers["/moved"] = site.answers["/bitola-buys-buses"]
    site.answers["/bitola-buys-buses"] = hostile.moved("/moved", 301)
    assert night(house, site)[0].state == "refreshed"
    assert standing(house).articles[0].url == f"{site.address}/moved"

    site.answers["/moved"] = lambda to: to.say(b"", status=503)
    assert night(house, site)[0].state == "unchanged"  # out of reach is not withdrawn

    del site.answers["/moved"], site.answers["/bitola-buys-buses"]
    site.answers["/feed"] = hostile.page("<rss version='2.0'><channel></channel></rss>", "application/rss+xml")
    assert night(house, site)[0].state == "withdrawn"
    assert (standing(house).articles, standing(house).chapters) == ((), ())
    assert media(house) == before


def test_what_earlier_turns_tell_is_no_passage(house: Any, video: Path, site: Site) -> None:
    """Of an article that a person chose; what stands is left alone by night while talk and article are."""
    now, older, url = ("Bitola buys buses", STORY), ("Buses burn", BEFORE), f"{site.address}/bitola-buys-buses"
    caption(video, *SAID[:2], BURNED, *SAID[2:5])
    publish_on(site, now)
    (alone,) = tell(house, video, article=url).record.articles
    assert is_told(alone, 2)

    publish_on(site, now, older, earlier=(older[0],))
    assert night(house, site)[0].state == "unchanged"
    assert standing(house).articles == (alone,)
    (told,) = tell(house, video, article=url, articles=(f"{site.address}/feed",)).record.articles
    assert not is_told(told, 2)
    assert is_told(told, 1)

    publish_on(site, (now[0], (STORY[0], "A paragraph was added.", *STORY[1:])), older, earlier=(older[0],))
    assert night(house, site)[0].state == "refreshed"
    assert not is_told(standing(house).articles[0], 2)


def test_earlier_turns_count_where_the_machine_links(
    house: Any, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where they cannot be asked for, the link is none the worse."""
    caption(video, *SAID[:2], BURNED, *SAID[2:5])
    for title, text, day in (("Bitola buys buses", STORY, DAY), ("Buses burn", BEFORE, DAY - dt.timedelta(20))):
        (tmp_path / f"{title}.html").write_text(page_of(title, text, day))
    (told,) = tell(house, video, articles=(str(tmp_path),)).record.articles
    assert not is_told(told, 2)

    def broken(*_: Any) -> None:
        raise ValueError("bad words")

    monkeypatch.setattr("votd.flows.articles.earlier", broken)
    for article in (None, tmp_path / "Bitola buys buses.html"):
        (told,) = tell(house, video, article=article and str(article), articles=(str(tmp_path),)).record.articles
        assert is_told(told, 2)
        assert told.basis is None  # so that a night looks again


def test_captions_that_moved_move_the_passages_by_night(house: Any, video: Path, site: Site) -> None:
    """Though every word is the same."""
    publish_on(site, ("Bitola buys buses", STORY))
    (before,) = tell(house, video, article=f"{site.address}/bitola-buys-buses").record.articles
    moved = video.with_name("moved.en.vtt")
    text = video.with_suffix(".en.vtt").read_text()
    moved.write_text(text.replace(".000 -->", ".900 -->"))

    async def correction() -> None:
        settings = load(home=house.home, store=f"file:{house.site}", model="base")
        async with recogniser(settings) as ear:
            await correct(standing(house).id, moved, "en", Steps(settings, user_cache(), Ledger(), ear))

    asyncio.run(correction())
    assert standing(house).articles == (before,)
    assert night(house, site)[0].state == "refreshed"
    (after,) = standing(house).articles
    assert [one.start_ms - 900 for one in after.passages[1:]] == [one.start_ms for one in before.passages[1:]]


def test_a_record_of_an_older_votd_is_left_alone(
    house: Any, video: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not say of what its passages were made; they are found anew, and are the same."""
    publish_on(site, ("Bitola buys buses", STORY))
    with monkeypatch.context() as older:
        older.setattr("votd.flows.told.basis", lambda *_: None)
        assert tell(house, video, article=f"{site.address}/bitola-buys-buses").record.articles[0].basis is None
    assert night(house, site)[0].state == "unchanged"


def test_a_link_that_a_person_set_stays(house: Any, video: Path, site: Site) -> None:
    """Also where its article was withdrawn: but its passages lead nowhere any more, and go."""
    publish_on(site, ("Bitola buys buses", STORY))
    url = f"{site.address}/bitola-buys-buses"

    record = tell(house, video, article=url).record
    assert [(a.url, a.origin) for a in record.articles] == [(url, "person")]
    assert record.articles[0].passages
    del site.answers["/bitola-buys-buses"]
    assert night(house, site)[0].state == "refreshed"
    (stays,) = standing(house).articles
    assert (stays.url, stays.origin, stays.passages) == (url, "person", ())


def test_an_article_out_of_reach_keeps_what_stands(house: Any, video: Path, site: Site) -> None:
    """Also where another of the same video was read: its passages stay, and the chapters of the first."""
    publish_on(site, ("Bitola buys buses", STORY), ("Buses for Bitola", STORY))
    tell(house, video, article=f"{site.address}/bitola-buys-buses")
    asyncio.run(add_article(house, f"{site.address}/buses-for-bitola"))
    before = standing(house)
    site.answers["/bitola-buys-buses"] = lambda to: to.say(b"", status=503)

    assert night(house, site)[0].state == "refreshed"
    after = standing(house)
    assert before.articles[0].passages
    assert after.articles[0] == before.articles[0]
    assert after.chapters == before.chapters
    assert after.chapters
    assert (before.articles[1].passages, bool(after.articles[1].passages)) == ((), True)


def test_an_address_that_did_not_answer_is_asked_again_by_night(house: Any, video: Path, site: Site) -> None:
    """What a person named is linked once its site answers; until then the machine chooses nothing else."""
    publish_on(site, ("Bitola buys buses", STORY), ("Buses for Bitola", STORY))
    named, down = "/buses-for-bitola", lambda to: to.say(b"", status=503)
    up, site.answers[named] = site.answers[named], down
    first = tell(house, video, article=f"{site.address}{named}")
    assert any("(503)" in one and "asks again until the video is 10000 days old" in one for one in first.warnings)
    assert first.record.articles == ()
    before = media(house)

    publish_on(site, ("Bitola buys buses", STORY))
    site.answers[named] = down
    assert night(house, site)[0].state == "unchanged"
    assert standing(house).articles == ()

    site.answers[named] = up
    (linked,) = night(house, site)
    assert (linked.state, linked.message) == ("linked", "Linked to “Buses for Bitola”, which a person named.")
    (article,) = standing(house).articles
    assert (article.url, article.origin, bool(article.passages)) == (f"{site.address}{named}", "person", True)
    assert night(house, site)[0].state == "unchanged"
    assert media(house) == before


def test_an_address_that_did_not_answer_replaces_the_machines_link(house: Any, video: Path, site: Site) -> None:
    """What stands is kept until then, and where the site has no such page in the end."""
    publish_on(site, ("Bitola buys buses", STORY), *((title, (text,) * 2) for title, text in OTHERS))
    tell(house, video)
    assert night(house, site)[0].state == "linked"
    machines = standing(house).articles
    assert [(one.title, one.origin) for one in machines] == [("Bitola buys buses", "machine")]

    site.answers["/named"] = lambda to: to.say(b"", status=503)
    assert tell(house, video, article=f"{site.address}/named").record.articles == machines
    site.answers["/named"] = hostile.missing
    (failed,) = night(house, site)
    assert (failed.state, "(404)" in failed.message) == ("failed", True)
    assert night(house, site)[0].state == "unchanged"  # nothing is waited for any more
    assert standing(house).articles == machines

    site.answers["/named"] = lambda to: to.say(b"", status=503)
    tell(house, video, article=f"{site.address}/named")
    site.answers["/named"] = site.answers["/snow-closes-the-pass"]
    (linked,) = night(house, site)
    assert (linked.state, DOUBT in linked.message) == ("linked", True)
    assert [(one.title, one.origin) for one in standing(house).articles] == [("Snow closes the pass", "person")]


def test_a_search_that_breaks_keeps_the_link_that_stands(
    house: Any, video: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does one that cannot have the article; where it has it, and says no, the link goes."""
    feed = (f"{site.address}/feed",)
    publish_on(site, ("Bitola buys buses", STORY), *((title, (text,) * 2) for title, text in OTHERS))
    tell(house, video)
    assert night(house, site)[0].state == "linked"
    first = tell(house, video, articles=feed).record
    assert [(one.title, one.origin) for one in first.articles] == [("Bitola buys buses", "machine")]

    def broken(*_: Any, **__: Any) -> None:
        raise Unavailable("The index is locked.")

    with monkeypatch.context() as patched:
        patched.setattr("votd.media.articles.link.link", broken)
        again = tell(house, video, articles=feed)
    assert (again.record.articles, again.record.chapters) == (first.articles, first.chapters)
    assert again.warnings[-2:] == ("No article could be looked for: The index is locked.", KEPT)

    for file in house.home.glob("articles.sqlite*"):
        file.unlink()
    listed, site.answers["/feed"] = site.answers["/feed"], lambda to: to.say(b"", status=503)
    again = tell(house, video, articles=feed)
    assert again.record.articles == first.articles
    assert ("(503)" in again.warnings[-2], again.warnings[-1]) == (True, KEPT)

    site.answers["/feed"] = listed
    assert night(house, site)[0].state == "unchanged"  # it was listed, and read
    site.answers["/feed"] = lambda to: to.say(b"", status=503)
    monkeypatch.setattr("votd.media.articles.link.link", lambda *_, **__: Link("none", ()))
    assert tell(house, video, articles=feed).record.articles == ()


def test_a_site_that_is_down_is_waited_for_while_the_video_is_young(house: Any, video: Path, site: Site) -> None:
    """By the day of its record, as the night counts it: nothing is promised that the night would not do."""
    site.answers["/named"] = lambda to: to.say(b"", status=503)
    url, today = f"{site.address}/named", dt.datetime.now(load().zone).date()
    first = tell(house, video, days=30, date=today, article=url)
    assert any("asks again until the video is 30 days old" in one for one in first.warnings)
    assert waited(house, first) == url

    again = tell(house, video, days=30, date=dt.date(2025, 1, 1), article=url)
    assert any("(503). The video is not linked: publish it again" in one for one in again.warnings)
    assert (again.record.id, waited(house, again)) == (first.record.id, None)


def test_what_a_person_names_meanwhile_is_not_struck_out(
    house: Any, video: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while the night asks the site, nor while it publishes: the next night asks for the other article."""
    publish_on(site, ("Bitola buys buses", STORY), ("Buses for Bitola", STORY), ("Eleven buses", STORY))
    first, second, third = (f"{site.address}/{at}" for at in ("asked", "buses-for-bitola", "eleven-buses"))
    record = tell(house, video).record
    settings, up = load(home=house.home), site.answers["/bitola-buys-buses"]

    def late(to: hostile.Handler) -> None:
        note_named(settings, record.id, second)
        up(to)

    note_named(settings, record.id, first)
    site.answers["/asked"] = late
    assert night(house, site)[0].state == "unchanged"
    assert (standing(house).articles, named(settings, record.id)) == ((), second)

    publish = Steps.publish

    async def slow(*given: Any) -> Any:
        note_named(settings, record.id, third)
        return await publish(*given)

    with monkeypatch.context() as patched:
        patched.setattr(Steps, "publish", slow)
        assert night(house, site)[0].state == "linked"
    assert ([one.url for one in standing(house).articles], named(settings, record.id)) == ([second], third)
    assert night(house, site)[0].state == "linked"
    assert ([one.url for one in standing(house).articles], named(settings, record.id)) == ([third], None)


def test_a_run_that_fails_changes_nothing_for_the_night(
    house: Any, video: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is an article waited for that no version was published with, nor one given up."""
    publish_on(site, ("Bitola buys buses", STORY))
    site.answers["/named"] = lambda to: to.say(b"", status=503)
    first = tell(house, video)

    async def broken(*_: Any) -> None:
        raise Unavailable("The store is down.")

    monkeypatch.setattr(Steps, "publish", broken)
    with pytest.raises(Unavailable, match="The store is down"):
        tell(house, video, article=f"{site.address}/named")
    assert waited(house, first) is None
    note_named(load(home=house.home), first.record.id, f"{site.address}/named")
    with pytest.raises(Unavailable, match="The store is down"):
        tell(house, video, article=f"{site.address}/bitola-buys-buses")
    assert waited(house, first) == f"{site.address}/named"


def test_two_may_note_an_address_at_once(tmp_path: Path) -> None:
    """The last one's stands, whole, and nothing else is left."""
    settings = load(home=tmp_path)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: note_named(settings, "x", f"https://example.org/{at}"), range(400)))
    assert str(named(settings, "x")).startswith("https://example.org/")
    assert [one.name for one in (tmp_path / "named").iterdir()] == ["x.txt"]


def waited(house: Any, outcome: Outcome) -> str | None:
    """Return the address that the night will ask for."""
    return named(load(home=house.home), outcome.record.id)


async def add_article(house: Any, url: str) -> None:
    """Let the video have a second article, of which nothing is told yet, and chapters."""
    settings = load(home=house.home, store=f"file:{house.site}", model="base")
    async with recogniser(settings) as ear:
        steps, record = Steps(settings, user_cache(), Ledger(), ear), standing(house)
        parts = await standing_parts(steps, record, await steps.kept_speech(record))
        second = record.articles[0].model_copy(
            update={"url": url, "title": "Buses for Bitola", "passages": (), "basis": None}
        )
        chapters = (RecordChapter(start_ms=0, end_ms=record.duration_ms, title="Eleven buses"),)
        parts = dataclasses.replace(parts, articles=(*record.articles, second), chapters=chapters)
        await steps.publish(parts, record)


@pytest.mark.parametrize("error", [ValueError("bad words"), Unavailable("The index is locked.")])
def test_a_search_that_breaks_costs_a_sentence(
    house: Any, video: Path, site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The video goes out unlinked, and the night tells of it and goes on."""

    def broken(*_: Any, **__: Any) -> None:
        raise error

    publish_on(site, ("Bitola buys buses", STORY))
    said = "ValueError: bad words" if isinstance(error, ValueError) else str(error)
    with monkeypatch.context() as patched:
        patched.setattr("votd.media.articles.link.link", broken)
        outcome = tell(house, video, articles=(f"{site.address}/feed",))
        assert outcome.record.articles == ()
        assert f"No article could be looked for: {said}" in outcome.warnings
        (failed,) = night(house, site)
    assert (failed.state, failed.message) == ("failed", said)


def test_a_hostile_site_never_stops_a_publish(house: Any, video: Path, site: Site) -> None:
    """The video goes out without an article, and one sentence says why."""
    site.answers["/feed"] = hostile.bomb

    outcome = tell(house, video, articles=(f"{site.address}/feed",))
    assert outcome.record.articles == ()
    assert any("10,000,000 bytes" in warning for warning in outcome.warnings)
    outcome = tell(house, video, private=False, articles=(f"{site.address}/feed",))
    assert any("articles_private" in warning for warning in outcome.warnings)


def test_a_folder_that_is_away_costs_a_sentence(house: Any, video: Path, site: Site, tmp_path: Path) -> None:
    """The night goes on with the other sources."""
    assert tell(house, video).record.articles == ()
    publish_on(site, ("Bitola buys buses", STORY), *((title, (text,) * 2) for title, text in OTHERS))
    away = str(tmp_path / "away")

    async def look() -> tuple[str, ...]:
        settings = load(home=house.home, articles="\n".join([away, f"{site.address}/feed"]), articles_private=True)
        with contextlib.closing(index_of(settings)) as index:
            return await refresh(index, settings.articles, settings, DAY)

    (problem,) = asyncio.run(look())
    assert away in problem
    assert night(house, site)[0].state == "linked"
