"""The words of many test libraries for what they compare, and how much each rules out."""

from __future__ import annotations

from enum import IntEnum


class Strength(IntEnum):
    """How much an assertion rules out."""

    NOTHING = 0
    """It holds whatever the code does."""
    VAGUE = 1
    """It holds for most values: not null, truthy, of a type."""
    BOUND = 2
    """It holds for some values: contains, at least, about."""
    EXACT = 3
    """It holds for one value."""


_EXACT_WORDS = frozenset(
    # of chains: jest, chai, AssertJ, RSpec, kotest
    "tobe toequal tostrictequal eq eql equal equals isequalto issameas isequaltoignoringcase shouldbe"
    " tohavelength lengthof hassize hassize tohavebeencalledwith tohavebeencalledtimes"
    " tohavebeenlastcalledwith tohavebeencalledoncewith calledwith calledoncewith containsexactly"
    " containsexactlyinanyorder tohavetextcontent tohavevalue"
    " tohavereturnedwith bytes be be_within_exact match_array contain_exactly tohaveproperty"
    # calls: xUnit, testify, node:assert, minitest, PHPUnit, gtest, Test::More
    " assertequal assertequals asserteq assertsame assertis assertlistequal assertdictequal"
    " assertsetequal asserttupleequal assertcountequal assertsequenceequal assertmultilineequal"
    " assertarrayequals assertarrayequal assertiterableequals assertlinesmatch assertcontentequals"
    " xctassertequal xctassertidentical expecteq expectstreq assertstreq expectdoubleeq"
    " expectfloateq strictequal deepequal deepstrictequal areequal aresame same exactly"
    " isdeeply elementsmatch jsoneq yamleq len assertlen assertcount equalvalues assertequalvalues"
    " assertjsonstringequalsjsonstring assertstringequalsfile assertoutput assertequivalent"
    " hasmessage mustequal wontequal equalto assertobjectequals equalerror errorcontains".split()
)
EQUALITY = frozenset(
    "== is tobe toequal tostrictequal eq eql equal equals isequalto issameas shouldbe assertequal be"
    " assertequals asserteq assertsame assertis xctassertequal expecteq strictequal deepequal"
    " deepstrictequal areequal aresame equalto mustequal assertdictequal assertlistequal exactly"
    " expectstreq assertstreq jsoneq assertcountequal assertoutput".split()
)
"""Comparisons that say the same in different words."""
_BOUND_WORDS = frozenset(
    "tomatchsnapshot tomatchinlinesnapshot"
    " tocontain tocontainequal tomatch tomatchobject tobegreaterthan tobegreaterthanorequal"
    " tobelessthan tobelessthanorequal tobecloseto include includes contain contains doesnotcontain"
    " startswith startwith endswith endwith match matches isgreaterthan isgreaterthanorequalto"
    " islessthan islessthanorequalto above below least most within closeto isbetween iscloseto"
    " hassizegreaterthan bewithin arraycontaining objectcontaining stringcontaining haskey property"
    " hasmessagecontaining"
    " assertin assertnotin assertcontains assertnotcontains assertgreater assertgreaterequal"
    " assertgreaterthan assertgreaterthanorequal assertless assertlessequal assertlessthan"
    " assertlessthanorequal assertregex assertmatch assertmatches assertmatchesregularexpression"
    " assertstringcontainsstring assertstringstartswith assertarrayhaskey assertalmostequal"
    " assertalmostequals assertindelta assertinepsilon indelta inepsilon expectnear assertnear"
    " expectgt expectge expectlt expectle assertgt assertge assertlt assertle greater"
    " greaterorequal less lessorequal subset notcontains regexp xctassertgreaterthan"
    " xctassertgreaterthanorequal xctassertlessthan xctassertlessthanorequal assertinclude"
    " assertincludes assertoperator mustinclude mustmatch assertthat expectthat haveattributes"
    " assertallclose assertarrayalmostequal assertpartial assertline".split()
)
_VAGUE_WORDS = frozenset(
    "tobetruthy tobefalsy tobedefined tobeinstanceof tohavebeencalled called exist exists"
    " isnotnull isnotempty isnotblank ispresent isinstanceof instanceof instance be_truthy bea bean"
    " betruthy befalsy bepresent anything any notthrow haveproperty satisfies shouldnotbe"
    " shouldnotbenull asserttrue assertfalse true false assertnotnull assertnotnil assertisnotnone"
    " notnil notnull isnotnull nonnil ok assertinstanceof assertisinstance assertkindof noerror"
    " assertnoerror assertnotempty notempty empty assertempty xctasserttrue xctassertfalse"
    " xctassertnotnil xctassertnothrow xctassert expecttrue expectfalse assertnotequal"
    " assertnotequals assertnotsame notequal notsame expectne assertne istrue isfalse refute"
    " refutenil refuteequal refuteempty assertdoesnotthrow doesnotthrow assertsuccess assertok"
    " istype assertistype nothrow expectnothrow assertnothrow isok assertpredicate".split()
)
NULL_WORDS = frozenset(
    "tobenull tobeundefined benil isnull null assertnull assertnil assertisnone nil undefined"
    " isnil xctassertnil isempty".split()
)
BOOLEANS = {
    **dict.fromkeys(
        "asserttrue true xctasserttrue expecttrue istrue tobetrue betrue".split(), "true"
    ),
    **dict.fromkeys(
        "assertfalse false xctassertfalse expectfalse isfalse tobefalse befalse refute".split(),
        "false",
    ),
}
RAISING = frozenset(
    "raises assertraises assertraisesregex assertthrows throws throwsasync throwsexception tothrow"
    " tothrowerror raiseerror panics assertraise xctassertthrowserror expectexception"
    " expectthrow assertthrow isthrownby assertthatthrownby assertfailswith shouldthrow"
    " assertthrowsexactly expecterror assertpanics".split()
)


def strength_of(word: str) -> Strength | None:
    """How much a comparison rules out, by its squeezed name; None for what is none."""
    if word in _EXACT_WORDS or word in NULL_WORDS or word in RAISING:
        return Strength.EXACT
    if word in _BOUND_WORDS:
        return Strength.BOUND
    if word in _VAGUE_WORDS or word in BOOLEANS:
        return Strength.VAGUE
    return None


def squeezed(name: str) -> str:
    """A name without case and underlines."""
    return name.replace("_", "").lower()
