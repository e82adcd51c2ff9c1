"""What the words of a language are for.

A field holds entries between commas. In an entry `*` stands for any ending or beginning of a word, `~`
for up to four words between, a blank for any blanks; the rest is the syntax of regular expressions.
Where `done` is given, an entry that ends in `+` is a stem: it says that something is done only in
one of those forms, in which `{}` stands for the stem.
"""

from __future__ import annotations

from msgspec import Struct


class Lexicon(Struct, frozen=True, kw_only=True):
    """The words of one language.

    Verbs are forms that say that something was done ("erstellt"), not that it will be. `weakly_passes`
    are words that say it of tests only where no other verb stands ("erfolgreich"). `undone` are forms
    that are read only beside a negation ("konnte nicht pushen"); `titles` those that begin a commit's
    subject ("Füge … hinzu").
    """

    name: str
    tests: str
    passes: str
    weakly_passes: str = ""
    fails: str
    committed: str
    pushed: str
    made: str
    changed: str
    removed: str
    renamed: str
    added: str
    fixed: str
    finished: str
    undone: str = ""
    pushes: str = "push(?!-)"
    titles: str = ""
    every: str
    """All, every, whole."""
    all_of_it: str
    """Everything, without a noun."""
    tasks: str
    commits: str = "(?<!-)commits?(?!-)"
    changes: str
    """What is committed or pushed, and whereto: without it a word such as "sent" says nothing of it."""
    code: str
    """Function, class, option: what code is added as."""
    files: str
    bugs: str
    new: str
    """New, added, changed: tests that are not all tests."""
    limits: str = ""
    """Other words that narrow which tests are meant, unless they are English."""
    negated: str
    denials: str
    """Negations that deny nothing: "no failures", "not only"."""
    doubts: str
    """Intent, obligation, guess, and what makes it a part only."""
    conditions: str
    others: str
    """What somebody else said, or how it was before."""
    joins: str
    """Words between clauses."""
    that: str = ""
    """Words that begin what somebody thinks or says."""
    because: str = ""
    """Words that begin a reason, which is a clause by itself."""
    finite: str = ""
    """Verbs of which a clause has one only."""
    perfect: str = ""
    """Auxiliaries of the past, where its verbs may be ones of the present too."""
    into: str = ""
    """That something went into the path `◆`, which is then not what was made."""
    questions: str = ""
    done: str = ""
    same_letters: str = ""
    """Pairs of letters of which the first is read as the second."""
    is_spaced: bool = True
    """Whether words are divided by blanks and stand alone."""
    is_verb_final: bool = False
    """Whether the verb stands behind what it is about."""
