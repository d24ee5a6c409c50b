"""Copies are found however they are dressed up; sound solutions of one task that were written apart are not."""

from __future__ import annotations

import ast
import html
import itertools
import random
import re
import textwrap

import nbformat
import pytest

from autograder.cli import main
from autograder.course.catalogue import alternatives
from autograder.course.source import BEGIN_SOLUTION, END_SOLUTION, chapters, module_source
from autograder.grading.submissions import parse
from autograder.sample_class import answer, everything, fill, functions_of, released_path
from autograder.sandbox.terms import Cell
from autograder.similarity import compare as similarity
from autograder.similarity import report as similarity_report

COURSE = chapters()
READY = [
    name
    for name, chapter in COURSE.items()
    if alternatives(name) and released_path(chapter).is_file()
]
CHAPTER = COURSE["ch04_lstm"]


# --- disguises --------------------------------------------------------------------------------------------------------


class Renaming(ast.NodeTransformer):
    """Gives every name that its author chose another one: arguments, variables, helpers."""

    def __init__(self, tree, kept):
        defined = {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        stored = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        names = sorted((defined | arguments | stored) - set(kept) - {"self"})
        self.new = {name: f"value_{number}" for number, name in enumerate(names)}

    def visit_Name(self, node):
        node.id = self.new.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.new.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        node.name = self.new.get(node.name, node.name)
        return self.generic_visit(node)

    visit_ClassDef = visit_FunctionDef


def renamed(source, chapter):
    tree = ast.parse(source)
    return ast.unparse(Renaming(tree, functions_of(chapter)).visit(tree))


def reordered(source, _chapter):
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    rest = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    random.Random(3).shuffle(functions)
    return "\n\n".join(ast.unparse(node) for node in [*rest, *functions])


def reformatted(source, _chapter):
    """Every bracket on lines of its own, comments and docstrings thrown in, other quotes, deep indentation."""
    text = re.sub(r"'([^'\"\n]*)'", r'"\1"', ast.unparse(ast.parse(source)))
    lines = []
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        broken = line.strip() if '"' in line else line.strip().replace("(", "(\n   ")
        lines.append(f"{' ' * 2 * indent}{broken}  # step {len(lines)}")
        if line.startswith("def ") and line.endswith(":"):
            lines.append(f'{" " * 8}"""Something else altogether, on {len(lines)}."""')
    return "\n".join(lines)


def everything_at_once(source, chapter):
    return reformatted(reordered(renamed(source, chapter), chapter), chapter)


DISGUISES = (renamed, reordered, reformatted, everything_at_once)


# --- classes ----------------------------------------------------------------------------------------------------------


def reference(chapter):
    lines = module_source(chapter).split("\n")
    return "\n".join(line for line in lines if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION))


def prepared(chapter, sources):
    explained = similarity.stub_grams(chapter)
    given = functions_of(chapter)
    return [
        similarity.fingerprints(
            parse(student, chapter.name, f"{chapter.name}.py", source.encode()), given, explained
        )
        for student, source in sources.items()
    ]


def shown(chapter, sources):
    comparison = similarity.compare_all(chapter.name, prepared(chapter, sources))
    return {frozenset((pair.left.student, pair.right.student)) for pair in comparison.pairs}


def independent(chapter):
    """Solutions that were written apart: every alternative, and the reference."""
    return {"reference": reference(chapter), **alternatives(chapter.name)}


@pytest.mark.parametrize("name", READY)
def test_sound_solutions_that_were_written_apart_are_not_shown(name):
    sources = independent(COURSE[name])
    assert len(sources) >= 7
    assert shown(COURSE[name], sources) == set()


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("name", READY)
def test_a_copy_is_found_and_nobody_else(name, disguise):
    chapter = COURSE[name]
    sources = independent(chapter)
    copied = list(sources)[1 + READY.index(name) % (len(sources) - 1)]
    copy = disguise(sources[copied], chapter)
    assert copy != sources[copied]
    compile(copy, "copy", "exec")
    assert shown(chapter, sources | {"copy": copy}) == {frozenset((copied, "copy"))}


def test_a_single_copied_function_is_found():
    sources = alternatives(CHAPTER.name)
    taken = next(
        ast.unparse(node)
        for node in ast.parse(sources["fused_gates"]).body
        if isinstance(node, ast.FunctionDef) and node.name == "lstm_backward"
    )
    others = sources["plain_loops"].replace("def lstm_backward", "def own_backward")
    pair = {frozenset(("fused_gates", "thief"))}
    both = {
        "fused_gates": sources["fused_gates"],
        "thief": f"{others}\n\n{renamed(taken, CHAPTER)}",
    }
    assert shown(CHAPTER, both) == pair


def test_the_stub_and_the_quiz_are_nobodys():
    released = fill(CHAPTER, {})
    quiz = fill(CHAPTER, {"quiz_answers": answer(CHAPTER, "quiz_answers")})
    explained = similarity.stub_grams(CHAPTER)
    for notebook in (released, quiz):
        submission = parse("a", CHAPTER.name, "a.ipynb", nbformat.writes(notebook).encode())
        assert submission.cells
        assert similarity.fingerprints(submission, functions_of(CHAPTER), explained).grams == ()


def test_a_class_of_copies_is_shown_and_what_too_many_share_is_not():
    chapter = COURSE["ch02_vanilla_rnn"]
    same = {f"student {number}": reference(chapter) for number in range(6)}
    assert len(shown(chapter, same)) == 15
    many = {f"student {number}": reference(chapter) for number in range(12)}
    assert shown(chapter, many) == set()


def test_a_class_in_which_everybody_is_a_little_alike_raises_the_threshold():
    chapter = CHAPTER
    sources = independent(chapter)
    comparison = similarity.compare_all(chapter.name, prepared(chapter, sources))
    assert comparison.threshold == similarity.FLOOR
    shared = LOOP + LOOP.replace("tanh", "sinh").replace("walk", "again")
    alike = {name: f"{source}\n\n{shared}\n" for name, source in sources.items()}
    more = similarity.compare_all(chapter.name, prepared(chapter, alike))
    assert more.typical > comparison.typical
    assert more.pairs == ()


# --- tokens -----------------------------------------------------------------------------------------------------------


def hashes(source, given=()):
    found = similarity.units([Cell(1, textwrap.dedent(source))], given)
    return [value for unit in found for value in similarity.grams(unit)]


LOOP = """
def walk(xs, w):
    total = np.zeros(3)
    for x in xs:
        total = np.tanh(w @ total + x * 2.0)
    return total
"""


def test_names_do_not_count_but_the_flow_of_data_does():
    assert hashes(LOOP)
    other = LOOP.replace("total", "state").replace("xs", "steps").replace("walk", "run")
    assert hashes(other) == hashes(LOOP)
    assert set(hashes(LOOP.replace("@ total + x", "@ x + total"))).isdisjoint(hashes(LOOP)) is False
    assert hashes(LOOP.replace("@ total + x", "@ x + total")) != hashes(LOOP)
    assert hashes(LOOP.replace("tanh", "sinh")) != hashes(LOOP)
    assert hashes(LOOP.replace("2.0", "3.0")) != hashes(LOOP)


def test_alias_number_and_quotes_are_spellings():
    said = f"import numpy as np\n{LOOP}"
    assert hashes(said.replace("np", "N")) == hashes(said)
    assert hashes(LOOP.replace("2.0", "2.")) == hashes(LOOP)


@pytest.mark.parametrize(
    "broken",
    [
        "def f(:\n" + LOOP,
        LOOP + "\nx = '''never closed\n",
        LOOP + "\n    if True:\n  y = (1,\n",
        LOOP + "\n\x0c\nprint('a' \\\n",
        "?" + LOOP,
    ],
)
def test_code_that_does_not_compile_is_compared_all_the_same(broken):
    with pytest.raises(SyntaxError):
        compile(broken, "broken", "exec")
    assert set(hashes(LOOP)) & set(hashes(broken))


def test_every_long_match_has_a_fingerprint():
    draw = random.Random(5)
    common = [draw.getrandbits(60) for _ in range(similarity.WINDOW)]
    for _ in range(50):
        left, right = (
            [draw.getrandbits(60) for _ in range(draw.randrange(20))]
            + common
            + [draw.getrandbits(60) for _ in range(draw.randrange(20))]
            for _ in range(2)
        )
        assert similarity.winnow(left) & similarity.winnow(right)


def test_the_places_are_the_same_lines():
    chapter = COURSE["ch02_vanilla_rnn"]
    source = alternatives(chapter.name)["fused"]
    moved = f"# mine\n\n\n{source}"
    left, right = prepared(chapter, {"a": source, "b": moved})
    pair = similarity.compare_two(left, right)
    assert pair.share == 1.0
    assert pair.matches
    for match in pair.matches:
        assert (match.right.first, match.right.last) == (match.left.first + 3, match.left.last + 3)
    lengths = [match.tokens for match in pair.matches]
    assert lengths == sorted(lengths, reverse=True)


def test_a_repetitive_submission_costs_little():
    line = "a = b + c * d - e / f\n"
    [one, two] = prepared(CHAPTER, {"a": line * 100_000, "b": line * 90_000})
    assert similarity.compare_two(one, two).matches == ()


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def submitted(tmp_path):
    """A copy in a notebook of what another one handed in as a module, two others, and one that is not readable."""
    root = tmp_path / "submitted"
    sources = alternatives(CHAPTER.name)
    functions = functions_of(CHAPTER)
    renamed_copy = renamed(sources["fused_gates"], CHAPTER)
    notebook = fill(CHAPTER, dict.fromkeys(functions, "pass"))
    notebook.cells.append(nbformat.v4.new_code_cell(renamed_copy, id="copy"))
    handed_in = {
        "ada <b>": (f"{CHAPTER.name}.py", sources["fused_gates"].encode()),
        "copycat": (f"{CHAPTER.name}.ipynb", nbformat.writes(notebook).encode()),
        "emmy": (f"{CHAPTER.name}.py", sources["classes"].encode()),
        "grace": (
            f"{CHAPTER.name}.ipynb",
            nbformat.writes(fill(CHAPTER, everything(CHAPTER))).encode(),
        ),
        "tim": (f"{CHAPTER.name}.ipynb", b"PK\x03\x04"),
    }
    for student, (file_name, content) in handed_in.items():
        folder = root / student / CHAPTER.name
        folder.mkdir(parents=True)
        (folder / file_name).write_bytes(content)
    return root


def test_the_command_shows_the_places_side_by_side(submitted, tmp_path, capsys):
    output = tmp_path / "graded"
    arguments = ["--submissions", str(submitted), "--output", str(output)]
    assert main(["similarity", *arguments, "--chapter", CHAPTER.name]) == 0
    said = capsys.readouterr().out
    assert "1 pair of 4 submissions" in said
    assert "ada <b>  |  copycat" in said
    path = output / f"similarity-{CHAPTER.name}.html"
    page = path.read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "no verdict" in page
    assert "tim" in page
    codes = [html.unescape(code) for code in re.findall(r"<pre>(.*?)</pre>", page, flags=re.S)]
    assert len(codes) >= 2
    source = alternatives(CHAPTER.name)["fused_gates"]
    for left, right in (
        itertools.batched(codes, 2)
        if hasattr(itertools, "batched")
        else zip(codes[::2], codes[1::2], strict=True)
    ):
        assert left.removesuffix("\n…") in source
        assert "value_" in right
    first = path.read_bytes()
    assert main(["similarity", *arguments, "--chapter", CHAPTER.name]) == 0
    assert path.read_bytes() == first


def test_usage(tmp_path, capsys):
    assert (
        main(["similarity", "--submissions", str(tmp_path / "no"), "--chapter", "ch04_lstm"]) == 2
    )
    assert main(["similarity", "--submissions", str(tmp_path), "--chapter", "ch99"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_nothing_of_a_submission_is_run(tmp_path):
    trap = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    assert prepared(CHAPTER, {"a": trap, "b": trap})
    assert not (tmp_path / "ran").exists()


def test_the_page_stays_small_in_a_large_class():
    chapter = COURSE["ch02_vanilla_rnn"]
    students = prepared(chapter, alternatives(chapter.name))
    copies = [
        similarity.Fingerprints(
            f"{each.student} {n}", each.sources, each.units, each.grams, each.chosen
        )
        for n in range(8)
        for each in students
    ]
    comparison = similarity.compare_all(chapter.name, copies)
    assert len(comparison.pairs) == len(students) * 28
    page = similarity_report.render(comparison)
    assert len(page) < 1_500_000
    assert b"more pairs" in page
