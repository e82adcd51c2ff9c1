"""One fact, one place: what only one module may say, and the named exceptions, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.unit import source_code

Finder = Callable[[ast.AST], bool]


@dataclass(frozen=True)
class Fact:
    """What is searched for, the modules that may hold it, and code that breaks the rule."""

    is_found: Finder
    places: dict[str, str]
    planted: tuple[str, ...]


def _calls(node: ast.AST, *names: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    callee = node.func
    word = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
    return word in names


def _moves_a_file(node: ast.AST) -> bool:
    if _calls(node, "rename", "renames", "mkstemp", "NamedTemporaryFile"):
        return True
    if not _calls(node, "replace") or not isinstance(node, ast.Call):
        return False
    callee = node.func
    # A text's replace has two arguments, a struct's and a time's have keywords, a path's has one.
    by_os = isinstance(callee, ast.Attribute) and getattr(callee.value, "id", "") == "os"
    return by_os or (
        isinstance(callee, ast.Attribute) and len(node.args) == 1 and not node.keywords
    )


def _flushes_a_file(node: ast.AST) -> bool:
    return _calls(node, "fsync", "fdatasync")


def _appends(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "O_APPEND"


def _locks(node: ast.AST) -> bool:
    return _calls(node, "flock", "lockf")


def _asks_for_processes(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name == "psutil" for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module == "psutil"
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and (text == "/proc" or text.startswith("/proc/"))


def _starts_python(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and node.attr in ("executable", "_base_executable"):
        return getattr(node.value, "id", "") == "sys"
    if isinstance(node, ast.ImportFrom) and node.module == "sys":
        return any(alias.name == "executable" for alias in node.names)
    if isinstance(node, ast.List | ast.Tuple):
        words = [one.value for one in node.elts if isinstance(one, ast.Constant)]
        return "-m" in words and any(str(word).startswith("tui") for word in words)
    return False


_STARTERS = ("Popen", "run", "call", "check_call", "check_output")


def _finds_a_program(node: ast.AST) -> bool:
    """Searches PATH, or leaves the search to the system by naming a program without a folder."""
    if _calls(node, "which", "execvp", "execvpe", "execlp", "spawnvp", "posix_spawnp"):
        return True
    if not isinstance(node, ast.Call) or not node.args or not _calls(node, *_STARTERS):
        return False
    if not _calls(node, "Popen") and "subprocess" not in ast.unparse(node.func):
        return False
    words = node.args[0]
    first = words.elts[0] if isinstance(words, ast.List | ast.Tuple) and words.elts else words
    return (
        isinstance(first, ast.Constant) and isinstance(first.value, str) and "/" not in first.value
    )


_RUN_FILES = (
    *("stream.jsonl", "journal.jsonl", "stderr.log", "supervisor.lock", "supervisor.log"),
    *(
        "restart.json",
        "restarter.lock",
        "state.json",
        "run.json",
        "ended.json",
        "order.json",
        "agent.json",
        "exit.json",
    ),
    *("shim.log", "review.json", ".overnight", ".overnight/"),
)


def _names_a_file_of_a_run(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return False
    return text.rpartition("/")[2] in _RUN_FILES or text.endswith(
        (*_RUN_FILES[-2:], ".journal.jsonl")
    )


FACTS = {
    "where a file of a run lies": Fact(
        _names_a_file_of_a_run,
        {
            "tui/store/layout.py": "the place",
            "tui/store/state_names.py": "names that a hook call needs too",
            "tui/runner/agent/shim.py": "runs with -I and may import nothing of ours",
            "tui/runner/watchers/restarter.py": "runs with -I and may import nothing of ours",
        },
        (
            'os.path.join(folder, "journal.jsonl")',
            'project / ".overnight"',
            'f"{folder}/segments/1/agent.json"',
            'OURS = b".overnight/"',
        ),
    ),
    "who holds a lock": Fact(
        _locks,
        {
            "tui/system/locks.py": "the place",
            "tui/runner/agent/shim.py": "runs with -I and may import nothing of ours",
            "tui/runner/watchers/restarter.py": "runs with -I and may import nothing of ours",
        },
        ("import fcntl\nfcntl.flock(1, 2)", "fcntl.lockf(file, fcntl.LOCK_EX)"),
    ),
    "which process is meant": Fact(
        _asks_for_processes,
        {
            "tui/system/processes.py": "the place",
            "tui/runner/policy/machine_limits.py": "reads the load of the machine, of no process",
            "tui/runner/doctor/machine.py": "reads the memory of the machine, of no process",
            "tui/runner/agent/shim.py": "runs with -I and may import nothing of ours",
            "tui/runner/watchers/restarter.py": "runs with -I and may import nothing of ours",
            "tui/night/review/risks/command_risks.py": "names of places that are no files of a project",
            "tui/night/review/risks/commands/lasting_changes.py": "places that a command writes to",
        },
        (
            "def f() -> None:\n    import psutil",
            "from psutil import Process",
            'open(f"/proc/{pid}/stat")',
            'Path("/proc")',
        ),
    ),
    "how a file is replaced": Fact(
        _moves_a_file,
        {
            "tui/system/files.py": "the place",
            "tui/control/rewind/safe_paths.py": "moves files of the work tree between folders held open",
            "tui/control/rewind/apply_steps.py": "asks safe_paths to",
            "tui/control/rewind/apply_folders.py": "puts a nested repository in place whole",
            "tui/control/checkpoints/repository_store.py": "puts objects and refs where git would",
            "tui/control/work_commit.py": "index.lock becomes the index, as git does it",
            "tui/store/inbox.py": "a claim is a rename that only one can win",
            "tui/control/channels/mailbox.py": "so is a withdrawal",
            "tui/control/channels/hook_delivery.py": "and a hook's claim; it imports next to nothing",
            "tui/store/runs.py": "a run that is being removed is no run any more",
            "tui/store/old_runs.py": "a run that was copied whole gets its name",
            "tui/store/moved_projects.py": "moves the state of a project that moved",
            "tui/runner/artifacts.py": "a transcript that shrank is set aside",
            "tui/runner/agent/shim.py": "runs with -I and may import nothing of ours",
        },
        (
            "import os\nos.replace(a, b)",
            "import os\nos.rename(a, b, src_dir_fd=1)",
            "partial.replace(path)",
            "partial.rename(path)",
            "tempfile.mkstemp(dir=folder)",
        ),
    ),
    "how a file is made durable": Fact(
        _flushes_a_file,
        {
            "tui/system/files.py": "the place",
            "tui/control/rewind/safe_paths.py": "flushes files and folders of the work tree by descriptor",
            "tui/control/rewind/apply_steps.py": "flushes what is staged for the work tree",
            "tui/control/rewind/apply_folders.py": "so do nested repositories while they are built",
            "tui/control/checkpoints/attributes.py": "flushes permissions by the descriptor that set them",
            "tui/control/checkpoints/repository_store.py": "flushes objects of git before a ref names them",
            "tui/runner/agent/shim.py": "runs with -I and may import nothing of ours",
        },
        ("import os\nos.fsync(file.fileno())",),
    ),
    "how a Python child is started": Fact(
        _starts_python,
        {"tui/system/children/python_child.py": "the place"},
        (
            "import sys\nPopen([sys.executable, '-c', code])",
            "from sys import executable",
            'Popen([python, "-m", "tui.runner.supervisor"])',
        ),
    ),
    "where a program is": Fact(
        _finds_a_program,
        {"tui/system/children/programs.py": "the place"},
        (
            'import shutil\nshutil.which("git")',
            'import subprocess\nsubprocess.run(["ps", "-p", "1"])',
            'subprocess.Popen("tmux")',
            'os.execvp("less", words)',
        ),
    ),
    "how a line is appended": Fact(
        _appends,
        {
            "tui/system/files.py": "the place",
            "tui/runner/watchers/restarting.py": "the log that a supervisor has for its output",
            "tui/runner/watchers/restarter.py": "runs with -I and may import nothing of ours",
            "tui/runner/agent/attempt.py": "the log that a shim has for its output",
            "tui/runner/agent/shim.py": "runs with -I and may import nothing of ours",
            "tui/runner/artifacts.py": "copies a transcript piece by piece",
        },
        ("import os\nos.open(path, os.O_WRONLY | os.O_APPEND)",),
    ),
}


def code_in(nodes: list[ast.AST]) -> list[ast.AST]:
    """Every node of a module but its docstrings."""
    docstrings = {
        id(node.value)
        for node in nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [node for node in nodes if id(node) not in docstrings]


@cache
def program() -> dict[str, list[ast.AST]]:
    """The code of each module of the application.

    The demo is a program of its own, which imports nothing of the application.
    """
    return {
        name: code_in(nodes)
        for name, nodes in source_code.modules().items()
        if "demo" not in Path(name).parts
    }


def lines_with(fact: Fact, nodes: list[ast.AST]) -> list[int]:
    return [getattr(node, "lineno", 0) for node in nodes if fact.is_found(node)]


@pytest.mark.parametrize("name", FACTS)
def test_only_its_place_and_named_exceptions_hold_a_fact(name: str) -> None:
    fact = FACTS[name]
    strays = {
        module: lines
        for module, nodes in program().items()
        if module not in fact.places and (lines := lines_with(fact, nodes))
    }
    assert not strays, f"{name}: use {next(iter(fact.places))}"


@pytest.mark.parametrize("name", FACTS)
def test_no_exception_outlives_its_need(name: str) -> None:
    fact = FACTS[name]
    needless = [module for module in fact.places if not lines_with(fact, program().get(module, []))]
    assert not needless


@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name, fact in FACTS.items() for code in fact.planted]
)
def test_a_planted_copy_is_found(name: str, code: str) -> None:
    assert lines_with(FACTS[name], code_in(source_code.nodes_of(code)))


@pytest.mark.parametrize(
    "code",
    [
        '"a".replace("a", "b")',
        "now.replace(hour=1)",
        "msgspec.structs.replace(one, a=1)",
        'def f() -> None:\n    """Calls os.replace on /proc."""',
    ],
)
def test_what_only_looks_like_it_is_not_found(code: str) -> None:
    nodes = code_in(source_code.nodes_of(code))
    assert not [name for name, fact in FACTS.items() if lines_with(fact, nodes)]
