"""Any order of a writer's moves and a follower's looks hands out each line that could be read, once."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.unit.feeds.tail_scene import Scene


@dataclass
class Model:
    """One file as the writer knows it; `fresh` are whole lines that no poll has met."""

    path: Path
    fresh: list[bytes] = field(default_factory=list)
    partial: bytes = b""
    held: bool = False
    consumed: bool = False
    superseded_at: float | None = None


class Following(RuleBasedStateMachine):
    """The reference: what was met by a poll while it could be read must have come out."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="follow-")
        self.scene = Scene(Path(self.folder.name))
        self.files: list[Model] = []
        self.current: Model | None = None
        self.allowed: Counter[bytes] = Counter()
        self.pieces: set[bytes] = set()
        self.ghosts: list[bytes] = []
        self.was_late = False

    @initialize(
        limit=st.sampled_from([5, 64, 4 << 20]), exists=st.booleans(), history=st.booleans()
    )
    def set_up(self, limit: int, exists: bool, history: bool) -> None:
        self.scene.limit = limit
        if history:
            self.scene.beside(".1").write_bytes(b"history\n")
        if exists:
            self.create()
        self.look(0.2)

    def teardown(self) -> None:
        try:
            self.look(0.2)
            self.look(6.0)
            self.judge()
            assert not self.scene.reader.overlaps
        finally:
            self.scene.close()
            self.folder.cleanup()

    # --- the writer ---------------------------------------------------------------------------------

    @precondition(lambda self: self.current is None)
    @rule()
    def create(self) -> None:
        self.scene.path.touch()
        self.current = Model(self.scene.path)

    @precondition(lambda self: self.current is not None)
    @rule(count=st.integers(1, 4), size=st.sampled_from([0, 0, 40, 1500]), half=st.booleans())
    def append(self, count: int, size: int, half: bool) -> None:
        assert self.current is not None
        self._write(self.current, count, size, half)

    @precondition(lambda self: self.current is not None)
    @rule(again=st.booleans())
    def rename(self, again: bool) -> None:
        assert self.current is not None
        self._shift()
        os.rename(self.scene.path, self.scene.beside(".1"))
        self.current.path = self.scene.beside(".1")
        self.files.append(self.current)
        self.current = None
        if again:
            self.create()

    @precondition(lambda self: self.current is not None and self.current.held)
    @rule(count=st.integers(0, 3))
    def copy_and_truncate(self, count: int) -> None:
        current = self.current
        assert current is not None
        self._shift()
        self.scene.beside(".1").write_bytes(self.scene.path.read_bytes())
        os.truncate(self.scene.path, 0)
        if not current.consumed:
            # nothing had been read, so nothing shows that the file began anew
            self.allowed.update(current.fresh)
            current.fresh = []
        copied, current.fresh = current.fresh, []
        current.partial = b""
        self._write(current, count, 0, False)
        current.fresh = copied + current.fresh
        self.look(0.2)

    @precondition(lambda self: self.current is not None)
    @rule(count=st.integers(0, 6), size=st.sampled_from([0, 300]), half=st.booleans())
    def rewrite(self, count: int, size: int, half: bool) -> None:
        current = self.current
        assert current is not None
        os.truncate(self.scene.path, 0)
        current.partial = b""
        current.fresh = []
        self._write(current, count, size, half)

    @precondition(lambda self: self.current is not None)
    @rule(count=st.integers(0, 5), half=st.booleans())
    def replace(self, count: int, half: bool) -> None:
        assert self.current is not None
        fresh = Model(self.scene.beside(".tmp"))
        fresh.path.touch()
        self._write(fresh, count, 0, half)
        os.replace(fresh.path, self.scene.path)
        self._gone(self.current)
        fresh.path = self.scene.path
        self.current = fresh

    @precondition(lambda self: self.current is not None)
    @rule()
    def delete(self) -> None:
        assert self.current is not None
        os.unlink(self.scene.path)
        self._gone(self.current)
        self.current = None

    @precondition(lambda self: any(self._writable(file) for file in self.files))
    @rule(data=st.data(), half=st.booleans())
    def late_write(self, data: st.DataObject, half: bool) -> None:
        writable = [file for file in self.files if self._writable(file)]
        self._write(data.draw(st.sampled_from(writable)), 1, 0, half)
        self.was_late = True

    # --- the follower -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.2, 0.2, 1.0, 6.0]))
    def look(self, seconds: float) -> None:
        self.scene.poll(seconds)
        now = self.scene.clock.now
        self.scene.expected += self.ghosts
        self.ghosts = []
        news = self.current is not None and not self.current.held
        for file in [*self.files, *([self.current] if self.current else [])]:
            if not file.held and not news:
                # rotated away while nothing took its place: found when something does, if not before
                file.superseded_at = file.superseded_at or now
                continue
            self.scene.expected += file.fresh
            file.fresh = []
            file.held = True
            file.consumed = file.path.stat().st_size > 0
            if file is not self.current and self.current and file.superseded_at is None:
                file.superseded_at = now

    @precondition(lambda self: not self.was_late)
    @rule(count=st.integers(0, 3), rotate=st.booleans())
    def restart(self, count: int, rotate: bool) -> None:
        self.look(0.2)
        self.look(6.0)
        saved = self.scene.follower.position
        self.scene.follower.close()
        for file in self.files:
            file.superseded_at = 0.0
            file.held = True
            self.allowed.update(file.fresh)
            file.fresh = []
        if self.current:
            self._write(self.current, count, 0, False)
            if rotate:
                self.rename(again=True)
        self.scene.restart(start=saved)
        self.look(0.2)

    @invariant()
    def judge(self) -> None:
        got = Counter(line for line in self.scene.reader.lines if line.endswith(b"\n"))
        expected = Counter(self.scene.expected)
        assert not expected - got, "lost"
        early = Counter(line for file in self.files if not file.held for line in file.fresh)
        assert not got - expected - self.allowed - early, "duplicated or invented"
        pieces = [line for line in self.scene.reader.lines if not line.endswith(b"\n")]
        assert set(pieces) <= self.pieces

    # --- the model ----------------------------------------------------------------------------------

    def _write(self, file: Model, count: int, size: int, half: bool) -> None:
        lines = [self.scene.line(size=size, expect=False) for _ in range(count)]
        text = b"".join(lines)
        if count and file.partial:
            lines[0] = file.partial + lines[0]
            file.partial = b""
        file.fresh += lines
        if half:
            piece = self.scene.line(expect=False)[:-1]
            text += piece
            file.partial += piece
            self.pieces.add(file.partial)
        with open(file.path, "ab", buffering=0) as out:
            out.write(text)

    def _shift(self) -> None:
        names = [self.scene.beside(f".{number}") for number in range(1, 6)]
        if names[-1].exists():
            last = next((f for f in self.files if f.path == names[-1]), None)
            if last:
                self.files.remove(last)
                self._gone(last)
            names[-1].unlink()
        for older, newer in zip(names[:0:-1], names[-2::-1], strict=True):
            if newer.exists():
                os.rename(newer, older)
                for file in self.files:
                    if file.path == newer:
                        file.path = older

    def _gone(self, file: Model) -> None:
        """A file without a name gives its lines only to a follower that holds it."""
        if file.held:
            self.ghosts += file.fresh

    def _writable(self, file: Model) -> bool:
        at = file.superseded_at
        return at is None or self.scene.clock.now - at < 3.0


TestFollowing = Following.TestCase
TestFollowing.settings = settings(deadline=None, max_examples=100, stateful_step_count=25)
