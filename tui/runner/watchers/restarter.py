"""Starts the supervisor of a run again when it died: `python -I -S restarter.py RUN [PID]`.

One such process lives as long as its run, whether or not an agent runs. It waits on the supervisor's
process, so it learns of its death at once and costs nothing until then. A supervisor that died is started
again after a second, and later the more often it died early, as RUN/restart.json says. One that has done
nothing for ten minutes is killed first. PID is a supervisor that is being started.

Within an hour that is done `limit` times at most. At the limit, and after several early deaths in a row,
the journal gets an `unwatched` entry and people are notified; it goes on once the hour allows it.

Nothing is started once the run has ended, while another supervisor holds RUN/supervisor.lock, or for ten
minutes after one left because it was asked to (RUN/left). SIGTERM ends this process: a machine that shuts
down sends it to all. Only the standard library is imported, and little of it.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import sys
import time

_EARLY_SECONDS = 60.0  # a supervisor that lived shorter than this died early
_MOST_EARLY = 6
_HUNG_SECONDS = 600.0
_LEFT_SECONDS = 600.0
_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 300.0
_START_SECONDS = 30.0
_HOUR_SECONDS = 3600.0
_WAKE_SECONDS = 30.0
_POLL_SECONDS = 0.5
_TO_RESET = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE)


class Restarter:
    """One run's supervisor, and how often it was started again."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.starts: list[float] = []
        self.early = 0
        self.since: float | None = None
        self.is_reported = False
        self.beat = (0.0, 0.0)

    def path(self, name: str) -> str:
        return os.path.join(self.run, name)

    def watch(self, pid: int) -> None:
        """Returns when the run has ended, or is gone; `pid` is a supervisor on its way, or 0."""
        self._await_start(pid)
        while not self._is_over():
            holder = self._holder()
            if holder is not None:
                self._on_living(holder)
            elif self._left_lately():
                time.sleep(_POLL_SECONDS)
            else:
                self._replace()

    def _on_living(self, holder: tuple[int, int]) -> None:
        """Waits for the end of the supervisor, and kills one that hangs."""
        now = time.monotonic()
        self.since = now if self.since is None else self.since
        if now - self.since >= _EARLY_SECONDS:
            self.early, self.is_reported = 0, False
        beat = _modified(self.path("supervisor.lock"))
        if beat != self.beat[0]:
            self.beat = beat, now
        elif now - self.beat[1] >= _HUNG_SECONDS and holder[0]:
            _kill(holder)
        _wait_for_end(holder)

    def _replace(self) -> None:
        """Starts a supervisor after a pause, unless somebody else did so meanwhile."""
        lived = time.monotonic() - self.since if self.since is not None else 0.0
        self.early = self.early + 1 if lived < _EARLY_SECONDS else 1
        self.since = None
        # Two of each pause: a few deaths that have nothing to do with each other delay nobody.
        pause = min(_FIRST_SECONDS * 2.0 ** min((self.early - 1) // 2, 20), _LONGEST_SECONDS)
        if not self._is_free_for(pause):
            return
        order = _read(self.path("restart.json"))
        words, limit = order.get("argv"), order.get("limit")
        if not isinstance(words, list) or not words or not isinstance(limit, int):
            self._is_free_for(_WAKE_SECONDS)
        elif self._wait_for_allowance(order, limit):
            self.starts.append(time.monotonic())
            self._await_start(self._start([*words, str(len(self.starts))]))

    def _wait_for_allowance(self, order: dict[str, object], limit: int) -> bool:
        """Waits until the hour allows another start; False when it is needed no more."""
        while True:
            oldest = time.monotonic() - _HOUR_SECONDS
            lately = [at for at in self.starts if at > oldest]
            is_allowed = len(lately) < limit
            if not self.is_reported and (self.early > _MOST_EARLY or not is_allowed):
                self.is_reported = True
                self._report_unwatched(order, len(lately))
            if is_allowed:
                return True
            if not self._is_free_for(_WAKE_SECONDS):
                return False

    def _report_unwatched(self, order: dict[str, object], count: int) -> None:
        reason = f"the watchdog died early {self.early} times in a row"
        if self.early <= _MOST_EARLY:
            reason = f"the watchdog was started again {count} times within an hour"
        entry = {"at": time.time(), "kind": "unwatched", "reason": reason, "restarts": count}
        _append(self.path("journal.jsonl"), json.dumps(entry).encode() + b"\n")
        words = order.get("notify")
        if isinstance(words, list) and words:
            self._start(words)

    def _is_free_for(self, seconds: float) -> bool:
        """Waits so long; False as soon as the run is over or has a supervisor."""
        until = time.monotonic() + seconds
        while True:
            if self._is_over() or self._holder() is not None or self._left_lately():
                return False
            left = until - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(_POLL_SECONDS, left))

    def _await_start(self, pid: int) -> None:
        """Returns once a supervisor holds the lock, the one that is starting died, or it takes too long."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and not self._is_over():
            if self._holder() is not None or not _lives(pid):
                return
            time.sleep(_POLL_SECONDS / 5)

    def _start(self, words: list[str]) -> int:
        """The pid of a process of its own session; 0 where it could not be started."""
        try:
            pid = os.fork()
        except OSError:
            return 0
        if pid:
            return pid
        try:
            os.setsid()
            for number in _TO_RESET:
                signal.signal(number, signal.SIG_DFL)
            null = os.open(os.devnull, os.O_RDWR)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            try:
                log = os.open(self.path("supervisor.log"), flags, 0o600)
            except OSError:
                log = null
            for target, descriptor in enumerate((null, log, log)):
                os.dup2(descriptor, target)
            os.execv(words[0], words)
        finally:
            os._exit(127)

    def _is_over(self) -> bool:
        return bool(_read(self.path("ended.json"))) or not os.path.exists(self.path("run.json"))

    def _left_lately(self) -> bool:
        try:
            age = time.time() - os.stat(self.path("left")).st_mtime
        except OSError:
            return False
        return abs(age) < _LEFT_SECONDS

    def _holder(self) -> tuple[int, int] | None:
        """Pid and start of the living holder of the lock; (0, 0) for one that gives no name."""
        try:
            descriptor = os.open(self.path("supervisor.lock"), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            # Shared, as in system/locks: so two that ask do not take each other for the holder.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except OSError:
            words = os.pread(descriptor, 64, 0).split()
        finally:
            os.close(descriptor)
        if len(words) != 2 or not all(word.isdigit() for word in words):
            return 0, 0
        pid, start = int(words[0]), int(words[1])
        # A process that is killed while it starts another leaves its lock to that child for a moment.
        return (pid, start) if _start_ticks(pid) in (start, -1) else None


def _wait_for_end(holder: tuple[int, int]) -> None:
    """Returns when that process has ended, or after a while."""
    pid, start = holder
    try:
        descriptor = os.pidfd_open(pid) if pid else -1
    except (AttributeError, OSError):
        descriptor = -1
    if descriptor < 0:
        time.sleep(1.0)
        return
    try:
        if _start_ticks(pid) == start:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(_WAKE_SECONDS * 1000)
    finally:
        os.close(descriptor)
    _lives(pid)


def _kill(holder: tuple[int, int]) -> None:
    """Kills that very process, where no other can have its pid meanwhile."""
    try:
        descriptor = os.pidfd_open(holder[0])
    except (AttributeError, OSError):
        return
    try:
        if _start_ticks(holder[0]) == holder[1]:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _lives(pid: int) -> bool:
    """Whether that process runs; reaps the children of ours that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except OSError:
        pass
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _start_ticks(pid) != 0


def _start_ticks(pid: int) -> int:
    """When a process started, in ticks since boot; 0 if it has ended, -1 where nobody can tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0 if os.path.exists("/proc/self/stat") else -1
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _read(path: str) -> dict[str, object]:
    """The object in a small file; empty where there is none."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(1 << 20))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _append(path: str, line: bytes) -> None:
    """Adds a line; the newline of one that was cut short comes first."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, b"\n" + line if is_torn else line)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _acquire(path: str) -> bool:
    """Takes the lock until this process ends; no child inherits it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    for _ in range(40):
        # Whoever asks whether it is locked shares it for a moment.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.05)
        else:
            break
    else:
        return False
    name = f"{os.getpid()} {max(0, _start_ticks(os.getpid()))}\n".encode()
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, name, 0)
    except OSError:
        pass  # a full disk: held all the same
    return True


def main(arguments: list[str] | None = None) -> int:
    """Watches until the run is over; at once where somebody else does."""
    words = sys.argv[1:] if arguments is None else arguments
    for number in _TO_RESET:
        signal.signal(number, signal.SIG_IGN)
    try:
        if not _acquire(os.path.join(words[0], "restarter.lock")):
            return 0
        Restarter(words[0]).watch(int(words[1]) if len(words) > 1 else 0)
    except FileNotFoundError:
        pass  # the run was removed
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
