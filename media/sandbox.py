"""Put bubblewrap around a child that reads strangers' bytes, where the machine lets us.

Inside there is no network, no other process and none of our environment; of the files there are the system's
programs and libraries, Python's, this package's, and what a ``Confined`` names. No ``/proc`` either: nothing that we
run needs it, and many containers forbid a new one. Where ``bwrap`` is missing, or user namespaces are (most
containers), a child runs without: the kernel's limits and ffmpeg's own whitelists hold all the same.
Measured: 8 ms for each start.
"""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
"""Of the environment; a store's credentials stand there too."""
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/opt", "/nix/store", "/etc/ld.so.cache", "/etc/alternatives")
_OURS = (sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parent))
_TRIAL_S = 10
_NAMESPACE = ("unshare", "--user", "--map-current-user", "--pid", "--fork", "--kill-child=KILL", "--")
"""bwrap 0.8's child waits for its parent before it asks to die with it: killed in these milliseconds, one leaves the
other behind for ever. In a process namespace around both, the kernel ends whatever is left with the first of them."""


@dataclass(frozen=True, slots=True)
class Confined:
    """The files and folders that a child may read, and those that it may write too; absolute, and there already."""

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()


def around(argv: Sequence[str], confined: Confined) -> list[str]:
    """Return what must stand before a command to confine it; nothing where the machine cannot."""
    if not works():
        return []
    tool = Path(shutil.which(argv[0]) or argv[0]).absolute()
    tools = () if any(tool.is_relative_to(folder) for folder in (*_SYSTEM, *_OURS)) else (tool,)
    # In this order: what may be written can lie below what may be read, and both below /tmp.
    return [*_base(), *_binds("--ro-bind", (*tools, *confined.reads)), *_binds("--bind", confined.writes), "--"]


@functools.cache
def works() -> bool:
    """Try once whether a sandbox can be had here in which our own modules run."""
    if not shutil.which("bwrap") or not shutil.which("unshare"):
        return False
    trial = [*_base(), "--", sys.executable, "-P", "-c", "import votd.media"]
    try:
        tried = subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TRIAL_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def _base() -> list[str]:
    kept = [word for name in KEPT if name in os.environ for word in ("--setenv", name, os.environ[name])]
    return [
        *_NAMESPACE,
        *("bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv", *kept),
        *("--tmpfs", "/tmp", "--dev", "/dev", "--chdir", "/"),  # noqa: S108 - the sandbox's own
        *_binds("--ro-bind-try", (*_SYSTEM, *_OURS)),
    ]


def _binds(how: str, paths: Sequence[Path | str]) -> list[str]:
    return [word for path in paths for word in (how, str(path), str(path))]
