"""The one hardened way to run git.

An agent can write `.git/config`, `.git/hooks` and `.gitattributes`. So every call names its git dir and
work tree, starts from a scrubbed environment and overrides each setting that could start a program:
the fixed ones always, those with a free name (filters, diff drivers, configured hooks) by listing them
right before a command that could use them.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from tui.system.children.programs import find_program
from tui.system.errors import GitError, RefusedError

TIMEOUT = 30.0
OLDEST = (2, 31)  # the first that takes settings from GIT_CONFIG_COUNT
_MOST_PROGRAMS = 2000
_SETTINGS = dict(
    pair.split("=", 1)
    for pair in """
    core.hooksPath=/dev/null core.fsmonitor=false core.pager=cat core.editor=: core.askPass=
    core.sshCommand=false core.gitProxy= core.alternateRefsCommand=false core.quotePath=false
    credential.helper= protocol.allow=never safe.bareRepository=explicit submodule.recurse=false
    log.showSignature=false gpg.program=false gpg.openpgp.program=false gpg.x509.program=false
    gpg.ssh.program=false gpg.ssh.defaultKeyCommand=false gc.auto=0 maintenance.auto=false
    sequence.editor=: diff.ignoreSubmodules=dirty diff.submodule=short color.ui=false
    status.submoduleSummary=false i18n.logOutputEncoding=UTF-8
    """.split()
)
_ENVIRONMENT = dict(
    pair.split("=", 1)
    for pair in """
    GIT_ALLOW_PROTOCOL=none GIT_ASKPASS= GIT_EDITOR=: GIT_LITERAL_PATHSPECS=1 GIT_NO_LAZY_FETCH=1
    GIT_NO_REPLACE_OBJECTS=1 GIT_OPTIONAL_LOCKS=0 GIT_PAGER=cat GIT_SEQUENCE_EDITOR=:
    GIT_TERMINAL_PROMPT=0 LANGUAGE= LC_ALL=C SSH_ASKPASS=
    """.split()
)
# Builtins only: an alias cannot take the name of one. None of them talks to a network or makes
# a commit in the user's name.
_READ_COMMANDS = """
    cat-file check-ignore check-ref-format commit-tree config count-objects diff-tree for-each-ref
    fsck grep log ls-files ls-tree merge-base mktree name-rev rev-list rev-parse show show-ref
    symbolic-ref version
""".split()
_WRITE_COMMANDS = """
    add checkout-index clean diff diff-files diff-index fast-import hash-object init merge-tree
    pack-objects pack-refs prune read-tree reflog status update-index update-ref worktree write-tree
""".split()
_NO_DRIVERS = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
_FLAGS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("diff", "diff-files", "diff-index", "diff-tree"), _NO_DRIVERS),
    "grep": ("--no-textconv", "--no-recurse-submodules", "--no-ext-grep", "--no-color"),
    "log": (*_NO_DRIVERS, "--no-show-signature"),
    "show": (*_NO_DRIVERS, "--no-show-signature"),
    "status": ("--ignore-submodules=dirty",),
}
_NAMED_PROGRAM = re.compile(
    r"(?:filter\..*\.(?:clean|smudge|process|required)|diff\..*\.(?:command|textconv)"
    r"|merge\..*\.driver|hook\..*\.(?:command|event)|submodule\..*\.(?:update|ignore)"
    r"|credential\..*\.helper)",
    re.DOTALL,
)
_DISARMED_VALUES = {"required": "false", "enabled": "false", "update": "none", "ignore": "dirty"}
_OPERATIONS = (
    ("MERGE_HEAD", "merge"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)


class NotARepositoryError(GitError):
    """The folder lies in no git repository."""

    exit_code = RefusedError.exit_code


class GitProcess:
    """A running git command; its output goes to a spool, so it never waits for a reader."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path, data: bytes) -> None:
        self._name = next((part for part in argv[1:] if part[:1] != "-"), "")
        self._cwd = cwd
        self._out, self._err = spool(), spool()
        with spool() as feed:
            if data:
                feed.write(data)
                feed.seek(0)
            try:
                self._process = subprocess.Popen(
                    argv,
                    stdin=feed if data else subprocess.DEVNULL,
                    stdout=self._out,
                    stderr=self._err,
                    env=dict(env),
                    cwd=cwd,
                    start_new_session=True,
                )
            except OSError as error:
                self._close()
                raise GitError(f"git could not be started in {cwd}: {error.strerror}") from error

    def wait(self, timeout: float = TIMEOUT) -> tuple[int, bytes, str]:
        """Exit code, output and error output; after `timeout` seconds git is killed: `GitError`."""
        try:
            code = wait_process(self._process, timeout)
            self._out.seek(0)
            self._err.seek(0)
            return code, self._out.read(), self._err.read().decode("utf-8", "replace")
        except subprocess.TimeoutExpired as error:
            kill_process_group(self._process)
            raise GitError(
                f"git {self._name} in {self._cwd} gave no answer within {timeout:g} s; "
                "it was ended and nothing was changed by it"
            ) from error
        finally:
            self._close()

    def result(self, timeout: float = TIMEOUT) -> bytes:
        """The output; raises `GitError` with git's own message when it failed."""
        code, out, err = self.wait(timeout)
        if code:
            raise GitError(f"git {self._name} failed in {self._cwd}: {_error_text(err, code)}")
        return out

    def cancel(self) -> None:
        """Ends the command; what it printed is dropped."""
        kill_process_group(self._process)
        self._close()

    def _close(self) -> None:
        self._out.close()
        self._err.close()


class Git:
    """The repository that holds `path`, found without running anything of it.

    `work_tree` is the folder with the `.git` entry, whatever `core.worktree` says; `worktree_id`
    is "main" or "wt-NAME" for a linked one. No git that lies in `outside` is run. Raises
    `NotARepositoryError`; raises `RefusedError` when the repository belongs to somebody else and git's
    `safe.directory` does not list it.
    """

    def __init__(self, path: Path | str) -> None:
        start = Path(path).resolve()
        for folder in (start, *start.parents):
            if (folder / ".git").exists() and self._open(folder):
                break
        else:
            raise NotARepositoryError(f"{start} is in no git repository; run `git init` there")

    def _open(self, folder: Path) -> bool:
        self.work_tree = self.outside = folder
        self.git_dir = folder / ".git"
        _require_version(_program(folder))
        query = ("rev-parse", "--absolute-git-dir", "--git-common-dir", "--show-object-format")
        env = {**_environment({}), "GIT_CEILING_DIRECTORIES": str(folder.parent)}
        code, out, err = GitProcess(
            (_program(folder), "--no-pager", *query), env, folder, b""
        ).wait()
        if "dubious ownership" in err or "safe.directory" in err:
            raise RefusedError(
                f"git will not open {folder}: it belongs to another user; if you trust it, run "
                f"`git config --global --add safe.directory {folder}`"
            )
        if "not a git repository" in err or (code == 0 and not out):
            return False
        # core.worktree may name a folder that does not exist: name git dir and work tree instead.
        if code:
            out = self.run(query)
        lines = os.fsdecode(out).split("\n")
        if len(lines) != len(query):  # a folder's name holds line ends, so each is asked alone
            lines = [os.fsdecode(self.run(("rev-parse", word)))[:-1] for word in query[1:]]
        self.git_dir = Path(lines[0])
        self.common_dir = (folder / lines[1]).resolve()
        self.object_format = lines[2] or "sha1"
        self.zero = "0" * (64 if self.object_format == "sha256" else 40)
        linked = self.git_dir.parent == self.common_dir / "worktrees"
        self.worktree_id = f"wt-{self.git_dir.name}" if linked else "main"
        return True

    # --- running git ---

    def run(
        self,
        args: Sequence[str],
        *,
        input: bytes | None = None,
        timeout: float = TIMEOUT,
        check: bool = True,
        config: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> bytes:
        """What `git ARGS` prints, run in the work tree; `GitError` if it fails and `check`.

        `config` overrides settings for this call; `env` adds variables (a private
        `GIT_INDEX_FILE`, say). Output is raw bytes; ask for `-z` where paths are printed.
        """
        running = self.start(args, input=input, config=config, env=env)
        return running.result(timeout) if check else running.wait(timeout)[1]

    def start(
        self,
        args: Sequence[str],
        *,
        input: bytes | None = None,
        config: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> GitProcess:
        """Like `run`, without waiting: several commands may be under way at once."""
        whole = {**self.environment(args, config), **(env or {})}
        return GitProcess(self.command(args), whole, self.work_tree, input or b"")

    def pipe(self, args: Sequence[str], **extra: Any) -> subprocess.Popen[bytes]:
        """`git ARGS` with its stdin and stdout as pipes; `extra` goes to `Popen`."""
        extra.setdefault("stderr", subprocess.DEVNULL)
        return subprocess.Popen(
            self.command(args),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment(args),
            cwd=self.work_tree,
            start_new_session=True,
            **extra,
        )

    def command(self, args: Sequence[str]) -> list[str]:
        """The whole argument list; refuses any command that is not a local builtin."""
        name = args[0] if args else ""
        if name not in _READ_COMMANDS and name not in _WRITE_COMMANDS:
            raise GitError(f"git {name or '(nothing)'} is not among the commands this program runs")
        place = (f"--git-dir={self.git_dir}", f"--work-tree={self.work_tree}")
        return [
            _program(self.outside),
            "--no-pager",
            *place,
            name,
            *_FLAGS.get(name, ()),
            *args[1:],
        ]

    def environment(
        self, args: Sequence[str], config: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The scrubbed environment for `git ARGS`, every configured program emptied in it."""
        settings = dict(config or {})
        if args[0] == "add" and b"\n160000 " in b"\n" + self.run(("ls-files", "--stage")):
            raise GitError(f"adding in {self.work_tree} would run what its submodules set up")
        if args[0] in _WRITE_COMMANDS and "--cached" not in args:
            keys = self._configured_programs()
            settings.update((key, _DISARMED_VALUES.get(key.rpartition(".")[2], "")) for key in keys)
        return _environment(settings)

    def _configured_programs(self) -> set[str]:
        """Keys that disarm the programs which the configuration names right now."""
        out = self.run(("config", "--list", "-z", "--name-only"))
        keys = {key for key in os.fsdecode(out).split("\0") if _NAMED_PROGRAM.fullmatch(key)}
        if len(keys) > _MOST_PROGRAMS:
            raise GitError(f"{self.git_dir}/config sets up {len(keys)} programs; look at it first")
        # A configured hook without a command is an error to git, so it is switched off instead.
        hooks = {key for key in keys if key.startswith("hook.")}
        return keys - hooks | {key.rpartition(".")[0] + ".enabled" for key in hooks}

    # --- reading ---

    def read_line(
        self, args: Sequence[str], *, config: Mapping[str, str] | None = None
    ) -> str | None:
        """The one line that `git ARGS` prints, or None if it exits with an error."""
        code, out, _ = self.start(args, config=config).wait()
        return os.fsdecode(out).rstrip("\n") if code == 0 else None

    def head(self) -> str | None:
        """The commit of HEAD; None before the first commit."""
        return self.read_line(("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))

    def branch(self) -> str | None:
        """The branch HEAD is on; None when detached."""
        return self.read_line(("symbolic-ref", "--quiet", "--short", "HEAD"))

    def show_file(self, rev: str, path: str) -> bytes:
        """The bytes of `path` (from the top of the work tree) in `rev`, as they are stored."""
        if rev.startswith("-") or "\0" in rev + path:
            raise GitError(f"{rev!r} names no commit")
        return self.run(("cat-file", "blob", f"{rev}:{path}"))

    def operation_in_progress(self) -> str | None:
        """ "merge", "rebase", "cherry-pick", "revert" or "bisect" when one is half done."""
        found = (name for entry, name in _OPERATIONS if (self.git_dir / entry).exists())
        return next(found, None)


def wait_process(process: subprocess.Popen[bytes], timeout: float) -> int:
    """The exit code; `subprocess.TimeoutExpired` after `timeout` seconds."""
    import select

    try:
        ended = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # then Popen.wait sleeps in growing steps
        return process.wait(timeout)
    with open(ended, "rb", buffering=0):
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.poll(timeout * 1000)
    return process.wait(0)


def kill_process_group(process: subprocess.Popen[bytes]) -> None:
    """Kills a process that leads its own session with all its children, and waits for it."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env.update(_ENVIRONMENT)
    pairs = {**_SETTINGS, **settings}
    env["GIT_CONFIG_COUNT"] = str(len(pairs))
    for number, (key, value) in enumerate(pairs.items()):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    return env


@lru_cache(maxsize=16)
def _program(work_tree: Path) -> str:
    """Where git is; no work tree can bring its own."""
    found = find_program("git", outside=work_tree)
    if found is None:
        raise GitError("git was not found on PATH; install it and try again")
    return found


@lru_cache(maxsize=16)
def _require_version(program: str) -> None:
    out = GitProcess((program, "--version"), _environment({}), Path("/"), b"").result()
    found = re.search(rb"(\d+)\.(\d+)", out)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise GitError(f"git {'.'.join(map(str, OLDEST))} or newer is needed; here is {out!r}")


def spool() -> IO[bytes]:
    """A file for what a program prints; in memory where the kernel has that, so that no disk can be full."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("overnight-git"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


def _error_text(err: str, code: int) -> str:
    messages = re.findall(r"^(?:fatal|error): .*", err, re.MULTILINE) or [err.strip()]
    text = "".join(c if c.isprintable() else "?" for c in messages[0])[:300]
    return text or f"it ended with code {code}"
