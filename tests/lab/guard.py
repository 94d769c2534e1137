#!/usr/bin/python3
"""guard.py - ends the lab's processes when the lab is gone, however it went.

usage: guard.py DIRECTORY remove|keep     (standard input: a pipe from the lab)

The lab writes "+GROUP" for each process group it starts and "-GROUP" for each
it has ended.  When the pipe closes - an orderly end or a kill -9, the kernel
closes it either way - what is left is killed and the directory removed.
"""
import os
import shutil
import signal
import sys
import time


def main():
    directory, fate = sys.argv[1:3]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    groups = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    # A killed process keeps its number until its new parent has noticed; no
    # reason to wait for that for long.
    deadline = time.monotonic() + 0.5
    while groups and time.monotonic() < deadline:
        for group in list(groups):
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                groups.discard(group)
            except PermissionError:     # the number belongs to someone else by now
                groups.discard(group)
        time.sleep(0.01)
    if fate == "remove":
        shutil.rmtree(directory, ignore_errors=True)


main()
