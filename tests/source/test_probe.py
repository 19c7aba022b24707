"""What a probe tells about real files, and what it never does."""

import asyncio
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from votd.media.errors import RejectedSource
from votd.media.model import Gops, MediaInfo, VideoStream
from votd.media.source.ingest import ingest
from votd.media.source.judge import judge
from votd.media.source.probe import probe

Maker = Callable[..., Path]


@pytest.fixture(scope="session")
def remux(ffmpeg: str, make_clip: Maker) -> Maker:
    """Return a maker of copies of a four-second clip with other wrappings: options before and after the input."""

    def make(name: str, before: tuple[str, ...] = (), after: tuple[str, ...] = ("-c", "copy")) -> Path:
        clip = make_clip("probe-base.mp4")
        path = clip.with_name(name)
        if not path.exists():
            head = [ffmpeg, "-nostdin", "-v", "error", *before, "-i", str(clip)]
            subprocess.run([*head, *after, str(path)], check=True)
        return path

    return make


def seen(file: Path) -> MediaInfo:
    """Probe a file that must pass the judge."""
    info = asyncio.run(probe(file))
    judge(info)
    return info


def picture(file: Path) -> VideoStream:
    """Return the video stream of a file that must have one."""
    video = seen(file).video
    assert video is not None
    return video


def half(file: Path) -> Path:
    """Return the first half of a file, as a broken copy leaves it."""
    cut = file.with_name(f"half-{file.name}")
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return cut


def refusal(file: Path, folder: Path) -> str:
    """Take a file in as a publish does, and return the sentence that refuses it."""
    with pytest.raises(RejectedSource) as refused:
        ingest(file, folder / "copy")
        judge(asyncio.run(probe(folder / "copy")))
    text = str(refused.value)
    assert text.endswith(".")
    assert text.isprintable()
    assert str(folder) not in text
    return text


# --- what it tells ---------------------------------------------------------------------------------


def test_a_plain_clip(make_clip: Maker) -> None:
    """Give every fact of a clip that we know."""
    file = make_clip("probe-base.mp4")
    info = seen(file)
    assert info == MediaInfo(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        size=file.stat().st_size,
        duration_ms=4000,
        available_ms=4000,
        streams=2,
        title=None,
        video=VideoStream(
            index=0,
            codec="h264",
            width=320,
            height=180,
            sample_aspect_ratio=Fraction(1),
            rotation=0,
            frame_rate=Fraction(25),
            frames=100,
            declared_frames=100,
            duration_ms=4000,
            pixel_format="yuv420p",
            encrypted=False,
            profile="Constrained Baseline",
            level=12,
            longest_picture_ms=40,
            progressive=True,
            gops=Gops(100, 628_822),
        ),
        audio=info.audio,
    )
    (sound,) = info.audio
    assert (sound.index, sound.codec, sound.sample_rate, sound.channels) == (1, "aac", 48_000, 1)
    assert (sound.language, sound.duration_ms) == (None, 4000)


@pytest.mark.parametrize(
    ("anticlockwise", "clockwise", "suffix"),
    [("90", 270, "mp4"), ("180", 180, "mp4"), ("270", 90, "mp4"), ("90", 270, "mov"), ("270", 90, "mkv")],
)
def test_rotation(anticlockwise: str, clockwise: int, suffix: str, remux: Maker) -> None:
    """Read the display matrix, in clockwise degrees."""
    file = remux(f"turned-{anticlockwise}.{suffix}", before=("-display_rotation", anticlockwise))
    assert picture(file).rotation == clockwise


def test_sample_aspect_ratio(make_clip: Maker) -> None:
    """Read the shape of a pixel."""
    video = picture(make_clip("sar.mp4", seconds=1, size="352x288", extra_out=["-vf", "setsar=16/11"]))
    assert (video.width, video.height, video.sample_aspect_ratio) == (352, 288, Fraction(16, 11))


@pytest.mark.parametrize(
    ("rate", "suffix"),
    [
        ("24000/1001", "mp4"),
        ("24000/1001", "mkv"),
        ("24", "mkv"),
        ("30000/1001", "mp4"),
        ("30000/1001", "ts"),
        ("30000/1001", "avi"),
        ("60000/1001", "mkv"),
    ],
)
def test_constant_rates(rate: str, suffix: str, make_clip: Maker) -> None:
    """Tell 23.976 from 24 even where times are whole milliseconds."""
    file = make_clip(f"rate-{rate.replace('/', '-')}.{suffix}", seconds=1, size="64x64", rate=rate, audio=False)
    assert picture(file).frame_rate == Fraction(rate)


def test_variable_rate(make_clip: Maker) -> None:
    """Give a variable rate the one that it has mostly: three seconds at 30 frames/s, then three at 10."""
    thinned = ["-vf", "select='not(mod(n,3))+lt(n,90)'", "-fps_mode", "vfr"]
    video = picture(make_clip("vfr.mp4", seconds=6, rate="30", audio=False, extra_out=thinned))
    assert (video.frames, video.frame_rate, video.longest_picture_ms) == (120, 30, 100)


def test_a_still_stretch(make_clip: Maker) -> None:
    """Keep the motion of what stands still for most of its time, and say for how long."""
    stopped = ["-vf", "select='lt(n,50)+gt(n,450)'", "-fps_mode", "vfr"]
    video = picture(make_clip("still.mp4", seconds=20, audio=False, extra_out=stopped))
    assert (video.frame_rate, video.longest_picture_ms) == (25, 16_080)


def test_audio_languages_title_and_colour(make_clip: Maker) -> None:
    """Give both sounds with their languages, a short title and the tagged matrix."""
    file = make_clip(
        "tags.mp4",
        seconds=1,
        extra_in=["-f", "lavfi", "-i", "sine=frequency=220:sample_rate=8000:duration=1"],
        extra_out=[
            *["-map", "0", "-map", "1", "-map", "2", "-metadata:s:a:0", "language=mkd", "-metadata:s:a:1"],
            *["language=alb", "-metadata", "title=" + "<script>\n" * 200, "-vf", "setparams=colorspace=bt709"],
        ],
    )
    info = seen(file)
    assert [(sound.language, sound.channels) for sound in info.audio] == [("mk", 1), ("sq", 1)]
    assert info.title is not None
    assert info.title.startswith("<script> <script>")
    assert len(info.title) == 300
    assert info.video is not None
    assert info.video.color_space == "bt709"


def test_one_frame(make_clip: Maker) -> None:
    """Accept a video of a single frame."""
    video = picture(make_clip("one.mp4", audio=False, extra_out=["-frames:v", "1"]))
    assert (video.frames, video.frame_rate) == (1, Fraction(25))


def test_a_cut_without_new_encoding_is_whole(remux: Maker) -> None:
    """Accept an MP4 whose edit list hides frames before the cut."""
    assert seen(remux("trimmed.mp4", before=("-ss", "1.3"))).available_ms > 2000


def test_times_that_wrap_are_unwrapped(remux: Maker) -> None:
    """Follow a transport stream over the end of its 33-bit clock, after 26.5 hours."""
    info = seen(remux("wrap.ts", after=("-c", "copy", "-output_ts_offset", "95442")))
    assert 3900 < info.available_ms < 4200


@pytest.mark.parametrize("after", [("-movflags", "frag_keyframe+empty_moov"), ("-f", "matroska", "-live", "1")])
def test_files_without_a_declared_length(after: tuple[str, ...], remux: Maker) -> None:
    """Accept what a recorder writes as it goes."""
    assert abs(seen(remux(f"live-{len(after)}.mp4", after=("-c", "copy", *after))).available_ms - 4000) < 100


# --- what is refused -------------------------------------------------------------------------------


def test_a_text_is_no_video(tmp_path: Path) -> None:
    """Refuse a text whatever its name says."""
    (tmp_path / "clip.mp4").write_text("This is no video.\n" * 100)
    assert "is not a video that can be read" in refusal(tmp_path / "clip.mp4", tmp_path)


def test_no_moov(remux: Maker, tmp_path: Path) -> None:
    """Say that an MP4 whose index stood at its end is cut off."""
    assert "its index (moov) is missing" in refusal(half(remux("late-moov.mp4")), tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("fast.mp4", ["-movflags", "+faststart"]),
        ("cut.mkv", []),
        ("cut.avi", []),
    ],
)
def test_half_a_file(name: str, options: list[str], make_clip: Maker, tmp_path: Path) -> None:
    """Say how much of a file is there, though its header promises all."""
    text = refusal(half(make_clip(name, seconds=8, extra_out=options)), tmp_path)
    assert text.endswith("of 8 s are in the file: it looks cut off. Export it again.")


def test_a_cut_picture_with_whole_sound(make_clip: Maker, tmp_path: Path) -> None:
    """Notice missing frames where the sound, which stands first in the file, is whole."""
    both = tmp_path / "both.mp4"
    layout = {"movflags": "+faststart", "max_interleave_delta": "1"}
    with av.open(str(make_clip("probe-base.mp4"))) as clip, av.open(str(both), "w", options=layout) as to:
        copies = {stream.index: to.add_stream_from_template(stream) for stream in clip.streams}
        packets = [packet for packet in clip.demux() if packet.size]
        for packet in sorted(packets, key=lambda packet: packet.stream.type):  # audio, then video
            packet.stream = copies[packet.stream.index]
            to.mux(packet)
    assert "of 4 s are in the file: it looks cut off" in refusal(half(both), tmp_path)


@pytest.mark.parametrize("suffix", ["m4a", "mp3", "wav"])
def test_sound_alone(suffix: str, remux: Maker, tmp_path: Path) -> None:
    """Refuse an audio file, named for what it is or as a video."""
    text = refusal(remux(f"sound.{suffix}", after=("-vn",)), tmp_path)
    assert "sound but no picture" in text or f"of the format {suffix}" in text


def test_a_cover_is_no_video(ffmpeg: str, remux: Maker, tmp_path: Path) -> None:
    """Refuse a sound file with a picture attached."""
    cover, both = remux("cover.png", after=("-frames:v", "1", "-update", "1")), tmp_path / "both.mp4"
    command = [ffmpeg, "-v", "error", "-i", str(remux("sound.m4a", after=("-vn",))), "-i", str(cover), "-map", "0"]
    subprocess.run([*command, "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", str(both)], check=True)
    assert "sound but no picture" in refusal(both, tmp_path)


def test_encrypted(remux: Maker, tmp_path: Path) -> None:
    """Refuse common encryption (CENC)."""
    key = ("-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")
    file = remux("cenc.mp4", after=("-c", "copy", "-encryption_scheme", "cenc-aes-ctr", *key))
    assert "encrypted" in refusal(file, tmp_path)


def test_two_frames_ten_hours_apart(make_clip: Maker, tmp_path: Path) -> None:
    """Refuse a small file that would become a million frames."""
    apart = ["-vf", "setpts=N*36000/TB", "-fps_mode", "vfr", "-frames:v", "2"]
    assert "10.0 hours" in refusal(make_clip("apart.mp4", audio=False, extra_out=apart), tmp_path)


def test_too_many_streams(remux: Maker, tmp_path: Path) -> None:
    """Refuse streams beyond the limit, and far beyond it."""
    for number in (100, 400):
        file = remux(f"many-{number}.mp4", after=("-c", "copy", "-t", "0.1", "-map", "0:v", *["-map", "0:a"] * number))
        assert "streams, and at most 64" in refusal(file, tmp_path) if number == 100 else refusal(file, tmp_path)
        (tmp_path / "copy").unlink()


# --- what it never does ----------------------------------------------------------------------------

PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "dash": (
        '<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY x SYSTEM "{target}">]>'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S" '
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="1" bandwidth="1000"><BaseURL>{target}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    ),
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=&x;\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 33\na={target}\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8"])
def test_a_playlist_opens_no_other_file(kind: str, name: str, tmp_path: Path) -> None:
    """Refuse a playlist without opening the file that it names: a pipe, whose other end would notice."""
    other = tmp_path / "other.ts"
    (tmp_path / name).write_text(PLAYLISTS[kind].format(target=other.name))
    opened = pipe_is_opened(other)
    with pytest.raises(RejectedSource):
        asyncio.run(probe(tmp_path / name))
    assert not opened.is_set()
    other.open("rb").close()  # lets the writer go, and shows that it would have noticed
    assert opened.wait(10)


def pipe_is_opened(path: Path) -> threading.Event:
    """Make a pipe and return an event that is set once somebody opens it to read."""
    opened = threading.Event()
    os.mkfifo(path)

    def wait() -> None:
        path.open("wb").close()
        opened.set()

    threading.Thread(target=wait, daemon=True).start()
    return opened


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_makes_no_connection(kind: str, tmp_path: Path) -> None:
    """Refuse a playlist without asking the server that it names."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/other.ts"
        (tmp_path / "list.m3u8").write_text(PLAYLISTS[kind].format(target=address))
        with pytest.raises(RejectedSource):
            asyncio.run(probe(tmp_path / "list.m3u8"))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_playlists_are_dangerous(remux: Maker, tmp_path: Path) -> None:
    """Keep the two tests above honest: without our options libav does read the other file."""
    (tmp_path / "other.ts").write_bytes(remux("other.ts").read_bytes())
    (tmp_path / "list.mp4").write_text(PLAYLISTS["ffconcat"].format(target="other.ts"))
    with av.open(str(tmp_path / "list.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


@pytest.mark.parametrize("name", ["http:x.mp4", "concat:a.mp4|b.mp4", "-i.mp4", "a%03d.mp4", "pipe:0", "a\nb.mp4"])
def test_names_are_taken_literally(name: str, make_clip: Maker, tmp_path: Path) -> None:
    """Open the file of that name, whatever libav would see in it."""
    (tmp_path / name).write_bytes(make_clip("probe-base.mp4").read_bytes())
    assert seen(tmp_path / name).duration_ms == 4000


def test_a_file_of_subtitles_alone(ffmpeg: str, tmp_path: Path) -> None:
    """Refuse a container in which there is neither picture nor sound."""
    (tmp_path / "text.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nWords.\n")
    subprocess.run([ffmpeg, "-v", "error", "-i", str(tmp_path / "text.srt"), str(tmp_path / "text.mkv")], check=True)
    assert "neither picture nor sound" in refusal(tmp_path / "text.mkv", tmp_path)
