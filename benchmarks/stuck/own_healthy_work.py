"""Own episodes that are healthy: work of many like steps, errors that are overcome, long answers."""

from __future__ import annotations

from benchmarks.stuck.builder import Script, healthy

_APPROVAL = "This command requires approval"


@healthy
def same_edit_in_many_files(s: Script) -> None:
    """A name is replaced in twenty files."""
    s.warm_up()
    for number in range(20):
        s.edit(f"src/part_{number}.py", "from shop.db import one", "from shop.store import one")
    s.end("The import is replaced in all files.")


@healthy
def batch_over_files(s: Script) -> None:
    """One command for each file, each with the same answer."""
    s.warm_up()
    for number in range(20):
        s.bash(f"python convert.py data/{2001 + number}.csv", "ok")


@healthy
def batch_over_names(s: Script) -> None:
    """The same, with names instead of numbers, and no answer at all."""
    s.warm_up()
    names = "oslo bergen turku gdansk riga kiel malmo aarhus bremen lubeck vaasa visby".split()
    for name in names:
        s.bash(f"git mv regions/{name}.yml zones/{name}.yml", "")


@healthy
def pages_through_a_file(s: Script) -> None:
    """One file is read page by page."""
    s.warm_up()
    for page in range(14):
        first = page * 200 + 1
        text = "\n".join(f"{first + n}\trow {s.dice.getrandbits(24)}" for n in range(6))
        s.read("data/tariffs.csv", text, offset=first, limit=200)


@healthy
def pages_through_an_api(s: Script) -> None:
    """One service is asked for page after page; the tools are another agent's."""
    s.timed = False
    for page in range(12):
        answer = f'{{"page": {page}, "rows": [{s.dice.getrandbits(20)}], "more": true}}'
        s.call("fetch", {"url": f"https://api.example.org/orders?page={page}"}, answer)


@healthy
def searches_in_vain(s: Script) -> None:
    """Ten searches for different words find nothing."""
    s.warm_up()
    for number in range(11):
        given = {"pattern": f"{s.noun()}_{s.noun()}{number}", "path": "src"}
        s.call("Grep", given, "No matches found", seconds=0.3)
    s.read("src/legacy.py", "1\t# the old names live here\n")


@healthy
def writes_many_files(s: Script) -> None:
    """Fifteen new files."""
    s.warm_up()
    for number in range(15):
        s.write(
            f"tests/test_zone_{number}.py", f"def test_{number}():\n    assert rate({number})\n"
        )


@healthy
def ticks_its_list(s: Script) -> None:
    """Its list is written anew after each task; the answer is always the same."""
    s.warm_up()
    for done in range(10):
        s.edit(f"src/{s.noun()}.py", f"TODO {done}", f"value = {done}")
        todos = [
            {"content": f"zone {n}", "status": "completed" if n <= done else "pending"}
            for n in range(10)
        ]
        s.call("TodoWrite", {"todos": todos}, "Todos have been modified successfully.")


@healthy
def commits_between(s: Script) -> None:
    """Status, commit, status, commit: each time after new work."""
    s.warm_up()
    for number in range(10):
        s.write(f"src/step_{number}.py", f"STEP = {number}\n")
        s.bash(f"git add -A && git commit -qm 'Step {number}'", "")
        s.bash("git status --short", "")


@healthy
def builds_after_edits(s: Script) -> None:
    """The same build with the same good end after each of many edits."""
    s.warm_up()
    for number in range(12):
        s.edit(f"src/{s.noun()}.rs", f"// {number}", f"fn step_{number}() {{}}")
        s.bash("cargo build 2>&1 | tail -1", "    Finished dev profile")


@healthy
def builds_with_the_same_warning(s: Script) -> None:
    """A warning that was always there stays in every build."""
    s.warm_up()
    for number in range(12):
        s.edit(f"web/part{number}.ts", "any", "unknown")
        answer = "npm warn deprecated glob@7.2.3: no longer supported\nbuilt in 2.1s"
        s.bash("npm run build", answer, seconds=20)


@healthy
def tests_stay_green(s: Script) -> None:
    """A rework in small steps; the tests stay green after each."""
    s.warm_up()
    for number in range(12):
        s.edit("src/rates.py", f"def old_{number}(", f"def rate_{number}(")
        s.bash("pytest -q", f"184 passed in {11 + number / 10:.1f}s", seconds=12)


@healthy
def fewer_tests_fail(s: Script) -> None:
    """Fewer tests fail after each edit, the last of them all the while."""
    s.warm_up()
    for left in range(12, 0, -1):
        s.edit("src/rates.py", f"zone == {left}", f"zone >= {left}")
        lines = [f"FAILED tests/test_zone.py::test_zone[{n}] - KeyError: {n}" for n in range(left)]
        s.bash("pytest -q", "\n".join([*lines, f"{left} failed, {20 - left} passed"]), error=True)


@healthy
def test_fails_in_other_ways(s: Script) -> None:
    """One test stays red, and comes a step further each time."""
    s.warm_up()
    places = "login cart address carrier price payment receipt mail".split()
    for number, place in enumerate(places):
        s.edit(f"src/{place}.py", "raise NotImplementedError", f"return Step{number}()")
        answer = (
            f"FAILED tests/test_order.py::test_whole_order - NotImplementedError: {place}\n"
            f"1 failed in {2 + number}.31s"
        )
        s.bash("pytest -q tests/test_order.py", answer, error=True)


@healthy
def red_then_green(s: Script) -> None:
    """Test first, red, code, green, nine times over."""
    s.warm_up()
    for number in range(9):
        s.edit("tests/test_fees.py", "# next", f"def test_fee_{number}(): ...\n# next")
        answer = (
            f"FAILED tests/test_fees.py::test_fee_{number} - NameError\n1 failed, {number} passed"
        )
        s.bash("pytest -q tests/test_fees.py", answer, error=True)
        s.edit("src/fees.py", "# next", f"def fee_{number}(): return {number}\n# next")
        s.bash("pytest -q tests/test_fees.py", f"{number + 1} passed")


@healthy
def fewer_complaints(s: Script) -> None:
    """A linter's list grows shorter."""
    s.warm_up()
    for left in range(14, 0, -2):
        s.edit(f"src/{s.noun()}.py", f"except: # {left}", "except ValueError:")
        s.bash("ruff check src", f"Found {left} errors.", error=True)


@healthy
def two_refusals_then_another_way(s: Script) -> None:
    """What is refused twice is done in another way, which is allowed."""
    s.warm_up()
    s.bash("npm install left-pad", _APPROVAL, error=True)
    s.bash("npm i left-pad", _APPROVAL, error=True)
    s.write("src/pad.js", "export const pad = (s, n) => s.padStart(n)\n")
    for number in range(6):
        s.bash(f"node --test test/pad{number}.js", "# pass 1", text="This one is allowed.")


@healthy
def refusals_far_apart(s: Script) -> None:
    """Three refusals of the same kind in a long night of work, each followed by other work."""
    for part in range(3):
        for number in range(14):
            s.write(f"src/part{part}_{number}.py", f"PART = {part, number}\n")
        s.bash(f"rm -rf build/{part}", _APPROVAL, error=True)
        s.bash("git commit -qam Part", "")


@healthy
def different_errors(s: Script) -> None:
    """Every command fails in its own way, which is how one finds out."""
    s.warm_up()
    errors = (
        ("python app.py", "ImportError: cannot import name 'Zone' from 'shop'"),
        ("python -m app", "/usr/bin/python: No module named app"),
        ("cat app.log", "cat: app.log: No such file or directory"),
        ("git checkout rates", "error: pathspec 'rates' did not match any file(s) known to git"),
        ("npm test", 'npm error Missing script: "test"'),
        ("make check", "make: *** No rule to make target 'check'.  Stop."),
        ("docker ps", "Cannot connect to the Docker daemon"),
    )
    for command, answer in errors:
        s.bash(command, answer, error=True)
    s.bash("ls", "app README.md")


@healthy
def error_three_times_then_mended(s: Script) -> None:
    """The same error three times, with an edit each time, then it is gone."""
    s.warm_up()
    for number in range(3):
        s.edit("src/zone.py", f"import a{number}", f"import b{number}")
        s.bash("python -m shop.zone", "ImportError: circular import of zone", error=True)
    s.edit("src/zone.py", "import b2", "")
    for number in range(6):
        s.bash(f"python -m shop.zone {number}", f"zone {number}: {s.dice.getrandbits(16)}")


@healthy
def one_change_taken_back(s: Script) -> None:
    """An attempt is taken back once, and another one made."""
    s.warm_up()
    s.edit("src/pool.py", "size = 4", "size = 16")
    s.bash("./load-test", "p95 940 ms", error=True)
    s.edit("src/pool.py", "size = 16", "size = 4")
    s.edit("src/pool.py", "lock = Lock()", "lock = RLock()")
    s.bash("./load-test", "p95 120 ms")
    for number in range(5):
        s.read(f"src/{s.noun()}{number}.py", f"1\tN = {number}\n")


@healthy
def long_table(s: Script) -> None:
    """An answer with a long table, and one with much alike code."""
    s.warm_up()
    rows = "\n".join(f"| zone {n} | carrier {n % 3} | {n * 1.5:.2f} | ok |" for n in range(60))
    s.say(f"Here is the overview:\n\n| zone | carrier | price | state |\n|---|---|---|---|\n{rows}")
    s.say("```\n" + "    {'kind': 'box', 'count': 1},\n" * 30 + "```\nThat is the list of boxes.")
    s.bash("git diff --stat", " src/zones.py | 60 +++")


@healthy
def short_reports(s: Script) -> None:
    """Each task of a list is done in a turn of its own and reported in the same form."""
    for number in range(9):
        s.write(f"src/zone_{number}.py", f"ZONE = {number}\n")
        s.bash(
            f"git commit -qam 'Zone {number}'", f"[main {s.dice.getrandbits(28):07x}] Zone {number}"
        )
        s.end(f"Zone {number} of 9 is done: its table is in src/zone_{number}.py.")
        s.prompt("Go on with the next zone.")
    s.end("All zones are done.")


@healthy
def continuations_with_work(s: Script) -> None:
    """It is told to go on and does go on: each turn ticks a task."""
    s.warm_up()
    s.end("The first task is done.")
    for number in range(8):
        s.prompt("There are open tasks. Continue with the next one.")
        s.bash(
            "cat TASKS.md",
            "\n".join(f"- [{'x' if n < number else ' '}] task {n}" for n in range(8)),
        )
        s.edit(f"src/{s.noun()}.py", f"# task {number}", f"task_{number}()")
        s.edit("TASKS.md", f"- [ ] task {number}", f"- [x] task {number}")
        s.end("The task is done and ticked. I stop here.")


@healthy
def compaction_once(s: Script) -> None:
    """After a compaction some files are read again, as it must be."""
    for _ in range(2):
        for name in ("cart", "stock", "label", "refund"):
            s.read(f"src/{name}.py", f"1\tclass {name.title()}:\n2\t    pass\n")
        s.compaction()
    for number in range(8):
        s.edit("src/cart.py", f"n{number}", f"total_{number}")


@healthy
def subagents_in_parallel(s: Script) -> None:
    """Four subagents begin with the same looks, each for itself."""
    s.warm_up()
    parents = [
        s.open_call("Task", {"description": f"zone {n}", "prompt": f"Check zone {n}."})
        for n in range(4)
    ]
    for number in range(2):
        for parent in parents:
            s.call("Bash", {"command": "ls src"}, "cart.py\nrates.py", parent=parent)
            given = {"file_path": "/srv/work/shop/src/rates.py", "offset": number * 100}
            s.call("Read", given, f"{number * 100}\tdef rate_{number}(): ...", parent=parent)
    for number, parent in enumerate(parents):
        s.answer(parent, f"Zone {number} has {number + 3} carriers.")


@healthy
def other_agent_works(s: Script) -> None:
    """Tools and answers of another agent, without times: looks at places, edits, runs."""
    s.timed = False
    for number in range(12):
        given = {
            "command": "view",
            "path": "/repo/a.py",
            "view_range": [40 * number, 40 * number + 40],
        }
        s.call("str_replace_editor", given, f"{40 * number}\tdef f{number}():")
        given = {
            "command": "str_replace",
            "path": "/repo/a.py",
            "old_str": f"f{number}",
            "new_str": "g",
        }
        s.call("str_replace_editor", given, "The file /repo/a.py has been edited.")
        s.call("execute_bash", {"command": f"python -m pytest -k f{number}"}, "1 passed")


@healthy
def cells_without_answers(s: Script) -> None:
    """Cells of Python that print nothing, each with other code."""
    s.timed = False
    for number in range(14):
        code = f"df['{s.noun()}_{number}'] = df.price.rolling({number + 2}).mean()"
        s.call("python", {"code": code}, "")


@healthy
def roles_talk(s: Script) -> None:
    """A talk of two roles, written down as texts, that goes on."""
    s.timed = False
    topics = "zones carriers prices labels refunds returns taxes stock".split()
    for number, topic in enumerate(topics):
        s.say(f"Next are the {topic}: which of the {number + 3} cases do we cover first?")
        s.say(f"For {topic} I would begin with case {number + 1}, since {s.noun()} depends on it.")


@healthy
def a_person_asks_again(s: Script) -> None:
    """A person asks about different things; each turn is short and ends with words of thanks."""
    for noun in "cart stock label refund tariff parcel".split():
        s.prompt(f"What does src/{noun}.py do?")
        s.read(f"src/{noun}.py", f"1\tclass {noun.title()}:\n2\t    '''Knows the {noun}.'''\n")
        s.end(f"It holds the {noun} with its rules. Shall I show you more?")


@healthy
def subagent_fails_and_is_replaced(s: Script) -> None:
    """A subagent tries twice in vain and says so; the work goes on without it."""
    s.warm_up()
    parent = s.open_call("Task", {"description": "labels", "prompt": "Print a label."})
    for _ in range(2):
        s.call("Bash", {"command": "./label"}, "label: no printer", error=True, parent=parent)
    s.answer(parent, "There is no printer here.")
    for number in range(8):
        s.write(f"src/label_{number}.py", f"LABEL = {number}\n")
