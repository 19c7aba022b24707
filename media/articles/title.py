"""What stands before a title, and is no part of it."""

import re

_RUBRIC = r"(?:video of the day|видео на денот|видео на деня|video|видео|photo|foto|фото)"
# "VIDEO | Title", "VIDEO: Title", "ВИДЕО – Title" (a dash only with spaces: "Video-art"), "(ВИДЕО) Title", and several.
_PREFIX = re.compile(rf"\s*(?:{_RUBRIC}\s*[|:]|{_RUBRIC}\s+[-–—]\s|[(\[]\s*{_RUBRIC}\s*[)\]])\s*", re.IGNORECASE)


def headline(title: str) -> str:
    """Return a published title without its rubric: ``VIDEO | Title`` becomes ``Title``.

    A title that is nothing but its rubric stays as it is.
    """
    rest = title
    while found := _PREFIX.match(rest):
        rest = rest[found.end() :]
    return rest.strip() or title.strip()
