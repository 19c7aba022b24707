"""Titles without their rubric."""

import pytest

from votd.media.articles.title import headline


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("VIDEO | Andonovic: European troops in Ukraine?", "Andonovic: European troops in Ukraine?"),
        ("ВИДЕО | Андоновиќ: Европски војници?", "Андоновиќ: Европски војници?"),
        ("Video of the day | A bridge", "A bridge"),
        ("VIDEO: A bridge", "A bridge"),
        ("Видео на денот | ВИДЕО | Мост", "Мост"),
        ("(ВИДЕО) Мост", "Мост"),
        ("Video – a bridge", "a bridge"),
        ("A bridge | VIDEO", "A bridge | VIDEO"),
        ("Videotape found in a bridge", "Videotape found in a bridge"),
        ("Video-art: a bridge", "Video-art: a bridge"),
        ("Video shows a bridge", "Video shows a bridge"),
        ("VIDEO |", "VIDEO |"),
        ("", ""),
    ],
)
def test_headline(title: str, expected: str) -> None:
    """Take off the rubric at the front, and nothing else."""
    assert headline(title) == expected
