"""How the suite is run: how many workers, what they keep, and what their children inherit."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import tempfile

import hypothesis
import psutil
import pytest

# The same examples on every machine, so that what passes here passes elsewhere;
# `--hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile("repeatable")

# The tests start the program hundreds of times: what was compiled once is kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Some tests end a program by a signal, which inherits that we ignore it if a script runs us in the background.
# A handler is not inherited, so what we start has the usual way, and we go on as before.
for _number in (signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Nothing of the person who runs the suite is read or written: neither their home nor their state.
_PERSON = tempfile.mkdtemp(prefix="overnight-tests-")
atexit.register(shutil.rmtree, _PERSON, ignore_errors=True)
os.environ["HOME"] = f"{_PERSON}/home"
os.mkdir(os.environ["HOME"])
for _name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "CLAUDE_CONFIG_DIR"):
    os.environ.pop(_name, None)
# One for all tests: each has projects of its own, and state goes by the project's path.
os.environ["XDG_STATE_HOME"] = f"{_PERSON}/state"


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
