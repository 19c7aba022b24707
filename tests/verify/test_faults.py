"""A planted fault for every rule, in a real published version: each is found, and by the right rule."""

import io
import json
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

import av
import pytest

Fault = Callable[[Any], None]
VIDEO = ("-an", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high", "-sc_threshold", "0")
GOP = ("-g", "50", "-keyint_min", "50", "-bf", "2")
SMALL = ("-vf", "scale=416:234,setsar=1,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709")
SOUND = ("-vn", "-c:a", "aac")


def text(path: str, old: str, new: str) -> Fault:
    """Replace a pattern in a text of the version or of the encode, wherever it stands."""

    def fault(copy: Any) -> None:
        file = copy.version / path if (copy.version / path).exists() else copy.media / path
        before = file.read_text()
        after = re.sub(old, new, before, flags=re.MULTILINE)
        assert after != before, f"{old} is not in {path}"
        file.write_text(after)

    return fault


def patch(path: str, box: bytes, at: int, form: str, value: int) -> Fault:
    """Overwrite a number ``at`` bytes into the body of the first box of a kind."""

    def fault(copy: Any) -> None:
        file = copy.media / path
        data = bytearray(file.read_bytes())
        struct.pack_into(form, data, data.index(box) + 4 + at, value)
        file.write_bytes(data)

    return fault


def rename(path: str, box: bytes) -> Fault:
    """Make a box one that everybody skips."""

    def fault(copy: Any) -> None:
        file = copy.media / path
        data = file.read_bytes()
        assert box in data
        file.write_bytes(data.replace(box, b"free", 1))

    return fault


def edit(path: str, change: Callable[[bytes], bytes]) -> Fault:
    """Change the bytes of a file of the encode."""

    def fault(copy: Any) -> None:
        file = copy.media / path
        file.write_bytes(change(file.read_bytes()))

    return fault


def plain(segment: str, number: int) -> Fault:
    """Make the n-th IDR picture of a segment a slice of another kind."""

    def fault(copy: Any) -> None:
        file = copy.media / segment
        init, data = (file.parent / "init.mp4").read_bytes(), bytearray(file.read_bytes())
        with av.open(io.BytesIO(init + data), options={"ignore_editlist": "1"}) as container:
            keys = [packet for packet in container.demux(video=0) if packet.size and packet.is_keyframe]
        at = keys[number].pos - len(init)
        while data[at + 4] & 31 != 5:  # a message before the picture
            at += 4 + int.from_bytes(data[at : at + 4], "big")
        data[at + 4] = 0x61
        file.write_bytes(data)

    return fault


def remove(path: str) -> Fault:
    """Remove a file of the encode."""
    return lambda copy: (copy.media / path).unlink()


def remake(track: str, *arguments: str) -> Fault:
    """Encode a track anew, differently."""
    return lambda copy: copy.remake(track, *arguments)


def mp4(*arguments: str) -> Fault:
    """Write the MP4 anew from itself."""

    def fault(copy: Any) -> None:
        copy.run("-i", "video.mp4", "-c", "copy", *arguments, "-f", "mp4", "new")
        (copy.media / "new").replace(copy.media / "video.mp4")

    return fault


def record(name: str, value: Any) -> Fault:
    """Change a field of the record."""
    return lambda copy: copy.set(name, value)


FAULTS: dict[str, tuple[Fault, str]] = {
    # 1: everything is there, and nothing leads out
    "a segment is missing": (remove("360p/00002.m4s"), r"^1 .*00002.m4s.*not there"),
    "a segment is empty": (edit("360p/00002.m4s", lambda data: b""), r"^1 .*00002.m4s.*empty"),
    "the poster is missing": (remove("poster.jpg"), r"^1 .*poster.jpg"),
    "the poster is cut": (edit("poster.jpg", lambda data: data[:-9]), r"^1 poster"),
    "the sprite is missing": (remove("storyboard.jpg"), r"^1 .*storyboard.jpg"),
    "an absolute URI": (text("360p/index.m3u8", "^00001.m4s", "https://example.org/1.m4s"), r"^1 .*leaves the bundle"),
    "a URI above the store": (text("master.m3u8", r'URI="\.\./', 'URI="../../../../'), r"^1 .*leaves the bundle"),
    "a playlist is none": (text("234p/index.m3u8", "^#EXTM3U", "#EXTM3V"), r"^1 .*234p/index.m3u8.*EXTM3U"),
    "a record that leads out": (record("poster", "../poster.jpg"), r"^1 .*names no poster"),
    "no dash in the record": (record("dash", None), r"^1 .*names no dash"),
    "no storyboard in the record": (record("storyboard", None), r"^1 .*names no storyboard"),
    "no share image in the record": (record("share_image", None), r"^1 .*names no share_image"),
    # 2 to 6: the multivariant playlist
    "no INDEPENDENT-SEGMENTS": (text("master.m3u8", "^#EXT-X-INDEPENDENT-SEGMENTS\n", ""), "^2 .*INDEPENDENT"),
    "no CLOSED-CAPTIONS": (text("master.m3u8", ",CLOSED-CAPTIONS=NONE", ""), "^2 640x360.*CLOSED-CAPTIONS"),
    "no SUBTITLES": (text("master.m3u8", ',SUBTITLES="subtitles"', ""), "^2 640x360.*SUBTITLES"),
    "another AUDIO group": (text("master.m3u8", ',AUDIO="audio"', ',AUDIO="other"'), "^2 640x360.*AUDIO"),
    "no AVERAGE-BANDWIDTH": (text("master.m3u8", r",AVERAGE-BANDWIDTH=\d+,", ","), "^2 640x360.*AVERAGE-BANDWIDTH"),
    "CODECS": (text("master.m3u8", "avc1.64001E,", "avc1.64001F,"), "^3 360p: CODECS"),
    "CODECS of audio": (text("master.m3u8", "mp4a.40.2", "mp4a.40.5"), "^3 360p: CODECS"),
    "RESOLUTION": (text("master.m3u8", "RESOLUTION=416x234", "RESOLUTION=418x234"), "^3 234p: RESOLUTION"),
    "FRAME-RATE": (text("master.m3u8", "FRAME-RATE=25.000", "FRAME-RATE=24.990"), "^3 360p: FRAME-RATE"),
    "a FRAME-RATE that is none": (text("master.m3u8", "FRAME-RATE=25.000", "FRAME-RATE=nan"), "^3 360p: FRAME-RATE"),
    "another aspect ratio": (remake("234p", *VIDEO, *GOP, "-s", "416x312"), "^3 234p: aspect ratio"),
    "an upscale": (record("source.width", 416), "^3 360p: upscale"),
    "BANDWIDTH": (text("master.m3u8", r"INF:BANDWIDTH=(\d+)", r"INF:BANDWIDTH=1\1"), "^4 360p: BANDWIDTH"),
    "AVERAGE-BANDWIDTH": (text("master.m3u8", "AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=1"), "^4 360p: AVERAGE"),
    "another first variant": (
        text("master.m3u8", r"(#EXT-X-STREAM-INF.*\n.*\n)(#EXT-X-STREAM-INF.*\n.*\n)", r"\2\1"),
        "^5 master",
    ),
    "no CHANNELS": (text("master.m3u8", ',CHANNELS="2"', ""), "^6 audio: EXT-X-MEDIA: CHANNELS"),
    "wrong CHANNELS": (text("master.m3u8", ',CHANNELS="2"', ',CHANNELS="6"'), "^6 audio: EXT-X-MEDIA: CHANNELS"),
    "mono": (remake("audio", *SOUND, "-ac", "1"), "^6 audio: AAC-LC"),
    "44.1 kHz": (remake("audio", *SOUND, "-ar", "44100"), "^6 audio: AAC-LC"),
    "256 kb/s": (
        remake("audio", *SOUND, "-b:a", "256k", "-af", "aeval=random(0)-0.5|random(1)-0.5:c=same"),
        "^6 audio: AAC-LC",
    ),
    # 7 to 9: media playlists and segments
    "no ENDLIST": (text("360p/index.m3u8", "^#EXT-X-ENDLIST\n", ""), "^7 .*360p.*ENDLIST"),
    "not VOD": (text("360p/index.m3u8", "TYPE:VOD", "TYPE:EVENT"), "^7 .*360p.*VOD"),
    "PROGRAM-DATE-TIME": (
        text("360p/index.m3u8", "^#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXTINF"),
        "^7 .*360p.*PROGRAM-DATE-TIME",
    ),
    "version 3": (text("360p/index.m3u8", "VERSION:7", "VERSION:5"), "^[17] .*360p.*"),
    "TARGETDURATION 10": (text("audio/index.m3u8", "DURATION:6", "DURATION:10"), "^7 audio: TARGETDURATION"),
    "TARGETDURATION 5": (text("360p/index.m3u8", "DURATION:6", "DURATION:5"), "^7 360p: TARGETDURATION"),
    "long segments": (remake("234p", *VIDEO, *SMALL, "-g", "175", "-keyint_min", "175"), "^7 234p.*segment length"),
    "EXTINF of video": (text("360p/index.m3u8", "EXTINF:6.000000", "EXTINF:6.010000"), "^8 360p.*EXTINF"),
    "EXTINF of audio": (text("audio/index.m3u8", r"EXTINF:(\d)\.(\d)", r"EXTINF:\1.5\2"), "^8 audio.*EXTINF"),
    "a shorter rendition": (remake("234p", *VIDEO, *SMALL, *GOP, "-t", "7.5"), "^8 234p: durations"),
    "a shorter sound": (remake("audio", *SOUND, "-t", "7.5"), "^8 audio: durations"),
    "the record's duration": (record("duration_ms", 9000), "^8 record: durations"),
    "a shifted boundary": (remake("234p", *VIDEO, *SMALL, "-g", "45", "-keyint_min", "45"), "^9 234p.*boundaries"),
    "a segment less": (text("234p/index.m3u8", r"#EXTINF.*\n00002.m4s\n", ""), "^9 234p: boundaries"),
    "no IDR first": (plain("360p/00002.m4s", 0), "^9 360p, segment 2: IDR first"),
    "an IDR less": (plain("360p/00001.m4s", 1), "^9 360p: IDR distance"),
    # 10 to 12: boxes, pictures, I-frames
    "a cut segment": (edit("360p/00002.m4s", lambda data: data[:-100]), "^10 .*00002.m4s"),
    "a track of nothing but noise": (
        lambda copy: [file.write_bytes(bytes(range(256)) * 9) for file in copy.media.glob("360p/*.m4s")] and None,
        "^10 .*360p/",
    ),
    "half a box": (edit("360p/00002.m4s", lambda data: data + b"\0\0\0"), "^10 .*00002.m4s"),
    "two moofs": (edit("360p/00002.m4s", lambda data: data + data), "^10 .*00002.m4s.*2 moof"),
    "no default-base-is-moof": (patch("360p/00002.m4s", b"tfhd", 1, ">B", 0), "^10 .*00002.m4s"),
    "a gap in tfdt": (patch("audio/00002.m4s", b"tfdt", 10, ">H", 9), "^10 audio, segment 2: tfdt"),
    "tfdt not from 0": (patch("360p/00001.m4s", b"tfdt", 10, ">H", 512), "^10 360p, segment 1: tfdt"),
    "a shifted edit list": (patch("360p/init.mp4", b"elst", 12, ">i", 6000), "^10 360p: edit list"),
    "a shifted edit list of audio": (patch("audio/init.mp4", b"elst", 12, ">i", 6000), "^10 audio: edit list"),
    "an empty edit": (patch("360p/init.mp4", b"elst", 12, ">i", -1), "^10 360p: edit list.*-1"),
    "an edit list less": (rename("360p/init.mp4", b"edts"), "^10 360p: edit list"),
    "an init that is none": (edit("360p/init.mp4", lambda data: bytes(500)), "^10 .*360p/init.mp4"),
    "no colr": (rename("360p/init.mp4", b"colr"), "^11 360p: colr and pasp: colr"),
    "no pasp": (rename("360p/init.mp4", b"pasp"), "^11 360p: colr and pasp: pasp"),
    "a pasp of 1280:1281": (patch("360p/init.mp4", b"pasp", 0, ">I", 1280), "^11 360p: colr and pasp: pasp"),
    "HD in the colours of SD": (
        remake("360p", *VIDEO, *GOP, "-vf", "scale=1280:720,setparams=colorspace=smpte170m:color_trc=bt709"),
        "^11 360p: colr and pasp: colr says",
    ),
    "4:4:4": (remake("234p", *VIDEO[:-4], *SMALL, *GOP, "-pix_fmt", "yuv444p"), "^11 234p: pictures"),
    "level 5.1": (remake("234p", *VIDEO, *SMALL, *GOP, "-level", "5.1"), "^11 234p: level: 5.1"),
    "no I-frame variant": (text("master.m3u8", "^#EXT-X-I-FRAME-STREAM-INF.*416x234.*\n", ""), "^12 234p.*416x234"),
    "an I-frame cut off": (text("360p/iframes.m3u8", r"BYTERANGE:(\d+)\d@", r"BYTERANGE:\1@"), "^12 360p, I-frame 1"),
    "an I-frame beyond the end": (text("360p/iframes.m3u8", r"@\d+", f"@{10**30}"), "^12 360p, I-frame 1.*within"),
    "an I-frame without moof": (text("360p/iframes.m3u8", r"@(\d+)", "@900"), "^12 360p, I-frame 1.*moof"),
    "two frames for an I-frame": (
        text("360p/iframes.m3u8", r"BYTERANGE:\d+@", "BYTERANGE:90000@"),
        "^12 360p, I-frame",
    ),
    "an I-frame that is none": (plain("360p/00002.m4s", 0), "^12 360p, I-frame 2"),
    "I-frames of another": (text("360p/iframes.m3u8", "^00002.m4s", "../234p/00002.m4s"), "^12 360p, I-frame 2"),
    "no I-FRAMES-ONLY": (text("360p/iframes.m3u8", "^#EXT-X-I-FRAMES-ONLY\n", ""), "^12 360p.*I-FRAMES-ONLY"),
    "BANDWIDTH of I-frames": (
        text("master.m3u8", "I-FRAME-STREAM-INF:BANDWIDTH=", "I-FRAME-STREAM-INF:BANDWIDTH=9"),
        "^12 360p.*BANDWIDTH",
    ),
    # 13: the MPD
    "MPD without minBufferTime": (text("manifest.mpd", r' minBufferTime="\w+"', ""), "^13 .*minBufferTime"),
    "MPD of another duration": (text("manifest.mpd", "PT8.000S", "PT8.100S"), "^13 .*duration: 8.100"),
    "MPD of another bandwidth": (
        text("manifest.mpd", 'bandwidth="(\\d{5,})"', r'bandwidth="1\1"'),
        "^13 MPD 360p: bandw",
    ),
    "MPD of other codecs": (text("manifest.mpd", 'codecs="avc1.64001E"', 'codecs="avc1.64001F"'), "^13 MPD 360p: desc"),
    "MPD of another frame rate": (text("manifest.mpd", ' frameRate="25"', ' frameRate="24"'), "^13 MPD 360p: desc"),
    "MPD of another size": (text("manifest.mpd", ' width="640"', ' width="642"'), "^13 MPD 360p: desc"),
    "MPD of another timeline": (text("manifest.mpd", r'<S t="0" d="76', '<S t="0" d="77'), "^13 MPD 360p.*timeline"),
    "MPD with a segment less": (text("manifest.mpd", r'<S d="\d+" />', ""), "^13 MPD 360p.*files"),
    "MPD of other files": (text("manifest.mpd", r"360p/\$", "234p/$"), "^13 MPD 360p: files"),
    "MPD without a rendition": (
        text("manifest.mpd", r'<Representation id="234p"(.|\n)*?</Representation>', ""),
        "^13 234p: files",
    ),
    "MPD of captions that are not there": (text("manifest.mpd", "captions/", "caption/"), "^1 .*/caption/.*mpd names"),
    "MPD with an entity": (text("manifest.mpd", r"\?>\n", '?>\n<!DOCTYPE a [<!ENTITY b "c">]>'), "^1 .*document type"),
    # 14, 16, 25
    "moov last": (mp4(), "^14 .*moov"),
    "an MP4 that starts late": (mp4("-movflags", "faststart", "-output_ts_offset", "0.5"), "^14 .*start"),
    "a shorter MP4": (mp4("-movflags", "faststart", "-t", "6"), "^14 .*duration"),
    "a cut MP4": (edit("video.mp4", lambda data: data[: len(data) // 2]), "^14 .*video.mp4"),
    "no MP4": (remove("video.mp4"), "^14 MP4"),
    "another source": (record("source.duration_ms", 12_000), "^14 .*duration.*12000"),
    "quiet sound": (remake("audio", *SOUND, "-af", "volume=-6dB"), "^16 audio: -2"),
    "clipping sound": (remake("audio", *SOUND, "-af", "volume=20dB"), "^16 audio: .*dBTP"),
    "no word on loudness": (record("loudness", None), "^16 loudness"),
    "a storyboard with a gap": (text("storyboard.vtt", "^00:00:02.000 -->", "00:00:02.500 -->"), "^25 .*2000 was due"),
    "a storyboard that ends early": (text("storyboard.vtt", r"--> 00:00:08.000", "--> 00:00:07.000"), "^25 .*ends at"),
    "a storyboard out of bounds": (text("storyboard.vtt", "xywh=192,0", "xywh=99192,0"), "^25 .*outside"),
    "a storyboard of no places": (text("storyboard.vtt", "#xywh=0,", "#xy=0,"), "^1 .*storyboard.vtt.*xywh"),
}


def test_what_was_published_passes(copy: Any) -> None:
    """A version as it was published has no finding that fails, and something was found for every rule."""
    report = copy.verify()
    assert not report.failures
    assert {each.rule for each in report.findings} == {*map(str, range(1, 15)), "16", "25"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, broken: Callable[[Fault], Sequence[str]]) -> None:
    """Each fault is found, and by its rule."""
    fault, expected = FAULTS[name]
    failures = broken(fault)
    assert any(re.search(expected, line) for line in failures), failures


def test_silence_keeps_its_level(copy: Any) -> None:
    """A record that says the level was kept is not judged by it."""
    copy.set("loudness.target_lufs", None)
    finding = next(each for each in copy.verify().findings if each.rule == "16")
    assert finding.ok
    assert "kept as it came" in finding.detail


@pytest.mark.parametrize("data", [b"", b"{", b"[1, 2]", b'{"hls": 1, "mp4": "../../x", "renditions": 3}', bytes(99)])
def test_a_record_that_is_none_is_a_finding(copy: Any, data: bytes) -> None:
    """Whatever stands where the record should be, the answer is a report."""
    (copy.site / copy.key).write_bytes(data)
    assert "1" in {each.rule for each in copy.verify().failures}


def test_bytes_are_as_good_as_files(copy: Any) -> None:
    """Publishing has some of its objects in memory only."""
    import asyncio

    from votd.media.verify.verify import verify

    key, files = copy.key, copy.files()
    mixed = {name: path.read_bytes() if path.suffix in {".m3u8", ".mpd"} else path for name, path in files.items()}
    assert asyncio.run(verify(mixed, key, ffmpeg=copy.ffmpeg)) == copy.verify()


def test_a_report_is_plain_data(copy: Any) -> None:
    """What ``--json`` prints can be read by programs."""
    from votd.flows.verify import as_json

    remove("360p/00002.m4s")(copy)
    answer = json.loads(as_json(copy.verify()))
    assert answer["ok"] is False
    assert {"rule", "subject", "ok", "detail"} == set(answer["findings"][0])
