"""Risky shell commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from tui.model.review import RiskKind, Severity
from tui.night.evidence.evidence_log import RiskyCall
from tui.night.evidence.shell_parser import SHELLS, CommandCall, Pipeline, pipelines, script_of
from tui.night.review.risks.diff_view import SEVERITY_ORDER, RiskFinding
from tui.system.credentials import cut_credentials
from tui.system.format import clip_text, format_count
from tui.system.lazy_pattern import lazy

_FETCHERS = frozenset({"curl", "wget", "fetch", "aria2c", "http", "https", "iwr", "irm"})
_FETCHERS_LOWER = frozenset({"invoke-webrequest", "invoke-restmethod", "iwr", "irm"})
_INTERPRETER = lazy(r"(?:python|perl|ruby|node|php|deno|bun|lua)[\d.]*$")
_EVALUATORS = lazy(r"iex$|invoke-expression$", re.IGNORECASE)
_WORTH_A_LOOK = lazy(
    r"no-verif|hooksPath|HUSKY|LEFTHOOK|uninstall|SKIP=|\.git/hooks|\bpush\b|\bcommit\b|curl|wget|fetch|iwr|irm|Invoke-|chmod|sudoers|\bhttps?\b",
    re.IGNORECASE,
)
_GIT_TAKING = frozenset({"-C", "--git-dir", "--work-tree", "--namespace", "--exec-path"})
_CLUSTER_TAKES = {"commit": "mFCctSu", "push": "o"}
_HOOK_KEEPERS = frozenset({"pre-commit", "lefthook", "husky"})
_CHECKED = frozenset({"commit", "merge", "rebase", "am", "push", "cherry-pick", "revert"})
_OPEN_MODE = lazy(
    r"^(?:[0-7]?[0-7]{2}[2367]|[ugoa]*[ao][ugoa]*\+[rxXst]*w[rwxXst]*|\+?[2467][0-7]{3}|[ug]*\+\w*s\w*)$"
)
_DEVICES = ("/dev/", "/proc/")
_SHOWN = 90


def find_command_risks(calls: Sequence[RiskyCall]) -> Iterator[RiskFinding]:
    """One finding per kind and path, the worst command of each in words."""
    found: dict[tuple[RiskKind, str], list[RiskFinding]] = {}
    for call in calls:
        if not call.shell or not _WORTH_A_LOOK.search(call.text):
            continue
        for kind, path, severity, words, ran in dict.fromkeys(_risks(call.text)):
            if call.is_error:
                severity = "medium" if severity == "high" else "low"
                words += ", which failed"
            what = f"{words}: {_short(ran)}"
            one = RiskFinding(kind, path, severity, what, by_shell=True, ref=call.ref)
            found.setdefault((kind, path), []).append(one)
    for members in found.values():
        yield _one(members)


def _one(members: list[RiskFinding]) -> RiskFinding:
    worst = min(members, key=lambda one: SEVERITY_ORDER[one.severity])
    others = len(members) - 1
    if not others:
        return worst
    words = f"{worst.what} ({format_count(others, 'more command')} like it)"
    return RiskFinding(worst.kind, worst.path, worst.severity, words, by_shell=True, ref=worst.ref)


def _short(command: str) -> str:
    return clip_text(cut_credentials(" ".join(command.replace("⏎", " ").split())), _SHOWN)


Told = tuple[RiskKind, str, Severity, str]


def _risks(command: str) -> Iterator[tuple[RiskKind, str, Severity, str, str]]:
    """Kind, path, severity and words of what a command does, and the part of it that does it."""
    fetched: dict[str, str] = {}
    for pipeline in pipelines(command):
        for told in _fetch_to_shell(pipeline, fetched):
            yield *told, " | ".join(map(_said, pipeline))
        for call in pipeline:
            for told in _called(call):
                yield *told, _said(call)


def _said(call: CommandCall) -> str:
    """A call in one line, the settings and identities of a git command left out."""
    if call.name == "git":
        _, verb, args = _parted(call)
        return " ".join(("git", verb, *args))
    inner = (f"$({text})" for word in call.args for text in word.inner)
    fed = (f"<({text})" for word in call.args for text in word.fed)
    return " ".join(filter(None, (call.name, *call.texts, *inner, *fed)))


def _called(call: CommandCall) -> Iterator[Told]:
    if call.name == "git":
        yield from _git(call)
    elif call.name in ("rm", "mv", "chmod"):
        yield from _files(call)
    elif call.name in _HOOK_KEEPERS and call.texts[:1] == ("uninstall",):
        yield "no_verify", ".git/hooks", "high", "hooks were taken away"
    elif call.name == "export" and any(map(_switches_off, call.texts)):
        yield "no_verify", "", "high", "the hooks were switched off"
    elif call.name in ("visudo", "tee") and any("sudoers" in text for text in call.texts):
        yield "permissions", "/etc/sudoers", "high", "writes who may act as root"
    if any("/sudoers" in path for path in call.simple.outputs):
        yield "permissions", "/etc/sudoers", "high", "writes who may act as root"


# --- git ---


def _git(call: CommandCall) -> Iterator[Told]:
    settings, verb, args = _parted(call)
    for setting in (*settings, *call.variables):
        name, _, value = setting.partition("=")
        if name.lower() == "core.hookspath":
            yield _hooks_path(value)
        elif _switches_off(setting) and verb in _CHECKED:
            yield "no_verify", "", "high", "the hooks were switched off"
        elif name == "SKIP" and value and verb == "commit":
            yield "no_verify", "", "medium", "checks before the commit were skipped"
    if verb in _CHECKED and _skips_hooks(verb, args):
        yield "no_verify", "", "high", f"a {verb} that skips the hooks"
    elif verb == "config":
        yield from _configured(args)
    if verb == "push":
        yield from _forced(args)


def _switches_off(setting: str) -> bool:
    """Whether an environment variable keeps the hooks from running."""
    name, _, value = setting.partition("=")
    if name in ("HUSKY", "LEFTHOOK"):
        return value in ("0", "false")
    return name in ("HUSKY_SKIP_HOOKS", "HUSKY_SKIP_INSTALL") and value in ("1", "true")


def _parted(call: CommandCall) -> tuple[list[str], str, list[str]]:
    """The settings of `git -c`, the subcommand, and its arguments."""
    settings: list[str] = []
    rest = list(call.texts)
    while rest and rest[0][:1] == "-":
        option = rest.pop(0)
        if option == "-c" and rest:
            settings.append(rest.pop(0))
        elif option in _GIT_TAKING and rest:
            del rest[0]
    return settings, rest[0] if rest else "", rest[1:]


def _hooks_path(value: str) -> Told:
    own = value.strip("'\"").rstrip("/").rpartition("/")[2] in (
        ".husky",
        ".githooks",
        "_",
        "hooks",
        "githooks",
    )
    if own and not value.startswith(_DEVICES):
        return (
            "no_verify",
            "core.hooksPath",
            "low",
            "hooks are looked for in a folder of the project",
        )
    return "no_verify", "core.hooksPath", "high", "the hooks were switched off by core.hooksPath"


def _configured(args: list[str]) -> Iterator[Told]:
    plain = [arg for arg in args if arg[:1] != "-"]
    if plain[:1] == ["set"]:
        del plain[0]
    asks = {"--get", "--get-all", "--unset", "--unset-all", "--list", "-l", "get", "unset"}
    if asks & set(args) or len(plain) < 2:
        return
    if plain[0].lower() == "core.hookspath":
        yield _hooks_path(plain[1])
    elif plain[0].startswith("alias.") and "--no-verify" in plain[1]:
        yield "no_verify", "", "high", f"{plain[0]} skips the hooks from now on"


def _skips_hooks(verb: str, args: list[str]) -> bool:
    for option in _options(verb, args):
        if len(option) > 6 and "--no-verify".startswith(option):
            return True
        if verb == "commit" and "n" in _letters(verb, option):
            return True
    return False


def _options(verb: str, args: list[str]) -> Iterator[str]:
    """The options among the arguments, without what belongs to one of them."""
    takes = {
        "-m",
        "-F",
        "-C",
        "-c",
        "-t",
        "-o",
        "--message",
        "--file",
        "--author",
        "--date",
        "--push-option",
    }
    skip = False
    for arg in args:
        if skip:
            skip = False
        elif arg == "--":
            return
        elif arg[:1] == "-" and arg != "-":
            yield arg
            skip = arg in takes or (
                arg[:2] != "--" and arg[-1] in _CLUSTER_TAKES.get(verb, "")[:5] and len(arg) > 1
            )


def _letters(verb: str, option: str) -> str:
    """The letters of a bundle of short options, up to the first that takes the rest of it."""
    if option[:2] == "--":
        return ""
    found = ""
    for letter in option[1:]:
        found += letter
        if letter in _CLUSTER_TAKES.get(verb, ""):
            break
    return found


def _forced(args: list[str]) -> Iterator[Told]:
    options = list(_options("push", args))
    if any(o == "--dry-run" or "n" in _letters("push", o) for o in options):
        return
    plus = [arg for arg in args if arg[:1] == "+" and len(arg) > 1]
    if (
        "--mirror" in options
        or "--force" in options
        or any("f" in _letters("push", o) for o in options)
    ):
        yield "force_push", "", "high", "a push that overwrites what others may have"
    elif plus:
        yield "force_push", "", "high", f"a push that overwrites {plus[0][1:60]}"
    elif any(option.startswith("--force-with-lease") for option in options):
        yield "force_push", "", "medium", "a push that overwrites a branch nobody else moved"


# --- files ---


def _files(call: CommandCall) -> Iterator[Told]:
    plain = [text for text in call.texts if text[:1] != "-" or text[1:2] == "x"]
    hooks = [text for text in plain if ".git/hooks" in text]
    if hooks and (call.name != "chmod" or any(text in ("-x", "a-x") for text in call.texts)):
        yield "no_verify", ".git/hooks", "high", "hooks were taken away"
    if call.name != "chmod" or len(plain) < 2 or not _OPEN_MODE.match(plain[0]):
        return
    for path in plain[1:6]:
        if not path.startswith(("/tmp/", "/var/tmp/", "/dev/")):
            deep = (
                " with all below it" if any(t in ("-R", "--recursive") for t in call.texts) else ""
            )
            yield "permissions", path.removeprefix("./"), "high", f"open to everybody{deep}"


# --- fetching ---


def _fetch_to_shell(pipeline: Pipeline, fetched: dict[str, str]) -> Iterator[Told]:
    source = ""
    for call in pipeline:
        if _fetches(call):
            source = _host(call)
            for path in _saved_as(call):
                fetched[path] = source
        elif source and _runs_input(call):
            yield "fetch_to_shell", "", "high", f"what {source} sent went straight to {call.name}"
        for path in _run_files(call):
            if path in fetched:
                words = f"what {fetched[path]} sent was run as {path}"
                yield "fetch_to_shell", "", "medium", words
        yield from _substituted(call)


def _substituted(call: CommandCall) -> Iterator[Told]:
    """`sh -c "$(curl …)"`, `eval "$(curl …)"`, `bash <(curl …)`, `iex (irm …)`."""
    runs = (
        call.name in SHELLS or call.name in ("eval", "source", ".") or _EVALUATORS.match(call.name)
    )
    if not runs and not _INTERPRETER.match(call.name):
        return
    script = call.name == "eval" or any(
        text[:1] == "-" and text.endswith("c") for text in call.texts
    )
    for word in call.args:
        for text in (*(word.inner if script else ()), *word.fed):
            for inner in pipelines(text, 1):
                source = next((_host(one) for one in inner if _fetches(one)), "")
                if source:
                    words = f"what {source} sent was run by {call.name}"
                    yield "fetch_to_shell", "", "high", words


def _fetches(call: CommandCall) -> bool:
    return call.name in _FETCHERS or call.name.lower() in _FETCHERS_LOWER


def _host(call: CommandCall) -> str:
    for text in call.texts:
        if "://" in text:
            try:
                return urlsplit(text).hostname or "an address"
            except ValueError:
                return "an address"
    return next(
        (text.split("/")[0] for text in call.texts if "." in text and text[:1] != "-"),
        "the network",
    )


def _runs_input(call: CommandCall) -> bool:
    """Whether a command takes its orders from what is piped into it."""
    if _EVALUATORS.match(call.name):
        return True
    if call.name in ("source", "."):
        return call.texts[:1] == ("/dev/stdin",)
    args = list(call.texts)
    if call.name in SHELLS:
        if script_of(call):
            return False
        plain = [arg for arg in args if arg[:1] not in ("-", "+") and arg != "/dev/stdin"]
        return not plain or any(arg[:1] == "-" and arg[:2] != "--" and "s" in arg for arg in args)
    if not _INTERPRETER.match(call.name):
        return False
    return not args or args[0] in ("-", "/dev/stdin") or (args[-1] == "-" and len(args) < 3)


def _saved_as(call: CommandCall) -> list[str]:
    """The files a fetch writes."""
    texts = call.texts
    names = [
        texts[number + 1]
        for number, text in enumerate(texts[:-1])
        if text in ("-o", "--output", "-O", "--output-document") or re.fullmatch(r"-\w+[oO]", text)
    ]
    if (call.name == "wget" and not names) or (
        call.name == "curl" and any("O" in t for t in texts if t[:1] == "-")
    ):
        names += [text.rpartition("/")[2] for text in texts if "://" in text]
    return [
        _plain(name) for name in (*names, *call.simple.outputs) if not name.startswith(_DEVICES)
    ]


def _run_files(call: CommandCall) -> list[str]:
    """The scripts a command runs."""
    first = call.simple.words[0].text if call.simple.words else ""
    if call.name in SHELLS or call.name in ("source", ".") or _INTERPRETER.match(call.name):
        return [_plain(text) for text in call.texts if text[:1] != "-"][:1]
    return [_plain(first)] if "/" in first else []


def _plain(path: str) -> str:
    return path.removeprefix("./")
