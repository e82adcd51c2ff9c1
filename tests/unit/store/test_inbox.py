"""Requests to a supervisor, as files."""

from __future__ import annotations

from pathlib import Path

from tui.store.inbox import claim_requests, list_claimed, send_request


def test_what_is_no_request_keeps_no_request_from_being_read(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir(mode=0o700)
    (inbox / "0-folder.json").mkdir()
    (inbox / "1-words.json").write_text("no JSON")
    sent = send_request(inbox, "kill")
    assert [request for request, _ in claim_requests(inbox)] == [sent]
    assert [request for request, _ in list_claimed(inbox)] == [sent]
    assert not (inbox / "1-words.json.claimed").exists()
