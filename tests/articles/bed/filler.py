"""Make the news around the written stories: generated articles about the same people, days apart.

Every generated article is wrong for every talk. Two kinds: *follow-ups* to a written turn (a lede of their own, then
background paragraphs that stood in that story's earlier turns, as papers do), and the day's other news.
"""

import datetime as dt
import random
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from votd.media.model import Article

FIRST_DAY = dt.date(2026, 1, 1)
DAYS = 90
DAILY_NAME = "daily-"  # how the file names of the day's other news begin
APART = 4
"""Days after which an article is no longer about the same day's news."""
GRAMMAR: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("filler.yaml").read_text(encoding="utf-8"))


def follow_ups(turns: Sequence[Article], right: Collection[str], count: int, seed: int) -> Iterator[Article]:
    """Yield articles that go on about written turns: half of each is text of the turn.

    Those to right ones stand on other days; were there none, what nothing repeats would be the right one.
    """
    chance = random.Random(seed)
    for number in range(count):
        turn = chance.choice(turns)
        assert turn.date is not None
        language = turn.language or "en"
        cast = [name for name in GRAMMAR["cast"][language] if name.split()[-1] in " ".join(turn.paragraphs)]
        people = cast if len(cast) > 1 else GRAMMAR["cast"][language]
        title, own = _written(GRAMMAR[language]["follow_ups"], language, people, chance, 3)
        told = chance.sample(turn.paragraphs, min(2, len(turn.paragraphs)))
        topic = turn.title.split("|")[-1].strip().split(":")[-1].strip()
        title = f"{title} ({topic.lower()})" if chance.random() < 0.5 else title
        days = [days for days in range(-6, 10) if turn.file not in right or abs(days) >= APART]
        day = turn.date + dt.timedelta(days=chance.choice(days))
        yield Article(title, (own[0], *told, *own[1:]), f"follow-up-{seed}-{number}.txt", None, day, language)


def daily(count: int, seed: int, *, macedonian: float = 0.35, days: int = DAYS) -> Iterator[Article]:
    """Yield the other news, evenly over the days."""
    chance = random.Random(seed)
    for number in range(count):
        language = "mk" if chance.random() < macedonian else "en"
        topics = GRAMMAR[language]["topics"]
        topic = topics[chance.choice(sorted(topics))]
        title, paragraphs = _written(topic, language, GRAMMAR["cast"][language], chance, chance.randint(5, 8))
        day = FIRST_DAY + dt.timedelta(days=number * days // count)
        yield Article(title, paragraphs, f"{DAILY_NAME}{seed}-{number}.txt", None, day, language)


def _written(
    grammar: dict[str, list[str]], language: str, people: Sequence[str], chance: random.Random, sentences: int
) -> tuple[str, tuple[str, ...]]:
    who, who2 = chance.sample(people, 2)

    def fill(text: str) -> str:
        words = GRAMMAR[language]
        slots = {
            "who": lambda: who,
            "who2": lambda: who2,
            "town": lambda: chance.choice(words["towns"]),
            "org": lambda: chance.choice(words["orgs"]),
            "day": lambda: chance.choice(words["days"]),
            "n": lambda: str(chance.choice((3, 4, 7, 11, 12, 14, 18, 20, 23, 25, 30, 35, 40, 48, 52, 60, 75, 90, 120))),
            "pct": lambda: f"{chance.uniform(0.5, 19):.1f}".removesuffix(".0"),
            "mil": lambda: f"{chance.uniform(0.4, 250):.{chance.randint(0, 1)}f}",
        }
        filled = re.sub(r"\{(\w+)\}", lambda slot: slots[slot[1]](), text)
        return filled[:1].upper() + filled[1:]

    chosen = [fill(text) for text in chance.sample(grammar["sentences"], min(sentences, len(grammar["sentences"])))]
    return fill(chance.choice(grammar["titles"])), tuple(chosen)
