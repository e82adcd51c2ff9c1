"""Own episodes that are healthy: equal rounds of which each did something, or proved it."""

from __future__ import annotations

from benchmarks.stuck.builder import Script, healthy


@healthy
def stack_is_asked_without_times(s: Script) -> None:
    """A stack of a cloud is waited for, in a stream without times."""
    s.timed = False
    s.warm_up()
    for _ in range(9):
        s.bash("aws cloudformation describe-stacks --stack-name shop", "UPDATE_IN_PROGRESS")


@healthy
def pod_is_waited_for_in_two_calls(s: Script) -> None:
    """Ten seconds of sleep, then a question, forty times: no faster for being two calls."""
    s.warm_up()
    for _ in range(40):
        s.bash("sleep 10", "", seconds=10)
        s.bash("kubectl get pod shop-0 -o jsonpath={.status.phase}", "Pending", seconds=1)


@healthy
def page_is_scrolled(s: Script) -> None:
    """The same key and a picture, in equal words; each picture shows something else."""
    s.warm_up()
    for number in range(14):
        s.call("mcp__browser__press_key", {"key": "PageDown"}, "Pressed PageDown")
        source = {"type": "base64", "media_type": "image/png", "data": f"iVBORw0KGgo{number:05d}"}
        s.call("mcp__browser__screenshot", {}, [{"type": "image", "source": source}])


@healthy
def race_is_gone_by_a_runner_of_the_house(s: Script) -> None:
    """A script that nobody knows failed once; it is repeated in silence to prove that it is mended."""
    s.warm_up()
    s.bash("./two-writers", "lost an update", error=True)
    s.edit("src/cart.py", "lock = None", "lock = Lock()")
    for _ in range(25):
        s.bash("./two-writers", "")


@healthy
def checks_are_repeated(s: Script) -> None:
    """A check of the house is repeated; its words are no test runner's."""
    s.warm_up()
    for _ in range(14):
        s.bash("./verify-ledger", "every balance holds after the transfer")


@healthy
def chance_is_drawn(s: Script) -> None:
    """A simulation draws other numbers each time and comes to the same."""
    s.warm_up()
    for _ in range(25):
        s.bash("PYTHONHASHSEED=random python simulate.py", "consistent")


@healthy
def list_is_worked_off(s: Script) -> None:
    """The list is kept elsewhere; each call does its next piece and says so in one word."""
    s.warm_up()
    for _ in range(25):
        s.bash("./process-next", "Done")


@healthy
def revisions_are_tried(s: Script) -> None:
    """A script is run on one revision after the other, by hand, and fails on all of them."""
    s.warm_up()
    for number in range(12):
        s.bash(f"git checkout -q {0x3A1F00C + 4099 * number:07x}", "")
        s.bash("./reproduce", "the totals differ", error=True)


@healthy
def red_and_green_in_one_word(s: Script) -> None:
    """Test first, each time; the runner of the house says FAIL and PASS alone."""
    for number in range(14):
        s.edit("t/cart.t", f"# {number}", f"is(total({number}), {number});\n# {number + 1}")
        s.bash("./t/run", "FAIL", error=True)
        s.edit("lib/Cart.pm", f"# {number}", f"return {number};\n# {number + 1}")
        s.bash("./t/run", "PASS")


@healthy
def turns_that_commit(s: Script) -> None:
    """The same prompt, the same script, the same words; each turn makes a commit."""
    for _ in range(12):
        s.prompt("Next.")
        commit = f"{s.dice.getrandbits(28) | 1 << 27:07x}"
        s.bash("./migrate-next", f"[main {commit}] Migrate a table\n 1 file changed")
        s.end("Done.")


@healthy
def person_asks_about_numbers(s: Script) -> None:
    """Questions that differ in a number, answered in a word."""
    for number in range(8, 30):
        s.prompt(f"Is {number} a prime? Answer yes or no.")
        s.end("No." if any(number % one == 0 for one in range(2, number)) else "Yes.")
        s.pause(12)


@healthy
def symbols_are_edited_by_a_server(s: Script) -> None:
    """An editing tool that nobody knows, and a build that prints the same line after each edit."""
    s.warm_up()
    for number in range(14):
        given = {"name_path": f"Cart/rule_{number}", "body": f"return {number}"}
        s.call("mcp__symbols__replace_symbol_body", given, "OK")
        s.bash("make 2>&1 | tail -1", "Build OK")


@healthy
def host_is_configured(s: Script) -> None:
    """Files of another host are changed one by one, and its configuration is checked each time."""
    s.warm_up()
    for number in range(10):
        s.bash(f"ssh web1 sed -i s/zone{number}/area{number}/ /etc/shop.conf", "")
        s.bash("ssh web1 shopd -t", "configuration is valid")


@healthy
def names_are_looked_for(s: Script) -> None:
    """Names that occur nowhere: a count of none is no error. The tree is looked at now and then."""
    for number in range(80):
        first, second = s.noun(), s.noun()
        if number % 5 == 0:
            s.bash("git status --short", "")
        elif number % 5 == 1:
            s.read(f"src/{first}_{number}.py", f"1\tclass {second.title()}{number}: ...\n")
        elif number % 5 == 2:
            s.bash(f"grep -c {first}_{number} src/{second}.py", "Exit code 1\n0", error=True)
        else:
            s.call("Grep", {"pattern": f"{first}_{second}_{number}"}, "No files found")


@healthy
def two_variants_are_measured(s: Script) -> None:
    """A switch is turned on and off, and each time it is measured."""
    s.warm_up()
    for _ in range(4):
        s.edit("conf.py", "CACHE = False", "CACHE = True")
        s.bash("./bench", f"{s.dice.randrange(900, 990)} req/s")
        s.edit("conf.py", "CACHE = True", "CACHE = False")
        s.bash("./bench", f"{s.dice.randrange(600, 690)} req/s")
