"""Caption files: what goes in comes out, in every format, and no text can break a file."""

from pathlib import Path

import m3u8
import pytest
import webvtt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from votd.media.captions import read as captions
from votd.media.captions.webvtt import CaptionFiles, guarded, write
from votd.media.errors import BadRequest
from votd.media.model import CaptionTrack, Cue

AWKWARD = (
    Cue(0, 1999, ("Fish & <b>chips</b> --> 5 < 6 &amp; NUL\0 here", "", "two\nlines ")),
    Cue(5990, 6012, ("straddles", "NOTE not a note")),
    Cue(7000, 8001, ("WEBVTT", "00:00:01.000 --> 00:00:02.000")),
)
CLEAN = (
    Cue(0, 1999, ("Fish & <b>chips</b> --> 5 < 6 &amp; NUL here", "two lines")),
    Cue(5990, 6012, ("straddles", "NOTE not a note")),
    Cue(7000, 8001, ("WEBVTT", "00:00:01.000 --> 00:00:02.000")),
)


def track(*cues: Cue, language: str = "en") -> CaptionTrack:
    """Make a machine's track."""
    return CaptionTrack(language, "captions", "English", "machine", cues)


def read(path: Path) -> tuple[Cue, ...]:
    """Read a file back, whatever the media's length."""
    found = captions.read(path, 10**9)
    mends = {note for note in found.notes if not note.endswith(("stands as it is.", "no cues in the file."))}
    assert not mends or path.suffix == ".srt"
    return found.cues


def test_awkward_text_comes_back(tmp_path: Path) -> None:
    """Fail if markup, arrows, NUL or blank lines in a text change what is read back."""
    files = write(track(*AWKWARD), tmp_path, duration_ms=13_000, segment_ms=6006)
    assert files == CaptionFiles("en.vtt", "en.srt", "en/index.m3u8")
    assert read(tmp_path / files.vtt) == CLEAN


def test_the_file_itself(tmp_path: Path) -> None:
    """Fail if the written WebVTT differs from what the specification's examples look like."""
    write(track(*AWKWARD[:2]), tmp_path, duration_ms=13_000, segment_ms=6006)
    assert (tmp_path / "en.vtt").read_text() == (
        "WEBVTT\n\n"
        "0\n00:00:00.000 --> 00:00:01.999\nFish &amp; &lt;b&gt;chips&lt;/b&gt; --&gt; 5 &lt; 6 &amp;amp; NUL here\n"
        "two lines\n\n"
        "5990\n00:00:05.990 --> 00:00:06.012\nstraddles\nNOTE not a note\n"
    )


def test_subrip_hides_nothing(tmp_path: Path) -> None:
    """Fail if SubRip, which has no escapes, loses text that looks like a tag."""
    write(track(*AWKWARD), tmp_path, duration_ms=13_000, segment_ms=6000)
    back = read(tmp_path / "en.srt")
    assert [(cue.start_ms, cue.end_ms) for cue in back] == [(cue.start_ms, cue.end_ms) for cue in CLEAN]
    assert back[0].lines == ("Fish & ‹b›chips‹/b› --› 5 ‹ 6 &amp; NUL here", "two lines")


def test_segments(tmp_path: Path) -> None:
    """Fail if the rendition does not cover the media exactly or a straddling cue differs between its segments."""
    files = write(track(*CLEAN), tmp_path, duration_ms=13_013, segment_ms=6006)
    playlist = m3u8.load(str(tmp_path / files.hls))
    assert playlist.is_endlist and playlist.target_duration == 6
    assert [(s.uri, round(s.duration * 1000)) for s in playlist.segments] == [
        ("00001.vtt", 6006),
        ("00002.vtt", 6006),
        ("00003.vtt", 1001),
    ]
    texts = [(tmp_path / "en" / segment.uri).read_text() for segment in playlist.segments]
    head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"
    assert all(text.startswith(head) for text in texts)
    straddling = "5990\n00:00:05.990 --> 00:00:06.012\nstraddles\nNOTE not a note\n"
    assert straddling in texts[0] and straddling in texts[1]
    assert texts[2] == head
    together = {cue for segment in playlist.segments for cue in read(tmp_path / "en" / segment.uri)}
    assert together == set(CLEAN)


def test_a_cue_that_ends_on_a_boundary_stays_before_it(tmp_path: Path) -> None:
    """Fail if a cue stands in a segment that it only touches."""
    cues = (Cue(1000, 6000, ("before",)), Cue(6000, 7000, ("after",)))
    write(track(*cues), tmp_path, duration_ms=12_000, segment_ms=6000)
    assert read(tmp_path / "en" / "00001.vtt") == cues[:1]
    assert read(tmp_path / "en" / "00002.vtt") == cues[1:]


def test_no_cues(tmp_path: Path) -> None:
    """Fail if silence does not give whole, empty files."""
    files = write(track(), tmp_path, duration_ms=4000, segment_ms=6000)
    assert (tmp_path / files.vtt).read_text() == "WEBVTT\n"
    assert read(tmp_path / files.vtt) == ()
    assert (tmp_path / files.srt).read_text().strip() == ""
    assert [segment.duration for segment in m3u8.load(str(tmp_path / files.hls)).segments] == [4.0]


def test_disorder_is_mended() -> None:
    """Fail if unordered, overlapping, simultaneous or late cues reach a file as they are."""
    given_cues = [
        Cue(5000, 9000, ("c",)),
        Cue(0, 3000, ("a",)),
        Cue(2000, 4000, ("b",)),
        Cue(2000, 2500, ("b2",)),
        Cue(8000, 9000, ("never seen",)),
    ]
    assert guarded(given_cues, 8000) == (
        Cue(0, 2000, ("a",)),
        Cue(2000, 4000, ("b", "b2")),
        Cue(5000, 8000, ("c",)),
    )


@pytest.mark.parametrize("language", ["", "../en", "en/x", "en_GB", "e", "en-", "en\n", "."])
def test_a_language_that_is_no_tag_is_refused(language: str, tmp_path: Path) -> None:
    """Fail if a language that is no BCP 47 tag becomes a file name."""
    with pytest.raises(BadRequest, match="language tag"):
        write(track(language=language), tmp_path, duration_ms=1000, segment_ms=6000)
    assert list(tmp_path.iterdir()) == []


def test_a_tag_with_subtags(tmp_path: Path) -> None:
    """Fail if a script or region subtag is not kept in the names."""
    assert write(track(language="sr-Latn-RS"), tmp_path, duration_ms=10, segment_ms=6000).vtt == "sr-Latn-RS.vtt"


def test_markup_and_settings_are_published(tmp_path: Path) -> None:
    """Fail if a person's italics, speaker or place are not in the WebVTT, or stand in SubRip as text."""
    cue = Cue(0, 1000, ("Tom & I",), ("<v Ana><i>Tom</i> &amp; I</v>",), "line:0 align:left")
    files = write(track(cue), tmp_path, duration_ms=9000, segment_ms=6000)
    assert "00:00:01.000 line:0 align:left\n<v Ana><i>Tom</i> &amp; I</v>\n" in (tmp_path / files.vtt).read_text()
    assert read(tmp_path / files.vtt) == (cue,)
    assert read(tmp_path / files.srt) == (Cue(0, 1000, ("Tom & I",)),)


def test_markup_of_other_words_is_not_published() -> None:
    """Fail if lines that were changed keep the markup of what stood there before, or settings can break a file."""
    stale = Cue(0, 1000, ("Macron",), ("<i>Makron</i>",), "line:0\n\n00:00")
    assert guarded([stale], 9000) == (Cue(0, 1000, ("Macron",)),)


def test_simultaneous_cues_keep_their_markup() -> None:
    """Fail if joining a plain cue and one with tags loses the tags or leaves the plain text unescaped."""
    both = guarded([Cue(0, 900, ("a & b",)), Cue(0, 1000, ("c",), ("<i>c</i>",))], 9000)
    assert both == (Cue(0, 1000, ("a & b", "c"), ("a &amp; b", "<i>c</i>")),)


def test_identifiers_outlive_edits_elsewhere(tmp_path: Path) -> None:
    """Fail if a cue that is taken out changes the identifiers of those after it."""
    ids = []
    for number, cues in enumerate((CLEAN, CLEAN[1:])):
        write(track(*cues), tmp_path / str(number), duration_ms=13_000, segment_ms=6006)
        ids.append([cue.identifier for cue in webvtt.read(str(tmp_path / str(number) / "en.vtt"))])
    assert ids == [["0", "5990", "7000"], ["5990", "7000"]]


def test_captions_and_subtitles_of_one_language(tmp_path: Path) -> None:
    """Fail if two tracks of one language write over each other."""
    one = write(track(*CLEAN), tmp_path, duration_ms=13_000, segment_ms=6006)
    subtitles = CaptionTrack("en", "subtitles", "English", "translated", CLEAN[:1])
    two = write(subtitles, tmp_path, duration_ms=13_000, segment_ms=6006)
    assert two == CaptionFiles("en.subtitles.vtt", "en.subtitles.srt", "en.subtitles/index.m3u8")
    assert read(tmp_path / one.vtt) == CLEAN
    assert read(tmp_path / two.vtt) == CLEAN[:1]


anything = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    ["-->", "&amp;", "<c.v>", "\r", "\x85"]
)
any_cue = st.builds(
    lambda start, length, lines: Cue(start, start + length, tuple(lines)),
    st.integers(0, 20_000),
    st.integers(1, 9000),
    st.lists(anything, max_size=3),
)


@given(cues=st.lists(any_cue, max_size=12), duration=st.integers(1, 30_000), segment=st.integers(500, 7000))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives(cues: list[Cue], duration: int, segment: int, tmp_path: Path) -> None:
    """Fail if any text, control characters and lone surrogates included, breaks a file or a segment."""
    files = write(track(*cues), tmp_path, duration_ms=duration, segment_ms=segment)
    kept = guarded(cues, duration)
    assert read(tmp_path / files.vtt) == kept
    playlist = m3u8.load(str(tmp_path / files.hls))
    assert sum(round(part.duration * 1000) for part in playlist.segments) == duration
    assert {cue for part in playlist.segments for cue in read(tmp_path / "en" / part.uri)} == set(kept)
    if kept:
        assert len(read(tmp_path / files.srt)) == len(kept)
