"""caactl scan: one line out for each line in, whatever happens on the way."""
import collections
import json
import os
import signal
import subprocess
import time

import pytest

from daemon import BIN, Daemon

LINES = 20000
CAACTL = os.path.join(BIN, "caactl")


def line_text(number):
    """Names of every verdict, blanks and comments, the same for a number each time."""
    kinds = {1: "", 2: f"# part {number}", 3: f"bad name {number}",
             4: f"h{number}.shop.example.test", 5: "192.0.2.7"}
    return kinds.get(number % 100, f"h{number // 7}.none.test")


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "names"
    path.write_text("".join(line_text(number) + "\n" for number in range(1, LINES + 1)))
    return path


def start(caad, *args, **options):
    return subprocess.Popen([CAACTL, "--server", caad.url, "scan", *map(str, args)],
                            stderr=subprocess.PIPE, text=True, **options)


def scan(caad, *args, **options):
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([CAACTL, "--server", caad.url, "scan", *map(str, args)],
                          stderr=subprocess.PIPE, timeout=120, check=False, **options)


def essence(record):
    """What does not depend on the moment."""
    return tuple(record[key] for key in ("line", "name", "verdict", "reason", "found_at"))


def read(path):
    """The file's lines, sorted; each must be whole."""
    text = path.read_bytes()
    assert text.endswith(b"\n") or not text
    return sorted(essence(json.loads(line)) for line in text.splitlines())


@pytest.fixture(scope="module")
def whole(caad, names, tmp_path_factory):
    """The output of a scan that nothing disturbed."""
    path = tmp_path_factory.mktemp("scan") / "whole"
    done = scan(caad, names, "--output", path)
    assert done.returncode == 1, done.stderr
    return read(path)


def wait_for_lines(path, count, process):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{path}: no {count} lines in time; status {process.poll()}")


def test_every_line_of_the_input_has_its_line(whole):
    assert [row[0] for row in whole] == list(range(1, LINES + 1))
    verdicts = collections.Counter(row[2] for row in whole)
    part = LINES // 100
    assert verdicts == {"SKIPPED": 2 * part, "INVALID_NAME": part, "DENIED": part,
                        "EXEMPT": part, "PERMITTED": 95 * part}
    for line, name, verdict, _, _ in whole:
        assert name == line_text(line)
        assert (verdict == "SKIPPED") == (line_text(line)[:1] in ("", "#"))


def test_the_order_is_kept_if_asked(caad, names):
    done = scan(caad, names, "--ordered", "--batch", 7, "--concurrency", 32)
    lines = [json.loads(line)["line"] for line in done.stdout.splitlines()]
    assert lines == list(range(1, LINES + 1))


def test_odd_lines_have_their_lines(caad):
    octets = (b"\xef\xbb\xbfwww.example.test\r\n" + b"x" * 5000 + b"\n" + b"a\0b\n"
              + b"\xff\xfe.test\n" + "b\u00fccher.example.test\n".encode()
              + b"\x1b[31mred.test\n" + b"y" * 300000 + b"\n" + b"last.none.test")
    done = scan(caad, "-", "--ordered", input=octets)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["verdict"] for row in rows] == [
        "PERMITTED", "INVALID_NAME", "INVALID_NAME", "INVALID_NAME", "PERMITTED",
        "INVALID_NAME", "INVALID_NAME", "PERMITTED"]
    assert [row["line"] for row in rows] == list(range(1, 9))
    assert "4096" in rows[1]["message"] and "NUL" in rows[2]["message"]
    assert "UTF-8" in rows[3]["message"] and "\x1b" not in done.stdout.decode()
    assert done.returncode == 1


def test_repeated_names_have_a_line_each(caad):
    done = scan(caad, "-", "--ordered", input=b"www.example.test\nshop.example.test\n" * 150)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["verdict"] for row in rows] == ["PERMITTED", "DENIED"] * 150


@pytest.mark.parametrize("text, status", [
    (b"", 0), (b"\n#\n", 0), (b"www.example.test\n", 0), (b"shop.example.test\n", 1),
    (b"silent.fault.test\n", 2), (b"silent.fault.test\nnot a name\n", 1)])
def test_the_status_is_that_of_the_worst_line(caad, text, status):
    assert scan(caad, "-", input=text).returncode == status


@pytest.mark.parametrize("args, words", [
    (["-", "--batch", "0"], "--batch"), (["-", "--rate", "x"], "--rate"),
    (["-", "--concurrency", "9999"], "--concurrency"), (["-", "--give-up", "soon"], "--give-up"),
    (["/nowhere/at/all"], "/nowhere/at/all"), ([], "one FILE"), (["/"], "Is a directory"),
    (["-", "--product", "nope"], "product"), (["-", "--output", "/nowhere/o"], "/nowhere/o"),
    (["-", "--resume", "/dev/null"], "regular")])
def test_what_is_wrong_is_said(caad, args, words):
    done = scan(caad, *args, input=b"www.example.test\n")
    assert done.returncode == 67
    assert words in done.stderr.decode()
    assert not done.stdout


def test_the_rate_is_kept(caad):
    begin = time.monotonic()
    done = scan(caad, "-", "--rate", 100, input=b"www.example.test\n" * 300)
    assert done.returncode == 0
    assert 2.4 < time.monotonic() - begin < 4.5


def test_slow_input_is_not_kept_waiting(caad):
    process = start(caad, "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write("www.example.test\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["verdict"] == "PERMITTED"
    process.stdin.write("shop.example.test\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["line"] == 2
    process.communicate()
    assert process.returncode == 1


@pytest.mark.parametrize("number, status", [
    (signal.SIGINT, 65), (signal.SIGTERM, 65), (signal.SIGKILL, -signal.SIGKILL)])
def test_interrupted_and_resumed_is_as_uninterrupted(caad, names, whole, tmp_path, number, status):
    out = tmp_path / "out"
    for part in (1, 2, 3):
        process = start(caad, names, "--resume", out, "--rate", 8000)
        wait_for_lines(out, LINES * part // 4, process)
        process.send_signal(number)
        message = process.communicate()[1]
        assert process.returncode == status, message
        if number != signal.SIGKILL:
            assert out.read_bytes().endswith(b"\n")
            assert f"scan --resume {out} {names}" in message
    done = scan(caad, names, "--resume", out)
    assert done.returncode == 1, done.stderr
    assert read(out) == whole
    # Nothing is left to do, and the earlier lines count for the status.
    done = scan(caad, names, "--resume", out)
    assert done.returncode == 1 and b" 0 requests" in done.stderr
    assert read(out) == whole


def test_a_half_line_is_dropped_by_resume(caad, names, whole, tmp_path):
    out = tmp_path / "out"
    done = scan(caad, names, "--output", out)
    text = out.read_bytes()
    out.write_bytes(text[:len(text) // 2])
    done = scan(caad, names, "--resume", out)
    assert done.returncode == 1
    assert read(out) == whole


def test_another_input_s_output_is_left_alone(caad, names, tmp_path):
    out = tmp_path / "out"
    other = tmp_path / "other"
    scan(caad, names, "--output", out)
    text = out.read_bytes()
    other.write_text(names.read_text().replace("h100.none", "h101.none"))
    done = scan(caad, other, "--resume", out)
    assert done.returncode == 67 and b"is not the input" in done.stderr
    other.write_text("www.example.test\n")
    done = scan(caad, other, "--resume", out)
    assert done.returncode == 67, done.stderr
    assert out.read_bytes() == text
    done = scan(caad, names, "--output", out)
    assert done.returncode == 67 and b"not empty" in done.stderr
    other.write_text("certainly not JSON\n")
    assert scan(caad, names, "--resume", other).returncode == 67


def test_a_daemon_that_restarts_costs_no_line(lab, names, whole, tmp_path):
    out = tmp_path / "out"
    with Daemon([lab.resolver]) as caad:
        process = start(caad, names, "--output", out, "--rate", 8000)
        for part in (1, 2):
            wait_for_lines(out, LINES * part // 3, process)
            caad.kill()
            time.sleep(3)   # longer than the library itself waits for a daemon
            os.unlink(caad.log_path)
            caad.start()
        message = process.communicate(timeout=120)[1]
    assert process.returncode == 1, message
    assert "trying again" in message and "answered again" in message
    assert read(out) == whole


def test_a_daemon_that_stays_away_ends_the_scan(lab, names, tmp_path):
    out = tmp_path / "out"
    with Daemon([lab.resolver]) as caad:
        process = start(caad, names, "--output", out, "--rate", 5000, "--give-up", "3s")
        wait_for_lines(out, 1000, process)
        caad.kill()
        begin = time.monotonic()
        message = process.communicate(timeout=60)[1]
        assert time.monotonic() - begin < 15
        assert process.returncode == 78 and "nothing was answered" in message
        assert len(read(out)) >= 1000
        os.unlink(caad.log_path)
        caad.start()
        assert scan(caad, names, "--resume", out).returncode == 1
    assert [row[0] for row in read(out)] == list(range(1, LINES + 1))


def test_a_smaller_limit_of_the_daemon_is_found(lab, names):
    with Daemon([lab.resolver], limits={"max_names": 10}) as caad:
        done = scan(caad, "-", "--ordered", input=b"www.example.test\nshop.example.test\n" * 40
                    + b"".join(b"h%d.none.test\n" % n for n in range(50)))
    assert done.returncode == 1, done.stderr
    assert len(done.stdout.splitlines()) == 130
    assert b"LOOKUP_FAILED" not in done.stdout


def test_a_full_disk_is_said(caad, names):
    with open("/dev/full", "wb") as full:
        done = scan(caad, names, stdout=full)
    assert done.returncode == 72
    assert b"No space left" in done.stderr


def test_a_full_disk_leaves_a_file_to_resume(caad, names, whole, tmp_path):
    out = tmp_path / "out"
    # SIGXFSZ is ignored, so that the limit is an error as a full disk is.
    done = subprocess.run(
        ["bash", "-c", 'trap "" XFSZ; ulimit -f 1000; exec "$@"', "-", CAACTL, "--server",
         caad.url, "scan", names, "--output", out], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 72, done.stderr
    assert 0 < len(read(out)) < LINES
    assert scan(caad, names, "--resume", out).returncode == 1
    assert read(out) == whole


def test_a_reader_that_leaves_ends_the_scan(caad, names):
    process = start(caad, names, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    message = process.communicate(timeout=30)[1]
    assert process.returncode == 72 and "reader has gone" in message


def test_progress_is_for_programs_too(caad, names):
    done = scan(caad, names, "--progress", "json", "--rate", 15000)
    reports = [json.loads(line) for line in done.stderr.splitlines()]
    assert reports[-1]["complete"] and reports[-1]["lines"] == LINES
    assert reports[-1]["denied"] == LINES // 100
    assert any(0 < report["done"] <= 1 for report in reports[:-1])
    # No terminal, no progress, only the summary.
    assert len(scan(caad, "-", input=b"www.example.test\n").stderr.splitlines()) == 1
