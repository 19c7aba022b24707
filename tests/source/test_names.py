"""Names that strangers chose are shown as one harmless line."""

import pytest

from votd.media.source.names import LONGEST, shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Коментар на денот.mp4", "Коментар на денот.mp4"),
        ("-i.mp4", "-i.mp4"),
        ("$(reboot) 'quoted'.mp4", "$(reboot) 'quoted'.mp4"),
        ("two\nlines\r.mp4", "two\\u{a}lines\\u{d}.mp4"),
        ("\x1b[31mred.mp4", "\\u{1b}[31mred.mp4"),
        ("clip\u202e4pm.exe", "clip\\u{202e}4pm.exe"),
        ("\u2028line\u2067.mp4", "\\u{2028}line\\u{2067}.mp4"),
        (b"\xff\xfe.mp4".decode("utf-8", "surrogateescape"), "\\xff\\xfe.mp4"),
        ("", ""),
    ],
)
def test_steering_characters_are_escaped(name: str, expected: str) -> None:
    """Escape what steers a terminal or a line's direction; leave letters of every script alone."""
    assert shown(name) == expected
    assert shown(name).isprintable()


def test_long_names_keep_their_start_and_suffix() -> None:
    """Cut the middle of a name of 255 bytes."""
    text = shown("a" * 251 + ".mp4")
    assert len(text) == LONGEST
    assert text.startswith("aaa")
    assert text.endswith("a.mp4")
    assert "…" in text
