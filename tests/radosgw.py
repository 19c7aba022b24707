"""Run a real S3 server for tests: one Ceph monitor, one OSD and radosgw, on loopback only.

    python tests/radosgw.py

prints one JSON line (``endpoint``, ``access_key``, ``secret_key``) once the server answers, and keeps it up until
its standard input ends (Ctrl-D, or the death of whoever started it) or it is told to stop. Then every daemon is
ended by its process id and the state is deleted. Takes about 250 MB of memory; no container, no root, no mgr.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

PACKAGES = "radosgw ceph-mon ceph-osd ceph-common"
TOOLS = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool")
START_S = 120.0

# Without these radosgw asks for replicas, cephx keys and class permissions that one test machine has no use for.
CONFIG = """
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{mon_port}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
run dir = {folder}
admin socket =
log file = {folder}/$name.log
crash dir = {folder}
mon allow pool size one = true
mon data avail crit = 1
mon max pg per osd = 2000
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd crush update on start = false
osd class update on start = false
osd class load list = *
osd class default list = *
osd objectstore = {objectstore}
bluestore cache autotune = false
bluestore cache size = 67108864
bluestore block size = 4294967296
memstore device bytes = 4294967296
mon data = {folder}/mon
osd data = {folder}/osd
[client.rgw]
rgw data = {folder}/rgw
keyring = {folder}/none
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw enable usage log = false
rgw thread pool size = 32
"""


class NotStarted(Exception):
    """Say why there is no server, and what to do."""


class Cluster:
    """The daemons of one server, as our own children in the foreground: nothing to look for when they must end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "ceph.conf"
        self.daemons: list[subprocess.Popen[bytes]] = []

    def tool(self, name: str, *args: str) -> bool:
        """Run a tool to its end and say whether it went well; what it prints goes into the log."""
        with (self.folder / "tools.log").open("ab") as log:
            argv = [name, "-c", str(self.config), *args]
            done = subprocess.run(argv, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=60)
            return done.returncode == 0

    def start(self, name: str, *args: str) -> None:
        """Start a daemon that the kernel kills if we die without a chance to."""
        with (self.folder / "daemons.log").open("ab") as log:
            argv = ["setpriv", "--pdeathsig", "KILL", name, "-c", str(self.config), "-f", *args]
            self.daemons.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def wait(self, what: str, ready: Callable[[], bool]) -> None:
        """Ask again and again, until it is ready, one of the daemons is gone or the time is up."""
        end = time.monotonic() + START_S
        while not ready():
            if time.monotonic() > end or any(daemon.poll() is not None for daemon in self.daemons):
                raise NotStarted(f"{what} did not start.\n{self.logs()}")
            time.sleep(0.1)

    def logs(self) -> str:
        """Return the last lines of everything, for whoever must find out why."""
        tails = (path.read_text(errors="replace")[-1500:] for path in sorted(self.folder.glob("*.log")))
        return "\n".join(tails)

    def stop(self) -> None:
        """End the daemons, the gateway first, each by its process id."""
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


@contextlib.contextmanager
def gateway(objectstore: str = "memstore") -> Iterator[dict[str, str]]:
    """Start a server; give its endpoint and the keys of its one user; take everything away at the end."""
    missing = [name for name in TOOLS if not shutil.which(name)]
    if missing:
        raise NotStarted(f"{', '.join(missing)} not found. Run: apt-get install --no-install-recommends {PACKAGES}")
    # Not pytest's folder: its long names would break the limit for addresses of Unix sockets.
    folder = Path(tempfile.mkdtemp(prefix="rgw-"))
    cluster = Cluster(folder)
    try:
        yield _start(cluster, objectstore)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _start(cluster: Cluster, objectstore: str) -> dict[str, str]:
    port, mon_port = _free_ports(2)
    for name in ("mon", "osd", "rgw"):
        (cluster.folder / name).mkdir()
    values = {"fsid": uuid.uuid4(), "folder": cluster.folder, "objectstore": objectstore}
    cluster.config.write_text(CONFIG.format(port=port, mon_port=mon_port, **values))
    _start_monitor(cluster, str(values["fsid"]), mon_port)
    _start_storage(cluster)
    return _start_gateway(cluster, f"http://127.0.0.1:{port}")


def _start_monitor(cluster: Cluster, fsid: str, port: int) -> None:
    monmap = str(cluster.folder / "monmap")
    made = cluster.tool("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v1:127.0.0.1:{port}]", monmap)
    if not made or not cluster.tool("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap):
        raise NotStarted(f"The monitor could not be made.\n{cluster.logs()}")
    cluster.start("ceph-mon", "-i", "a")
    cluster.wait("The monitor", lambda: cluster.tool("ceph", "--connect-timeout", "5", "status"))


def _start_storage(cluster: Cluster) -> None:
    osd = str(uuid.uuid4())
    steps = [
        ("ceph", "osd", "new", osd),
        ("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd),
        ("ceph", "osd", "crush", "add", "osd.0", "1", "root=default", "host=here"),
    ]
    for step in steps:
        if not cluster.tool(*step):
            raise NotStarted(f"{' '.join(step)} failed.\n{cluster.logs()}")
    # Without waiting for it: the gateway's own start waits until it can write.
    cluster.start("ceph-osd", "-i", "0")


def _start_gateway(cluster: Cluster, endpoint: str) -> dict[str, str]:
    cluster.start("radosgw", "-n", "client.rgw")
    cluster.wait("The gateway", lambda: _answers(endpoint))
    # Not secret: they open an empty server on loopback that lives for one test run.
    keys = {"access_key": "TESTACCESSKEY", "secret_key": "only-for-a-test-on-loopback"}
    user = ["user", "create", "--uid", "test", "--display-name", "test"]
    secrets = ["--access-key", keys["access_key"], "--secret-key", keys["secret_key"]]
    if not cluster.tool("radosgw-admin", "-n", "client.rgw", *user, *secrets):
        raise NotStarted(f"The user could not be made.\n{cluster.logs()}")
    return {"endpoint": endpoint, **keys}


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(endpoint, timeout=5):
            return True
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    """Keep a server up until standard input ends."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        with gateway(*sys.argv[1:]) as server, contextlib.suppress(KeyboardInterrupt):
            print(json.dumps(server), flush=True)
            while os.read(sys.stdin.fileno(), 4096):
                pass
    except NotStarted as e:
        sys.exit(str(e))


if __name__ == "__main__":
    main()
