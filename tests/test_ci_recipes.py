"""The recipes for GitHub, GitLab and containers: what they may do, and their shell steps run as they are written.

What needs the service is imitated: a checkout is a copy, an expression has the value that the service would give it,
`sudo` and `apt-get` write down what they were asked for, and `make setup` finds an environment that is complete.
"""

from __future__ import annotations

import csv
import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from autograder.course.source import ROOT, chapters
from autograder.results import from_json
from autograder.sample_class import everything, fill
from tests import needs
from tests.imitated import copy_of_the_repository, environment, stand_ins

CHAPTER = "ch02_vanilla_rnn"
INSTRUCTOR = ROOT / ".github" / "workflows" / "grade.yml"
STUDENT = ROOT / "docs" / "ci" / "student-repository.yml"
GITLAB = ROOT / ".gitlab-ci.yml"
WORKFLOWS = [INSTRUCTOR, STUDENT]
ACTIONS = {"actions/checkout", "actions/setup-python", "actions/upload-artifact"}
DEPLOY_KEY = "${{ secrets.GRADER_DEPLOY_KEY }}"
SHELLS = {
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
}  # what GitHub makes of `shell: bash`
# make finds a complete environment, so these are the only commands that are kept from doing what they say.
STAND_INS = ("sudo", "apt-get")

EXPRESSIONS = {
    "${{ inputs.chapter }}": CHAPTER,
    "${{ inputs.student }}": "",
    "${{ vars.PIP_EXTRA_INDEX_URL }}": "",
    "${{ vars.GRADER_REPOSITORY }}": "school/sequences",
    "${{ vars.GRADER_REF || 'main' }}": "main",
    "${{ github.event.repository.name }}": "sequences-ada",
    "${{ github.ref }}": "refs/heads/main",
    "${{ !cancelled() }}": "true",
    DEPLOY_KEY: "the deploy key",
}


def load(path):
    recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in recipe.items()}  # YAML 1.1's `on`


def steps_of(path):
    [job] = load(path)["jobs"].values()
    return job["steps"]


def strings(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def valued(text):
    for expression, value in EXPRESSIONS.items():
        text = text.replace(expression, value)
    assert "${{" not in text, text
    return text


def run_step(step, workspace, env):
    """Run a step as GitHub runs it; return what it wrote to standard output."""
    script = workspace.parent / "step.sh"
    script.write_text(step["run"])
    ran = subprocess.run(
        [*SHELLS[step["shell"]], str(script)],
        cwd=workspace / step.get("working-directory", "."),
        env=env | {name: valued(value) for name, value in step.get("env", {}).items()},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, f"{step['name']}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def uploaded(step, workspace):
    """The files that the last step would keep."""
    paths = [workspace / line for line in step["with"]["path"].split()]
    assert all(path.exists() for path in paths), paths
    return {
        file.relative_to(workspace).as_posix()
        for path in paths
        for file in ([path] if path.is_file() else path.rglob("*"))
        if file.is_file()
    }


def notebook():
    chapter = chapters()[CHAPTER]
    return nbformat.writes(fill(chapter, everything(chapter))).encode()


def result_of(path):
    return from_json(path.read_bytes())


# --- what they may do -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_the_least_rights(path):
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert set(workflow["on"]) <= {"push", "workflow_dispatch"}  # code of a fork never starts it
    assert workflow["on"]["push"]["branches"]
    [job] = workflow["jobs"].values()
    assert "permissions" not in job
    assert job["timeout-minutes"] <= 120
    assert not job["runs-on"].startswith("self-hosted")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_and_say_which_version_it_is(path):
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    pinned = [re.fullmatch(r"([\w-]+/[\w-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used]
    assert all(pinned), used
    assert {match[1] for match in pinned} <= ACTIONS
    checkouts = [s for s in steps_of(path) if s.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_expression_is_pasted_into_a_shell(path):
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]
    assert all(step["shell"] == "bash" for step in steps_of(path) if "run" in step)


def test_both_workflows_use_the_same_versions():
    pins = [set(re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))) for path in WORKFLOWS]
    assert pins[0] == pins[1]


def test_the_instructors_recipes_need_no_secret():
    assert "secrets" not in INSTRUCTOR.read_text(encoding="utf-8")
    assert "github.token" not in INSTRUCTOR.read_text(encoding="utf-8")
    assert "TOKEN" not in GITLAB.read_text(encoding="utf-8")


def test_the_students_workflow_gives_the_key_to_one_step_and_before_the_submission_is_there():
    workflow = load(STUDENT)
    holders = [n for n, step in enumerate(steps_of(STUDENT)) if DEPLOY_KEY in list(strings(step))]
    assert holders == [0]
    first = steps_of(STUDENT)[0]
    assert first["with"]["ssh-key"] == DEPLOY_KEY
    assert first["with"]["persist-credentials"] is False  # removed when the step ends
    assert len([text for text in strings(workflow) if "secrets." in text]) == 1
    [job] = workflow["jobs"].values()
    assert job["environment"] == "grading"
    # An artifact of the student's repository can be read by the student: the grader must never be one.
    kept = steps_of(STUDENT)[-1]["with"]["path"].split()
    assert all(path.startswith("graded/") for path in kept)


def test_every_expression_is_one_that_is_imitated_here():
    for path in WORKFLOWS:
        for text in strings([load(path)["jobs"]]):
            valued(text)


# --- the shell steps, as they are written -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """A home and stand-ins for commands that would change this machine."""
    folder = tmp_path_factory.mktemp("services")
    record = stand_ins(folder / "bin", *STAND_INS)
    return environment(folder / "home", folder / "bin", NO_COLOR="1"), record


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The branch `submissions`: the repository, and two notebooks."""
    folder = copy_of_the_repository(tmp_path_factory.mktemp("checkout") / "workspace")
    for student, content in (("ada", notebook()), ("::error::x", b"{}")):
        place = folder / "submitted" / student / CHAPTER
        place.mkdir(parents=True)
        (place / f"{CHAPTER}.ipynb").write_bytes(content)
    return folder


def check_grades(folder):
    with (folder / "graded" / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"ada", "::error::x"}
    assert float(rows["ada"]["score"]) == 100.0
    assert rows["::error::x"]["status"] == "unreadable"


@needs.graded(CHAPTER)
def test_the_instructors_workflow(checkout, services):
    env, record = services
    record.write_text("")
    said = {
        step["name"]: run_step(step, checkout, env)
        for step in steps_of(INSTRUCTOR)
        if "run" in step
    }
    assert list(said) == [
        "Allow namespaces, for sandbox level A",
        "Install",
        "Try out the sandbox",
        "Grade",
    ]
    calls = record.read_text()
    assert "apt-get install -q --yes --no-install-recommends bubblewrap" in calls
    assert "kernel.apparmor_restrict_unprivileged_userns=0" in calls
    assert "Nothing to be done" in said["Install"]
    assert re.search(r"^level [AB]: graded code is held; ", said["Try out the sandbox"], re.M)
    check_grades(checkout)
    kept = uploaded(steps_of(INSTRUCTOR)[-1], checkout)
    assert {"graded/grades.csv", "graded/report.html", "graded/run.json"} <= kept


@needs.graded(CHAPTER)
def test_the_gitlab_job(checkout, services):
    env, record = services
    record.write_text("")
    shutil.rmtree(checkout / "graded", ignore_errors=True)
    (checkout / ".git").mkdir(exist_ok=True)
    (checkout / ".git" / "config").write_text(
        "[remote]\nurl = https://ci:token@example.org/x.git\n"
    )
    recipe = load(GITLAB)
    job = recipe["grade"]
    given = {
        **{name: entry["value"] for name, entry in recipe["variables"].items()},
        **job["variables"],
        "CHAPTER": CHAPTER,
    }
    # GitLab runs the lines of both sections one after another in one shell that ends at the first failure.
    script = "set -eo pipefail\n" + "\n".join([*job["before_script"], *job["script"]])
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=checkout,
        env=env | given,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not (checkout / ".git" / "config").exists()
    calls = record.read_text().splitlines()
    assert calls[0] == "apt-get update -q"
    assert calls[1].split()[-2:] == ["bubblewrap", "make"]
    check_grades(checkout)
    assert (checkout / job["artifacts"]["paths"][0]).is_dir()
    junit = checkout / job["artifacts"]["reports"]["junit"]
    assert junit.is_file()
    assert job["image"] == "python:3.11-slim"
    assert job["artifacts"]["access"] == "developer"


@pytest.fixture
def handed_in(tmp_path):
    """A student's repository, with what a student can put there."""
    folder = tmp_path / "workspace" / "handed-in"
    (folder / CHAPTER).mkdir(parents=True)
    (folder / CHAPTER / f"{CHAPTER}.ipynb").write_bytes(notebook())
    trap = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    for name in ("sitecustomize.py", "conftest.py", "numpy.py", f"{CHAPTER}/msgspec.py"):
        (folder / name).write_text(trap)
    (folder / "autograder").mkdir()
    (folder / "autograder" / "__init__.py").write_text(trap)
    (folder / "Makefile").write_text(f"setup grade:\n\ttouch {tmp_path / 'ran'}\n")
    # Links into the grader, which would hand in the reference solution.
    solution = "../grader/solutions/ch04_lstm"
    (folder / "ch04_lstm").symlink_to(solution)
    (folder / "ch05_gru.ipynb").symlink_to("../grader/solutions/ch05_gru/ch05_gru.py")
    return folder


@needs.graded(CHAPTER)
def test_the_students_workflow(handed_in, services, tmp_path):
    env, record = services
    record.write_text("")
    workspace = handed_in.parent
    fetched = steps_of(STUDENT)[0]["with"]
    copy_of_the_repository(workspace / fetched["path"])
    secret = EXPRESSIONS[DEPLOY_KEY]
    for step in steps_of(STUDENT):
        if "run" in step:
            assert secret not in str([valued(value) for value in step.get("env", {}).values()])
            run_step(step, workspace, env)
    assert not (tmp_path / "ran").exists()
    handed = {path.name for path in (workspace / "submitted" / "sequences-ada").iterdir()}
    assert handed == {CHAPTER}
    result = result_of(workspace / "graded" / "results" / "sequences-ada" / f"{CHAPTER}.json")
    assert result.score == 100.0
    kept = uploaded(steps_of(STUDENT)[-1], workspace)
    assert kept == {"graded/grades.csv", f"graded/feedback/sequences-ada/{CHAPTER}.html"}


def test_a_students_repository_without_a_notebook_is_told_so(tmp_path, services):
    env, _ = services
    workspace = tmp_path / "workspace"
    (workspace / "handed-in").mkdir(parents=True)
    (workspace / "grader").mkdir()
    (workspace / "grader" / "solutions").symlink_to(ROOT / "solutions")
    [step] = [step for step in steps_of(STUDENT) if step["name"].startswith("Lay it out")]
    with pytest.raises(AssertionError, match=r"no notebook yet.*ch02_vanilla_rnn"):
        run_step(step, workspace, env)


# --- the container ----------------------------------------------------------------------------------------------------


def instructions():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.split("\n") if line.strip()]


def in_context(path):
    """Whether a file is sent to the builder: of the patterns that fit, the last one decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n"):
        pattern = line.removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        parents = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
        if any(
            pattern == "**"
            or fnmatch.fnmatch(name, pattern)
            or (pattern.startswith("**/") and fnmatch.fnmatch(Path(name).name, pattern[3:]))
            for name in parents
        ):
            sent = line.startswith("!")
    return sent


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """`/course` of the image: what the builder is sent and the recipe copies."""
    course = tmp_path_factory.mktemp("image") / "course"
    copied = copy_of_the_repository(course)
    for folder, names, files in os.walk(copied, topdown=False):
        for name in files:
            path = Path(folder) / name
            inside = path.relative_to(course)
            if inside.parts[0] != ".venv" and not in_context(str(inside)):
                path.unlink()
        for name in names:
            path = Path(folder) / name
            if not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()
    return course


def test_the_image_is_built_on_the_slim_python_and_run_by_an_ordinary_user():
    recipe = instructions()
    assert [value for name, value in recipe if name == "FROM"] == ["python:3.11-slim"]
    users = [value for name, value in recipe if name == "USER"]
    assert users and users[-1] not in ("root", "0")
    # Nothing is written to the image after that but by that user, and no secret goes into a layer.
    names = [name for name, _ in recipe]
    assert not {"RUN", "COPY", "ADD"} & set(names[names.index("USER") :])
    assert "ADD" not in names
    declared = [value for name, value in recipe if name in ("ARG", "ENV")]
    assert not re.search(r"secret|token|password|key", " ".join(declared), re.I)
    for sources in (value.split()[:-1] for name, value in recipe if name == "COPY"):
        for source in sources:
            assert (ROOT / source).exists()
            assert source == "." or in_context(source), source


def test_what_a_course_has_from_its_students_never_goes_into_the_image():
    for path in (
        "submitted/ada/ch02_vanilla_rnn/ch02_vanilla_rnn.ipynb",
        "graded/grades.csv",
        "gradebook.db",
        "autograded/x",
        ".git/config",
        ".venv/bin/python",
        "tests/test_run.py",
        "autograder/gradebook.db",
        "autograder/__pycache__/cli.pyc",
    ):
        assert not in_context(path), path
    for path in ("autograder/cli.py", "solutions/ch04_lstm/ch04_lstm.py", "Makefile"):
        assert in_context(path), path


@needs.graded(CHAPTER)
def test_the_image_grades_what_lies_in_another_folder(image, tmp_path, services):
    env, _ = services
    recipe = instructions()
    place = tmp_path / "data" / "submitted" / "ada" / CHAPTER
    place.mkdir(parents=True)
    (place / f"{CHAPTER}.ipynb").write_bytes(notebook())
    trap = tmp_path / "data" / "msgspec.py"
    trap.write_text("raise RuntimeError('imported from the data')\n")
    set_by_recipe = dict(
        part.split("=", 1)
        for name, value in recipe
        if name == "ENV"
        for part in shlex.split(value.replace("/course", str(image)))
    )
    [entry] = [value for name, value in recipe if name == "ENTRYPOINT"]
    command = [part.replace("/course", str(image)) for part in yaml.safe_load(entry)]
    ran = subprocess.run(
        [*command, "grade", "--chapter", CHAPTER],
        cwd=tmp_path / "data",
        env=env | set_by_recipe,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    graded = tmp_path / "data" / "graded"
    assert result_of(graded / "results" / "ada" / f"{CHAPTER}.json").score == 100.0
    assert (tmp_path / "data" / "gradebook.db").is_file()
    assert not (image / "gradebook.db").exists()


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_names_files_commands_and_steps_that_there_are():
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / "docs" / target).exists(), target
    for name in re.findall(r"`(GRADER_\w+|PIP_EXTRA_INDEX_URL|grading)`", text):
        assert name in STUDENT.read_text(encoding="utf-8"), name
    modules = set(re.findall(r"python -m (autograder[\w.]*)", text))
    assert "autograder.platforms.gradescope" in modules
    for module in modules:
        subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=ROOT, check=True, capture_output=True
        )
