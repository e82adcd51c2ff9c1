"""The names of projects' state folders: they must not change, or what is known of a project is lost."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from tui.store.state_names import project_folder_name, short_digest

PIECES = st.lists(st.sampled_from(("a", "B7", ".", "-", "_", " ", "é", "ß", "\n", "/", "x" * 50)))


@given(parts=PIECES)
@example(parts=["..", "a"])
def test_a_name_is_as_it_ever_was(parts: list[str]) -> None:
    physical = "/" + "".join(parts)
    base = physical.rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", base).strip("-.")[:40]
    expected = f"{name or 'project'}-{short_digest(physical.encode())}"
    assert project_folder_name(physical) == expected
