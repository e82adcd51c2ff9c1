"""A shell text as the programs it starts: variables of the same text put in, folders followed, and what runs
another program (`find -exec`, `ssh`, `docker exec`) taken off.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tui.model.permissions.denied_commands import launched_words
from tui.night.evidence.shell_parser import CommandCall, ShellWord, pipelines
from tui.system.lazy_pattern import lazy

UNKNOWN = "$(…)"
"""Stands for what a substitution gives: nobody knows it."""
BLANK = "\ue000"
"""Stands for blanks and line ends within an argument of `Invocation.line`."""
_DEEPEST = 3
_MOST_VARIABLES = 40
_ASSIGNED = lazy(
    r"(?:^|[;&|\n(]|\b(?:export|local|readonly|then|do)\s)\s*(?P<name>[A-Za-z_]\w*)="
    r"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<plain>(?:\$\([^)]*\)|[^\s;&|<>()\"'`])*))"
)
_VARIABLE = lazy(r"\$(?:(\w+)|\{(\w+)(?::?[-=?]([^}]*))?\})")
_BLANKS = lazy(r"\s+")
_HERE = lazy(r"\s*(?:pwd|git\s+rev-parse\s+--show-toplevel|cd\s.*&&\s*pwd)\b|.*\bdirname\b")
_OPTIONS_WITH_VALUE = {
    "git": "-C -c --git-dir --work-tree --namespace --exec-path",
    "kubectl": "-n --namespace --context --kubeconfig --cluster --user -s --server",
    "docker": "-H --host --context -c --config -l --log-level",
    "compose": "-f --file -p --project-name --profile --env-file",
    "podman": "--url --connection",
    "aws": "--profile --region --output --endpoint-url --query",
    "gcloud": "--project --account --format --configuration",
    "helm": "-n --namespace --kube-context --kubeconfig",
    "npm": "--prefix -w --workspace -C",
    "pnpm": "-C --dir -F --filter",
    "yarn": "--cwd",
    "gh": "-R --repo",
    "make": "-C -f -j --directory",
    "crontab": "-u",
    "redis-cli": "-h -p -a -n -u --user --pass",
}
_WITH_SUBCOMMANDS = frozenset(_OPTIONS_WITH_VALUE) | frozenset(
    "terraform tofu terragrunt pulumi docker-compose cargo pip gsutil az vault bun deno poetry uv oc"
    " systemctl launchctl heroku fly flyctl vercel netlify firebase wrangler ansible eksctl op security".split()
) - {"crontab", "redis-cli"}
"""Programs whose options before the subcommand are put to the end of a line."""
_EXECS = lazy(
    r"(?:docker|podman|nerdctl) (?:container )?(?:exec|run)|docker-compose (?:exec|run)"
    r"|(?:docker|podman) compose (?:exec|run)|(?:kubectl|oc) exec|(?:flyctl|fly) ssh console|heroku run"
    r"|vagrant ssh|(?:nsenter|chroot|runuser|gosu|su-exec|flock|chronic|watch|parallel|script)\b"
)
_EXEC_OPTIONS_WITH_VALUE = frozenset(
    "-e --env -u --user -w --workdir -n --namespace -c --container --name -v --volume -p --publish --network"
    " --entrypoint --index --context --kubeconfig -a --app --env-file -f --file --mount --platform".split()
)
_HARMLESS = frozenset(
    "--help --version --dry-run --dryrun --whatif --what-if --simulate --just-print --no-act --syntax-check"
    " --list-hosts --list-tasks".split()
)


class Invocation(NamedTuple):
    """One program that a shell text starts, with its arguments as far as they are known.

    `line` is its subcommand and arguments, one blank between two, the options before the subcommand put
    to the end. `wrappers` are programs in front of it (`sudo`, `nohup`, `xargs`). `folder` is where the text
    has gone before ("" for where it began), `before` what is piped into it, `remote` the host it is run on.
    """

    name: str
    args: tuple[str, ...]
    line: str
    call: CommandCall
    wrappers: frozenset[str] = frozenset()
    folder: str = ""
    before: tuple[Invocation, ...] = ()
    remote: str = ""
    is_last: bool = True
    outputs: tuple[str, ...] = ()
    appended: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def plain(self) -> tuple[str, ...]:
        """The arguments that are no options."""
        return tuple(arg for arg in self.args if arg[:1] != "-")

    @property
    def document(self) -> str:
        """The here-document or here-string it is given."""
        return self.call.simple.document

    @property
    def is_rehearsal(self) -> bool:
        """Whether it only says what it would do, or how it is used."""
        if self.name in ("make", "gmake") and "-n" in self.args:
            return True
        if any(arg in _HARMLESS or arg.startswith("--dry-run=") for arg in self.args):
            return "--dry-run=none" not in self.args
        return self.args == ("-h",)


def read_invocations(
    text: str, variables: dict[str, str] | None = None, remote: str = "", depth: int = _DEEPEST
) -> Iterator[Invocation]:
    """Every program that `text` starts, in its order."""
    known = {**(variables or {}), **_assignments(text, variables or {})}
    folder, listed = "", list(pipelines(text))
    for number, calls in enumerate(listed):
        before: tuple[Invocation, ...] = ()
        for call in calls:
            last = number == len(listed) - 1
            made = _invocation(call, known, folder, before, remote)._replace(is_last=last)
            if made.name == "for" and made.args[1:2] == ("in",) and len(made.args) > 2:
                known[made.args[0]] = made.args[2]
            yield made
            if depth:
                yield from _nested(made, known, depth)
            before = (*before, made)
        first = before[0]
        if first.name in ("cd", "pushd") and first.plain:
            folder = _joined(folder, first.plain[0])
        elif first.name == "cd":
            folder = "~"


def _invocation(
    call: CommandCall,
    known: dict[str, str],
    folder: str,
    before: tuple[Invocation, ...],
    remote: str,
) -> Invocation:
    words = [call.name, *(expand(word, known) for word in call.args)]
    launched = list(launched_words(words)) or words
    name = launched[0].rpartition("/")[2]
    args = tuple(launched[1:])
    if name.startswith("python") and args[:1] and args[0].endswith("manage.py"):
        name, args = "manage.py", args[1:]
    in_front = call.simple.words[: len(call.simple.words) - len(call.args) - 1]
    wrappers = frozenset(word.text.rpartition("/")[2] for word in in_front)
    made = Invocation(name, args, _line(name, args), call, wrappers, folder, before, remote)
    simple = call.simple
    if not simple.outputs and not simple.inputs:
        return made
    files = (simple.outputs, simple.appended, simple.inputs)
    outputs, appended, inputs = (
        tuple(expand(ShellWord(path), known) for path in paths) for paths in files
    )
    return made._replace(outputs=outputs, appended=appended, inputs=inputs)


def expand(word: ShellWord, known: dict[str, str]) -> str:
    """A word with the variables whose values are known; a home is `~`."""
    text = word.text
    if "$" in text:
        text = _VARIABLE.sub(lambda found: _value(found, known), text)
    if word.inner:
        if _HERE.match(word.inner[0]):
            return f".{text}" if text[:1] in ("/", "") else text
        return "/tmp/made" + text if word.inner[0].lstrip().startswith("mktemp") else UNKNOWN + text
    return text


def _value(found: re.Match[str], known: dict[str, str]) -> str:
    name = found[1] or found[2]
    if name in known:
        return known[name]
    usual = {"HOME": "~", "PWD": ".", "TMPDIR": "/tmp/own", "CLAUDE_PROJECT_DIR": "."}
    return usual.get(name) or found[3] or found[0]


def _assignments(text: str, known: dict[str, str]) -> dict[str, str]:
    values = dict(known)
    if "=" not in text:
        return values
    for found in list(_ASSIGNED.finditer(text))[:_MOST_VARIABLES]:
        value = found["double"] or found["plain"] or ""
        inner = value.partition("$(")[2] or value.partition("`")[2]
        if inner:
            if _HERE.match(inner):
                value = "." + value.rpartition(")")[2]
            elif inner.lstrip().startswith("mktemp"):
                value = "/tmp/made"
            else:
                continue
        values[found["name"]] = found["single"] or expand(ShellWord(value), values)
    return values


def _line(name: str, args: Sequence[str]) -> str:
    taking = _OPTIONS_WITH_VALUE.get(name, "").split()
    rest, front = list(args), list[str]()
    while name in _WITH_SUBCOMMANDS and rest and rest[0][:1] in ("-", "+") and len(rest) > 1:
        option = rest.pop(0)
        front.append(option)
        if option in taking and rest:
            front.append(rest.pop(0))
    # What stands before git's subcommands says where, not what.
    words = rest if name == "git" else [*rest, *front]
    return " ".join(_BLANKS.sub(BLANK, arg) for arg in words)


# --- programs that run another ---


def _nested(made: Invocation, known: dict[str, str], depth: int) -> Iterator[Invocation]:
    text, remote = _inner_text(made), made.remote
    if made.name == "ssh":
        host, text = _of_ssh(made)
        remote = host if text else ""
    if text:
        for inner in read_invocations(text, known, remote, depth - 1):
            folder = _joined(made.folder, inner.folder) if inner.folder else made.folder
            wrappers = inner.wrappers | made.wrappers
            inner = inner._replace(folder=folder, wrappers=wrappers, is_last=made.is_last)
            yield inner if inner.before else _fed(inner, made)


def _fed(inner: Invocation, outer: Invocation) -> Invocation:
    """A program with the input that the one around it is given."""
    call = inner.call
    if outer.document and not call.simple.document:
        call = call._replace(simple=call.simple._replace(document=outer.document))
    inputs = inner.inputs or outer.inputs
    return inner._replace(call=call, before=outer.before, inputs=inputs)


def _inner_text(made: Invocation) -> str:
    """What a program is given to run, as a shell text."""
    args = list(made.args)
    if made.name == "find":
        starts = [n for n, arg in enumerate(args) if arg in ("-exec", "-execdir", "-ok")]
        if not starts:
            return ""
        words = args[starts[0] + 1 :]
        ends = [n for n, word in enumerate(words) if word in (";", "+", "\\;")]
        words = words[: ends[0]] if ends else words
        found = (found_paths(made) or ["{}"])[0]
        return shlex.join(found if word == "{}" else word for word in words)
    if made.name == "su" and "-c" in args[:-1]:
        return args[args.index("-c") + 1]
    if not _EXECS.match(f"{made.name} {made.line}"):
        return ""
    return shlex.join(_after_target(args))


def found_paths(made: Invocation) -> list[str]:
    """What `find` finds: its roots, with the name that it looks for."""
    roots: list[str] = []
    for arg in made.args:
        if arg[:1] in ("-", "(", "!"):
            break
        roots.append(arg)
    names = [b for a, b in pairwise(made.args) if a in ("-name", "-iname", "-path", "-wholename")]
    roots = roots or ["."]
    if not names:
        is_picky = len(made.args) > len(roots) + 1 and any(one[:1] not in "/~" for one in roots)
        return [] if is_picky else roots
    return [
        f"{root.rstrip('/')}/{name.lstrip('*/') or '*'}" for root in roots for name in names[:3]
    ]


def _after_target(args: list[str]) -> list[str]:
    """The words behind `exec CONTAINER`, or behind `--`."""
    if "--" in args:
        return args[args.index("--") + 1 :]
    verbs = [n for n, arg in enumerate(args) if arg in ("exec", "run", "ssh", "console")]
    rest = args[verbs[0] + 1 :] if verbs else args
    while rest and rest[0][:1] == "-":
        option = rest.pop(0)
        if option in _EXEC_OPTIONS_WITH_VALUE and rest:
            del rest[0]
    return rest[1:] if verbs else rest


def _of_ssh(made: Invocation) -> tuple[str, str]:
    """The host and the command of `ssh`; the command may come on its input."""
    rest = list(made.args)
    while rest and rest[0][:1] == "-":
        option = rest.pop(0)
        if option in "-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w".split() and rest:
            del rest[0]
    return (rest[0] if rest else "", " ".join(rest[1:]) or made.document)


def _joined(folder: str, path: str) -> str:
    if path[:1] in ("/", "~", "$") or not folder:
        return path
    return f"{folder}/{path}"
