"""How serious a line of a log is, where it does not say so by a level word: by its signs and words.

A sign such as ⚠ or ❌ counts wherever it stands; words count unless they are denied ("0 errors", "no
failures"), about something else ("error handling done", "logs/error.log") or a condition ("if it fails").
"""

from __future__ import annotations

import re
from functools import lru_cache

from tui.model.records import LogLevel
from tui.system.lazy_pattern import lazy

READ_CHARACTERS = 1_000
"""Characters at the beginning of a line that are judged."""
_TICKS = "✅✓✔🎉🟢☑"
_SIGNS: dict[str, LogLevel] = {
    **dict.fromkeys(_TICKS, "ok"),
    **dict.fromkeys("⚠🟡🟠❗‼⏰", "warning"),
    **dict.fromkeys("❌✗✘🔴🛑🚨⛔🚫💥💀☠❎", "error"),
}
_SIGN = lazy(
    rf"[{_TICKS}]|[{''.join(sign for sign in _SIGNS if sign not in _TICKS)}]"
    r"(?!\ufe0f?\s?[:：]?\s?(?:0\b|none\b|no\b))"
)
_RANK: dict[LogLevel, int] = {"": 0, "debug": 0, "info": 0, "ok": 1, "warning": 2, "error": 3}
# A cheap look decides whether a line is worth the patterns: each match of theirs holds one of these.
_STEMS = (
    "err fail fatal panic warn excep traceback down exit return terminat kill sigterm sigsegv oom memory"
    " segf core died dead gone crash running respon reach refus denied such found cannot can't unable could"
    " timeout time-out timed stuck stall hung hanging retr limit 429 529 50 too overload breaker halt abort"
    " exceed unhealthy degraded restart lost space full approach invalid corrupt idle"
    " interrupt force unauth credit non progress reject conflict zombie unexpected rc= exit="
).split()
_FOREIGN_STEMS = (
    "エラー 失敗 制限 異常 警告 错误 失败 异常 超时 限流 崩溃 오류 실패 경고 제한 초과"
    " ошибк сбой предупрежд превышен лимит упал"
).split()
_BAD = (
    r"(?:errors?|fail(?:ed|ures?|s|ing)?|warnings?|crash(?:ed|es)?|restarts?|time-?outs?|exceptions?|issues?"
    r"|problems?|stalls?|limits?|retr(?:y|ies)|dead|stuck|down|killed|tracebacks?|alerts?|incidents?)"
)
_BESIDE_THE_POINT = lazy(
    # denied
    rf"\b(?:no|zero|0|without|never|free of|not|nothing|none|nobody)\s+(?:[a-z]+\s+){{0,2}}?{_BAD}\b"
    rf"|\b{_BAD}(?:[ _-](?:count|total|tests?|checks?|tasks?))?\s?[:=]?\s?"
    r"(?:0|none|no(?! \w)|zero|false|null|\[\])(?![.\w])"
    # about handling it, or what it is called
    rf"|\b{_BAD}[ _-](?:handl\w+|logg?\w*|report\w*|page|recover\w*|boundar\w+|rate|count(?:er)?s?|messages?"
    r"|tests?|cases?|budget|hooks?|callbacks?|polic(?:y|ies)|strateg(?:y|ies)|interval|delay|settings?|types?"
    r"|classes|states?|paths?|patterns?|fixed|resolved|cleared|gone|window|threshold|configured|config)\b"
    rf"|\b(?:fix(?:ed|es|ing)?|resolv(?:ed|es|ing)|clear(?:ed|s|ing)?|recovered(?: from)?|handl(?:ed|es?|ing)"
    rf"|prevent(?:ed|s)?|avoid(?:ed|s)?|ignor(?:ed|ing)|expected|max(?:imum)?|min(?:imum)?|check(?:ed|ing)? for"
    rf"|monitor(?:ing|s)? for|watch(?:ing|es)? for|detects?|tests? for)\s+(?:[\w-]+\s+){{0,3}}?{_BAD}\b"
    # a condition
    rf"|\b(?:if|when|whenever|unless|until|upon|on|in case of|before|after)\s+(?:[\w-]+\s+){{0,3}}?{_BAD}\b"
    # names of files and places
    r"|\bcircuit[ _-]?breaker\W{1,4}(?:is |state |now )*(?:closed|reset|ok)\b"
    r"|(?<![\w])(?!http/\d)[\w.~-]*[/\\][\w./\\~-]+|\b[\w-]+\.(?:log|py|js|ts|tsx|md|json|txt|sh|yaml|yml|toml|rs|go)\b"
    # settings and answers
    r"|\b(?:unhealthy|timed out|stuck|stalled|disk full|rate[ _-]?limit(?:ed)?)\s?[:=]"
    r"\s?(?:no|none|false|ok|0)\b"
    r"|\b(?:[a-z]+[ _-])?(?:limit|retr(?:y|ies))\s?[:=]\s?\d+(?: \w+)?$|\bretry in 0s?\b"
    r"|\btimeout set to\b|\bfail(?:ed|ure)? modes?\b|\bdisk full check\b"
    rf"|\b(?:idle|max|read|connect|request|session)?[ _-]?time-?out(?:[ _-]\w+)?\s?[:=]\s?[\d(]"
    r"|\(time-?out:?[^)]{0,20}\)",
    re.IGNORECASE,
)
_FATAL = lazy(
    r"\bTraceback \(most recent|\b\w*(?:Error|Exception)\b: |\bFATAL\b|\bfatal:|\bERR!|\bpanic(?:ked)?\b[:(! ]"
    r"|\bDOWN\b|\bcore dumped\b|\b[Ss]egmentation fault|\b[Ss]egfault|\bSIGKILL\b|\bSIGSEGV\b|\bOOM\b"
    r"|\b[Oo]ut of memory\b|\bnot running\b"
    r"|\bno longer running\b|\b(?:[Ee]xit(?:ed)?|[Ee]xiting|returned|terminated)\W{1,3}(?:with\W{1,3})?"
    r"(?:\w+\W{1,3})?(?:code|status)\W{0,3}-?[1-9]\d*\b|\b[Ee]xit(?:[ _-]?(?:code|status))\W{0,4}-?[1-9]\d*\b"
    r"|\bnon-?zero (?:exit|status|code)|\b[Rr]eturned non-?zero\b|\b[Kk]illed\b|\bKILLED\b|\b[Dd]ied\b|\bDEAD\b"
    r"|\b(?:is|process|agent|session|pid \d+) (?:dead|gone)\b|\b[Cc]rash(?:ed|es|ing)?\b|\bCRASH(?:ED)?\b"
    r"|(?i:\bcircuit[ _-]?breaker\b.{0,40}\b(?:open|opened|tripped)\b)|\bABORT(?:ED)?\b|\b[Aa]borted\b"
)
_FAILED = lazy(
    r"\bfail(?:ed|ure|ures|s|ing)?\b|\berror\b\W{0,2}[:=(\[{]|\berrors\b\W{0,2}[:=]|\b[1-9]\d* errors?\b"
    r"|\b(?:an?|the|with|api|fatal|internal|server|network|connection|unexpected|unknown|runtime|syntax|import"
    r"|type|timeout|socket|fetch|git|build|compile|critical|auth\w*|\d{3}) errors?\b|^\W*error\b"
    r"|\berror (?:occurred|detected|found|while|in|on|from|during|code|connecting|loading|reading|running)\b"
    r"|\bno space left\b|\bdisk (?:is )?full\b"
    r"|\bno such file\b|\b(?:command|file|module|package|session) not found\b|\bpermission denied\b"
    r"|\baccess denied\b|\bunreachable\b|\bnot respond\w*|\bunresponsive\b|\bunhealthy\b"
    r"|\bconnection (?:refused|reset|lost|closed)\b|\brefused\b"
    r"|\b(?:is|was|were|been|push|merge|request|patch|update) rejected\b|^\W*CONFLICT\b|\bmerge conflicts?\b"
    r"|\b(?:stopped|exited|died|ended|closed|terminated) unexpectedly\b|\bunexpected (?:EOF|end|exit|token)\b"
    r"|\b(?:rc|exit)=-?[1-9]\d*\b|\b(?:unhandled|uncaught) exception\b"
    r"|\bexception (?:in|while|during|occurred|caught|raised)\b"
    r"|\binvalid\b|\bcorrupt(?:ed)?\b|\bhalted\b|http/\d(?:\.\d)?\" 5\d\d|\bunauthorized\b"
    r"|(?:^\W*|[:(]\s?|—\s?)(?:cannot|can't|could not|couldn't|unable to)\b"
    r"|\b(?:cannot|can't|could not|couldn't|unable to) (?:connect|open|find|read|write|access|start|load|reach"
    r"|allocate|create|resolve|import|run|execute|parse|bind|acquire|determine|fetch|continue)\b"
    r"|\bnot authenticated\b|\bcredit balance is too low\b"
    r"|エラー|失敗しま|失敗|異常終了|错误|失败|异常|崩溃|오류|실패|ошибк|сбой|упал|fehler\b|erreur\b",
    re.IGNORECASE,
)
_DOUBTFUL = lazy(
    r"\bwarn(?:ing)?s?\b|\bzombie\b|\bno progress (?:in|for|since|after|detected|made)\b"
    r"|\btimed out\b|\btime-?out\b|\bstuck\b|\bstall(?:ed|s)?\b|\bhung\b|\bhanging\b"
    r"|\bretr(?:y|ying)\b"
    r"|(?<![\w-])rate[ _-]?limit\w*(?!-\w)"
    r"|\b(?:usage|session|weekly|request|token|spending|opus|hourly|hour|api)[ _-]limit\b"
    r"|\blimit(?:_| )(?:reached|hit|exceeded)|\bexceed(?:ed|s)?\b|\btoo many\b|\boverloaded(?:_error)?\b"
    r"|\bno (?:response|heartbeat)\b|\blimit approaching\b|\bapproaching (?:the |its )?(?:\w+ )?limit\b"
    r"|\bcircuit[ _-]?breaker\b"
    r"|(?:error|status|http|code|api)\W{0,12}(?:429|529|50[0234])\b|\b429\b(?=\W+(?:too|error|rate|\{|for))"
    r"|\bSIGTERM\b|(?-i:\bRESTART\b)|\bterminat(?:ed|ing)\b"
    r"|\brestart(?:ing|ed)\b|\brestart attempt\b|\bdegraded\b|\blost\b"
    r"|\bidle too long\b|\binterrupted\b|\bforce[- ]?(?:kill|quit|stop)\w*"
    r"|レート制限(?!監視|チェック)|警告|限流|超时|경고|제한|시간 초과|предупрежд|превышен|лимит",
    re.IGNORECASE,
)


@lru_cache(maxsize=2048)  # most logs say the same again and again
def judge_level(text: str, said: LogLevel = "") -> LogLevel:
    """The level of a line whose program `said` this level, or none.

    What a program says itself stands, but for "info": with a sign of trouble it has that level, and with
    words that leave no doubt it is a warning.
    """
    if said not in ("", "info"):
        return said
    text = text[:READ_CHARACTERS]
    by_sign = _by_sign(text)
    if said == "info" and by_sign == "ok":
        by_sign = ""
    stems = _STEMS if text.isascii() else (*_STEMS, *_FOREIGN_STEMS)
    if by_sign == "error" or not any(map(text.lower().__contains__, stems)):
        return by_sign or said
    # What is handed over as JSON is not what the line says.
    words = _BESIDE_THE_POINT.sub(" ", text[: text.find('{"', 1)] if '{"' in text[1:] else text)
    if said == "info":
        by_words: LogLevel = "warning" if _FATAL.search(words) else ""
    else:
        by_words = _by_words(words)
    # A tick says that it went well, whatever words it is told in.
    if by_sign == "ok":
        return "error" if by_words == "error" and _FATAL.search(words) else "ok"
    return max(by_sign, by_words, key=_RANK.__getitem__) or said


def _by_sign(text: str) -> LogLevel:
    """The most serious of the signs in a line, wherever they stand."""
    if text.isascii():
        return ""
    levels = [_SIGNS[sign] for sign in _SIGN.findall(text)]
    return max(levels, key=_RANK.__getitem__) if levels else ""


def _by_words(words: str) -> LogLevel:
    if _FATAL.search(words) or _FAILED.search(words):
        return "error"
    return "warning" if _DOUBTFUL.search(words) else ""
