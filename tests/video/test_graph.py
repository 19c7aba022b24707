"""The command lines, compared whole."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from votd.media.model import AudioStream, Gops, Ladder, Level, MediaInfo, Rendition, Rung, VideoStream
from votd.media.video.graph import encode_args
from votd.media.video.ladder import frame_count, shift_ms
from votd.media.video.sound import AS_IT_CAME, Wanted, aac_args, listen_args, published

RATE = Fraction(30000, 1001)
LADDER = Ladder("test", "veryfast", 60, 1.3, 2000, 3, 128_000, (Rung(720, 23, 3_000_000), Rung(360, 24, 700_000)))
BOTH = (Rendition("720p", 1280, 720, RATE, 23, 3_000_000), Rendition("360p", 640, 360, RATE, 24, 700_000))
VIDEO = VideoStream(
    *(0, "h264", 1280, 720, Fraction(1), 0, RATE, 360, 360, 12_012, "yuv420p", False),
    profile="High",
    level=31,
    progressive=True,
)
SOUND = AudioStream(1, "aac", 48_000, 2, "en", 12_000)
INFO = MediaInfo("mov,mp4", 1, 12_012, 12_012, 2, None, VIDEO, (SOUND,))

WANTED = Wanted(-18.0, 128_000, Fraction(12012, 1000))

SAFE = [
    *("-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mxf"),
    *("-max_pixels", "35389440", "-protocol_whitelist", "file"),
]


def encode(info: MediaInfo, renditions: tuple[Rendition, ...], to: str = "/w/out") -> list[str]:
    """Return the encode's command with 4 threads."""
    sounds = [Path(f"/w/{number}.m4a") for number, _ in enumerate(info.audio)]
    return encode_args("ffmpeg", Path("/w/in.mp4"), info, renditions, LADDER, sounds=sounds, to=Path(to), threads=4)


def graph(info: MediaInfo, renditions: tuple[Rendition, ...] = BOTH) -> list[str]:
    """Return the encode's filters."""
    arguments = encode(info, renditions)
    return arguments[arguments.index("-filter_complex") + 1].split(";")


def test_audio_pass() -> None:
    """Extract speech and loudness in one chain, without the video."""
    assert listen_args("ffmpeg", Path("/w/-i %d.mp4"), 1, 0, Path("/w/a.wav")) == [
        *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1", "-loglevel", "info"),
        *SAFE,
        *("-vn", "-i", "file:/w/-i %d.mp4"),
        "-filter_complex",
        "[0:1]aresample=48000:async=1:first_pts=0[s0];"
        "[s0]aformat=channel_layouts=stereo[s1];"
        "[s1]ebur128=framelog=quiet:peak=true[s2];"
        "[s2]aresample=16000[s3];"
        "[s3]aformat=channel_layouts=mono:sample_fmts=s16[s4]",
        *("-map", "[s4]", "-f", "wav", "-map_metadata", "-1", "file:/w/a.wav"),
    ]


def sound_filters(level: Level, shift_ms: int = 0) -> list[str]:
    """Return the filters of a sound's encode."""
    arguments = aac_args("ffmpeg", Path("/w/in.mp4"), 1, level, WANTED, shift_ms=shift_ms, to=Path("/w/a.m4a"))
    assert arguments[-1] == "file:/w/a.m4a"
    return arguments[arguments.index("-filter_complex") + 1].split(";")


def test_sound() -> None:
    """Encode a sound as it came: from 0, stereo, as long as the pictures."""
    assert sound_filters(AS_IT_CAME) == [
        "[0:1]aresample=48000:async=1:first_pts=0[s0]",
        "[s0]aformat=channel_layouts=stereo[s1]",
        "[s1]apad=whole_len=576512[s2]",
        "[s2]atrim=end_sample=576512[s3]",
    ]


def test_limited_sound() -> None:
    """Raise a sound and limit it at four times the rate, where the peaks between samples show."""
    assert sound_filters(Level(5.0, -2.0, -18.0))[2:6] == [
        "[s1]volume=5.0dB:precision=float[s2]",
        "[s2]aresample=192000[s3]",
        "[s3]alimiter=attack=5:latency=1:level=disabled:limit=0.7943:release=50[s4]",
        "[s4]aresample=48000[s5]",
    ]


@pytest.mark.parametrize(
    ("container", "picture_ms", "sound_ms", "shifts"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", 0, 0, (0, 0)),
        ("mov,mp4,m4a,3gp,3g2,mj2", 900, 0, (0, 0)),
        ("matroska,webm", 21, 0, (-21, -21)),
        ("mpegts", 21, 0, (0, -21)),
        ("mpegts", 0, 900, (0, 900)),
        ("mpegts", 900, 0, (900, 0)),
    ],
)
def test_the_clock_of_all(container: str, picture_ms: int, sound_ms: int, shifts: tuple[int, int]) -> None:
    """Keep picture and sound together, though each pass reads one of them and MPEG-TS forgets where it stood."""
    info = replace(INFO, container=container, video=replace(VIDEO, start_ms=picture_ms))
    assert (shift_ms(info, picture_ms), shift_ms(info, sound_ms)) == shifts


@pytest.mark.parametrize(
    ("languages", "declared", "published_as"),
    [
        ((None,), None, (0,)),
        (("en", "mk"), None, (0, 1)),
        (("en", "mk"), "mk", (1, 0)),
        (("en", "mk-Latn"), "mk", (1, 0)),
        ((None, "mk"), "mk", (1, 0)),
        ((None, None, "mk", "mk"), None, (0, 2)),
        (("en", "en", "mk"), "sr", (0, 2)),
    ],
)
def test_which_sounds(languages: tuple[str | None, ...], declared: str | None, published_as: tuple[int, ...]) -> None:
    """Publish one sound of each language, and the declared one first."""
    info = replace(INFO, audio=tuple(replace(SOUND, index=i, language=each) for i, each in enumerate(languages)))
    assert tuple(stream.index for stream in published(info, declared)) == published_as


def test_wide_colours() -> None:
    """Convert primaries wider than television's, not only the matrix."""
    video = replace(VIDEO, color_primaries="smpte432", color_space="bt709")
    filters = graph(replace(INFO, video=video))
    assert any("setparams=color_trc=bt709" in each for each in filters)
    assert any("zscale=m=bt709:p=bt709:r=tv:t=bt709" in each for each in filters)


def test_shifted_sound() -> None:
    """Move a sound on the clock before its gaps are filled."""
    assert sound_filters(AS_IT_CAME, -21)[0] == "[0:1]asetpts=PTS+(-21/1000/TB)[s0]"


def test_encode() -> None:
    """Decode once into two renditions, the sound, the MP4 and the stills."""
    assert encode(INFO, BOTH) == [
        *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1"),
        *("-loglevel", "level+warning", "-filter_complex_threads", "4"),
        *SAFE,
        *("-reinit_filter:v", "0", "-threads", "4", "-i", "file:/w/in.mp4"),
        *SAFE,
        *("-i", "file:/w/0.m4a"),
        "-filter_complex",
        "[0:0]fps=fps=30000/1001:start_time=0[s0];"
        "[s0]tpad=stop=30:stop_mode=clone[s1];"
        "[s1]trim=end_frame=360[s2];"
        "[s2]setparams=colorspace=bt709[s3];"
        "[s3]scale=1280:720:out_color_matrix=bt709:out_range=tv:reset_sar=1[s4];"
        "[s4]setsar=1[s5];"
        "[s5]format=yuv420p[s6];"
        "[s6]setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv[s7];"
        "[s7]split=2[s8][s9];"
        "[s8]split=2[s10][s11];"
        "[s11]scale=640:360:reset_sar=1[s12];"
        "[s12]setsar=1[s13];"
        "[s13]split=2[s14][s15];"
        "[s9]select=not(mod(n\\,60))[s16];"
        "[s16]scale=out_color_matrix=bt601:out_range=pc[s17];"
        "[s17]format=yuvj420p[s18];"
        "[s15]scdet=threshold=10[s19];"
        "[s19]metadata=file=/w/out/shots.txt:key=lavfi.scd.time:mode=print[s20];"
        "[s20]select=not(mod(n\\,60))[s21];"
        "[s21]signalstats[s22];"
        "[s22]blurdetect[s23];"
        "[s23]metadata=file=/w/out/scores.txt:mode=print[s24];"
        "[s24]scale=192:108[s25];"
        "[s25]scale=out_color_matrix=bt601:out_range=pc[s26];"
        "[s26]format=yuvj420p[s27]",
        *("-map", "[s10]", "-map", "[s14]", "-map", "1:a", "-f", "tee"),
        *("-bf", "2", "-bufsize:v:0", "4500000", "-bufsize:v:1", "1050000"),
        *("-c:a", "copy", "-c:v", "libx264", "-crf:v:0", "23", "-crf:v:1", "24"),
        *("-flags:v", "+cgop+global_header", "-g", "60", "-keyint_min", "60"),
        *("-map_chapters", "-1", "-map_metadata", "-1", "-maxrate:v:0", "3000000", "-maxrate:v:1", "700000"),
        *("-preset", "veryfast", "-profile:v:0", "high", "-profile:v:1", "high"),
        *("-sc_threshold", "0", "-threads", "4"),
        "[select=0:f=dash:seg_duration=6.006000:init_seg_name=720p/init.mp4"
        ":media_seg_name=720p/$Number%05d$.m4s]file:/w/out/720p.mpd|"
        "[select=1:f=dash:seg_duration=6.006000:init_seg_name=360p/init.mp4"
        ":media_seg_name=360p/$Number%05d$.m4s]file:/w/out/360p.mpd|"
        "[select=2:use_timeline=0:f=dash:seg_duration=6.006000:init_seg_name=audio/init.mp4"
        ":media_seg_name=audio/$Number%05d$.m4s]file:/w/out/audio.mpd|"
        "[select=0,2:f=mp4:movflags=+faststart]file:/w/out/video.mp4",
        *("-map", "[s18]", "-f", "image2", "-c:v", "mjpeg", "-fps_mode", "passthrough", "-map_metadata", "-1"),
        *("-q:v", "3", "file:/w/out/candidate-%05d.jpg"),
        *("-map", "[s27]", "-f", "image2", "-c:v", "mjpeg", "-fps_mode", "passthrough", "-map_metadata", "-1"),
        *("-q:v", "3", "file:/w/out/thumbnail-%05d.jpg"),
    ]


def test_two_languages() -> None:
    """Give each sound its own segments, and the MP4 the first one."""
    second = replace(SOUND, index=2, language="mk")
    arguments = encode(replace(INFO, audio=(SOUND, second)), BOTH)
    branches = next(each for each in arguments if each.startswith("[select")).split("|")
    assert branches[3].startswith(
        "[select=3:use_timeline=0:f=dash:seg_duration=6.006000:init_seg_name=audio-2/init.mp4"
    )
    assert branches[4] == "[select=0,2:f=mp4:movflags=+faststart]file:/w/out/video.mp4"


def test_copy() -> None:
    """Send a compliant top rendition through as it is, and go on decoding for the others."""
    colour = dict.fromkeys(("color_space", "color_primaries", "color_transfer"), "bt709")
    video = replace(VIDEO, **colour, color_range="tv", gops=Gops(60, 2_000_000))
    arguments = encode(replace(INFO, video=video), BOTH)
    assert arguments[arguments.index("-map") + 1] == "0:0"
    assert arguments[arguments.index("-c:v:0") + 1] == "copy"
    assert [each for each in arguments if each.startswith(("-crf", "-profile"))] == ["-crf:v:1", "-profile:v:1"]


@pytest.mark.parametrize("progressive", [True, False, None])
def test_interlaced(progressive: bool | None) -> None:
    """Deinterlace before anything else what says that it is, or does not say."""
    filters = graph(replace(INFO, video=replace(VIDEO, progressive=progressive)))
    wanted = [] if progressive else ["[0:0]bwdif=deint=interlaced:mode=send_frame[s0]"]
    assert [each for each in filters if "bwdif" in each] == wanted


@pytest.mark.parametrize(
    ("transfer", "nits", "peak"),
    [("smpte2084", None, 4.926), ("smpte2084", 4000, 19.704), ("arib-std-b67", None, 4.926)],
)
def test_tone_mapping(transfer: str, nits: int | None, peak: float) -> None:
    """Scale HDR down, then map it to SDR, and leave its side data behind."""
    colour = {"color_space": "bt2020nc", "color_primaries": "bt2020", "color_transfer": transfer}
    video = replace(VIDEO, **colour, peak_nits=nits, pixel_format="yuv420p10le")
    names = [each.partition("]")[2].rpartition("[")[0] for each in graph(replace(INFO, video=video))]
    exact = "agamma=0:" if transfer == "arib-std-b67" else ""
    assert names[3:12] == [
        "scale=1280:720:reset_sar=1",
        "setsar=1",
        f"zscale={exact}npl=203:p=bt709:t=linear",
        "format=gbrpf32le",
        f"tonemap=mobius:desat=0:peak={peak}",
        "zscale=m=bt709:r=tv:t=bt709",
        "format=yuv420p",
        "sidedata=mode=delete:type=MASTERING_DISPLAY_METADATA",
        "sidedata=mode=delete:type=CONTENT_LIGHT_LEVEL",
    ]


def test_no_sound_and_one_rendition() -> None:
    """Ask for no audio track where there is none, and split no more than needed."""
    arguments = encode(replace(INFO, audio=()), BOTH[1:])
    assert "-c:a" not in arguments
    assert next(each for each in arguments if each.startswith("[select")) == (
        "[select=0:f=dash:seg_duration=6.006000:init_seg_name=360p/init.mp4"
        ":media_seg_name=360p/$Number%05d$.m4s]file:/w/out/360p.mpd|"
        "[select=0:f=mp4:movflags=+faststart]file:/w/out/video.mp4"
    )
    assert sum("split" in each for each in graph(replace(INFO, audio=()), BOTH[1:])) == 2


def test_longer_sound_holds_the_last_picture() -> None:
    """Repeat the last frame up to the end of longer audio, and cut the audio there."""
    longer = replace(INFO, available_ms=14_000, audio=(replace(SOUND, duration_ms=14_000),))
    assert frame_count(longer, RATE) == 419
    filters = graph(longer)
    assert "[s0]tpad=stop=89:stop_mode=clone[s1]" in filters
    assert "[s1]trim=end_frame=419[s2]" in filters


@pytest.mark.parametrize(
    ("height", "tagged", "assumed"),
    [(720, None, "bt709"), (576, None, "smpte170m"), (720, "bt2020nc", None), (576, "bt709", None)],
)
def test_untagged_colour(height: int, tagged: str | None, assumed: str | None) -> None:
    """Assume what television does for untagged pictures: BT.709 for HD, BT.601 below; believe tags."""
    info = replace(INFO, video=replace(VIDEO, height=height, color_space=tagged))
    assumptions = [each for each in graph(info) if "setparams=colorspace=" in each]
    assert assumptions == ([f"[s2]setparams=colorspace={assumed}[s3]"] if assumed else [])


def test_tee_cannot_misread_a_folder() -> None:
    """Escape what separates tee's branches, and what would count in the names of pictures."""
    arguments = encode(INFO, BOTH, "/w/it's 5%|[x]:\\y")
    assert "file:/w/it\\'s 5%\\|[x]:\\\\y/video.mp4" in next(each for each in arguments if each.startswith("[select"))
    assert arguments[-1] == "file:/w/it's 5%%|[x]:\\y/thumbnail-%05d.jpg"
