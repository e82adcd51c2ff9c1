"""An agent that does what a rehearsal asks it to: `python rehearsed.py FLAGS`. Standard library only.

REHEARSED_PLAN names a JSON object that spoils it: `refuses` (beginnings of commands that it may not run, and
names of tools), `skips` (numbers of the steps that it leaves out), `fails` ([text, status] of an error in the
model's place), `retries` ([status, times]), `hangs` ("start", "hook" or a tool's name), `hook` (the outcome of
a hook of the start), `servers`, `model`, `exits` ([code, what it writes to stderr]), `limits`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

Json = dict[str, Any]
PLAN: Json = {}
SESSION = str(uuid.uuid4())
REFUSAL = "This command requires approval"


def say(**record: Any) -> None:
    os.write(
        1, json.dumps({"session_id": SESSION, "uuid": str(uuid.uuid4()), **record}).encode() + b"\n"
    )


def hang() -> NoReturn:
    """Waits for its end; it then says what it leaves unfinished, as the real program does."""
    signal.signal(signal.SIGTERM, leave)
    time.sleep(600)
    raise SystemExit(1)


def leave(number: int, frame: object) -> NoReturn:
    for record in PLAN.get("last_words", ()):
        say(**record)
    os._exit(143)


def answer(*blocks: Json, stop: str = "tool_use", model: str = "", **more: Any) -> None:
    message: Json = {"id": f"msg_{uuid.uuid4().hex}", "role": "assistant", "content": list(blocks)}
    message |= {"model": model or PLAN.get("model", "scripted"), "stop_reason": stop}
    message["usage"] = {"input_tokens": 10, "output_tokens": 5}
    say(type="assistant", message=message, parent_tool_use_id=None, **more)


def call(name: str, **values: str) -> None:
    """Calls a tool, unless that is refused, and says what came of it."""
    identity = f"toolu_{uuid.uuid4().hex[:12]}"
    answer({"type": "tool_use", "id": identity, "name": name, "input": values})
    if "tool_hook" in PLAN:
        hook = {"hook_name": f"PreToolUse:{name}", "hook_event": "PreToolUse", "hook_id": identity}
        say(type="system", subtype="hook_started", **hook)
        say(type="system", subtype="hook_started", **hook)
        say(type="system", subtype="hook_response", outcome="success", **hook)
    if PLAN.get("hangs") == name:
        hang()
    refused = any(
        (values.get("command") or name).startswith(one) for one in PLAN.get("refuses", ())
    )
    text, bad = (REFUSAL, True) if refused else run(name, values)
    result = {"type": "tool_result", "tool_use_id": identity, "content": text, "is_error": bad}
    say(type="user", message={"role": "user", "content": [result]}, parent_tool_use_id=None)


def run(name: str, values: Json) -> tuple[str, bool]:
    if name == "Write":
        Path(values["file_path"]).write_text(values["content"])
        return "File created successfully", False
    words = ["bash", "-c", values["command"]]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    text = done.stdout + done.stderr
    return (f"Exit code {done.returncode}\n{text}", True) if done.returncode else (text, False)


def result(text: str, error: bool = False, **more: Any) -> None:
    say(
        type="result",
        subtype="success",
        is_error=error,
        result=text,
        num_turns=4,
        total_cost_usd=0.02,
        **more,
    )


def turn(prompt: str) -> None:
    if "limits" in PLAN:
        say(type="rate_limit_event", rate_limit_info=PLAN["limits"])
    status, times = PLAN.get("retries", (0, 0))
    words = {401: "authentication_failed", 529: "overloaded"}.get(status, "unknown")
    for attempt in range(times):
        retry = {"attempt": attempt + 1, "max_retries": 10, "retry_delay_ms": 1}
        say(type="system", subtype="api_retry", error_status=status or None, error=words, **retry)
    if times >= 10:
        hang()
    if "fails" in PLAN:
        text, status = PLAN["fails"]
        code = {"error": "invalid_request", "api_error_status": status}
        answer({"type": "text", "text": text}, stop="stop_sequence", model="<synthetic>", **code)
        return result(text, True, api_error_status=status)
    said = prompt.splitlines()
    ends = "exactly this command:"
    commands = [after.strip() for line, after in pairwise(said) if line.endswith(ends)]
    steps = [("Bash", {"command": command}) for command in commands]
    path = str(Path.cwd() / "overnight-rehearsal.txt")
    steps.insert(len(steps) - 1, ("Write", {"file_path": path, "content": "rehearsed\n"}))
    for number, (name, values) in enumerate(steps, 1):
        if number not in PLAN.get("skips", ()):
            call(name, **values)
    answer({"type": "text", "text": "Done."}, stop="end_turn")
    return result("Done.")


def watch_input(lines: list[str], heard: threading.Event) -> None:
    for line in sys.stdin:
        lines.append(line)
        heard.set()
    if "last_words" not in PLAN:
        os._exit(0)


def main() -> None:
    if "--version" in sys.argv:
        os.write(1, b"2.1.197 (Claude Code)\n")
        return
    if path := os.environ.get("REHEARSED_PLAN"):
        PLAN.update(json.loads(Path(path).read_text()))
        Path(f"{path}.words").write_text(json.dumps(sys.argv))
        with Path(f"{path}.starts").open("a") as file:
            file.write(f"{os.getpid()} {os.getcwd()}\n")
    if "unknown" in PLAN and PLAN["unknown"] in sys.argv:
        sys.exit(f"error: unknown option '{PLAN['unknown']}'")
    if "exits" in PLAN:
        sys.stderr.write(PLAN["exits"][1])
        sys.exit(PLAN["exits"][0])
    lines: list[str] = []
    heard = threading.Event()
    threading.Thread(target=watch_input, args=(lines, heard), daemon=True).start()
    hook = {"hook_name": "SessionStart:startup", "hook_event": "SessionStart", "hook_id": "h"}
    if "hook" in PLAN or PLAN.get("hangs") == "hook":
        say(type="system", subtype="hook_started", **hook)
    if PLAN.get("hangs") in ("start", "hook"):
        hang()
    if "hook" in PLAN:
        outcome = {"outcome": PLAN["hook"], "output": "", "stderr": "hook.sh: no such file"}
        say(type="system", subtype="hook_response", exit_code=1, **outcome, **hook)
    heard.wait()
    servers = PLAN.get("servers", [])
    facts = {"cwd": os.getcwd(), "tools": [], "mcp_servers": servers, "permissionMode": "default"}
    model = PLAN.get("model", "scripted")
    say(type="system", subtype="init", model=model, claude_code_version="2.1.197", **facts)
    if PLAN.get("hangs") == "model":
        hang()
    turn(json.loads(lines[0])["message"]["content"])
    hang()


if __name__ == "__main__":
    main()
