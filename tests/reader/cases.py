"""The files: bytes, what their code cells are, which of these count and with what source."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

F = "def f(x):\n    return x"


@dataclass(frozen=True)
class Case:
    """A file.

    Attributes:
        name: of the case.
        data: the bytes.
        raw: number of every code cell to its source, as nbformat or jupytext has it.
        cells: the same of those that count, without magics; None where these are all of them, unchanged.
        peer: "nbformat", or jupytext's name of the format; "" where there is no tool that reads this, or it differs.
        suffix: of the file.
        remarks: words that the remarks hold.
        quiz: the answers.
    """

    name: str
    data: bytes
    raw: dict[int, str]
    cells: dict[int, str] | None = None
    peer: str = ""
    suffix: str = ".py"
    remarks: tuple[str, ...] = ()
    quiz: dict[str, str] | None = field(default=None)


def code(source: Any, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def text(source: str, kind: str = "markdown", **metadata: Any) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": metadata, "source": source}


def document(*cells: dict[str, Any], minor: int = 4) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": list(cells)}


def notebook(
    name: str,
    cells: list[Any],
    raw: dict[int, str],
    counted: dict[int, str] | None = None,
    **more: Any,
) -> Case:
    data = json.dumps(document(*cells)).encode()
    return Case(name, data, raw, counted, "nbformat", ".ipynb", **more)


def one(name: str, source: str, plain: str, **more: Any) -> Case:
    """A notebook of one code cell, of which `plain` is left."""
    counted = {1: plain} if plain.strip() else {}
    return notebook(name, [code(source)], {1: source}, counted, **more)


def script(
    name: str,
    text: str,
    raw: dict[int, str],
    cells: dict[int, str] | None = None,
    peer: str = "",
    **more: Any,
) -> Case:
    return Case(name, text.encode(), raw, cells, peer, **more)


SOLUTION = {"nbgrader": {"grade_id": "f", "solution": True, "grade": False, "cell_type": "code"}}
LOCKED = {"nbgrader": {"grade_id": "t", "solution": False, "grade": True, "locked": True}}
BY_HAND = {"nbgrader": {"grade_id": "e", "solution": True, "grade": True, "cell_type": "markdown"}}

NOTEBOOKS = [
    notebook("lists of lines", [code(["a = 1\n", "b = 2"])], {1: "a = 1\nb = 2"}),
    notebook(
        "text between",
        [text("# T"), code("a = 1"), text("r", "raw"), code("b")],
        {2: "a = 1", 4: "b"},
    ),
    notebook(
        "empty cells keep their numbers",
        [code(""), code("  \n"), code("a")],
        {1: "", 2: "  \n", 3: "a"},
        {3: "a"},
    ),
    notebook(
        "experiments",
        [code("a", tags=["experiment"]), code("b", tags=["x"])],
        {1: "a", 2: "b"},
        {2: "b"},
    ),
    notebook(
        "locked and solved", [code("a", **LOCKED), code(F, **SOLUTION)], {1: "a", 2: F}, {2: F}
    ),
    notebook("a solution made text", [text(F, **SOLUTION)], {}, {1: F}, remarks=("markdown",)),
    notebook("a solution made raw", [text(F, "raw", **SOLUTION)], {}, {1: F}, remarks=("raw",)),
    notebook(
        "a solution in a fence", [text(f"```python\n{F}\n```", **SOLUTION)], {}, {1: f"\n{F}\n"}
    ),
    notebook("an essay", [text("I think that\ndef f(x): is fine", **BY_HAND)], {}, {}),
    Case(
        "a byte order mark",
        b"\xef\xbb\xbf" + json.dumps(document(code("a = 1"))).encode(),
        {1: "a = 1"},
        suffix=".ipynb",
    ),
    *(
        Case(
            f"{encoding} with a mark",
            json.dumps(document(code("a = 'ž'")), ensure_ascii=False).encode(encoding),
            {1: "a = 'ž'"},
            suffix=".ipynb",
        )
        for encoding in ("utf-16", "utf-32")
    ),
    Case(
        "utf-16 without a mark",
        json.dumps(document(code("a = 1"))).encode("utf-16-be"),
        {1: "a = 1"},
        suffix=".ipynb",
    ),
    notebook(
        "line ends of Windows",
        [code("a = 1\r\nb = 2\r\n")],
        {1: "a = 1\r\nb = 2\r\n"},
        {1: "a = 1\nb = 2\n"},
    ),
    notebook("line ends of old", [code("a = 1\rb = 2")], {1: "a = 1\rb = 2"}, {1: "a = 1\nb = 2"}),
    notebook(
        "a half character",
        [code("# \ud83d\na = 1")],
        {1: "# \ud83d\na = 1"},
        {1: "# \ufffd\na = 1"},
    ),
    Case(
        "format 3",
        json.dumps(
            {
                "nbformat": 3,
                "nbformat_minor": 0,
                "metadata": {},
                "worksheets": [
                    {
                        "cells": [
                            {"cell_type": "heading", "level": 2, "source": "T", "metadata": {}},
                            {
                                "cell_type": "code",
                                "input": ["a = 1\n", "b"],
                                "outputs": [],
                                "language": "python",
                            },
                        ]
                    },
                    {
                        "cells": [
                            {"cell_type": "code", "input": F, "outputs": [], "metadata": SOLUTION}
                        ]
                    },
                ],
            }
        ).encode(),
        {2: "a = 1\nb", 3: F},
        peer="nbformat",
        suffix=".ipynb",
    ),
    Case(
        "format 2",
        json.dumps(
            {
                "nbformat": 2,
                "metadata": {},
                "worksheets": [
                    {
                        "cells": [
                            {
                                "cell_type": "code",
                                "input": "a = 1",
                                "outputs": [],
                                "language": "python",
                            }
                        ]
                    }
                ],
            }
        ).encode(),
        {1: "a = 1"},
        peer="nbformat",
        suffix=".ipynb",
    ),
]

MAGICS = [
    one(
        "a line magic",
        "%matplotlib inline\na = 1",
        "pass\na = 1",
        remarks=("skipped: %matplotlib",),
    ),
    one("a line magic that goes on", "%run a \\\n  b\na = 1", "pass\n\na = 1"),
    one("a shell line that goes on", "!pip install \\\n  'a\na = 1", "pass\n\na = 1"),
    one("quotes in a shell line", '!echo it\'s """\na = 1', "pass\na = 1"),
    one("an assigned shell line", "x = !ls 'a\nd['k'] = !ls\ny = 1", "pass\npass\ny = 1"),
    one("an assigned magic", "x = %timeit -o f()\ny = %time 3", "pass\ny = 3"),
    one("timed statements", "%time x = f()\nif x:\n    %time y = 1", "x = f()\nif x:\n    y = 1"),
    one(
        "a profiled statement",
        "%prun -s cumulative -q x = f()\n%memit -r 1 y = 2",
        "x = f()\ny = 2",
    ),
    one("help", "np.array?\n?np\nnp??\na = 1", "pass\npass\npass\na = 1"),
    one(
        "a comment that asks", "%pylab\nh = 1  # why?\n# really?", "pass\nh = 1  # why?\n# really?"
    ),
    one(
        "a string that asks",
        "%pylab\nh = 'why?'\nprint('a = %d' % 3)",
        "pass\nh = 'why?'\nprint('a = %d' % 3)",
    ),
    one(
        "signs that are operators",
        "a = (7\n     % 4)\nb = 7 \\\n  % 4\n%cd x",
        "a = (7\n     % 4)\nb = 7 \\\n  % 4\npass",
    ),
    one(
        "magics in a string",
        's = """\n%magic\n!shell\nx?\n"""\n!ls',
        's = """\n%magic\n!shell\nx?\n"""\npass',
    ),
    one(
        "magics below broken code",
        "def f(:\n    return 1\n%cd x\nb = 1",
        "def f(:\n    return 1\n%cd x\nb = 1",
    ),
    one("a timed cell", "%%time\na = 1", "\na = 1"),
    one("cell magics on each other", "\n%%capture out\n%%time\na = 1\n!ls", "\n\n\na = 1\npass"),
    one("a measured cell", f"%%memit -r 2\n{F}", f"\n{F}"),
    one("a shell's cell", "%%bash\na=1", "", remarks=("skipped: %%bash",)),
    one("a page's cell", "%%html\n<b>f?</b>", ""),
    one("a file's cell", f"%%writefile f.py\n{F}", ""),
    one("prompts", ">>> a = 1\n>>> def f():\n...     return 1", "a = 1\ndef f():\n    return 1"),
    one("an indented cell", "    a = 1\n    b = 2\n", "a = 1\nb = 2\n"),
]

_HEADER = "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: {}\n# ---\n\n"
_PERCENT = "# %%\nimport a\n# %matplotlib inline\n\n# %% [markdown]\n# T\n\n# %%\n{}\n"
_PERCENT_RAW = {1: "import a\n%matplotlib inline", 3: F}
_PERCENT_CELLS = {1: "import a\npass", 3: F}

SCRIPTS = [
    script("a plain module", f"a = 1\n\n\n{F}\n", {1: f"a = 1\n\n\n{F}\n"}),
    script("percent", _PERCENT.format(F), _PERCENT_RAW, _PERCENT_CELLS, "py:percent"),
    script(
        "percent with a header",
        _HEADER.format("percent") + _PERCENT.format(F),
        _PERCENT_RAW,
        _PERCENT_CELLS,
        "py:percent",
    ),
    script(
        "percent, titles and tags",
        '# %% One\na\n# %% Two tags=["experiment"]\nb\n# %% {"tags": ["x"]}\nc\n',
        {1: "a", 2: "b", 3: "c"},
        {1: "a", 3: "c"},
        "py:percent",
    ),
    script(
        "percent, text of all kinds",
        '# %% [md]\n"""\nt\n"""\n# %% [raw]\n# r\n# %% [markdown] tags=["a"]\n# t\n#%%\na\n',
        {4: "a"},
        None,
        "py:percent",
    ),
    script(
        "percent, something above",
        "#!/usr/bin/env python\n# coding: utf-8\nimport a\n# %%\nb\n",
        {1: "import a", 2: "b"},
        None,
        "",
    ),
    script(
        "percent, a mark in a string",
        "# %%\ns = '''\n# %%\n'''\n# %%\nb\n",
        {1: "s = '''\n# %%\n'''", 2: "b"},
        None,
        "py:percent",
    ),
    script(
        "percent, a quote too many",
        '# %%\ns = """\n# %%\ndef f():\n    return 1\n',
        {1: 's = """', 2: "def f():\n    return 1"},
    ),
    script(
        "percent, a bracket too many",
        "# %%\ns = (1,\n# %%\nb = 1\n",
        {1: "s = (1,", 2: "b = 1"},
        None,
        "py:percent",
    ),
    script(
        "percent, a shell's cell",
        '# %% language="bash"\n# ls\n# %%\nb\n',
        {1: "%%bash\nls", 2: "b"},
        {2: "b"},
        "py:percent",
    ),
    script(
        "percent, a timed cell",
        f"# %%\n# %%time\n{F}\n",
        {1: f"%%time\n{F}"},
        {1: f"\n{F}"},
        "py:percent",
    ),
    script(
        "percent, a solution made text",
        '# %% [markdown] nbgrader={"grade_id": "f", "solution": true, "cell_type": "code"}\n# def f(x):\n#     return x\n',
        {},
        {1: F},
    ),
    script(
        "hydrogen",
        f"# %%\n%matplotlib inline\n\n# %%\n%%time\n{F}\n",
        {1: "%matplotlib inline", 2: f"%%time\n{F}"},
        {1: "pass", 2: f"\n{F}"},
        "py:hydrogen",
    ),
    script("Spyder", f"# <codecell>\na\n\n#%% part\n{F}\n", {1: "a", 2: F}, None, "py:percent"),
    script(
        "VS Code's export",
        "# %%\nget_ipython().run_line_magic('time', 'x = 1')\nget_ipython().system('ls')\n",
        {1: "%time x = 1\n!ls"},
        {1: "x = 1\npass"},
    ),
    script("PyCharm", f"#%% md\n# T\n#%%\na\n#%%\n{F}\n", {2: "a", 3: F}),
    script(
        "nbconvert",
        "#!/usr/bin/env python\n# coding: utf-8\n\n# # T\n\n# In[1]:\n\n\nimport a\n\n\n# text\n\n\n# In[ ]:\n\n\n"
        + F
        + "\n\n\n# In[12]:\n\n\nget_ipython().run_cell_magic('time', '', 'b = 1\\n')\n\n",
        {2: "import a", 4: F, 5: "%%time\nb = 1\n"},
        {2: "import a", 4: F, 5: "\nb = 1\n"},
    ),
    script(
        "Colab",
        '# -*- coding: utf-8 -*-\n"""x.ipynb\n\nAutomatically generated by Colab.\n"""\n\n# Commented out IPython magic to '
        "ensure Python compatibility.\n# %matplotlib inline\nimport a\n!pip install b\n\n# Commented out IPython magic to "
        "ensure Python compatibility.\n# %%time\n# def f(x):\n#     return x\n\nb = 1\n",
        {},
        {
            1: '# -*- coding: utf-8 -*-\n"""x.ipynb\n\nAutomatically generated by Colab.\n"""\n\n# Commented out IPython '
            "magic to ensure Python compatibility.\npass\nimport a\npass\n\n# Commented out IPython magic to "
            "ensure Python compatibility.\n\ndef f(x):\n    return x\n\nb = 1\n"
        },
        remarks=("f commented out by Colab",),
    ),
    script(
        "Databricks",
        f"# Databricks notebook source\nimport a\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC # T\n\n# COMMAND ----------\n\n{F}\n"
        "\n# COMMAND ----------\n\n# MAGIC %sh\n# MAGIC ls\n\n# COMMAND ----------\n\n# MAGIC %python\n# MAGIC b = 1\n",
        {1: "import a", 3: F, 4: "%%sh\n", 5: "\nb = 1"},
        {1: "import a", 3: F, 5: "\nb = 1"},
    ),
    script(
        "light",
        _HEADER.format("light")
        + f'# T\n\nimport a\n\n# %load_ext b\n\n# + tags=["experiment"]\nc\n\nd\n# -\n\n{F}\n',
        {2: "import a", 3: "%load_ext b", 4: "c\n\nd", 5: F},
        {2: "import a", 3: "pass", 5: F},
        "py:light",
    ),
    script(
        "light without a header",
        f"# +\nimport a\n\nb\n# -\n\n{F}\n",
        {1: "import a\n\nb", 2: F},
        None,
        "py:light",
    ),
    script(
        "sphinx",
        _HEADER.format("sphinx")
        + f'"""\nT\n"""\n\nimport a\n\n""\n{F}\n\n{"#" * 79}\n# text\n\nb\n',
        {2: "import a", 3: F, 5: "b"},
    ),
    script(
        "nomarker",
        _HEADER.format("nomarker") + f"import a\n\n# text\n\n{F}\n",
        {1: "import a", 3: F},
        None,
        "py:nomarker",
    ),
    Case(
        "a module in latin-1",
        "# -*- coding: latin-1 -*-\na = 'é'\n".encode("latin-1"),
        {1: "# -*- coding: latin-1 -*-\na = 'é'\n"},
    ),
    Case("a module in utf-16", "# %%\r\na = 'ž'\r\n".encode("utf-16"), {1: "a = 'ž'"}),
    Case("a module with a mark", b"\xef\xbb\xbfa = 1\r\n", {1: "a = 1\n"}),
]

_Q = {"q1": "a", "q2": "b"}
QUIZZES = [
    one(f"quiz: {source[:60]!r}", source, source, quiz=answers)
    for source, answers in [
        ('quiz_answers = {"q1": "a", "q2": "b"}', _Q),
        ("quiz_answers = dict(q1='a', q2='b')", _Q),
        ("quiz_answers = {}\nquiz_answers['q1'] = 'a'; quiz_answers['q2'] = 'b'", _Q),
        ("quiz_answers = {'q1': 'c'}\nquiz_answers.update({'q1': 'a'}, q2='b')", _Q),
        ("quiz_answers = {'q1': 'a'}\nquiz_answers |= {'q2': 'b'}", _Q),
        ("quiz_answers = {'q1': 'a'}\nquiz_answers = quiz_answers | {'q2': 'b'}", _Q),
        ("quiz_answers = {'q1': 'a'}\nquiz_answers = {**quiz_answers, 'q2': 'b'}", _Q),
        ("quiz_answers: dict[str, str] = {'q1': 'a', 'q2': 'b'}", _Q),
        ("x = quiz_answers = dict([('q1', 'a'), ['q2', 'b']])", _Q),
        ('quiz_answers = ({  # mine\n  "q" "1": (\'a\'),\n  r"q2": """b""",\n})', _Q),
        ("quiz_answers = {'q1': '\\x61', 'q2': u'\\u0062', 'q3': f'c', 'q4': b'd', 'q5': g()}", _Q),
        ("quiz_answers = {'q1': 'a', 'q2': 'b'}\ndef g():\n    quiz_answers = {}", _Q),
        ("s = '''\nquiz_answers = {}\n'''\nquiz_answers = {'q1': 'a', 'q2': 'b'}", _Q),
        ("quiz_answers = {'q1': 1, 'q2': None, 'q3': 0xf}", {"q1": "1", "q2": "None", "q3": "15"}),
        ("def broken(\nquiz_answers = 3\n", None),
        ("quiz_answers = {'q1': 'a'}\nquiz_answers = load()", None),
        ("quiz_answers = {", None),
    ]
]

CASES = [*NOTEBOOKS, *MAGICS, *SCRIPTS, *QUIZZES]
