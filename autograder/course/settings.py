"""What an instructor may set: `course.toml` at the root of the repository, its defaults, its checks and its page.

A setting is one line of a class below: name, type with bounds and description, default. Everything else follows from it,
`docs/settings.md` included (`make settings-page`). All of `Grading` can change a result, so it is part of the digest of
`autograder.grading.version`; nothing else is.
"""

from __future__ import annotations

import difflib
import inspect
import json
import sys
import tomllib
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from autograder.course.source import ROOT, SOLUTIONS
from autograder.sandbox.terms import Limits

FILE = ROOT / "course.toml"
OUR_PACKAGES = frozenset({"seqdata", "seqlab"})  # what students have of us
MODULES = {
    "matplotlib": ("matplotlib", "mpl_toolkits", "pylab"),
    "torch": ("torch", "torchgen", "functorch"),
}
"""Library to top-level modules, of those that have more than one of their own name."""

_CHECKS = ROOT / "assignments" / "seqlab" / "src" / "seqlab" / "checks"
_SHOWN = 60


class SettingsError(Exception):
    """A settings file that cannot be used; the message is one sentence that names file, key and what is expected."""


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return bool(name)


def _chapters() -> set[str]:
    """Names of the chapters, of those too whose solutions are not in this copy: every copy has the visible checks."""
    named = {path.stem for path in _CHECKS.glob("[!_]*.py")}
    return named | {path.name for path in SOLUTIONS.glob("*") if path.is_dir()}


# What bounds cannot say: `form` describes the value, `holds` tests it, `names` lists what may be meant instead.
_ADDRESS = {"form": "an address that begins with https:// or http://, or an empty text"}
_COURSE_ID = {"form": "a name of letters, digits, dots, hyphens and underscores"}
_MODULE = {"form": "the name of a top-level module", "forms": "names of top-level modules"}
_ZONE = {
    "form": "the name of a time zone, such as Europe/Zurich",
    "holds": _is_zone,
    "names": zoneinfo.available_timezones,
}
_CHAPTER = {
    "form": "chapter",
    "holds": lambda name: name in _chapters(),
    "names": _chapters,
}

Module = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z", extra=_MODULE)]
ChapterName = Annotated[str, Meta(extra=_CHAPTER)]


class Course(msgspec.Struct, frozen=True):
    """What the course is called, and where."""

    name: Annotated[
        str, Meta(max_length=200, description="Name in the titles of reports; may be empty.")
    ] = "Sequences"
    id: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
            max_length=64,
            extra=_COURSE_ID,
            description="Name of the course in nbgrader's exchange and gradebook.",
        ),
    ] = "sequences"
    address: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s\"'<>]+)?\Z",
            extra=_ADDRESS,
            description="Public address, linked at the foot of every report; without it there is no link.",
        ),
    ] = ""
    copyright: Annotated[
        str,
        Meta(
            max_length=200,
            description="Copyright holder, named at the foot of every report; without one nothing is claimed.",
        ),
    ] = ""
    time_zone: Annotated[
        str,
        Meta(
            extra=_ZONE,
            description="Zone of a time in `timestamp.txt` that names none, and of the times that are exported. "
            "nbgrader's own pages show UTC.",
        ),
    ] = "UTC"


class Late(msgspec.Struct, frozen=True):
    """What a late submission loses. Slip days go to what was due first; each started day of the calendar is one."""

    enabled: Annotated[bool, Meta(description="Whether late submissions lose points.")] = False
    slip_days: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="Days that a student may be late in all chapters together, at no cost.",
        ),
    ] = 3
    percent_per_day: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="Percentage of the chapter's score lost for each late day after those.",
        ),
    ] = 10.0


class Running(msgspec.Struct, frozen=True):
    """How the commands run. Nothing here changes a result."""

    jobs: Annotated[
        int,
        Meta(
            ge=0,
            le=1024,
            description="Processes at a time, where `--jobs` does not say; 0 lets the command decide, "
            "which for grading is one per core.",
        ),
    ] = 0


class Libraries(msgspec.Struct, frozen=True):
    """What may be imported beside the standard library and what the course itself provides."""

    common: Annotated[tuple[Module, ...], Meta(description="In every chapter.")] = (
        *("numpy", "scipy", "matplotlib"),
        *("tqdm", "pandas", "einops"),
    )
    chapters: Annotated[
        dict[ChapterName, tuple[Module, ...]],
        Meta(
            description="In a chapter, beside those; a chapter that is not named keeps its default."
        ),
    ] = msgspec.field(
        default_factory=lambda: {"ch07_seq2seq": ("torch",), "ch08_memory": ("torch",)}
    )


class Grading(msgspec.Struct, frozen=True):
    """What a result depends on. After a change every submission is graded again, and cluster workers need the same."""

    seed: Annotated[int, Meta(ge=0, le=2_000_000_000, description="Seed of the hidden inputs.")] = (
        10
    )
    limits: Limits = Limits()
    libraries: Libraries = Libraries()

    @property
    def text(self) -> str:
        """All of it in one line, the same for the same settings."""
        return msgspec.json.encode(self, order="sorted").decode()


class Settings(msgspec.Struct, frozen=True):
    """Every setting."""

    course: Course = Course()
    late: Late = Late()
    run: Running = Running()
    grading: Grading = Grading()


def importable(grading: Grading, chapter: str) -> frozenset[str]:
    """Return the names of the top-level modules that a submission of this chapter may import."""
    libraries = grading.libraries
    names = {*libraries.common, *libraries.chapters.get(chapter, ())}
    allowed = {module for name in names for module in MODULES.get(name, (name,))}
    return sys.stdlib_module_names | OUR_PACKAGES | allowed


def added_libraries(grading: Grading, chapter: str) -> tuple[str, ...]:
    """Return the modules that submissions of this chapter may import beside those of every course."""
    libraries = grading.libraries
    named = {*libraries.common, *libraries.chapters.get(chapter, ())}
    usual = Libraries()
    return tuple(sorted(named - {*usual.common, *usual.chapters.get(chapter, ())}))


# --- reading --------------------------------------------------------------------------------------------------------


def load(path: Path | None = None) -> Settings:
    """Read the settings of the course; what the file does not say, or a missing file, has its default.

    Args:
        path: another file than `course.toml`.

    Raises:
        SettingsError: the file cannot be read, or a key or value in it is wrong.
    """
    path = path or FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return read(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8: byte {error.start}") from error


def read(text: str, name: str) -> Settings:
    """Read the text of a settings file, called `name` in errors.

    Raises:
        SettingsError: it is no TOML, or a key or value in it is wrong.
    """
    try:
        table = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name}: is not TOML: {error}") from error
    except RecursionError:
        raise SettingsError(f"{name}: is not TOML that can be read: it nests too deeply") from None
    try:
        return _section(Settings, table, "")
    except _Wrong as error:
        raise SettingsError(f"{name}: {error}") from None


class _Wrong(Exception):
    """What is wrong with a key."""


def _section(kind: type[Any], table: Mapping[str, Any], place: str) -> Any:
    """Make an object of a section from what the file says."""
    hints = _fields(kind)
    given = {}
    for key, value in table.items():
        full = place + key
        if key not in hints:
            raise _Wrong(f"{_shown_key(full)} is no setting{_meant_key(key, place, hints)}")
        plain, metas = _unwrapped(hints[key])
        if _is_section(plain):
            given[key] = _section(plain, _table(full, value), f"{full}.")
        elif get_origin(plain) is dict:
            default = getattr(kind(), key)
            given[key] = default | _by_name(plain, _table(full, value), f"{full}.")
        else:
            given[key] = _value(hints[key], metas, full, value)
    return kind(**given)


def _table(full: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{full} must be a table of settings, [{full}], not {_shown(value)}")
    return value


def _by_name(kind: Any, table: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Read a table whose keys are names of something."""
    key_kind, value_kind = get_args(kind)
    _plain, metas = _unwrapped(key_kind)
    extra = _extra(metas)
    given = {}
    for key, value in table.items():
        if not extra["holds"](key):
            known = sorted(extra["names"]())
            meant = _closest(key, known)
            hint = f"; did you mean {place}{meant}?" if meant else f"; there are {', '.join(known)}"
            raise _Wrong(f"{_shown_key(place + key)} names no {extra['form']}{hint}")
        given[key] = _value(value_kind, _unwrapped(value_kind)[1], place + key, value)
    return given


def _value(kind: Any, metas: tuple[Meta, ...], full: str, value: Any) -> Any:
    try:
        found = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise _Wrong(f"{full} must be {expected(kind)}, not {_shown(value)}") from None
    extra = _extra(metas)
    if "holds" in extra and not extra["holds"](found):
        meant = _closest(found, extra["names"]())
        hint = f"; did you mean {_shown(meant)}?" if meant else ""
        raise _Wrong(f"{full} must be {expected(kind)}, not {_shown(value)}{hint}")
    return found


def _meant_key(key: str, place: str, siblings: Iterable[str]) -> str:
    """Say which key may be meant: one of the same table, or else one of that name in another."""
    siblings = list(siblings)
    if meant := _closest(key, siblings):
        return f"; did you mean {place}{meant}?"
    elsewhere = {full.rpartition(".")[2]: full for full in key_names()}
    if meant := _closest(key, elsewhere):
        return f"; did you mean {elsewhere[meant]}?"
    table = f"[{place[:-1]}]" if place else "the file"
    return f"; {table} may have {', '.join(siblings)}"


def _closest(word: str, known: Iterable[str]) -> str | None:
    by_case = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word[:200].casefold(), by_case, n=1)
    return by_case[found[0]] if found else None


def _shown(value: Any) -> str:
    """A value as the file has it, on one line and not long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):  # dates and times; a whole number of thousands of digits
        text = "a number too long" if isinstance(value, int) else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _shown_key(key: str) -> str:
    return key if len(key) <= _SHOWN else key[: _SHOWN - 1] + "…"


# --- what the definition says ---------------------------------------------------------------------------------------


def _fields(kind: type[Any]) -> dict[str, Any]:
    """The keys of a section and their types."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(kind)}


def _unwrapped(kind: Any) -> tuple[Any, tuple[Meta, ...]]:
    """A type without what `Annotated` says of it, and that."""
    if get_origin(kind) is Annotated:
        plain, *notes = get_args(kind)
        return plain, tuple(note for note in notes if isinstance(note, Meta))
    return kind, ()


def _extra(metas: Iterable[Meta]) -> dict[str, Any]:
    return {key: value for meta in metas for key, value in (meta.extra or {}).items()}


def _is_section(plain: Any) -> bool:
    return isinstance(plain, type) and issubclass(plain, msgspec.Struct)


def sections(kind: type[Any] = Settings, place: str = "") -> Iterator[tuple[str, type[Any]]]:
    """Yield every table of the file that has keys of its own, and the class that defines it."""
    fields = {key: _unwrapped(hint)[0] for key, hint in _fields(kind).items()}
    if not all(map(_is_section, fields.values())):
        yield place, kind
    for key, plain in fields.items():
        if _is_section(plain):
            yield from sections(plain, f"{place}.{key}" if place else key)


def key_names() -> list[str]:
    """Return the full names of tables and keys."""
    found = []
    for place, kind in sections():
        found += [place, *(f"{place}.{key}" for key in _fields(kind))]
    return list(dict.fromkeys(found))


def expected(kind: Any) -> str:
    """Say in words which values a type takes."""
    plain, metas = _unwrapped(kind)
    extra = _extra(metas)
    if "form" in extra:
        return extra["form"]
    if plain is bool:
        return "true or false"
    if plain is int or plain is float:
        return " ".join(
            filter(None, ["a whole number" if plain is int else "a number", _range(metas)])
        )
    if get_origin(plain) is tuple:
        return f"a list of {_extra(_unwrapped(get_args(plain)[0])[1])['forms']}"
    if get_origin(plain) is dict:
        name, value = get_args(plain)
        return f"for the name of a {expected(name)}, {expected(value)}"
    most = next((meta.max_length for meta in metas if meta.max_length is not None), None)
    return "text" if most is None else f"text of at most {most} characters"


def _range(metas: Iterable[Meta]) -> str:
    said = []
    words: list[tuple[str, Callable[[Meta], Any]]] = [
        ("of at least", lambda meta: meta.ge),
        ("above", lambda meta: meta.gt),
        ("at most", lambda meta: meta.le),
        ("below", lambda meta: meta.lt),
    ]
    for word, bound in words:
        said += [
            f"{word} {bound(meta):_}".replace("_", ",") for meta in metas if bound(meta) is not None
        ]
    return " and ".join(said)


_HEAD = """\
# Settings

Written by `make settings-page` from `autograder/course/settings.py`; not by hand.

`course.toml` at the root of the repository holds the settings of a course. It is a [TOML](https://toml.io) file; a key
that it does not have, or a missing file, means the default. A key that does not exist, a wrong type and a value out
of range are errors: the command says in one line what is wrong and ends with status 2. `python -m autograder settings`
reads the file and prints every setting as it is in force.
"""


def page() -> bytes:
    """Return `docs/settings.md`."""
    parts = [_HEAD]
    for place, kind in sections():
        defaults = kind()
        parts.append(f"\n## `[{place}]`\n\n{inspect.getdoc(kind)}\n")
        parts.append("\n| key | default | takes | |\n|---|---|---|---|\n")
        for key, hint in _fields(kind).items():
            plain, metas = _unwrapped(hint)
            if _is_section(plain):
                continue
            about = next((meta.description for meta in metas if meta.description), "")
            default = _toml(getattr(defaults, key))
            parts.append(f"| `{key}` | `{default}` | {expected(hint)} | {about} |\n")
    return "".join(parts).encode()


def lines(settings: Settings) -> list[str]:
    """Return every setting as a file would have it."""
    found: list[str] = []
    for place, kind in sections():
        section: Any = settings
        for part in place.split("."):
            section = getattr(section, part)
        found += ["", f"[{place}]"]
        for key, hint in _fields(kind).items():
            if not _is_section(_unwrapped(hint)[0]):
                found.append(f"{key} = {_toml(getattr(section, key))}")
    return found[1:]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:_}"
    return json.dumps(value, ensure_ascii=False)
