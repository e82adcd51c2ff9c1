"""Whether the CLI let a tool call run, by the words of its answer in every version; if not, who refused.

A command that ran and was refused something by the operating system was let run: that is no denial.
"""

from __future__ import annotations

from tui.model.failures import DenialKind
from tui.system.lazy_pattern import HintedPattern, lazy

_LOOKED_AT = 600
_TAGS = lazy(r"\A(?:\s|</?(?:tool_use_error|error)>|Error:\s)+")
_RAN = ("Exit code ", "exit code ")
_NO_SURFACE = "Permission for this tool use was denied. It requires approval"
_ASKED_FOR = "What required approval: "

# One of these stands in every text below.
_HINTS = (
    "ermission|approval|denied|blocked|hook|For security|unable to|Unable to|Contains |while in plan mode"
    "|The user |rejected|allowed working|not enabled in this context|operation detected|sandbox"
    "|evaluates arguments|executes commands or|executes arbitrary|before running|before it runs"
    "|shell expansion|write operations|the shell decodes|redirection|substitution patterns"
)
# The first that fits from the beginning of the text says who refused; the names are those of DenialKind.
_TEXTS = HintedPattern(
    _HINTS,
    r"""
    (?P<PERSON> The\ user\ (?:doesn.t\ want\ to\ (?:proceed|take\ this\ action)|wants\ to\ clarify|denied)
        | User\ (?:rejected|denied|aborted)\b )
    | (?P<HOOK> (?:PreToolUse|PermissionRequest)(?::[\w*|.-]+)?\ hook\ (?:error|blocking\ error|stopped)
        | [\w-]+\ operation\ blocked\ by\ hook\b
        | Hook\ '[^'\n]*'\ (?:blocked|denied|requires\ approval)
        | (?:Execution\ stopped|Permission\ denied)\ by\ (?:\w+\ )?hook | Blocked\ by\ hook )
    | (?P<CLASSIFIER> Permission\ for\ this\ action\ (?:was|has\ been)\ denied
        | [^\n]{0,200}auto\ mode\ cannot\ determine\ the\ safety | Auto\ mode\ classifier\ blocked )
    | (?P<DONT_ASK> Permission\ to\ use\ [^\n]*\ has\ been\ denied\ because\ Claude\ Code\ is\ running\ in )
    | (?P<PLAN_MODE> Cannot\ [^\n]*\ while\ in\ plan\ mode
        | Current\ permission\ mode\ \(Plan[^)\n]*\)\ requires )
    | (?P<NOT_GRANTED> Current\ permission\ mode\ \([^)\n]*\)\ requires
        | \w+\ requested\ permissions?\ to\ [^\n]*haven.t\ granted
        | Permission\ to\ use\ [^\n]*\ has\ been\ (?:auto-denied|denied\.\ IMPORTANT)
        | Th(?:is|e)\ (?:[\w]+\ )?command\ (?:requires\ approval|contains\ multiple\ operations)
        | Tool\ (?:'[^'\n]*'\ requires\ approval|permission\ request\ failed)
        | Contains\ (?:[a-z]+(?:_[a-z]+)+|subshell|heredoc)\s*\Z
        | \w+\ in\ '[^\n]{0,4200}'\ needs\ approval\.\ The\ path\ is\ inside
        | [^\n]{0,200}permission\ prompts\ (?:are\ )?(?:not\ available|unavailable) )
    | (?P<RULE> Permission\ to\ (?:use|read|edit|write|glob)\ (?s:.){0,4500}?\ has\ been\ denied
        | Permission\ rule\ '[^\n]*\ requires\ approval | Your\ organization\ requires\ approval
        | File\ is\ in\ a\ directory\ that\ is\ (?:denied|ignored)\ by
        | [^\n]{0,300}(?:\bis|has\ been|was)\ (?:denied|blocked)\ by\ (?:a\ )?(?:permission|deny)\ rule
        | Skill\ execution\ blocked\ by\ permission | \w+\ denied\ access\ to\ domain
        | No\ such\ tool\ available:[^\n]*\ exists\ but\ is\ not\ enabled )
    | (?P<FOLDER> [^\n]{0,4200}\ was\ blocked\.\ For\ security,\ Claude
        | [^\n]{0,4200}'\ needs\ approval\.\ The\ path\ is\ outside
        | [^\n]{0,400}\boutside\ (?:of\ )?(?:the\ )?allowed\ working\ director )
    | (?P<NETWORK> Claude\ Code\ is\ unable\ to\ fetch\ from | Unable\ to\ verify\ if\ domain
        | [^\n]{0,200}denied\ by\ this\ session.s\ URL\ provenance | \[sandbox\]\ Blocked\ network
        | Network\ access\ to\ [^\n]*\ (?:was|is)\ (?:blocked|denied) )
    | (?P<SANDBOX> Run\ outside\ of\ the\ sandbox )
    | (?P<CHECK> \w+\ requested\ permissions?\ to\ (?:edit|glob|read|write|use)\b
        | Dangerous\ \w+\ operation\ detected
        | '[\w.-]+'\ evaluates\ arguments\ as\ shell\ code
        | \w+\ (?:with\ '[^'\n]*'\ executes\ commands\ or|program\ contains\ [^\n]{1,80}\ executes\ arbitrary)
        | This\ command\ (?:changes\ directory\ before\ running|uses\ (?:shell\ operators|the\ `&`))
        | [A-Z][^\n]{1,80}\ can.t\ be\ checked\ before\ it\ runs
        | Contains\ shell\ syntax\ \([a-z_]+\)\ that\ cannot\ be\ statically\ analyzed
        | Heredoc\ with\ [^\n]{1,80}\ undergoes\ shell\ expansion
        | Glob\ patterns\ are\ not\ allowed\ in\ write\ operations
        | Multiple\ directory\ changes\ in\ one\ command\ require\ approval
        | command\ head\ [^\n]{1,80}\ the\ shell\ decodes
        | Git\ commit\ message\ contains\ | Command\ contains\ (?:input|output)\ redirection
        | (?:Commands?|Compound\ commands?|Process\ substitution|cd|sed|mkdir|rm|mv|cp|touch)\ [^\n]{0,300}
          (?:requires?\ (?:explicit\ |manual\ )?approval|cannot\ be\ (?:statically\ )?validated) )
    """,
    64,  # re.VERBOSE
)
_BY_TYPE = {
    "rule": DenialKind.RULE,
    "mode": DenialKind.DONT_ASK,
    "hook": DenialKind.HOOK,
    "classifier": DenialKind.CLASSIFIER,
    "workingDir": DenialKind.FOLDER,
    "sandboxOverride": DenialKind.SANDBOX,
    "safetyCheck": DenialKind.CHECK,
}


def denial_of(text: str) -> DenialKind | None:
    """Who refused the call that this error answers; None where the call was let run."""
    start = _TAGS.match(text[:_LOOKED_AT])
    head = text[start.end() if start is not None else 0 :][:5_000]
    if head.startswith(_NO_SURFACE):
        # Such a session has nobody to answer; what would have been asked stands at the end.
        return denial_of(head.partition(_ASKED_FOR)[2]) or DenialKind.NOT_GRANTED
    if head.startswith(_RAN) or not _TEXTS.hints.is_in(head[:_LOOKED_AT] + head[-_LOOKED_AT:]):
        return None
    found = _TEXTS.pattern.match(head)
    return None if found is None else DenialKind[str(found.lastgroup)]


def denial_of_record(reason_type: str, text: str) -> DenialKind:
    """Who refused by a record of its own, which names the type of its reason and has words."""
    return denial_of(text) or _BY_TYPE.get(reason_type, DenialKind.NOT_GRANTED)
