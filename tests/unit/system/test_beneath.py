"""Paths beneath a folder: links that leave it are refused, with the system call and without."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.system import beneath
from tui.system.beneath import open_beneath

READ = os.O_RDONLY | os.O_NONBLOCK


@pytest.fixture(params=["system call", "by component"])
def top(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[int]:
    if request.param == "by component":
        monkeypatch.setattr(beneath, "_openat2", lambda: None)
    elif beneath._openat2() is None:
        pytest.skip("the kernel has no openat2")
    inside = tmp_path / "top"
    (inside / "folder").mkdir(parents=True)
    (inside / "folder/file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    (inside / "in").symlink_to("folder/file")
    (inside / "up-and-in").symlink_to("folder/../folder/file")
    (inside / "folder-link").symlink_to("folder")
    (inside / "out").symlink_to("../secret")
    (inside / "absolute").symlink_to(inside / "folder/file")
    (inside / "folder-out").symlink_to("..")
    (inside / "loop").symlink_to("loop")
    descriptor = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def read(top: int, path: bytes, *, follow: bool) -> str:
    descriptor = open_beneath(top, path, READ, follow=follow)
    try:
        return os.read(descriptor, 100).decode()
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("follow", [False, True])
def test_a_plain_path_opens(top: int, follow: bool) -> None:
    assert read(top, b"folder/file", follow=follow) == "inside"


@pytest.mark.parametrize("path", [b"in", b"up-and-in", b"folder-link/file"])
def test_a_link_that_stays_inside_is_followed_only_when_asked(top: int, path: bytes) -> None:
    assert read(top, path, follow=True) == "inside"
    with pytest.raises(OSError, match=r".") as caught:
        read(top, path, follow=False)
    assert caught.value.errno == errno.ELOOP


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize(
    "path",
    [b"out", b"absolute", b"folder-out/secret", b"../secret", b"folder/../../secret", b"/etc", b""],
)
def test_nothing_outside_is_opened(top: int, path: bytes, follow: bool) -> None:
    with pytest.raises(OSError, match=r".") as caught:
        read(top, path, follow=follow)
    assert caught.value.errno in (errno.EXDEV, errno.ELOOP)


def test_a_link_to_itself_is_refused(top: int) -> None:
    with pytest.raises(OSError, match=r".") as caught:
        read(top, b"loop", follow=True)
    assert caught.value.errno == errno.ELOOP


def test_nothing_is_made_through_a_link(top: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT
    for path in (b"out", b"folder-out/new", b"../new"):
        with pytest.raises(OSError, match=r"."):
            open_beneath(top, path, flags, follow=True)
    os.close(open_beneath(top, b"folder/new", flags, 0o600))
    assert os.stat("folder/new", dir_fd=top).st_size == 0
    assert not os.path.exists(f"/proc/self/fd/{top}/../new")
