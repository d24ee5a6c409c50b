"""A JupyterHub on this machine, with a student and an instructor; the row JupyterHub of docs/machines.md.

    python -m tests.campaigns.hub

The hub and what students install lie in one new environment. A student's server is started through the hub's API, the
notebook of chapter 0 is opened in it, run as it was released, solved, run again and saved, over the REST interface and
the websocket that JupyterLab uses. In a terminal of the instructor's server the doctor runs, and `make grade` grades what
the student saved and a student who did everything in all chapters.

As root both have an account: `/etc/passwd` is another one in the hub's mount namespace, and this machine's stays as it is.
Otherwise both use the account that this runs under.
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import requests
import websocket

from autograder.course.release import chapter_notebook
from autograder.course.source import ROOT, chapters
from tests.campaigns.machines import PLACE, STUDENT, last_line, pythons, write

ENVIRONMENT = PLACE / "hub"
PROXY = PLACE / "hub-proxy"
CHAPTER = "ch00_sequences"
STUDENT_USER, INSTRUCTOR = "student", "instructor"
_UID = 20001
_SECONDS = 300.0
_GRADING_SECONDS = 3600.0


class Failed(Exception):
    """Something does not work; the message says what."""


# --- what is installed


def base_python() -> str:
    """A Python that other users may start too: none below a folder that is closed to them."""
    for python in [os.path.realpath(sys.executable), *pythons()]:
        real = Path(os.path.realpath(python))
        if os.geteuid() != 0 or all(p.stat().st_mode & 0o001 for p in real.parents):
            return str(python)
    raise Failed("every Python here lies in a folder that is closed to other users")


def install() -> None:
    """Make the environment of the hub and of those who use it, and its proxy.

    Raises:
        Failed: a command failed; the message has its last words.
    """
    if shutil.which("npm") is None:
        raise Failed("npm is not installed, and JupyterHub's proxy comes by it")
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        _do(base_python(), "-m", "venv", str(ENVIRONMENT))
    _do(
        *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--constraint", "requirements.lock"),
        *("jupyterhub", "./assignments/seqlab[notebooks]", "./datasets"),
    )
    _do("npm", "install", "--silent", "--prefix", str(PROXY), "configurable-http-proxy@5")


def _do(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command[:5])}: {last_line(done)}")


# --- the hub


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)
        ]
        return [each.getsockname()[1] for each in sockets]


_CONFIG = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = ["{proxy}/node_modules/.bin/configurable-http-proxy"]
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = {users}
c.JupyterHub.spawner_class = "{spawner}"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/home/{{username}}"
c.Spawner.cmd = ["{environment}/bin/jupyterhub-singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.start_timeout = c.Spawner.http_timeout = {seconds}
c.JupyterHub.services = [{{"name": "campaign", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{
        "name": "campaign",
        "scopes": ["admin:users", "admin:servers", "access:servers", "shutdown"],
        "services": ["campaign"],
    }}
]
"""


@dataclass(frozen=True)
class Hub:
    """A hub that runs: its address, and who may do everything there."""

    address: str
    token: str

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to the hub or through it to a server.

        Raises:
            Failed: the answer is an error.
        """
        headers = {"Authorization": f"token {self.token}"}
        answer = requests.request(
            method, self.address + path, headers=headers, timeout=_SECONDS, **options
        )
        if not answer.ok:
            raise Failed(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json() if answer.content else None

    @contextlib.contextmanager
    def socket(self, path: str) -> Iterator[websocket.WebSocket]:
        """A websocket to a server."""
        opened = websocket.create_connection(
            self.address.replace("http", "ws", 1) + path,
            header={"Authorization": f"token {self.token}"},
            timeout=_SECONDS,
        )
        try:
            yield opened
        finally:
            opened.close()

    def start_server(self, user: str) -> None:
        """Start a user's server; return when it answers.

        Raises:
            Failed: it does not start.
        """
        self.ask("POST", f"/hub/api/users/{user}/server")
        address = f"{self.address}/hub/api/users/{user}/server/progress"
        headers = {"Authorization": f"token {self.token}"}
        with requests.get(address, headers=headers, timeout=_SECONDS, stream=True) as events:
            for line in events.iter_lines():
                event = json.loads(line.removeprefix(b"data:")) if line.startswith(b"data:") else {}
                if event.get("ready"):
                    return
                if event.get("failed"):
                    raise Failed(f"the server of {user}: {event.get('message')}")
        raise Failed(f"the server of {user} does not start")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Hub]:
    """Run a hub whose files lie in a folder; users have their homes in `home` there."""
    public, hub, api = _free_ports(3)
    token = secrets.token_hex(16)
    own_accounts = os.geteuid() == 0
    users = {STUDENT_USER: _UID if own_accounts else os.geteuid(), INSTRUCTOR: os.geteuid()}
    folder.chmod(0o711)
    config = folder / "jupyterhub_config.py"
    config.write_text(
        _CONFIG.format(
            public=public,
            hub=hub,
            api=api,
            folder=folder,
            proxy=PROXY,
            users=set(users),
            environment=ENVIRONMENT,
            seconds=int(_SECONDS),
            token=token,
            spawner="localprocess" if own_accounts else "simple",
        )
    )
    config.chmod(0o600)
    accounts, groups = "", ""
    for user, uid in users.items():
        home = folder / "home" / user
        home.mkdir(parents=True, mode=0o711)
        home.chmod(0o700)
        os.chown(home, uid, -1 if not own_accounts else uid)
        accounts += f"{user}:x:{uid}:{uid}::{home}:/bin/bash\n"
        groups += f"{user}:x:{uid}:\n"
    command = [str(ENVIRONMENT / "bin" / "jupyterhub"), "--config", str(config)]
    if own_accounts:
        command = [*_with_accounts(folder, accounts, groups), *command]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    started = threading.Event()
    reader = threading.Thread(target=_keep, args=(process, folder / "hub.log", started))
    reader.start()
    try:
        if not started.wait(_SECONDS) or process.poll() is not None:
            raise Failed("the hub does not start")
        yield Hub(f"http://127.0.0.1:{public}", token)
    finally:
        _stop(process, Hub(f"http://127.0.0.1:{public}", token))
        reader.join()


def _stop(process: subprocess.Popen[str], hub: Hub) -> None:
    """Ask the hub to end its servers, its proxy and itself: what ended it alone would leave them behind."""
    try:
        hub.ask("POST", "/hub/api/shutdown", json={"proxy": True, "servers": True})
        process.wait(_SECONDS)
    except (Failed, requests.RequestException, subprocess.TimeoutExpired):
        process.terminate()
        process.wait()


def _keep(process: subprocess.Popen[str], path: Path, started: threading.Event) -> None:
    """Write down what the hub says, and tell when it is there or has ended."""
    assert process.stdout is not None
    with path.open("w", encoding="utf-8") as log:
        for line in process.stdout:
            log.write(line)
            log.flush()
            if "JupyterHub is now running" in line:
                started.set()
    started.set()


def _with_accounts(folder: Path, accounts: str, groups: str) -> list[str]:
    """The prefix for a command that finds further accounts on this machine."""
    command = ["bwrap", "--cap-add", "ALL", "--dev-bind", "/", "/"]
    for name, more in (("passwd", accounts), ("group", groups)):
        path = folder / name
        path.write_text(more + Path("/etc", name).read_text())  # of two with one number the first
        path.chmod(0o644)
        command += ["--ro-bind", str(path), f"/etc/{name}"]
    return [*command, "--die-with-parent", "--"]


# --- a student


def run_notebook(hub: Hub, user: str, path: str, notebook: Any) -> list[str]:
    """Run a notebook of a user in a kernel of its own, as JupyterLab does; what each code cell showed.

    A cell that raises does not stop the next one: a check that fails raises.
    """
    session = hub.ask(
        "POST",
        f"/user/{user}/api/sessions",
        json={"path": path, "name": "", "type": "notebook", "kernel": {"name": "python3"}},
    )
    kernel = session["kernel"]["id"]
    with hub.socket(f"/user/{user}/api/kernels/{kernel}/channels") as channel:
        shown = [_execute(channel, c.source) for c in notebook.cells if c.cell_type == "code"]
    hub.ask("DELETE", f"/user/{user}/api/sessions/{session['id']}")
    return shown


def _execute(channel: websocket.WebSocket, source: str) -> str:
    header = {
        "msg_id": uuid.uuid4().hex,
        "username": "",
        "session": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "version": "5.3",
    }
    content = {"code": source, "silent": False, "store_history": True, "stop_on_error": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    channel.send(json.dumps({**message, "channel": "shell", "buffers": []}))
    shown = ""
    while True:
        answer = json.loads(channel.recv())
        if answer.get("parent_header", {}).get("msg_id") != header["msg_id"]:
            continue
        kind, content = answer["msg_type"], answer["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return shown
        if kind == "stream":
            shown += content["text"]
        elif kind in ("display_data", "execute_result"):
            shown += content["data"].get("text/plain", "") + "\n"
        elif kind == "error":
            shown += f"{content['ename']}: {content['evalue']}\n"


def student_works(hub: Hub, home: Path) -> str:
    """Open chapter 0, check it unsolved and solved, and save it; what the checks said, in figures."""
    shutil.copytree(ROOT / "assignments" / CHAPTER, home / CHAPTER)
    for path in [home / CHAPTER, *(home / CHAPTER).rglob("*")]:
        os.chown(path, home.stat().st_uid, home.stat().st_gid)
    hub.start_server(STUDENT_USER)
    path = f"{CHAPTER}/{CHAPTER}.ipynb"
    place = f"/user/{STUDENT_USER}/api/contents/{path}"
    opened = nbformat.from_dict(hub.ask("GET", place)["content"])
    before = _right(run_notebook(hub, STUDENT_USER, path, opened))
    solved = {
        cell["metadata"].get("nbgrader", {}).get("grade_id"): cell["source"]
        for cell in chapter_notebook(chapters()[CHAPTER])["cells"]
    }
    for cell in opened.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution"):
            cell.source = solved[about["grade_id"]]
    hub.ask("PUT", place, json={"type": "notebook", "format": "json", "content": opened})
    after = _right(run_notebook(hub, STUDENT_USER, path, opened))
    wanted = sum(cell.source.startswith("%check") for cell in opened.cells)
    if before or after != wanted or wanted < len(chapters()[CHAPTER].functions):
        raise Failed(f"of {wanted} checks {before} pass before and {after} after")
    return f"{after} of {wanted} checks pass once solved"


def _right(shown: list[str]) -> int:
    return sum(len(re.findall(r"^✔ ", text, re.MULTILINE)) for text in shown)


# --- an instructor


def in_terminal(hub: Hub, command: str) -> tuple[int, str]:
    """Run a command in a terminal of the instructor's server; its status and what stood on the screen."""
    terminal = hub.ask("POST", f"/user/{INSTRUCTOR}/api/terminals")["name"]
    mark = uuid.uuid4().hex
    screen = ""
    with hub.socket(f"/user/{INSTRUCTOR}/terminals/websocket/{terminal}") as channel:
        channel.settimeout(_GRADING_SECONDS)
        # The mark is put together by the shell, so that the echo of the command does not hold it.
        typed = f'cd \'{ROOT}\' && {command}; echo "{mark[:16]}""{mark[16:]} $?"\r'
        channel.send(json.dumps(["stdin", typed]))
        while not (found := re.search(rf"{mark} (\d+)", screen)):
            kind, *data = json.loads(channel.recv())
            if kind == "stdout":
                screen += data[0]
            elif kind == "disconnect":
                raise Failed("the terminal was closed")
    hub.ask("DELETE", f"/user/{INSTRUCTOR}/api/terminals/{terminal}")
    return int(found[1]), screen[: found.start()]


def instructor_grades(hub: Hub, folder: Path) -> tuple[str, str, str]:
    """Run the doctor and grade in a terminal; the doctor's verdict, what is weaker, and how many have full marks."""
    hub.start_server(INSTRUCTOR)
    environment = f"VENV='{os.path.relpath(sys.prefix, ROOT)}' NO_COLOR=1"
    status, screen = in_terminal(hub, f"make doctor {environment}")
    said = next((line.strip() for line in screen.splitlines() if line.startswith("level ")), "")
    if status != 0:
        raise Failed(f"make doctor: {said or screen.strip()[-200:]}")
    verdict, _, weaker = said.partition("; ")
    submitted, output = folder / "submitted", folder / "graded"
    status, screen = in_terminal(
        hub, f"make grade {environment} SUBMISSIONS='{submitted}' OUTPUT='{output}'"
    )
    try:
        with open(output / "grades.csv", encoding="utf-8", newline="") as file:
            grades = list(csv.DictReader(file))
    except OSError as error:
        raise Failed(f"make grade: {screen.strip()[-200:]}") from error
    full = {(g["student"], g["chapter"]) for g in grades if g["score"] == g["max_score"]}
    if (STUDENT_USER, CHAPTER) not in full:
        raise Failed("what the student saved has not full marks")
    course = chapters()
    marks = f"{sum((STUDENT, name) in full for name in course)} of {len(course)}"
    return verdict.replace(": graded code is held", ", held"), weaker.partition(": ")[2], marks


def main() -> int:
    """Try it and write the row; 1 where something does not work."""
    today = datetime.date.today().isoformat()
    cells = {"set-up": "ok", "doctor": "", "marks": "", "tests": "", "weaker": ""}
    failed = True
    with tempfile.TemporaryDirectory(prefix="hub-") as scratch:
        folder = Path(scratch)
        step = "set-up"
        try:
            install()
            step = "tests"
            with running(folder) as hub:
                cells["tests"] = student_works(hub, folder / "home" / STUDENT_USER)
                step = "doctor"
                sample = folder / "sample"
                _do(sys.executable, "-m", "autograder.sample_class", str(sample))
                shutil.copytree(sample / STUDENT, folder / "submitted" / STUDENT)
                shutil.copytree(
                    folder / "home" / STUDENT_USER / CHAPTER,
                    folder / "submitted" / STUDENT_USER / CHAPTER,
                    ignore=shutil.ignore_patterns(".*"),
                )
                cells["doctor"], cells["weaker"], cells["marks"] = instructor_grades(hub, folder)
            failed = not cells["marks"].startswith(f"{len(chapters())} ")
        except (Failed, requests.RequestException, websocket.WebSocketException) as error:
            cells[step] = f"**failed**: {' '.join(str(error).split())[:300]}"
            if (log := folder / "hub.log").exists():
                print(log.read_text(errors="replace")[-3000:], file=sys.stderr)
    version = ".".join(map(str, sys.version_info[:3]))
    asked = subprocess.run(
        [ENVIRONMENT / "bin" / "jupyterhub", "--version"], capture_output=True, text=True
    )
    torch = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.__version__)"],
        capture_output=True,
        text=True,
    )
    name = f"JupyterHub {asked.stdout.strip()}".strip()
    row = [name, version, torch.stdout.strip() or "none", *cells.values(), today]
    print(" | ".join(row))
    write([row])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
