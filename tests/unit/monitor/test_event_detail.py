""""""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.unit.feeds.event_lines import (
    SOURCE,
    USAGE,
    UUID,
    answered,
    call,
    entry,
    line,
    said,
    text,
    told,
)
from tui.model.events import SourceRef
from tui.model.rows import DetailPart, EventDetail
from tui.monitor.rows.event_detail import detail
from tui.system.sgr import StyledSpan

REF = SourceRef(SOURCE, 40)
PATCH = [
    {
        "oldStart": 1,
        "oldLines": 2,
        "newStart": 1,
        "newLines": 2,
        "lines": [" def f():", "-  a", "+  b"],
    }
]


def details(record: Any, answer: Any = None) -> dict[str, DetailPart]:
    found = detail(line(record), 0, REF, None if answer is None else line(answer))
    return {part.title: part for part in found.parts}


def facts(found: EventDetail) -> dict[str, str]:
    return dict(found.facts)


def test_a_command_is_shown_with_its_whole_coloured_output() -> None:
    output = "\x1b[32mok\x1b[0m\n" + "line\n" * 5_000 + "\x1b]52;c;eA==\x07end"
    found = details(
        said(call("Bash", {"command": "make\nmake test"})),
        answered(output, structured={"stdout": output, "stderr": "warning: x"}),
    )
    assert found["command"] == DetailPart("command", "make\nmake test", "code")
    assert found["output"].style == "ansi"
    assert found["output"].text.startswith("ok\nline\n")
    assert found["output"].spans == (StyledSpan(0, 2, "green"),)
    assert found["output"].text.count("line") == 5_000
    assert found["output"].text.endswith("end")
    assert found["errors"].text == "warning: x"


def test_a_failed_command_shows_what_the_model_saw() -> None:
    found = details(
        said(call("Bash", {"command": "make"})),
        answered("Exit code 2\nno rule", error=True, structured="Error: Exit code 2"),
    )
    assert found["output"].text == "Exit code 2\nno rule"


def test_an_edit_is_a_unified_diff_of_the_real_places() -> None:
    found = details(
        said(call("Edit", {"file_path": "/p/a.py", "old_string": "a", "new_string": "b"})),
        answered("updated", structured={"filePath": "/p/a.py", "structuredPatch": PATCH}),
    )
    assert found["changes"].style == "diff"
    assert found["changes"].text == (
        "--- /p/a.py\n+++ /p/a.py\n@@ -1,2 +1,2 @@\n def f():\n-  a\n+  b"
    )


def test_an_edit_without_its_patch_is_compared_here() -> None:
    edits = [
        {"old_string": "one\ntwo", "new_string": "one\n2"},
        {"old_string": "x", "new_string": "y"},
    ]
    found = details(said(call("MultiEdit", {"file_path": "/p/a", "edits": edits})))
    assert found["changes"].text == (
        "--- /p/a\n+++ /p/a\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
        "--- /p/a\n+++ /p/a\n@@ -1 +1 @@\n-x\n+y"
    )


def test_a_huge_edit_is_shown_without_waiting() -> None:
    old, new = "\n".join(map(str, range(9_000))), "\n".join(map(str, range(9_000, 0, -1)))
    found = details(said(call("Edit", {"file_path": "a", "old_string": old, "new_string": new})))
    assert found["changes"].text.count("\n-") == 9_000


def test_a_written_file_is_shown_as_code() -> None:
    found = details(
        said(call("Write", {"file_path": "/p/a.py", "content": "x = 1\n"})),
        answered("created", structured={"type": "create", "structuredPatch": []}),
    )
    assert found["written"] == DetailPart("written", "x = 1\n", "code")
    assert "changes" not in found


def test_a_read_file_is_shown_without_line_numbers() -> None:
    structured = {"type": "text", "file": {"content": "x = 1\n"}}
    found = details(
        said(call("Read", {"file_path": "/p/a.rs"})), answered("1\tx = 1", structured=structured)
    )
    assert found["/p/a.rs"] == DetailPart("/p/a.rs", "x = 1\n", "code")


def test_a_subagents_task_and_report_are_prose() -> None:
    found = details(
        said(call("Agent", {"prompt": "# Dig", "description": "dig"})),
        answered([text("It is **small**.")], structured={"totalTokens": 9, "secret": 1}),
    )
    assert (found["task"].text, found["task"].style) == ("# Dig", "markdown")
    assert found["report"].text == "It is **small**."
    assert json.loads(found["figures"].text) == {"totalTokens": 9}


def test_a_task_list_has_marks() -> None:
    todos = [
        {"content": "a", "status": "completed"},
        {"content": "b", "status": "in_progress"},
        {"content": "c"},
    ]
    assert details(said(call("TodoWrite", {"todos": todos})))["tasks"].text == "✓ a\n▸ b\n○ c"


def test_any_other_tool_shows_input_and_answer() -> None:
    found = details(said(call("mcp__db__query", {"sql": "select 1"})), answered("1 row"))
    assert json.loads(found["input"].text) == {"sql": "select 1"}
    assert found["output" if "output" in found else "answer"].text == "1 row"


def test_the_answers_of_other_calls_are_not_mixed_in() -> None:
    answer = answered("mine")
    answer["message"]["content"].append(
        {"type": "tool_result", "tool_use_id": "t9", "content": "other"}
    )
    answer["tool_use_result"] = {"stdout": "whose?"}
    found = details(said(call("Bash", {"command": "x"})), answer)
    assert found["output"].text == "mine"


def test_facts_say_when_what_and_at_what_price() -> None:
    record = said(text("hi"), usage=USAGE) | {"timestamp": "2026-11-20T17:41:54.938Z", "cwd": "/p"}
    found = facts(detail(line(record), 0, SourceRef(SOURCE, 1_234)))
    assert found["model"] == "claude-x"
    assert found["tokens"] == "12 in, 7 out, 300 written to cache, 9,000 read from cache"
    assert found["uuid"] == UUID
    assert found["cwd"] == "/p"
    assert re.fullmatch(r"2026-11-\d\d \d\d:\d\d:54\.938", found["time"])
    assert found["source"].startswith("night.jsonl at byte 1,234, ")


def test_a_result_shows_its_words_and_its_models() -> None:
    record = {
        "type": "result",
        "subtype": "success",
        "result": "# Done",
        "total_cost_usd": 1.5,
        "modelUsage": {"claude-x": {"costUSD": 1.5, "outputTokens": 3}},
        "errors": ["one", "two"],
    }
    found = detail(line(record), 0, REF)
    parts = {part.title: part for part in found.parts}
    assert (parts["result"].text, parts["result"].style) == ("# Done", "markdown")
    assert parts["errors"].text == "one\ntwo"
    assert facts(found)["cost"] == "$1.500000"
    assert facts(found)["claude-x"].startswith("$1.500000, 0 in, 3 out")
    assert found.title.startswith("result success")


def test_the_record_itself_comes_last_without_headers_and_binary_data() -> None:
    record = entry(
        "system",
        subtype="api_error",
        error={"headers": {"x-org": "secret"}, "status": 529},
        image={"data": "A" * 9_000},
    )
    found = detail(line(record), 0, REF).parts[-1]
    assert found.title == "record"
    assert found.style == "json"
    assert "secret" not in found.text
    shown = json.loads(found.text)
    assert shown["error"]["headers"] == "(not shown)"
    assert shown["image"]["data"].endswith("(9,000 characters)")


def test_a_part_of_a_line_is_found() -> None:
    data = line(said(text("one"))) + line(told("two"))
    assert detail(data, 0, REF).title == "text one"
    assert detail(data, 1, REF).title == "prompt two"


@pytest.mark.parametrize(
    "data", [b"plain \x1b]0;t\x07 words", b'{"type":"assistant"', b"\0\0\0", b"", b"[1]"]
)
def test_damage_is_shown_as_it_is(data: bytes) -> None:
    found = detail(data, 0, REF)
    assert found.parts[0].title == "line"
    assert "\x1b" not in found.parts[0].text
    assert found.title.startswith("malformed" if data else "gone")


def test_a_part_that_does_not_exist_is_gone() -> None:
    assert detail(line(told("x")), 7, REF).title.startswith("gone")


def test_no_record_shows_a_control_character() -> None:
    hostile = "a\x1b]0;t\x07\u202eb\x9bc\ud800"
    records: list[Any] = [
        said(text(hostile), call(hostile, {hostile: hostile, "file_path": hostile})),
        said(
            call("Bash", {"command": hostile}),
            call("Edit", {"file_path": hostile, "new_string": hostile}),
        ),
        told(hostile),
        {"type": hostile, "subtype": hostile, hostile: hostile},
        {"type": "result", "result": hostile, "errors": [hostile], "modelUsage": {hostile: {}}},
    ]
    for record in records:
        data = json.dumps(record).encode()
        found = detail(data, 0, REF, json.dumps(answered(hostile)).encode())
        strings = [found.title, *(value for fact in found.facts for value in fact)]
        strings += [value for part in found.parts for value in (part.title, part.text)]
        for string in strings:
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800]", string), ascii(string)


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [None, "x", {"type": "text"}]])
def test_no_shape_of_a_record_or_answer_makes_it_raise(value: Any) -> None:
    for record in (
        {"type": "assistant", "message": value},
        {"type": "assistant", "message": {"content": value}},
        said(call("Bash", value), call("Edit", {"edits": value, "file_path": value})),
        said(call("TodoWrite", {"todos": value})),
        {"type": "progress", "data": value},
        {"type": "attachment", "attachment": value},
        {"type": "result", "errors": value, "modelUsage": value},
        value,
    ):
        for answer in (answered(value, structured=value), {"message": value}, value):
            assert detail(line(record), 0, REF, line(answer)).parts


def test_a_refused_call_says_who_refused_and_which_rule_allows_it() -> None:
    record = said(call("Bash", {"command": "npm test -- --run"}))
    answer = answered("This command requires approval", error=True)
    found = detail(line(record), 0, REF, line(answer))
    assert facts(found)["refused"] == "nobody is there to allow it"
    assert facts(found)["rule to allow it"] == "Bash(npm test:*)"
    wide = said(call("Bash", {"command": "sudo reboot"}))
    found = detail(line(wide), 0, REF, line(answer))
    assert facts(found)["rule to allow it"] == "none is narrow enough"
    hook = answered("PreToolUse:Bash hook error: [x]: not at night", error=True)
    told_by_hook = facts(detail(line(record), 0, REF, line(hook)))
    assert told_by_hook["refused"] == "a hook refuses it"
    assert "hook" in told_by_hook["what to do"]
    assert "rule to allow it" not in told_by_hook
    ran = answered("Exit code 1\nPermission denied", error=True)
    assert "refused" not in facts(detail(line(record), 0, REF, line(ran)))
