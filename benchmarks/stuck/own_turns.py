"""Own episodes that are stuck: turns that come to nothing, words instead of work."""

from __future__ import annotations

from benchmarks.stuck.builder import Script, stuck

_GO_ON = "There are open tasks. Continue with the next one."


@stuck
def fresh_prompts_do_the_same(s: Script) -> None:
    """A launcher starts it again; each turn makes the same calls and ends."""
    s.warm_up()
    s.end("The first part is done.")
    s.trouble()
    for _ in range(9):
        s.prompt(_GO_ON)
        s.read("claude-progress.txt", "1\t[ ] rates for zone 7\n2\t[ ] labels\n")
        s.bash("git status --short", "")
        s.end("I have reviewed the open tasks. The rates for zone 7 are still open.")


@stuck
def new_sessions_do_the_same(s: Script) -> None:
    """The same over ever new sessions, and the last words differ a little."""
    s.warm_up()
    s.end("Done for now.")
    s.trouble()
    ends = ("All is in place.", "Everything is in place now.", "All of it is in place, as before.")
    for number in range(9):
        s.prompt("Read TASKS.md and do the first open task.", session=True)
        s.bash("cat TASKS.md", "- [ ] print labels for parcel service")
        s.bash("ls src", "cart.py\nlabel.py\nrates.py")
        s.end(f"{ends[number % 3]} Nothing is left to do here.")


@stuck
def continuations_without_work(s: Script) -> None:
    """It is told to go on and only says that it is done."""
    s.warm_up()
    s.end("The work is complete.")
    s.trouble()
    for number in range(10):
        s.prompt(f"Continuation {number + 1} of 20. 3 tasks are open: go on.")
        s.end("All tasks are complete. No further work is needed at this time.")


@stuck
def compactions_without_work(s: Script) -> None:
    """The conversation is summarised again and again, and the same files are read after each."""
    s.warm_up()
    s.trouble()
    for _ in range(9):
        for name in ("stock", "label", "refund"):
            s.read(f"src/{name}.py", f"1\tclass {name.title()}:\n" + "2\t    pass\n" * 40)
        s.bash("wc -l src/*.py", "4210 total")
        s.compaction()


@stuck
def says_it_in_other_words(s: Script) -> None:
    """Only words, each time a little other ones, and no call."""
    s.warm_up()
    s.trouble()
    places = ("now", "at this point", "for the moment", "as it stands", "so far", "at present")
    for number in range(10):
        s.say(
            f"The rates cannot be computed {places[number % 6]} because the table of zones is"
            " missing. I need the table of zones before I can go on with the rates.",
            stop="end_turn",
        )


@stuck
def says_it_word_for_word(s: Script) -> None:
    """The same words, again and again."""
    s.warm_up()
    s.trouble()
    for _ in range(10):
        s.say("I will wait for the import to finish before I continue with the next task.")


@stuck
def says_it_without_times(s: Script) -> None:
    """A talk of two roles, written down as texts, that goes round."""
    s.timed = False
    s.say("Let us split the work: I take the rates, you take the labels.")
    s.trouble()
    for _ in range(8):
        s.say("Please send me the table of zones so that I can begin with the rates.")
        s.say("I am waiting for your rates before I can send you the table of zones.")


@stuck
def one_answer_chants(s: Script) -> None:
    """One answer repeats its own words without an end."""
    s.warm_up()
    s.trouble()
    s.say("The table is ready. " + "I should check the zones of the carrier once more, then. " * 40)
    for number in range(4):
        words = f"Round {number}: I should check the zones of the carrier once more, then. "
        s.say(words * 50)


@stuck
def waits_aloud(s: Script) -> None:
    """Texts that say the same between looks that say the same."""
    s.warm_up()
    s.trouble()
    for number in range(10):
        s.bash("cat import.state", "state: waiting for zone table", text=f"Check {number + 1}.")
        s.say("The import has not moved yet; I will look again.", stop="end_turn")
