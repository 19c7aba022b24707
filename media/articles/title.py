"""What stands before a title, and is no part of it."""

import re

_RUBRIC = r"(?:video of the day|видео на денот|видео на деня|video|видео|photo|foto|фото)"
# "VIDEO | Title", "VIDEO: Title", "ВИДЕО – Title" (a dash only with spaces: "Video-art"), "(ВИДЕО) Title", and several.
_PREFIX = re.compile(rf"\s*(?:{_RUBRIC}\s*[|:]|{_RUBRIC}\s+[-–—]\s|[(\[]\s*{_RUBRIC}\s*[)\]])\s*", re.IGNORECASE)
_SPEAKER_WORDS = 3


def headline(title: str) -> str:
    """Return a published title without its rubric: ``VIDEO | Title`` becomes ``Title``.

    A title that is nothing but its rubric stays as it is.
    """
    rest = title
    while found := _PREFIX.match(rest):
        rest = rest[found.end() :]
    return rest.strip() or title.strip()


def subject(title: str) -> str:
    """Return what a title is about, without the rubric and without who speaks: ``VIDEO | Markov: A road`` is a road."""
    speaker, colon, rest = headline(title).partition(":")
    return rest.strip() if colon and rest.strip() and len(speaker.split()) <= _SPEAKER_WORDS else headline(title)
