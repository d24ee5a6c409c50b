"""Stands in for IPython where cells run without a kernel: whatever is asked for is there and does nothing.

Cells show things, ask whether they run in a notebook, set options of the shell. None of that decides what a function
returns, and none of it may cost one.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

NAME = "IPython"
VERSION = (9, 0, 0)
_PARTS = ("core", "display", "extensions", "lib", "terminal", "testing", "utils")


class Inert:
    """Takes every call and has every attribute. Called with a function only, as a decorator is, it returns that."""

    def __init__(self, *_args: Any, **_kwargs: Any):
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what is decorated, or another of its kind."""
        return args[0] if len(args) == 1 and not kwargs and callable(args[0]) else Inert()

    def __getitem__(self, _key: Any) -> Any:
        return Inert()

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __contains__(self, _item: Any) -> bool:
        return False

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: Any) -> None:
        pass

    def __repr__(self) -> str:
        return "<IPython is not here>"


class QuietShell(Inert):
    """What `get_ipython()` returns."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.config: dict[str, Any] = {}

    def run_line_magic(self, *_args: Any, **_kwargs: Any) -> None:
        """Do nothing."""

    magic = run_cell_magic = system = run_line_magic

    def getoutput(self, *_args: Any, **_kwargs: Any) -> list[str]:
        """Return no lines."""
        return []


_shell = QuietShell()


def get_ipython() -> QuietShell:
    """Return the shell that does nothing."""
    return _shell


def display(*_objects: Any, **_options: Any) -> None:
    """Show nothing."""


def clear_output(*_args: Any, **_options: Any) -> None:
    """Clear nothing."""


def bind_names(namespace: dict[str, Any]) -> None:
    """Bind what IPython gives every cell: `get_ipython` and `display`."""
    _shell.user_ns = namespace
    namespace["get_ipython"], namespace["display"] = get_ipython, display


# --- the modules ----------------------------------------------------------------------------------------------------


class _AnyAttribute(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()


class _Anything(Inert, metaclass=_AnyAttribute):
    """Base of every class that a module of the stand-in has."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the function or class that is decorated, where this is called to decorate one."""
        decorates = len(args) == 1 and not kwargs
        if decorates and isinstance(args[0], types.FunctionType | type):
            return args[0]
        return object.__new__(cls)


class _Module(types.ModuleType):
    """A module with every public name: a part of the package, or a class that does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self.__name__ == NAME and name in _PARTS:
            return importlib.import_module(f"{NAME}.{name}")
        made = _AnyAttribute(name, (_Anything,), {"__module__": self.__name__})
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds IPython and all that may be imported from it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for IPython and its modules, None for all others."""
        if fullname.partition(".")[0] != NAME:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Return an empty module."""
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Give it what has to be more than a class that does nothing."""
        names = vars(module)
        names["get_ipython"] = get_ipython
        if module.__name__ == NAME:
            names["version_info"], names["__version__"] = VERSION, ".".join(map(str, VERSION))
        elif module.__name__.rpartition(".")[2].startswith("display"):
            names["display"], names["clear_output"] = display, clear_output


def take_over() -> None:
    """Put the stand-in where IPython would be, for the rest of this process: one that runs nothing but cells."""
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder())
