"""What the night writes into tidebell, second half: trust and shipping."""

from __future__ import annotations

WINDOW = '''"""A sliding window: at most so many within any span of so many seconds."""

from collections import deque

from tidebell.clock import Clock


class Window:
    def __init__(self, limit, seconds, clock=None):
        if limit < 1 or seconds <= 0:
            raise ValueError("a window needs a limit of at least 1 and a length above zero")
        self.limit = limit
        self.seconds = seconds
        self._clock = clock or Clock()
        self._taken = deque()

    def take(self):
        """Takes a place if one is free; says whether it did."""
        now = self._clock.now()
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        if len(self._taken) >= self.limit:
            return False
        self._taken.append(now)
        return True
'''
TEST_WINDOW = """import unittest

from tidebell.clock import HandClock
from tidebell.window import Window


class WindowTest(unittest.TestCase):
    def test_no_span_holds_more_than_the_limit(self):
        clock = HandClock()
        window = Window(limit=3, seconds=1.0, clock=clock)
        taken = []
        for step in range(200):
            if window.take():
                taken.append(clock.now())
            clock.advance(0.07)
        for start in taken:
            inside = [moment for moment in taken if start <= moment < start + 1.0]
            self.assertLessEqual(len(inside), 3)

    def test_a_place_is_free_again_after_the_span(self):
        clock = HandClock()
        window = Window(limit=1, seconds=2.0, clock=clock)
        self.assertTrue(window.take())
        self.assertFalse(window.take())
        clock.advance(2.0)
        self.assertTrue(window.take())


if __name__ == "__main__":
    unittest.main()
"""

TEST_THREADS = '''import threading
import time
import unittest

from tidebell import Bucket, HandClock


class SlowClock(HandClock):
    """Makes a race visible: other threads run while one is inside the bucket."""

    def now(self):
        time.sleep(0.0005)
        return super().now()


class Tokens(int):
    """A number that lets other threads in while it is looked at."""

    def __lt__(self, other):
        answer = int(self) < other
        time.sleep(0.0005)
        return answer

    def __sub__(self, other):
        return Tokens(int(self) - other)


class ThreadTest(unittest.TestCase):
    def test_no_token_is_given_twice(self):
        bucket = Bucket(rate=1, burst=20, clock=SlowClock())
        bucket._tokens = Tokens(20)
        bucket._refill = lambda: None
        given = []

        def grab():
            for _ in range(20):
                if bucket.take():
                    given.append(1)

        threads = [threading.Thread(target=grab) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(given), 20)


if __name__ == "__main__":
    unittest.main()
'''
LOCK_EDITS = (
    (
        "from tidebell.clock import Clock\n",
        "import threading\n\nfrom tidebell.clock import Clock\n",
    ),
    (
        "        self._tokens = burst\n",
        "        self._tokens = burst\n        self._lock = threading.Lock()\n",
    ),
    (
        """        self._refill()
        if self._tokens < count:
            return False
        self._tokens -= count
        return True
""",
        """        with self._lock:
            self._refill()
            if self._tokens < count:
                return False
            self._tokens -= count
            return True
""",
    ),
)

SOAK = '''"""Soak: bells of many tempi ring in real time; every ring is counted."""

import argparse
import sys

from tidebell.clock import Clock
from tidebell.scheduler import Scheduler


def soak(seconds, out):
    clock = Clock()
    scheduler = Scheduler(clock)
    start = clock.now()
    counts = [0] * 40
    for index in range(len(counts)):
        def ring(index=index):
            counts[index] += 1
        scheduler.every(0.01 * (index + 1), ring)
    told = 0
    while clock.now() - start < seconds:
        scheduler.run_due()
        clock.sleep(0.002)
        if int(clock.now() - start) > told:
            told = int(clock.now() - start)
            out.write(f"{told:3d} s  {sum(counts)} rings\\n")
            out.flush()
    for index, count in enumerate(counts):
        most = seconds / (0.01 * (index + 1)) + 1
        if count > most:
            out.write(f"bell {index} rang {count} times, at most {most:.0f} expected\\n")
            return 1
    out.write(f"OK: {sum(counts)} rings, none twice\\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    sys.exit(soak(parser.parse_args().seconds, sys.stdout))
'''

TEST_README = """import doctest
import unittest
from pathlib import Path


class ReadmeTest(unittest.TestCase):
    def test_the_examples_run(self):
        path = Path(__file__).parent.parent / "README.md"
        failed, tried = doctest.testfile(str(path), module_relative=False)
        self.assertEqual(failed, 0)
        self.assertGreater(tried, 8)


if __name__ == "__main__":
    unittest.main()
"""
README_ANCHOR = "Run the tests with"
README_ADDED = """A scheduler rings bells; whoever calls `run_due` decides when:

    >>> from tidebell.scheduler import Scheduler
    >>> scheduler = Scheduler(clock)
    >>> bell = scheduler.after(3, lambda: print("ding"))
    >>> clock.advance(3)
    >>> scheduler.run_due()
    ding
    1

"""

BENCH = '''"""How long take() takes, one line per round."""

import statistics
import sys
import time

from tidebell import Bucket


def main(rounds):
    bucket = Bucket(rate=1e9, burst=1e9)
    times = []
    for number in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(100):
            bucket.take()
        times.append((time.perf_counter_ns() - start) / 100)
        print(f"round {number:5d}   {times[-1]:8.1f} ns a call")
    print(f"median {statistics.median(times):.1f} ns, worst {max(times):.1f} ns")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1200)
'''

CHANGELOG_ANCHOR = "# Changelog\n"
CHANGELOG_ADDED = """# Changelog

## 0.3.0
- A scheduler: bells in a heap, cancelled without leaking, repeated without drift.
- Tide tables: "every 15m", "daily 06:30".
- A sliding window limiter.
- The bucket keeps fractions of a token, refuses a burst of zero, and is safe from many threads.
"""
INIT = '''"""tidebell: bells that ring with the tide."""

from tidebell.bucket import Bucket
from tidebell.clock import Clock, HandClock
from tidebell.scheduler import Scheduler
from tidebell.tides import parse
from tidebell.window import Window

__all__ = ["Bucket", "Clock", "HandClock", "Scheduler", "Window", "parse"]
__version__ = "0.3.0"
'''
