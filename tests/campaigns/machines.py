"""Set up, examine, grade and test as on the machines that people have, and write the table in docs/machines.md.

    python -m tests.campaigns.machines --pythons          every Python that is installed, as the machine is
    python -m tests.campaigns.machines --kinds            this Python on other kinds of machine, which are imitated
    python -m tests.campaigns.machines --cuda             PyTorch's usual build, with CUDA
    python -m tests.campaigns.machines --root DIR --python /usr/bin/python3.14
                                                          another distribution, whose files lie in DIR

Grading is of a made-up student who did everything in all ten chapters, and must give full marks. A row of the table is
replaced when its machine is tried again; the others stay.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.source import ROOT, chapters
from install import CHOICES
from tests.campaigns.attacks.machines import without_user_namespaces

PAGE = ROOT / "docs" / "machines.md"
PLACE = ROOT / "build" / "machines"
STUDENT = "ada"
TESTS = ("tests/test_engine.py", "tests/test_wire.py", "tests/test_installed.py")
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SECONDS = 3600
_HEADER = "| machine | Python | PyTorch | set-up | doctor | chapters with full marks | tests | weaker there | tried |"
_TEXT = """# Which machines it was tried on

Each row is a run of `make setup`, `make doctor`, `make grade` (a student who did everything, ten chapters) and a part of
`make test`. `make test-pythons` writes the rows of the installed Pythons, `make try-cuda` those of PyTorch's build for
CUDA, `make machines` those of other kinds of machine, which it imitates on the one it runs on: by namespaces, by fewer
capabilities and by a control group. Behind a proxy means: in a network namespace of its own, where nothing but the proxy
can be reached, with a new environment and without pip's cache. A root folder of a distribution is its files on this
machine's kernel: `python -m tests.campaigns.machines --root DIR --python /usr/bin/python3.14`. `make hub` writes the row of
JupyterHub, and there "tests" are a student's checks.

{table}

Where PyTorch is `none`, a chapter whose tests need it is refused with a sentence and has no score; see the README. A kind
of machine without a row was not tried to its end. Not tried at all: a GPU, which the sandbox hides in any case, and
container engines themselves.
"""


@dataclass(frozen=True)
class Kind:
    """A kind of machine.

    Attributes:
        name: in the table.
        prefix: makes what a command is run within.
        variables: its environment beside the usual one.
        place: the name of a copy of the course; empty where it is this one.
        own: a new environment each time, for the set-up is what is of interest.
    """

    name: str
    prefix: Callable[[], AbstractContextManager[Sequence[str]]] = lambda: nullcontext([])
    variables: dict[str, str] = field(default_factory=dict)
    place: str = ""
    own: bool = False


def _mounted(*arguments: str) -> Callable[[], AbstractContextManager[Sequence[str]]]:
    own = ["--cap-add", "ALL"] if os.geteuid() == 0 else []
    return lambda: nullcontext(
        ["bwrap", *own, "--dev-bind", "/", "/", *arguments, "--die-with-parent", "--"]
    )


# What container engines leave to root.
_CAPABILITIES = (
    *("chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap"),
    *("net_bind_service", "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap"),
)


def _in_container() -> list[str]:
    kept = ",".join(f"+{name}" for name in _CAPABILITIES)
    return [
        *("unshare", "--pid", "--ipc", "--uts", "--fork", "--mount-proc", "--kill-child"),
        *("setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all", "--no-new-privs", "--"),
    ]


@contextmanager
def _few_tasks() -> Iterator[Sequence[str]]:
    """A container with 500 tasks and one processor, by a control group of either version."""
    root = Path("/sys/fs/cgroup")
    name = f"course-{os.getpid()}"
    second = (root / "cgroup.controllers").exists()
    bounds = {"pids": {"pids.max": "500"}, "cpu": {"cpu.max": "100000 100000"}}
    if not second:
        bounds["cpu"] = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "100000"}
    made: list[Path] = []
    try:
        for controller, files in bounds.items():
            folder = root / name if second else root / controller / name
            if folder not in made:
                folder.mkdir()
                made.append(folder)
            for file, value in files.items():
                (folder / file).write_text(value)
        joining = "; ".join(f"echo $$ > {folder}/cgroup.procs" for folder in made)
        yield ["bash", "-c", f'{joining}; exec "$@"', "bash", *_in_container()]
    finally:
        for folder in made:
            folder.rmdir()


@contextmanager
def _behind_proxy() -> Iterator[Sequence[str]]:
    """A network namespace from which a proxy is the only way out."""
    with tempfile.TemporaryDirectory() as scratch:
        way = Path(scratch, "way")
        command = [sys.executable, "-m", "tests.campaigns.proxy", "serve", str(way)]
        served = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        try:
            assert served.stdout is not None
            if not served.stdout.readline():
                raise OSError("the proxy does not start")
            yield [
                *("unshare", "--net", "env", f"PYTHONPATH={ROOT}"),
                *(sys.executable, "-m", "tests.campaigns.proxy", "within", str(way), "--"),
            ]
        finally:
            served.terminate()
            served.wait()


def other_root(folder: Path) -> Kind:
    """A machine with the files of another distribution, which lie in a folder, and this one's kernel and user."""
    about = dict(
        line.split("=", 1)
        for line in (folder / "etc/os-release").read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    name = about["PRETTY_NAME"].strip('"')
    shown = [str(ROOT), "/tmp", "/dev/shm"]
    # How pip reaches its index, and whom it trusts.
    found = [
        "/etc/resolv.conf",
        "/etc/hosts",
        "/etc/pip.conf",
        "/etc/xdg/pip",
        str(Path.home() / ".config/pip"),
    ]
    found += ["/etc/ssl/certs", *os.environ.get("PIP_FIND_LINKS", "").split()]
    command = [
        "bwrap",
        "--cap-add",
        "ALL",
        "--bind",
        str(folder),
        "/",
        "--dev-bind",
        "/dev",
        "/dev",
    ]
    command += ["--proc", "/proc", "--bind", "/sys", "/sys"]
    for path in shown:
        command += ["--bind", path, path]
    for path in filter(os.path.exists, found):
        command += ["--ro-bind", path, path]
    command += ["--setenv", "PATH", "/usr/sbin:/usr/bin", "--die-with-parent", "--"]
    return Kind(f"root folder of {name}", lambda: nullcontext(command))


def kinds() -> list[Kind]:
    """The kinds of machine that this one might imitate; `works` says which it can."""
    found = [
        Kind("as it is"),
        Kind("a path with spaces and umlauts", place="Kurs für alle"),
    ]
    if program := shutil.which("bwrap"):
        home = str(Path.home())
        found += [
            Kind("no bubblewrap", _mounted("--ro-bind", "/dev/null", os.path.realpath(program))),
            Kind("no user namespaces", lambda: nullcontext(without_user_namespaces())),
            Kind("a home that is read-only", _mounted("--ro-bind", home, home)),
        ]
    if os.geteuid() == 0:
        found += [
            Kind(
                "behind a proxy",
                _behind_proxy,
                variables={"PIP_NO_CACHE_DIR": "1"},
                own=True,
            ),
            Kind("offline, after the first set-up", lambda: nullcontext(["unshare", "--net"])),
            Kind("a container, as root", lambda: nullcontext(_in_container())),
            Kind("a container with 500 tasks and one processor", _few_tasks),
        ]
    return found


def works(kind: Kind) -> bool:
    """Whether this machine can imitate that one: a container for instance may make no other."""
    try:
        with kind.prefix() as prefix:
            return subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


def pythons() -> list[str]:
    """The interpreters that are installed, the newest of each version and the system's own."""
    candidates = [Path(f"/usr/bin/python{version}") for version in VERSIONS]
    candidates += sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
    candidates += [Path(p) for v in VERSIONS if (p := shutil.which(f"python{v}"))]
    found: dict[str, str] = {}
    for candidate in candidates:
        code = "import platform, ensurepip; print(platform.python_version())"
        try:
            done = subprocess.run([candidate, "-c", code], capture_output=True, text=True)
        except OSError:
            continue
        version = done.stdout.strip()
        if version.rpartition(".")[0] in VERSIONS:
            found.setdefault(version, str(candidate))
    return [found[version] for version in sorted(found)]


@dataclass
class Trial:
    """One machine with one Python and one build of PyTorch."""

    kind: Kind
    python: str
    torch: str
    folder: Path  # of the course
    environment: Path
    prefix: Sequence[str] = ()

    def row(self) -> list[str]:
        """Try everything; the cells of the table."""
        with self.kind.prefix() as prefix, tempfile.TemporaryDirectory() as scratch:
            os.chmod(scratch, 0o777)
            self.prefix = prefix
            set_up = self._set_up()
            doctor, weaker = self._doctor()
            graded = self._grade(Path(scratch))
            tested = self._test(Path(scratch))
            installed = self._ask("torch.__version__", "none")
            version = self._ask("platform.python_version()", "?")
        today = datetime.date.today().isoformat()
        return [
            self.kind.name, version, installed, set_up, doctor, graded, tested, weaker, today,
        ]  # fmt: skip

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "NO_COLOR": "1", "TORCH": self.torch, **self.kind.variables}
        for name in ("MAKEFLAGS", "MAKELEVEL", "VENV", "PYTHON", "CHAPTER", "JOBS"):
            variables.pop(name, None)
        try:
            return subprocess.run(
                [*self.prefix, *command],
                cwd=self.folder,
                env=variables,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except OSError as error:  # a program that the set-up should have brought
            return subprocess.CompletedProcess(command, 127, "", str(error))

    def _make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(
            "make",
            f"VENV={os.path.relpath(self.environment, self.folder)}",
            f"PYTHON={self.python}",
            *arguments,
        )

    def _ask(self, expression: str, otherwise: str) -> str:
        code = f"import platform\ntry:\n    import torch\nexcept ImportError: pass\nprint({expression})"
        done = self._run(str(self.environment / "bin" / "python"), "-c", code)
        return done.stdout.strip() or otherwise

    def _set_up(self) -> str:
        for mark in self.environment.glob(".ready-*"):
            mark.unlink()  # done anew, as far as there is something to do
        done = self._make("setup")
        return "ok" if done.returncode == 0 else f"**failed**: {last_line(done)}"

    def _doctor(self) -> tuple[str, str]:
        done = self._make("doctor")
        said = next((line for line in done.stdout.splitlines() if line.startswith("level ")), "")
        verdict, _, rest = said.partition("; ")
        weaker = rest.partition(": ")[2] if "weaker: " in rest else rest
        if done.returncode != 0:
            return f"**{verdict or last_line(done)}**", weaker
        return verdict.replace(": graded code is held", ", held"), weaker

    def _grade(self, scratch: Path) -> str:
        submissions, output = scratch / "submitted", scratch / "graded"
        made = self._run(
            str(self.environment / "bin" / "python"), "-m", "autograder.sample_class", str(submissions)
        )  # fmt: skip
        if made.returncode != 0:
            return f"**failed**: {last_line(made)}"
        done = self._make("grade", f"SUBMISSIONS={submissions}", f"OUTPUT={output}", f"STUDENT={STUDENT}")  # fmt: skip
        try:
            with open(output / "grades.csv", encoding="utf-8", newline="") as file:
                grades = list(csv.DictReader(file))
        except OSError:
            return f"**failed**: {last_line(done)}"
        full = [
            g["chapter"] for g in grades if g["status"] == "graded" and g["score"] == g["max_score"]
        ]
        refused = [g for g in grades if g["status"] == "grader_error"]
        told = f"{len(full)} of {len(chapters())}"
        missing = len(chapters()) - len(full)
        if missing == len(refused) > 0 and self.torch == "none":
            return f"{told}, {missing} refused"
        return told if not missing else f"**{told}**"

    def _test(self, scratch: Path) -> str:
        python = str(self.environment / "bin" / "python")
        done = self._run(
            *(python, "-m", "pytest", "-q", "-p", "no:cacheprovider"), f"--basetemp={scratch}/tests", *TESTS
        )  # fmt: skip
        counts = re.findall(r"\d+ (?:passed|failed|skipped|errors?)", last_line(done))
        told = ", ".join(counts) or last_line(done)
        return told if done.returncode == 0 else f"**{told}**"


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line that a command printed, without the one that make adds."""
    lines = (done.stdout + done.stderr).strip().splitlines() or ["no word"]
    lines = [line for line in lines if not line.startswith("make: ***")] or lines
    return lines[-1][:200].replace("|", "/")


def trial(kind: Kind, python: str, torch: str) -> Trial:
    """Prepare the folder and the environment of a machine."""
    with kind.prefix() as prefix:
        asking = [*prefix, python, "-c", "import platform; print(platform.python_version())"]
        version = subprocess.run(asking, capture_output=True, text=True, check=True).stdout.strip()
    environment = PLACE / f"{version}-{torch}"
    if kind.own:
        environment = PLACE / kind.name.replace(" ", "-")
        shutil.rmtree(environment, ignore_errors=True)
    if not kind.place:
        return Trial(kind, python, torch, ROOT, environment)
    folder = PLACE / kind.place
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for path in filter(None, listed.split("\0")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    return Trial(kind, python, torch, folder, folder / ".venv")


def write(rows: Sequence[Sequence[str]], page: Path = PAGE) -> None:
    """Put rows into the page's table, in the place of those of the same machine, Python and PyTorch."""
    kept: dict[tuple[str, ...], list[str]] = {}
    if page.exists():
        for line in page.read_text(encoding="utf-8").splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if (
                line.startswith("| ")
                and len(cells) == _HEADER.count("|") - 1
                and cells[0] != "machine"
            ):
                kept[tuple(cells[:3])] = cells
    for row in rows:
        cells = [cell.replace("|", "/").replace("\n", " ") for cell in row]
        kept[tuple(cells[:3])] = cells
    order = {kind.name: place for place, kind in enumerate(kinds())}
    lines = [_HEADER, "|---" * (_HEADER.count("|") - 1) + "|"]
    for cells in sorted(kept.values(), key=lambda c: (order.get(c[0], 99), _numbers(c[1]), c[2])):
        lines.append(f"| {' | '.join(cells)} |")
    page.write_text(_TEXT.format(table="\n".join(lines)), encoding="utf-8")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def main() -> int:
    """Try what the command line asks for; 1 where anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.machines")
    parser.add_argument("--pythons", action="store_true")
    parser.add_argument("--kinds", action="store_true")
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument(
        "--root", type=Path, metavar="DIR", help="the files of another distribution"
    )
    parser.add_argument("--python", help="for --kinds this one unless given, for --cuda the newest")
    parser.add_argument("--torch", default="auto", choices=CHOICES)
    parser.add_argument("--only", action="append", default=[], help="kinds whose name holds this")
    options = parser.parse_args()
    base = options.python or (pythons()[-1] if options.cuda else sys.executable)
    if not options.root:
        base = os.path.realpath(base)
    wanted: list[tuple[Kind, str, str]] = []
    if options.pythons:
        wanted += [(Kind("as it is"), python, options.torch) for python in pythons()]
    if options.kinds:
        wanted += [(kind, base, options.torch) for kind in kinds() if kind.name != "as it is"]
    if options.root:
        wanted.append((other_root(options.root), base, options.torch))
    if options.cuda:
        wanted.append((Kind("as it is"), base, "cuda"))
    failed = 0
    for kind, python, torch in wanted:
        if options.only and not any(part in f"{kind.name} {python}" for part in options.only):
            continue
        if not works(kind):
            print(f"{kind.name}: cannot be imitated here", flush=True)
            continue
        PLACE.mkdir(parents=True, exist_ok=True)
        row = trial(kind, python, torch).row()
        if torch == "cuda" and "+cu" not in row[2]:
            row[2] = f"**{row[2]}, not the build for CUDA**"
        print(" | ".join(row), flush=True)
        write([row])
        failed += any("**" in cell for cell in row)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
