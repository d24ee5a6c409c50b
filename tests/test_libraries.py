"""Which files a worker may read, for builds of PyTorch in the layouts in which they are installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest

from autograder.sandbox import doctor
from autograder.sandbox.confine import libraries

ROOT = Path(__file__).resolve().parents[1]
CUBLAS = "nvidia/cu13/lib/libcublasLt.so.13"


def _install(site, name, files, requires=(), record=True):
    """Put a distribution into a folder of packages, as pip leaves it."""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    wanted = "".join(f"Requires-Dist: {line}\n" for line in requires)
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{wanted}",
    }
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            (site / path).write_bytes(content.read_bytes())
        else:
            (site / path).write_text(content)
    if record:
        lines = [*files, "../../../bin/tool", '"a, b.txt"', f"{info}/RECORD"]
        (site / info / "RECORD").write_text("".join(f"{line},,\n" for line in lines))


def _numpy_side(site):
    _install(site, "numpy", {"numpy/__init__.py": "", "numpy.libs/libblas.so": ""})
    _install(site, "scipy", {"scipy/__init__.py": "", "scipy/deep/__init__.py": ""}, ["numpy>=1"])
    _install(site, "matplotlib", {"matplotlib/__init__.py": "", "pylab.py": ""}, ["one.file>1"])
    _install(site, "one-file", {"single.py": "", "one_file.pth": ""})
    _install(site, "grader", {"grader/__init__.py": "", "grader/secret.py": "", "beside.py": ""})


def _cpu(site, _object):
    _install(site, "torch", {"torch/__init__.py": "", "torch/lib/libtorch.so": ""}, ["filelock"])
    _install(site, "filelock", {"filelock/__init__.py": ""})


def _cuda_by_toolkit(site, library):
    """As of 2026: a distribution without files names the libraries as its extras."""
    loading = f"import ctypes, os\nHERE = os.path.dirname(os.path.dirname(__file__))\nctypes.CDLL(HERE + '/{CUBLAS}')\n"
    linux = 'platform_system == "Linux"'
    _install(
        site,
        "torch",
        {"torch/__init__.py": loading, "torch/lib/libtorch.so": ""},
        [f"cuda-toolkit[cublas,cufft]==13.0; {linux}", 'optree; extra == "optree"'],
    )
    extras = [
        f'nvidia-cublas==13.*; (sys_platform == "linux") and extra == "{extra}"'
        for extra in ("all", "cublas")
    ]
    extras += ['nvidia-cufft; extra == "cufft"', 'nvidia-nsight; extra == "nsight"']
    _install(site, "cuda-toolkit", {}, extras)
    _install(site, "nvidia-cublas", {CUBLAS: library, "nvidia/cu13/include/cublas.h": ""})
    _install(site, "nvidia-cufft", {"nvidia/cu13/lib/libcufft.so.12": library})
    _install(site, "nvidia-nsight", {"nvidia/nsight/tool": ""})
    _install(site, "optree", {"optree/__init__.py": ""})


def _cuda_by_library(site, library):
    """As until 2025: a distribution for each library, `nvidia` a package of its own."""
    path = "nvidia/cublas/lib/libcublasLt.so.12"
    loading = (
        f"import ctypes, os\nctypes.CDLL(os.path.dirname(os.path.dirname(__file__)) + '/{path}')\n"
    )
    _install(
        site,
        "torch",
        {"torch/__init__.py": loading, "torch/lib/libtorch.so": ""},
        ["nvidia-cublas-cu12==12.6 ; sys_platform == 'linux'", "triton==3"],
    )
    _install(site, "nvidia-cublas-cu12", {"nvidia/__init__.py": "", path: library})
    _install(site, "triton", {"triton/__init__.py": "", "triton/_C/libtriton.so": ""})


LAYOUTS = {
    _cpu: {"torch", "filelock"},
    _cuda_by_toolkit: {"torch", "nvidia/cu13/lib", "nvidia/cu13/include"},
    _cuda_by_library: {"torch", "nvidia", "triton"},
}
BOTH = {"numpy", "numpy.libs", "scipy", "matplotlib", "pylab.py", "single.py"}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of packages that comes before all others on the path, and alone has any."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    standard = [path for path in sys.path if os.path.basename(path) not in libraries.SITE_FOLDERS]
    monkeypatch.setattr(sys, "path", [str(folder), *standard])
    _forget()
    yield folder
    _forget()


def _forget():
    libraries._installed.cache_clear()
    libraries.importable.cache_clear()


def _shared_object():
    """A small library of this machine."""
    with open("/proc/self/maps") as file:
        paths = {line.split(None, 5)[-1].strip() for line in file}
    return next(Path(p) for p in sorted(paths) if "libc.so" in p or "libc-" in p or "musl" in p)


def _within(site, torch):
    found = (os.path.relpath(path, site) for path in libraries.find(torch).readable)
    return {path for path in found if not path.startswith("..") and ".dist-info" not in path}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_a_build(site, layout):
    _numpy_side(site)
    layout(site, _shared_object())
    assert _within(site, torch=False) == BOTH
    assert _within(site, torch=True) == BOTH | LAYOUTS[layout]
    assert "torch" not in libraries.importable(torch=False)
    names = libraries.importable(torch=True)
    assert {"numpy", "scipy", "matplotlib", "pylab", "single", "torch"} <= names
    assert not {"grader", "beside", "one_file", "optree"} & names


def test_without_torch(site):
    _numpy_side(site)
    assert _within(site, torch=True) == BOTH


def test_packages_without_a_list_of_files(site):
    """As Debian's own: an .egg-info with the names of the modules, or nothing but a folder."""
    _numpy_side(site)
    _install(site, "torch", {"torch/__init__.py": "", "torchgen/__init__.py": ""}, record=False)
    (site / "torch-1.0.dist-info" / "top_level.txt").write_text("torch\ntorchgen\n")
    assert _within(site, torch=True) == BOTH | {"torch", "torchgen"}
    (site / "torch-1.0.dist-info" / "METADATA").unlink()
    (site / "torch-1.0.dist-info").rename(site / "elsewhere")
    _forget()
    assert _within(site, torch=True) == BOTH | {"torch"}


def test_packages_that_are_links_into_a_store(site, tmp_path):
    """As installers leave them that keep one copy of each file for all environments."""
    _numpy_side(site)
    store = tmp_path / "store"
    (store / "torch" / "lib").mkdir(parents=True)
    _install(site, "torch", {"torch/__init__.py": "", "torch/lib/libtorch.so": ""})
    for name in ("torch/__init__.py", "torch/lib/libtorch.so"):
        (site / name).rename(store / name)
        (site / name).symlink_to(store / name)
    readable = libraries.find(torch=True).readable
    assert str(store / "torch") in readable and str(store) not in readable


def test_names_are_compared_as_pip_does(site):
    _numpy_side(site)
    _install(site, "torch", {"torch/__init__.py": ""}, ["Typing.Extensions", "a_b-c (>=1)"])
    _install(site, "typing_extensions", {"typing_extensions.py": ""})
    _install(site, "A-B.C", {"abc_package/__init__.py": ""})
    assert _within(site, torch=True) - BOTH == {"torch", "typing_extensions.py", "abc_package"}


def test_requirements_in_a_circle(site):
    _numpy_side(site)
    _install(site, "torch", {"torch/__init__.py": ""}, ["torch[more]", "ring"])
    _install(site, "ring", {"ring/__init__.py": ""}, ["torch"])
    assert _within(site, torch=True) - BOTH == {"torch", "ring"}


# --- what an interpreter with such a build does, in processes of its own

_CONFINED = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from autograder.sandbox import confine
from autograder.sandbox.confine import libraries, namespaces
site = next(path for path in sys.path if path.endswith("site-packages"))
options = json.loads(sys.argv[2])
sys.path.pop(0)
import torch
prepared = confine.prepare(confine.Policy(**options["policy"]))
def can(path):
    try:
        open(os.path.join(site, path), "rb").close()
        return True
    except OSError:
        return False
pid = os.fork()
if pid == 0:
    prepared.enter()
    print(json.dumps([can(path) for path in options["paths"]]), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""
_SAY_PREFIX = """
import json, sys
sys.path.insert(0, sys.argv[1])
from autograder.sandbox.confine import libraries, namespaces
options = json.loads(sys.argv[2])
beside = libraries.imported(torch=True) if options["search"] else ()
readable = [*libraries.find(torch=True).readable, *beside, *options["own"]]
print(json.dumps([namespaces.command(readable), namespaces.identifiers(), beside]))
"""


@pytest.fixture
def environment(tmp_path):
    """An environment without packages: its interpreter and its folder for them."""
    venv.create(tmp_path / "environment", with_pip=False, symlinks=True)
    folder = next((tmp_path / "environment" / "lib").glob("python*/site-packages"))
    return tmp_path / "environment" / "bin" / "python", folder


def _run(python, code, options, prefix=()):
    command = [str(python), "-P", "-s", "-B", "-c", textwrap.dedent(code)]
    done = subprocess.run(
        [*prefix, *command, str(ROOT), json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _can_read(python, level, paths, search=False):
    """Import torch in a zygote at a level; which files its workers can read."""
    policy, prefix = {"level": level}, []
    if level == "A":
        # All of the sandbox, without the hidden tests.
        own = [str(ROOT / "autograder" / "__init__.py"), str(ROOT / "autograder" / "sandbox")]
        options = {"own": own, "search": search}
        prefix, policy["outside"], _ = _run(python, _SAY_PREFIX, options)
    return _run(python, _CONFINED, {"policy": policy, "paths": paths}, prefix)


@pytest.fixture(scope="module", params=["A", "B"])
def level(request):
    found = doctor.available()
    if request.param < found.level:
        pytest.skip(f"no level {request.param} here: {found.missing}")
    return request.param


@pytest.mark.parametrize("layout", [_cuda_by_toolkit, _cuda_by_library])
def test_a_cuda_build_loads_its_libraries(environment, level, layout):
    """The library is loaded when torch is imported, another one of the same folder later."""
    python, folder = environment
    _numpy_side(folder)
    layout(folder, _shared_object())
    library = next(path for path in folder.rglob("libcublasLt*"))
    paths = [str(library), "torch/lib/libtorch.so", "grader/secret.py", "beside.py"]
    assert _can_read(python, level, paths) == [True, True, False, False]


def test_a_library_that_no_metadata_name(environment, level, tmp_path):
    """It lies in a folder of its own, with a secret beside it; the memory map tells of it."""
    python, folder = environment
    _numpy_side(folder)
    elsewhere = tmp_path / "accelerator" / "lib"
    elsewhere.mkdir(parents=True)
    for name in ("libfar.so.1", "liblater.so.1"):
        (elsewhere / name).write_bytes(_shared_object().read_bytes())
    (elsewhere / "secret").write_text("x")
    loading = f"import ctypes\nctypes.CDLL({str(elsewhere / 'libfar.so.1')!r})\n"
    _install(folder, "torch", {"torch/__init__.py": loading})
    paths = [str(elsewhere / name) for name in ("libfar.so.1", "liblater.so.1", "secret")]
    assert _can_read(python, level, paths, search=True) == [True, True, False]


def test_what_cannot_be_imported_is_told_in_a_line(environment):
    python, folder = environment
    _numpy_side(folder)
    _install(folder, "torch", {"torch/__init__.py": "raise OSError('libcublasLt.so.13: gone')"})
    code = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from autograder.sandbox.confine import libraries
    try:
        libraries.imported(torch=True)
    except libraries.CannotImport as error:
        import json
        print(json.dumps(str(error)))
    """
    said = _run(python, code, {})
    assert said.endswith("cannot be imported: OSError: libcublasLt.so.13: gone")
    assert said.count("\n") == 0


def test_a_package_without_metadata_among_the_packages(environment, level):
    """It is imported by torch, and no distribution tells of it."""
    python, folder = environment
    _numpy_side(folder)
    _install(folder, "torch", {"torch/__init__.py": "import stray, ctypes; stray.load()"})
    (folder / "stray").mkdir()
    library = folder / "stray" / "libstray.so"
    library.write_bytes(_shared_object().read_bytes())
    (folder / "stray" / "__init__.py").write_text(
        "import ctypes\ndef load(): ctypes.CDLL(__file__.replace('__init__.py', 'libstray.so'))\n"
    )
    paths = [str(library), "grader/secret.py", "beside.py"]
    assert _can_read(python, level, paths, search=True) == [True, False, False]
