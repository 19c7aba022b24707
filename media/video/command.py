"""What every ffmpeg command line of ours has in common. Pure.

ffmpeg-python builds the graph and compiles it to arguments, no more: it cannot bound what it runs.
"""

from pathlib import Path
from typing import Any

import ffmpeg as fp

# A playlist or list named .mp4 makes ffmpeg open other files and addresses: containers only, and only the named file.
SAFE_INPUT = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mxf",
    "max_pixels": 8192 * 4320,  # bounds the memory of a stream that grows after its header
}


def source_input(source: Path, **options: Any) -> Any:
    """Return a stranger's file as an input that can reach nothing else."""
    return fp.input(f"file:{source}", **options, **SAFE_INPUT)


def compiled(output: Any, ffmpeg: str, *options: str) -> list[str]:
    """Return the argument list of a graph; ffmpeg tells its progress on its standard output."""
    before = [ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1", *options]
    return [str(argument) for argument in fp.compile(output, cmd=before)]
