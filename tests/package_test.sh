#!/bin/bash
# package_test.sh PACKAGE.deb - installs it on this machine, starts caad as the
# unit would, upgrades, removes and purges it. Needs root, and that caad is not
# installed. Leaves nothing behind.
set -euo pipefail
package=$1
pid=

say() { printf '%-52s %s\n' "$1" "$2"; }
must() { if "${@:2}"; then say "$1" ok; else say "$1" FAILED; exit 1; fi; }
not() { ! "$@"; }
quiet() { "$@" >/dev/null; }
mode() { [ "$(stat -c '%a %U %G' "$1")" = "$2" ]; }

cleanup() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    dpkg --purge caad >/dev/null 2>&1 || true
    rm -rf /var/lib/caad /run/caad /etc/caad
    userdel caad 2>/dev/null || true
    groupdel caad 2>/dev/null || true
}

if dpkg-query -W caad >/dev/null 2>&1 || [ -e /etc/caad ] || [ -e /var/lib/caad ]; then
    echo "caad is installed here already" >&2
    exit 2
fi
trap cleanup EXIT
users=$(getent passwd | sort)

dpkg -i "$package" >/dev/null
must "installed: the user" quiet getent passwd caad
must "installed: /etc/caad" mode /etc/caad "750 root caad"
must "installed: /run/caad" mode /run/caad "750 caad caad"
must "installed: /var/lib/caad" mode /var/lib/caad "700 caad caad"
must "the shipped configuration is valid" quiet runuser -u caad -- \
    /usr/sbin/caad --config /etc/caad/caad.yaml --check-config
must "the libraries are found" not grep -q "not found" <(ldd /usr/sbin/caad /usr/bin/caactl)
must "the unit names the installed program" grep -q "^ExecStart=/usr/sbin/caad " \
    /usr/lib/systemd/system/caad.service

(cd / && exec setpriv --reuid=caad --regid=caad --clear-groups --no-new-privs \
    --bounding-set=-all sh -c 'umask 0077; exec /usr/sbin/caad --config /etc/caad/caad.yaml') \
    2>/tmp/caad-package.log &
pid=$!
for _ in $(seq 50); do [ -S /run/caad/caad.sock ] && break; sleep 0.1; done
must "started: the socket" mode /run/caad/caad.sock "660 caad caad"
must "started: the store" mode /var/lib/caad/audit.db "600 caad caad"
must "answers" grep -q '"part":"audit","status":"SERVING"' <(caactl --json health)
kill "$pid"
must "ends with 0" wait "$pid"
pid=

echo "# by the operator" >> /etc/caad/caad.yaml
dpkg -i "$package" >/dev/null
must "upgraded: the operator's file stays" grep -q "by the operator" /etc/caad/caad.yaml
dpkg --remove caad >/dev/null 2>&1
must "removed: the program is gone" not test -e /usr/sbin/caad
must "removed: the configuration stays" test -e /etc/caad/caad.yaml
dpkg --purge caad >/dev/null 2>&1
must "purged: the configuration is gone" not test -e /etc/caad
must "purged: the audit history stays" test -e /var/lib/caad/audit.db
must "nothing else is left" not grep -q . <(find /usr /etc /run \
    -ignore_readdir_race \( -name 'caad*' -o -name 'libcaa_client*' -o -name 'caactl*' \) \
    -not -path '*/src/*' 2>/dev/null)
cleanup
trap - EXIT
must "this machine's users are as before" test "$users" = "$(getent passwd | sort)"
rm -f /tmp/caad-package.log
