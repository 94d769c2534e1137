"""The lab, and one daemon on it, shared by the tests that change neither."""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lab")]

from daemon import Daemon  # noqa: E402
from lab import Lab  # noqa: E402


@pytest.fixture(scope="session")
def lab():
    with Lab() as running:
        yield running


@pytest.fixture(scope="session")
def caad(lab):
    with Daemon([lab.resolver, lab.resolver2]) as running:
        yield running
