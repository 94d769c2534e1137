#!/bin/bash
# boot_test.sh PACKAGE.deb - makes a new Debian 12, installs the package there with
# apt, starts it with systemd in a container and lets the unit prove itself. Needs
# root, the packages debootstrap and systemd-container, and Debian's archive.
# Leaves nothing behind.
set -euo pipefail
package=$(realpath "$1")
cd "$(dirname "$0")"
work=$(mktemp -d)
root=$work/root
pids=()

say() { printf '%-52s %s\n' "$1" "$2"; }
must() { if "${@:2}"; then say "$1" ok; else say "$1" FAILED; show; exit 1; fi; }
not() { ! "$@"; }
quiet() { "$@" >/dev/null 2>&1; }
show() { inside journalctl -u caad -n 20 --no-pager || true; }

cleanup() {
    umount "$root/proc" "$root" 2>/dev/null || true
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait || true
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

for program in debootstrap systemd-nspawn nsenter pgrep; do
    command -v $program >/dev/null || { echo "needs $program" >&2; exit 2; }
done

# inside COMMAND...: runs it in the container.
inside() { nsenter -t "$init" -m -u -i -p -C -r -w -- "$@"; }
# is FIELD VALUE: what systemd says of the unit.
is() { [ "$(inside systemctl show caad -p "$1" --value)" = "$2" ]; }
ready() { inside caactl --json health 2>/dev/null | grep -q '"status":"SERVING","parts"'; }
# soon COMMAND...: true as soon as the command is, within 10 s.
soon() { for _ in $(seq 100); do if "$@"; then return; fi; sleep 0.1; done; return 1; }

/usr/bin/python3 lab/lab.py up --dir "$work/lab" > "$work/lab.out" 2>&1 &
pids+=($!)

quiet debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus bookworm "$root"
say "a new Debian $(cat "$root/etc/debian_version")" ok
mount --bind "$root" "$root" && mount -t proc proc "$root/proc"
cp "$package" "$root/root/caad.deb"
must "apt finds all that the package depends on" quiet chroot "$root" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends /root/caad.deb
umount "$root/proc" && umount "$root"

# On the host's loopback, where the lab's resolver is.
systemd-nspawn -q -b -D "$root" --machine=caad-boot-test --register=no --keep-unit \
    --console=passive < /dev/null > "$work/console" 2>&1 &
nspawn=$!
pids+=("$nspawn")
init=
for _ in $(seq 100); do init=$(pgrep -P "$nspawn") && break; sleep 0.1; done
booted() { inside systemctl is-system-running 2>/dev/null | grep -Eq 'running|degraded'; }
must "it boots" soon booted

must "installed: not started, not enabled" is UnitFileState disabled
resolver=$(grep -o 'CAAD_LAB_RESOLVER=[0-9.:]*' "$work/lab.out" | cut -d= -f2)
sed -i "s/servers: .*/servers: [\"$resolver\"]/" "$root/etc/caad/caad.yaml"
must "systemctl enable --now" quiet inside systemctl enable --now caad
must "active, and only when it can decide" ready
must "its status says so" not is StatusText ""
check() { inside caactl --json check "$1"; }
must "answers: permitted" grep -q '"verdict":"PERMITTED"' <(check www.example.test)
must "answers: denied" grep -q '"verdict":"DENIED"' <(check forbid.policy.test)
main_pid() { inside systemctl show caad -p MainPID --value; }
status() { inside cat "/proc/$(main_pid)/status"; }
must "no privilege is left to it" grep -Eq '^CapEff:.0+$' <(status)
must "its system calls are filtered" grep -Eq '^Seccomp:.2$' <(status)

first=$(main_pid)
must "reload: a good file" quiet inside systemctl reload caad
cp "$root/etc/caad/caad.yaml" "$work/good.yaml"
echo "no_such_key: 1" >> "$root/etc/caad/caad.yaml"
must "reload: a wrong file is refused" not quiet inside systemctl reload caad
must "reload: the same daemon goes on" test "$(main_pid)" = "$first"
must "and answers" ready

dpkg-deb -R "$package" "$work/newer"
sed -i 's/^Version: .*/&+next/' "$work/newer/DEBIAN/control"
dpkg-deb -b "$work/newer" "$root/root/newer.deb" >/dev/null
must "an upgrade that rejects the file succeeds" quiet inside dpkg -i --force-confold /root/newer.deb
must "and leaves the daemon running" test "$(main_pid)" = "$first"
cp "$work/good.yaml" "$root/etc/caad/caad.yaml"
must "an upgrade" quiet inside dpkg -i --force-confold /root/newer.deb
must "restarts the daemon" test "$(main_pid)" != "$first"
must "which answers" soon ready

inside systemctl kill --signal KILL caad
again() { ! is NRestarts 0 && ready; }
must "killed, it comes back by itself" soon again
sleep 35
must "its watchdog of 30 s is content" is NRestarts 1
must "nothing was denied to it" not grep -Eq 'Permission denied|Operation not permitted|SIGSYS' \
    <(inside journalctl -u caad --no-pager)

host_pid=$(pgrep -x caad --ns "$init" --nslist pid)
must "removed" quiet inside dpkg --remove caad
must "removed: it has ended" not test -e "/proc/$host_pid"
must "removed: nor would it start at boot" \
    not test -L "$root/etc/systemd/system/multi-user.target.wants/caad.service"
must "purged" quiet inside dpkg --purge caad
must "purged: no configuration" not test -e "$root/etc/caad"
must "purged: the audit history stays" test -e "$root/var/lib/caad/audit.db"
echo "boot_test: all ok"
