"""Facts that a claim is checked by, and the one table by which its verdict follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.evidence.claims import CheckedFact, Claim, ClaimKind, ClaimSource, Trust


class Weight(StrEnum):
    """What it means for a claim that a fact does not hold."""

    DECISIVE = "decisive"
    """Then the claim is wrong; where nobody can know, it has no support."""
    BASIS = "basis"
    """Then the claim has no support."""
    PART = "part"
    """Then the claim holds in part."""


class Fact(Struct, frozen=True):
    """Something that was looked at. `why` says in a clause what is the matter when it does not hold."""

    fact: str
    holds: bool | None
    weight: Weight = Weight.DECISIVE
    why: str = ""
    ref: SourceRef | None = None


_IF_FALSE: dict[Weight, Trust] = {
    Weight.DECISIVE: "contradicted",
    Weight.BASIS: "unverified",
    Weight.PART: "partial",
}
_IF_UNKNOWN: dict[Weight, Trust] = {
    Weight.DECISIVE: "unverified",
    Weight.BASIS: "unverified",
    Weight.PART: "partial",
}
WORST_FIRST: dict[Trust, int] = {"contradicted": 0, "unverified": 1, "partial": 2, "verified": 3}


class ClaimVerdict(Struct, frozen=True):
    """A verdict, why, the records it rests on (the decisive one first), and the facts."""

    trust: Trust
    why: str
    evidence: tuple[SourceRef, ...] = ()
    checked: tuple[CheckedFact, ...] = ()
    is_only_words: bool = False

    def claim(
        self,
        text: str,
        source: ClaimSource,
        where: SourceRef | None,
        at: float | None,
        kind: ClaimKind | None,
    ) -> Claim:
        """What was claimed, with this verdict."""
        return Claim(
            *(text, self.trust, self.why, source, where, self.evidence, at),
            *(kind, self.checked, self.is_only_words),
        )


def decide(
    facts: Sequence[Fact], why: str = "", evidence: Iterable[SourceRef | None] = ()
) -> ClaimVerdict:
    """The verdict that follows from facts: all hold, verified; else the worst of them decides.

    `why` is said when all hold. `evidence` stands before the records of the facts.
    """
    worst: Trust = "verified" if facts else "unverified"
    deciding: Fact | None = None
    for fact in facts:
        trust = _trust(fact)
        if WORST_FIRST[trust] < WORST_FIRST[worst]:
            worst, deciding = trust, fact
    if deciding is not None:
        why = deciding.why or f"not known: {deciding.fact}"
    first = [deciding.ref] if deciding is not None else []
    refs = dict.fromkeys([*evidence, *first, *(fact.ref for fact in facts)])
    checked = tuple(CheckedFact(fact.fact, fact.holds, fact.ref) for fact in facts)
    return ClaimVerdict(worst, why, tuple(ref for ref in refs if ref is not None), checked)


def _trust(fact: Fact) -> Trust:
    if fact.holds:
        return "verified"
    return (_IF_UNKNOWN if fact.holds is None else _IF_FALSE)[fact.weight]


def of_several(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The same fact of several subjects: where it holds of some, the others are missing parts."""
    if not any(fact.holds for fact in facts):
        return tuple(facts)
    return tuple(replace(fact, weight=Weight.PART) for fact in facts)


def combine(verdict: ClaimVerdict, other: ClaimVerdict) -> ClaimVerdict:
    """Two verdicts of one clause: the worse one decides and stands first."""
    worse, better = sorted((verdict, other), key=lambda each: WORST_FIRST[each.trust])
    why = worse.why if better.trust == "verified" else f"{worse.why}; {better.why}"
    evidence = tuple(dict.fromkeys((*worse.evidence, *better.evidence)))
    checked = tuple(dict.fromkeys((*worse.checked, *better.checked)))
    is_only_words = worse.is_only_words and (better.is_only_words or better.trust == "verified")
    return ClaimVerdict(worse.trust, why, evidence, checked, is_only_words)
