from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.night.seen import Positions, Seen, digest

KEYS = st.lists(st.integers(min_value=1, max_value=(1 << 61) - 2), max_size=300)


@settings(deadline=None)
@given(KEYS)
def test_it_is_a_set(keys: list[int]) -> None:
    seen, model = Seen(), set[int]()
    for key in keys:
        assert seen.add(key) is (key not in model)
        model.add(key)
    assert len(seen) == len(model)


@settings(deadline=None)
@given(KEYS)
def test_it_is_a_map_to_the_first_position(keys: list[int]) -> None:
    places, model = Positions(), dict[int, int]()
    for number, key in enumerate(keys):
        assert places.find(key, number) == model.get(key, -1)
        model.setdefault(key, number)


def test_many_keys_in_a_row_stay_fast_and_right() -> None:
    seen = Seen()
    texts = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(20_000)]
    assert all(seen.add(digest(text)) for text in texts)
    assert not any(seen.add(digest(text)) for text in texts)
    assert len(seen) == 20_000


def test_a_dump_goes_on() -> None:
    seen, places = Seen(), Positions()
    for number in range(2_000):
        seen.add(digest(str(number)))
        places.find(digest(str(number)), number)
    again, there = Seen(seen.dump()), Positions(*places.dump())
    assert len(again) == 2_000
    assert not again.add(digest("7"))
    assert again.add(digest("new"))
    assert there.find(digest("1999"), 9) == 1999


def test_a_digest_is_the_same_in_every_process() -> None:
    code = (
        "from tui.night.seen import digest; print(digest('a-uuid'), digest(''), digest('\\ud800'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.split() == [str(digest("a-uuid")), "1", str(digest("\ud800"))]
