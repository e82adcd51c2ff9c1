"""Whether a clause states a fact: hedges, plans, conditions, questions and what others said do not."""

from __future__ import annotations

from typing import Literal

from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.vocabulary import BASE_OF
from tui.system.lazy_pattern import HintedPattern, lazy

Mood = Literal["stated", "denied", "open"]
_HEDGE = HintedPattern(
    "ould|ight|may|must|shall|will|wo|can|hope|probab|likely|presum|suppos|expect|theor|apparent"
    "|appear|seem|perhaps|ought|assum|ideal|think|believe|guess|suspect|not sure|unclear|'d|’d|'ll"
    "|’ll",
    r"\b(?:should(?:n['’]t)?|would(?:n['’]t)?|could(?!n)|might|may(?!\s+\d)|must|shall|will"
    r"|wo(?=n['’]t)|can(?!not|['’]t)|hopefully|probably|likely|presumably"
    r"|supposed(?:ly)?|expected\s+to|expect|theoretically|apparently|appears?\s+to|seems?|perhaps"
    r"|maybe|ought|assum(?:e|ing)|ideally"
    r"|in\s+theory|i\s+(?:believe|think|guess|suspect|hope|suppose)|not\s+sure|unclear|['’]d)\b|['’]ll\b",
)
_BELIEF = lazy(
    r"(?:(?:i|we)\s+(?:believe|think|assume|expect|guess|suspect|hope|suppose)|it\s+(?:seems|looks"
    r"|appears)|hopefully|presumably|probably|in\s+theory|assuming|apparently|my\s+guess)\b"
)
_PLAN = HintedPattern(
    " to|plan|let|try|pending|whether|please|if|sure|until|once|unless|working on|wip|progress|tbd|is"
    "|todo|next|later|goal|target|expect|want|accept|require|done when|remain|tip|note for|option"
    "|choice|alternative|tomorrow|afterwards|that|order|i'd|i’d",
    r"\b(?:going\s+to|plan(?:s|ned|ning)?\s+(?:to|on|is)|wants?\s+to|wanted\s+to|needs?\s+to"
    r"|needed\s+to|have\s+to|has\s+to|let\s+me|let['’]s|(?:try|tries|tried|trying)\s+to|attempt(?:s"
    r"|ed|ing)?\s+to"
    r"|aim(?:s|ed|ing)?\s+(?:to|for)|intend\w*\s+to|about\s+to|meant\s+to|asked\s+to|ready\s+to"
    r"|yet\s+to|remains?\s+to|so\s+that|in\s+order|whether|how\s+to|please|if"
    r"|to\s+(?:make|get|have|see|be|keep|ensure|verify|check|confirm|prove|show)|make\s+sure|until"
    r"|once|unless|working\s+on|wip\b|pending|in\s+progress|tbd|(?:goal|target|aim)\s+(?:is|was)|i['’]d)\b"
    r"|^(?:(?:the|your|my|our)\s+)?(?:option(?:\s+\w+)?|choice|alternative(?:ly)?|todo"
    r"|next(?:\s+(?:up|steps?))?|plan|later|tbd|goal|target|expected|wanted"
    r"|acceptance(?:\s+criteria)?|requirements?|definition\s+of\s+done|done\s+when|remaining|tip"
    r"|note\s+for\s+you|pending)\b\s*[,:]"
    r"|^(?:next|later|tomorrow|afterwards)\s*,?\s+(?:i|we)\b(?!['’]ve|\s+have|\s+\w+ed\b)",
)
_ORDER = lazy(
    r"(?:then\s+|and\s+|also\s+|just\s+|first\s+|finally\s+|please\s+|always\s+|never\s+|do\s+not\s+"
    r"|don['’]t\s+)*(?:ensure|verify|check|confirm|make\s+sure|see|wait|remember|re-?run|run|try|use"
    r"|consider|merge|call|execute|look|go|keep|let|visit|restart|add|create|update|remove|delete"
    r"|install|implement|write|require|expect|assert|set(?=\s+(?:your|the)\s)"
    r"|(?:review|note|open|start|stop|test|commit|push|change|fix|want|build)(?=\s+(?:the|that|it"
    r"|this|these|your|all|an?|any|every|whether|if|with|to|◇)(?:\s|◇)))\b(?!-|['’]|:)"
)
_OTHERS = lazy(
    r"(?:(?:what|if|that)\s+)?(?:you|the\s+(?:user|reviewer|owner|maintainer|client|customer|author"
    r"|spec|issue|ticket|prompt|task|goal|instructions?|readme|docs?|documentation"
    r"|commit(?:\s+message)?|comment|review|plan|log|notes?|progress\s+file|previous\s+\w+|last\s+\w+"
    r"|other\s+\w+|changelog|description|pr|header|message|title|docstring)"
    r"|user|upstream|they|he|she|someone|somebody|people|reviewers?|previous\s+\w+"
    r"|(?:the\s+)?other\s+agents?|subagents?|it)\b"
    r"(?:\s+\w+ly|\s+also|\s+already|\s+have|\s+has|\s+had)*\s+(?:sa(?:id|ys?)|claim(?:s|ed)?"
    r"|report(?:s|ed)?|state[sd]?|t(?:old|ells?)|mention(?:s|ed)?|wrote|writes?|ask(?:s|ed)|thought"
    r"|thinks?|note[sd]?|want(?:s|ed)|require[sd]?|expect(?:s|ed)|demand(?:s|ed)?|promise[sd]?"
    r"|insist(?:s|ed)?|suggest(?:s|ed)?|describe[sd]?|call(?:s|ed)?\s+for)\b"
    r"|according\s+to\b|per\s+(?:the|your)\b|quot(?:e|ing)\b"
)
_OTHER_DOER = lazy(
    r"(?:and\s+|that\s+)?(?:you|he|she|the\s+(?:user|reviewer|owner|maintainer|previous\s+\w+"
    r"|last\s+session|other\s+\w+)|user|upstream|someone|somebody|(?:a|the)\s+(?:teammate|colleague"
    r"|coworker))(?:['’](?:ve|d|s|ll|re))?\b(?!['’]s\s)"
)
_BEFORE = HintedPattern(
    "previous|last|earlier|yesterday|original|initial|used to|at the|before|begin|already|had ",
    r"\b(?:previous(?:ly)?(?!\s+(?:failing|broken|red|flaky|skipped|existing))|last\s+(?:session"
    r"|night|week)|(?:in\s+an?\s+)?earlier\s+(?:sessions?|runs?|nights?)|yesterday"
    r"|originally|initially|used\s+to|at\s+the\s+(?:start|beginning|outset)"
    r"|before\s+(?:my|the|this|these|any)\s+(?:change|fix|edit|work|refactor\w*|session|commit|patch"
    r"|update)\w*|to\s+begin\s+with|(?:was|were|had)\s+already)\b|\bhad\s+(?:been\s+)?(?:pass"
    r"|green)\w*",
)
_DESCRIBES = HintedPattern(
    "return|print|check|ensure|verif|assert|requir|wait|mean|allow|let|guarantee|expect|decide"
    "|trigger|determine|block|need|depend|happen|only|ever|each time|is |are ",
    r"\b(?:returns?|prints?|(?:checks|verifies|asserts)\s+(?:that|if|whether|for)|ensures|requires?"
    r"|waits?|means|allows?|lets"
    r"|guarantees|expects|decides|triggers?|determines|blocks|needs|depends|happens|only\s+(?:if"
    r"|when)|every\s+time|whenever|each\s+time|(?:is|are)\s+(?:called|used|run|executed|invoked"
    r"|triggered|merged|sent|shown|supposed|there\s+to))\b",
)
_NOT = HintedPattern(
    "no|never|unable|hardly|barely|fail|refused|n't|n’t|without",
    r"\b(?:not|never|cannot|neither|nor|unable\s+to|none|hardly|barely|fail(?:ed|s)\s+to|refused\s+to"
    r"|nothing)\b|n['’]t\b|\b(?:no\s+longer|without)\b",
)


def is_belief(clause: Clause) -> bool:
    """Whether what follows in the sentence is only believed."""
    return _BELIEF.match(clause.masked) is not None


def is_of_the_past(clause: Clause) -> bool:
    """Whether what follows in the sentence was so before the night's work."""
    return clause.lead == "before" and _BEFORE.search(f"before {clause.masked}") is not None


def is_of_others(clause: Clause) -> bool:
    """Whether what follows in the sentence is what others said or did."""
    text = clause.masked
    return _OTHERS.match(text) is not None or _OTHER_DOER.match(text) is not None


def is_order(text: str) -> bool:
    """Whether words begin like an instruction: a base form stands first."""
    return _ORDER.match(text) is not None


def mood(text: str, end: int, *, is_state: bool = False) -> Mood:
    """The mood of what is said up to `end` of a plain clause; `is_state`: of a state, no action."""
    before = text[:end]
    if _HEDGE.search(before) or _PLAN.search(before) or _BEFORE.search(text):
        return "open"
    if is_state and (is_order(text) or _DESCRIBES.search(before)):
        return "open"
    return "denied" if _NOT.search(before) else "stated"


def past_of(base: str) -> str:
    """The past of a verb's base form, "" if it is not known."""
    return BASE_OF.get(base.lower(), "")
