from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.system.locks import acquire_lock, is_locked, lock_file, try_lock_file

HOLDER = (
    "import sys\n"
    "from pathlib import Path\n"
    "from tui.system.locks import acquire_lock\n"
    "assert acquire_lock(Path(sys.argv[1])) is not None\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()


def test_a_lock_names_its_holder_and_is_released_with_its_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    descriptor = acquire_lock(path)
    assert descriptor is not None
    assert path.read_text().split()[0] == str(os.getpid())
    assert is_locked(path)
    os.close(descriptor)
    assert not is_locked(path)


def test_who_has_no_patience_is_refused_while_the_holder_lives(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    path = tmp_path / "lock"
    assert path.read_text().split()[0] == str(holder.pid)
    assert acquire_lock(path) is None
    assert acquire_lock(path, 0.05) is None
    assert is_locked(path)


def test_who_is_patient_gets_the_lock_when_it_is_released(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    got: list[int | None] = []
    waiting = threading.Thread(target=lambda: got.append(acquire_lock(tmp_path / "lock", 30.0)))
    waiting.start()
    assert holder.stdin is not None
    holder.stdin.close()
    waiting.join()
    assert got[0] is not None
    os.close(got[0])


def test_an_open_file_is_locked_once(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first, second = (os.open(path, os.O_RDWR | os.O_CREAT, 0o600) for _ in range(2))
    assert try_lock_file(first)
    assert not try_lock_file(second)
    os.close(first)
    lock_file(second)
    assert is_locked(path)
    os.close(second)
