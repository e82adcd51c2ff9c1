"""The ways in which a followed file is written, moved and maltreated, each with what must come out.

A case plays on a `Scene`: its moves note the lines that must be handed out, once each, in
`scene.expected`. `scene.poll()` is where the follower looks; with an eager scene it also looks after
every single move.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.unit.feeds.tail_scene import Scene

Case = Callable[[Scene], None]
NOBODY = 65534


class Skip(Exception):
    """This machine cannot play the case; the text says why."""


class Named(NamedTuple):
    number: int
    name: str
    play: Case


def appended(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    for _ in range(5):
        scene.append(scene.lines(2))
        scene.poll()


def renamed_and_created(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    scene.append(scene.lines(2))
    scene.rotate()
    scene.write(scene.lines(2))
    scene.poll()
    scene.append(scene.lines(1))
    scene.poll()
    if not scene.eager:
        assert scene.reader.notes == ["rotated"]


def late_write_to_renamed(scene: Scene) -> None:
    writer = scene.open()
    scene.put(writer, scene.lines(3))
    scene.poll()
    scene.rotate()
    scene.write(scene.lines(1))
    scene.poll()
    scene.put(writer, scene.lines(2))
    scene.poll(seconds=3)
    scene.put(writer, scene.lines(1))
    scene.append(scene.lines(1))
    scene.poll(seconds=3)


def copied_and_truncated(scene: Scene) -> None:
    writer = scene.open()
    scene.put(writer, scene.lines(5))
    scene.poll()
    scene.put(writer, scene.lines(2))
    scene.copy_and_truncate()
    scene.put(writer, scene.lines(2))
    scene.poll()
    assert scene.reader.notes[-1] == "truncated"
    scene.put(writer, scene.lines(1))
    scene.poll()


def regrown_larger(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    scene.write(scene.lines(9))
    scene.poll()
    assert scene.reader.notes[-1] == ("truncated" if scene.eager else "rewritten")


def regrown_same_size(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    scene.write(scene.lines(3))
    scene.poll()
    assert scene.reader.notes[-1] == ("truncated" if scene.eager else "rewritten")


def regrown_smaller(scene: Scene) -> None:
    scene.write(scene.lines(9))
    scene.poll()
    scene.write(scene.lines(2))
    scene.poll()
    assert scene.reader.notes == ["truncated"]


def missing_at_start(scene: Scene) -> None:
    scene.poll()
    assert scene.status() == "missing"
    scene.write(scene.lines(3))
    scene.poll()
    assert scene.status() == "following"
    assert scene.reader.notes == []


def folder_missing_at_start(scene: Scene) -> None:
    scene.path = scene.folder / "logs" / "deep" / "app.log"
    scene.poll()
    assert "nor its folder" in scene.follower.state.reason
    scene.path.parent.mkdir(parents=True)
    scene.poll()
    scene.write(scene.lines(3))
    scene.poll()


def deleted_then_recreated(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    scene.append(scene.lines(1))
    os.unlink(scene.path)
    for _ in range(40):
        scene.poll()
    assert scene.status() == "missing"
    assert not _held_descriptors(scene)
    scene.write(scene.lines(2))
    scene.poll()
    assert scene.reader.notes == ["recreated"]


def inode_reused(scene: Scene) -> None:
    """The path and the inode are the old ones, the file is another; also across a restart."""
    scene.write(scene.lines(5))
    scene.poll()
    os.unlink(scene.path)
    scene.write(scene.lines(6))
    scene.poll()
    saved, inode = scene.follower.position, scene.path.stat().st_ino
    scene.restart(start=saved)
    scene.follower.close()
    os.unlink(scene.path)
    for _ in range(50):
        scene.path.write_bytes(b"")
        if scene.path.stat().st_ino == inode:
            break
        os.rename(scene.path, scene.beside(f"-other{_}"))
    scene.append(scene.lines(9))
    scene.restart(start=saved)
    scene.poll()


def replaced_atomically(scene: Scene) -> None:
    scene.replace(scene.lines(4))
    scene.poll()
    for count in (5, 1, 4):
        scene.replace(scene.lines(count))
        scene.poll()
    assert scene.reader.notes == ["replaced"] * 3


def link_swapped(scene: Scene) -> None:
    blue, green = scene.folder / "blue", scene.folder / "green"
    scene.append(scene.lines(3), blue)
    scene.append(scene.lines(3), green)
    scene.path.symlink_to(blue)
    scene.poll()
    for target, seconds in ((green, 0.2), (blue, 0.2), (green, 6), (blue, 0.2), (green, 0.2)):
        scene.append(scene.lines(1), blue)
        scene.append(scene.lines(1), green)
        (scene.folder / "new").symlink_to(target)
        os.replace(scene.folder / "new", scene.path)
        scene.tick()
        scene.poll()
        scene.append(scene.lines(1), target)
        scene.poll(seconds=seconds)
    assert scene.reader.notes == ["swapped"]
    scene.append(scene.line(), green)
    scene.poll()


def partial_line(scene: Scene) -> None:
    scene.append(scene.line() + b"half")
    scene.poll()
    pending = scene.follower.partial()
    assert (pending.data, pending.size) == (b"half", 4)
    assert pending.since is not None
    assert pending.since <= scene.clock.now
    scene.append(b" of it")
    scene.poll()
    scene.append(b"\nand")
    scene.expected.append(b"half of it\n")
    scene.poll()
    scene.append(b" more\n")
    scene.expected.append(b"and more\n")
    scene.poll()
    assert scene.follower.partial().since is None


def character_split(scene: Scene) -> None:
    text = "zażółć 漢字 🙂\n".encode()
    for index in range(len(text)):
        scene.append(text[index : index + 1])
        scene.poll()
    scene.expected.append(text)


def rotated_twice_between_polls(scene: Scene) -> None:
    scene.beside(".1").write_bytes(b"history that is nobody's business\n")
    scene.beside(".2").write_bytes(b"elder history\n")
    scene.write(scene.lines(3))
    scene.poll()
    scene.append(scene.lines(1))
    for _ in range(3):
        scene.rotate()
        scene.write(scene.lines(3))
    scene.poll()
    if not scene.eager:
        assert scene.reader.lines == scene.expected


def five_megabyte_line(scene: Scene) -> None:
    scene.write(scene.line() + scene.line(size=5_000_000) + scene.line())
    scene.poll()


def hole_of_nuls(scene: Scene) -> None:
    """A writer that does not append goes on at its own offset after the file was truncated."""
    writer = scene.open(append=False)
    scene.put(writer, scene.lines(5))
    scene.poll()
    os.truncate(scene.path, 0)
    scene.put(writer, scene.lines(2))
    scene.poll()
    os.lseek(writer, 300_000_000, os.SEEK_SET)
    scene.put(writer, scene.lines(2))
    scene.poll()


def parent_renamed(scene: Scene) -> None:
    folder = scene.folder / "logs"
    folder.mkdir()
    scene.path = folder / "app.log"
    writer = scene.open()
    scene.put(writer, scene.lines(2))
    scene.poll()
    os.rename(folder, scene.folder / "old-logs")
    scene.put(writer, scene.lines(2))
    for _ in range(40):
        scene.poll()
    assert scene.status() == "missing"
    scene.put(writer, scene.lines(2))
    scene.poll()
    folder.mkdir()
    scene.write(scene.lines(2))
    scene.poll()
    scene.put(writer, scene.lines(1))
    scene.poll()


def notification_limit_zero(scene: Scene) -> None:
    """No inotify instance is to be had: the wake falls back to polling, and says so."""
    _play_apart(scene, "wake", ["unshare", "--user", "--map-root-user"])


def file_system_without_events(scene: Scene) -> None:
    """Appends below an overlay mount raise no event on it, and copying up changes the file beneath."""
    if os.geteuid() != 0:
        raise Skip("an overlay can only be mounted by root")
    _play_apart(scene, "overlay", ["unshare", "--mount"])


def permission_lost_and_regained(scene: Scene) -> None:
    with _without_privileges(scene):
        scene.write(scene.lines(2))
        scene.poll()
        os.chmod(scene.folder, 0)
        scene.poll()
        assert scene.status() == "unreadable"
        assert "ermission denied" in scene.follower.state.reason
        os.chmod(scene.folder, 0o755)
        scene.append(scene.lines(2))
        scene.poll()
        assert scene.status() == "following"
        scene.rotate()
        scene.write(scene.lines(2))
        os.chmod(scene.path, 0)
        scene.poll(seconds=2)
        if not scene.eager:
            assert scene.status() == "unreadable"
        os.chmod(scene.path, 0o644)
        scene.append(scene.lines(1))
        scene.poll()
        assert scene.status() == "following"


def path_becomes_something_else(scene: Scene) -> None:
    scene.write(scene.lines(2))
    scene.poll()
    makers: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("a named pipe", lambda: os.mkfifo(scene.path), lambda: os.unlink(scene.path)),
        ("a directory", lambda: os.mkdir(scene.path), lambda: os.rmdir(scene.path)),
        (
            "a device",
            lambda: os.symlink("/dev/zero", scene.path),
            lambda: os.unlink(scene.path),
        ),
    ]
    for kind, make, unmake in makers:
        os.unlink(scene.path)
        make()
        scene.poll()
        assert scene.status() == "not a file"
        assert kind in scene.follower.state.reason
        scene.poll(seconds=6)
        assert not _held_descriptors(scene)
        unmake()
        scene.write(scene.lines(2))
        scene.poll()
        assert scene.status() == "following"


def bytes_untouched(scene: Scene) -> None:
    """Whatever the bytes mean, they pass as they are; only a newline ends a line."""
    odd = [
        b"\xff\xfe\xfa invalid\n",
        b"\xef\xbb\xbfwith a mark\n",
        b"dos\r\n",
        b"old\rmac\rends\n",
        b"\x1b[31mred\x00\x07\n",
        b"\n",
        *("w\u0100\u0200x\n" * 3).encode("utf-16-le").split(b"\n"),
    ]
    odd[-1] += b"\n"
    odd[6:-1] = [piece + b"\n" for piece in odd[6:-1]]
    scene.expected += odd
    for line in odd:
        scene.append(line[:1])
        scene.append(line[1:])
    scene.poll()
    wide = "\ufeffbig endian\nsecond\n".encode("utf-16-be")
    scene.expected += [piece + b"\n" for piece in wide.split(b"\n")[:-1]]
    scene.replace(wide)
    scene.poll()


def restarted_mid_line(scene: Scene) -> None:
    scene.append(scene.line() + b"the first half")
    scene.poll()
    saved = scene.follower.position
    scene.restart(start=saved)
    scene.poll()
    scene.append(b" and the second\n" + scene.line())
    scene.expected.append(b"the first half and the second\n")
    scene.poll()
    saved = scene.follower.position
    scene.follower.close()
    scene.append(scene.lines(20))
    scene.rotate()
    scene.write(scene.lines(2))
    scene.rotate()
    scene.write(scene.lines(2))
    scene.restart(start=saved)
    scene.poll()
    saved = scene.follower.position
    scene.follower.close()
    scene.append(scene.lines(9))
    scene.copy_and_truncate()
    scene.append(scene.lines(1))
    scene.restart(start=saved)
    scene.poll()


def huge_file_at_its_end(scene: Scene) -> None:
    """Over 4 GiB, begun near its end."""
    from tui.feeds.follow.follower import FileFollower

    with open(scene.path, "wb") as file:
        file.truncate((4 << 30) + 12345)
    scene.append(b"\nolder line\n" + scene.lines(1000))
    scene.expected.clear()
    size = scene.path.stat().st_size
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        follower = FileFollower(scene.path, at_end_bytes=500, clock=scene.clock)
        batches = follower.poll()
        best = min(best, time.perf_counter() - began)
        assert follower.counters.bytes <= 500
        assert follower.counters.reads <= 3
        origin = follower.origin
        assert size - 500 <= origin < size
        assert follower.read(0, origin - 1, 1) == b"\n"
        assert batches[0].offset == origin
        follower.close()
    assert best <= 0.1
    scene._follower = FileFollower(scene.path, at_end_bytes=500, clock=scene.clock)
    with open(scene.path, "rb") as file:
        file.seek(origin)
        scene.expected += file.readlines()
    scene.poll()
    scene.append(scene.lines(2))
    scene.poll()


def burst(scene: Scene) -> None:
    """A writer at full speed; what one poll hands out stays bounded."""
    script = (
        "import sys\n"
        "with open(sys.argv[1], 'ab', buffering=0) as f:\n"
        "    for i in range(0, 200_000, 100):\n"
        "        f.write(b''.join(b'burst %d\\n' % n for n in range(i, i + 100)))\n"
    )
    scene.expected += [b"burst %d\n" % number for number in range(200_000)]
    limit = 64 << 10
    writer = subprocess.Popen([sys.executable, "-c", script, str(scene.path)])
    deadline = time.monotonic() + 50
    while writer.poll() is None:
        assert time.monotonic() < deadline
        batches = scene.follower.poll(limit)
        assert sum(len(batch.data) for batch in batches) <= limit + 100
        scene.reader.take(batches)
    assert writer.returncode == 0
    scene.limit = limit
    scene.poll()
    assert scene.reader.lines == scene.expected


def clock_set_back(scene: Scene) -> None:
    """All that is written from some moment on carries times of an hour ago."""

    def an_hour_ago(*suffixes: str) -> None:
        for suffix in suffixes:
            path = scene.beside(suffix)
            past = path.stat().st_mtime_ns - 3600 * 10**9
            os.utime(path, ns=(past, past))
        scene.tick()

    scene.write(scene.lines(3))
    scene.poll()
    scene.append(scene.lines(1))
    scene.rotate()
    scene.write(scene.lines(3))
    an_hour_ago("")
    scene.rotate()
    scene.write(scene.lines(3))
    an_hour_ago("")
    scene.poll()
    scene.write(scene.lines(20))
    an_hour_ago("")
    scene.poll()


CASES = [
    Named(number, case.__name__.replace("_", " "), case)
    for number, case in enumerate(
        [
            appended,
            renamed_and_created,
            late_write_to_renamed,
            copied_and_truncated,
            regrown_larger,
            regrown_same_size,
            regrown_smaller,
            missing_at_start,
            folder_missing_at_start,
            deleted_then_recreated,
            inode_reused,
            replaced_atomically,
            link_swapped,
            partial_line,
            character_split,
            rotated_twice_between_polls,
            five_megabyte_line,
            hole_of_nuls,
            parent_renamed,
            notification_limit_zero,
            file_system_without_events,
            permission_lost_and_regained,
            path_becomes_something_else,
            bytes_untouched,
            restarted_mid_line,
            huge_file_at_its_end,
            burst,
            clock_set_back,
        ],
        start=1,
    )
]
HEAVY = {17, 18, 20, 21, 26, 27}
"""Cases that are played once, not with every way of polling."""


def _held_descriptors(scene: Scene) -> list[str]:
    """Files of the scene's folder that this process holds open, but for the writer's own."""
    held = []
    for entry in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []:
        try:
            target = os.readlink(f"/proc/self/fd/{entry}")
        except OSError:
            continue
        if target.startswith(str(scene.folder)) and int(entry) not in scene._fds:
            held.append(target)
    return held


@contextmanager
def _without_privileges(scene: Scene) -> Iterator[None]:
    """Act as a user whom permissions bind, in a folder that this user can reach."""
    if os.geteuid() != 0:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="tail-") as folder:
        scene.folder = Path(folder)
        scene.path = scene.folder / "app.log"
        os.chown(folder, NOBODY, NOBODY)
        if any(not parent.stat().st_mode & 0o001 for parent in scene.folder.parents):
            raise Skip(f"user {NOBODY} cannot reach {folder}")
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)


def _play_apart(scene: Scene, part: str, wrapper: list[str]) -> None:
    """Play a part in a namespace of its own, and take over the lines it read and expected."""
    script = Path(__file__).with_name("tail_apart.py")
    command = [*wrapper, sys.executable, str(script), part, str(scene.folder)]
    root = Path(__file__).resolve().parents[3]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=40,
            env={**os.environ, "PYTHONPATH": str(root)},
            check=False,
        )
    except FileNotFoundError as error:
        raise Skip("there is no unshare(1) here") from error
    if done.returncode == 77 or "unshare failed" in done.stderr:
        raise Skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    expected, _, got = done.stdout.partition("--\n")
    scene.expected += [line.encode() for line in expected.splitlines()]
    scene.reader.lines += [line.encode() for line in got.splitlines()]
