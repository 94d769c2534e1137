#!/bin/sh
# completion_test.sh CAACTL - the completions know every verb and option that
# --help knows, and the shells that are installed can read them.
set -eu
caactl=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
    echo "completion: $*" >&2
    exit 1
}

options() { # of the --help on standard input
    grep -oE '^  (-[A-Za-z], |    )--[a-z-]+' | grep -oE -e '--[a-z-]+'
}

verbs=$("$caactl" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$verbs" | wc -w)" -ge 12 ] || fail "--help lists no verbs"

for shell in bash zsh fish; do
    "$caactl" completion $shell >"$out/$shell"
    for verb in $verbs; do
        grep -qw -e "$verb" "$out/$shell" || fail "$shell: no verb $verb"
        for option in $("$caactl" "$verb" --help | options); do
            case $shell in
            fish) grep -q -e " -l ${option#--} " "$out/fish" ;;
            *) grep -qE -e "$option([^a-z-]|\$)" "$out/$shell" ;;
            esac || fail "$shell: no option $option"
        done
    done
    if command -v $shell >/dev/null; then
        $shell -n "$out/$shell" || fail "$shell cannot read its file"
    fi
done

# What bash offers, asked as bash would.
offers() {
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _caactl
             printf "%s\n" "${COMPREPLY[@]}"' - "$out/bash" "$@"
}
offers caactl sc | grep -qx scan || fail "bash does not complete sc to scan"
offers caactl scan --res | grep -qx -e --resume || fail "bash: no --resume for scan"
offers caactl check --res | grep -q . && fail "bash: check takes no --resume"
offers caactl check --event ren | grep -qx renewal || fail "bash: no events"
offers caactl -s ipc:///x --js | grep -qx -e --json || fail "bash: no global options"

"$caactl" completion tcsh 2>/dev/null && fail "tcsh is none of ours"
"$caactl" completion >/dev/null 2>&1 && fail "a shell is needed"
exit 0
