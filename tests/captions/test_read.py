"""People's caption files: read right or refused with the line, and nothing lost without a sentence."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votd.media.captions.read import parse, read
from votd.media.captions.webvtt import guarded
from votd.media.errors import RejectedSource
from votd.media.model import Cue

MINUTE = 60_000
SRT = "1\n00:00:01,000 --> 00:00:02,500\nДобро утро\n\n2\n00:00:03,000 --> 00:00:04,000\nЌе врне „снег“\n"
CUES = (Cue(1000, 2500, ("Добро утро",)), Cue(3000, 4000, ("Ќе врне „снег“",)))
VTT = "WEBVTT\n\n" + SRT.replace(",", ".")


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (SRT.encode(), ""),
        (VTT.encode(), ""),
        (SRT.rstrip().encode(), ""),
        (b"\xef\xbb\xbf" + VTT.encode(), ""),
        (SRT.replace("\n", "\r\n").encode(), ""),
        (VTT.replace("\n", "\r").encode(), ""),
        (SRT.replace("\n", "\r\r\n").encode(), ""),
        (SRT.encode("utf-16"), ""),
        (b"\xfe\xff" + VTT.encode("utf-16-be"), ""),
        (SRT.encode("utf-16-le"), ""),
        (VTT.encode("utf-16-be"), ""),
        (SRT.encode("utf-32"), ""),
        (SRT.encode("cp1251"), "Windows-1251"),
        (SRT.replace("\n\n", "\n").encode(), "Line 4: there was no blank line before the cue."),
        (SRT.replace("1\n00", "7\n00").encode(), ""),
        (SRT.replace("1\n00", "00").replace("2\n00", "00").encode(), ""),
        (SRT.replace("00:00:0", "00:0").encode(), ""),
        (SRT.replace(",", ".").encode(), ""),
        (VTT.replace("00:00:0", "0:0").encode(), ""),
        (SRT.replace("Добро", "До\0бро").encode(), "Control characters"),
        (SRT.replace(" --> ", "-->").encode(), ""),
        (SRT.replace("-->", "->", 1).encode(), "Line 2: the arrow"),
        (SRT.replace(",000", "").encode(), ""),
        (SRT.replace(",500", ",5").encode(), "Line 2: the times have no three digits"),
        (VTT.replace("WEBVTT", "WEBVTT - mine\nKind: captions\nLanguage: mk").encode(), ""),
        (VTT.replace("1\n", "NOTE one\ntwo\n\n1\n", 1).encode(), "Line 3: a block of WebVTT (NOTE) was left out."),
        (VTT.replace("1\n", "STYLE\n::cue { color: red }\n\n1\n", 1).encode(), "Line 3: a block of WebVTT (STYLE)"),
        (VTT.replace("\n2\n", "\nREGION\nid:a\n\n2\n").encode(), "Line 7: a block of WebVTT (REGION)"),
        (VTT.replace("2.500", "2.500 region:a").encode(), "Line 4: a cue setting that cannot be published"),
        (SRT.replace("2,500", "2,500 X1:1 X2:2 Y1:3 Y2:4").encode(), "SubRip's coordinates"),
        (SRT.replace("Добро", "<font color='red'>Добро</font>").encode(), "<font> was taken out, its text stays."),
        (VTT.replace("Добро", "<c.yellow.big>Добро</c>").encode(), "Line 4: <c> was taken out"),
        (VTT.replace("Добро", "<00:00:01.500>Добро").encode(), "Line 4: <time> was taken out"),
        (SRT.replace("Добро", "{\\fs20}Добро").encode(), "Line 2: {\\…} was taken out"),
        ((SRT + "\n3\n00:00:05,000 --> 00:00:06,000\n\n").encode(), "Line 10: the cue has no text and was left out."),
        (
            (SRT + "\n3\n00:02:05,000 --> 00:02:06,000\nlate\n").encode(),
            "Line 10: the cue starts after the video's end",
        ),
        (("-" + SRT.partition("\n")[2]).replace("-00:00:01,000", "00:00:01,000").encode(), ""),
        (("Преведе: Ана\n\n" + SRT).encode(), "Line 1: text before the first cue was left out."),
        (("0\n-00:00:02,000 --> -00:00:01,000\nx\n\n" + SRT).encode(), "Line 2: the cue ends before the video begins"),
    ],
)
def test_awkward_files_are_read_right(data: bytes, note: str) -> None:
    """Fail if an encoding, a line end or a slip of the hand changes the cues, or is mended without a sentence."""
    found = parse(data, "a.srt", MINUTE)
    assert found.cues == CUES
    assert bool(found.notes) == bool(note)
    assert note in " ".join(found.notes)


@pytest.mark.parametrize(
    ("text", "cues", "note"),
    [
        (
            "00:01.000 --> 00:04.400\na\n\n00:04.000 --> 00:05.000\nb\n",
            [Cue(1000, 4000, ("a",)), Cue(4000, 5000, ("b",))],
            "Line 1: the cue overlaps the next one by 0.4 s: its end was moved.",
        ),
        (
            "00:04.000 --> 00:05.000\nb\n\n00:01.000 --> 00:02.000\na\n",
            [Cue(1000, 2000, ("a",)), Cue(4000, 5000, ("b",))],
            "Line 4: the cue starts before the one above it: they were put in order.",
        ),
        (
            "00:01.000 --> 00:02.000\na\n\n00:01.000 --> 00:03.000\nb\n",
            [Cue(1000, 3000, ("a", "b"))],
            "Line 4: the cue starts with the one above it: the two were made one.",
        ),
        (
            "-00:00:01.000 --> 00:00:02.000\na\n",
            [Cue(0, 2000, ("a",))],
            "Line 1: the cue starts before the video: its start was moved by 1 s.",
        ),
        (
            "00:59.000 --> 01:02.000\na\n",
            [Cue(59_000, 60_000, ("a",))],
            "Line 1: the cue ends 2 s after the video: its end was moved.",
        ),
        (
            "00:01.000 --> 00:02.000\na\n\nb\n",
            [Cue(1000, 2000, ("a", "b"))],
            "Line 4: text after a blank line was taken for a part of the cue above.",
        ),
        (
            "00:01.000 --> 00:02.000\na\nb\nc\n",
            [Cue(1000, 2000, ("a", "b", "c"))],
            "Line 1: the cue has more than 2 lines; it stands as it is.",
        ),
        (
            "00:01.000 --> 00:02.000\n" + "a" * 43 + "\n",
            [Cue(1000, 2000, ("a" * 43,))],
            "Line 1: the cue has a line of more than 42 characters; it stands as it is.",
        ),
    ],
)
def test_what_is_mended_is_told(text: str, cues: list[Cue], note: str) -> None:
    """Fail if a mend of the times is wrong or goes without its sentence, or what is only odd is changed."""
    found = parse(text.encode(), "a.srt", MINUTE)
    assert (found.cues, found.notes) == (tuple(cues), (note,))


def test_many_alike_are_counted_in_one_note() -> None:
    """Fail if a file with one habit gives a list of a hundred sentences."""
    text = "".join(f"00:0{at}.000 --> 00:0{at + 1}.{at}00\nx\n\n" for at in range(1, 6))
    assert parse(text.encode(), "a.srt", MINUTE).notes == (
        "4 times, first in line 1: the cue overlaps the next one by up to 0.4 s: its end was moved.",
    )


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("<i>one\ntwo</i>", Cue(0, 1000, ("one", "two"), ("<i>one</i>", "<i>two</i>"))),
        ("<v Ana & Co>Tom &amp; <I>I</I>", Cue(0, 1000, ("Tom & I",), ("<v Ana &amp; Co>Tom &amp; <i>I</i></v>",))),
        ("I <3 you, 5 < 6 <and> &lt;b&gt; R&D &nosuch;", Cue(0, 1000, ("I <3 you, 5 < 6 <and> <b> R&D &nosuch;",))),
        ("<b>a</i> b", Cue(0, 1000, ("a b",), ("<b>a b</b>",))),
        ("<i> \n </i>x<br>y", Cue(0, 1000, ("x", "y"))),
        ("{\\an8}up", Cue(0, 1000, ("up",), (), "line:0")),
        ("{\\an1}left {\\i1}", Cue(0, 1000, ("left {\\i1}",), (), "align:left")),
        ("אב <u>ג</u> 👩‍👩‍👧", Cue(0, 1000, ("אב ג 👩‍👩‍👧",), ("אב <u>ג</u> 👩‍👩‍👧",))),
    ],
)
def test_tags_and_escapes(text: str, cue: Cue) -> None:
    """Fail if words are lost with tags, or what WebVTT can carry is not kept."""
    found = parse(f"WEBVTT\n\n00:00.000 --> 00:01.000\n{text}\n".encode(), "a.vtt", MINUTE)
    assert (found.cues, found.notes) == ((cue,), ())


def test_subrip_has_no_escapes() -> None:
    """Fail if SubRip's text is read as WebVTT's."""
    assert parse(b"00:00:00,000 --> 00:00:01,000\nTom &amp; Co", "a.srt", MINUTE).cues[0].lines == ("Tom &amp; Co",)


def test_a_line_that_tells_of_hours_is_text() -> None:
    """Fail if a sloppy arrow between two hours of the day is taken for the times of a cue."""
    text = "WEBVTT\n\n00:00.000 --> 00:01.000\nOpen:\n12:30 -> 14:00 daily\n"
    assert parse(text.encode(), "a.vtt", MINUTE).cues == (Cue(0, 1000, ("Open:", "12:30 -> 14:00 daily")),)


def test_settings_are_kept() -> None:
    """Fail if valid places in the picture are lost, or an old word is not read as its new one."""
    line = "00:00.000 --> 00:01.000 position:10%,line-left line:-1 align:middle size:50%"
    found = parse(f"WEBVTT\n\n{line}\nx\n".encode(), "a.vtt", MINUTE)
    assert found.cues[0].settings == "position:10%,line-left line:-1 align:center size:50%"


@pytest.mark.parametrize("text", ["café crème", "Müller", "“quotes” – dashes…", "£5, naïve"])
def test_short_western_files(text: str) -> None:
    """Fail if a Western 8-bit file of one line is taken for Cyrillic."""
    found = parse(f"00:00:00,000 --> 00:00:01,000\n{text}".encode("cp1252"), "a.srt", MINUTE)
    assert found.cues[0].lines == (text,)
    assert "Windows-1252" in found.notes[0]


@pytest.mark.parametrize("text", ["Да", "Џо ќе дојде", "Љубов…", "NATO и ЕУ", "Ѓорѓи рече „не“"])
def test_short_cyrillic_files(text: str) -> None:
    """Fail if a Cyrillic 8-bit file of one line is taken for Western."""
    assert parse(f"00:00:00,000 --> 00:00:01,000\n{text}".encode("cp1251"), "a.srt", MINUTE).cues[0].lines == (text,)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"just text\n", "line 1: no line has times"),
        (b"<!DOCTYPE html>\n<p>00:00:01,000 --> 00:00:02,000\n", "line 1: this is a web page"),
        (b"1\n00:00:02,000 --> 00:00:01,000\nbackwards\n", "line 2: the cue ends before"),
        (b"1\n00:00:02,000 --> 00:00:02,000\nnever\n", "line 2: the cue ends before"),
        (b"1\n00:61:02,000 --> 00:62:01,000\ntimes\n", "line 2: an hour has 60 minutes"),
        (b"1\nOO:00:01,000 --> 00:00:02,000\nletters\n", "line 2: these times cannot be read"),
        (b"1\n00:00:01,000 --> soon 1:2\nx\n", "line 2: these times cannot be read"),
        (b"1\n00:02:01,000 --> 00:02:02,000\nx\n", "line 2: 1 of 1 cues start after the video's end"),
        ("1\n00:00:01,000 --> 00:00:02,000\nчас час час\n".encode() + b"\xff\n", "line 4: there are bytes"),
        ("1\n00:00:01,000 --> 00:00:02,000\nčaša ".encode("cp1250") + "час".encode("cp1251"), "cannot be told"),
        (bytes(range(256)) * 20, "a.srt"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, sentence: str) -> None:
    """Fail if a file that cannot be understood is read in part, or its line is not named."""
    with pytest.raises(RejectedSource, match=r"a\.srt") as refused:
        parse(data, "a.srt", MINUTE)
    assert sentence in str(refused.value)


def test_an_empty_track_is_one(tmp_path: Path) -> None:
    """Fail if the track of a silent video cannot be read back."""
    (tmp_path / "a.vtt").write_text("WEBVTT\n")
    assert read(tmp_path / "a.vtt", MINUTE).cues == ()


def test_a_huge_file_is_read_and_a_larger_one_refused(tmp_path: Path) -> None:
    """Fail if 10 MB lose a cue, or a file that can be no caption file is read into memory."""
    count = 150_000
    clock = [f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}" for at in range(count + 1)]
    blocks = (f"{at}\n{clock[at]},000 --> {clock[at]},900\nline number {at} of a long file\n\n" for at in range(count))
    path = tmp_path / "a.srt"
    path.write_text("".join(blocks))
    assert path.stat().st_size > 9_000_000
    found = read(path, count * 1000)
    assert (len(found.cues), found.notes) == (count, ())
    with path.open("ab") as file:
        file.truncate(17_000_000)
    with pytest.raises(RejectedSource, match="16 MB"):
        read(path, count * 1000)


@pytest.mark.parametrize("piece", ["<", "&", "-->", "9", " ", "{\\", "\n", "<v ", "00:", "1\n", "é", "\0"])
def test_hostile_repetition_costs_no_more(piece: str) -> None:
    """Fail if ten times as much of anything hangs the reader: any of its patterns would then be quadratic."""
    data = ("WEBVTT\n\n00:00.000 --> 00:01.000\nx " + piece * (1_000_000 // len(piece))).encode()
    try:
        assert len(parse(data, "a.vtt", MINUTE).cues) == 1
    except RejectedSource as e:
        assert re.match(r"a\.vtt, line [34]\b", str(e))


def drifting(ratio: float, *, last_ms: int = 599_000) -> bytes:
    """Write a file whose times are stretched."""
    starts = [*range(0, last_ms - 3000, 7321), last_ms - 2000]
    stretched = [(round(at * ratio), round((at + 2000) * ratio)) for at in starts]
    clock = [[f"{ms // 60_000:02}:{ms // 1000 % 60:02}.{ms % 1000:03}" for ms in pair] for pair in stretched]
    return "\n".join(f"{one} --> {two}\nx\n" for one, two in clock).encode()


@pytest.mark.parametrize(("ratio", "rate"), [(25 / 24, "24"), (25 * 1001 / 24000, "23.976")])
def test_frame_rate_drift_is_mended(ratio: float, rate: str) -> None:
    """Fail if a file timed for film is not brought to a video of 25 frames a second."""
    found = parse(drifting(ratio), "a.srt", 600_000, Fraction(25))
    # 23.976 and 24 differ by a thousandth, which only times on a frame grid could tell.
    assert [found.cues[at].start_ms for at in (1, -1)] == pytest.approx([7321, 597_000], rel=0.0011)
    assert len(found.notes) == 1
    assert "its times were brought to 25" in found.notes[0]


@pytest.mark.parametrize(
    ("data", "duration_ms", "rate"),
    [
        (drifting(1), 600_000, Fraction(25)),
        (drifting(24 / 25), 600_000, Fraction(24000, 1001)),
        (drifting(1), 598_000, Fraction(25)),
        (drifting(1.02), 600_000, Fraction(25)),
        (drifting(25 / 24), 600_000, Fraction(30)),
    ],
)
def test_times_that_may_be_right_are_left_alone(data: bytes, duration_ms: int, rate: Fraction) -> None:
    """Fail if a file that only ends late or early is taken for one of another frame rate."""
    assert not any("frames a second" in note for note in parse(data, "a.srt", duration_ms, rate).notes)


pieces = st.sampled_from(["00:00:01,000 --> 00:00:02,000", "1", "", "час", "<i>x", "NOTE", "WEBVTT", "-->", "\0", "\r"])


@given(lines=st.lists(pieces | st.text(max_size=8), max_size=30), name=st.sampled_from(["a.srt", "a.vtt"]))
def test_anything_is_read_or_refused(lines: list[str], name: str) -> None:
    """Fail if any file gives another error than the sentence for its author, or cues that writing must mend again."""
    try:
        found = parse("\n".join(lines).encode("utf-8", "replace"), name, MINUTE)
    except RejectedSource:
        return
    assert guarded(found.cues, MINUTE) == found.cues


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Fail if bytes of any kind give another error than the sentence for their author."""
    try:
        parse(b"00:00:01,000 --> 00:00:02,000\n" + data, "a.srt", MINUTE)
    except RejectedSource as e:
        assert str(e)
