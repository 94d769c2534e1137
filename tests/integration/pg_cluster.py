"""pg_cluster.py - a PostgreSQL server of one's own, from Debian's package.

    with PgCluster() as pg:
        pg.url                      # for audit.store
        pg.query("SELECT 1")        # [["1"]]
        pg.stop(); pg.start()

Lives in a temporary directory, listens on a socket there and on no port, runs
as an unprivileged user, and cannot outlive the test: lab/guard.py sees to it.
"""
import csv
import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import parts  # noqa: E402


def binaries():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if not found:
        raise RuntimeError("no PostgreSQL server: install the package postgresql")
    return os.path.dirname(found[-1])


def unprivileged():
    """(words before a command, user): PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return [], None
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}",
            "--clear-groups", "--pdeathsig", "KILL"], user


class PgCluster:
    """fsync: False where nobody switches the machine off."""

    def __init__(self, fsync=False, **settings):
        self.settings = {"listen_addresses": "", "fsync": "on" if fsync else "off",
                         **settings}
        self.processes = self.server = None

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="caad-pg-")
        self.processes = parts.Processes(self.dir, remove=True)
        self.url = f"postgresql://postgres@/postgres?host={self.dir}"
        try:
            self.prefix, user = unprivileged()
            if user:
                os.chown(self.dir, user.pw_uid, user.pw_gid)
            os.chmod(self.dir, 0o755)
            self.run("initdb", "-D", self.dir + "/data", "--no-sync", "--auth=trust",
                     "--username=postgres", "--encoding=UTF8", "--no-locale")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server:
            self.stop("immediate")
        self.processes.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, program, *args, check=True):
        done = subprocess.run([*self.prefix, os.path.join(binaries(), program), *args],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=self.dir, text=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stdout}")
        return done

    def start(self):
        words = [os.path.join(binaries(), "postgres"), "-D", self.dir + "/data",
                 "-k", self.dir]
        for key, value in self.settings.items():
            words += ["-c", f"{key}={value}"]
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.server = self.processes.start([*self.prefix, *words], log=log, cwd=self.dir)
        parts.wait_until(self.answers, "PostgreSQL to answer", alive=self.must_live)

    def answers(self):
        return self.run("pg_isready", "-q", "-h", self.dir, check=False).returncode == 0

    def must_live(self):
        if self.server.poll() is not None:
            with open(os.path.join(self.dir, "log"), encoding="utf-8") as log:
                raise RuntimeError("PostgreSQL ended:\n" + log.read()[-2000:])

    def stop(self, how="fast"):
        """fast ends sessions in order; immediate is a crash, with recovery at start."""
        self.run("pg_ctl", "stop", "-D", self.dir + "/data", "-m", how, "-w", check=False)
        self.processes.stop(self.server)
        self.server = None

    def query(self, sql):
        """Rows as lists of text."""
        done = subprocess.run(
            [os.path.join(binaries(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
             "-h", self.dir, "-U", "postgres", "--csv", "-t", "-c", sql, "postgres"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return list(csv.reader(done.stdout.splitlines()))
