"""Both passes with the real ffmpeg, judged by other means than our own box reader."""

import asyncio
import io
import json
import shutil
import subprocess
import wave
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import m3u8
import pytest

from votd.media.errors import BadRequest, RejectedSource, ToolFailed
from votd.media.model import Encoding, Ladder, Level, Loudness, MediaInfo, Rung, Sound
from votd.media.schema import load
from votd.media.source.probe import probe
from votd.media.video import encode, listen
from votd.media.video.hls import master_playlist
from votd.media.video.logs import loudness as loudness_of
from votd.media.video.measure import measure
from votd.media.video.run import version
from votd.media.video.sound import Wanted, published

LADDER = Ladder("test", "ultrafast", 60, 1.3, 2000, 3, 64_000, (Rung(180, 28, 600_000), Rung(90, 28, 200_000)))
Clip = Callable[..., Path]


def transcode(
    source: Path,
    to: Path,
    ffmpeg: str,
    info: MediaInfo | None = None,
    told: Callable[[float], None] = lambda done: None,
) -> Encoding:
    """Probe and encode a file into the new folder ``to``, its sounds as they are."""
    to.mkdir()
    info = info or asyncio.run(probe(source))
    streams = published(info, None)
    silence = tuple(Loudness(None, None) for _ in streams)  # whose level is kept
    job = encode.transcode(
        source,
        info,
        LADDER,
        to,
        streams=streams,
        loudness=silence,
        target_lufs=-18,
        ffmpeg=ffmpeg,
        threads=2,
        progress=told,
    )
    return asyncio.run(job)


def extract(source: Path, wav: Path, ffmpeg: str, info: MediaInfo | None = None) -> Loudness:
    """Probe a file and extract its sound; return how loud it is."""
    info = info or asyncio.run(probe(source))
    job = listen.extract_audio(source, info, published(info, None), wav, ffmpeg=ffmpeg, progress=lambda done: None)
    return asyncio.run(job)[0]


def encoded(source: Path, to: Path, ffmpeg: str, target: float = -18) -> Sound:
    """Encode the only sound of a file, 6 s of it, at the target's level."""
    info = asyncio.run(probe(source))
    found = extract(source, to.with_suffix(".wav"), ffmpeg, info)
    wanted = Wanted(target, 128_000, Fraction(6))
    return asyncio.run(listen.encode_sound(source, info, info.audio[0], found, wanted, to=to, ffmpeg=ffmpeg))


def packets(folder: Path) -> list[tuple[Fraction, Fraction, bool]]:
    """Read (presentation time, length, key) of a track's packets with libav, from the bytes that a player joins."""
    data = b"".join(file.read_bytes() for file in [folder / "init.mp4", *sorted(folder.glob("*.m4s"))])
    with av.open(io.BytesIO(data)) as container:
        found = [p for p in container.demux(container.streams[0]) if p.pts is not None]
        return sorted((p.pts * p.time_base, p.duration * p.time_base, p.is_keyframe) for p in found)


@pytest.fixture(scope="session")
def made(make_clip: Clip, ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Encoding]:
    """Encode 6.5 s of 25 frames/s with sound, from and to names that ffmpeg would interpret."""
    folder = tmp_path_factory.mktemp("it's 50%d | [a]:b\\c\nd")
    source = folder / "-i %03d.mp4"
    shutil.copy(make_clip("six.mp4", seconds=6.5), source)
    return folder / "out", transcode(source, folder / "out", ffmpeg)


def test_files(made: tuple[Path, Encoding]) -> None:
    """Leave exactly what the encoding names, and its own description."""
    folder, encoding = made
    named = {f"{t.name}/{s.name}" for t in (*encoding.video, *encoding.audio) for s in t.segments}
    named |= {f"{t.name}/{name}" for t in (*encoding.video, *encoding.audio) for name in (t.init, "index.m3u8")}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    named |= {f"{track.name}/iframes.m3u8" for track in encoding.video}
    stills = {"poster.jpg", "share.jpg", "storyboard.jpg", "storyboard.vtt"}
    assert there == named | stills | {"video.mp4", "encoding.json"}
    assert load(Encoding, (folder / "encoding.json").read_bytes()) == encoding
    assert json.loads((folder / "encoding.json").read_bytes())["duration_ms"] == 6520


def test_pictures(made: tuple[Path, Encoding]) -> None:
    """Give all renditions the same frames from 0, without gaps, and a key frame every 2 s."""
    folder, encoding = made
    assert [(t.name, t.width, t.height, t.frame_rate) for t in encoding.video] == [
        ("180p", 320, 180, 25),
        ("90p", 160, 90, 25),
    ]
    for track in encoding.video:
        found = packets(folder / track.name)
        assert [time for time, _, _ in found] == [Fraction(i, 25) for i in range(163)]
        assert [time for time, _, key in found if key] == [0, 2, 4, 6]
        assert [(s.start, s.duration) for s in track.segments] == [(0, 6 * 12_800), (6 * 12_800, 6_656)]


def test_sound(made: tuple[Path, Encoding]) -> None:
    """Cut the sound where the pictures are cut, within one AAC frame, and start it at 0 behind its priming."""
    folder, encoding = made
    (track,) = encoding.audio
    assert (track.codec, track.channels, track.timescale) == ("mp4a.40.2", 2, 48_000)
    frame = 1024
    assert [round((s.start - 6 * 48_000 * i) / frame, 0) for i, s in enumerate(track.segments)] == [0, 1]
    found = packets(folder / "audio")
    assert found[0][0] == Fraction(-frame, 48_000)
    assert abs(found[-1][0] + found[-1][1] - Fraction(652, 100)) <= Fraction(frame, 48_000)


def test_colour_and_shape(made: tuple[Path, Encoding]) -> None:
    """Make 8-bit 4:2:0 with square pixels, tagged as BT.709 in the segments' own header too."""
    folder, _ = made
    with av.open(str(folder / "video.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, context.color_range) == ("yuv420p", 1)
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert container.streams.video[0].sample_aspect_ratio == 1
    data = (folder / "90p/init.mp4").read_bytes()
    assert b"colrnclx" + bytes([0, 1, 0, 1, 0, 1, 0]) in data
    assert b"pasp" + bytes([0, 0, 0, 1, 0, 0, 0, 1]) in data


def test_download(made: tuple[Path, Encoding]) -> None:
    """Make an MP4 that can start before it is there, of the same length, with picture and sound and no title."""
    folder, _ = made
    data = (folder / "video.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(io.BytesIO(data)) as container:
        assert abs(container.duration - 6_520_000) <= 40_000
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert container.streams.video[0].start_time == container.streams.audio[0].start_time == 0


def test_poster(made: tuple[Path, Encoding]) -> None:
    """Take one frame at the top rendition's size, in the colours of the video."""
    folder, _ = made
    with av.open(str(folder / "poster.jpg")) as poster, av.open(str(folder / "video.mp4")) as video:
        still = next(poster.decode(video=0)).to_ndarray(format="rgb24").astype(int)
        frames = [
            f.to_ndarray(format="rgb24").astype(int) for f in video.decode(video=0) if f.pts * f.time_base % 2 == 0
        ]
        assert still.shape == (180, 320, 3)
        assert len(frames) == 4
        assert min(abs(still - frame).mean() for frame in frames) < 6


def test_storyboard(made: tuple[Path, Encoding]) -> None:
    """Show in each tile what the video shows at that moment, and leave the last place of no row to chance."""
    folder, _ = made
    with av.open(str(folder / "storyboard.jpg")) as image, av.open(str(folder / "video.mp4")) as video:
        sprite = next(image.decode(video=0)).to_ndarray(format="rgb24").astype(int)
        wanted = [f.reformat(width=192, height=108) for f in video.decode(video=0) if f.pts * f.time_base % 2 == 0]
    assert sprite.shape == (108, 4 * 192, 3)
    for number, frame in enumerate(wanted):
        tile = sprite[:, number * 192 : (number + 1) * 192]
        assert abs(tile - frame.to_ndarray(format="rgb24").astype(int)).mean() < 12
    with av.open(str(folder / "share.jpg")) as share:
        assert (share.streams.video[0].width, share.streams.video[0].height) == (1200, 630)


def test_shots(ffmpeg: str, tmp_path: Path) -> None:
    """Name the moment at which the picture becomes another one."""
    halves = ["-f", "lavfi", "-i", "smptebars=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=25"]
    cut = ["-filter_complex", "[1]trim=duration=2,setsar=1[b];[0]setsar=1[a];[a][b]concat", "-pix_fmt", "yuv420p"]
    clip = tmp_path / "cut.mp4"
    subprocess.run([ffmpeg, "-v", "error", *halves, *cut, clip], check=True)
    assert transcode(clip, tmp_path / "out", ffmpeg).shots == (2000,)


def compliant(ffmpeg: str, clip: Path, to: Path, *changed: str) -> Path:
    """Encode a clip as a rendition is, or nearly."""
    colour = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    rendition = ["-vf", colour, "-c:v", "libx264", "-profile:v", "high", "-pix_fmt", "yuv420p", "-g", "50", "-bf", "2"]
    rendition += ["-keyint_min", "50", "-sc_threshold", "0", "-crf", "35", "-level", "1.3", "-c:a", "copy"]
    subprocess.run([ffmpeg, "-v", "error", "-i", clip, *rendition, *changed, to], check=True)
    return to


def test_a_stream_that_complies_is_copied(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Publish the source's own packets where they are what a rendition must be, beside encodes with their cuts."""
    source = compliant(ffmpeg, make_clip("eight.mp4", seconds=8), tmp_path / "source.mp4")
    made = transcode(source, tmp_path / "out", ffmpeg)
    assert made.copied == "180p"
    assert [len(track.segments) for track in made.video] == [2, 2]
    assert packets(tmp_path / "out/180p") == packets(tmp_path / "out/90p")
    with av.open(str(source)) as container:
        sent = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data = b"".join((tmp_path / "out/180p" / name).read_bytes() for name in ("init.mp4", "00001.m4s", "00002.m4s"))
    with av.open(io.BytesIO(data)) as container:
        assert [bytes(packet) for packet in container.demux(video=0) if packet.size] == sent


@pytest.mark.parametrize(
    "changed",
    [
        ("-profile:v", "baseline", "-bf", "0"),
        ("-pix_fmt", "yuv422p", "-profile:v", "high422"),
        ("-g", "75", "-keyint_min", "75"),
        ("-x264opts", "open-gop=1"),
        ("-vf", "null"),
        ("-vf", "setsar=4/3,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"),
        ("-crf", "1"),
        ("-level", "4.0"),
        ("-level", "1.2"),
        ("-t", "5", "-af", "apad=whole_dur=7", "-c:a", "aac"),
    ],
    ids=[
        "profile",
        "pixels",
        "distance",
        "open",
        "colour",
        "shape",
        "rate",
        "level",
        "too low a level",
        "shorter than its sound",
    ],
)
def test_a_stream_that_does_not_is_encoded(
    make_clip: Clip, ffmpeg: str, tmp_path: Path, changed: tuple[str, ...]
) -> None:
    """Encode what a player could stumble over beside the other renditions."""
    source = compliant(ffmpeg, make_clip("eight.mp4", seconds=8), tmp_path / "source.mp4", *changed)
    if changed[0] == "-t":
        audio = ["-i", source, "-f", "lavfi", "-i", "sine=d=7", "-map", "0:v", "-map", "1:a", "-c:v", "copy"]
        source = tmp_path / "longer.mp4"
        subprocess.run([ffmpeg, "-v", "error", *audio, source], check=True)
    assert transcode(source, tmp_path / "out", ffmpeg).copied is None


def test_playlists(made: tuple[Path, Encoding]) -> None:
    """Write playlists that another reader understands, of files that are there."""
    folder, encoding = made
    master = m3u8.loads(master_playlist(encoding, "", []))
    assert len(master.playlists) == 2
    for uri in [*(each.uri for each in master.playlists), *(each.uri for each in master.media)]:
        playlist = m3u8.load(str(folder / uri))
        assert playlist.is_endlist and playlist.target_duration == 6
        assert abs(sum(segment.duration for segment in playlist.segments) - 6.52) < 0.03
        assert all((folder / uri).with_name(segment.uri).is_file() for segment in playlist.segments)


def test_ntsc(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Keep 30000/1001 exact: three GOPs of 60 frames are 6.006 s."""
    made = transcode(make_clip("ntsc.mp4", seconds=7, rate="30000/1001"), tmp_path / "out", ffmpeg)
    assert [track.frame_rate for track in made.video] == [Fraction(30000, 1001)] * 2
    assert [(s.start, s.duration) for s in made.video[1].segments] == [(0, 180_180), (180_180, 30_030)]
    assert len(made.audio[0].segments) == 2


def test_whole_segments_leave_no_scrap_of_sound(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Make one segment of sound for one of video, though AAC's priming makes the sound longer."""
    made = transcode(make_clip("even.mp4", seconds=6), tmp_path / "out", ffmpeg)
    assert [len(track.segments) for track in (*made.video, *made.audio)] == [1, 1, 1]


def test_portrait_without_sound(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Encode portrait upright and promise no sound that is not there."""
    clip = make_clip("portrait.mp4", seconds=2, size="180x320", audio=False)
    made = transcode(clip, tmp_path / "out", ffmpeg)
    assert [(t.name, t.width, t.height) for t in made.video] == [("180p", 180, 320), ("90p", 90, 160)]
    assert made.audio == ()
    assert not (tmp_path / "out/audio").exists()


def test_rotated(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Turn what a telephone held upright, once."""
    turned = tmp_path / "turned.mp4"
    clip = make_clip("short.mp4", seconds=1)
    subprocess.run([ffmpeg, "-v", "error", "-display_rotation", "90", "-i", clip, "-c", "copy", turned], check=True)
    made = transcode(turned, tmp_path / "out", ffmpeg)
    assert [(t.width, t.height) for t in made.video] == [(180, 320), (90, 160)]
    with av.open(str(tmp_path / "out/video.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (180, 320, 0)


def test_longer_sound(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Hold the last picture while the sound goes on for 2 s."""
    extra = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4")
    clip = make_clip("longer.mp4", seconds=2, audio=False, extra_in=extra)
    made = transcode(clip, tmp_path / "out", ffmpeg)
    assert made.duration_ms == 4000
    assert abs(packets(tmp_path / "out/audio")[-1][0] - 4) < Fraction(1, 20)


@pytest.mark.parametrize("late", ["picture", "sound"])
def test_late_start(make_clip: Clip, ffmpeg: str, tmp_path: Path, late: str) -> None:
    """Start both at 0, without an edit list that delays one of them, where the source starts one late."""
    clip, source = make_clip("four.mp4", seconds=4), tmp_path / "late.mkv"
    delayed = ["-itsoffset", "1.5", "-i", clip]
    inputs = [*delayed, "-i", clip] if late == "picture" else ["-i", clip, *delayed]
    maps = ["-map", "0:v", "-map", "1:a", "-c", "copy"]
    subprocess.run([ffmpeg, "-v", "error", *inputs, *maps, source], check=True)
    made = transcode(source, tmp_path / "out", ffmpeg)
    assert made.duration_ms == pytest.approx(5500, abs=80)
    assert packets(tmp_path / "out/180p")[0][0] == 0
    assert packets(tmp_path / "out/audio")[0][0] == Fraction(-1024, 48_000)


def test_half_a_file(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Refuse a file that declares more than can be decoded, and say how much."""
    whole = make_clip("faststart.mp4", seconds=8, extra_out=("-movflags", "+faststart"))
    half = tmp_path / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(RejectedSource, match=r"^Only [34] of 8 s could be decoded: .* Export it again\.$"):
        transcode(half, tmp_path / "out", ffmpeg, asyncio.run(probe(whole)))


def test_nothing_to_decode(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Refuse a file whose media data is all zeros, in both passes."""
    whole = make_clip("faststart.mp4", seconds=8, extra_out=("-movflags", "+faststart"))
    data = whole.read_bytes()
    start = data.index(b"mdat") + 4
    bad = tmp_path / "zeros.mp4"
    bad.write_bytes(data[:start] + bytes(len(data) - start))
    info = asyncio.run(probe(whole))
    with pytest.raises(RejectedSource, match="Export it again"):
        transcode(bad, tmp_path / "out", ffmpeg, info)
    with pytest.raises(RejectedSource, match="Export it again"):
        extract(bad, tmp_path / "a.wav", ffmpeg, info)


def test_playlist_in_disguise(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Read no other file, though a list named .mp4 asks for it."""
    clip = make_clip("four.mp4", seconds=4)
    info = asyncio.run(probe(clip))
    for i, text in enumerate(
        [f"ffconcat version 1.0\nfile '{clip}'\n", f"#EXTM3U\n#EXTINF:4,\n{clip}\n#EXT-X-ENDLIST\n"]
    ):
        source = tmp_path / f"{i}.mp4"
        source.write_text(text)
        with pytest.raises(RejectedSource):
            transcode(source, tmp_path / f"out{i}", ffmpeg, info)
        with pytest.raises(RejectedSource):
            extract(source, tmp_path / "a.wav", ffmpeg, info)
    assert not [*tmp_path.rglob("*.m4s")]


def test_no_room(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Refuse to start what the disk cannot hold, and say the figures."""
    clip = make_clip("four.mp4", seconds=4)
    huge = replace(asyncio.run(probe(clip)), duration_ms=10**13)
    with pytest.raises(ToolFailed, match=r"may need [\d,]+ MB and the disk has [\d,]+ MB free"):
        transcode(clip, tmp_path / "out", ffmpeg, huge)


def test_a_picture_that_stands_for_minutes(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Refuse what would have to be repeated in memory, with the figures."""
    clip = make_clip("four.mp4", seconds=4)
    info = asyncio.run(probe(clip))
    assert info.video is not None
    still = replace(info, video=replace(info.video, longest_picture_ms=3_600_000))
    with pytest.raises(RejectedSource, match=r"stands for 3600 s, and at most \d+ s can be filled"):
        transcode(clip, tmp_path / "out", ffmpeg, still)


def test_progress(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Tell how far the encode is, up to the end."""
    clip = make_clip("six.mp4", seconds=6.5)
    told: list[float] = []
    transcode(clip, tmp_path / "out", ffmpeg, told=told.append)
    assert told == sorted(told)
    assert told[-1] > 0.95


def empty(file: Path) -> None:
    """Do what a full disk does."""
    file.write_bytes(b"")


def cut(file: Path) -> None:
    """Lose the last byte."""
    file.write_bytes(file.read_bytes()[:-1])


def swap(file: Path) -> None:
    """Put the next segment in this one's place."""
    shutil.copy(file.with_name("00002.m4s"), file)


@pytest.mark.parametrize(
    ("name", "harm", "reason"),
    [
        ("180p/00001.m4s", empty, "is empty"),
        ("180p/00002.m4s", cut, "is cut off"),
        ("180p/00001.m4s", Path.unlink, "one is missing"),
        ("180p/00001.m4s", swap, "starts at tick 76800, and the one before it ends at 0"),
        ("180p/init.mp4", cut, "is cut off"),
        ("180p/init.mp4", Path.unlink, "did not write"),
    ],
)
def test_measured_harm(
    made: tuple[Path, Encoding], tmp_path: Path, name: str, harm: Callable[[Path], None], reason: str
) -> None:
    """Find in the bytes what the exit code does not tell."""
    shutil.copytree(made[0], tmp_path / "copy")
    harm(tmp_path / "copy" / name)
    with pytest.raises(ToolFailed, match=reason):
        measure(tmp_path / "copy", "180p")


def test_measured_empty_edit(made: tuple[Path, Encoding], tmp_path: Path) -> None:
    """Refuse a track that an empty edit delays."""
    shutil.copytree(made[0], tmp_path / "copy")
    file = tmp_path / "copy/audio/init.mp4"
    data = bytearray(file.read_bytes())
    at = data.index(b"elst") + 16
    data[at : at + 4] = b"\xff\xff\xff\xff"
    file.write_bytes(data)
    with pytest.raises(ToolFailed, match="edit list"):
        measure(tmp_path / "copy", "audio")


def test_measured_key_frame(made: tuple[Path, Encoding], tmp_path: Path) -> None:
    """Refuse a segment whose first picture needs others."""
    shutil.copytree(made[0], tmp_path / "copy")
    file = tmp_path / "copy/90p/00002.m4s"
    data = bytearray(file.read_bytes())
    at = data.index(b"trun")
    assert data[at + 7] == 5  # data offset and first sample's flags stand before the table
    data[at + 16 : at + 20] = bytes.fromhex("01010000")
    file.write_bytes(data)
    with pytest.raises(ToolFailed, match="does not begin with a key frame"):
        measure(tmp_path / "copy", "90p")


def test_speech_wav(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Write 16 kHz mono as long as the source, and measure EBU R128: lavfi's sine has an amplitude of 1/8."""
    loudness = extract(make_clip("four.mp4", seconds=4), tmp_path / "a.wav", ffmpeg)
    assert loudness.integrated_lufs == pytest.approx(-21.8, abs=0.5)
    assert loudness.true_peak_dbtp == pytest.approx(-20, abs=2)
    with wave.open(str(tmp_path / "a.wav")) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (16_000, 1, 2)
        assert wav.getnframes() / 16_000 == pytest.approx(4, abs=0.05)


def test_silence(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Give silence no loudness."""
    quiet = ("-f", "lavfi", "-i", "anullsrc=channel_layout=mono:sample_rate=8000")
    clip = make_clip("silent.mp4", seconds=2, audio=False, extra_in=quiet, extra_out=("-t", "2"))
    assert extract(clip, tmp_path / "a.wav", ffmpeg) == Loudness(None, None)


SOUNDS = {
    "tone": "sine=frequency=440:sample_rate=48000:duration=6",
    "clicks": "aevalsrc='0.02*sin(2*PI*300*t)+0.9*lt(mod(t\\,2)\\,0.002)':s=48000:d=6",
    "white noise": "anoisesrc=color=white:amplitude=0.9:seed=1:r=48000:d=6",
    "violet noise": "anoisesrc=color=violet:amplitude=0.5:seed=1:r=48000:d=6",
    "bursts": "anoisesrc=color=white:amplitude=0.9:seed=1:r=48000:d=6,volume='lt(mod(t,0.5),0.05)':eval=frame",
}


@pytest.mark.parametrize("kind", SOUNDS)
def test_loudness(make_clip: Clip, ffmpeg: str, tmp_path: Path, kind: str) -> None:
    """Bring every sound to the target, peaks under the limit, as measured in what was encoded."""
    clip = make_clip("sound.mkv", seconds=6, audio=False, extra_in=("-f", "lavfi", "-i", SOUNDS[kind]))
    made = encoded(clip, tmp_path / "a.m4a", ffmpeg)
    log = subprocess.run(
        [
            ffmpeg,
            "-hide_banner",
            "-i",
            tmp_path / "a.m4a",
            "-af",
            "ebur128=peak=true:framelog=quiet",
            "-f",
            "null",
            "-",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert loudness_of(log) == made.result
    if made.level.target_lufs is not None:
        assert made.result.integrated_lufs == pytest.approx(-18, abs=0.4)
        assert made.result.true_peak_dbtp is not None and made.result.true_peak_dbtp <= -1
    assert (kind == "violet noise") or made.level.target_lufs == -18


def test_a_very_short_sound_keeps_its_level(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Leave alone what is too short to be measured."""
    made = encoded(make_clip("two.mp4", seconds=2), tmp_path / "a.m4a", ffmpeg)
    assert made.level == Level(0.0, None, None)


def test_no_sound(make_clip: Clip, ffmpeg: str, tmp_path: Path) -> None:
    """Say that there is nothing to extract."""
    clip = make_clip("portrait.mp4", seconds=2, size="180x320", audio=False)
    with pytest.raises(BadRequest, match="no sound"):
        extract(clip, tmp_path / "a.wav", ffmpeg)


def test_version(ffmpeg: str) -> None:
    """Name the ffmpeg that made an encode, or say that there is none."""
    assert version(ffmpeg)[:2] in {"n9", "9."}
    with pytest.raises(BadRequest, match="not installed"):
        version("/nowhere/ffmpeg")
