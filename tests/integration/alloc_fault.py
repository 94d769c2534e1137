"""alloc_fault.py - caad_alloc (alloc_fault.c), whose allocations fail when told.

    with FaultyDaemon([lab.resolver]) as caad:
        with caad.failing(CAAD | CARES, first=7) as fault:
            ...
        fault.failed    # how many calls did fail
"""
import contextlib
import mmap
import os
import struct
import tempfile

from daemon import BIN, Daemon

PROGRAM = os.environ.get("CAAD_ALLOC") or os.path.join(
    BIN, "..", "tests", "integration", "caad_alloc")

# Who calls; the names and their order are those of alloc_fault.c.
MODULES = ("caad", "c-ares", "protobuf-c", "nng", "sqlite", "other")
CAAD, CARES, PROTOBUF_C, NNG, SQLITE, OTHER = (1 << n for n in range(len(MODULES)))

CONTROL = struct.Struct("=7q")      # where, seen, first, end, failed, module, offset


class Fault:
    """What came of one injection."""

    def __init__(self, seen, failed, module, offset):
        self.seen, self.failed = seen, failed
        self.at = f"{MODULES[module]}+{offset:#x}" if failed else "nowhere"


class FaultyDaemon(Daemon):
    program = PROGRAM

    def __init__(self, servers, **config):
        self.file = tempfile.NamedTemporaryFile(prefix="caad-alloc-")
        self.file.truncate(mmap.PAGESIZE)
        self.control = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)
        self.environment = {**os.environ, "CAAD_ALLOC_FAULT": self.file.name}
        super().__init__(servers, **config)

    @contextlib.contextmanager
    def failing(self, where, first, count=1):
        """Of the calls of these modules from here on, numbers first to
        first + count - 1 fail; the first has number 0."""
        fault = Fault(0, 0, 0, 0)
        # where goes last, so that no call sees half of it.
        self.control[8:CONTROL.size] = CONTROL.pack(0, 0, first, first + count, 0, 0, 0)[8:]
        self.control[0:8] = struct.pack("=q", where)
        try:
            yield fault
        finally:
            self.control[0:8] = struct.pack("=q", 0)
            _, seen, _, _, failed, module, offset = CONTROL.unpack(
                self.control[0:CONTROL.size])
            fault.__init__(seen, failed, module, offset)
