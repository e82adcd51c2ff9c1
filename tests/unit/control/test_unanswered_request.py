"""A request that nobody answers is no success."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.control.supervisor_request import send_request
from tui.model.journal import Requester
from tui.store.layout import RunDirectory
from tui.system.errors import OvernightError


def test_it_stands_and_the_command_fails(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run")
    run.inbox.mkdir(parents=True, mode=0o700)
    with pytest.raises(OvernightError, match="nobody answered within 0 s; the request stands") as e:
        send_request(str(run.path), lambda: None, "inject", {}, 0.0, by=Requester.COMMAND)
    assert e.value.exit_code == 1
    assert len(list(run.inbox.iterdir())) == 1
