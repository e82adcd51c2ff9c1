from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tui.system import files


def names(folder: Path) -> set[str]:
    return set(os.listdir(folder))


def test_a_writer_killed_before_the_rename_leaves_the_old_file_and_the_next_one_works(
    tmp_path: Path,
) -> None:
    target = tmp_path / "state"
    files.atomic_write(target, b"old")
    code = (
        "import os, sys\n"
        "from tui.system import files\n"
        "os.rename = lambda *_, **__: os.kill(os.getpid(), 9)\n"
        "files.atomic_write(sys.argv[1], b'new')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], check=False)

    assert done.returncode == -9
    assert target.read_bytes() == b"old"
    files.atomic_write(target, b"newer")
    assert target.read_bytes() == b"newer"


def test_a_link_at_the_target_is_replaced_and_what_it_led_to_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"not ours")
    target = tmp_path / "state"
    target.symlink_to(elsewhere)

    files.atomic_write(target, b"ours")

    assert elsewhere.read_bytes() == b"not ours"
    assert not target.is_symlink()
    assert target.read_bytes() == b"ours"


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_full_disk_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    target = tmp_path / "state"
    files.atomic_write(target, b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught, monkeypatch.context() as patch:
        if call != "write":
            patch.setattr(os, call, full)
        with files.replacing(target) as file:
            file.write(b"new")
            if call == "write":
                full()

    assert caught.value.errno == errno.ENOSPC
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == {"state"}


def test_a_real_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "state"
    files.atomic_write(target, b"old")
    code = (
        "import resource, signal, sys\n"
        "from tui.system import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))\n"
        "try:\n"
        "    files.atomic_write(sys.argv[1], b'x' * 100_000)\n"
        "except OSError as error:\n"
        "    print(error.errno)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == str(errno.EFBIG)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == {"state"}


def test_a_new_file_is_private_and_an_asked_mode_is_kept(tmp_path: Path) -> None:
    files.atomic_write(tmp_path / "private", b"x")
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    old = os.umask(0o077)
    try:
        files.atomic_write_at(folder, "shared", b"x", mode=0o644)
    finally:
        os.umask(old)
        os.close(folder)

    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o644


def test_an_open_folder_is_written_to_even_when_its_path_leads_elsewhere_now(
    tmp_path: Path,
) -> None:
    box = tmp_path / "box"
    box.mkdir()
    folder = os.open(box, os.O_RDONLY | os.O_DIRECTORY)
    try:
        box.rename(tmp_path / "moved")
        box.symlink_to(tmp_path)
        files.atomic_write_at(folder, "message", b"hello")
    finally:
        os.close(folder)

    assert (tmp_path / "moved" / "message").read_bytes() == b"hello"
    assert not (tmp_path / "message").exists()


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "state"
    whole = [bytes([65 + number]) * 50_000 for number in range(4)]

    def write(data: bytes) -> None:
        for _ in range(20):
            files.atomic_write(target, data, sync=False)

    threads = [threading.Thread(target=write, args=(data,)) for data in whole]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert target.read_bytes() in whole
    assert names(tmp_path) == {"state"}


def test_a_small_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert files.read_small(path) == b"0123456789"
    assert files.read_small(path, 4) == b"0123"


def test_a_fifo_a_device_a_folder_and_nothing_read_as_empty_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (fifo, Path(os.devnull), tmp_path, tmp_path / "none"):
        assert files.read_small(path, follow=True) == b""
        with (
            pytest.raises(OSError, match=r"No such|regular"),
            files.regular_file(path, follow=True),
        ):
            pass


def test_a_link_is_read_only_where_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b'{"a": 1}')
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    assert files.read_small(link) == b""
    assert files.read_json(link) is None
    assert files.read_json(link, follow=True) == {"a": 1}


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": 1', b"[" * 100_000, b'{"a": "\xff"}'])
def test_what_is_no_object_reads_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert files.read_json(tmp_path / "file") is None


def test_a_line_after_a_torn_one_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    files.append_line(path, b"one\n")
    with path.open("ab") as file:
        file.write(b"to")
    files.append_line(path, b"three\n", sync=True)
    assert path.read_bytes() == b"one\nto\nthree\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_appending_refuses_a_link_unless_asked_and_never_waits_for_a_fifo(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="links"):
        files.append_line(link, b"one\n")
    files.append_line(link, b"one\n", follow=True)
    assert (tmp_path / "file").read_bytes() == b"one\n"
    os.mkfifo(tmp_path / "fifo")
    files.append_line(tmp_path / "fifo", b"one\n")


def test_an_append_that_does_not_fit_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
    with pytest.raises(OSError, match="No space") as caught:
        files.append_line(tmp_path / "journal", b"one\n")
    assert caught.value.errno == errno.ENOSPC
