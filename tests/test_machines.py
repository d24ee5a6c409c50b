"""The tables that the campaigns write, and the workflows that run them."""

from __future__ import annotations

import http.server
import re
import subprocess
import sys
import threading
from contextlib import nullcontext

import pytest
import yaml

from autograder.course.source import ROOT
from tests.campaigns import machines, nightly

WORKFLOWS = ROOT / ".github" / "workflows"
ROW = ["as it is", "3.12.1", "none", "ok", "level A, held", "1 of 10, 9 refused", "3 passed", "", "2026-01-01"]  # fmt: skip


def _table(page):
    lines = [line for line in page.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_a_row_takes_the_place_of_the_one_before(tmp_path):
    page = tmp_path / "machines.md"
    other = ["no bubblewrap", *ROW[1:]]
    newer_python = [ROW[0], "3.13.0", *ROW[2:]]
    machines.write([newer_python, other, ROW], page)
    assert _table(page) == [ROW, newer_python, other]
    again = [*ROW[:4], "**level C | nothing held**", *ROW[5:]]
    machines.write([again], page)
    assert _table(page)[0][4] == "**level C / nothing held**" and len(_table(page)) == 3


def test_the_page_is_a_table_of_trials():
    rows = _table(machines.PAGE)
    assert len(rows) > 1 and all(len(row) == len(ROW) for row in rows)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", row[-1]) for row in rows)


def test_kinds_have_names_of_their_own():
    names = [kind.name for kind in machines.kinds()]
    assert len(set(names)) == len(names) >= 3


def test_a_command_runs_on_every_kind_that_works():
    """What it prints and its status come back; a machine that cannot imitate another is noticed."""
    working = [kind for kind in machines.kinds() if machines.works(kind)]
    assert working[0].name == "as it is"
    for kind in working:
        with kind.prefix() as prefix:
            done = subprocess.run([*prefix, "sh", "-c", "echo there; exit 3"], capture_output=True)
        assert (done.stdout, done.returncode) == (b"there\n", 3), (kind.name, done.stderr)
    assert not machines.works(machines.Kind("x", lambda: nullcontext(["false"])))
    assert not machines.works(machines.Kind("x", lambda: nullcontext(["/there/is/none"])))


def test_a_proxy_is_the_only_way_out():
    """A page of this machine comes through the proxy, and by no other way."""
    behind = [kind for kind in machines.kinds() if kind.name == "behind a proxy"]
    if not behind or not machines.works(behind[0]):
        pytest.skip("this machine makes no network namespace")
    code = """
import sys, urllib.error, urllib.request as r
direct = r.build_opener(r.ProxyHandler({}))
try:
    direct.open(sys.argv[1], timeout=20)
except OSError:
    print("not direct")
with r.urlopen(sys.argv[1], timeout=20) as page:
    print(len(page.read()))
try:
    r.urlopen("http://127.0.0.1:1/", timeout=20)
except urllib.error.HTTPError as error:
    print(error.code)
"""
    page = bytes(300_000)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/page?a=1"
        with behind[0].prefix() as prefix:
            done = subprocess.run(
                [*prefix, sys.executable, "-c", code, address], capture_output=True, text=True
            )
        server.shutdown()
    assert done.stdout.splitlines() == ["not direct", str(len(page)), "502"], done.stderr


def test_the_root_folder_of_a_distribution_has_its_name(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "os-release").write_text('NAME="X"\nPRETTY_NAME="Example Linux 9"\n')
    kind = machines.other_root(tmp_path)
    assert kind.name == "root folder of Example Linux 9"
    assert not machines.works(kind)  # it holds no program


def test_pythons_are_found():
    found = machines.pythons()
    assert found and all(re.search(r"python", path) for path in found)


def test_minutes_are_noted():
    text = f"before\n{nightly.BEGIN}\n{nightly.END}\nafter\n"
    first = nightly.noted(text, {"lint": 1.26}, "2026-01-01")
    assert "| `lint` | every change | 1.3, 2026-01-01 |" in first
    assert "| `load` | nightly | not measured |" in first
    second = nightly.noted(first, {"load": 61.0}, "2026-02-01")
    assert "| `lint` | every change | 1.3, 2026-01-01 |" in second
    assert "| `load` | nightly | 61.0, 2026-02-01 |" in second
    assert second.startswith("before\n") and second.endswith("\nafter\n")
    assert nightly.noted(second, {}, "") == second
    with pytest.raises(ValueError):
        nightly.noted("nothing here", {}, "")


def test_a_part_that_fails_is_not_noted(monkeypatch, tmp_path, capsys):
    page = tmp_path / "ci.md"
    page.write_text(f"{nightly.BEGIN}\n{nightly.END}\n")
    (tmp_path / "Makefile").write_text("lint:\n\t@true\nload:\n\t@false\n")
    monkeypatch.setattr(nightly, "ROOT", tmp_path)
    monkeypatch.setattr(nightly, "PAGE", page)
    assert nightly.main(["lint", "load"]) == 1
    assert "1 of 2 parts passed; failed: load" in capsys.readouterr().out
    assert re.search(r"`lint` \| every change \| \d", page.read_text())
    assert "`load` | nightly | not measured" in page.read_text()
    assert nightly.main(["there-is-no-such-part"]) == 2


def test_every_part_is_a_target():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for part in (*nightly.EVERY_CHANGE, *nightly.NIGHTLY):
        assert nightly._TARGETS.get(part, (part,))[0] in targets


def test_the_pages_say_what_every_change_runs():
    """The script, the table of minutes and the README name the same parts."""
    made = re.findall(
        r"^ *(?:([A-Z_]+=\d+) )?make ([a-z-]+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE
    )
    wanted = [nightly._TARGETS.get(part, (part, "")) for part in nightly.EVERY_CHANGE]
    assert made == [(setting, target) for target, setting in wanted]
    page = nightly.PAGE.read_text()
    assert nightly.noted(page, {}, "") == page  # every part has a row, in its place
    readme = (ROOT / "README.md").read_text()
    [listed] = re.findall(
        r"`\.ci/run` is what every change has to pass.*?\n\n\|.*?\n\n", readme, re.DOTALL
    )
    assert set(re.findall(r"`make ([a-z-]+)`", listed)) == set(nightly.EVERY_CHANGE)


def test_the_workflows():
    for name in ("tests.yml", "nightly.yml"):
        workflow = yaml.load((WORKFLOWS / name).read_text(), yaml.BaseLoader)
        assert workflow["permissions"] == {"contents": "read"}
        assert "pull_request" not in workflow["on"]  # code of a fork never starts it
        (job,) = workflow["jobs"].values()
        assert int(job["timeout-minutes"]) <= 360
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step["name"]
        pins = {step["uses"] for step in job["steps"] if "uses" in step}
        known = (WORKFLOWS / "grade.yml").read_text()
        assert all(pin in known for pin in pins)
    assert job["strategy"]["matrix"]["part"] == list(nightly.NIGHTLY)
    tests = yaml.load((WORKFLOWS / "tests.yml").read_text(), yaml.BaseLoader)["jobs"]["tests"]
    assert tests["strategy"]["matrix"]["python"] == list(machines.VERSIONS)
