"""The inputs: one right function each, and one habit of people or tools around it; some are no longer right.

A row says which share of the function's points it is worth in the live notebook, in `seqlab check` and in the grader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbconvert import PythonExporter

GIVEN = Path(__file__).parent / "given"
CHAPTER, NAME = "ch02_vanilla_rnn", "rnn_step_forward"
CHAPTER8, NAME8 = "ch08_memory", "rnn_signal"
NP = "import numpy as np"
HEAD = "def rnn_step_forward(x, h_prev, params):\n"
SUM = 'x @ params["Wxh"].T + h_prev @ params["Whh"].T + params["bh"]'
F = f"{HEAD}    h = np.tanh({SUM})\n    return h, (x, h_prev, h, params)\n"
MAGIC = "%load_ext seqlab\n%chapter ch02_vanilla_rnn"
FULL, NONE = 1.0, 0.0


@dataclass(frozen=True)
class Row:
    """One input.

    Attributes:
        kind: what is odd about it.
        suffix: of the file that is handed in.
        data: its bytes.
        cells: the notebook as it is open in Jupyter.
        live, check, grader: the share that is expected there; None where Jupyter cannot run it.
        chapter, function: what it answers.
    """

    kind: str
    suffix: str
    data: bytes
    cells: tuple[dict[str, Any], ...]
    live: float | None = FULL
    check: float = FULL
    grader: float = FULL
    chapter: str = CHAPTER
    function: str = NAME


def rows() -> list[Row]:
    """Return all inputs: those that were given, those of our own, those that tools wrote."""
    return [*_given(), *_own(), *_by_tools()]


def _cell(source: str, kind: str = "code", **metadata: Any) -> dict[str, Any]:
    return (
        {
            "cell_type": kind,
            "metadata": metadata,
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        if kind == "code"
        else {"cell_type": kind, "metadata": metadata, "source": source}
    )


def _document(cells: list[dict[str, Any]]) -> bytes:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": kernel, "cells": cells}
    ).encode()


def _notebook(kind: str, *sources: Any, **expected: Any) -> Row:
    cells = [source if isinstance(source, dict) else _cell(source) for source in sources]
    return Row(kind, "ipynb", _document(cells), tuple(cells), **expected)


def _above(kind: str, lines: str, **expected: Any) -> Row:
    """Lines above the import of numpy, in its cell."""
    return _notebook(kind, f"{lines}\n{NP}", F, **expected)


def _below(kind: str, *cells: str, **expected: Any) -> Row:
    """Cells below the function."""
    return _notebook(kind, NP, F, *cells, **expected)


def _given() -> Iterator[Row]:
    worth = {"14": (NONE, NONE, NONE), "18": (NONE, NONE, NONE), "17": (NONE, FULL, FULL)}
    for path in sorted(GIVEN.iterdir()):
        if path.suffix == ".ipynb":
            cells = tuple(nbformat.read(path, 4).cells)
        else:
            cells = tuple(jupytext.read(path, fmt="py:light").cells)
        live, check, grader = worth.get(path.name[:2], (FULL, FULL, FULL))
        # memory_profiler is not installed here, so the kernel does not know its magic.
        live = NONE if path.name.startswith("40") else live
        about = (CHAPTER8, NAME8) if "ch08" in path.name else (CHAPTER, NAME)
        kind = f"given: {path.name}"
        yield Row(kind, path.suffix[1:], path.read_bytes(), cells, live, check, grader, *about)


def _own() -> Iterator[Row]:
    yield from _of_notebooks()
    yield from _of_sandboxes()
    yield from _of_libraries()
    yield from _of_styles()
    yield from _of_text()
    yield from _of_experiments()


def _of_notebooks() -> Iterator[Row]:
    """IPython and what stands around a notebook."""
    yield _above(
        "display HTML",
        'from IPython.display import HTML, display\ndisplay(HTML("<b>Chapter 2</b>"))',
    )
    yield _above("display without an import", 'display("Chapter 2")')
    yield _above(
        "clear_output", "from IPython.display import clear_output\nclear_output(wait=True)"
    )
    yield _above(
        "display Markdown and Math",
        'from IPython.display import Markdown, Math, Latex\ndisplay(Markdown("*a*"), Math("x^2"), Latex("$x$"))',
    )
    yield _above(
        "show images",
        "from IPython.display import Image, SVG, Audio, IFrame\nIPython_shown = Image",
    )
    yield _above(
        "the whole of IPython",
        'import IPython\nprint(IPython.__version__)\nIPython.display.display("a")',
    )
    yield _above(
        "all results are shown",
        'from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = "all"',
    )
    yield _above("a magic by name", 'get_ipython().run_line_magic("matplotlib", "inline")')
    yield _above(
        "is this Colab", 'IN_COLAB = "google.colab" in str(get_ipython())\nprint(IN_COLAB)'
    )
    yield _above(
        "is this Colab, by modules",
        'import sys\nif "google.colab" in sys.modules:\n    from google.colab import drive\n    drive.mount("/content/drive")',
    )
    yield _above(
        "Colab in try",
        "try:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False",
    )
    yield _above(
        "Colab's drive", 'from google.colab import drive\ndrive.mount("/content/drive")', live=NONE
    )
    yield _above("a form of Colab", 'rate = 0.1 #@param {type:"number"}\n#@title Settings')
    yield _above("!pip install", "!true pip install -q numpy tqdm")
    yield _above("%pip and %cd", "%cd .\n%env COURSE=2")
    yield _above(
        "%matplotlib and styles",
        '%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.style.use("ggplot")\nplt.rcParams["figure.dpi"] = 120',
    )
    yield _above(
        "a style that is not there",
        'import matplotlib.pyplot as plt\nplt.style.use("seaborn-whitegrid")',
        live=NONE,
    )
    yield _above("autoreload", "%load_ext autoreload\n%autoreload 2")
    yield _above("%config", '%config InlineBackend.figure_format = "retina"')
    yield _notebook("%%time above the function", NP, f"%%time\n{F}")
    yield _notebook("%%capture above the function", NP, f"%%capture out\n{F}")
    yield _notebook("%time binds", NP, F, "%time z = np.ones(3)\nassert z.sum() == 3")
    yield _below("%timeit", "%timeit -n 1 -r 1 np.ones(3)")
    yield _below("%%timeit", "%%timeit -n 1 -r 1\nnp.ones(3)")
    yield _below("%%bash", "%%bash\necho done")
    yield _below(
        "%%writefile and %run", "%%writefile helper_of_mine.py\nx = 1", "%run helper_of_mine.py"
    )
    yield _below("%%javascript and %%html", "%%javascript\nlet a = 1", "%%html\n<b>a</b>")
    yield _below("help", "np.tanh?", "?np.tanh", "help(np.tanh)")
    yield _below("shell into a name", "files = !ls\nprint(files)")
    yield _below(
        "In and Out", "np.ones(3)", "assert _.sum() == 3\nprint(In[1], Out)", "print(_i, _ih[1])"
    )
    yield _below("exit()", "exit()", live=None)
    yield _below("quit", "quit()", live=None)
    yield _below("sys.exit", "import sys\nsys.exit(0)")
    yield _above("await", "import asyncio\nawait asyncio.sleep(0.1)")
    yield _above(
        "await gather",
        "import asyncio\na, b = await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2))\nassert (a, b) == (1, 2)",
    )
    yield _above(
        "async with",
        "import asyncio\nlock = asyncio.Lock()\nasync with lock:\n    held = lock.locked()\nassert held",
    )
    yield _above(
        "async for",
        "async def numbers():\n    yield 1\nasync for number in numbers():\n    print(number)\nassert [n async for n in numbers()] == [1]",
    )
    yield _above(
        "asyncio.run in a running loop", "import asyncio\nasyncio.run(asyncio.sleep(0))", live=NONE
    )
    yield _above("nest_asyncio", "import nest_asyncio\nnest_asyncio.apply()", live=NONE)
    yield _above(
        "JupyterLite",
        'try:\n    import piplite\n    await piplite.install("seqlab")\nexcept ImportError:\n    pass',
    )


def _of_sandboxes() -> Iterator[Row]:
    """Files, processes and the system."""
    yield _above("os.makedirs", 'import os\nos.makedirs("checkpoints", exist_ok=True)')
    yield _above("open and write", 'with open("log.txt", "w") as file:\n    file.write("a")')
    yield _above("read a data set that is not there", 'text = open("input.txt").read()', live=NONE)
    yield _above(
        "sys.path",
        'import sys\nsys.path.insert(0, "..")\nsys.path.append("/content/drive/MyDrive")',
    )
    yield _above("os.chdir", 'import os\nos.chdir(".")\nprint(os.getcwd(), os.listdir())')
    yield _above(
        "os.environ",
        'import os\nos.environ["CUDA_VISIBLE_DEVICES"] = "0"\nos.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"',
    )
    yield _above(
        "subprocess", 'import subprocess\nprint(subprocess.run(["ls"], capture_output=True))'
    )
    yield _above("input()", 'name = input("Your name: ")', live=NONE)
    yield _above(
        "a logger with a file",
        'import logging\nlogging.basicConfig(level=logging.INFO)\nlogging.info("begin")',
    )
    yield _below(
        "savefig and show",
        'import matplotlib.pyplot as plt\nplt.plot(np.ones(3))\nplt.savefig("loss.png")\nplt.show()',
    )
    yield _below(
        "pickled weights",
        'import pickle\nwith open("weights.pkl", "wb") as file:\n    pickle.dump({"a": np.ones(2)}, file)',
        'with open("weights.pkl", "rb") as file:\n    weights = pickle.load(file)',
    )
    yield _below("np.save and np.load", 'np.save("a.npy", np.ones(3))', 'a = np.load("a.npy")')
    yield _below(
        "a download",
        'from urllib.request import urlretrieve\nurlretrieve("http://127.0.0.1:9/a", "a")',
    )
    yield _below(
        "a thread",
        "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()",
    )
    yield _below(
        "a pool of processes",
        "from multiprocessing import Pool\nwith Pool(1) as pool:\n    print(pool.map(abs, [1]))",
    )
    yield _below("time.sleep", "import time\ntime.sleep(0.5)")
    yield _below("print of huge things", 'print("x" * 2_000_000)\nprint(list(range(100_000)))')


def _of_libraries() -> Iterator[Row]:
    yield _above("tqdm", "from tqdm import tqdm\nfor _ in tqdm(range(3)):\n    pass")
    yield _above(
        "tqdm.notebook", "from tqdm.notebook import tqdm, trange\nfor _ in trange(3):\n    pass"
    )
    yield _above(
        "ipywidgets",
        "import ipywidgets as widgets\nfrom ipywidgets import interact\nwidgets.IntSlider(3)",
    )
    yield _above("wandb in try", "try:\n    import wandb\nexcept ImportError:\n    wandb = None")
    yield _above("seaborn", "import seaborn as sns\nsns.set_theme()", live=NONE)
    yield _above(
        "pandas and scipy",
        "import pandas as pd\nfrom scipy.special import expit\npd.DataFrame({'a': [1]})",
    )
    yield _above(
        "torch in a numpy chapter, in try",
        "try:\n    import torch\nexcept ImportError:\n    torch = None",
    )
    yield _above(
        "torch in a numpy chapter",
        "import torch\ntorch.manual_seed(0)\ntorch.set_default_dtype(torch.float64)\ntorch.set_num_threads(1)",
    )
    yield _above("warnings are errors", 'import warnings\nwarnings.filterwarnings("error")')
    yield _above("warnings are ignored", 'import warnings\nwarnings.simplefilter("ignore")')
    yield _notebook("np.seterr", f'{NP}\nnp.seterr(all="raise")', F)
    yield _notebook(
        "print options", f"{NP}\nnp.set_printoptions(precision=3, suppress=True, threshold=5)", F
    )
    yield _notebook(
        "seeds",
        f"import random\n{NP}\nrandom.seed(0)\nnp.random.seed(0)\nrng = np.random.default_rng(0)",
        F,
    )
    yield _notebook("import *", "from numpy import *\nimport numpy as np", F)
    yield _notebook("recursion limit", f"import sys\n{NP}\nsys.setrecursionlimit(10_000)", F)
    yield _notebook(
        "math of its own",
        f"{NP}\nimport math",
        f"{HEAD}    h = np.vectorize(math.tanh)({SUM})\n    return h, (x, h_prev, h, params)\n",
    )


def _of_styles() -> Iterator[Row]:
    """Ways to write the function."""
    yield _notebook(
        "type hints",
        NP,
        F.replace(
            "(x, h_prev, params)",
            '(x: "np.ndarray", h_prev: np.ndarray, params: dict[str, np.ndarray]) -> "tuple[np.ndarray, Cache]"',
            1,
        ),
    )
    yield _notebook(
        "hints of names that are not there",
        f"from __future__ import annotations\n{NP}",
        F.replace("(x,", "(x: Tensor,", 1),
    )
    yield _notebook(
        "a data class as cache",
        f"from dataclasses import dataclass\n{NP}",
        "@dataclass\nclass Cache:\n    x: np.ndarray\n    h: np.ndarray",
        f"{HEAD}    h = np.tanh({SUM})\n    return h, Cache(x, h)\n",
    )
    yield _notebook(
        "a named tuple as cache",
        f"from typing import NamedTuple\n{NP}",
        "class Cache(NamedTuple):\n    x: object\n    h: object",
        f"{HEAD}    h = np.tanh({SUM})\n    return h, Cache(x, h)\n",
    )
    yield _notebook(
        "a class with __call__",
        NP,
        f"class Step:\n    def __call__(self, x, h_prev, params):\n        h = np.tanh({SUM})\n        return h, (x, h)\n\nrnn_step_forward = Step()\n",
    )
    yield _notebook(
        "a lambda",
        NP,
        f"rnn_step_forward = lambda x, h_prev, params: (np.tanh({SUM}), (x, h_prev))\n",
    )
    yield _notebook(
        "a nested function",
        NP,
        f"def make():\n    def step(x, h_prev, params):\n        h = np.tanh({SUM})\n        return h, (x, h)\n    return step\n\nrnn_step_forward = make()\n",
    )
    yield _notebook(
        "functools.partial",
        f"import functools\n{NP}",
        f"def step(scale, x, h_prev, params):\n    h = np.tanh(scale * ({SUM}))\n    return h, (x, h)\n\nrnn_step_forward = functools.partial(step, 1.0)\n",
    )
    yield _notebook("defined by exec", NP, f"exec('''{F}''')")
    yield _notebook(
        "a decorator that does nothing", NP, f"def jit(function):\n    return function\n\n@jit\n{F}"
    )
    yield _notebook(
        "functools.wraps",
        f"import functools\n{NP}",
        f"def timed(function):\n    @functools.wraps(function)\n    def run(*args, **kwargs):\n        return function(*args, **kwargs)\n    return run\n\n@timed\n{F}",
    )
    yield _notebook(
        "numba in try",
        f"try:\n    from numba import njit\nexcept ImportError:\n    njit = lambda function: function\n{NP}",
        f"@njit\n{F}",
    )
    yield _notebook("a walrus", NP, f"{HEAD}    return (h := np.tanh({SUM})), (x, h)\n")
    yield _notebook(
        "match",
        NP,
        f"{HEAD}    match params:\n        case {{'Wxh': Wxh, 'Whh': Whh, 'bh': bh}}:\n            h = np.tanh(x @ Wxh.T + h_prev @ Whh.T + bh)\n    return h, (x, h)\n",
    )
    yield _notebook(
        "f-strings in f-strings",
        NP,
        F.replace("    return", "    note = f\"{f'{h.shape}'} {x.dtype!r:>10}\"\n    return", 1),
    )
    yield _notebook(
        "Greek names", NP, f"{HEAD}    σ = np.tanh\n    Δh = σ({SUM})\n    return Δh, (x, Δh)\n"
    )
    yield _notebook(
        "a helper that calls itself",
        NP,
        "def total(parts):\n    return parts[0] if len(parts) == 1 else parts[0] + total(parts[1:])",
        f'{HEAD}    h = np.tanh(total([x @ params["Wxh"].T, h_prev @ params["Whh"].T, params["bh"]]))\n    return h, (x, h)\n',
    )
    yield _notebook(
        "a helper below the function",
        NP,
        f"{HEAD}    h = activation({SUM})\n    return h, (x, h)\n",
        "def activation(z):\n    return np.tanh(z)",
    )
    yield _notebook(
        "a counter as global state",
        f"{NP}\ncalls = 0\nseen = {{}}",
        F.replace(
            "    h =", "    global calls\n    calls += 1\n    seen[calls] = x.shape\n    h =", 1
        ),
    )
    yield _notebook(
        "print in the function", NP, F.replace("    h =", "    print('x', x)\n    h =", 1)
    )
    yield _notebook(
        "display in the function", NP, F.replace("    h =", "    display(x)\n    h =", 1)
    )
    yield _notebook(
        "tqdm in the function",
        f"from tqdm.auto import tqdm\n{NP}",
        F.replace("    h =", "    for _ in tqdm(range(2)):\n        pass\n    h =", 1),
    )
    yield _notebook(
        "assertions in the function",
        NP,
        F.replace("    h =", "    assert x.ndim == 2, x.shape\n    h =", 1),
    )
    yield _notebook(
        "torch inside a numpy function",
        f"{NP}\ntry:\n    import torch\nexcept ImportError:\n    torch = None",
        F.replace(
            "    h =",
            "    if torch is not None and isinstance(x, torch.Tensor):\n        x = x.numpy()\n    h =",
            1,
        ),
    )


def _of_text() -> Iterator[Row]:
    """How the text of the cells looks."""
    yield _notebook("no docstrings, comments instead", f"# numpy\n{NP}", f"# the step\n{F}# done\n")
    yield _notebook("CRLF", f"{NP}\r\n", F.replace("\n", "\r\n"))
    yield _notebook("tabs", NP, F.replace("    ", "\t"))
    yield _notebook(
        "tabs and spaces in other cells", NP, F, "def g(x):\n\tif x:\n        return 1\n\treturn 2"
    )
    yield _notebook(
        "a comment that asks?", NP, F.replace("\n    return", "  # the right order?\n    return", 1)
    )
    yield _notebook("in >>> prompts", f">>> {NP}", F)
    yield _notebook("a cell that is indented", f"    {NP}", F)
    yield _notebook(
        "if __name__", NP, F, 'if __name__ == "__main__":\n    print(rnn_step_forward.__name__)'
    )
    yield _notebook(
        "a quote that is never closed elsewhere", NP, F, "print('never closed)", "x = 1"
    )
    yield _notebook("Markdown in a code cell", NP, F, "The answer is **right**, I think.")
    yield _notebook("one cell for all", f"{NP}\n\n{F}\nprint(np.ones(3))")
    yield _notebook("return at the top level", f"seed = 1\nreturn seed\n{NP}", F, live=NONE)
    yield _notebook(
        "future imports late",
        NP,
        f"a = 1\nfrom __future__ import annotations\n{F.replace('(x,', '(x: Undefined,', 1)}",
    )
    yield _notebook(
        "the solution is raw",
        NP,
        _cell(
            F,
            "raw",
            nbgrader={
                "grade_id": NAME,
                "solution": True,
                "grade": False,
                "locked": False,
                "schema_version": 3,
            },
        ),
        live=NONE,
    )
    yield _notebook("cells in another order", F, NP)


def _of_experiments() -> Iterator[Row]:
    """What people try around the function, and where it is no longer right."""
    yield _below("an assertion that fails", "assert 1 == 2, 'not yet'")
    yield _below("an experiment that raises", "1 / 0", "undefined_name", "np.ones(3) @ np.ones(4)")
    yield _below(
        "an experiment in a loop",
        "losses = []\nfor step in range(10):\n    losses.append(step)\nx = h = params = None",
    )
    yield _below("names of arguments used elsewhere", "x, h_prev, params = 1, 2, 3")
    yield _below("a helper is deleted at the end", "def helper():\n    pass\ndel helper")
    yield _below("the function is written twice", F)
    yield _below(
        "a broken try that does not compile",
        "def rnn_step_forward(x, h_prev, params:\n    return x",
    )
    yield _below(
        "a broken try that does compile", f"{HEAD}    return x", live=NONE, check=NONE, grader=NONE
    )
    yield _below("np is bound again", "np = 5", live=NONE, check=NONE, grader=NONE)
    yield _below(
        "a loop over np", "for np in range(3):\n    pass", live=NONE, check=NONE, grader=NONE
    )
    yield _below("np is deleted", "del np", live=NONE, check=NONE, grader=NONE)
    yield _below(
        "the function is None", "rnn_step_forward = None", live=NONE, check=NONE, grader=NONE
    )
    yield _below("sum = 0, len = 3 and not used", "sum = 0\nlen = 3\nlist = [1]")
    yield _notebook(
        "sum is hidden and used",
        NP,
        F.replace("np.tanh(", "np.tanh(0 * sum([0]) + ", 1),
        "sum = 0",
        live=NONE,
        check=NONE,
        grader=NONE,
    )
    yield _notebook(
        "NotImplementedError below",
        NP,
        F.replace("    return h, (x, h_prev, h, params)\n", "    raise NotImplementedError()\n"),
        live=NONE,
        check=NONE,
        grader=NONE,
    )
    yield _notebook(
        "NotImplementedError after the return", NP, f"{F}    raise NotImplementedError()\n"
    )
    yield _notebook(
        "no return",
        NP,
        F.replace("    return ", "    result = "),
        live=NONE,
        check=NONE,
        grader=NONE,
    )


def _by_tools() -> Iterator[Row]:
    """One notebook, with magics, as the tools that are installed here write it."""
    sources = [
        _cell("# Chapter 2\n\nSome text.", "markdown"),
        _cell(f"%matplotlib inline\n!true\n{NP}"),
        _cell(MAGIC),
        _cell(f"%%time\n{F}"),
        _cell("%time a = np.ones(3)\nprint(a)"),
        _cell("%check rnn_step_forward"),
    ]
    notebook = nbformat.reads(_document(sources), 4)
    for form in ("py:percent", "py:light", "py:sphinx", "py:nomarker", "py:hydrogen", "py:spin"):
        if form == "py:spin":
            continue
        text = jupytext.writes(notebook, form)
        # A cell magic that a tool writes as a comment has commented out the function below it.
        lost = f"# {HEAD}".strip() in text
        worth = NONE if lost else FULL
        yield Row(f"jupytext {form}", "py", text.encode(), tuple(sources), FULL, worth, worth)
    text, _ = PythonExporter().from_notebook_node(notebook)
    yield Row("nbconvert --to script", "py", text.encode(), tuple(sources))
    plain = [cell for cell in sources if cell["cell_type"] == "markdown"]
    plain += [_cell(NP), _cell(F), _cell("if __name__ == '__main__':\n    print(rnn_step_forward)")]
    for form in ("py:percent", "py:light", "py:sphinx", "py:nomarker"):
        text = jupytext.writes(nbformat.reads(_document(plain), 4), form)
        yield Row(f"jupytext {form}, without magics", "py", text.encode(), tuple(plain))
    upgraded = nbformat.convert(nbformat.reads(_document(plain), 4), 3)
    yield Row("nbformat 3", "ipynb", nbformat.writes(upgraded, 3).encode(), tuple(plain))
