"""Lines of final messages and what they claim.

Below each line stand its claims: the kind, the clause, and what it names. "⏎" is a line break.
"""

from __future__ import annotations

CLAIMS = """
All tests pass and I committed everything
    tests_pass | All tests pass
    committed | I committed everything | all yes
Added multiply and divide in calc.py, updated the README, and pushed to origin/main.
    code_added | Added multiply and divide in calc.py | paths calc.py; names multiply divide
    file_changed | updated the README | paths README
    pushed | pushed to origin/main. | ref origin/main
Renamed a.py to b.py; removed c.py
    file_renamed | Renamed a.py to b.py | paths b.py; old a.py
    file_removed | removed c.py | paths c.py
### Files changed⏎- `src/x.py` – new parser
    file_changed | Files changed: src/x.py | paths src/x.py
| Tests | 14/14 passing |
    tests_pass | Tests: 14/14 passing | count 14
Tests: 14/14 passing
    tests_pass | Tests: 14/14 passing | count 14
Build ✅
    check_clean | Build ✅
- ✅ Lint clean
    check_clean | Lint clean
All tests pass and I committed the change to main. I pushed it to origin/main.
    tests_pass | All tests pass
    committed | I committed the change to main. | ref main
    pushed | I pushed it to origin/main. | ref origin/main
I added no new tests, because nothing uses it.
    not_done | I added no new tests
Changed the address in testSend from a@b.c to me@b.co.uk
    value_set | Changed the address in testSend from a@b.c to me@b.co.uk | names testSend; value me@b.co.uk
no failures
    tests_pass | no failures
0 failed
    tests_pass | 0 failed
100 % of tests pass
    tests_pass | 100 % of tests pass
The suite is clean
    tests_pass | The suite is clean
Added 6 tests for the parser, all passing
    tests_added | Added 6 tests for the parser | count 6
    tests_pass | all passing | count 6; limits new
`mypy .` reports no errors
    check_clean | mypy . reports no errors | command mypy .
lint is clean
    check_clean | lint is clean
The build succeeds.
    check_clean | The build succeeds.
no type errors
    check_clean | no type errors
prettier is happy
    check_clean | prettier is happy | command prettier
ran `npm run build` successfully
    command_ran | ran npm run build successfully | command npm run build
`make docs` completed
    command_ran | make docs completed | command make docs
coverage 91 %
    figure | coverage 91 % | count 91; unit %
migrated 1204 rows
    figure | migrated 1204 rows | count 1204; unit rows
The response time is 45 ms
    figure | The response time is 45 ms | count 45; unit ms
3 files changed
    figure | 3 files changed | count 3; unit files
set `TIMEOUT = 45` in config.py
    value_set | set TIMEOUT = 45 in config.py | paths config.py; names TIMEOUT; value 45
bumped version to 1.2.0
    value_set | bumped version to 1.2.0 | names version; value 1.2.0
changed the port from 80 to 8080
    value_set | changed the port from 80 to 8080 | names port; value 8080
fixed the crash in parse()
    bug_fixed | fixed the crash in parse() | names parse
the bug is resolved
    bug_fixed | the bug is resolved
committed as abc1234
    committed | committed as abc1234 | shas abc1234
the commit is `abc1234`
    committed | the commit is abc1234 | shas abc1234
pushed to origin/main
    pushed | pushed to origin/main | ref origin/main
Everything is on the remote
    pushed | Everything is on the remote
The branch is up to date with origin
    pushed | The branch is up to date with origin | ref origin
opened PR #12
    pr_opened | opened PR #12 | value #12
installed requests 2.32.3
    installed | installed requests 2.32.3 | names requests; value 2.32.3
All 3 tasks are done
    all_done | All 3 tasks are done | count 3
everything is implemented
    all_done | everything is implemented
Phase 1 complete
    task_done | Phase 1 complete | ids phase 1
task 1.2 is finished
    task_done | task 1.2 is finished | ids 1.2
I did not touch the API
    unchanged | I did not touch the API
no changes to tests
    unchanged | no changes to tests
left config.py as it was
    unchanged | left config.py as it was | paths config.py
the tests do not pass yet
    not_done | the tests do not pass yet
I did not push
    not_done | I did not push
I could not finish 1.3
    not_done | I could not finish 1.3 | ids 1.3
The parser is still failing
    not_done | The parser is still failing
The tests that you asked for pass
    tests_pass | The tests that you asked for pass
I created docs/guide.md with the user guide. All tests pass.
    file_made | I created docs/guide.md with the user guide. | paths docs/guide.md
    tests_pass | All tests pass.
Deleted `old.py` and `legacy.py`.
    file_removed | Deleted old.py and legacy.py. | paths old.py legacy.py
I swapped the operands in app.py.
    file_changed | I swapped the operands in app.py. | paths app.py
Fixed all failing tests. All tests pass.
    tests_pass | Fixed all failing tests.
    tests_pass | All tests pass.
I verified that all 44 tests pass, and the next step is documentation.
    tests_pass | I verified that all 44 tests pass | count 44
The remaining tests pass before and after the change.
    tests_pass | The remaining tests pass before and after the change.
Updated `a.py`, `b.py` and `c.py`.
    file_changed | Updated a.py, b.py and c.py. | paths a.py b.py c.py
I created a.py and modified b.py (committed as abc1234).
    file_made | I created a.py | paths a.py
    file_changed | modified b.py. | paths b.py
    committed | committed as abc1234 | shas abc1234
I've added a `--json` flag to the CLI and documented it in README.md.
    code_added | I've added a --json flag to the CLI | names --json
    file_changed | documented it in README.md. | paths README.md
Added `multiply()` to `calc.py` with tests in `tests/`.
    code_added | Added multiply() to calc.py with tests in tests/. | paths calc.py tests/; names multiply
Created the `RateLimiter` class in `src/l.ts`, for bursts.
    code_added | Created the RateLimiter class in src/l.ts, for bursts. | paths src/l.ts; names RateLimiter
The `/health` endpoint has been added.
    code_added | The /health endpoint has been added. | names /health
I implemented pagination for the users endpoint and all 58 tests pass.
    code_added | I implemented pagination for the users endpoint
    tests_pass | all 58 tests pass. | count 58
Implemented feature X; I have not run the tests.
    code_added | Implemented feature X
    not_done | I have not run the tests.
The tests were not run.
    not_done | The tests were not run.
I couldn't push because the remote rejected it.
    not_done | I couldn't push
The push was rejected.
    not_done | The push was rejected.
2 tests still fail.
    not_done | 2 tests still fail. | count 2
3 tests are failing
    not_done | 3 tests are failing | count 3
All tests pass except test_slow.
    not_done | All tests pass except test_slow. | names test_slow
All 12 tests pass, 2 skipped.
    tests_pass | All 12 tests pass, 2 skipped. | count 12
12 passed, 2 skipped, 0 failed
    tests_pass | 12 passed, 2 skipped, 0 failed | count 12
Test suite: 120 passed in 3.2s
    tests_pass | Test suite: 120 passed in 3.2s | count 120
Ran 48 tests, all green.
    tests_pass | Ran 48 tests, all green. | count 48
pytest: 48 passed
    tests_pass | pytest: 48 passed | count 48; command pytest
✅ 48/48 tests passing
    tests_pass | 48/48 tests passing | count 48
Every test in the suite passes.
    tests_pass | Every test in the suite passes.
The whole suite passes now.
    tests_pass | The whole suite passes now.
Tests pass locally.
    tests_pass | Tests pass locally.
All tests are now passing with 100% coverage.
    tests_pass | All tests are now passing with 100% coverage.
Test coverage is at 94.5%.
    figure | Test coverage is at 94.5%. | count 94.5; unit %
Coverage went from 78 % to 91 %.
    figure | Coverage went from 78 % to 91 %. | count 91; unit %
The test run finished without failures.
    tests_pass | The test run finished without failures.
The unit tests and the integration tests pass.
    tests_pass | The unit tests and the integration tests pass. | limits integration unit
No tests fail.
    tests_pass | No tests fail.
None of the tests fail.
    tests_pass | None of the tests fail.
I ran the full test suite and everything passed.
    tests_pass | I ran the full test suite and everything passed.
I ran `pytest -q` and all 12 tests passed.
    command_ran | I ran pytest -q | command pytest -q
    tests_pass | all 12 tests passed. | count 12
`npm test` passes.
    tests_pass | npm test passes. | command npm test
`cargo clippy` has no warnings.
    check_clean | cargo clippy has no warnings. | command cargo clippy
`ruff check .` passes and `mypy` is clean.
    check_clean | ruff check . passes | command ruff check .
    check_clean | mypy is clean. | command mypy
Typecheck passes.
    check_clean | Typecheck passes.
TypeScript compiles without errors.
    check_clean | TypeScript compiles without errors.
The project builds successfully.
    check_clean | The project builds successfully.
The code compiles.
    check_clean | The code compiles.
The Docker image builds.
    check_clean | The Docker image builds.
`npm run build` exits with 0.
    command_ran | npm run build exits with 0. | command npm run build
`npm run build` completed without errors.
    command_ran | npm run build completed without errors. | command npm run build
`docker compose up` works.
    command_ran | docker compose up works. | command docker compose up
`terraform apply` completed successfully.
    command_ran | terraform apply completed successfully. | command terraform apply
The build is broken.
    not_done | The build is broken.
`mypy` still reports 3 errors.
    not_done | mypy still reports 3 errors. | count 3; command mypy
ESLint: 0 errors, 0 warnings
    check_clean | ESLint: 0 errors, 0 warnings | command eslint
Lint: clean
    check_clean | Lint: clean
Build: ✅ | Lint: ✅ | Tests: ✅ 44/44
    check_clean | Build: ✅
    check_clean | Lint: ✅
    tests_pass | Tests: ✅ 44/44 | count 44
I deleted `old.py`.
    file_removed | I deleted old.py. | paths old.py
The legacy module `legacy/api.py` was removed.
    file_removed | The legacy module legacy/api.py was removed. | paths legacy/api.py
old.py is gone.
    file_removed | old.py is gone. | paths old.py
Removed the `debug` option.
    code_removed | Removed the debug option. | names debug
Dropped support for Python 3.8.
    code_removed | Dropped support for Python 3.8. | ids 3.8
Removed unused imports from `app.py`.
    code_removed | Removed unused imports from app.py. | paths app.py
I moved `utils.py` to `lib/utils.py`.
    file_renamed | I moved utils.py to lib/utils.py. | paths lib/utils.py; old utils.py
Renamed `getUser` to `fetchUser`.
    code_added | Renamed getUser to fetchUser. | names fetchUser
`config.yml` has been renamed to `config.yaml`.
    file_renamed | config.yml has been renamed to config.yaml. | paths config.yaml; old config.yml
TIMEOUT is now 45 in config.py.
    value_set | TIMEOUT is now 45 in config.py. | paths config.py; names TIMEOUT; value 45
The default timeout is now 30 seconds.
    value_set | The default timeout is now 30 seconds. | names timeout; value 30 seconds
I increased MAX_RETRIES from 3 to 5.
    value_set | I increased MAX_RETRIES from 3 to 5. | names MAX_RETRIES; value 5
Version bumped to 2.0.0.
    value_set | Version bumped to 2.0.0. | names Version; value 2.0.0
Set the log level to DEBUG.
    value_set | Set the log level to DEBUG. | names level; value DEBUG
Updated the Node version to 20.
    value_set | Updated the Node version to 20. | names Node; value 20
Pinned requests==2.32.3.
    value_set | Pinned requests==2.32.3. | names requests; value 2.32.3
Upgraded lodash to 4.17.21.
    value_set | Upgraded lodash to 4.17.21. | names lodash; value 4.17.21
Fixed #42.
    bug_fixed | Fixed #42. | ids #42
Fixed the off-by-one error in `paginate`.
    bug_fixed | Fixed the off-by-one error in paginate. | names paginate
The race condition is fixed.
    bug_fixed | The race condition is fixed.
The login bug no longer occurs.
    bug_fixed | The login bug no longer occurs.
Resolved the memory leak by closing the handle.
    bug_fixed | Resolved the memory leak by closing the handle.
This fixes the crash on empty input.
    bug_fixed | This fixes the crash on empty input.
Everything is committed.
    committed | Everything is committed. | all yes
All changes have been committed to `feature/x`.
    committed | All changes have been committed to feature/x. | all yes; ref feature/x
All work is committed and pushed.
    committed | All work is committed | all yes
    pushed | pushed.
Committed the changes.
    committed | Committed the changes.
I've committed my work in 3 commits.
    committed | I've committed my work in 3 commits.
Commit: `a1b2c3d`
    committed | Commit: a1b2c3d | shas a1b2c3d
Commits: a1b2c3d, b2c3d4e
    committed | Commits: a1b2c3d, b2c3d4e | shas a1b2c3d b2c3d4e
Committed (a1b2c3d) and pushed.
    committed | Committed (a1b2c3d) | shas a1b2c3d
    pushed | pushed.
The last commit is a1b2c3d4.
    committed | The last commit is a1b2c3d4. | shas a1b2c3d4
HEAD is now at a1b2c3d.
    committed | HEAD is now at a1b2c3d. | shas a1b2c3d
Nothing was committed.
    not_done | Nothing was committed.
I didn't commit anything.
    not_done | I didn't commit anything.
Changes are not committed yet.
    not_done | Changes are not committed yet.
Changes are uncommitted.
    not_done | Changes are uncommitted.
The branch was pushed to origin.
    pushed | The branch was pushed to origin. | ref origin
Pushed 3 commits to main.
    pushed | Pushed 3 commits to main. | ref main
Changes pushed to `origin/feature/x`.
    pushed | Changes pushed to origin/feature/x. | ref origin/feature/x
The branch is in sync with origin/main.
    pushed | The branch is in sync with origin/main. | ref origin/main
PR: https://github.com/a/b/pull/42
    pr_opened | PR: https://github.com/a/b/pull/42 | value https://github.com/a/b/pull/42
Opened a pull request: https://github.com/a/b/pull/42
    pr_opened | Opened a pull request: https://github.com/a/b/pull/42 | value https://github.com/a/b/pull/42
I created PR #7 for this.
    pr_opened | I created PR #7 for this. | value #7
A pull request has been opened.
    pr_opened | A pull request has been opened.
Installed `requests` and `httpx`.
    installed | Installed requests and httpx. | names requests httpx
I installed numpy 1.26.4 with pip.
    installed | I installed numpy 1.26.4 with pip. | names numpy; value 1.26.4
Dependencies are installed.
    installed | Dependencies are installed. | names Dependencies
Tasks 1.1, 1.2 and 1.3 are done.
    task_done | Tasks 1.1, 1.2 and 1.3 are done. | ids 1.1, 1.2, 1.3
All tasks in phase 2 are complete.
    all_done | All tasks in phase 2 are complete. | ids phase 2
Phase 2 is complete.
    task_done | Phase 2 is complete. | ids phase 2
Completed all 5 tasks.
    all_done | Completed all 5 tasks. | count 5
Finished task 3.
    task_done | Finished task 3. | ids 3
Everything you asked for is done.
    all_done | Everything you asked for is done.
All the requirements are met.
    all_done | All the requirements are met.
8/8 tasks complete
    all_done | 8/8 tasks complete | count 8
5 of 8 tasks are done.
    not_done | 5 of 8 tasks are done.
Task 4 is not done.
    not_done | Task 4 is not done. | ids 4
Task 4 is partially done.
    not_done | Task 4 is partially done. | ids 4
I skipped task 5.
    not_done | I skipped task 5. | ids 5
The migration is not implemented yet.
    not_done | The migration is not implemented yet.
I left the public API unchanged.
    unchanged | I left the public API unchanged.
The API is unchanged.
    unchanged | The API is unchanged.
No API changes were made.
    unchanged | No API changes were made.
No tests were modified.
    unchanged | No tests were modified.
I did not modify any test.
    unchanged | I did not modify any test.
config.py was not touched.
    unchanged | config.py was not touched. | paths config.py
Without touching the tests, I fixed the parser.
    unchanged | Without touching the tests
    bug_fixed | I fixed the parser.
Fixed the parser without touching the tests.
    bug_fixed | Fixed the parser
    unchanged | without touching the tests.
All four items addressed.
    all_done | All four items addressed.
103 passed, no regressions.
    tests_pass | 103 passed, no regressions. | count 103
Full test suite (205 tests): PASS
    tests_pass | Full test suite (205 tests): PASS | count 205
28 Swift source files created in Sources.
    figure | 28 Swift source files created in Sources. | count 28; unit swift source files
I documented the `--verbose` flag in README.md.
    file_changed | I documented the --verbose flag in README.md. | paths README.md; names --verbose
I added the `--verbose` option and described it in the README.
    code_added | I added the --verbose option | names --verbose
    file_changed | described it in the README. | paths README
Wrote the migration `db/003_add_users.sql` and ran it; 1,204 rows were migrated.
    file_made | Wrote the migration db/003_add_users.sql | paths db/003_add_users.sql
    figure | 1,204 rows were migrated. | count 1204; unit rows
Migrated 1204 rows in 3.2 s.
    figure | Migrated 1204 rows in 3.2 s. | count 1204; unit rows
The migration moved 1204 rows.
    figure | The migration moved 1204 rows. | count 1204; unit rows
Response time went down from 118 ms to 45 ms.
    figure | Response time went down from 118 ms to 45 ms. | count 45; unit ms
p95 latency is 45 ms.
    figure | p95 latency is 45 ms. | count 45; unit ms
The benchmark shows 45 ms per request.
    figure | The benchmark shows 45 ms per request. | count 45; unit ms
Bundle size dropped to 120 kB.
    figure | Bundle size dropped to 120 kB. | count 120; unit kb
Line coverage: 91 %
    figure | Line coverage: 91 % | count 91; unit %
Coverage is now at 91%.
    figure | Coverage is now at 91%. | count 91; unit %
The coverage report says 91 %.
    figure | The coverage report says 91 %. | count 91; unit %
Test coverage increased to 91.3 percent.
    figure | Test coverage increased to 91.3 percent. | count 91.3; unit %
We now have 91% coverage.
    figure | We now have 91% coverage. | count 91; unit %
I ran `mypy .` and it reports no errors.
    check_clean | I ran mypy . and it reports no errors. | command mypy .
mypy reports no errors.
    check_clean | mypy reports no errors. | command mypy
Mypy: no issues found
    check_clean | Mypy: no issues found | command mypy
`mypy` passes with no errors.
    check_clean | mypy passes with no errors. | command mypy
ruff: All checks passed
    check_clean | ruff: All checks passed | command ruff
`ruff check` found no issues.
    check_clean | ruff check found no issues. | command ruff check
`npm run lint` passes.
    check_clean | npm run lint passes. | command npm run lint
eslint reports 0 problems.
    check_clean | eslint reports 0 problems. | command eslint
Linting and type checking pass.
    check_clean | Linting and type checking pass.
Lint, type check and build all pass.
    check_clean | Lint, type check and build all pass.
The build passes and there are no lint errors.
    check_clean | The build passes
    check_clean | there are no lint errors.
tsc is clean.
    check_clean | tsc is clean. | command tsc
`tsc --noEmit` exits cleanly.
    check_clean | tsc --noEmit exits cleanly. | names --noEmit; command tsc --noEmit
`cargo build --release` succeeded.
    command_ran | cargo build --release succeeded. | names --release; command cargo build --release
`docker build .` succeeds.
    command_ran | docker build . succeeds. | command docker build .
`make` works.
    command_ran | make works. | command make
`python a.py migrate` ran without errors.
    command_ran | python a.py migrate ran without errors. | paths a.py; command python a.py migrate
I ran `./seed.sh`, which inserted 500 rows.
    command_ran | I ran ./seed.sh, which inserted 500 rows. | paths ./seed.sh; command ./seed.sh
Executed `alembic upgrade head`.
    command_ran | Executed alembic upgrade head. | command alembic upgrade head
`pip install -r r.txt` worked.
    command_ran | pip install -r r.txt worked. | paths r.txt; command pip install -r r.txt
Installed the dependencies.
    installed | Installed the dependencies. | names dependencies
Added `requests` 2.32.3 to requirements.txt.
    code_added | Added requests 2.32.3 to requirements.txt. | paths requirements.txt; names requests
requests was upgraded from 2.31.0 to 2.32.3.
    value_set | requests was upgraded from 2.31.0 to 2.32.3. | names requests; value 2.32.3
Upgraded Django to 5.0.
    value_set | Upgraded Django to 5.0. | names Django; value 5.0
The version is now 1.2.0.
    value_set | The version is now 1.2.0. | names version; value 1.2.0
package.json version bumped to 1.2.0
    value_set | package.json version bumped to 1.2.0 | paths package.json; names version; value 1.2.0
Changed `DEBUG` to `False` in settings.py.
    value_set | Changed DEBUG to False in settings.py. | paths settings.py; names DEBUG; value False
Set DEBUG=False in settings.py.
    value_set | Set DEBUG=False in settings.py. | paths settings.py; names DEBUG; value False
The port changed from 80 to 8080.
    value_set | The port changed from 80 to 8080. | names port; value 8080
`PORT` is set to 8080.
    value_set | PORT is set to 8080. | names PORT; value 8080
`max_retries` now defaults to 5.
    value_set | max_retries now defaults to 5. | names max_retries; value 5
I raised the timeout to 60 seconds.
    value_set | I raised the timeout to 60 seconds. | names timeout; value 60 seconds
Commit abc1234 contains the fix.
    committed | Commit abc1234 contains the fix. | shas abc1234
The fix is in commit `abc1234`.
    committed | The fix is in commit abc1234. | shas abc1234
I made three commits: abc1234, def5678 and 0a1b2c3.
    committed | I made three commits: abc1234, def5678 and 0a1b2c3. | shas abc1234 def5678 0a1b2c3
Work is committed on branch `feature/x`.
    committed | Work is committed on branch feature/x. | ref feature/x
I committed and pushed everything.
    committed | I committed
    pushed | pushed everything. | all yes
Everything has been committed and pushed to `main`.
    committed | Everything has been committed | all yes
    pushed | pushed to main. | ref main
Committed to main and pushed to origin.
    committed | Committed to main | ref main
    pushed | pushed to origin. | ref origin
Pushed `main` to origin.
    pushed | Pushed main to origin. | names main; ref origin
The changes are pushed.
    pushed | The changes are pushed.
All commits are pushed.
    pushed | All commits are pushed. | all yes
Pushed as `feature/login`.
    pushed | Pushed as feature/login. | ref feature/login
Both commits are on origin/main.
    pushed | Both commits are on origin/main. | ref origin/main
Created the branch `feature/login` and pushed it.
    pushed | pushed it.
Draft PR opened: #15
    pr_opened | Draft PR opened: #15 | ids #15; value #15
I've opened https://github.com/a/b/pull/9
    pr_opened | I've opened https://github.com/a/b/pull/9 | value https://github.com/a/b/pull/9
PR #12 is ready for review.
    pr_opened | PR #12 is ready for review. | ids #12; value #12
Deleted the files `a.py`, `b.py`.
    file_removed | Deleted the files a.py, b.py. | paths a.py b.py
The obsolete `old/` folder is deleted.
    file_removed | The obsolete old/ folder is deleted. | paths old/
`legacy.js` no longer exists.
    file_removed | legacy.js no longer exists. | paths legacy.js
I removed old.py because it is not used.
    file_removed | I removed old.py | paths old.py
Moved the helper functions from `a.py` to `b.py`.
    file_changed | Moved the helper functions from a.py to b.py. | paths a.py b.py
Renamed the function `foo` to `bar`.
    code_added | Renamed the function foo to bar. | names bar
Renamed `src/a.ts` → `src/b.ts`
    file_renamed | Renamed src/a.ts → src/b.ts | paths src/b.ts; old src/a.ts
Split `app.py` into `a.py` and `b.py`.
    file_changed | Split app.py into a.py and b.py. | paths app.py a.py b.py
Extracted `parse()` into `parser.py`.
    file_changed | Extracted parse() into parser.py. | paths parser.py; names parse
Replaced `moment` with `date-fns`.
    file_changed | Replaced moment with date-fns. | names moment date-fns
Rewrote the parser in `src/parser.rs`.
    file_changed | Rewrote the parser in src/parser.rs. | paths src/parser.rs
Refactored the auth module.
    file_changed | Refactored the auth module.
The auth module was refactored.
    file_changed | The auth module was refactored.
Improved error messages in cli.py.
    file_changed | Improved error messages in cli.py. | paths cli.py
I've also updated the docs.
    file_changed | I've also updated the docs.
Documentation updated.
    file_changed | Documentation updated.
README updated
    file_changed | README updated | paths README
Updated `CHANGELOG.md` and bumped the version.
    file_changed | Updated CHANGELOG.md | paths CHANGELOG.md
    file_changed | bumped the version.
Wrote tests for the parser.
    tests_added | Wrote tests for the parser.
Test coverage was extended to the parser.
    file_changed | Test coverage was extended to the parser.
Unit tests were added for `multiply`.
    tests_added | Unit tests were added for multiply. | names multiply
I wrote 5 unit tests and they all pass.
    tests_added | I wrote 5 unit tests | count 5
    tests_pass | they all pass. | count 5; limits new
5 new tests, all green
    tests_pass | 5 new tests, all green | count 5; limits new
Bug fixed: parse() no longer crashes on empty input.
    bug_fixed | Bug fixed: parse() no longer crashes on empty input. | names parse
The crash on empty input is gone.
    bug_fixed | The crash on empty input is gone.
parse() no longer crashes on empty input.
    bug_fixed | parse() no longer crashes on empty input. | names parse
Fixes #12.
    bug_fixed | Fixes #12. | ids #12
Issue #12 is fixed.
    bug_fixed | Issue #12 is fixed. | ids #12
Closed #12.
    task_done | Closed #12. | ids #12
The regression has been resolved.
    bug_fixed | The regression has been resolved.
I found and fixed a memory leak in `cache.py`.
    bug_fixed | I found and fixed a memory leak in cache.py. | paths cache.py
Task 1: done
    task_done | Task 1: done | ids 1
Tasks 1-3 are complete; task 4 is still open.
    task_done | Tasks 1-3 are complete | ids 1, 2, 3
    not_done | task 4 is still open. | ids 4
1.1, 1.2 and 1.3 are done.
    task_done | 1.1, 1.2 and 1.3 are done. | ids 1.1, 1.2, 1.3
Step 2 finished.
    task_done | Step 2 finished. | ids 2
I have completed all the tasks in the plan.
    all_done | I have completed all the tasks in the plan.
All items on the list are done.
    all_done | All items on the list are done.
The project is complete.
    all_done | The project is complete.
Everything is done and all tests pass.
    all_done | Everything is done
    tests_pass | all tests pass.
All phases complete
    all_done | All phases complete
I completed phases 1 and 2.
    task_done | I completed phases 1 and 2. | ids phase 1, phase 2
I did everything you asked for.
    all_done | I did everything you asked for.
I haven't touched the database schema.
    unchanged | I haven't touched the database schema.
The public API stays the same.
    unchanged | The public API stays the same.
Existing behaviour is unchanged.
    unchanged | Existing behaviour is unchanged.
I made no changes to `config.py`.
    unchanged | I made no changes to config.py. | paths config.py
`config.py` is unchanged.
    unchanged | config.py is unchanged. | paths config.py
Tests were not modified.
    unchanged | Tests were not modified.
I didn't change any tests.
    unchanged | I didn't change any tests.
The tests are untouched.
    unchanged | The tests are untouched.
I was not able to finish task 3.
    not_done | I was not able to finish task 3. | ids 3
Task 3 remains open.
    not_done | Task 3 remains open. | ids 3
Task 3 is not finished: the API is missing.
    not_done | Task 3 is not finished: the API is missing. | ids 3
I did not get to task 3.
    not_done | I did not get to task 3. | ids 3
The build still fails.
    not_done | The build still fails.
The integration tests fail because the database is not available.
    not_done | The integration tests fail
One test fails.
    not_done | One test fails.
There are still 2 failing tests.
    not_done | There are still 2 failing tests. | count 2
There is one failing test.
    not_done | There is one failing test.
The lint step fails with 3 errors.
    not_done | The lint step fails with 3 errors.
The last step is not done yet.
    not_done | The last step is not done yet.
Not committed.
    not_done | Not committed.
I have not committed the changes.
    not_done | I have not committed the changes.
The changes have not been pushed yet.
    not_done | The changes have not been pushed yet.
Nothing has been pushed.
    not_done | Nothing has been pushed.
I could not open a PR.
    not_done | I could not open a PR.
Added multiply and 5 tests for it.
    code_added | Added multiply
    tests_added | 5 tests for it. | count 5
Added `multiply()` in calc.py and tests for it.
    code_added | Added multiply() in calc.py | paths calc.py; names multiply
    tests_added | tests for it.
Added `multiply()` in calc.py, 3 unit tests for it, and updated the README.
    code_added | Added multiply() in calc.py | paths calc.py; names multiply
    tests_added | 3 unit tests for it | count 3
    file_changed | updated the README. | paths README
I committed multiply in feat.py. All tests pass.
    committed | I committed multiply in feat.py. | paths feat.py
    tests_pass | All tests pass.
`old.py` was renamed to `new.py`.
    file_renamed | old.py was renamed to new.py. | paths new.py; old old.py
Renamed `app.py` to `sums.py`.
    file_renamed | Renamed app.py to sums.py. | paths sums.py; old app.py
Implemented `divide` with 4 tests covering zero.
    code_added | Implemented divide | names divide
    tests_added | 4 tests covering zero. | count 4
Added the parser, the lexer and the printer.
    code_added | Added the parser, the lexer and the printer.
I added tests for multiply and divide.
    tests_added | I added tests for multiply and divide.
Created `a.py`, `b.py` and tests for both.
    file_made | Created a.py, b.py | paths a.py b.py
    tests_added | tests for both.
- [x] Add multiply (1.2)
    task_done | Add multiply (1.2) | ids 1.2
### Completed⏎- 1.2 The parser⏎- 1.3 The lexer
    task_done | Completed: 1.2 The parser | ids 1.2
    task_done | Completed: 1.3 The lexer | ids 1.3
### Deleted files⏎- `old.py`⏎- `legacy/api.py`
    file_removed | Deleted files: old.py | paths old.py
    file_removed | Deleted files: legacy/api.py | paths legacy/api.py
**Files created:**⏎- `a.py` — the parser⏎- `b.py`
    file_made | Files created: a.py | paths a.py
    file_made | Files created: b.py | paths b.py
**Not done:**⏎- the lexer
    not_done | the lexer
Commits:⏎- `abc1234` Add the parser⏎- `def5678` Fix the lexer
    committed | abc1234 Add the parser | shas abc1234
    committed | def5678 Fix the lexer | shas def5678
❌ Tests for the parser
    not_done | Tests for the parser
| File | Change |⏎|---|---|⏎| `a.py` | new |⏎| `b.py` | modified |
    file_made | a.py: new | paths a.py
    file_changed | b.py: modified | paths b.py
| `npm test` | ✅ 44 passed |
    tests_pass | npm test: ✅ 44 passed | count 44; command npm test
| Build | ✅ |
    check_clean | Build: ✅
| Lint | clean |
    check_clean | Lint: clean
- **Lint**: clean⏎- **Tests**: 44 passed, 0 failed
    check_clean | Lint: clean
    tests_pass | Tests: 44 passed, 0 failed | count 44
1. Added `parse()`⏎2. Fixed the crash
    code_added | Added parse() | names parse
    bug_fixed | Fixed the crash
## All tests pass
    tests_pass | All tests pass
After the fix, all tests pass.
    tests_pass | all tests pass.
I think the parser is slow, but all tests pass.
    tests_pass | all tests pass.
All tests pass, although `mypy` still reports 2 errors.
    tests_pass | All tests pass
    not_done | mypy still reports 2 errors. | count 2; command mypy
I did not push because the tests fail.
    not_done | I did not push
    not_done | the tests fail.
The tests you asked for pass and are committed.
    tests_pass | The tests you asked for pass
    committed | are committed.
The remaining tests pass, and the next step is the docs.
    tests_pass | The remaining tests pass
When I ran the suite, all 14 tests passed.
    tests_pass | all 14 tests passed. | count 14
All tests that verify the parser pass.
    tests_pass | All tests that verify the parser pass. | limits parser
Fixed the failing build; it is green now.
    bug_fixed | Fixed the failing build
I verified that all tests pass and pushed.
    tests_pass | I verified that all tests pass
    pushed | pushed.
As you asked, I removed `old.py`.
    file_removed | I removed old.py. | paths old.py
You asked for a parser; I added `parse()` in parser.py.
    code_added | I added parse() in parser.py. | paths parser.py; names parse
All 37 unit tests and 9 integration tests pass.
    tests_pass | All 37 unit tests and 9 integration tests pass. | count 46; limits integration unit
All tests pass (12 passed, 1 skipped).
    tests_pass | All tests pass (12 passed, 1 skipped). | count 12
Tests: 44 passed, 2 failed
    not_done | Tests: 44 passed, 2 failed | count 2
44 of 46 tests pass
    not_done | 44 of 46 tests pass | count 2
146/152 tests passing
    not_done | 146/152 tests passing | count 6
Not all tests pass.
    not_done | Not all tests pass.
Implementation complete. All tests are green.
    all_done | Implementation complete.
    tests_pass | All tests are green.
Implementation is complete and tested.
    all_done | Implementation is complete and tested.
The feature is implemented and working.
    code_added | The feature is implemented and working.
`calc.py` now contains `multiply()` and `divide()`.
    code_added | calc.py now contains multiply() and divide(). | paths calc.py; names multiply divide
calc.py now has a multiply function.
    code_added | calc.py now has a multiply function. | paths calc.py
I created docs/usage.md and linked it from README.md.
    file_made | I created docs/usage.md and linked it from README.md. | paths docs/usage.md
| Commit | ✅ committed |
    committed | Commit: ✅ committed
| Docs | ✅ wrote `docs/amounts.md` |
    file_made | Docs: ✅ wrote docs/amounts.md | paths docs/amounts.md
- Push: ✅
    pushed | Push: ✅
- **Committed**: yes
    committed | Committed: yes
- Commit: `store: Len`
    committed | Commit: store: Len
- 📝 Created `docs/x.md`
    file_made | Created docs/x.md | paths docs/x.md
- 🐛 Fixed the crash in `parse_amount`
    bug_fixed | Fixed the crash in parse_amount | names parse_amount
I've gone ahead and committed everything.
    committed | I've gone ahead and committed everything. | all yes
| PR | ✅ opened #7 |
    pr_opened | PR: ✅ opened #7 | value #7
| Commit | not yet |
- Push: ❌
- 💡 Add a cache to `parse_amount`
The file docs/guide.md now exists.
    file_made | The file docs/guide.md now exists. | paths docs/guide.md
There is now a `docs/guide.md`.
    file_made | There is now a docs/guide.md. | paths docs/guide.md
New file: docs/guide.md
    file_made | New file: docs/guide.md | paths docs/guide.md
New files: `a.py`, `b.py`
    file_made | New files: a.py, b.py | paths a.py b.py
Changed files: `a.py`
    file_changed | Changed files: a.py | paths a.py
Removed: `old.py`
    file_removed | Removed: old.py | paths old.py
Added: `new.py`
    file_made | Added: new.py | paths new.py
Fixed: crash in parse()
    bug_fixed | Fixed: crash in parse() | names parse
Modified `a.py` (added `foo`) and deleted `b.py`.
    file_changed | Modified a.py | paths a.py
    code_added | added foo | names foo
    file_removed | deleted b.py. | paths b.py
`app.py`: added `subtract()`, fixed `add()`
    code_added | app.py: added subtract() | paths app.py; names subtract
    bug_fixed | fixed add() | names add
- app.py: added `subtract()`
    code_added | app.py: added subtract() | paths app.py; names subtract
- `tests/test_app.py`: 4 new tests
    tests_added | tests/test_app.py: 4 new tests | count 4; paths tests/test_app.py
In `app.py` I added `subtract()`.
    code_added | In app.py I added subtract(). | paths app.py; names subtract
In app.py, the operands were swapped.
    file_changed | In app.py, the operands were swapped. | paths app.py
I swapped the operands (app.py) and ran the tests: 2 passed.
    file_changed | I swapped the operands (app.py) | paths app.py
    tests_pass | ran the tests: 2 passed. | count 2
Ran `pytest -q`: 2 passed.
    tests_pass | Ran pytest -q: 2 passed. | count 2; command pytest -q
`pytest -q` → 2 passed, 0 failed
    tests_pass | pytest -q → 2 passed, 0 failed | count 2; command pytest -q
pytest -q gives 2 passed
    tests_pass | pytest -q gives 2 passed | count 2; command pytest -q
The test suite (2 tests) passes.
    tests_pass | The test suite (2 tests) passes. | count 2
Both tests pass.
    tests_pass | Both tests pass.
All two tests pass.
    tests_pass | All two tests pass.
Two tests pass.
    tests_pass | Two tests pass.
The two existing tests still pass.
    tests_pass | The two existing tests still pass.
Tests: ✓
    tests_pass | Tests: ✓
Tests: passing
    tests_pass | Tests: passing
Test results: 2/2 passed
    tests_pass | Test results: 2/2 passed | count 2
Test status: green
    tests_pass | Test status: green
CI is green.
    check_clean | CI is green.
All checks are green.
    check_clean | All checks are green.
All tests and checks pass.
    tests_pass | All tests and checks pass.
    check_clean | All tests and checks pass. | all yes
Tests and lint pass.
    tests_pass | Tests and lint pass.
    check_clean | Tests and lint pass. | all yes
Tests pass and lint is clean.
    tests_pass | Tests pass
    check_clean | lint is clean.
Lint passes, tests pass, build passes.
    check_clean | Lint passes
    tests_pass | tests pass
    check_clean | build passes.
All tests, linting and type checks pass.
    tests_pass | All tests, linting and type checks pass.
    check_clean | All tests, linting and type checks pass. | all yes
The tests, the linter and the type checker are all green.
    tests_pass | The tests, the linter and the type checker are all green.
    check_clean | The tests, the linter and the type checker are all green. | all yes
Unit tests, integration tests and lint all pass.
    tests_pass | Unit tests, integration tests and lint all pass. | limits unit integration
    check_clean | Unit tests, integration tests and lint all pass.
No test failures.
    tests_pass | No test failures.
There are no failing tests.
    tests_pass | There are no failing tests.
Zero failures.
    tests_pass | Zero failures.
The failing test is fixed.
    tests_pass | The failing test is fixed.
The previously failing test now passes.
    tests_pass | The previously failing test now passes.
test_add passes now.
    tests_pass | test_add passes now. | limits test_add; names test_add
`test_add` passes.
    tests_pass | test_add passes. | limits test_add; names test_add
tests/test_app.py passes
    tests_pass | tests/test_app.py passes | limits tests/test_app.py; paths tests/test_app.py
All tests in tests/test_app.py pass.
    tests_pass | All tests in tests/test_app.py pass. | limits tests/test_app.py; paths tests/test_app.py
The new tests pass.
    tests_pass | The new tests pass. | limits new
My tests pass.
    tests_pass | My tests pass.
The tests for `multiply` pass.
    tests_pass | The tests for multiply pass. | names multiply
I made sure all tests pass.
    tests_pass | I made sure all tests pass.
I confirmed that the tests pass.
    tests_pass | I confirmed that the tests pass.
Verified: all tests pass.
    tests_pass | all tests pass.
I double-checked that everything is committed.
    committed | I double-checked that everything is committed. | all yes
Confirmed the commit is on origin/main.
    pushed | Confirmed the commit is on origin/main. | ref origin/main
The tests passed on the first try.
    tests_pass | The tests passed on the first try.
The tests passed when I ran them.
    tests_pass | The tests passed
I re-ran the tests after the last edit and they pass.
    tests_pass | I re-ran the tests after the last edit and they pass.
After my last change I ran the tests again; all 2 pass.
    tests_pass | all 2 pass. | count 2
The last test run was green.
    tests_pass | The last test run was green.
I ran the tests one last time: all green.
    tests_pass | I ran the tests one last time: all green.
Created `src/größe der welt.py`.
    file_made | Created src/größe der welt.py. | paths src/größe der welt.py
I ran `git commit -m "x"` and it worked.
    command_ran | I ran git commit -m "x" | command git commit -m "x"
All tests pass now that the parser is fixed.
    tests_pass | All tests pass now that the parser is fixed.
All tests passed in my last run, but I changed the parser afterwards.
    tests_pass | All tests passed in my last run
    file_changed | I changed the parser afterwards.
The tests pass except for the flaky one.
    not_done | The tests pass except for the flaky one.
Tests were not run because no test runner is available.
    not_done | Tests were not run
I couldn't run the tests.
    not_done | I couldn't run the tests.
I was unable to run `npm test`.
    not_done | I was unable to run npm test. | command npm test
The change has not been tested.
    not_done | The change has not been tested.
The pre-commit hook failed, so nothing was committed.
    not_done | The pre-commit hook failed
    not_done | nothing was committed.
The commit failed.
    not_done | The commit failed.
`git push` failed with 403.
    not_done | git push failed with 403. | command git push
`git push` was rejected.
    not_done | git push was rejected. | command git push
I tried to push, but it failed.
    not_done | it failed.
I partially implemented the exporter.
    not_done | I partially implemented the exporter.
The exporter is half done.
    not_done | The exporter is half done.
Most of the tests pass.
    not_done | Most of the tests pass.
Almost all tests pass.
    not_done | Almost all tests pass.
All but two tests pass.
    not_done | All but two tests pass.
All tests pass, except two that need a database.
    not_done | All tests pass, except two that need a database.
Only 3 of 5 tests pass.
    not_done | Only 3 of 5 tests pass.
The suite has 2 failures.
    not_done | The suite has 2 failures. | count 2
The build is not clean.
    not_done | The build is not clean.
Lint is not clean yet.
    not_done | Lint is not clean yet.
I decided not to remove `old.py`.
    not_done | I decided not to remove old.py. | paths old.py
I did not delete anything.
    not_done | I did not delete anything.
Instead of deleting `old.py`, I renamed it to `new.py`.
    file_changed | I renamed it to new.py. | paths new.py
The `delete` command was added.
    code_added | The delete command was added. | names delete
Added a command that removes files.
    code_added | Added a command that removes files.
Added a check that all tests pass.
    tests_added | Added a check that all tests pass.
Added a test that fails when the file is missing.
    tests_added | Added a test that fails
I added code that commits and pushes the changes.
    code_added | I added code that commits and pushes the changes.
Fixed a bug where the tests passed although nothing ran.
    bug_fixed | Fixed a bug where the tests passed
Fixed: tests that were never executed
    bug_fixed | Fixed: tests that were never executed
"""

NO_CLAIMS = """
if the tests pass, I commit
You said all tests pass
Run `pytest` to check that all tests pass
The function returns when all tests pass
Done!
Everything works.
I will commit and push tomorrow.
I pushed the values onto the stack.
Nothing else was changed.
See commit abc1234.
No other files were changed.
I left the TODO in place.
I am committed to improving this.
The transaction is committed.
I will add a test tomorrow.
Next, I'll commit and push.
Should I push this?
Do you want me to commit the changes?
Let me run the tests.
If the tests pass, I will commit.
Once the tests pass, push the branch.
All tests should pass.
I believe all tests pass.
I believe all tests pass and the build is clean.
The tests probably pass.
You said all tests pass.
The user reported that the build is clean.
According to the README, all tests pass.
The README says `npm test` passes.
Run `pytest` to check that all tests pass.
You can run `npm run build` to build it.
Make sure that all tests pass before you merge.
To verify, run `make test`.
The function returns when all tests pass.
The CI job runs when a commit is pushed.
A commit is created when you save.
The file is created on first start.
Entries are removed after 10 minutes.
The cache is deleted when the server stops.
The hook checks that all tests pass.
The script commits and pushes the changes.
It prints "all tests pass".
The error message says "file deleted".
We need to add tests for the parser.
I want to refactor `parse()`.
I'm going to remove `old.py`.
I am running the tests now.
Still working on task 3.
In the previous session all tests passed.
Before my change, all tests passed.
The tests were passing before.
I tried to push, but the remote refused.
It works.
Great!
Here's a summary of the changes made:
What was changed:
The parser now supports comments.
Errors are now returned as JSON.
I looked at `app.py` and `lib.py`.
I read the docs and checked the config.
I reviewed the changes in `src/app.py`.
The plan is complete when all boxes are ticked.
Would you like me to open a PR?
Feel free to push it.
Please commit the changes.
To deploy, push to main.
Add tests for the parser.
Fix the build.
Commit and push when ready.
- [ ] Add multiply
TODO: add tests
Next steps: push to origin/main
The fix was already in place.
All tests pass if you set PYTHONPATH.
Tests pass only if redis is running.
I think everything is committed.
The task is to fix all failing tests.
I removed the test image afterwards.
The worktree and the merged branch were removed.
removed the build folder
The test itself is unchanged apart from the new name and import path.
Your goal: all tests pass
The acceptance criteria: all tests pass
The limit is 30 requests per minute.
It retries up to 5 times.
The default timeout is 30 seconds.
The function takes 3 arguments.
Each test file is created by the generator.
I have not decided whether to push.
The tests cover the parser.
These tests verify that entries are removed.
The test checks that a file is created.
When a file is deleted, the index is updated.
`add()` returns the sum of a and b.
The endpoint responds in under 200 ms if the cache is warm.
I'd suggest adding tests.
You may want to commit this.
I could have pushed, but waited.
It would be better to remove `old.py`.
The design was approved and completed by the team.
The committed version differs.
The pushed commit is old.
The fixed width font is ugly.
Completed items are shown in green.
Closed issues are hidden.
Set `API_KEY` in your environment.
Install the dependencies with `npm install`.
Option A: removed the flag; Option B: kept it.
It fails if the file is missing.
The parser fails fast on bad input.
The tests would pass if redis were running.
I have verified the change manually, but there are no tests.
No tests exist for this module.
Please run the tests before merging.
You should run `npm test` to confirm that everything passes.
I recommend committing this.
TODO: remove `old.py`.
I plan to remove `old.py` later.
`old.py` can be removed now.
`old.py` should be deleted.
The file `old.py` was supposed to be deleted.
The user committed everything.
Your commit abc1234 broke the tests.
Commit abc1234 introduced the bug.
The bug was introduced in commit abc1234.
This reverts commit abc1234.
The previous agent said all tests pass.
The log says "all tests pass".
My goal was that all tests pass.
The task was to create docs/guide.md.
The issue asks for a `--json` flag.
The spec requires that all tests pass.
To create docs/guide.md, run `make docs`.
If you run `make docs`, docs/guide.md is created.
`make docs` creates docs/guide.md.
The script deletes old.py when it runs.
After the merge, old.py will be deleted.
"""
