"""tidebell as it stands before the night: a small library with work left to do."""

from __future__ import annotations

README = """# tidebell

Bells that ring with the tide: a rate limiter and a scheduler for small programs, without a thread.

    >>> from tidebell import Bucket, HandClock
    >>> clock = HandClock()
    >>> bucket = Bucket(rate=2, burst=4, clock=clock)
    >>> [bucket.take() for _ in range(5)]
    [True, True, True, True, False]
    >>> clock.advance(0.5)
    >>> bucket.take()
    True

Run the tests with `python3 -m unittest`.
"""

IGNORE = "__pycache__/\n*.pyc\nlogs/\n.overnight/\n.claude/settings.local.json\n"

INIT = '''"""tidebell: bells that ring with the tide."""

from tidebell.bucket import Bucket
from tidebell.clock import Clock, HandClock

__all__ = ["Bucket", "Clock", "HandClock"]
__version__ = "0.2.0"
'''

CLOCK = '''"""Clocks: the real one, and one that tests turn by hand."""

import time


class Clock:
    """Seconds that never go back."""

    def now(self):
        return time.monotonic()

    def sleep(self, seconds):
        time.sleep(max(0.0, seconds))


class HandClock(Clock):
    """Stands still until somebody turns it."""

    def __init__(self, start=0.0):
        self._now = start

    def now(self):
        return self._now

    def advance(self, seconds):
        self._now += seconds

    def sleep(self, seconds):
        self.advance(max(0.0, seconds))
'''

BUCKET = '''"""A token bucket: so many per second, so many at once."""

from tidebell.clock import Clock


class Bucket:
    def __init__(self, rate, burst, clock=None):
        self.rate = rate
        self.burst = burst
        self._clock = clock or Clock()
        self._tokens = burst
        self._seen = self._clock.now()

    def take(self, count=1):
        """Takes tokens if enough are there; says whether it did."""
        self._refill()
        if self._tokens < count:
            return False
        self._tokens -= count
        return True

    def wait(self, count=1):
        """Seconds until `count` tokens are there."""
        self._refill()
        return max(0.0, (count - self._tokens) / self.rate)

    @property
    def fill(self):
        """How full the bucket is, from 0 to 1."""
        self._refill()
        return self._tokens / self.burst

    def _refill(self):
        now = self._clock.now()
        gained = int((now - self._seen) * self.rate)
        self._tokens = min(self.burst, self._tokens + gained)
        self._seen = now
'''

TEST_CLOCK = """import unittest

from tidebell.clock import HandClock


class HandClockTest(unittest.TestCase):
    def test_stands_still(self):
        clock = HandClock(5.0)
        self.assertEqual(clock.now(), clock.now())

    def test_is_turned_by_hand(self):
        clock = HandClock()
        clock.advance(2.5)
        self.assertEqual(clock.now(), 2.5)
        clock.sleep(0.5)
        self.assertEqual(clock.now(), 3.0)


if __name__ == "__main__":
    unittest.main()
"""

TEST_BUCKET = """import unittest

from tidebell import Bucket, HandClock


class BucketTest(unittest.TestCase):
    def setUp(self):
        self.clock = HandClock()
        self.bucket = Bucket(rate=2, burst=4, clock=self.clock)

    def test_a_full_bucket_gives_its_burst(self):
        self.assertEqual([self.bucket.take() for _ in range(5)], [True] * 4 + [False])

    def test_it_refills_with_time(self):
        self.bucket.take(4)
        self.clock.advance(1.0)
        self.assertTrue(self.bucket.take(2))
        self.assertFalse(self.bucket.take())

    def test_it_never_holds_more_than_its_burst(self):
        self.clock.advance(60)
        self.assertEqual(self.bucket.fill, 1.0)


if __name__ == "__main__":
    unittest.main()
"""

CHANGELOG = """# Changelog

## 0.2.0
- A token bucket and a clock that tests turn by hand.
"""

PROGRESS = """# Session: tidebell-0.3
# Goal: Bring tidebell to 0.3: a scheduler beside the bucket, trusted by tests, ready to ship

## In Progress
(none)

## Phase 1: Token bucket (P0 - Critical)
- [x] **1.1** Package skeleton and a first bucket
- [x] **1.2** A clock that tests turn by hand
- [ ] **1.3** Refill keeps fractions of a token
- [ ] **1.4** A burst of zero is refused, not divided by

## Phase 2: Scheduler (P0 - Critical)
- [ ] **2.1** A heap of bells, first in first out at equal times
- [ ] **2.2** Cancel a bell without leaking it
- [ ] **2.3** Repeating bells do not drift
- [ ] **2.4** Tide tables: "every 15m", "daily 06:30"

## Phase 3: Trust (P1 - Important)
- [ ] **3.1** A sliding window limiter
- [ ] **3.2** take() is safe from many threads
- [ ] **3.3** Soak: every bell rings once, for a while

## Phase 4: Shipping (P2 - Nice to have)
- [ ] **4.1** README examples run as tests
- [ ] **4.2** Benchmark of take()
- [ ] **4.3** Changelog and version 0.3.0

## Blockers
None

## Notes
- Tests: `python3 -m unittest`. Every task ends green, ticked and committed.
"""

NOTES = """# Session notes

## Current Goal
Bring tidebell to 0.3 (see claude-progress.txt).

## Key Decisions Made
- No threads inside the library; whoever calls decides when time passes.
- All tests turn a HandClock; none sleeps.

## Important Discoveries
_none yet_

## Blockers & Solutions
_none yet_
"""


def _almanac() -> str:
    """A year of tides: high water comes 50 minutes later every day."""
    lines = ["# Almanac", "", "High and low water at the harbour, day by day.", ""]
    for day in range(366):
        high = (190 + 50 * day) % 720
        low = (high + 373) % 1440
        lines.append(
            f"- day {day + 1:03d}: high {high // 60:02d}:{high % 60:02d}, "
            f"low {low // 60:02d}:{low % 60:02d}"
        )
    return "\n".join(lines) + "\n"


FILES = {
    "docs/almanac.md": _almanac(),
    "README.md": README,
    ".gitignore": IGNORE,
    "CHANGELOG.md": CHANGELOG,
    "tidebell/__init__.py": INIT,
    "tidebell/clock.py": CLOCK,
    "tidebell/bucket.py": BUCKET,
    "tests/__init__.py": "",
    "tests/test_clock.py": TEST_CLOCK,
    "tests/test_bucket.py": TEST_BUCKET,
}
PAPERS = {"claude-progress.txt": PROGRESS, "claude-session-notes.md": NOTES}
