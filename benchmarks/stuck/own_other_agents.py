"""Own episodes with the tools, answers and talk of other agents; most of them without times.

No answer is marked as an error, tools have names of their own, and a program's words may stand where a
person's would.
"""

from __future__ import annotations

from benchmarks.stuck.builder import Script, healthy, stuck

_DONE = "\n[The command completed with exit code {}.]\n[Current working directory: /workspace/shop]"
_SILENT = "Your command ran successfully and did not produce any output."
_GO_ON = (
    "Please continue working on the task on whatever approach you think is suitable.\n"
    "If you think you have solved the task, please finish the interaction.\n"
    "IMPORTANT: YOU SHOULD NEVER ASK FOR HUMAN HELP."
)


def shell(s: Script, command: str, output: str, code: int = 0) -> None:
    """A command in the shell of another agent."""
    s.timed = False
    s.call("execute_bash", {"command": command}, output + _DONE.format(code))


def editor(s: Script, command: str, answer: str, **given: object) -> None:
    """A command of another agent's editor."""
    s.timed = False
    s.call(
        "str_replace_editor", {"command": command, "path": "/workspace/rates.py", **given}, answer
    )


@stuck
def replacement_is_not_performed(s: Script) -> None:
    """The same replacement fails; nothing says that it is an error but its words."""
    shell(s, "ls", "rates.py tests")
    s.trouble()
    answer = "No replacement was performed, old_str `zone = 7` did not appear verbatim in rates.py."
    for _ in range(9):
        editor(s, "str_replace", answer, old_str="zone = 7", new_str="zone = 8")


@stuck
def test_is_run_after_looks(s: Script) -> None:
    """Looks and a test in turn, with thoughts between that always say the same."""
    shell(s, "git log -1", "a81f3c2 Begin")
    s.trouble()
    for _ in range(9):
        editor(
            s, "view", "     1\tdef rate(zone):\n     2\t    return RATES[zone]", view_range=[1, 2]
        )
        s.call("think", {"thought": "The zone must be wrong."}, "Your thought has been logged.")
        shell(s, "python -m pytest tests/test_rates.py -q", "E   KeyError: 7\n1 failed in 0.02s", 1)


@stuck
def service_is_called_again(s: Script) -> None:
    """One call of a service is made again and again, and its answer stays."""
    s.timed = False
    s.call("find_customer", {"email": "kim@example.org"}, '{"id": "kim_441"}')
    s.trouble()
    for _ in range(8):
        s.call(
            "get_order_details", {"order_id": "#W774"}, '{"order_id": "#W774", "status": "sent"}'
        )


@stuck
def cell_fails_again(s: Script) -> None:
    """Cells of Python with the same code and the same traceback, with other addresses."""
    s.timed = False
    s.call("run_ipython", {"code": "import pandas as pd"}, "[Code executed successfully]")
    s.trouble()
    for number in range(9):
        answer = (
            "Traceback (most recent call last):\n  Cell In[4], line 1\n"
            f"TypeError: cannot join <Frame at 0x7f3a{number:04x}b0>"
        )
        s.call("run_ipython", {"code": "a.join(b, on='zone')"}, answer)


@stuck
def roles_go_round(s: Script) -> None:
    """Two roles assure each other of the same, in few other words."""
    s.timed = False
    s.say("Programmer: I have written rate.py with the table of zones.")
    s.trouble()
    thanks = ("Thank you", "Thanks a lot", "Many thanks", "Thank you very much")
    for number in range(9):
        s.say(
            f"Reviewer: {thanks[number % 4]} for the code. There are no further comments from me."
        )
        s.say(f"Programmer: {thanks[(number + 1) % 4]} for the review. There is nothing to change.")


@stuck
def told_to_continue(s: Script) -> None:
    """A program answers each text with the same words, and nothing is done any more."""
    shell(s, "ls", "rates.py tests")
    s.trouble()
    for number in range(8):
        s.say("I believe that the task is solved: the rates of all zones are correct now.")
        s.prompt(_GO_ON if number else f"{_GO_ON}\n")


@stuck
def types_the_same_line(s: Script) -> None:
    """An interactive program is sent the same input."""
    s.timed = False
    s.call("bash", {"command": "mysql -u root"}, "Enter password:")
    s.trouble()
    for _ in range(8):
        s.call("bash", {"command": "root", "is_input": "true"}, "Enter password:")


@healthy
def scrolls_through_a_file(s: Script) -> None:
    """The same command shows the next page each time."""
    s.timed = False
    s.call("bash", {"command": "open rates.py"}, "[File: rates.py (900 lines total)]\n1:import db")
    for page in range(1, 11):
        lines = "\n".join(f"{page * 100 + n}:row_{s.dice.getrandbits(24)}" for n in range(8))
        s.call("bash", {"command": "scroll_down"}, f"[File: rates.py (900 lines total)]\n{lines}")


@healthy
def commands_without_output(s: Script) -> None:
    """Many commands, each of which has the one answer for no output."""
    s.timed = False
    for number in range(14):
        command = f"{('mkdir', 'touch', 'chmod +x')[number % 3]} {s.noun()}_{number}"
        s.call("bash", {"command": command}, _SILENT)


@healthy
def thinks_aloud(s: Script) -> None:
    """A tool for thoughts has one answer for all of them."""
    for number in range(12):
        thought = (
            f"Case {number}: the {s.noun()} depends on the {s.noun()}, so test {number} first."
        )
        s.call("think", {"thought": thought}, "Your thought has been logged.")
        shell(s, f"sed -n {number * 10},{number * 10 + 9}p rates.py", f"def rate_{number}(): ...")


@healthy
def edits_by_line_numbers(s: Script) -> None:
    """An editor answers each edit with the same sentence and the lines around."""
    for number in range(12):
        answer = (
            "The file /workspace/rates.py has been edited. Here's the result of running `cat -n`:\n"
            f"{number * 7:6}\tdef rate_{number}(zone):\nReview the changes and make sure they are right."
        )
        editor(s, "insert", answer, insert_line=number * 7, new_str=f"def rate_{number}(zone):")


@healthy
def reproduces_before_and_after(s: Script) -> None:
    """A script shows the fault, is run after each edit, and shows less of it each time."""
    shell(s, "python reproduce.py", "KeyError: 7", 1)
    for number in range(6):
        editor(s, "str_replace", "The file has been edited.", old_str=f"a{number}", new_str="b")
        rest = "KeyError: 7" if number == 0 else f"{6 - number} zones differ"
        shell(s, "python reproduce.py", rest, int(number < 5))
    shell(s, "python reproduce.py", "all zones agree")
    shell(s, "python -m pytest -q", "212 passed in 9.81s")


@healthy
def service_is_called_for_each(s: Script) -> None:
    """One call of a service for each order, and the answers look alike."""
    s.timed = False
    for number in range(12):
        order = f"#W{7100 + number}"
        answer = f'{{"order_id": "{order}", "status": "delivered"}}'
        s.call("get_order_details", {"order_id": order}, answer)


@healthy
def cells_build_on_each_other(s: Script) -> None:
    """Cells of Python that succeed without a word, each with other code."""
    s.timed = False
    for number in range(12):
        code = f"frame = frame.assign({s.noun()}_{number}=lambda f: f.price * {number})"
        s.call("run_ipython", {"code": code}, "[Code executed successfully with no output]")


@healthy
def roles_work(s: Script) -> None:
    """A planner and a programmer: each message begins alike and says another thing."""
    s.timed = False
    for number in range(10):
        one, two = s.noun(), s.noun()
        s.say(
            f"Planner: Next step {number + 1}: implement the {one} module. It must read the {two}"
            f" file, check field {number} and report every {one} that has no {two}."
        )
        s.say(
            f"Programmer: Here is the {one} module.\n```python\ndef check_{one}_{number}({two}):\n"
            f"    return [row for row in {two} if row.field == {number}]\n```"
        )


@healthy
def told_to_continue_and_does(s: Script) -> None:
    """A program answers each text with the same words, and the work goes on."""
    for number in range(8):
        shell(
            s, f"python build.py --part {number}", f"part {number}: {s.dice.getrandbits(20)} rows"
        )
        s.say(f"Part {number} is built; part {number + 1} comes next.")
        s.prompt(_GO_ON)


@healthy
def guesses_a_number(s: Script) -> None:
    """A game of questions: each move differs in one word or figure."""
    s.timed = False
    low, high = 0, 1 << 12
    while high - low > 1:
        middle = (low + high) // 2
        answer = "higher" if s.dice.random() < 0.5 else "lower"
        s.call("guess", {"number": middle}, answer)
        low, high = (middle, high) if answer == "higher" else (low, middle)
