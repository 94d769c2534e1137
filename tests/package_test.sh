#!/bin/bash
# package_test.sh PACKAGE.deb - installs it on this machine, starts caad as the
# unit would, checks names of the lab with it, upgrades, removes and purges it.
# Needs root, and that caad is not installed. Leaves nothing behind.
set -euo pipefail
package=$(realpath "$1")
cd "$(dirname "$0")"
work=$(mktemp -d)
installing=
pid=

say() { printf '%-52s %s\n' "$1" "$2"; }
must() { if "${@:2}"; then say "$1" ok; else say "$1" FAILED; exit 1; fi; }
not() { ! "$@"; }
quiet() { "$@" >/dev/null; }
mode() { [ "$(stat -c '%a %U %G' "$1")" = "$2" ]; }
field() { dpkg-deb -f "$package" "$1"; }

cleanup() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    if [ -n "$installing" ]; then
        dpkg --purge caad >/dev/null 2>&1 || true
        rm -rf /var/lib/caad /run/caad /etc/caad
        userdel caad 2>/dev/null || true
        groupdel caad 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT

# ------------------------------------------------------------ before it is installed

has() { grep -q " \./$1\$" "$work/contents"; }
dpkg-deb -c "$package" | sed 's/ -> .*//' > "$work/contents"
must "nothing in it belongs to its builder" not grep -vq ' root/root ' "$work/contents"
for file in usr/sbin/caad usr/bin/caactl etc/caad/caad.yaml usr/include/caa_client.h \
    'usr/lib/.*/libcaa_client\.so' 'usr/lib/.*/libcaa_client\.so\.0' \
    'usr/lib/.*/pkgconfig/caa_client\.pc' 'usr/lib/.*/cmake/caa_client/caa_client-config\.cmake' \
    usr/lib/systemd/system/caad.service usr/lib/sysusers.d/caad.conf usr/lib/tmpfiles.d/caad.conf \
    usr/share/man/man{8/caad.8,5/caad.conf.5,1/caactl.1,3/caa_client.3}.gz \
    usr/share/bash-completion/completions/caactl usr/share/zsh/site-functions/_caactl \
    usr/share/fish/vendor_completions.d/caactl.fish \
    usr/share/caad/proto/{caa/v1/caa,rpc/v1/rpc}.proto \
    usr/share/doc/caad/examples/{caad.yaml,caad-cluster.yaml,unbound.conf} \
    usr/share/doc/caad/examples/{prometheus-alerts.yml,grafana-dashboard.json,order.c}; do
    must "has ${file//\\/}" has "$file"
done
for library in libnng1 libc-ares2 libprotobuf-c1 libidn2-0 libyaml-0-2 libjansson4 libsqlite3-0 \
    libpq5 libssl3 libxxhash0; do
    must "depends on $library" grep -qw -- "$library" <(field Depends)
done
if command -v lintian >/dev/null; then
    must "lintian has no error and no warning" lintian --allow-root --fail-on error,warning "$package"
fi

# --------------------------------------------------------------------- installed, used

if [ "$(id -u)" != 0 ]; then
    echo "the rest needs root" >&2
    exit 2
fi
if dpkg-query -W caad >/dev/null 2>&1 || [ -e /etc/caad ] || [ -e /var/lib/caad ]; then
    echo "caad is installed here already" >&2
    exit 2
fi
users=$(getent passwd | sort)
installing=yes

dpkg -i "$package" >/dev/null 2>&1
must "installed: the user" quiet getent passwd caad
must "installed: /etc/caad" mode /etc/caad "750 root caad"
must "installed: /run/caad" mode /run/caad "750 caad caad"
must "installed: /var/lib/caad" mode /var/lib/caad "700 caad caad"
must "the shipped configuration is valid" quiet runuser -u caad -- \
    /usr/sbin/caad --config /etc/caad/caad.yaml --check-config
must "the libraries are found" not grep -q "not found" <(ldd /usr/sbin/caad /usr/bin/caactl)
must "the programs say the package's version" grep -qFx "caad $(field Version)" <(caad --version)
must "the unit names the installed program" grep -q "^ExecStart=/usr/sbin/caad " \
    /usr/lib/systemd/system/caad.service
must "a client compiles against the installed library" \
    sh -c "echo '#include <caa_client.h>
        int main(void) { caa_client_destroy(0); return 0; }' |
        cc -xc - -o $work/client \$(pkg-config --cflags --libs caa_client) && $work/client"

start() {
    (cd / && exec setpriv --reuid=caad --regid=caad --clear-groups --no-new-privs \
        --bounding-set=-all sh -c 'umask 0077; exec /usr/sbin/caad --config /etc/caad/caad.yaml') \
        2>>"$work/log" &
    pid=$!
    for _ in $(seq 100); do
        if grep -q "$1" <(caactl --json health 2>/dev/null); then return; fi
        sleep 0.1
    done
    cat "$work/log"
    return 1
}
stop() { kill "$pid" && wait "$pid" && pid=; }

must "starts as it is shipped" start '"part":"audit","status":"SERVING"'
must "started: the socket" mode /run/caad/caad.sock "660 caad caad"
must "started: the store" mode /var/lib/caad/audit.db "600 caad caad"
must "ends with 0" stop

# With the operator's resolver: that of the lab.
/usr/bin/python3 lab/lab.py up --dir "$work/lab" > "$work/lab.out" 2>&1 &
lab=$!
trap 'kill $lab 2>/dev/null || true; wait $lab || true; cleanup' EXIT
for _ in $(seq 300); do
    resolver=$(grep -o 'CAAD_LAB_RESOLVER=[0-9.:]*' "$work/lab.out" | cut -d= -f2) && break
    kill -0 $lab
    sleep 0.1
done
sed -i "s/servers: .*/servers: [\"$resolver\"]/" /etc/caad/caad.yaml
must "starts as the operator wants it" start '"status":"SERVING","parts"'
must "answers: permitted" grep -q '"verdict":"PERMITTED"' <(caactl --json check www.example.test)
must "answers: denied" grep -q '"verdict":"DENIED"' <(caactl --json check forbid.policy.test)
must "has recorded both" test "$(caactl --json history | wc -l)" -ge 1
must "ends with 0 again" stop

# ------------------------------------------------------------------------- and away

echo "# by the operator" >> /etc/caad/caad.yaml
dpkg-deb -R "$package" "$work/newer"
sed -i 's/^Version: .*/&+next/' "$work/newer/DEBIAN/control"
echo "# by the maintainers" >> "$work/newer/etc/caad/caad.yaml"
dpkg-deb -b "$work/newer" "$work/newer.deb" >/dev/null
dpkg -i --force-confold "$work/newer.deb" >/dev/null 2>&1
must "upgraded" grep -q '+next$' <(dpkg-query -W -f '${Version}\n' caad)
must "upgraded: the operator's file stays" grep -q "by the operator" /etc/caad/caad.yaml
must "upgraded: ours is beside it" grep -q "by the maintainers" /etc/caad/caad.yaml.dpkg-dist
must "starts with the store of before" start '"status":"SERVING","parts"'
must "ends with 0 after the upgrade" stop
dpkg --remove caad >/dev/null 2>&1
must "removed: the program is gone" not test -e /usr/sbin/caad
must "removed: the configuration stays" test -e /etc/caad/caad.yaml
dpkg --purge caad >/dev/null 2>&1
must "purged: the configuration is gone" not test -e /etc/caad
must "purged: the audit history stays" test -e /var/lib/caad/audit.db
must "nothing else is left" not grep -q . <(find /usr /etc /run \
    -ignore_readdir_race \( -name 'caad*' -o -name 'libcaa_client*' -o -name 'caactl*' \) \
    -not -path '*/src/*' -not -path '/run/user/*' 2>/dev/null)
cleanup
must "this machine's users are as before" test "$users" = "$(getent passwd | sort)"
echo "package_test: all ok"
