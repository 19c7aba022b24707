"""The command lines, compared whole."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from votd.media.model import AudioStream, Ladder, MediaInfo, Rendition, Rung, VideoStream
from votd.media.video.graph import audio_args, encode_args, frame_count

RATE = Fraction(30000, 1001)
LADDER = Ladder("test", "veryfast", 60, 2000, 3, 128_000, (Rung(720, 23, 3_000_000), Rung(360, 24, 700_000)))
BOTH = (Rendition("720p", 1280, 720, RATE, 23, 3_000_000), Rendition("360p", 640, 360, RATE, 24, 700_000))
VIDEO = VideoStream(0, "h264", 1280, 720, Fraction(1), 0, RATE, 360, 360, 12_012, "yuv420p", False)
SOUND = AudioStream(1, "aac", 48_000, 2, "en", 12_000)
INFO = MediaInfo("mov,mp4", 1, 12_012, 12_012, 2, None, VIDEO, (SOUND,))

SAFE = [
    *("-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mxf"),
    *("-max_pixels", "35389440", "-protocol_whitelist", "file"),
]


def encode(info: MediaInfo, renditions: tuple[Rendition, ...], to: str = "/w/out") -> list[str]:
    """Return the encode's command with 4 threads."""
    return encode_args("ffmpeg", Path("/w/in.mp4"), info, renditions, LADDER, to=Path(to), threads=4)


def graph(info: MediaInfo, renditions: tuple[Rendition, ...] = BOTH) -> list[str]:
    """Return the encode's filters."""
    arguments = encode(info, renditions)
    return arguments[arguments.index("-filter_complex") + 1].split(";")


def test_audio_pass() -> None:
    """Extract speech and loudness in one chain, without the video."""
    assert audio_args("ffmpeg", Path("/w/-i %d.mp4"), INFO, Path("/w/a.wav")) == [
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


def test_encode() -> None:
    """Decode once into two renditions, the sound, the MP4 and the poster."""
    assert encode(INFO, BOTH) == [
        *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1"),
        *("-loglevel", "warning", "-filter_complex_threads", "4"),
        *SAFE,
        *("-reinit_filter:v", "0", "-threads", "4", "-i", "file:/w/in.mp4"),
        "-filter_complex",
        "[0:0]fps=fps=30000/1001:start_time=0[s0];"
        "[s0]setparams=colorspace=bt709[s1];"
        "[s1]scale=1280:720:out_color_matrix=bt709:out_range=tv:reset_sar=1[s2];"
        "[s2]format=yuv420p[s3];"
        "[s3]setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv[s4];"
        "[s4]split=2[s5][s6];"
        "[s5]split=2[s7][s8];"
        "[s8]scale=640:360:reset_sar=1[s9];"
        "[0:1]aresample=48000:async=1:first_pts=0[s10];"
        "[s10]aformat=channel_layouts=stereo[s11];"
        "[s11]apad=whole_len=576512[s12];"
        "[s12]atrim=end_sample=576512[s13];"
        "[s6]select=gte(n\\,120)[s14];"
        "[s14]scale=out_color_matrix=bt601:out_range=pc[s15]",
        *("-map", "[s7]", "-map", "[s9]", "-map", "[s13]", "-f", "tee"),
        *("-b:a", "128000", "-bf", "2", "-bufsize:v:0", "4500000", "-bufsize:v:1", "1050000"),
        *("-c:a", "aac", "-c:v", "libx264", "-crf:v:0", "23", "-crf:v:1", "24"),
        *("-flags:a", "+global_header", "-flags:v", "+cgop+global_header", "-g", "60", "-keyint_min", "60"),
        *("-map_chapters", "-1", "-map_metadata", "-1", "-maxrate:v:0", "3000000", "-maxrate:v:1", "700000"),
        *("-preset", "veryfast", "-profile:v", "high", "-sc_threshold", "0", "-threads", "4"),
        "[select=0:f=dash:seg_duration=6.006000:init_seg_name=720p/init.mp4"
        ":media_seg_name=720p/$Number%05d$.m4s]file:/w/out/720p.mpd|"
        "[select=1:f=dash:seg_duration=6.006000:init_seg_name=360p/init.mp4"
        ":media_seg_name=360p/$Number%05d$.m4s]file:/w/out/360p.mpd|"
        "[select=2:use_timeline=0:f=dash:seg_duration=6.006000:init_seg_name=audio/init.mp4"
        ":media_seg_name=audio/$Number%05d$.m4s]file:/w/out/audio.mpd|"
        "[select=0,2:f=mp4:movflags=+faststart]file:/w/out/video.mp4",
        *("-map", "[s15]", "-f", "image2", "-c:v", "mjpeg", "-fps_mode", "passthrough", "-frames:v", "1"),
        *("-map_metadata", "-1", "-q:v", "3", "-update", "1", "file:/w/out/poster.jpg"),
    ]


def test_no_sound_and_one_rendition() -> None:
    """Ask for no audio track where there is none, and split no more than needed."""
    arguments = encode(replace(INFO, audio=()), BOTH[1:])
    assert not [argument for argument in arguments if argument in ("-c:a", "-b:a", "-flags:a")]
    assert next(each for each in arguments if each.startswith("[select")) == (
        "[select=0:f=dash:seg_duration=6.006000:init_seg_name=360p/init.mp4"
        ":media_seg_name=360p/$Number%05d$.m4s]file:/w/out/360p.mpd|"
        "[select=0:f=mp4:movflags=+faststart]file:/w/out/video.mp4"
    )
    assert sum("split" in each for each in graph(replace(INFO, audio=()), BOTH[1:])) == 1


def test_longer_sound_holds_the_last_picture() -> None:
    """Repeat the last frame up to the end of longer audio, and cut the audio there."""
    longer = replace(INFO, available_ms=14_000, audio=(replace(SOUND, duration_ms=14_000),))
    assert frame_count(longer, RATE) == 419
    filters = graph(longer)
    assert "[s0]tpad=stop=59:stop_mode=clone[s1]" in filters
    assert "[s1]trim=end_frame=419[s2]" in filters
    assert any("atrim=end_sample=670720" in each for each in filters)


@pytest.mark.parametrize(
    ("height", "tagged", "assumed"),
    [(720, None, "bt709"), (576, None, "smpte170m"), (720, "bt2020nc", None), (576, "bt709", None)],
)
def test_untagged_colour(height: int, tagged: str | None, assumed: str | None) -> None:
    """Assume what television does for untagged pictures: BT.709 for HD, BT.601 below; believe tags."""
    info = replace(INFO, video=replace(VIDEO, height=height, color_space=tagged))
    assumptions = [each for each in graph(info) if "setparams=colorspace=" in each]
    assert assumptions == ([f"[s0]setparams=colorspace={assumed}[s1]"] if assumed else [])


def test_tee_cannot_misread_a_folder() -> None:
    """Escape what separates tee's branches, and leave the poster's path as it is."""
    arguments = encode(INFO, BOTH, "/w/it's 5%|[x]:\\y")
    assert "file:/w/it\\'s 5%\\|[x]:\\\\y/video.mp4" in next(each for each in arguments if each.startswith("[select"))
    assert arguments[-1] == "file:/w/it's 5%|[x]:\\y/poster.jpg"
