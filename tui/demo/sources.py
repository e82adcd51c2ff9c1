"""What the night writes into tidebell, first half: bucket and scheduler."""

from __future__ import annotations

FRACTION_TEST = """    def test_fractions_of_a_token_add_up(self):
        self.bucket.take(4)
        for _ in range(8):
            self.clock.advance(0.125)
            self.bucket.wait()
        self.assertTrue(self.bucket.take(2))

"""
FRACTION_ANCHOR = "    def test_it_never_holds_more"
FRACTION_BUG = "gained = int((now - self._seen) * self.rate)"
FRACTION_FIX = "gained = (now - self._seen) * self.rate"

ZERO_TEST = """    def test_a_burst_of_zero_is_refused(self):
        with self.assertRaises(ValueError):
            Bucket(rate=2, burst=0, clock=self.clock)
        with self.assertRaises(ValueError):
            Bucket(rate=0, burst=4, clock=self.clock)

"""
ZERO_BUG = """        self.rate = rate
        self.burst = burst
"""
ZERO_FIX = """        if rate <= 0 or burst <= 0:
            raise ValueError(f"rate and burst must be above zero, not {rate} and {burst}")
        self.rate = rate
        self.burst = burst
"""

SCHEDULER = '''"""A heap of bells: each has a time and something to do when it rings."""

import heapq

from tidebell.clock import Clock


class Bell:
    def __init__(self, due, action):
        self.due = due
        self.action = action


class Scheduler:
    def __init__(self, clock=None):
        self._clock = clock or Clock()
        self._heap = []

    def __len__(self):
        return len(self._heap)

    def at(self, due, action):
        """Rings at a time of the clock."""
        bell = Bell(due, action)
        heapq.heappush(self._heap, (due, bell))
        return bell

    def after(self, seconds, action):
        """Rings so many seconds from now."""
        return self.at(self._clock.now() + seconds, action)

    def run_due(self):
        """Rings all bells whose time has come; says how many."""
        rung = 0
        while self._heap and self._heap[0][0] <= self._clock.now():
            _, bell = heapq.heappop(self._heap)
            bell.action()
            rung += 1
        return rung
'''
TEST_SCHEDULER = """import unittest

from tidebell.clock import HandClock
from tidebell.scheduler import Scheduler


class SchedulerTest(unittest.TestCase):
    def setUp(self):
        self.clock = HandClock()
        self.scheduler = Scheduler(self.clock)
        self.rung = []

    def ring(self, name):
        return lambda: self.rung.append(name)

    def test_bells_ring_in_the_order_of_their_times(self):
        self.scheduler.after(2, self.ring("late"))
        self.scheduler.after(1, self.ring("early"))
        self.clock.advance(3)
        self.assertEqual(self.scheduler.run_due(), 2)
        self.assertEqual(self.rung, ["early", "late"])

    def test_equal_times_ring_first_in_first_out(self):
        for name in "abc":
            self.scheduler.at(1.0, self.ring(name))
        self.clock.advance(1)
        self.scheduler.run_due()
        self.assertEqual(self.rung, ["a", "b", "c"])

    def test_nothing_rings_early(self):
        self.scheduler.after(5, self.ring("x"))
        self.assertEqual(self.scheduler.run_due(), 0)


if __name__ == "__main__":
    unittest.main()
"""
TIE_EDITS = (
    ("import heapq\n", "import heapq\nimport itertools\n"),
    (
        "        self._heap = []\n",
        "        self._heap = []\n        self._order = itertools.count()\n",
    ),
    (
        "heapq.heappush(self._heap, (due, bell))",
        "heapq.heappush(self._heap, (due, next(self._order), bell))",
    ),
    ("            _, bell = heapq.heappop", "            _, _, bell = heapq.heappop"),
)

CANCEL_TEST = """    def test_a_cancelled_bell_stays_silent(self):
        bell = self.scheduler.after(1, self.ring("x"))
        self.assertTrue(bell.cancel())
        self.assertFalse(bell.cancel())
        self.clock.advance(2)
        self.assertEqual(self.scheduler.run_due(), 0)

    def test_cancelled_bells_do_not_pile_up(self):
        for _ in range(1000):
            self.scheduler.after(60, self.ring("x")).cancel()
        self.assertEqual(len(self.scheduler), 0)
        self.assertLess(len(self.scheduler._heap), 100)

"""
CANCEL_ANCHOR = "    def test_nothing_rings_early"
CANCEL_EDITS = (
    (
        """    def __init__(self, due, action):
        self.due = due
        self.action = action
""",
        '''    def __init__(self, scheduler, due, action):
        self._scheduler = scheduler
        self.due = due
        self.action = action
        self.live = True

    def cancel(self):
        """Says whether there was something to cancel."""
        if not self.live:
            return False
        self.live = False
        self._scheduler._forget()
        return True
''',
    ),
    (
        """    def __len__(self):
        return len(self._heap)
""",
        """    def __len__(self):
        return len(self._heap) - self._dead

    def _forget(self):
        self._dead += 1
        if self._dead > 32 and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].live]
            heapq.heapify(self._heap)
            self._dead = 0
""",
    ),
    (
        "        self._order = itertools.count()\n",
        "        self._order = itertools.count()\n        self._dead = 0\n",
    ),
    ("bell = Bell(due, action)", "bell = Bell(self, due, action)"),
    (
        """            bell.action()
            rung += 1
""",
        """            if not bell.live:
                self._dead -= 1
                continue
            bell.live = False
            bell.action()
            rung += 1
""",
    ),
)

REPEAT_TEST = """import unittest

from tidebell.clock import HandClock
from tidebell.scheduler import Scheduler


class RepeatTest(unittest.TestCase):
    def setUp(self):
        self.clock = HandClock()
        self.scheduler = Scheduler(self.clock)
        self.times = []

    def test_a_slow_caller_does_not_make_the_bell_drift(self):
        self.scheduler.every(10, lambda: self.times.append(self.clock.now()))
        for _ in range(6):
            self.clock.advance(10.4)
            self.scheduler.run_due()
        self.assertEqual(len(self.times), 6)
        self.assertEqual(self.scheduler.next_due(), 70)

    def test_missed_rings_are_not_made_up_for(self):
        self.scheduler.every(10, lambda: self.times.append(self.clock.now()))
        self.clock.advance(95)
        self.assertEqual(self.scheduler.run_due(), 1)
        self.assertEqual(self.scheduler.next_due(), 100)


if __name__ == "__main__":
    unittest.main()
"""
REPEAT_ADDED = '''
    def every(self, seconds, action):
        """Rings again and again; returns the first bell."""

        def ring():
            self.at(self._clock.now() + seconds, ring)
            action()

        return self.after(seconds, ring)

    def next_due(self):
        """The time of the next bell, or None."""
        live = [entry[0] for entry in self._heap if entry[2].live]
        return min(live, default=None)
'''
REPEAT_ANCHOR = """        return self.at(self._clock.now() + seconds, action)
"""
REPEAT_BUG = "            self.at(self._clock.now() + seconds, ring)\n"
REPEAT_FIX = """            nonlocal due
            missed = int((self._clock.now() - due) // seconds)
            due += (missed + 1) * seconds
            self.at(due, ring)
"""
REPEAT_BUG_2 = "        return self.after(seconds, ring)\n"
REPEAT_FIX_2 = """        due = self._clock.now() + seconds
        return self.at(due, ring)
"""

TIDES = '''"""Tide tables: when a bell rings, in words."""

import re

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
EVERY = re.compile(r"every (\\d+)([smhd])")
DAILY = re.compile(r"daily (\\d\\d):(\\d\\d)")


class Tide:
    """A moment that comes again: every `period` seconds, `offset` into it."""

    def __init__(self, period, offset=0):
        self.period = period
        self.offset = offset

    def next(self, now):
        """The first moment after `now`."""
        rounds = (now - self.offset) // self.period + 1
        return rounds * self.period + self.offset


def parse(words):
    """Reads "every 15m" or "daily 06:30"; raises ValueError for anything else."""
    if match := EVERY.fullmatch(words.strip()):
        period = int(match[1]) * UNITS[match[2]]
        if period:
            return Tide(period)
    elif match := DAILY.fullmatch(words.strip()):
        hour, minute = int(match[1]), int(match[2])
        if hour < 24 and minute < 60:
            return Tide(86400, hour * 3600 + minute * 60)
    raise ValueError(f"no tide table: {words!r}")
'''
TEST_TIDES = """import unittest

from tidebell.tides import parse


class TideTest(unittest.TestCase):
    def test_every_so_often(self):
        self.assertEqual(parse("every 15m").next(0), 900)
        self.assertEqual(parse("every 15m").next(900), 1800)

    def test_daily(self):
        self.assertEqual(parse("daily 06:30").next(0), 6 * 3600 + 1800)
        self.assertEqual(parse("daily 06:30").next(86400), 86400 + 6 * 3600 + 1800)

    def test_nonsense_is_refused(self):
        for words in ("", "every", "every 0m", "every 5y", "daily 24:00", "daily 6:30", "noon"):
            with self.subTest(words), self.assertRaises(ValueError):
                parse(words)


if __name__ == "__main__":
    unittest.main()
"""
