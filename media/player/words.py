"""The page's own few words, in the languages that it speaks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What the page says besides the record; ``months`` in one string, apart by blanks."""

    months: str
    duration: str
    commentary: str
    read: str
    chapters: str
    passages: str
    download: str
    video: str
    captions: str
    automatic: str
    unplayable: str


WORDS = {
    "en": Words(
        months="January February March April May June July August September October November December",
        duration="Duration",
        commentary="Commentary",
        read="Read the full story",
        chapters="Chapters",
        passages="From a paragraph to its moment",
        download="Download",
        video="Video",
        captions="Captions",
        automatic="The captions were written automatically and may contain errors.",
        unplayable="Your browser cannot play this video. Download it instead.",
    ),
    "mk": Words(
        months="јануари февруари март април мај јуни јули август септември октомври ноември декември",
        duration="Времетраење",
        commentary="Коментар",
        read="Прочитајте повеќе",
        chapters="Поглавја",
        passages="Од пасус до неговиот момент",
        download="Преземете",
        video="Видео",
        captions="Титли",
        automatic="Титлите се создадени автоматски и може да содржат грешки.",
        unplayable="Вашиот прелистувач не може да го прикаже ова видео. Преземете го.",
    ),
}
