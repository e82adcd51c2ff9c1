"""What the text of a script does, in Python, JavaScript, Ruby, Perl or PHP: by its calls and the texts in it.

Nothing is followed but literal texts, so a script that puts its paths together is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.night.review.risks.commands.databases import sql_loss
from tui.night.review.risks.commands.invocations import Invocation
from tui.night.review.risks.commands.night_facts import Effect, NightFacts
from tui.night.review.risks.commands.places import Place, lasting, secret_severity
from tui.night.review.risks.commands.web_requests import host_of, is_local
from tui.system.lazy_pattern import AnyWord, lazy

_INTERPRETER = lazy(
    r"(?:python|pypy|node|nodejs|ruby|perl|php|deno|bun|tsx|ts-node|lua|ipython|Rscript|osascript)[\d.]*$"
)
_TEXT = r"""(?:[frbuFRBU]{0,2}(?:"([^"\n]*)"|'([^'\n]*)'|`([^`]*)`))"""
_SHELL_CALL = lazy(
    rf"(?:os\.(?:system|popen)|subprocess\.\w+|\bexecSync|\bexec|\bspawnSync|\bspawn|\bexecFileSync"
    rf"|\bexeca(?:Command)?(?:Sync)?|\bsystem|\bshell_exec|\bpassthru|child_process\.\w+"
    rf"|\bsh|Bun\.spawn|Deno\.run|\$)\(\s*{_TEXT}"
)
_RUNS = AnyWord(
    *"system popen subprocess exec spawn passthru sh( Bun. Deno. $( Popen check_ ` %x qx".split()
)
_SHELL_LIST = lazy(
    r"(?:subprocess\.\w+|os\.(?:exec|spawn)\w+|Bun\.spawn(?:Sync)?|Popen|run|check_call|check_output"
    r"|call)\(\s*\[([^\]]{1,400})\]"
)
_SPAWN = lazy(
    r"(?:spawn|spawnSync|execFile|execFileSync)\(\s*['\"]([\w./-]+)['\"]\s*,\s*\[([^\]]{0,400})\]"
)
_BACKTICKS = lazy(r"(?:^|[=\s(])`([^`\n]+)`|%x\{([^}]+)\}|qx\{?\(?([^)}\n]+)")
_ITEM = lazy(r"\"([^\"]*)\"|'([^']*)'")
_DELETES = lazy(
    r"(?:shutil\.rmtree|os\.(?:remove|unlink|rmdir|removedirs)|fs(?:\.promises)?\.(?:rm|rmSync|rmdir"
    r"|rmdirSync|unlink|unlinkSync)|\b(?:rmSync|rimraf(?:Sync)?|unlinkSync|fse?\.(?:remove"
    r"|emptyDir)(?:Sync)?|del|rmtree)"
    r"|FileUtils\.(?:rm_rf|rm_r|rm|remove_dir)|File\.delete|unlink|remove_tree"
    r"|Deno\.remove(?:Sync)?)\s*\(?\s*([^;\n]{0,200})"
)
_PATH_DELETES = lazy(r"(Path\([^\n]{0,120}?\)[^\n]{0,60}?)\.(?:unlink|rmdir)\(")
_HOME_CALL = lazy(
    r"Path\.home\(\)|expanduser\(|os\.homedir\(\)|homedir\(\)|Dir\.home|\$ENV\{HOME\}"
    r"|environ\[?.?.?HOME|process\.env\.HOME"
)
_POSTS = lazy(
    r"(?:requests|httpx|session|client|axios|got|ky|superagent|http)\.(?:post|put|patch|delete)\("
    r"|method\s*[:=]\s*['\"](?:POST|PUT|PATCH|DELETE)|\.request\(\s*['\"](?:POST|PUT|PATCH|DELETE)"
    r"|urlopen\([^\n]*data\s*=|Request\([^\n]*data\s*=|urlopen\([^,\n]+,\s*\w|Net::HTTP\.post"
    r"|Net::HTTP::Post|smtplib\.|ftplib\.|paramiko\.|SMTP\(|nodemailer|LWP::UserAgent[^;]*post"
    r"|CURLOPT_POST"
)
_SOCKET = lazy(
    r"socket\.(?:socket|create_connection)|net\.(?:connect|createConnection|Socket)|TCPSocket"
    r"|fsockopen|IO::Socket"
)
_CONNECT = lazy(
    r"(?:connect|create_connection|createConnection|TCPSocket\.new"
    r"|fsockopen)\(\s*[\(\[{]*\s*(?:\d+\s*,\s*)?['\"]([\w.-]+)['\"]|host['\"]?\s*:\s*['\"]([\w.-]+)"
)
_ADDRESS = lazy(r"(?:https?|wss?|ftp)://[^\s'\"`)\\]+")
_TELLS = lazy(
    r"os\.environ(?!\.get|\[|\.setdefault|\.pop|\.copy)|process\.env(?![.\[])|ENV\.to_h|open\("
    r"|read_text\(|readFile|read\(\)|%ENV|getenv\(\)|File\.read|getpass|socket\.gethostname"
    r"|dict\(os\.environ|glob\(|subprocess|os\.walk"
)
_PRINTS_ALL = lazy(
    r"(?:print|console\.log|puts|pprint|p|dumps|stringify|inspect)\(?\s*(?:dict\()?(?:os\.environ"
    r"|process\.env|ENV\b(?!\[)|%ENV)(?![.\[])"
    r"|for\s+\w+\s*,\s*\w+\s+in\s+(?:sorted\()?os\.environ\.items"
)
_PRINTS_ONE = lazy(
    r"(?:print|console\.log|puts)\(?\s*(?:f?['\"][^'\"]*\{?)?(?:os\.environ(?:\.get)?[\[(]"
    r"|os\.getenv\(|process\.env\.|ENV\[)['\"]?(\w*(?:TOKEN|SECRET|PASSWORD|API_?KEY|PRIVATE"
    r"|CREDENTIAL|ACCESS_KEY)\w*)"
)
_READS = lazy(
    r"open\(|read_text\(|readFile(?:Sync)?\(|read_bytes\(|File\.read|IO\.read|file_get_contents|slurp"
    r"|load_dotenv|dotenv_values"
)
_WRITES = lazy(
    r"open\([^\n)]*,\s*(?:mode\s*=\s*)?['\"][wax]|write_text\(|writeFile|appendFile|File\.write"
    r"|file_put_contents"
)
_TAKES = lazy(r"os\.environ(?!\.get|\[)|process\.env(?![.\[])|\.ssh|\.aws|id_rsa|\.env\b")
_LITERAL = lazy(_TEXT)
_EXECUTES = lazy(
    r"execute(?:script|many)?\(|\.query\(|\.raw\(|executeRaw|\$executeRawUnsafe|\.run\(|\.exec\("
    r"|dropDatabase|drop_all\(|FLUSH(?:ALL|DB)|flush(?:all|db)\(|deleteMany\(\s*(?:\{\s*\})?\s*\)"
    r"|delete_many\(\s*\{\s*\}"
)
_DROPS_ALL = lazy(
    r"\.drop_all\(|dropDatabase\(|drop_database\(|flush(?:all|db)\(|delete_many\(\s*\{\s*\}\s*\)"
    r"|deleteMany\(\s*(?:\{\s*\})?\s*\)|\.drop\(\)$"
)
_TEST_DATA = lazy(r":memory:|test|/tmp/|tmp_path", re.IGNORECASE)
_LONGEST = 20_000


def code_of(made: Invocation, facts: NightFacts) -> tuple[str, str]:
    """The text that an interpreter is given, and the script that holds it ("" for none)."""
    if _INTERPRETER.match(made.name) is None:
        return "", ""
    args = made.args
    for number, arg in enumerate(args):
        if arg in ("-c", "-e", "--eval", "-E", "-r", "-p", "-pe", "-ne", "-le", "eval") or (
            arg[:1] == "-" and made.name.startswith("perl") and arg.endswith("e")
        ):
            return (args[number + 1] if number + 1 < len(args) else ""), ""
        if arg in ("-m", "-W"):
            return "", ""
        if arg == "-":
            break
        if arg[:1] != "-" and arg not in ("run", "exec"):
            key = facts.key(arg, made.folder)
            return facts.documents.get(key, ""), key
    return made.document, ""


def find_code_effects(
    code: str, script: str, made: Invocation, facts: NightFacts
) -> Iterator[Effect]:
    """What a text does beside the shell commands in it; `script` is the project's own file that holds it."""
    code = code[:_LONGEST]
    yield from _deleted(code, made, facts)
    yield from _lost_data(code, script)
    yield from _sent(code, script)
    yield from _secrets(code, made)
    if _WRITES.search(code):
        for text in _literals(code):
            what = lasting(text, made.folder) if "/" in text or text.endswith(".pth") else None
            if what is not None and facts.place(made, text) is not Place.SCRATCH:
                yield Effect("persistence", text, what.severity, what.words, "hooks")
                break


# complexity: three ways to write a command in a script, each with its texts
def shell_texts(code: str) -> Iterator[str]:
    """The shell commands that a text runs, those in literal texts."""
    if not _RUNS.is_in(code):
        return
    for found in _SHELL_CALL.finditer(code[:_LONGEST]):
        text = found[1] or found[2] or found[3] or ""
        if " " in text:
            yield text
    for pattern in (_SHELL_LIST, _SPAWN):
        for found in pattern.finditer(code[:_LONGEST]):
            items = [a or b for a, b in _ITEM.findall(found[found.lastindex or 1])]
            head = [found[1]] if pattern is _SPAWN else []
            if (items and items[0][:1].isalpha()) or head:
                yield " ".join(_quoted(item) for item in (*head, *items))
    for found in _BACKTICKS.finditer(code[:_LONGEST]):
        text = next(filter(None, found.groups()), "")
        if " " in text and "${" not in text:
            yield text


def _quoted(item: str) -> str:
    return f"'{item}'" if re.search(r"[\s;&|<>$]", item) else item


def _literals(code: str) -> Iterator[str]:
    for found in _LITERAL.finditer(code):
        text = found[1] or found[2] or found[3] or ""
        if 1 < len(text) < 300:
            yield text


def _deleted(code: str, made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    calls = [m[1] for m in _DELETES.finditer(code)] + [m[1] for m in _PATH_DELETES.finditer(code)]
    for argument in calls:
        texts = list(_literals(argument))
        if _HOME_CALL.search(argument):
            path = next(iter(texts), "~")
            path = path if path[:1] in "/~" else f"~/{path}"
        else:
            path = next(iter(texts), "")
        place = facts.place(made, path) if path else Place.UNKNOWN
        if place in (Place.HOME, Place.OUTSIDE, Place.SYSTEM, Place.WHOLE_PROJECT):
            asked = "files" if facts.goal.names(path) else ""
            yield Effect(
                "destructive", path, "high", "a script deletes outside of the project", asked
            )
            return


def _lost_data(code: str, script: str) -> Iterator[Effect]:
    if script or not _EXECUTES.search(code) or _TEST_DATA.search(code):
        return
    if _DROPS_ALL.search(code):
        yield Effect("destructive", "", "high", "deletes all of a database", "database")
        return
    for text in _literals(code.replace('"""', '"').replace("'''", "'")):
        loss = sql_loss(text) if " " in text else None
        if loss is not None:
            yield Effect("destructive", "", loss.severity, loss.words, "database")
            return


def _sent(code: str, script: str) -> Iterator[Effect]:
    foreign = _foreign_host(code)
    if not foreign:
        return
    tells = _tells(code)
    # A program of the project may well speak with a server: only what it takes from here counts.
    if script and not (tells and _TAKES.search(code)):
        return
    if tells or _POSTS.search(code):
        words = f"a script sends {'what it reads here' if tells else 'data'} to {foreign}"
        yield Effect("outward", "", "high" if tells else "medium", words, "send")


def sends_what_it_reads(code: str) -> str:
    """The host to which a text sends what it takes from this machine; empty if it does not."""
    foreign = _foreign_host(code)
    return foreign if foreign and _tells(code) and _TAKES.search(code) else ""


def _tells(code: str) -> bool:
    """Whether a text reads something of this machine."""
    return _TELLS.search(code) is not None or any(map(secret_severity, _literals(code)))


def _foreign_host(code: str) -> str:
    """The first host of another machine that a text sends to or connects with."""
    if not _POSTS.search(code) and not _SOCKET.search(code):
        return ""
    hosts = [host_of(address) for address in _ADDRESS.findall(code)]
    hosts += [a or b for a, b in _CONNECT.findall(code)]
    return next((host for host in hosts if host and not is_local(host)), "")


def _secrets(code: str, made: Invocation) -> Iterator[Effect]:
    if _PRINTS_ALL.search(code):
        yield Effect(
            "credential_use",
            "",
            "medium",
            "prints all variables, credentials among them",
            "credentials",
        )
    elif _PRINTS_ONE.search(code) or "keyring.get_password" in code:
        yield Effect("credential_use", "", "medium", "prints a credential", "credentials")
    if _READS.search(code):
        for text in _literals(code):
            path = f"~/{text}" if _HOME_CALL.search(code) and text[:1] == "." else text
            severity = secret_severity(path, made.folder)
            if severity is not None and " " not in text:
                yield Effect(
                    "credential_use",
                    text,
                    severity,
                    "a script reads a file of credentials",
                    "credentials",
                )
                return
