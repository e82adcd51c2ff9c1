"""Requests to a supervisor, as files."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.model.journal import Requester
from tui.store.inbox import claim_requests, list_claimed, send_request
from tui.system.errors import RefusedError

NAME = "1770000000000-0123abcd"
REQUEST: dict[str, Any] = {
    "id": NAME,
    "verb": "pause_limits",
    "arguments": {"minutes": 600},
    "at": 1_770_000_000.0,
    "by": "key",
}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir(mode=0o700)
    return folder


def planted(inbox: Path, name: str = f"{NAME}.json", **changes: object) -> Path:
    path = inbox / name
    path.write_text(json.dumps(REQUEST | changes))
    path.chmod(0o600)
    return path


def linked(inbox: Path) -> None:
    planted(inbox.parent)
    (inbox / f"{NAME}.json").symlink_to(inbox.parent / f"{NAME}.json")


def linked_twice(inbox: Path) -> None:
    os.link(planted(inbox), inbox.parent / "other")


def open_to_others(inbox: Path) -> None:
    planted(inbox).chmod(0o620)


def pipe(inbox: Path) -> None:
    os.mkfifo(inbox / f"{NAME}.json", 0o600)


NO_REQUESTS: list[tuple[Callable[[Path], object], str]] = [
    (linked, "Too many levels of symbolic links"),
    (linked_twice, "others can write"),
    (open_to_others, "others can write"),
    (pipe, "not a regular file"),
    (lambda inbox: planted(inbox, "x.json"), "name is not that"),
    (lambda inbox: planted(inbox, "..json"), "name is not that"),
    (lambda inbox: planted(inbox, "1770000000000-0123ABCD.json"), "name is not that"),
    (lambda inbox: planted(inbox, id="../../x"), "name is not its id"),
    (lambda inbox: planted(inbox, by="agent"), "no request"),
    (lambda inbox: planted(inbox, by=None), "no request"),
    (lambda inbox: planted(inbox, verb="widen"), "no request"),
    (lambda inbox: planted(inbox, at=math.nan), "no request"),
    (lambda inbox: planted(inbox, at=1_769_999_000.0), "older than the run"),
    (lambda inbox: (inbox / f"{NAME}.json").write_text("[" * 100_000), "no request"),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("plant", "reason"), NO_REQUESTS, ids=[f"{n} {r}" for n, (_, r) in enumerate(NO_REQUESTS)]
)
def test_what_is_no_request_of_ours_is_said_and_gone(
    inbox: Path, plant: Callable[[Path], object], reason: str
) -> None:
    plant(inbox)
    (name,) = os.listdir(inbox)
    refused: list[tuple[str, str]] = []
    assert claim_requests(inbox, 1_769_999_999.0, lambda *one: refused.append(one)) == []
    assert [one for one, _ in refused] == [name]
    assert reason in refused[0][1]
    assert os.listdir(inbox) == []
    assert list_claimed(inbox) == []


def test_a_request_says_who_asks(inbox: Path) -> None:
    planted(inbox)
    ((request, _),) = claim_requests(inbox, 1_769_999_999.0)
    assert (request.by, request.verb) == (Requester.KEY, "pause_limits")
    sent = send_request(inbox, "stop", by=Requester.PHONE)
    ((read, path),) = claim_requests(inbox, time.time() - 60)
    assert read == sent
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_no_request_keeps_no_request_from_being_read(inbox: Path) -> None:
    (inbox / "0-folder.json").mkdir()
    (inbox / "1-words.json").write_text("no JSON")
    sent = send_request(inbox, "kill", by=Requester.COMMAND)
    assert [request for request, _ in claim_requests(inbox)] == [sent]
    assert [request for request, _ in list_claimed(inbox)] == [sent]
    assert not (inbox / "1-words.json.claimed").exists()


def test_an_inbox_that_others_write_to_is_not_read(inbox: Path) -> None:
    planted(inbox).rename(inbox / f"{NAME}.json.claimed")
    inbox.chmod(0o770)
    for read in (claim_requests, list_claimed):
        with pytest.raises(RefusedError, match="others can write"):
            read(inbox)


names = st.one_of(st.text(max_size=40), st.just(f"{NAME}.json"))
contents = st.one_of(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from([*REQUEST, "x"]), st.text(max_size=8)).map(
        lambda changes: json.dumps(REQUEST | changes).encode()
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names, contents)
def test_whatever_lies_there_never_fails(inbox: Path, name: str, content: bytes) -> None:
    try:
        (inbox / name).write_bytes(content)
    except (OSError, ValueError):
        return  # no name for a file
    for request, path in claim_requests(inbox):
        assert path.name == f"{request.id}.json.claimed"
        assert request.id == NAME
        path.unlink()
