"""The follower against the table of cases, and promises that are not about lost lines."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.unit.feeds.tail_cases import CASES, HEAVY, Named, Skip
from tests.unit.feeds.tail_scene import Clock, Reader, Scene, Verdict
from tui.feeds.follow import generation
from tui.feeds.follow.follower import FileFollower
from tui.feeds.follow.position import FilePosition, LineBatch

WAYS = [(4 << 20, False), (4 << 20, True), (7, False), (7, True)]
PLAYS = [
    pytest.param(case, limit, eager, id=f"{case.number:02}-{case.name}-{limit}-{eager}")
    for case in CASES
    for limit, eager in (WAYS[:1] if case.number in HEAVY else WAYS)
]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    stage = Scene(tmp_path)
    yield stage
    stage.close()


@pytest.mark.parametrize(("case", "limit", "eager"), PLAYS)
def test_no_line_is_lost_duplicated_or_invented(
    scene: Scene, case: Named, limit: int, eager: bool
) -> None:
    scene.limit, scene.eager = limit, eager

    try:
        case.play(scene)
    except Skip as reason:
        pytest.skip(f"case {case.number}, {case.name}: {reason}")

    assert scene.verdict() == Verdict([], [], [])
    assert scene.reader.overlaps == []
    assert scene.reader.lines


def test_the_table_has_all_cases() -> None:
    assert [case.number for case in CASES] == list(range(1, 29))


# --- work, not time ---------------------------------------------------------------------------------


def test_a_quiet_file_costs_one_stat_a_poll(scene: Scene) -> None:
    scene.write(scene.lines(100))
    scene.poll()
    scene.poll(seconds=3)
    before = msgspec.structs.asdict(scene.follower.counters)

    for _ in range(50):
        scene.clock.now += 0.2
        assert scene.follower.poll() == []

    after = msgspec.structs.asdict(scene.follower.counters)
    assert after == {**before, "polls": before["polls"] + 50, "stats": before["stats"] + 50}


def test_an_append_costs_two_reads_and_its_own_bytes(scene: Scene) -> None:
    scene.write(scene.lines(1000))
    scene.poll()
    scene.poll(seconds=3)
    reads, size = scene.follower.counters.reads, scene.follower.counters.bytes

    scene.append(scene.line(size=50))
    scene.reader.take(scene.follower.poll())

    assert scene.follower.counters.reads - reads == 2
    assert scene.follower.counters.bytes - size == 51


def test_a_missing_file_costs_one_stat_a_poll(scene: Scene) -> None:
    scene.poll()
    stats, listings = scene.follower.counters.stats, scene.follower.counters.listings

    for _ in range(10):
        scene.follower.poll()

    assert scene.follower.counters.stats - stats == 10
    assert scene.follower.counters.listings == listings


def test_a_change_that_the_clock_of_the_file_system_hides_is_found(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    status = scene.path.stat()

    scene.write(scene.lines(3))
    os.utime(scene.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    scene.follower._last_stat = (
        status.st_size,
        status.st_mtime_ns,
        scene.path.stat().st_ctime_ns,
    )
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])


# --- descriptors ------------------------------------------------------------------------------------


def _descriptors(folder: Path) -> list[str]:
    targets = [_target(entry) for entry in os.listdir("/proc/self/fd")]
    return [target for target in targets if target.startswith(str(folder))]


def _target(entry: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{entry}")
    except OSError:
        return ""


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")


@needs_proc
def test_a_rotated_file_is_held_for_five_seconds_and_no_longer(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    scene.rotate()
    scene.write(scene.lines(3))
    scene.poll()

    scene.poll(seconds=4.7)
    assert len(_descriptors(scene.folder)) == 2
    scene.poll(seconds=0.4)

    assert _descriptors(scene.folder) == [str(scene.path)]


@needs_proc
def test_closing_lets_every_descriptor_go(scene: Scene) -> None:
    for _ in range(3):
        scene.write(scene.lines(3))
        scene.poll()
        scene.rotate()
    scene.follower.close()

    assert _descriptors(scene.folder) == []
    assert scene.follower.poll() == []


def test_a_failing_descriptor_is_a_state_and_then_exchanged(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    current = scene.follower._chain.current
    assert current is not None
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, current.fd)
    os.close(sink)

    scene.append(scene.lines(2))
    scene.reader.take(scene.follower.poll())
    assert scene.status() == "unreadable"
    scene.poll(seconds=2)

    assert scene.status() == "following"
    assert scene.verdict() == Verdict([], [], [])


def test_a_file_is_read_to_its_end_before_it_is_let_go(scene: Scene) -> None:
    """Several files come of age in one poll that has room for a part of the first."""
    scene.write(scene.lines(3))
    scene.poll()
    old = []
    for _ in range(2):
        old.append(scene.open())
        scene.rotate()
        scene.write(scene.lines(1))
    scene.poll()
    for writer in old:
        scene.put(writer, scene.lines(2))
    scene.limit = 5
    scene.poll(seconds=6)

    assert scene.verdict() == Verdict([], [], [])


def test_a_rewrite_that_keeps_the_last_bytes_is_seen_by_the_first(scene: Scene) -> None:
    same = b"always the same\n" * 100
    scene.write(scene.line() + same)
    scene.poll()
    scene.expected += same.splitlines(keepends=True) * 2
    scene.write(scene.line() + same)
    scene.poll()

    assert scene.reader.notes == ["rewritten"]
    assert scene.verdict() == Verdict([], [], [])


# --- lines that end late or never -------------------------------------------------------------------


def test_the_unfinished_line_of_a_file_that_is_over_is_handed_out_as_such(scene: Scene) -> None:
    scene.write(scene.line() + b"no end")
    scene.poll()
    scene.rotate()
    scene.write(scene.line())
    scene.poll()
    assert not any(batch.end == "unfinished" for batch in scene.reader.batches)

    scene.poll(seconds=6)

    last = scene.reader.batches[-1]
    assert (last.generation, last.data, last.end) == (0, b"no end", "unfinished")
    assert last.offset == len(scene.expected[0])


def test_a_truncated_file_hands_out_its_unfinished_line_at_once(scene: Scene) -> None:
    scene.write(scene.line() + b"no end")
    scene.poll()
    scene.write(scene.line())
    scene.poll()

    assert [(b.data, b.end) for b in scene.reader.batches[1:]] == [
        (b"no end", "unfinished"),
        (scene.expected[1], "line"),
    ]


def test_an_unfinished_line_changed_in_place_is_read_again(scene: Scene) -> None:
    scene.write(scene.line() + b"10 %")
    scene.poll()
    with open(scene.path, "r+b") as file:
        file.seek(len(scene.expected[0]))
        file.write(b"20 %\n")
    scene.expected.append(b"20 %\n")
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])
    assert scene.reader.notes == []
    assert scene.follower.counters.dropped_partials == 1


def test_a_line_that_never_ends_is_cut_and_counted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert generation.LONGEST_LINE == 64 << 20  # all that follows is a 64th of it
    monkeypatch.setattr(generation, "LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(generation, "CHUNK", generation.CHUNK >> 6)
    piece = b"x" * (128 << 10)
    with open(scene.path, "wb") as file:
        file.write(b"first\n")
        for _ in range(10):
            file.write(piece)
        file.write(b"\nlast\n")
    scene.limit = 256 << 10
    scene.poll()

    work = scene.follower.counters
    assert work.cut_lines == 1
    data = b"".join(batch.data for batch in scene.reader.batches)
    assert data == b"first\n" + piece * 10 + b"\nlast\n"
    assert len([batch for batch in scene.reader.batches if batch.end == "cut"]) > 1
    assert scene.reader.lines == [b"first\n", piece * 10 + b"\n", b"last\n"]


def test_a_restart_within_a_cut_line_goes_on_in_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "LONGEST_LINE", 1 << 16)
    scene.write(scene.line() + b"z" * 100_000)
    scene.poll()
    scene.restart(start=scene.follower.position)
    scene.append(b" end\n")
    scene.poll()

    assert [batch.end for batch in scene.reader.batches[-2:]] == ["cut", "line"]
    assert scene.follower.counters.cut_lines == 0  # it began before
    assert scene.reader.lines[-1] == b"z" * 100_000 + b" end\n"


def test_a_writer_in_full_swing_that_rotates_its_file(scene: Scene) -> None:
    script = (
        "import os, sys\n"
        "for part in range(40):\n"
        "    with open(sys.argv[1], 'ab', buffering=0) as file:\n"
        "        for line in range(250):\n"
        "            text = b'%d.%d\\n' % (part, line)\n"
        "            file.write(text[:3])\n"
        "            file.write(text[3:])\n"
        "    os.rename(sys.argv[1], sys.argv[1] + '.2026-01-01_%04d' % part)\n"
        "with open(sys.argv[1], 'ab') as file:\n"
        "    file.write(b'last\\n')\n"
    )
    scene.expected += [b"%d.%d\n" % (part, line) for part in range(40) for line in range(250)]
    scene.expected.append(b"last\n")
    scene.poll()
    writer = subprocess.Popen([sys.executable, "-c", script, str(scene.path)])
    while writer.poll() is None:
        scene.reader.take(scene.follower.poll(4096))
    assert writer.returncode == 0
    scene.poll()
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])
    assert scene.reader.overlaps == []


def test_what_is_pending_is_shown_only_in_part(scene: Scene) -> None:
    scene.write(b"y" * 1_000_000 + b"the end")
    scene.poll()

    pending = scene.follower.partial()
    assert pending.size == 1_000_007
    assert len(pending.data) == 65536
    assert pending.data.endswith(b"the end")


def test_space_taken_in_advance_is_no_text(scene: Scene) -> None:
    """A writer that reserves its file and fills it in place."""
    scene.write(bytes(3 << 20))
    scene.poll()
    writer = scene.open(append=False)
    for _ in range(5):
        scene.put(writer, scene.line())
        scene.poll()
    half = scene.line()
    scene.put(writer, half[:4])
    scene.poll()
    scene.put(writer, half[4:])
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])
    assert scene.reader.notes == []


def test_an_emptied_file_is_said_at_once(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    os.truncate(scene.path, 0)
    scene.poll()

    assert scene.reader.batches[-1] == LineBatch(1, 0, b"", "truncated")
    assert scene.follower.generation == 1


# --- where to begin ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "within", "origin"),
    [
        (b"", 10, 0),
        (b"one\ntwo\n", 100, 0),
        (b"one\ntwo\n", 8, 0),
        (b"one\ntwo\nthree\n", 7, 8),
        (b"one\ntwo\nthree\n", 6, 8),
        (b"one\ntwo\nthree\n", 5, 8),
        (b"one\ntwo\nthree\n", 0, 8),
        (b"one\ntwo\nthree", 5, 8),
        (b"one\n" + b"x" * 3_000_000 + b"\n", 10, 4),
        (b"x" * 3_000_000, 10, 0),
        (bytes(5000) + b"text\n", 2, 0),
    ],
)
def test_beginning_near_the_end(tmp_path: Path, text: bytes, within: int, origin: int) -> None:
    path = tmp_path / "log"
    path.write_bytes(text)
    follower = FileFollower(path, at_end_bytes=within)
    reader = Reader()
    reader.take(follower.poll())

    assert follower.origin == origin
    skipped = len(text[origin:]) - len(text[origin:].lstrip(b"\0"))
    got = b"".join(batch.data for batch in reader.batches) + follower.partial().data[-3_000_000:]
    assert got[-60_000:] == text[origin + skipped :][-60_000:]
    follower.close()


def test_history_before_the_origin_can_be_read(scene: Scene) -> None:
    scene.write(scene.lines(100))
    follower = FileFollower(scene.path, at_end_bytes=100)
    follower.poll()

    assert follower.read(0, 0, follower.origin) == scene.path.read_bytes()[: follower.origin]
    assert follower.read(1, 0, 10) is None
    follower.close()
    assert follower.read(0, 0, 10) is None


def test_reading_back_from_another_thread_never_sees_another_file(scene: Scene) -> None:
    """Descriptors come and go below the reader; a number is reused at once."""
    other = scene.folder / "other"
    other.write_bytes(b"WRONG\n" * 1000)
    scene.write(b"right\n" * 1000)
    scene.poll()
    wrong: list[bytes] = []
    done = threading.Event()

    def look_back() -> None:
        while not done.is_set():
            for number in range(30):
                data = scene.follower.read(number, 0, 6)
                if data and data != b"right\n":
                    wrong.append(data)

    thread = threading.Thread(target=look_back)
    thread.start()
    try:
        for _ in range(25):
            scene.replace(b"right\n" * 1000)
            scene.poll(seconds=6)
            scene.poll(seconds=6)
            os.close(os.open(other, os.O_RDONLY))
    finally:
        done.set()
        thread.join(10)
    assert wrong == []


def test_a_position_survives_writing_it_down(scene: Scene) -> None:
    scene.write(scene.lines(300))
    scene.poll()
    saved = msgspec.json.decode(msgspec.json.encode(scene.follower.position), type=FilePosition)
    scene.append(scene.lines(3))
    scene.restart(start=saved)
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])
    assert {batch.generation for batch in scene.reader.batches} == {0}


def test_a_position_whose_file_was_rewritten_starts_a_generation(scene: Scene) -> None:
    scene.write(scene.lines(30))
    scene.poll()
    saved = scene.follower.position
    scene.follower.close()
    scene.write(scene.lines(40))
    scene.restart(start=saved)
    scene.poll()

    assert scene.reader.batches[-1].generation == 1
    assert scene.reader.notes == ["rewritten"]
    assert scene.verdict() == Verdict([], [], [])


def test_a_position_waits_for_its_file(scene: Scene) -> None:
    scene.write(scene.lines(30))
    scene.poll()
    saved = scene.follower.position
    scene.follower.close()
    away = scene.folder / "away"
    os.rename(scene.path, away)
    scene.restart(start=saved)
    scene.poll()
    assert scene.follower.position == saved
    scene.append(scene.lines(2), away)
    os.rename(away, scene.path)
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])


def test_a_position_finds_its_rotated_file_while_the_path_is_missing(scene: Scene) -> None:
    scene.write(scene.lines(30))
    scene.poll()
    saved = scene.follower.position
    scene.follower.close()
    scene.append(scene.lines(2))
    scene.rotate()
    scene.restart(start=saved)
    scene.poll()
    assert scene.status() == "missing"
    scene.poll(seconds=9)
    scene.write(scene.lines(2))
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])


# --- siblings that are none -------------------------------------------------------------------------


def test_backups_and_strangers_beside_the_file_are_left_alone(scene: Scene) -> None:
    scene.write(scene.lines(30))
    scene.poll()
    for suffix in (".gz", ".1.gz", ".swp", ".lock", ".json", ".tmp", "ging.1"):
        scene.write(b"a stranger's line\n", scene.beside(suffix))
    scene.write(scene.path.read_bytes(), scene.beside(".20260101"))
    scene.write(scene.path.read_bytes(), scene.beside(".bak"))
    scene.replace(scene.lines(3))
    scene.poll()
    os.truncate(scene.path, 0)
    scene.append(scene.lines(1))
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])


def test_history_that_grows_late_or_gives_its_inode_away(scene: Scene) -> None:
    scene.write(b"old history\n", scene.beside(".1"))
    scene.write(scene.lines(3))
    scene.poll()
    scene.append(b"a late word in history\n", scene.beside(".1"))
    scene.rotate()
    scene.write(scene.lines(2))
    scene.poll()
    assert scene.verdict() == Verdict([], [], [])

    elders = scene.beside(".2")
    inode = elders.stat().st_ino
    os.unlink(elders)
    scene.rotate()
    scene.write(scene.lines(20))
    reused = scene.path.stat().st_ino == inode
    scene.rotate()
    scene.write(scene.lines(2))
    scene.poll()
    assert scene.verdict() == Verdict([], [], []), f"inode reused: {reused}"


def test_an_old_log_unpacked_beside_the_file_is_history(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    unpacked = scene.beside(".9")
    unpacked.write_bytes(b"from last week\n")
    os.utime(unpacked, (1_000_000_000, 1_000_000_000))
    scene.rotate()
    scene.write(scene.lines(2))
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])


def test_a_file_let_go_is_no_news_when_its_successor_becomes_readable(scene: Scene) -> None:
    scene.write(scene.lines(3))
    scene.poll()
    os.rename(scene.path, scene.beside(".1"))
    os.mkdir(scene.path)
    scene.poll()
    scene.poll(seconds=6)
    os.rmdir(scene.path)
    scene.write(scene.lines(2))
    scene.poll()

    assert scene.verdict() == Verdict([], [], [])


# --- trust ------------------------------------------------------------------------------------------


def test_a_link_at_an_untrusted_path_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"private\n")
    link = tmp_path / "log"
    link.symlink_to(secret)
    follower = FileFollower(link, trusted=False)

    assert follower.poll() == []
    assert follower.state.status == "not a file"
    assert "a symbolic link" in follower.state.reason
    link.unlink()
    link.write_bytes(b"public\n")
    assert [batch.data for batch in follower.poll()] == [b"public\n"]
    follower.close()


def test_relative_paths_and_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "a b\nc", "[x](y).*", "-rf"):
        clock = Clock()
        follower = FileFollower(name, clock=clock)
        reader = Reader()
        Path(name).write_bytes(b"one\n")
        reader.take(follower.poll())
        os.rename(name, f"{name}.1")
        Path(name).write_bytes(b"two\n")
        os.rename(f"{name}.1", f"{name}.2")
        os.rename(name, f"{name}.1")
        Path(name).write_bytes(b"three\n")
        reader.take(follower.poll())
        assert reader.lines == [b"one\n", b"two\n", b"three\n"]
        follower.close()
