"""More little nights of calls: those that circle in other clothes, and work that looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.unit.night.night_script import Script
from tui.model.records import Record

Case = Callable[[Script], list[Record]]
Call = tuple[str, str, str]


def calls(
    *steps: Call, times: int = 1, error: bool = False, takes: float = 4.0, between: float = 0.0
) -> Case:
    """These calls with these answers, all of them `times`; each `takes` so long."""

    def write(script: Script) -> list[Record]:
        for _ in range(times):
            for name, target, answer in steps:
                script.at = (script.at or 0.0) + between
                script.step(name, target, answer, error=error, takes=takes)
        return []

    return write


def commands(
    texts: Iterable[str], answer: str = "make: *** Error 2", *, error: bool = True
) -> Case:
    """Ever other commands with one answer."""
    return calls(*(("Bash", text, answer) for text in texts), error=error)


def answers(
    command: str,
    texts: Iterable[str],
    *,
    error: bool = False,
    takes: float = 4.0,
    name: str = "Bash",
) -> Case:
    """One command with ever other answers."""
    return calls(*((name, command, text) for text in texts), error=error, takes=takes)


def poll(command: str, answer: str, times: int, pause: float, *, name: str = "Bash") -> Case:
    return calls((name, command, answer), times=times, takes=pause)


def comes_back(script: Script) -> list[Record]:
    """The same failure every third call, and other files read between."""
    for number in range(5):
        script.step("Bash", "./gate", "gate: no key for zone 4", error=True)
        for part in range(1 + number % 3):
            script.step("Read", f"src/{number}{part}.py", f"content {number}{part}")
    return []


def any_order(script: Script) -> list[Record]:
    """Four files again and again, each time in another order."""
    for order in ("abcd", "bdac", "cabd", "dcba", "acdb"):
        for name in order:
            script.step("Read", f"{name}.py", f"content of {name}")
    return []


def writes_between(script: Script) -> list[Record]:
    """A script that is written again as it was, and fails as it did."""
    for _ in range(5):
        script.step("Write", "try.py", "File created", path="try.py", key="try.py as ever")
        script.step("Bash", "python try.py", "ValueError: no zone", error=True)
    return []


def echoed_counter(script: Script) -> list[Record]:
    for number in range(6):
        script.step(
            *("Bash", f'echo "attempt {number}"; ./gate', f"attempt {number}\ngate: no key"),
            error=True,
        )
    return []


def deeper_path(script: Script) -> list[Record]:
    for number in range(1, 9):
        path = "/".join(["src"] * number)
        script.step("Bash", f"ls {path}", f"ls: cannot access '{path}': No such file", error=True)
    return []


def looks_between_growths(script: Script) -> list[Record]:
    for number in range(1, 9):
        script.step("Bash", "find . -name x" + " -o -name x" * number, "")
        script.step("Read", f"file{number}.py", f"content {number}")
    return []


CIRCLING: dict[str, Case] = {
    "six calls in turn": calls(*(("Read", name, name) for name in "abcdef"), times=4),
    "seven calls in turn": calls(*(("Read", name, name) for name in "abcdefg"), times=3),
    "nine calls in turn": calls(*(("Read", name, name) for name in "abcdefghi"), times=5),
    "comments that differ": commands(f"make all  # attempt {n}" for n in range(6)),
    "comments above": commands(f"# try number {n}\nmake all" for n in range(6)),
    "a counter that is only printed": echoed_counter,
    "a counter in a variable": commands(f"ATTEMPT={n} make all" for n in range(6)),
    "a counter as a flag": commands(f"./upload --retry {n}" for n in range(6)),
    "other blanks": commands(["make all", "make  all", "make all ", " make   all", "make all;"]),
    "other ends shown": commands(f"make 2>&1 | tail -{n}0" for n in range(1, 7)),
    "other places for the output": commands(f"make > /tmp/out{n}.log 2>&1" for n in range(6)),
    "ever longer sleeps before a failure": calls(
        *(("Bash", f"sleep {n * 20}; make", "make: *** Error 2") for n in range(1, 25)),
        error=True,
        takes=40.0,
    ),
    "a failure that comes back": comes_back,
    "four files in any order": any_order,
    "the same file written and run": writes_between,
    "a command that grows at its end": commands(
        ("grep -rn limit src" + " | grep -v test" * n for n in range(9)),
        "src/a.py:1: limit",
        error=False,
    ),
    "a command that grows at its beginning": commands(
        "sudo " * n + "make install" for n in range(9)
    ),
    "a command that grows within": commands(
        ("find src" + " -name '*.py' -o" * n + " -name x" for n in range(9)), "", error=False
    ),
    "flags that are repeated": commands(
        "pip install quay" + " --no-cache-dir" * n for n in range(9)
    ),
    "a folder in itself": deeper_path,
    "a pattern that grows": calls(
        *(("Grep", "|".join(["total"] * n), "no matches found") for n in range(1, 10))
    ),
    "looks between what grows": looks_between_growths,
    "other spinners": answers(
        "npm ci", (f"{sign} idealTree: no such package" for sign in "⠋⠙⠹⠸⠼⠴"), error=True
    ),
    "an error at another hour": answers(
        "./sync",
        (f"2026-11-20 0{n}:17:41 ERROR no remote named base" for n in range(6)),
        error=True,
    ),
    "a slow failure is no poll": calls(
        ("Bash", "make release", "ld: no symbol"), times=6, error=True, takes=70.0
    ),
    "a thinking model is no poll": calls(
        ("Bash", "make", "no rule"), times=6, error=True, between=60.0
    ),
    "the same success": calls(("Bash", "./deploy", "deployed to stage"), times=8),
    "asking without a pause": calls(("Bash", "gh run view 81", "queued"), times=70, takes=0.5),
    "a poll for two hours": poll("nvidia-smi", "98 %, 70144 MiB", 120, 60.0),
    "green for ever": calls(("Bash", "pytest -q", "41 passed in 1.02s"), times=55),
    "a tool of a server": calls(
        ("mcp__shop__search", "boots", "no such shelf"), times=5, error=True
    ),
    "a tool of another agent": calls(
        (
            "execute_bash",
            "python reproduce.py",
            "Traceback (most recent call last)\nKeyError: 'zone'",
        ),
        times=5,
    ),
    "a cell": calls(("python", "df.groupby('zone').price.mean()", "KeyError: 'price'"), times=5),
}


def hours_of_a_schedule(script: Script) -> list[Record]:
    for number in range(10):
        script.step("Bash", "./next_slot", f"booked 2026-11-20 1{number}:00:00", takes=5.0)
    return []


def glances(script: Script) -> list[Record]:
    for number in range(40):
        script.step("Read", f"src/part{number}.py", f"content {number}")
        if number % 13 == 0:
            script.step("Bash", "git status --short", "")
            script.step("Bash", "ls", "README.md\nsrc")
    return []


def file_again(script: Script) -> list[Record]:
    for number in range(45):
        script.step("Read", f"src/part{number}.py", f"content {number}")
        if number % 20 == 0:
            script.step("Read", "src/base.py", "class Base: ...")
    return []


def bisects(script: Script) -> list[Record]:
    for number in range(8):
        left = 2 ** (8 - number)
        script.step(
            "Bash", "git bisect bad", f"Bisecting: {left} revisions left to test after this"
        )
        script.step("Bash", "./check", "check: rates differ", error=True)
    return []


def server_starts(script: Script) -> list[Record]:
    script.step("Bash", "npm start &", "[1] 4711")
    for _ in range(8):
        script.step(
            *("Bash", "curl -sf localhost:3000/", "curl: (7) connection refused"),
            error=True,
            takes=30.0,
        )
    return []


def upwards(script: Script) -> list[Record]:
    for number in range(1, 8):
        script.step("Bash", "ls " + "../" * number, f"folder{number}\nsrc{number}")
    return []


def other_pipes(script: Script) -> list[Record]:
    command = "grep -rn limit src"
    for word in ("test", "docs", "vendor", "build", "old", "node_modules"):
        command += f" | grep -v {word}"
        script.step("Bash", command, "src/a.py:1: limit")
    return []


def longer_ends(script: Script) -> list[Record]:
    lines = [f"line {number}: word" for number in range(100)]
    for number in (5, 10, 20, 40, 80):
        script.step("Bash", f"make | tail -{number}", "\n".join(lines[-number:]), error=True)
    return []


def served_in_turn(script: Script) -> list[Record]:
    """A queue is looked at and a log is read, in turn; only the queue moves."""
    for number in range(12):
        script.step("Bash", "redis-cli llen work", str(900 - 50 * number))
        script.step("Read", "worker.log", "working")
    return []


WORKING: dict[str, Case] = {
    "waiting for a deployment": poll(
        "aws ecs describe-services --services shop", "PENDING", 18, 30.0
    ),
    "waiting for a build service": poll("curl -s ci/builds/81 | jq -r .state", "running", 30, 30.0),
    "watching a training": poll("nvidia-smi --query-gpu=utilization.gpu", "98 %", 55, 60.0),
    "watching a background shell": poll(
        "bash_1", "<status>running</status>", 14, 60.0, name="BashOutput"
    ),
    "waiting for an operation": poll(
        "gcloud builds describe 81 --format=status", "WORKING", 30, 30.0
    ),
    "waiting for a group": poll("az group show -n shop --query state", "Creating", 30, 30.0),
    "waiting for a plan": poll("terraform show -json | jq .status", "applying", 30, 30.0),
    "waiting in a queue of jobs": poll("squeue -j 81 -h -o %T", "PENDING", 50, 60.0),
    "reading a container's log": poll("docker logs --tail 1 shop", "listening", 30, 40.0),
    "sleeping within a loop": poll(
        "for i in 1 2 3; do ./ready && break; sleep 20; done", "not ready", 20, 61.0
    ),
    "sleeping in another language": poll(
        "python -c 'import time; time.sleep(60)'; cat state", "busy", 20, 61.0
    ),
    "waking up": poll("look again", "Scheduled", 10, 120.0, name="ScheduleWakeup"),
    "asking for a task": poll("task 4", "running", 20, 45.0, name="TaskOutput"),
    "asking a server's tool": poll(
        "build 81", "RUNNING", 20, 45.0, name="mcp__ci__get_build_status"
    ),
    "a program of one's own that is asked": poll("./is-it-done", "no", 50, 60.0),
    "a log that is read each minute": poll("build.log", "compiling", 9, 60.0, name="Read"),
    "a test that was flaky": calls(
        ("Bash", "pytest -q tests/test_clock.py", "1 passed in 0.31s"), times=40
    ),
    "checks of one's own that pass": calls(("Bash", "./verify", "OK (12 checks passed)"), times=40),
    "tests of another runner": calls(("Bash", "zig build test", "All 31 tests passed."), times=40),
    "a figure is taken again": answers(
        "./bench --case parse", (f"{120 + n * 7 % 11} ms" for n in range(20))
    ),
    "hyperfine": answers(
        "hyperfine ./parse",
        (
            f"Time (mean ± σ):     12{n % 7}.3 ms ±   2.{n} ms    [User: 10{n}.1 ms]"
            for n in range(9)
        ),
    ),
    "a benchmark of Go": answers(
        "go test -bench=.",
        (f"BenchmarkParse-8   1000   10{n % 5}2 ns/op\nok  shop  1.2s" for n in range(9)),
    ),
    "a benchmark of Rust": answers(
        "cargo bench", (f"test parse ... bench: 1,23{n % 6} ns/iter (+/- {n})" for n in range(9))
    ),
    "timeit": answers(
        "python -m timeit -s 'import a' 'a.f()'",
        (f"1000 loops, best of 5: 23{n % 4} usec per loop" for n in range(9)),
    ),
    "the time of a command": answers(
        "time ./parse big.csv",
        (f"real\t0m1.23{n % 5}s\nuser\t0m1.0{n}1s\nsys\t0m0.02{n}s" for n in range(9)),
    ),
    "a queue that drains": answers(
        "psql -tc 'select count(*) from q'", (f" {100_000 - 5_000 * n}" for n in range(12))
    ),
    "jobs by their numbers": answers("./next_job", (f"job {41 + n} done" for n in range(14))),
    "days and bytes": answers(
        "./backfill --next",
        (f"2026-10-{n:02}: wrote {734_003_200 + n * 52_428_800} bytes" for n in range(1, 15)),
    ),
    "only days": answers("./backfill --next", (f"filled 2026-10-{n:02}" for n in range(1, 15))),
    "hours of a schedule": hours_of_a_schedule,
    "the time that is left": answers(
        "./sync status", (f"syncing, ETA {50 - 4 * n} min" for n in range(9))
    ),
    "a few pieces of a batch": calls(("Bash", "./convert-next", "ok"), times=5),
    "looking at the state now and then": glances,
    "one file again among many": file_again,
    "bisecting": bisects,
    "a server that starts": server_starts,
    "up the folders": upwards,
    "pipes that differ": other_pipes,
    "more of the end": longer_ends,
    "a queue and a log in turn": served_in_turn,
    "an error further down each time": answers(
        "make", (f"src/a.c:{1200 + 40 * n}: error: missing ;" for n in range(4)), error=True
    ),
    "too many requests": calls(
        ("WebFetch", "http://x/", "HTTP 429 Too Many Requests"), times=11, error=True
    ),
}
