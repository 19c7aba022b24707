#!/bin/bash
# Build the image of ./Dockerfile without a container engine and try it: publish the sample, go on duty, end.
#
#   tests/image.sh [VIDEO]        VIDEO has speech; the sample if not given
#
# The base is Debian 12 as debootstrap makes it. Everything is made in a temporary folder (about 6 GB) and deleted.
set -euo pipefail
video=$(realpath "${1:-$(dirname "$0")/sample/sample.mp4}")
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ] || ! command -v buildah >/dev/null || ! command -v debootstrap >/dev/null; then
  echo "This test needs root and Debian's packages: apt-get install buildah debootstrap" >&2
  exit 1
fi

work=$(mktemp -d)
mkdir "$work/pip" "$work/ours"
duty= # the shell that waits for votd up, while it runs

b() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

child() { tr -d ' ' <"/proc/$1/task/$1/children"; }
first() { child "$(child "$duty")"; } # process 1 of its namespace, by its number out here

end() {
  if [ "$duty" ]; then kill -KILL "$(first)" || true; fi # the kernel ends the rest of the namespace
  b rm --all >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap end EXIT
trap 'exit 130' INT TERM

fail() { echo "tests/image.sh: $*" >&2; exit 1; }
step() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

# Run a command in the image's files as an engine would: its user, its environment, namespaces of its own, and a folder
# of ours as the volume. (With chroot isolation "buildah run" loses what is written to a volume.)
inside() {
  unshare --mount --pid --fork --kill-child=KILL sh -euc '
    root=$1 work=$2; shift 2
    mount --rbind /dev "$root/dev"; mount -t proc proc "$root/proc"
    mount --bind "$work/home" "$root/var/lib/votd"; mount --bind "$work/ours" "$root/mnt"
    exec chroot --userspec=10001:10001 "$root" sh -c "cd /var/lib/votd && exec \"\$@\"" - "$@"
  ' - "$root" "$work" "${user[@]}" "$@"
}

step "base: Debian 12, minbase"
debootstrap --variant=minbase bookworm "$work/base" >"$work/log" 2>&1 ||
  { tail "$work/log" >&2; fail "debootstrap failed."; }
scratch=$(b from scratch)
b add --quiet "$scratch" "$work/base" / >/dev/null
b commit --quiet --rm "$scratch" localhost/votd-base >/dev/null
rm -rf --one-file-system "$work/base"

step "image"
# What pip needs on this machine alone (an index, its certificate) is lent to the build and is in no layer.
{
  echo "[global]"
  if index=$(python3 -m pip config get global.index-url 2>/dev/null); then echo "index-url = $index"; fi
  if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$work/pip/ca.crt"
    echo "cert = /etc/xdg/pip/ca.crt"
  fi
} >"$work/pip/pip.conf"
began=$SECONDS
# --format docker: the other one knows no health check.
b build --isolation chroot --format docker --build-arg BASE=localhost/votd-base \
  --volume "$work/pip:/etc/xdg/pip:ro" --tag votd . >"$work/log" 2>&1 ||
  { tail -40 "$work/log" >&2; fail "the build failed."; }
bytes=$(b images --json votd | sed -n 's/.*"size": "\(.*\)".*/\1/p')
step "built in $((SECONDS - began)) s, $bytes"

asked() { # LIST of the image's settings, line by line
  b inspect --type image --format "{{range .Docker.Config.$1}}{{println .}}{{end}}" votd | sed '/^$/d'
}
mapfile -t environment < <(asked Env)
mapfile -t entry < <(asked Entrypoint; asked Cmd)
mapfile -t health < <(asked Healthcheck.Test)
[ "${health[0]}" = CMD ] || fail "the image has no health check."
[ "$(b inspect --type image --format '{{.Docker.Config.User}}' votd)" = 10001:10001 ] ||
  fail "the image runs as another user."
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
user=(env --ignore-environment "${environment[@]}" "VOTD_PREFECT_PORT=$port" VOTD_SETTLE_S=1)
root=$(b mount "$(b from --pull-never votd)")
install --directory --owner 10001 --group 10001 "$work/home"
inside sh -c '! [ -w /opt/votd ]' || fail "the user of the image can write to its programs."
help=$(inside votd --help)
[[ $help == *publish* ]] || fail "votd --help does not work."
if find "$root/root" "$root/tmp" "$root/source" "$root/var/lib/apt/lists" "$root/etc/xdg/pip" -type f ! -name '.*' \
  2>/dev/null | grep .; then
  fail "something of the build was left in the image."
fi

step "publish"
cp "$video" "$work/ours/whole.mp4"
# The image's own ffmpeg cuts two clips.
inside sh -c '"$(python -c "import imageio_ffmpeg as f; print(f.get_ffmpeg_exe())")" -nostdin -v error \
  -i /mnt/whole.mp4 -t 20 -c copy clip.mp4 -t 12 -c copy drop.mp4'
inside votd publish clip.mp4 --title "From the image" --language en --direct
cat >"$work/ours/published.py" <<'PYTHON'
"""Print the record that latest.json leads to; fail where its page or its captions are not there."""
import json, pathlib, sys

site = pathlib.Path("/var/lib/votd/site")
record = json.loads((site / json.loads((site / "latest.json").read_text())["record"]).read_text())
assert record["title"] == sys.argv[1], record["title"]
assert (site / record["page"]).read_text().lower().startswith("<!doctype html>")
assert record["captions"], "no captions"
assert all("-->" in (site / caption["vtt"]).read_text() for caption in record["captions"])
print(record["id"], record["version"])
PYTHON
inside python /mnt/published.py "From the image"

step "duty, as process 1"
inside "${entry[@]}" >"$work/log" 2>&1 &
duty=$!
enter() { nsenter --target "$(first)" --mount --pid -- \
  chroot --userspec=10001:10001 "$root" "${user[@]}" "$@"; }
wait_for() { # seconds, sentence, command …
  local limit=$((SECONDS + $1)) sentence=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    kill -0 "$duty" 2>/dev/null && [ "$SECONDS" -lt "$limit" ] || { tail -20 "$work/log" >&2; fail "$sentence"; }
    sleep 1
  done
}
wait_for 180 "votd up did not become healthy." enter "${health[@]:1}"
step "healthy"
mv "$work/home/drop.mp4" "$work/home/inbox/Dropped into a container.mp4"
wait_for 240 "the drop was not published." test -f "$work/home/done/Dropped into a container.mp4"
inside python /mnt/published.py "Dropped into a container"
# An orphan, such as a killed run leaves: process 1 has to reap it.
enter sh -c 'sleep 0.1 &'
sleep 1
zombies=$(enter sh -c 'grep -l "^State:.Z" /proc/[0-9]*/status || true')
[ -z "$zombies" ] || fail "dead processes were left unreaped: $zombies"
step "SIGTERM"
kill -TERM "$(first)"
limit=$((SECONDS + 10))
while kill -0 "$duty" 2>/dev/null; do
  [ "$SECONDS" -lt "$limit" ] || fail "votd up did not end within the 10 s that an engine gives it."
  sleep 0.2
done
duty=
step "done: $bytes"
