"""No wrong word while the real CLI plays a scene offline, from its start to twenty seconds after its end.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program. It is cut off
from everything but a scripted model on loopback. `python -m tests.real_words` writes the sequences down.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.real_words.report import report, wrong_words
from tests.real_words.scenarios import SCENARIOS
from tests.real_words.scene import RealScene
from tests.shared_data import shared

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(420)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_wrong_word(name: str, tmp_path: Path) -> None:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    scene = RealScene(tmp_path / "scene", CLAUDE, shared("tools/fake_api.py"))
    try:
        SCENARIOS[name](scene)
    finally:
        scene.close()
    assert not wrong_words(scene), report(name, SCENARIOS[name].__doc__ or "", scene)
