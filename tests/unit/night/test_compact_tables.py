""""""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.night.usage.compact_tables import DigestMap, DigestSet, digest

KEYS = st.lists(st.integers(min_value=1, max_value=(1 << 61) - 2), max_size=2_000)


@settings(deadline=None)
@given(st.lists(st.text(max_size=3), max_size=2_000))
def test_it_is_a_set(texts: list[str]) -> None:
    seen, model = DigestSet(), set[str]()
    for text in texts:
        text = "x" + text
        assert seen.add(text) is (text not in model)
        model.add(text)
    assert len(seen) == len(model)


@settings(deadline=None)
@given(KEYS)
def test_it_is_a_map_to_the_first_position(keys: list[int]) -> None:
    places, model = DigestMap(), dict[int, int]()
    for number, key in enumerate(keys):
        assert places.find_or_add(key, number) == model.get(key, -1)
        model.setdefault(key, number)


def test_many_keys_in_a_row_stay_fast_and_right() -> None:
    seen = DigestSet()
    texts = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(20_000)]
    assert all(seen.add(text) for text in texts)
    assert not any(seen.add(text) for text in texts)
    assert len(seen) == 20_000


def test_a_dump_goes_on() -> None:
    seen, places = DigestSet(), DigestMap()
    for number in range(2_000):
        seen.add(str(number))
        places.find_or_add(digest(str(number)), number)
    again, there = DigestSet(seen.dump()), DigestMap(*places.dump())
    assert len(again) == 2_000
    assert not again.add("7")
    assert again.add("new")
    assert there.find_or_add(digest("1999"), 9) == 1999


def test_a_digest_is_the_same_in_every_process() -> None:
    code = (
        "from tui.night.usage.compact_tables import digest; "
        "print(digest('a-uuid'), digest(''), digest('\\ud800'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.split() == [str(digest("a-uuid")), "1", str(digest("\ud800"))]
