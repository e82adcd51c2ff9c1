"""Words of actions: what was made, changed, removed, renamed, mended, set, installed, finished.

Only the past is an action that was done; the base form is a plan or an instruction, except as the
subject of a commit.
"""

from __future__ import annotations

from typing import Literal

Action = Literal[
    "make",
    "change",
    "remove",
    "rename",
    "fix",
    "set",
    "install",
    "finish",
    "run",
    "commit",
    "push",
    "open",
    "leave",
]

_BY_DEED: dict[Action, str] = {
    "make": "added created made wrote written generated introduced implemented built developed authored"
    " scaffolded drafted produced exposed registered wired hooked",
    "change": "described updated modified changed edited refactored rewrote rewritten adjusted extended "
    "improved"
    " simplified reworked replaced swapped switched converted documented tweaked restructured"
    " reformatted formatted optimized optimised expanded corrected consolidated split merged"
    " extracted inlined cleaned hardened enhanced moved integrated reordered reorganized"
    " reorganised ported migrated tightened clarified translated enabled disabled",
    "remove": "removed deleted dropped stripped pruned eliminated",
    "rename": "renamed",
    "fix": "fixed resolved repaired patched solved mended addressed",
    "set": "set bumped increased raised lowered reduced decreased upgraded downgraded pinned defaulted",
    "install": "installed",
    "finish": "completed finished closed",
    "run": "ran re-ran reran executed",
    "commit": "committed",
    "push": "pushed",
    "open": "opened submitted filed raised",
    "leave": "left kept",
}
ACTION_OF: dict[str, Action] = {
    word: action for action, words in reversed(_BY_DEED.items()) for word in words.split()
}
PAST = "|".join(sorted(ACTION_OF, key=len, reverse=True))
BASE_OF: dict[str, str] = {
    **{"add": "added", "create": "created", "write": "wrote", "implement": "implemented"},
    **{"introduce": "introduced", "build": "built", "support": "added", "generate": "generated"},
    **{"update": "updated", "change": "changed", "modify": "modified", "refactor": "refactored"},
    **{"rewrite": "rewrote", "improve": "improved", "extend": "extended", "replace": "replaced"},
    **{"move": "moved", "document": "documented", "simplify": "simplified", "split": "split"},
    **{"remove": "removed", "delete": "deleted", "drop": "dropped", "rename": "renamed"},
    **{"fix": "fixed", "resolve": "resolved", "repair": "repaired", "correct": "corrected"},
    **{"set": "set", "bump": "bumped", "raise": "raised", "lower": "lowered", "pin": "pinned"},
    **{
        "install": "installed",
        "complete": "completed",
        "finish": "finished",
        "commit": "committed",
    },
    **{"push": "pushed", "run": "ran", "increase": "increased", "upgrade": "upgraded"},
    **{"test": "tested", "touch": "touched", "open": "opened", "address": "addressed"},
    **{"reduce": "reduced", "convert": "converted", "switch": "switched", "extract": "extracted"},
    **{"edit": "edited", "alter": "changed", "adjust": "adjusted", "enable": "enabled"},
    **{"migrate": "migrated", "cover": "covered", "verify": "verified", "solve": "solved"},
    **{"wire": "wired", "port": "ported", "integrate": "integrated", "merge": "merged"},
    **{"clean": "cleaned", "disable": "disabled", "expose": "exposed", "close": "closed"},
    **{"reproduce": "reproduced", "deploy": "deployed", "get": "got", "swap": "swapped"},
}
"""Base form to past."""

ADVERB = (
    r"(?:also|then|now|finally|successfully|subsequently|additionally|further(?:more)?|next|first|lastly"
    r"|both|just|all|automatically|fully|completely|properly|correctly|carefully|manually|recently"
    r"|already|simply|safely|cleanly|meanwhile|afterwards?|in\s+addition|along\s+the\s+way)"
)
I_OR_WE = r"(?:(?:i|we)(?:['’]ve|\s+have)?\s+(?:(?:gone|went)\s+ahead\s+and\s+)?)"
BE = r"(?:is|are|was|were|has\s+been|have\s+been|['’]s|['’]re|got|gets)"
TEST_NOUN = r"(?:tests?|specs?|test\s+suites?|suites?|test\s+cases?|examples)"
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?![\d.]*\d)"

CLAIM_WORDS = frozenset(
    """
    pass passes passing passed green succeed succeeds succeeded success successful successfully ok
    clean cleanly fail fails failed failing failure failures red broken exit exits error errors
    done complete finished closed ready delivered shipped place met satisfied happy not never
    unable nothing none unchanged untouched unmodified left still remain remains without intact
    skipped deferred postponed omitted abandoned uncommitted unpushed unfinished incomplete untested
    no partially cannot unaffected alone same t commit commits head remote origin upstream github
    gitlab pr mr pull merge branch gone longer adds fixes removes renames introduces implements
    works worked work runs reports found fixes closes crashes new push rejected denied
    deletes resolves now compiles builds typechecks lints coverage i we
    0 1 2 3 4 5 6 7 8 9 ✅ ✓ ✔ %
    """.split()
) | frozenset(ACTION_OF)
"""A sentence without any of them claims nothing, unless it is a point of a list."""
