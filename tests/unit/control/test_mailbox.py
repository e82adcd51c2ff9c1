"""The mailbox: from its sender, through the very hook that Claude Code calls, exactly once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.transport_payloads import TWELVE
from tui.control.channels import hook_delivery
from tui.control.channels import mailbox as channels_mailbox
from tui.control.channels.mailbox import Mailbox
from tui.system.errors import RefusedError

REPOSITORY = Path(__file__).resolve().parents[3]
SESSION = "0f9e6c2a-1111-4222-8333-444455556666"
HOOK = [sys.executable, "-m", "tui", "hook"]


@pytest.fixture
def box(tmp_path: Path) -> Mailbox:
    mailbox = Mailbox(tmp_path)
    mailbox.create()
    return mailbox


def payload(**more: Any) -> bytes:
    return json.dumps({"session_id": SESSION, "hook_event_name": "x", **more}).encode()


def start(box: Mailbox, event: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*HOOK, event, str(box.folder)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def call(box: Mailbox, event: str, data: bytes = b"") -> bytes:
    """One hook call; what it printed. It never fails the session."""
    process = start(box, event)
    out, _ = process.communicate(data or payload(), 30)
    assert process.returncode == 0
    return out


def said(out: bytes) -> str:
    """What reaches the model of a hook's answer, without the line that says from whom it is."""
    answer = json.loads(out)
    text = answer.get("reason") or answer["hookSpecificOutput"]["additionalContext"]
    frame, _, words = text.partition("\n\n")
    assert frame == "The person who supervises this session says:"
    return str(words)


def test_a_message_waits_is_delivered_once_and_its_sender_sees_it(box: Mailbox) -> None:
    message = box.send(SESSION, "look at the cause")
    assert message.state == "queued"
    out = call(box, "PostToolUseFailure")
    assert json.loads(out)["hookSpecificOutput"]["hookEventName"] == "PostToolUseFailure"
    assert said(out) == "look at the cause"
    seen = box.read_state(SESSION, message.id)
    assert seen is not None
    assert (seen.state, seen.event, seen.text) == ("delivered", "PostToolUseFailure", message.text)
    assert seen.moved_at is not None
    assert call(box, "PostToolUse") == b""


def test_at_the_end_of_a_turn_a_message_keeps_the_session_going(box: Mailbox) -> None:
    box.send(SESSION, "one more thing")
    answer = json.loads(call(box, "Stop", payload(stop_hook_active=False)))
    assert answer["decision"] == "block"
    assert answer["reason"].endswith("one more thing")
    assert call(box, "Stop", payload(stop_hook_active=True)) == b""


def test_a_subagent_is_told_nothing(box: Mailbox) -> None:
    message = box.send(SESSION, "for the main conversation")
    assert call(box, "PostToolUse", payload(agent_id="a1b2c3", agent_type="Explore")) == b""
    waiting = box.read_state(SESSION, message.id)
    assert waiting is not None
    assert waiting.state == "queued"
    assert said(call(box, "PostToolUse")) == "for the main conversation"


def test_another_session_is_told_nothing(box: Mailbox) -> None:
    box.send(SESSION, "not for you")
    other = payload().replace(SESSION.encode(), b"another-session-entirely")
    assert call(box, "PostToolUse", other) == b""


def test_of_many_hooks_at_once_one_delivers(box: Mailbox) -> None:
    texts = {f"message {number}" for number in range(5)}
    for text in texts:
        box.send(SESSION, text)
    hooks = [start(box, "PostToolUse") for _ in range(6)]
    outs = [hook.communicate(payload(), 30)[0] for hook in hooks]
    heard = [line for out in outs if out for line in said(out).split("\n\n")]
    assert sorted(heard) == sorted(texts)
    assert {message.state for message in box.messages(SESSION)} == {"delivered"}


def test_what_does_not_fit_one_answer_waits_for_the_next(box: Mailbox) -> None:
    for char in "abc":
        box.send(SESSION, char * 4_000)
    first, second = call(box, "PostToolUse"), call(box, "PostToolUse")
    assert [len(said(first)), len(said(second))] == [8_002, 4_000]


@pytest.mark.parametrize("name", TWELVE)
def test_a_text_arrives_literally_or_is_refused(box: Mailbox, name: str) -> None:
    try:
        box.send(SESSION, TWELVE[name])
    except RefusedError:
        assert name in ("64 KiB", "NUL")
        assert box.messages(SESSION) == []
        return
    assert name not in ("64 KiB", "NUL")
    assert said(call(box, "Stop")) == TWELVE[name]


def test_a_message_can_be_withdrawn_until_it_is_read(box: Mailbox) -> None:
    first, second = box.send(SESSION, "no, not that"), box.send(SESSION, "this")
    assert box.withdraw(SESSION, first.id)
    assert said(call(box, "PostToolUse")) == "this"
    assert not box.withdraw(SESSION, second.id)
    assert [one.state for one in box.messages(SESSION)] == ["withdrawn", "delivered"]


def test_a_claim_of_a_hook_that_died_is_told_and_not_given_out_again(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = box.send(SESSION, "was it read?")
    place = box.folder / SESSION / message.id
    os.rename(f"{place}.msg", f"{place}.claimed")
    assert [one.state for one in box.messages(SESSION)] == ["queued"]
    monkeypatch.setattr(channels_mailbox, "_CLAIM_TIMEOUT_S", -1.0)
    assert [one.state for one in box.messages(SESSION)] == ["unsure"]
    assert call(box, "PostToolUse") == b""


def test_a_hook_that_calls_is_heard(box: Mailbox) -> None:
    assert box.last_hook_call(SESSION) is None
    before = time.time() - 1
    call(box, "PostToolUse", payload(agent_id="a1b2c3"))
    heard = box.last_hook_call(SESSION)
    assert heard is not None
    assert heard >= before


def test_everything_in_it_is_private(box: Mailbox) -> None:
    message = box.send(SESSION, "secret")
    folder = box.folder / SESSION
    assert folder.stat().st_mode & 0o777 == 0o700
    assert box.folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{message.id}.msg").stat().st_mode & 0o777 == 0o600


def test_what_others_may_have_put_there_is_not_delivered(box: Mailbox, tmp_path: Path) -> None:
    box.send(SESSION, "mine")
    folder = box.folder / SESSION
    secret = tmp_path / "secret"
    secret.write_text("stolen")
    (folder / "0000000000000000001-aaaaaaaa.msg").symlink_to(secret)
    os.link(secret, folder / "0000000000000000002-aaaaaaaa.msg")
    os.mkfifo(folder / "0000000000000000003-aaaaaaaa.msg")
    (folder / "0000000000000000004-aaaaaaaa.msg").write_bytes(b"x" * 100_000)
    (folder / "0000000000000000005-aaaaaaaa.msg").write_bytes(b"\xff\xfe")
    assert said(call(box, "PostToolUse")) == "mine"


def test_a_folder_others_can_write_to_carries_nothing(box: Mailbox) -> None:
    box.send(SESSION, "mine")
    box.folder.chmod(0o777)
    assert call(box, "PostToolUse") == b""
    box.folder.chmod(0o700)
    (box.folder / SESSION).chmod(0o770)
    assert call(box, "PostToolUse") == b""


def test_a_linked_folder_carries_nothing(box: Mailbox, tmp_path: Path) -> None:
    box.send(SESSION, "mine")
    real = tmp_path / "elsewhere"
    (box.folder / SESSION).rename(real)
    (box.folder / SESSION).symlink_to(real)
    assert call(box, "PostToolUse") == b""
    with pytest.raises(RefusedError):
        box.send(SESSION, "again")


def everything(top: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in top.rglob("*")}


@pytest.mark.parametrize(
    "place",
    ["private", "state", "state/projects", "state/projects/x", "state/projects/x/runs", "link",
     "state/projects/x/mailbox/y", "state/other/x/mailbox"],
)  # fmt: skip
def test_a_hook_writes_only_into_a_mailbox_below_our_state(
    box: Mailbox, tmp_path: Path, place: str
) -> None:
    """The agent may call a hook with any folder of this person, which is private as ours are."""
    state = box.folder.parents[2]
    folder = tmp_path / place
    if place.startswith("state"):
        folder = state.joinpath(*place.split("/")[1:])
    elif place == "link":
        folder = state / "projects" / f"linked-{tmp_path.name}" / "mailbox"
        folder.parent.mkdir(mode=0o700)
        (tmp_path / "target").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "target")
    for above in reversed((folder, *folder.parents)):
        if not above.exists():
            above.mkdir(mode=0o700)
    before = everything(tmp_path) | everything(state)
    done = subprocess.run(
        [*HOOK, "Stop", str(folder)], cwd=REPOSITORY, input=payload(), capture_output=True
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"no mailbox below" in done.stderr
    assert everything(tmp_path) | everything(state) == before


def test_a_hook_makes_no_more_than_so_many_folders(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_delivery, "_MOST_SESSIONS", 2)
    for number in range(4):
        data = json.dumps({"session_id": f"session-{number}"}).encode()
        try:
            claimed = hook_delivery.claim_messages("Stop", str(box.folder), data)
        except PermissionError:
            assert number >= 2
        else:
            assert (number < 2, claimed) == (True, hook_delivery.NOTHING)
    assert len(list(box.folder.iterdir())) == 2
    box.send(SESSION, "a message makes its own")
    assert hook_delivery.claim_messages("Stop", str(box.folder), payload()).ids


def test_a_receipt_is_given_for_a_message_that_is_there(box: Mailbox) -> None:
    message = box.send(SESSION, "mine")
    journal = box.folder.parent / f"deeds/{SESSION}.journal.jsonl"
    journal.parent.mkdir(mode=0o700)
    journal.touch(mode=0o600)
    claimed = hook_delivery.claim_messages("Stop", str(box.folder), payload())
    forged = claimed._replace(ids=("1770000000000000000-aaaaaaaa", *claimed.ids))
    hook_delivery.deliver_to_hook("Stop", str(box.folder), forged)
    (entry,) = [json.loads(line) for line in journal.read_text().splitlines()]
    assert (entry["id"], entry["state"], entry["by"]) == (message.id, "delivered", "hook")


@pytest.mark.parametrize("name", ["x", "1-", "1-../x", "-aaaaaaaa", "١-aaaaaaaa"])
def test_a_file_with_an_odd_name_is_no_message(box: Mailbox, name: str) -> None:
    box.send(SESSION, "mine")
    if "/" not in name:
        (box.folder / SESSION / f"{name}.msg").write_text("planted")
    assert said(call(box, "PostToolUse")) == "mine"


@pytest.mark.parametrize(
    "session", ["", "../../etc", "short", "a/b-c-d-e-f-g", "x" * 200, "-leading-dash"]
)
def test_no_other_folder_can_be_named_as_a_session(box: Mailbox, session: str) -> None:
    with pytest.raises(RefusedError):
        box.send(session, "hello")
    data = json.dumps({"session_id": session}).encode()
    assert call(box, "PostToolUse", data) == b""
    assert list(box.folder.iterdir()) == []


@pytest.mark.parametrize("text", ["", " \n\t", "\ud800"])
def test_what_is_no_message_is_refused(box: Mailbox, text: str) -> None:
    with pytest.raises(RefusedError):
        box.send(SESSION, text)


@pytest.mark.parametrize(
    "words",
    [[], ["Stop"], ["Stop", "/nowhere/at/all"], ["--what"], ["Nothing", "/tmp"], ["a", "b", "c"]],
)
def test_no_call_ever_keeps_a_session_from_stopping(words: list[str]) -> None:
    done = subprocess.run(
        [*HOOK, *words], cwd=REPOSITORY, input=payload(), capture_output=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, b"")


BROKEN = {
    "NUL": b"\0",
    "list": b"[1]",
    "half": b"{",
    "deep": b"[" * 100_000,
    "huge": b'"' + b"x" * (9 << 20) + b'"',
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_payload_delivers_nothing(box: Mailbox, data: bytes) -> None:
    box.send(SESSION, "mine")
    process = start(box, "PostToolUse")
    try:
        out, _ = process.communicate(data, 30)
    except BrokenPipeError:
        out = b""
    assert (process.wait(30), out) == (0, b"")


def test_a_call_loads_the_standard_library_only_and_little_of_it(box: Mailbox) -> None:
    code = (
        "import sys; from tui import cli; cli.main(sys.argv[1:]); "
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); {code}",
         "hook", "Stop", str(box.folder)],
        input=payload(),
        capture_output=True,
        timeout=30,
    )  # fmt: skip
    loaded = done.stderr.decode().split()
    ours = {name for name in loaded if name.split(".")[0] in ("tui", "widgets")}
    assert ours == {
        "tui", "tui.cli", "tui.system", "tui.system.errors", "tui.commands", "tui.commands.act",
        "tui.system.standard_streams",
        "tui.commands.act.hooks", "tui.control", "tui.control.channels",
        "tui.control.channels.hook_delivery", "tui.control.hooks",
        "tui.control.hooks.private_folders", "tui.system.paths",
        "tui.store", "tui.store.state_names",
    }  # fmt: skip
    heavy = {"argparse", "asyncio", "msgspec", "pathlib", "psutil", "subprocess", "textual", "yaml"}
    assert not heavy & set(loaded)
