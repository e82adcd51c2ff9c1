"""What results and notifications say of background tasks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.feeds.event_lines import answered, body, entry
from tui.feeds.claude.task_notes import tasks_of_note
from tui.model.events import MessageLifecycle, TaskUpdate, UserMessage

BASH = "Command running in background with ID: b1x2. Output is being written to: /tmp/b1x2.output"
AGENT = "Async agent launched successfully.\nagentId: a1b2c3 (internal ID - do not mention)"


def of_result(text: str, structured: Any = None, *, error: bool = False) -> TaskUpdate | None:
    found = body(answered(text, error=error, structured=structured))
    assert isinstance(found, UserMessage)
    return found.results[0].task


def started(task: str, kind: str, about: str = "", due: float | None = None) -> TaskUpdate:
    return TaskUpdate("started", task, "toolu_1", about, kind, due=due)


@pytest.mark.parametrize(
    ("text", "structured", "expected"),
    [
        (BASH, {"stdout": "", "backgroundTaskId": "b1x2"}, started("b1x2", "local_bash")),
        (BASH, None, started("b1x2", "local_bash")),
        (
            AGENT,
            {"isAsync": True, "status": "async_launched", "agentId": "a1", "description": "audit"},
            started("a1", "local_agent", "audit"),
        ),
        (AGENT, None, started("a1b2c3", "local_agent")),
        (
            "Workflow launched",
            {"status": "async_launched", "taskId": "w1", "workflowName": "sweep"},
            started("w1", "local_workflow", "sweep"),
        ),
        ("no", {"status": "async_launched", "taskId": "w1", "error": "SyntaxError"}, None),
        (
            "Monitor started",
            {"taskId": "b9", "timeoutMs": 300000, "persistent": False},
            started("b9", "monitor"),
        ),
        ("sent", {"success": True, "resumedAgentId": "a1"}, started("a1", "local_agent")),
        ("set", {"scheduledFor": 1796036400000}, started("wake_up", "wake_up", due=1796036400.0)),
        (
            "Wakeup not scheduled",
            {"scheduledFor": 0, "clampedDelaySeconds": 0},
            TaskUpdate("ended", "wake_up", "toolu_1", "", "wake_up"),
        ),
        (
            "Scheduled",
            {"id": "k1", "humanSchedule": "every hour", "recurring": True},
            started("k1", "session_cron", "every hour"),
        ),
        (
            "",
            {"task": {"task_id": "b1", "task_type": "local_bash", "status": "completed"}},
            TaskUpdate("ended", "b1", "", "", "local_bash", "completed"),
        ),
        (
            "<retrieval_status>not_ready</retrieval_status>\n\n<task_id>a1</task_id>\n\n"
            "<task_type>local_agent</task_type>\n\n<status>running</status>",
            None,
            TaskUpdate("updated", "a1", "", "", "", "running"),
        ),
        (
            "stopped",
            {
                "message": "Successfully stopped task: b1",
                "task_id": "b1",
                "task_type": "local_bash",
            },
            TaskUpdate("ended", "b1", "", "", "local_bash", "killed"),
        ),
        (
            "killed",
            {"message": "Successfully killed shell: bash_1 (npm run dev)", "shell_id": "bash_1"},
            TaskUpdate("ended", "bash_1", "", "", "", "killed"),
        ),
        (
            "<status>completed</status>",
            {"shellId": "bash_1", "status": "completed", "exitCode": 0},
            TaskUpdate("ended", "bash_1", "", "", "local_bash", "completed"),
        ),
        (
            "<status>running</status>\n\n<stdout>\nhi\n</stdout>",
            None,
            TaskUpdate("updated", "", "", "", "", "running"),
        ),
        (
            "Command was manually backgrounded by user with ID: b7. Output is being written to: x",
            None,
            started("b7", "local_bash"),
        ),
        ("Command not found: background with ID", None, None),
        ("plain output", {"stdout": "plain output"}, None),
        ("<b>a page</b>", None, None),
        ("plain output", {"id": 5, "status": 200, "task": "x", "error": {"a": 1}}, None),
    ],
)
def test_results_that_tell_of_tasks(
    text: str, structured: Any, expected: TaskUpdate | None
) -> None:
    assert of_result(text, structured) == expected


def test_a_failed_call_launched_nothing() -> None:
    assert of_result(BASH, error=True) is None


NOTE = """<task-notification>
<task-id>b1x2</task-id>
<status>completed</status>
<summary>Background command "make all" completed (exit code 0)</summary>
<result>it quotes <task-id>zzz</task-id><status>failed</status></result>
</task-notification>"""
ENDED = TaskUpdate(
    "ended",
    "b1x2",
    "",
    'Background command "make all" completed (exit code 0)',
    "",
    "completed",
)


def test_a_notification_in_each_record_that_carries_one() -> None:
    told = {"role": "user", "content": NOTE}
    found = body(entry("user", message=told, origin={"kind": "task-notification"}))
    assert isinstance(found, UserMessage)
    assert (found.role, found.origin, found.tasks) == ("note", "task-notification", (ENDED,))
    queued = body(entry("queue-operation", operation="enqueue", content=NOTE))
    assert isinstance(queued, MessageLifecycle)
    assert queued.tasks == (ENDED,)
    attached = {"type": "queued_command", "commandMode": "task-notification", "prompt": NOTE}
    within = body(entry("attachment", attachment=attached))
    assert isinstance(within, UserMessage)
    assert within.tasks == (ENDED,)


def test_an_event_of_a_monitor_is_no_end() -> None:
    note = "<task-notification>\n<task-id>b9</task-id>\n<summary>a line</summary>\n"
    assert tasks_of_note(note) == (TaskUpdate("progress", "b9", "", "a line"),)


def test_one_note_for_all_tasks_that_a_process_lost() -> None:
    note = (
        "<task-notification>\n<task-id>__orphan_summary__:shell</task-id>\n"
        "<task-id>__orphan_summary_live__:b7</task-id>\n<task-id>b1</task-id>\n"
        "<status>stopped</status>\n<summary>lost</summary>\n</task-notification>"
    )
    assert tasks_of_note(note) == (
        TaskUpdate("ended", "*", "", "lost", "local_bash", "stopped"),
        TaskUpdate("ended", "b1", "", "lost", "", "stopped"),
    )


@given(st.text(max_size=300), st.text(max_size=80))
def test_no_text_makes_a_reader_raise(inner: str, task: str) -> None:
    tasks_of_note(f"<task-notification>{inner}<task-id>{task}</task-id>{inner}")
    of_result(f"<{inner}", None)
    of_result(f"Async agent launched successfully {inner}", None)
