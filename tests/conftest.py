"""How the suite is run: how many workers, what they keep, and what their children inherit."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import tempfile

import psutil
import pytest

# The tests start the program hundreds of times: what was compiled once is kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Our state belongs to the tests that run now, never to the person who runs them.
_STATE = tempfile.mkdtemp(prefix="overnight-state-")
os.environ["XDG_STATE_HOME"] = _STATE
_OWNER = os.getpid()


@atexit.register
def _remove_state() -> None:
    if os.getpid() == _OWNER:
        shutil.rmtree(_STATE, ignore_errors=True)


# Some tests interrupt a program, which inherits that we ignore it if a script runs us in the background.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """More than there are cores: a third of the time is spent waiting for other processes."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return cores + min((cores + 1) // 2, 4)


def pytest_collection_finish() -> None:
    """Less work for the collector: thousands of tests stay to the end, and young garbage may wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
