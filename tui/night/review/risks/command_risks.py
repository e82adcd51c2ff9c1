"""Risky shell commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from urllib.parse import urlsplit

from msgspec.structs import replace

from tui.model.review import RiskKind, Severity
from tui.night.evidence.risky_calls import RiskyCall, is_worth_judging
from tui.night.evidence.shell_parser import SHELLS, CommandCall, Pipeline, pipelines, script_of
from tui.night.review.risks.commands.judge_command import find_effects, weighed
from tui.night.review.risks.commands.night_facts import NightFacts
from tui.night.review.risks.commands.tool_calls import find_tool_effects
from tui.night.review.risks.diff_view import SEVERITY_ORDER, RiskFinding
from tui.system.credentials.find import cut_credentials
from tui.system.format import clip_text, format_count
from tui.system.lazy_pattern import lazy

_FETCHERS = frozenset({"curl", "wget", "fetch", "aria2c", "http", "https", "iwr", "irm"})
_FETCHERS_LOWER = frozenset({"invoke-webrequest", "invoke-restmethod", "iwr", "irm"})
_INTERPRETER = lazy(r"(?:python|perl|ruby|node|php|deno|bun|lua)[\d.]*$")
_EVALUATORS = lazy(r"iex$|invoke-expression$", re.IGNORECASE)
_WORTH_A_LOOK = lazy(
    r"no-verif|hooksPath|HUSKY|LEFTHOOK|uninstall|SKIP=|\.git/hooks|\bpush\b|\bcommit\b|curl|wget"
    r"|fetch|iwr|irm|Invoke-|chmod|sudoers|\bhttps?\b",
    re.IGNORECASE,
)
_GIT_OPTIONS_WITH_VALUE = frozenset(
    {"-C", "--git-dir", "--work-tree", "--namespace", "--exec-path"}
)
_LETTERS_WITH_VALUE = {"commit": "mFCctSu", "push": "o"}
_OPTIONS_WITH_VALUE = frozenset(
    "-m -F -C -c -t -o --message --file --author --date --push-option".split()
)
_HOOK_FOLDERS = (".husky", ".githooks", "_", "hooks", "githooks")
_HOOK_KEEPERS = frozenset({"pre-commit", "lefthook", "husky"})
_CHECKED = frozenset({"commit", "merge", "rebase", "am", "push", "cherry-pick", "revert"})
_OPEN_MODE = lazy(
    r"^(?:[0-7]?[0-7]{2}[2367]|[ugoa]*[ao][ugoa]*\+[rxXst]*w[rwxXst]*|\+?[2467][0-7]{3}|[ug]*\+\w*s\w*)$"
)
_DEVICES = ("/dev/", "/proc/")
_SHOWN = 90


Effect = tuple[RiskKind, str, Severity, str]
"""Kind, path, severity and words of what a command does."""


def find_command_risks(calls: Sequence[RiskyCall], facts: NightFacts) -> Iterator[RiskFinding]:
    """One finding per kind, path and program, the worst command of each in words.

    `facts` are what is known of the night before its first call; they go on with the calls.
    """
    findings: dict[tuple[RiskKind, str, str], list[RiskFinding]] = {}
    for call in sorted(calls, key=lambda one: one.number):
        for (kind, path, severity, words), command, is_last in _all_effects(call, facts):
            if call.is_refused:
                severity, words = "low", f"{words}, which was refused"
            elif call.is_error and is_last:
                severity = "medium" if severity == "high" else "low"
                words += ", which failed"
            shown = cut_credentials(" ".join(command.replace("⏎", " ").split()))
            what = f"{words}: {clip_text(shown, _SHOWN)}"
            finding = RiskFinding(kind, path, severity, what, by_shell=True, ref=call.ref)
            findings.setdefault((kind, path, _program(shown)), []).append(finding)
    for members in findings.values():
        worst = min(members, key=lambda finding: SEVERITY_ORDER[finding.severity])
        if len(members) > 1:
            more = format_count(len(members) - 1, "more command")
            worst = replace(worst, what=f"{worst.what} ({more} like it)")
        yield worst


def _program(command: str) -> str:
    """The program of a command with what it is told to do, such as `git branch` or `terraform apply`."""
    name, verb = [*command.split()[:2], "", ""][:2]
    return f"{name} {verb}" if verb.replace("-", "").isalpha() and verb[:1] != "-" else name


def _all_effects(call: RiskyCall, facts: NightFacts) -> Iterator[tuple[Effect, str, bool]]:
    """What a call does, the part of it that does it, and whether that part is the last."""
    if not call.shell:
        for effect in find_tool_effects(call, facts):
            severity, words = weighed(effect, facts)
            yield (effect.kind, effect.path, severity, words), f"{call.name} {call.text}", True
        if call.edits and not call.is_error:
            facts.on_edit(call.text, call.name == "Write")
        return
    found: dict[tuple[Effect, str], bool] = {}
    if _WORTH_A_LOOK.search(call.text):
        found = dict.fromkeys(_effects(call.text), True)
    for effect, made in find_effects(call.text, facts) if is_worth_judging(call.text) else ():
        severity, words = weighed(effect, facts)
        said = effect.kind, effect.path, severity, words
        found[said, _call_text(made.call)] = made.is_last
    for (what, command), is_last in found.items():
        yield what, command, is_last


def _effects(command: str) -> Iterator[tuple[Effect, str]]:
    """What a command does, and the part of it that does it."""
    fetched: dict[str, str] = {}
    for pipeline in pipelines(command):
        for effect in _fetch_to_shell(pipeline, fetched):
            yield effect, " | ".join(map(_call_text, pipeline))
        for call in pipeline:
            for effect in _call_effects(call):
                yield effect, _call_text(call)


def _call_text(call: CommandCall) -> str:
    """A call in one line, the settings and identities of a git command left out."""
    if call.name == "git":
        _, verb, args = _split_git(call)
        return " ".join(("git", verb, *args))
    inner = (f"$({text})" for word in call.args for text in word.inner)
    fed = (f"<({text})" for word in call.args for text in word.fed)
    return " ".join(filter(None, (call.name, *call.texts, *inner, *fed)))


def _call_effects(call: CommandCall) -> Iterator[Effect]:
    if call.name == "git":
        yield from _git(call)
    elif call.name in ("rm", "mv", "chmod"):
        yield from _files(call)
    elif ("uninstall" in call.texts and _HOOK_KEEPERS & set(call.texts[:3])) or (
        call.name in _HOOK_KEEPERS and call.texts[:1] == ("uninstall",)
    ):
        yield "no_verify", ".git/hooks", "high", "hooks were taken away"
    elif call.name == "export" and any(map(_switches_hooks_off, call.texts)):
        yield "no_verify", "", "high", "the hooks were switched off"
    elif call.name in ("visudo", "tee") and any("sudoers" in text for text in call.texts):
        yield "permissions", "/etc/sudoers", "high", "writes who may act as root"
    if any("/sudoers" in path for path in call.simple.outputs):
        yield "permissions", "/etc/sudoers", "high", "writes who may act as root"


# --- git ---


def _git(call: CommandCall) -> Iterator[Effect]:
    settings, verb, args = _split_git(call)
    for setting in (*settings, *call.variables):
        name, _, value = setting.partition("=")
        if name.lower() == "core.hookspath":
            yield _hooks_path(value)
        elif _switches_hooks_off(setting) and verb in _CHECKED:
            yield "no_verify", "", "high", "the hooks were switched off"
        elif name == "SKIP" and value and verb == "commit":
            yield "no_verify", "", "medium", "checks before the commit were skipped"
    if verb in _CHECKED and _skips_hooks(verb, args):
        yield "no_verify", "", "high", f"a {verb} that skips the hooks"
    elif verb == "config":
        yield from _git_config(args)
    if verb == "push":
        yield from _force_push(args)


def _switches_hooks_off(setting: str) -> bool:
    """Whether an environment variable keeps the hooks from running."""
    name, _, value = setting.partition("=")
    if name in ("HUSKY", "LEFTHOOK"):
        return value in ("0", "false")
    return name in ("HUSKY_SKIP_HOOKS", "HUSKY_SKIP_INSTALL") and value in ("1", "true")


def _split_git(call: CommandCall) -> tuple[list[str], str, list[str]]:
    """The settings of `git -c`, the subcommand, and its arguments."""
    settings: list[str] = []
    rest = list(call.texts)
    while rest and rest[0][:1] == "-":
        option = rest.pop(0)
        if option == "-c" and rest:
            settings.append(rest.pop(0))
        elif option in _GIT_OPTIONS_WITH_VALUE and rest:
            del rest[0]
    return settings, rest[0] if rest else "", rest[1:]


def _hooks_path(value: str) -> Effect:
    folder = value.strip("'\"").rstrip("/").rpartition("/")[2]
    if folder in _HOOK_FOLDERS and not value.startswith(_DEVICES):
        words = "hooks are looked for in a folder of the project"
        return "no_verify", "core.hooksPath", "low", words
    return "no_verify", "core.hooksPath", "high", "the hooks were switched off by core.hooksPath"


def _git_config(args: list[str]) -> Iterator[Effect]:
    plain = [arg for arg in args if arg[:1] != "-"]
    if plain[:1] == ["set"]:
        del plain[0]
    if plain[:1] and plain[0].lower() == "core.hookspath" and "--unset" in args:
        yield (
            "no_verify",
            "core.hooksPath",
            "medium",
            "hooks are no longer looked for where they were",
        )
    asks = {"--get", "--get-all", "--unset", "--unset-all", "--list", "-l", "get", "unset"}
    if asks & set(args) or len(plain) < 2:
        return
    if plain[0].lower() == "core.hookspath":
        yield _hooks_path(plain[1])
    elif plain[0].startswith("alias.") and "--no-verify" in plain[1]:
        yield "no_verify", "", "high", f"{plain[0]} skips the hooks from now on"


def _skips_hooks(verb: str, args: list[str]) -> bool:
    return any(
        (len(option) > 6 and "--no-verify".startswith(option))
        or (verb == "commit" and "n" in _bundled_letters(verb, option))
        for option in _options(verb, args)
    )


def _options(verb: str, args: list[str]) -> Iterator[str]:
    """The options among the arguments, without what belongs to one of them."""
    skip = False
    for arg in args:
        if skip:
            skip = False
        elif arg == "--":
            return
        elif arg[:1] == "-" and arg != "-":
            yield arg
            skip = arg in _OPTIONS_WITH_VALUE or (
                arg[:2] != "--"
                and arg[-1] in _LETTERS_WITH_VALUE.get(verb, "")[:5]
                and len(arg) > 1
            )


def _bundled_letters(verb: str, option: str) -> str:
    """The letters of a bundle of short options, up to the first that takes the rest of it."""
    stops = _LETTERS_WITH_VALUE.get(verb, "")
    last = next((at for at, letter in enumerate(option[1:], 1) if letter in stops), len(option))
    return "" if option[:2] == "--" else option[1 : last + 1]


def _force_push(args: list[str]) -> Iterator[Effect]:
    options = list(_options("push", args))
    if any(o == "--dry-run" or "n" in _bundled_letters("push", o) for o in options):
        return
    plus = [arg for arg in args if arg[:1] == "+" and len(arg) > 1]
    if any(o in ("--mirror", "--force") or "f" in _bundled_letters("push", o) for o in options):
        yield "force_push", "", "high", "a push that overwrites what others may have"
    elif plus:
        yield "force_push", "", "high", f"a push that overwrites {plus[0][1:60]}"
    elif any(option.startswith("--force-with-lease") for option in options):
        yield "force_push", "", "medium", "a push that overwrites a branch nobody else moved"


# --- files ---


def _files(call: CommandCall) -> Iterator[Effect]:
    plain = [text for text in call.texts if text[:1] != "-" or text[1:2] == "x"]
    hooks = [text for text in plain if ".git/hooks" in text]
    if hooks and (call.name != "chmod" or any(text in ("-x", "a-x") for text in call.texts)):
        yield "no_verify", ".git/hooks", "high", "hooks were taken away"
    if call.name != "chmod" or len(plain) < 2 or not _OPEN_MODE.match(plain[0]):
        return
    is_deep = "-R" in call.texts or "--recursive" in call.texts
    words = "open to everybody" + (" with all below it" if is_deep else "")
    for path in plain[1:6]:
        if not path.startswith(("/tmp/", "/var/tmp/", "/dev/")):
            yield "permissions", _plain(path), "high", words


# --- fetching ---


def _fetch_to_shell(pipeline: Pipeline, fetched: dict[str, str]) -> Iterator[Effect]:
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


def _substituted(call: CommandCall) -> Iterator[Effect]:
    """`sh -c "$(curl …)"`, `eval "$(curl …)"`, `bash <(curl …)`, `iex (irm …)`."""
    if _runs_from_afar(call):
        yield "fetch_to_shell", "", "high", f"a program of {_host(call)} was run"
    is_shell = call.name in SHELLS or call.name in ("eval", "source", ".")
    if not (is_shell or _EVALUATORS.match(call.name) or _INTERPRETER.match(call.name)):
        return
    has_script = any(text[:1] == "-" and text.endswith("c") for text in call.texts)
    for word in call.args:
        inner_texts = word.inner if call.name == "eval" or has_script else ()
        for inner in chain.from_iterable(pipelines(t, 1) for t in (*inner_texts, *word.fed)):
            source = next((_host(fetch) for fetch in inner if _fetches(fetch)), "")
            if source:
                words = f"what {source} sent was run by {call.name}"
                yield "fetch_to_shell", "", "high", words


def _runs_from_afar(call: CommandCall) -> bool:
    """Whether a runner of packages is given an address."""
    is_deno = call.name == "deno" and call.texts[:1] == ("run",)
    is_runner = is_deno or call.name in ("npx", "bunx", "uvx")
    return is_runner and any(text.startswith(("http://", "https://")) for text in call.texts)


def _fetches(call: CommandCall) -> bool:
    return call.name in _FETCHERS or call.name.lower() in _FETCHERS_LOWER


def _host(call: CommandCall) -> str:
    for text in call.texts:
        if "://" in text:
            try:
                return urlsplit(text).hostname or "an address"
            except ValueError:
                return "an address"
    names = (text.split("/")[0] for text in call.texts if "." in text and text[:1] != "-")
    return next(names, "the network")


def _runs_input(call: CommandCall) -> bool:
    """Whether a command takes its orders from what is piped into it."""
    if _EVALUATORS.match(call.name):
        return True
    if call.name in ("source", "."):
        return call.texts[:1] == ("/dev/stdin",)
    args = call.texts
    if call.name in SHELLS:
        plain = [arg for arg in args if arg[:1] not in ("-", "+") and arg != "/dev/stdin"]
        is_told = any(arg[:1] == "-" and arg[:2] != "--" and "s" in arg for arg in args)
        return not script_of(call) and (not plain or is_told)
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
    has_remote_name = call.name == "curl" and any("O" in t for t in texts if t[:1] == "-")
    if has_remote_name or (call.name == "wget" and not names):
        names += [text.rpartition("/")[2] for text in texts if "://" in text]
    names += call.simple.outputs
    return [_plain(name) for name in names if not name.startswith(_DEVICES)]


def _run_files(call: CommandCall) -> list[str]:
    """The scripts a command runs."""
    first = call.simple.words[0].text if call.simple.words else ""
    if call.name in SHELLS or call.name in ("source", ".") or _INTERPRETER.match(call.name):
        return [_plain(text) for text in call.texts if text[:1] != "-"][:1]
    return [_plain(first)] if "/" in first else []


def _plain(path: str) -> str:
    return path.removeprefix("./")
