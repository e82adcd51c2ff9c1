"""Commands that test, check and build, by the files that say a project uses them.

What is listed is allowed with any arguments. The first list of an ecosystem is allowed everywhere, since a
night may begin with an empty folder; the second only where one of its files lies. Words in brackets are
alternatives; `=` stands before what is allowed without arguments only.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

# name; files of the top folder that show it (patterns); commands everywhere; commands where it is used
_TABLE = """
Python | pyproject.toml setup.py setup.cfg tox.ini noxfile.py pytest.ini requirements*.txt Pipfile *.py
 | pytest, py.test, (python python3) -m (pytest unittest), tox, nox, ruff (check format), mypy,
   (python3.9 python3.10 python3.11 python3.12 python3.13 python3.14) -m (pytest unittest), (python
   python3) (-B -X* -W*) -m pytest*, (python python3) (test tests)/test*, =python --version, =python3
   --version, (pip pip3) (list show check)
 | ruff, black, isort, flake8, pylint, pyright, basedpyright, ty check, pyflakes, pycodestyle,
   pydocstyle, bandit, vulture, pyupgrade, autopep8, yapf, interrogate, codespell, coverage (run report
   xml html combine erase json), pre-commit run, nose2, behave, mypy, stubtest, lint-imports,
   slotscheck, sphinx-build, mkdocs build, maturin develop, cython, (python python3) -m (mypy ruff black
   isort flake8 pylint coverage tox nox compileall py_compile doctest build nose2 behave), (python
   python3) setup.py (test build build_ext check), (python python3) manage.py (test check makemigrations
   showmigrations), (hatch) (test fmt), (hatch run rye) (test lint fmt), pdm (test lint), poe test,
   invoke test, flask routes, (python python3) -m pip (list show check)
Python with uv | uv.lock
 |
 | uv run (pytest ruff mypy pyright tox nox coverage black), uv run (python python3) -m (pytest unittest
   mypy coverage), uv lock --check
Python with Poetry | poetry.lock
 |
 | poetry run (pytest ruff mypy pyright tox nox coverage black), poetry run (python python3) -m (pytest
   unittest mypy coverage), poetry check
Python with PDM | pdm.lock
 |
 | pdm run (pytest ruff mypy pyright tox nox coverage black), pdm run (python python3) -m (pytest
   unittest mypy coverage)
Python with Pipenv | Pipfile
 |
 | pipenv run (pytest ruff mypy pyright tox nox coverage black), pipenv run (python python3) -m (pytest
   unittest mypy coverage)
Node | package.json *.js *.ts *.mjs *.cjs *.tsx *.jsx
 | npm test, npm t, (npm pnpm) run (test lint build typecheck check format), (yarn pnpm) (test lint
   build typecheck), bun test, node --test, node --check, =(node npm
   yarn pnpm) (-v --version)
 | npm run (compile fmt types type-check tsc unit coverage), yarn run (test lint build typecheck), yarn
   workspace * (test lint build typecheck)*, pnpm (--filter -F) * (test lint build typecheck)*, pnpm (-r -w)
   (test lint build), pnpm -r run (test lint build), bun
   run (test lint build typecheck), tsc, eslint, prettier, jest, vitest, mocha, npm ls, npm run-script
   (test lint build)
Deno | deno.json deno.jsonc
 |
 | deno (test lint fmt check bench doc), deno task (test lint check fmt build)
Rust | Cargo.toml *.rs
 | cargo (test check build clippy fmt)
 | cargo (bench doc run nextest tree metadata clean llvm-cov t c b miri), cargo (+nightly +stable) (test
   build check clippy fmt miri), cargo -q (test build check clippy), rustfmt, (rustc cargo) --version
Go | go.mod go.work *.go
 | go (test build vet fmt), gofmt
 | go (list doc version generate), go tool cover, =go env, go mod verify, golangci-lint run, staticcheck,
   gofumpt, goimports, gotestsum,
   go run ., go run ./*, go run *.go, ginkgo
Make | Makefile makefile GNUmakefile
 | make (test tests check lint), =make
 | make (all build format fmt typecheck unit coverage docs)
just | justfile Justfile .justfile
 |
 | just (test lint check build fmt format typecheck), just --list, just -l
Task | Taskfile.yml Taskfile.yaml
 |
 | task (test lint check build fmt)
CMake and C | CMakeLists.txt meson.build configure.ac configure WORKSPACE MODULE.bazel *.c *.cpp *.h
 | ctest, cmake --build
 | cmake (-S -B -G -D* .. .), ninja, meson (setup compile test), clang-format, clang-tidy, cppcheck,
   cmake --preset, make -C build, bazel (build test query), gcc, g++, clang, clang++, cc
Gradle | build.gradle build.gradle.kts settings.gradle settings.gradle.kts
 | ./gradlew (test check build)
 | (./gradlew gradle) (test check build assemble classes testClasses lint ktlintCheck ktlintFormat
   detekt spotlessCheck spotlessApply compileJava compileKotlin compileTestJava compileTestKotlin tasks
   dependencies clean), (./gradlew gradle) (--offline -q --console=plain --no-daemon) (test check build),
   (./gradlew gradle) *:(test* check* build* lint* compile* assemble*)
Maven | pom.xml
 | mvn (test verify compile), ./mvnw (test verify compile)
 | (mvn ./mvnw) (package test-compile checkstyle:check spotless:check clean), (mvn ./mvnw) (-q -B -o
   -ntp) (test verify compile package), (mvn ./mvnw) clean (test verify package compile), (mvn
   ./mvnw) (-pl -D -q -B) * (test verify package)*, (mvn ./mvnw) -D* (test verify package)*
Elixir | mix.exs
 |
 | mix (test format compile credo dialyzer), rebar3 (eunit ct compile dialyzer)
Ruby | Gemfile Rakefile *.gemspec *.rb
 |
 | rspec, rubocop, rake (test spec lint), bundle exec (rspec rubocop rake cucumber), (rails bin/rails
   ./bin/rails) test, bin/rspec, ./bin/rspec, bundle check, ruby -c, ruby -Itest, ruby -Ilib:test, =rake,
   =bundle exec rake, bundle exec (rails bin/rails) test, RAILS_ENV=test bundle exec (rspec rails),
   standardrb, bundle
   exec standardrb
.NET | *.sln *.slnx *.csproj *.fsproj global.json
 |
 | dotnet (test build format clean)
PHP | composer.json phpunit.xml phpunit.xml.dist *.php
 |
 | (vendor/bin ./vendor/bin)/(phpunit pest phpstan psalm phpcs php-cs-fixer pint), phpunit, composer
   (test lint validate), php artisan test, php -l
Swift | Package.swift *.xcodeproj
 |
 | swift (test build), swiftlint, swiftformat, xcodebuild test
Dart | pubspec.yaml
 |
 | (dart flutter) (test analyze), dart format, flutter build
Scala, Clojure, Haskell | build.sbt project.clj deps.edn stack.yaml *.cabal
 |
 | sbt (test compile testOnly scalafmtCheck), lein (test check), clj -M:test, clojure -M:test, stack
   (test build), cabal (test build)
Zig, Nim, OCaml, Elm | build.zig *.zig *.nim dune-project elm.json
 |
 | zig (build test fmt), nim check, nimble test, dune (build test runtest fmt), elm-test, elm make
Shell | *.sh *.bats
 | shellcheck
 | bats, shfmt, bash -n, sh -n
Other | .pre-commit-config.yaml *.tf *.md .markdownlint.json
 |
 | pre-commit run, terraform (fmt validate), markdownlint, yamllint, hadolint
"""

_READING = """
cd, sort, uniq, cut, tr, diff, cmp, comm, true, false, test, [, date, basename, dirname, realpath, readlink,
stat, file, du, df, tree, jq, seq, sleep, ps, nl, column, fold, md5sum, sha256sum, cksum, command -v, which,
type, printf, wait, chmod +x, chmod u+x, nproc, uname, whoami, hostname
"""
"""They read, or change a flag; the CLI itself keeps them within the project."""
_SHELL = "=set -e, =set -eu, =set -euo pipefail, =set -o pipefail, =set -x, =set -ex"
_GIT = """
git (status diff log show add commit branch blame ls-files ls-tree rev-parse rev-list describe shortlog
check-ignore merge-base name-rev reflog cat-file mv rm restore checkout switch tag reset revert cherry-pick
merge apply notes count-objects cherry range-diff whatchanged var), git stash (list show),
git worktree list, git config --get, git remote -v, git --no-pager (diff log show status), git submodule status
"""


class Ecosystem(Struct, frozen=True):
    """The files that show it, and beginnings of its commands: everywhere, and where it is used."""

    name: str
    files: tuple[str, ...]
    everywhere: tuple[str, ...]
    used: tuple[str, ...]


@lru_cache(maxsize=1)
def ecosystems() -> tuple[Ecosystem, ...]:
    """All that are known."""
    found = []
    for row in _TABLE.strip().replace("\n ", " ").splitlines():
        name, files, everywhere, used = (part.strip() for part in row.split("|"))
        lists = beginnings(everywhere), beginnings(used)
        found.append(Ecosystem(name, tuple(files.split()), *lists))
    return tuple(found)


def common_commands() -> tuple[str, ...]:
    """Beginnings that are allowed in every project: reading, and git as far as it stays in this repository."""
    return (*beginnings(_READING), *beginnings(_SHELL), *beginnings(_GIT))


def beginnings(text: str) -> tuple[str, ...]:
    """The commands of a list, alternatives written out."""
    found: dict[str, None] = {}
    for row in text.split(","):
        found.update(dict.fromkeys(_written_out(" ".join(row.split()))))
    return tuple(command for command in found if command)


def _written_out(text: str) -> Iterator[str]:
    before, bracket, rest = text.partition("(")
    if not bracket:
        yield text
        return
    inside, _, after = rest.partition(")")
    for one in inside.split():
        for more in _written_out(after):
            yield before + one + more
