"""Own episodes that are healthy: waiting, polling, proving, measuring, retrying."""

from __future__ import annotations

from benchmarks.stuck.builder import Script, healthy


@healthy
def deployment_moves(s: Script) -> None:
    """A deployment is asked for until it is done; its state moves."""
    s.warm_up()
    states = ["pending"] * 3 + ["building"] * 5 + ["deploying"] * 4 + ["ready"]
    for state in states:
        s.pause(20)
        s.bash("vercel inspect shop-77 | grep state", f"state: {state}")


@healthy
def queue_drains(s: Script) -> None:
    """The number falls with each look."""
    s.warm_up()
    for left in range(42_000, 0, -3_000):
        s.bash("redis-cli llen parcels", f"(integer) {left}", seconds=1)


@healthy
def rows_are_counted(s: Script) -> None:
    """A number of five digits in the midst of the answer rises."""
    s.warm_up()
    for number in range(14):
        answer = f"import of parcels\nrows: {51_000 + 731 * number}\nstate: running"
        s.bash("./import --state", answer)


@healthy
def job_after_job(s: Script) -> None:
    """The same command works off one job after another."""
    s.warm_up()
    for number in range(14):
        s.bash("./next-job", f"job {9120 + number}: done")


@healthy
def day_after_day(s: Script) -> None:
    """A backfill goes from day to day."""
    s.warm_up()
    for day in range(1, 16):
        s.bash("./backfill --next", f"2025-11-{day:02d} loaded")


@healthy
def name_after_name(s: Script) -> None:
    """The same command takes the next file each time; only its name changes."""
    s.warm_up()
    for name in "alder birch cedar elder hazel larch maple rowan spruce willow".split():
        s.bash("./convert --next", f"converted {name}.xml")


@healthy
def job_is_waited_for(s: Script) -> None:
    """A job of a cluster is waited for with pauses; its state stays for ten minutes."""
    s.warm_up()
    for _ in range(18):
        s.pause(30)
        s.bash("squeue -j 4412 -h -o %T", "RUNNING")
    s.bash("squeue -j 4412 -h -o %T", "COMPLETED")


@healthy
def service_is_asked(s: Script) -> None:
    """A build service is asked every half minute by curl and jq."""
    s.warm_up()
    for _ in range(18):
        s.pause(28)
        s.bash("curl -s https://ci.example.org/builds/77 | jq -r .status", "running")
    s.bash("curl -s https://ci.example.org/builds/77 | jq -r .status", "passed")


@healthy
def service_is_asked_by_a_tool(s: Script) -> None:
    """The same by a tool of a server, whose name says nothing of waiting."""
    s.warm_up()
    for _ in range(18):
        s.pause(30)
        s.call("mcp__ci__build", {"id": 77}, '{"state": "in_progress", "url": "https://ci/77"}')
    s.call("mcp__ci__build", {"id": 77}, '{"state": "success", "url": "https://ci/77"}')


@healthy
def shell_in_the_background(s: Script) -> None:
    """A long build in the background is looked at once a minute and has printed nothing new."""
    s.warm_up()
    for _ in range(14):
        s.pause(55)
        s.call("BashOutput", {"bash_id": "shell_2"}, "<status>running</status>")
    s.call("BashOutput", {"bash_id": "shell_2"}, "<status>completed</status>\nbuilt")


@healthy
def training_is_watched(s: Script) -> None:
    """Load and memory of a training stay about equal."""
    s.warm_up()
    for number in range(16):
        s.pause(45)
        answer = f"{97 + number % 3} %, 70{31 + number % 2} MiB"
        s.bash("nvidia-smi --query-gpu=utilization.gpu,memory.used --format=csv,noheader", answer)


@healthy
def log_is_followed(s: Script) -> None:
    """The end of a log is looked at after a sleep; its lines go on."""
    s.warm_up()
    for number in range(14):
        answer = f"epoch {number} loss {2.3 - 0.1 * number:.3f}"
        s.bash("sleep 60 && tail -1 train.log", answer, seconds=60)


@healthy
def sleeps_while_it_waits(s: Script) -> None:
    """A command that itself sleeps says nothing for a quarter of an hour."""
    s.warm_up()
    for _ in range(9):
        s.bash("sleep 100; pgrep -f import.py", "22110", seconds=100)
    s.bash("sleep 100; pgrep -f import.py", "", error=True, seconds=100)


@healthy
def flaky_test_is_proven(s: Script) -> None:
    """After the fix the test is run twelve times to see that it stays green."""
    s.warm_up()
    s.edit("tests/test_queue.py", "sleep(0.1)", "wait_for(queue.empty)")
    for _ in range(12):
        s.bash("pytest -q tests/test_queue.py", "3 passed in 0.41s")


@healthy
def flaky_test_is_proven_in_go(s: Script) -> None:
    """The same of a test in Go, with a text before each run."""
    s.warm_up()
    s.edit("queue_test.go", "time.Sleep(1)", "<-done")
    for number in range(10):
        s.bash(
            "go test -count=1 -race ./queue", "ok  \tshop/queue\t1.20s", text=f"Run {number + 1}."
        )


@healthy
def benchmark_is_repeated(s: Script) -> None:
    """A benchmark is run ten times to have a median."""
    s.warm_up()
    for _ in range(10):
        s.bash("./bench --rates", f"rates/s: {11800 + s.dice.randrange(300)}", seconds=20)


@healthy
def seeds_advance(s: Script) -> None:
    """A random test with one seed after the other, each good."""
    s.warm_up()
    for seed in range(14):
        s.bash(f"./fuzz --seed {seed}", "no crash", seconds=30)


@healthy
def model_is_overloaded(s: Script) -> None:
    """The API is overloaded; the CLI retries and gets through."""
    s.warm_up()
    for attempt in range(1, 8):
        s.record(
            8.0,
            type="system",
            subtype="api_retry",
            attempt=attempt,
            max_retries=10,
            retry_delay_ms=8000,
            error_status=429,
            error="rate_limit",
        )
    for number in range(5):
        s.edit("src/cart.py", f"a{number}", f"b{number}")


@healthy
def download_is_retried(s: Script) -> None:
    """A server answers 503 for some minutes; the command is tried again with pauses."""
    s.warm_up()
    for _ in range(4):
        s.bash("curl -fsS https://rates.example.org/today", "curl: (22) error: 503", error=True)
        s.pause(60)
    s.bash("curl -fsS https://rates.example.org/today", '{"eur": 1.08}')
    s.write("data/today.json", '{"eur": 1.08}')


@healthy
def network_comes_back(s: Script) -> None:
    """A push fails twice for the network, then goes through."""
    s.warm_up()
    for _ in range(2):
        s.bash("git push", "fatal: unable to access: Could not resolve host", error=True)
        s.pause(90)
    s.bash("git push", "main -> main")
    s.edit("src/cart.py", "a", "b")


@healthy
def long_build_is_silent(s: Script) -> None:
    """One build says nothing for forty minutes."""
    s.warm_up()
    s.bash("make world", "done", seconds=2400)
    s.edit("src/cart.py", "x = 1", "x = 2")
    s.bash("make world", "done", seconds=2500)


@healthy
def laptop_sleeps(s: Script) -> None:
    """The machine sleeps for hours between two looks at the same thing."""
    s.warm_up()
    for _ in range(3):
        s.bash("git fetch && git status -sb", "## main...origin/main")
        s.pause(3 * 3600)
        s.edit(f"src/{s.noun()}.py", "old", f"new_{s.steps}")


@healthy
def permission_is_waited_for(s: Script) -> None:
    """One call waits an hour for a person, who allows it; then the work goes on."""
    s.warm_up()
    s.bash("npm publish --dry-run", "+ shop@1.4.0", seconds=3600)
    for number in range(5):
        s.edit("package.json", f'"1.4.{number}"', f'"1.4.{number + 1}"')


@healthy
def server_is_restarted(s: Script) -> None:
    """After each edit the server is restarted and asked whether it is well."""
    s.warm_up()
    for number in range(9):
        s.edit("src/server.py", f"limit = {number}", f"limit = {number + 1}")
        s.bash("systemctl --user restart shop", "")
        s.bash("curl -s localhost:8080/health", "ok")


@healthy
def bisects(s: Script) -> None:
    """git bisect: the same script on one commit after the other."""
    s.warm_up()
    for number in range(9):
        left = 2 ** (8 - number)
        words = f"Bisecting: {left} revisions left to test after this (roughly {8 - number} steps)"
        s.bash("git bisect run ./check" if not number else "git bisect bad", words)
        s.bash("./check", "check: rates differ", error=True)


@healthy
def figures_are_compared(s: Script) -> None:
    """A profile is taken after each change; the figure moves in both directions."""
    s.warm_up()
    for number in range(10):
        s.edit("src/rates.py", f"cache = {number}", f"cache = {number * 2 + 1}")
        s.bash("./profile", f"total {s.dice.uniform(3, 5):.2f} s", seconds=15)


@healthy
def clean_tree_between_work(s: Script) -> None:
    """The tree is looked at between commits of new work and is clean each time."""
    for number in range(10):
        s.bash("git status", "nothing to commit, working tree clean")
        s.write(f"docs/zone_{number}.md", f"# Zone {number}\n")
        s.bash(f"git add -A; git commit -qm 'Zone {number}'", f"[main {number:07x}] Zone {number}")
