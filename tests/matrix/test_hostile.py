"""Hostile files end as they should: one sentence, within seconds, nothing published, nothing else read or asked."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import craft
import pytest
from clips import AAC, H264, Maker, bar, flash_beep

pytestmark = pytest.mark.all
VOTD = str(Path(sys.executable).with_name("votd"))
CPU_S = 10
CALLS = "trace=open,openat,openat2,connect,sendto,sendmsg,execve,symlink,link"


@dataclass(frozen=True)
class Trap:
    """What a hostile file may try to reach: a video beside it, a folder above it, and a server on this machine."""

    make: Maker
    canary: Path
    port: int

    @property
    def address(self) -> str:
        """Return an address of the server."""
        return f"http://127.0.0.1:{self.port}/canary.ts"


Hostile = Callable[[Trap], bytes | Path]


def hls(trap: Trap) -> bytes:
    """Name another file in a playlist."""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{trap.canary.name}\n#EXT-X-ENDLIST\n".encode()


def hls_address(trap: Trap) -> bytes:
    """Name an address in a playlist."""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{trap.address}\n#EXT-X-ENDLIST\n".encode()


def ffconcat(trap: Trap) -> bytes:
    """Name another file for ffmpeg's concat demuxer."""
    return f"ffconcat version 1.0\nfile '{trap.canary.name}'\n".encode()


def mpd(trap: Trap) -> bytes:
    """Name a file as an XML entity and an address as the media."""
    return (
        f'<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY x SYSTEM "{trap.canary.as_uri()}">]>'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" '
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp2t">'
        f'<Representation id="1" bandwidth="1000"><BaseURL>{trap.address}</BaseURL><x>&x;</x></Representation>'
        "</AdaptationSet></Period></MPD>"
    ).encode()


def mpd_bomb(trap: Trap) -> bytes:
    """Let an XML entity grow to a billion laughs."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY l0 "laugh">{levels}]>'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">&l9;</MPD>'
    ).encode()


def sdp(trap: Trap) -> bytes:
    """Describe a session to be received from the network."""
    return f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {trap.port} RTP/AVP 33\n".encode()


def data_elsewhere(trap: Trap) -> bytes:
    """Keep an MP4's samples in another file."""
    return craft.elsewhere(trap.make, trap.canary.as_uri())


def data_at_an_address(trap: Trap) -> bytes:
    """Keep an MP4's samples on a server."""
    return craft.elsewhere(trap.make, trap.address)


def sparse(trap: Trap) -> Path:
    """Claim a terabyte."""
    path = trap.make.folder / "sparse.mp4"
    with path.open("wb") as file:
        file.write(craft.plain(trap.make))
        file.truncate(1 << 40)
    return path


def device(trap: Trap) -> Path:
    """Drop a device that never ends."""
    return Path("/dev/zero")


def unix_socket(trap: Trap) -> Path:
    """Drop a socket."""
    path = trap.make.folder / "s.mp4"
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have only 108 bytes
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(path.name)
    os.chdir(here)
    return path


def apart(trap: Trap) -> Path:
    """Show two frames ten hours apart."""
    late = ("-vf", "setpts=N*36000/TB", "-fps_mode", "vfr", *H264)
    return trap.make.drawn("apart.mp4", [bar(10)] * 2, pixels="gray", encode=late)


def apart_in_matroska(trap: Trap) -> Path:
    """The same where no table of samples says so."""
    late = ("-vf", "setpts=N*36000/TB", "-fps_mode", "vfr", *H264)
    return trap.make.drawn("apart.mkv", [bar(10)] * 2, pixels="gray", encode=late)


def huge(trap: Trap) -> bytes:
    """Announce 16384 × 16000 in H.264."""
    return craft.huge(trap.make)


def huge_png(trap: Trap) -> bytes:
    """Compress 30,000 × 30,000 into a few kilobytes."""
    return craft.png()


def huge_png_in_mov(trap: Trap) -> Path:
    """The same as the only frame of a MOV."""
    (trap.make.folder / "huge.png").write_bytes(craft.png(10_000))
    return trap.make("png.mov", "-i", str(trap.make.folder / "huge.png"), "-c", "copy")


def endless_samples(trap: Trap) -> bytes:
    """Claim samples of 2³¹ ticks."""
    return craft.endless_samples(trap.make)


def endless_matroska(trap: Trap) -> bytes:
    """Claim a duration of 2³¹ seconds."""
    return craft.endless_matroska(trap.make)


def racing(trap: Trap) -> bytes:
    """Claim 25,000 frames a second."""
    return craft.racing(trap.make)


def two_hundred_streams(trap: Trap) -> Path:
    """Carry two hundred sounds."""
    clip = flash_beep(trap.make, "one.mp4")
    return trap.make("many.mp4", "-i", str(clip), "-t", "0.1", "-c", "copy", "-map", "0:v", *["-map", "0:a"] * 200)


def encrypted(trap: Trap) -> Path:
    """Encrypt by Common Encryption."""
    clip, key = flash_beep(trap.make, "open.mp4"), "76a6c65c5ea762046bd749a2e632ccbb"
    cenc = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)
    return trap.make("cenc.mp4", "-i", str(clip), "-c", "copy", *cenc)


def cover(trap: Trap) -> Path:
    """Give an MP3 a cover and the name of a video."""
    clip = flash_beep(trap.make, "c.mp4")
    art = trap.make("c.jpg", "-i", str(clip), "-frames:v", "1", "-update", "1")
    both = ("-i", str(clip), "-i", str(art), "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-f", "mp3")
    return trap.make("cover.mp4", *both, "-disposition:v:0", "attached_pic")


def archive(trap: Trap) -> bytes:
    """Zip a video, as mail programs do."""
    shutil.make_archive(str(trap.make.folder / "zip"), "zip", trap.canary.parent, trap.canary.name)
    return (trap.make.folder / "zip.zip").read_bytes()


FILES: dict[Hostile, str] = {
    hls: "not a video that can be read",
    hls_address: "not a video that can be read",
    ffconcat: "of the format concat",
    mpd: "not a video that can be read",
    mpd_bomb: "not a video that can be read",
    sdp: "of the format sdp",
    sparse: "at most 107.4 GB",
    device: "is a device",
    unix_socket: "is a socket",
    apart: "10.0 hours, and at most 4",
    apart_in_matroska: "10.0 hours, and at most 4",
    huge: "16384×16000, and at most 8192×4320",
    huge_png: "of the format png",
    huge_png_in_mov: "at most 8192×4320",
    endless_samples: "hours, and at most 4",
    endless_matroska: "596523.2 hours, and at most 4",
    racing: "25000 frames/s, and at most 240",
    two_hundred_streams: "201 streams, and at most 64",
    encrypted: "encrypted",
    cover: "of the format mp3",
    archive: "not a video that can be read",
}
"""What is dropped, and what its producer reads: where a limit is broken, the limit is named."""


@dataclass(frozen=True)
class Run:
    """What came of one ``votd publish`` under strace."""

    code: int
    said: str
    cpu_s: float
    site: Path
    home: Path


@pytest.fixture
def watched(make: Maker, tmp_path: Path) -> Iterator[Callable[[Hostile], Run]]:
    """Return a runner of the command that sees each file it opens and each call it makes, and forbids all others."""
    drop = tmp_path / "drop"
    drop.mkdir()
    canary = drop / "canary.ts"
    shutil.copy(make.drawn("canary.ts", [bar(20)] * 25, pixels="gray", encode=(*H264, *AAC)), canary)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run(file: Hostile) -> Run:
            made = file(Trap(make, canary, server.getsockname()[1]))
            bad = made if isinstance(made, Path) else drop / "bad.mp4"
            if isinstance(made, bytes):
                bad.write_bytes(made)
            done = traced(bad, tmp_path)
            trace = (tmp_path / "strace.log").read_text(errors="replace")
            assert "openat(" in trace
            assert "canary" not in trace
            assert not re.findall(r"AF_INET6?\b.*", trace)
            # We list the folder ourselves, for what lies beside the video; no other file in it is opened.
            others = set(re.findall(r'open(?:at)?\([^"]*"([^"]+)"', trace)) - {str(bad), str(drop)}
            assert not [other for other in others if Path(other).is_relative_to(drop)]
            return done

        yield run
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def traced(bad: Path, folder: Path) -> Run:
    """Publish a file under strace, whose log goes into ``folder``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    strace = ["strace", "-f", "-qq", "-s", "4096", "-e", CALLS, "-e", "signal=none", "-o", str(folder / "strace.log")]
    ran = subprocess.run(
        [*strace, VOTD, "publish", str(bad), "--to", f"file:{folder / 'site'}", "--direct"],
        env=os.environ | {"VOTD_HOME": str(folder / "home"), "VOTD_MODEL": str(folder / "no model")},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{bad.name}: {cpu_s:.1f} CPU s under strace: {ran.stderr.strip()}")
    assert "Traceback" not in ran.stderr
    return Run(ran.returncode, ran.stderr, cpu_s, folder / "site", folder / "home")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__)
def test_rejected(file: Hostile, watched: Callable[[Hostile], Run]) -> None:
    """One sentence and exit code 1, under ten seconds of CPU; nothing is published, nothing left behind."""
    run = watched(file)
    assert run.code == 1, run.said
    assert re.fullmatch(r"votd: [^\n]+[.]\n", run.said), run.said
    assert FILES[file] in run.said
    assert run.cpu_s < CPU_S
    assert not [path for path in run.site.rglob("*") if path.is_file()]
    assert not list((run.home / "workspace" / "scratch").iterdir())


@pytest.mark.parametrize("file", [data_elsewhere, data_at_an_address], ids=lambda file: file.__name__)
def test_references_are_not_followed(file: Hostile, watched: Callable[[Hostile], Run]) -> None:
    """Refused, or published from the file's own bytes: what the reference names is left alone."""
    assert watched(file).code in (0, 1)


def test_a_lying_length_alone_costs_nothing(make: Maker, house: Any, tmp_path: Path) -> None:
    """Headers of an MP4 that claim 2³¹ ticks are not believed where all samples are there: it lasts its second."""
    (tmp_path / "endless.mp4").write_bytes(craft.endless(make))
    outcome = house.publish(tmp_path / "endless.mp4", model=str(tmp_path / "no model"))
    assert outcome.record.duration_ms == outcome.record.source.duration_ms == 1000


def test_the_trace_sees_what_it_must(make: Maker, tmp_path: Path) -> None:
    """Keep the tests above honest: bare ffmpeg follows a playlist, and strace shows it."""
    canary = make.drawn("canary.ts", [bar(20)] * 25, pixels="gray", encode=H264)
    (make.folder / "list.m3u8").write_bytes(hls(Trap(make, canary, 0)))
    log = tmp_path / "strace.log"
    ran = ["strace", "-f", "-qq", "-e", CALLS, "-o", str(log), make.ffmpeg, "-v", "error", "-nostdin"]
    subprocess.run([*ran, "-i", str(make.folder / "list.m3u8"), "-f", "null", "-"], check=True)
    assert "canary" in log.read_text()
