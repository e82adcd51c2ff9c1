"""What runs within a command: programs that are started by another, texts that a shell reads, code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tui.control.protect.expansion import assigned, plain
from tui.control.protect.globs import fold


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SHELLS: Final = _set("sh bash zsh dash ksh ash fish rbash mksh yash")
_INTERPRETERS: Final = _set(
    "python pypy ipython node nodejs deno bun ruby perl php lua luajit osascript rscript groovy tclsh julia"
    " pwsh powershell"
)
_CODE_OPTIONS: Final = _set("-c -e -E -p -r -pe -ne -ie -lne -lpe --eval --print -command")
_AWKS: Final = _set("awk gawk mawk nawk")
_WRAPPERS: Final[Mapping[str, tuple[frozenset[str], int]]] = {
    "sudo": (
        _set("-u -g -h -p -C -D -r -t -T -U -R --user --group --chdir --prompt --host --chroot"),
        0,
    ),
    "doas": (_set("-u -C"), 0),
    "env": (_set("-u -C --unset --chdir"), 0),
    "nice": (_set("-n --adjustment"), 0),
    "ionice": (_set("-c -n -p --class --classdata"), 0),
    "timeout": (_set("-s -k --signal --kill-after"), 1),
    "gtimeout": (_set("-s -k --signal --kill-after"), 1),
    "xargs": (_set("-n -I -P -L -d -s -a -E --max-args --max-procs --delimiter --arg-file"), 0),
    "stdbuf": (_set("-i -o -e --input --output --error"), 0),
    "time": (_set("-f -o --format --output"), 0),
    "chrt": (_set("-T -P -D"), 1),
    "taskset": (_set(""), 1),
    "flock": (_set("-w -E --timeout --conflict-exit-code"), 1),
    "strace": (_set("-e -o -p -s -u -E -P -S -I"), 0),
    "ltrace": (_set("-e -o -p -s -u -n"), 0),
    "caffeinate": (_set("-t -w"), 0),
    "systemd-run": (_set("-p -u -t -M -H -E --unit --property --setenv --slice"), 0),
    "chroot": (_set("--userspec --groups"), 1),
    "nsenter": (_set("-t -S -G --target"), 0),
    "exec": (_set("-a"), 0),
    "npx": (_set("-p --package"), 0),
    "uvx": (_set("--from --with -p --python"), 0),
    "xvfb-run": (_set("-n -s -e -f -p -w"), 0),
    "coverage": (_set("--rcfile --source --omit --include"), 1),
    **dict.fromkeys(
        _set(
            "nohup setsid command builtin unbuffer busybox toybox unshare proxychains proxychains4 rlwrap"
            " dbus-run-session catchsegv noglob nocorrect - entr bunx firejail fakeroot"
        ),
        (_set(""), 0),
    ),
}
"""Programs that run the rest of their words: the options that take a word, and how many words come first."""
_RUNNING: Final[Mapping[str, frozenset[str]]] = {
    "npm": _set("exec x"),
    "pnpm": _set("exec dlx"),
    "yarn": _set("exec dlx"),
    "bundle": _set("exec"),
    "mise": _set("exec x"),
    "asdf": _set("exec"),
    "direnv": _set("exec"),
    "bun": _set("x"),
    **dict.fromkeys(_set("pipx poetry uv pdm hatch rye pipenv conda mamba rustup"), _set("run")),
}
"""Programs that do so after one of these words."""
_RUNNING_TAKING: Final = _set(
    "-n --name -p --package --with --from --python -f --env-file --project --extra --group -C --directory"
    " --prefix"
)
_SCRIPT_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "su": _set("-c --command"),
    "runuser": _set("-c --command"),
    "script": _set("-c --command"),
    "flock": _set("-c --command"),
    "npx": _set("-c --call"),
    "npm": _set("-c --call"),
    "nix-shell": _set("--run --command"),
    "git": _set("-x --exec --tree-filter --index-filter --msg-filter --env-filter"),
    "env": _set("-S --split-string"),
}
"""Options whose word is a text for a shell."""
_JOINING: Final = _set("eval watch parallel")
_EACH_A_SCRIPT: Final = _set("tmux screen hyperfine concurrently")
_READING_INPUT: Final = _set("at batch")
_EXECUTING: Final = _set("-exec -execdir -ok -okdir -x -X --exec --exec-batch")
_GIT_PROGRAMS: Final = _set(
    "core.editor core.pager core.sshcommand core.fsmonitor sequence.editor diff.external"
)
_OWN_INPUT: Final = _set("- /dev/stdin /dev/fd/0 /proc/self/fd/0")
_MOST_FED: Final = 200


class Inside(NamedTuple):
    """What a command runs beside itself: calls, texts for a shell, code; `own` are its own words."""

    own: list[str]
    calls: Sequence[list[str]] = ()
    scripts: Sequence[str] = ()
    codes: Sequence[str] = ()


def name_of(argv: Sequence[str]) -> str:
    """The name of a command's program, without folder and version."""
    name = fold(plain(argv[0])).lstrip("=\\").rpartition("/")[2].removesuffix(".exe")
    bare = name.rstrip("0123456789.")
    return bare if bare in _INTERPRETERS or bare in _SHELLS else name


# complexity: one branch for each kind of program that runs others
def inside(argv: Sequence[str], fed: str) -> Inside:
    """What a command runs; `fed` is what is known of its input."""
    name, args = name_of(argv), list(argv[1:])
    if name in _SHELLS:
        return _shell(args, fed)
    if name in _INTERPRETERS:
        return _interpreter(args, fed)
    if name in ("source", "."):
        return Inside(args, [args] if args else ())
    if name in _AWKS:
        return Inside(args, codes=[plain(word) for word in args if word[:1] != "-"][:1])
    if name == "trap":
        return Inside([], scripts=[plain(word) for word in args[:1]])
    if name == "alias":
        return Inside([], scripts=[plain(word).partition("=")[2] for word in args])
    if name in ("find", "fd", "fdfind"):
        return _finding(args)
    if name == "git":
        return Inside(args, scripts=_of_git(args))
    if name in _JOINING:
        return Inside([], scripts=[" ".join(map(_with_unknown, _without_options(args)))])
    if name in _EACH_A_SCRIPT:
        return Inside([], scripts=[plain(word) for word in args])
    if name in _READING_INPUT:
        return Inside(args, scripts=[fed] if fed else ())
    if name == "ssh":
        return _remote(args, fed)
    return _wrapped(name, args, fed)


def _with_unknown(field: str) -> str:
    """The field as text for a shell; what is unknown stays so."""
    return "\x01".join(map(plain, field.split("\x01")))


def _without_options(args: list[str]) -> list[str]:
    at = _after_options(args, frozenset({"-n", "--interval", "-j"}), has_assignments=False)
    return args[at:]


# complexity: the same few steps for two tables of programs, with their exceptions
def _wrapped(name: str, args: list[str], fed: str) -> Inside:
    """A program that runs the rest of its words, or a text that one of its options gives."""
    scripts = _option_texts(args, _SCRIPT_OPTIONS.get(name, frozenset()))
    own, rest = args, list[str]()
    if name == "command" and args and args[0] in ("-v", "-V"):
        return Inside([])
    if name in _WRAPPERS and not (name == "env" and scripts):
        taking, skipped = _WRAPPERS[name]
        start = _after_options(args, taking, has_assignments=True) + skipped
        own, rest = args[:start], args[start:]
    elif name in _RUNNING:
        start = _after_options(args, _RUNNING_TAKING, has_assignments=False)
        if start < len(args) and plain(args[start]) in _RUNNING[name]:
            more = args[start + 1 :]
            start += 1 + _after_options(more, _RUNNING_TAKING, has_assignments=False)
            own, rest = args[:start], args[start:]
            if name == "direnv":
                rest = rest[1:]
    if rest and rest[0] == "--":
        rest = rest[1:]
    if name == "xargs" and rest:
        rest += fed.split()[:_MOST_FED]
    return Inside(own, [rest] if rest else (), scripts)


def _after_options(args: list[str], taking: frozenset[str], *, has_assignments: bool) -> int:
    """Where the words begin that are no options."""
    at = 0
    while at < len(args):
        word = plain(args[at])
        if word == "--":
            return at + 1
        if word[:1] == "-" and len(word) > 1:
            at += 1 + _takes_next(word, taking)
        elif not word or (has_assignments and assigned(word) is not None):
            at += 1
        else:
            break
    return at


def _takes_next(option: str, taking: frozenset[str]) -> bool:
    """Whether the next word belongs to an option, or to the last one of joined letters."""
    if option in taking or option.startswith("--"):
        return option in taking
    first = next((n for n, letter in enumerate(option) if f"-{letter}" in taking), 0)
    return bool(first) and first == len(option) - 1


# complexity: the order in which a shell reads its own options
def _shell(args: list[str], fed: str) -> Inside:
    """A shell: its `-c` text, else the file that it reads, else its input."""
    at = 0
    while at < len(args):
        word = plain(args[at])
        if word[:1] not in ("-", "+") or word in ("-", "--"):
            break
        if word[:1] == "-" and word[:2] != "--" and "c" in word:
            rest = [one for one in args[at + 1 :] if plain(one)[:1] not in ("-", "+")]
            return Inside([], scripts=[_with_unknown(one) for one in rest[:1]])
        at += 2 if word in ("-o", "-O", "+o", "+O", "--rcfile", "--init-file") else 1
    rest = args[at + 1 :] if at < len(args) and args[at] == "--" else args[at:]
    is_input = not rest or "-s" in args or plain(rest[0]) in _OWN_INPUT
    if is_input:
        return Inside(args, scripts=[fed] if fed else ())
    return Inside(args, [rest])


def _interpreter(args: list[str], fed: str) -> Inside:
    """An interpreter: code among its words, a module as a program, a file, or its input."""
    for at, field in enumerate(args):
        word, after = plain(field), args[at + 1 :]
        if fold(word) in _CODE_OPTIONS and after:
            return Inside([*args[:at], *after[1:]], codes=[plain(after[0])])
        if word.startswith(("--eval=", "--print=")):
            return Inside([*args[:at], *after], codes=[word.partition("=")[2]])
        if word == "-m" and after:
            return Inside(args[:at], [after])
        if word[:2] in ("-c", "-e") and len(word) > 4:
            return Inside([*args[:at], *after], codes=[word[2:]])
        if word[:1] != "-":
            return Inside(args, [args[at:]])
    return Inside(args, codes=[fed] if fed else ())


def _remote(args: list[str], fed: str) -> Inside:
    """`ssh HOST COMMAND`: its options are many, so each word may be where the command begins."""
    texts = [_with_unknown(word) for word in args]
    scripts = [" ".join(texts[at:]) for at in range(1, min(len(texts), 8))]
    return Inside([], scripts=[*scripts, *([fed] if fed else [])])


def _finding(args: list[str]) -> Inside:
    """`find … -exec COMMAND ;`"""
    calls: list[list[str]] = []
    own: list[str] = []
    at = 0
    while at < len(args):
        if plain(args[at]) not in _EXECUTING:
            own.append(args[at])
            at += 1
            continue
        ends = (n for n in range(at + 1, len(args)) if plain(args[n]) in (";", "+"))
        end = next(ends, len(args))
        calls.append(args[at + 1 : end])
        own.append("-exec")
        at = end + 1
    return Inside(own, [call for call in calls if call])


def _of_git(args: list[str]) -> list[str]:
    """Aliases, filters and programs that git is made to run."""
    scripts = _option_texts(args, _SCRIPT_OPTIONS["git"])
    texts = [plain(word) for word in args]
    for at, text in enumerate(texts[:-1]):
        before, after = texts[at - 1] if at else "", texts[at + 1]
        if text == "-c":
            named, _, value = after.partition("=")
            scripts += _configured(named, value)
        elif "config" in texts[:at] and before != "-c":
            scripts += _configured(text, after)
        if (before, text) in (("submodule", "foreach"), ("bisect", "run")):
            scripts.append(" ".join(one for one in texts[at + 1 :] if one != "--recursive"))
    return scripts


def _configured(key: str, value: str) -> list[str]:
    key = fold(key)
    if key.startswith("alias."):
        return [value[1:] if value.startswith("!") else f"git {value}"]
    return [value] if key in _GIT_PROGRAMS else []


def _option_texts(args: list[str], options: frozenset[str]) -> list[str]:
    found: list[str] = []
    for at, field in enumerate(args if options else ()):
        word = _with_unknown(field)
        name, equals, value = word.partition("=")
        if word in options:
            found.append(" ".join(map(_with_unknown, args[at + 1 : at + 2])))
        elif equals and name in options:
            found.append(value)
        elif "-S" in options and word[:2] == "-S":
            found.append(word[2:])
    return found
