"""Own episodes that are stuck: calls, cycles, growing commands."""

from __future__ import annotations

from benchmarks.stuck.builder import Script, stuck

_LINES = (
    "Checking 14 modules\nsrc/carrier.py:41: error: Name “Tariff” is not defined\nFound 1 error"
)


@stuck
def command_fails_again(s: Script) -> None:
    """One command, one failure, nothing done between."""
    s.warm_up()
    s.trouble()
    for _ in range(24):
        s.bash("npm run migrate", "Error: relation “parcel” does not exist", error=True)


@stuck
def file_is_read_again(s: Script) -> None:
    """One file is read over and over, and nothing else is done."""
    s.warm_up()
    s.trouble()
    for _ in range(12):
        s.read("src/tariff.py", "1\tRATES = {}\n2\tdef rate(zone):\n3\t    return RATES[zone]\n")


@stuck
def two_calls_in_turn(s: Script) -> None:
    """Two calls, in turn, each with the answer that it had before."""
    s.warm_up()
    s.trouble()
    for _ in range(9):
        s.bash("mypy src", _LINES, error=True)
        s.bash("grep -rn Tariff src/carrier.py", "41:    tariff: Tariff")


@stuck
def three_calls_in_turn(s: Script) -> None:
    """A ring of three."""
    s.warm_up()
    s.trouble()
    for _ in range(8):
        s.read("src/stock.py", "1\tfrom shop import db\n2\tdef count(): return db.one()\n")
        s.bash("git diff --stat", " src/stock.py | 2 +-\n 1 file changed")
        s.bash("python -m shop.check", "stock: counts differ\n", error=True)


@stuck
def five_calls_in_turn(s: Script) -> None:
    """A ring of five, with a sentence before the first call of each round."""
    s.warm_up()
    s.trouble()
    for number in range(7):
        s.bash("ls routes", "cart.js\nstock.js", text=f"Let me look once more ({number}).")
        s.bash("grep -n cart routes/cart.js", "7: router.get('/cart', show)")
        s.bash("node probe.js /cart", "500 Internal Server Error")
        s.read("compose.yaml", "1\tservices:\n2\t  web: {image: shop}\n")
        s.bash("env | grep SHOP", "SHOP_DB=db")


@stuck
def seven_calls_in_turn(s: Script) -> None:
    """A ring of seven; the length of a ring must not hide it."""
    s.warm_up()
    s.trouble()
    for _ in range(6):
        for name in ("cart", "stock", "label", "refund", "tariff", "parcel"):
            s.read(f"src/{name}.py", f"1\tclass {name.title()}:\n2\t    pass\n")
        s.bash("ls docs", "api.md\nguide.md")


@stuck
def same_call_with_words_between(s: Script) -> None:
    """The words before each call differ; call and answer do not."""
    s.warm_up()
    s.trouble()
    words = ("Let me try again.", "One more time.", "Perhaps now.", "I will retry.", "Again.")
    for number in range(14):
        s.bash("make schema", "make: *** [schema] Error 2", error=True, text=words[number % 5])


@stuck
def same_call_with_other_comments(s: Script) -> None:
    """Only a comment of the command changes."""
    s.warm_up()
    s.trouble()
    for number in range(12):
        command = f"python seed.py --all  # attempt {number + 1}"
        s.bash(command, "IntegrityError: duplicate key “zone_7”", error=True)


@stuck
def same_call_with_a_counter(s: Script) -> None:
    """Only the number in a variable changes, and the answer does not depend on it."""
    s.warm_up()
    s.trouble()
    for number in range(12):
        s.bash(f"TRY={number} ./deploy.sh staging", "deploy: no host “staging-2”", error=True)


@stuck
def same_answer_but_for_chance(s: Script) -> None:
    """Durations, process ids, temporary folders and times differ, and nothing else."""
    s.warm_up()
    s.trouble()
    for number in range(12):
        answer = (
            f"2026-03-02 23:{10 + number}:07 worker pid {4100 + 7 * number} started\n"
            f"using /tmp/build-{s.dice.getrandbits(32):08x}\nfatal: no rule for zone 7\n"
            f"failed after {0.2 + 0.03 * number:.2f} s"
        )
        s.bash("./compile-rules --strict", answer, error=True)


@stuck
def four_calls_in_any_order(s: Script) -> None:
    """Four calls come again in ever other order, each with the one answer that it always has."""
    s.warm_up()
    s.trouble()
    calls = [
        ("cat VERSION", "1.4.0"),
        ("git branch --show-current", "rates"),
        ("grep -c zone src/rules.py", "12"),
        ("./check-zones", "zone 7: no carrier"),
    ]
    for _ in range(12):
        s.dice.shuffle(calls)
        for command, answer in calls:
            s.bash(command, answer, error=command.startswith("./"))


@stuck
def command_grows(s: Script) -> None:
    """Each command is the one before with one more piece of the same kind."""
    s.warm_up()
    s.trouble()
    command = "node build.js"
    for _ in range(12):
        command += " --no-cache"
        s.bash(command, "Error: entry “shop” not found", error=True)


@stuck
def command_grows_by_sleeps(s: Script) -> None:
    """A pipe that swallows itself: the same filter is added again and again."""
    s.warm_up()
    s.trouble()
    command = "cat report.csv"
    for _ in range(12):
        command += " | sort | uniq"
        s.bash(command, "zone;carrier;price")


@stuck
def asks_without_a_pause(s: Script) -> None:
    """A job is asked for without any pause, a hundred times, and stays as it is."""
    s.warm_up()
    s.trouble()
    for _ in range(100):
        s.bash("gh run view 8812 --json status", '{"status":"queued"}', seconds=0.5)


@stuck
def other_agent_repeats(s: Script) -> None:
    """The tools of another agent, and no times."""
    s.timed = False
    s.call("execute_bash", {"command": "ls"}, "README.md\nsrc")
    s.trouble()
    for _ in range(10):
        command = {"command": "python reproduce.py"}
        s.call("execute_bash", command, "Traceback\nKeyError: 'zone'\n[exit code 1]")


@stuck
def other_agent_views_again(s: Script) -> None:
    """An editor of another agent looks at two places in turn."""
    s.timed = False
    s.call("execute_bash", {"command": "ls"}, "README.md\nsrc")
    s.trouble()
    for _ in range(9):
        for start in (1, 120):
            given = {"command": "view", "path": "/repo/rates.py", "view_range": [start, start + 50]}
            s.call("str_replace_editor", given, f"{start}\tdef rate(zone):\n{start + 1}\t    ...")


@stuck
def python_cell_again(s: Script) -> None:
    """A cell of Python is run again and fails as before."""
    s.timed = False
    s.trouble()
    for _ in range(9):
        s.call("python", {"code": "df.groupby('zone').price.mean()"}, "KeyError: 'price'")


@stuck
def subagent_repeats(s: Script) -> None:
    """It is a subagent that circles; the main conversation waits for it."""
    s.warm_up()
    s.trouble(within=True)
    parent = s.open_call("Task", {"description": "check labels", "prompt": "Check all labels."})
    for _ in range(14):
        s.call("Bash", {"command": "./labels"}, "labels: no printer", error=True, parent=parent)
    s.answer(parent, "No printer was found.")


@stuck
def page_stays_as_it_is(s: Script) -> None:
    """A button is clicked and the page is pictured; every picture is the same."""
    s.warm_up()
    s.trouble()
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoAAAANSUhEUg"}
    for _ in range(12):
        s.call("mcp__browser__click", {"ref": "e41"}, "Clicked")
        s.call("mcp__browser__screenshot", {}, [{"type": "image", "source": source}])


@stuck
def two_revisions_in_turn(s: Script) -> None:
    """The same two revisions are tried in turn, and each fails as it did."""
    s.warm_up()
    s.trouble()
    for _ in range(8):
        s.bash("git checkout -q 41c0ffe", "")
        s.bash("./reproduce", "the totals differ", error=True)
        s.bash("git checkout -q 5ea51de", "")
        s.bash("./reproduce", "the totals differ by two", error=True)
