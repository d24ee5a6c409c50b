"""Inside the worker: run the cells of one submission, then answer calls. Student code shares this process.

Nothing here is trusted by the grader: whatever this module sends is validated on the other side, and it holds no hidden
test, no reference and no result.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib.abc
import importlib.machinery
import linecache
import os
import random
import sys
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import msgspec
import numpy as np

from .. import wire
from ..confine import libraries as packages
from . import caches, eventloop, quiet_ipython, statements, threads

MODULE = "submission"
_LONGEST_NAME = 100


class ImportLimit(importlib.abc.MetaPathFinder):
    """Refuses every import that the chapter does not allow, first of all torch where gradients are written by hand."""

    def __init__(self, importable: frozenset[str]):
        self.allowed = {*sys.stdlib_module_names, *importable, MODULE, quiet_ipython.NAME}

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Raise for a module outside the list; otherwise leave the search to the others, but for that of tqdm's bars.

        ModuleNotFoundError, as libraries catch that one where a dependency is optional.
        """
        top = fullname.partition(".")[0]
        if top not in self.allowed:
            if top in packages.TORCH_DISTRIBUTIONS:
                raise ModuleNotFoundError(f"{top} cannot be imported in this chapter", name=top)
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)
        return threads.without_monitor(path) if fullname == threads.MONITORED else None


class Foreign:
    """An object of the grader that student code may hold, pass on and compare by identity, and nothing else."""

    __slots__ = ("_token",)

    def __init__(self, token: int):
        self._token = token

    def __repr__(self) -> str:
        return "<object of the grader>"


def _counted(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, int]:
    """Call a function; return its result, and how many lines of Python were run for it, calls included."""
    lines = 0

    def trace(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event in ("call", "line")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = function(*args, **kwargs)
    finally:
        sys.settrace(before)
    return result, lines


class Server:
    """Answers the requests of one worker's life."""

    def __init__(self, incoming: int, outgoing: int):
        self.incoming = incoming
        self.outgoing = outgoing
        self.torch = sys.modules.get("torch")
        self.held: list[Any] = []
        self.foreign: dict[int, Any] = {}
        self.own: dict[str, Any] = {}  # what names were bound to before they were lent
        self.makers = caches.Makers()
        module = types.ModuleType(MODULE)
        self.namespace = module.__dict__
        sys.modules[MODULE] = module
        self.cells: statements.Cells | None = None

    # --- plumbing

    def _read(self, length: int) -> bytearray:
        data = bytearray(length)
        view = memoryview(data)
        got = 0
        while got < length:
            count = os.readv(self.incoming, [view[got:]])
            if count == 0:
                os._exit(0)  # the grader is gone or done with us
            got += count
        return data

    def _receive(self, decode: Callable[[bytes], Any]) -> tuple[Any, list[np.ndarray]]:
        head_length, body_length = wire.read_header(
            bytes(self._read(wire.HEADER.size)), wire.MAX_CELL
        )
        message, specs = wire.decode_head(decode, bytes(self._read(head_length)))
        return message, wire.split_body(specs, self._read(body_length))

    def _send(self, message: Any, packer: wire.Packer | None = None) -> None:
        buffers = [memoryview(buffer).cast("B") for buffer in wire.frame(message, packer)]
        while buffers:
            count = os.writev(self.outgoing, buffers[:64])
            while buffers and count >= len(buffers[0]):
                count -= len(buffers.pop(0))
            if count:
                buffers[0] = buffers[0][count:]

    def _packer(self, hold: bool = False) -> wire.Packer:
        return wire.Packer(self.torch, self._hold if hold else self._name_foreign)

    def _name_foreign(self, value: Any) -> Any:
        token = getattr(value, "_token", None) if isinstance(value, Foreign) else None
        if token is None:
            token = getattr(value, "_foreign_token", None)
        # By identity: a copy of a lent object is not that object.
        if type(token) is int and self.foreign.get(token) is value:
            return wire.Lent(token, False)
        return wire.Unsendable(type(value).__name__[:80])

    def _hold(self, value: Any) -> Any:
        self.held.append(value)
        return wire.Held(len(self.held) - 1)

    def _resolve(self, request_id: int) -> Callable[[Any], Any]:
        def resolve(value: Any) -> Any:
            if isinstance(value, wire.Held):
                return self.held[value.token]
            if isinstance(value, wire.Lent):
                if value.token not in self.foreign:
                    self.foreign[value.token] = (
                        self._callable(request_id, value.token)
                        if value.callable
                        else Foreign(value.token)
                    )
                return self.foreign[value.token]
            raise wire.WireError("unexpected value")

        return resolve

    def _callable(self, request_id: int, token: int) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            packer = self._packer()
            message = wire.CallBack(
                self.current_id, token, packer.pack(list(args)), packer.pack(kwargs)
            )
            self._send(message, packer)
            answer, arrays = self._receive(wire.decode_answer_head)
            if isinstance(answer, wire.AnswerRaised):
                error = getattr(builtins, answer.base, RuntimeError)
                raise error(answer.text)
            return wire.Unpacker(arrays, self.torch, self._resolve(request_id)).unpack(answer.value)

        call._foreign_token = token  # type: ignore[attr-defined]
        return call

    # --- requests

    def serve(self) -> NoReturn:
        """Say that the layers are in place, then answer requests until the grader closes the pipe."""
        self._send(wire.Done(id=wire.HELLO))
        while True:
            message, arrays = self._receive(wire.decode_request_head)
            self.current_id = message.id
            try:
                reply, packer = self._answer(message, arrays)
            except wire.WireError as error:
                reply, packer = self._raised(message.id, ValueError(str(error))), None
            except BaseException as error:  # student code may raise SystemExit and worse
                reply, packer = self._raised(message.id, error), None
            try:
                self._send(reply, packer)
            except wire.WireError as error:
                self._send(self._raised(message.id, ValueError(str(error))))

    def _answer(
        self, message: Any, arrays: list[np.ndarray]
    ) -> tuple[wire.Reply, wire.Packer | None]:
        if isinstance(message, wire.RunCell):
            return self._run_cell(message), None
        unpack = wire.Unpacker(arrays, self.torch, self._resolve(message.id)).unpack
        if isinstance(message, wire.Bind):
            self._bind(message)
            return wire.Done(id=message.id), None
        if isinstance(message, wire.ReadState):
            packer = self._packer()
            return wire.Done(id=message.id, value=packer.pack(self._state(message.held))), packer
        if isinstance(message, wire.WriteState):
            self._write_state(message.held, unpack(message.values))
            return wire.Done(id=message.id), None
        return self._call(message, unpack)

    def _bind(self, message: wire.Bind) -> None:
        """Put lent functions in the place of the submission's own, and see to it that caches can be told."""
        self.makers.forget()
        for name in [*message.names, *message.caches]:
            self.own.setdefault(name, self.namespace.get(name))
        for name, token in message.names.items():
            lent = self.foreign[token] = self._callable(message.id, token)
            self.namespace[name] = self.makers.told(lent)
        for name, place in message.caches.items():
            own = self.own[name]
            if name in message.names:
                called = None if name in message.uncalled or not callable(own) else own
                self.namespace[name] = self.makers.replaced(
                    name, self.namespace[name], called, place
                )
            elif callable(own):
                self.namespace[name] = self.makers.noted(name, own, place)

    def _run_cell(self, message: wire.RunCell) -> wire.Ran:
        self._seed(0)
        name = f"<cell {message.number}>"
        self.namespace["__name__"] = message.module_name
        sys.modules[message.module_name] = sys.modules[MODULE]
        linecache.cache[name] = (
            len(message.source),
            None,
            message.source.splitlines(keepends=True),
            name,
        )
        if self.cells is None:
            self.cells = self._new_cells(message.module_name == "__main__", message.needed)

        def started(step: int, line: int) -> None:
            self._send(wire.Running(message.id, step, line))

        until = None if message.until < 0 else message.until
        failures: list[wire.Raised] = []
        for failure in self.cells.run(message.source, name, started, message.skip, until):
            if len(failures) < wire.MAX_FAILURES:
                failures.append(self._failed(message, failure))
        rebound = [
            wire.Rebound(each.name, each.line, each.how)  # type: ignore[arg-type]
            for each in self.cells.rebound[-wire.MAX_FAILURES :]
            if each.name.isidentifier() and len(each.name) <= _LONGEST_NAME
        ]
        return wire.Ran(message.id, failures, rebound)

    def _new_cells(self, notebook: bool, needed: Sequence[str]) -> statements.Cells:
        return statements.Cells(self.namespace, notebook, needed=needed)

    def _failed(self, message: wire.RunCell, failure: statements.Failure) -> wire.Raised:
        raised = self._raised(message.id, failure.error)
        return msgspec.structs.replace(raised, cell=message.number, line=failure.line)

    def _seed(self, seed: int) -> None:
        random.seed(seed)
        np.random.seed(seed)
        if self.torch is not None:
            # What torch.manual_seed does for the processor; for other devices it would note a stack each time.
            self.torch.default_generator.manual_seed(seed)

    def _target(self, message: wire.Call) -> Any:
        if message.held >= 0:
            target = self.held[message.held]
            return getattr(target, message.name) if message.name else target
        return self.namespace.get(message.name)

    def _call(
        self, message: wire.Call, unpack: Callable[[Any], Any]
    ) -> tuple[wire.Reply, wire.Packer | None]:
        target = self._target(message)
        if message.attribute:
            packer = self._packer()
            return wire.Done(id=message.id, value=packer.pack(target)), packer
        if not callable(target):
            return wire.Missing(message.id), None
        args = unpack(message.args)
        kwargs = unpack(message.kwargs)
        if message.seed is not None:
            self._seed(message.seed)
        lines = 0
        if message.count:
            result, lines = _counted(target, args, kwargs)
        elif message.strict:
            with (
                warnings.catch_warnings(),
                np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"),
            ):
                warnings.simplefilter("error", RuntimeWarning)
                result = target(*args, **kwargs)
        else:
            result = target(*args, **kwargs)
        gradients = None
        if message.cotangents is not None:
            gradients = self._pull_back(result, args, unpack(message.cotangents))
        packer = self._packer()
        value = self._pack_result(packer, result, message.hold)
        args_after = packer.pack(args) if message.echo else None
        packed_gradients = packer.pack(gradients)
        done = wire.Done(
            id=message.id,
            value=value,
            args_after=args_after,
            gradients=packed_gradients,
            lines=lines,
        )
        return done, packer

    def _pack_result(self, packer: wire.Packer, result: Any, hold: Sequence[bool] | bool) -> Any:
        if hold is True:
            return packer.pack(None) if result is None else self._hold(result)
        if hold and isinstance(result, (tuple, list)) and len(result) == len(hold):
            parts = [
                self._hold(part) if held else packer.pack(part)
                for part, held in zip(result, hold, strict=True)
            ]
            return wire.Items(parts, True)
        return packer.pack(result)

    def _pull_back(self, result: Any, args: Any, cotangents: list[Any]) -> Any:
        """Return, in the shape of `args`, the gradient of every tensor that requires one."""
        torch = self.torch
        assert torch is not None
        results = result if isinstance(result, (tuple, list)) else [result]
        total: Any = 0.0
        for part, cotangent in zip(results, cotangents, strict=False):
            if cotangent is not None:
                total = total + (part * cotangent).sum()
        leaves: list[Any] = []
        self._map_tensors(args, leaves.append)
        found: Sequence[Any] = [None] * len(leaves)
        if leaves and isinstance(total, torch.Tensor) and total.requires_grad:
            found = torch.autograd.grad(total, leaves, allow_unused=True)
        remaining = iter(found)
        return self._map_tensors(args, lambda _leaf: next(remaining))

    def _map_tensors(self, tree: Any, visit: Callable[[Any], Any]) -> Any:
        if isinstance(tree, dict):
            return {key: self._map_tensors(item, visit) for key, item in tree.items()}
        if isinstance(tree, (list, tuple)):
            return [self._map_tensors(item, visit) for item in tree]
        if isinstance(tree, self.torch.Tensor) and tree.requires_grad:  # type: ignore[union-attr]
            return visit(tree)
        return None

    def _state(self, token: int) -> dict[str, tuple[Any, bool]]:
        module = self.held[token]
        state = {
            name: (value.detach(), bool(value.requires_grad))
            for name, value in module.named_parameters()
        }
        state.update({name: (value.detach(), False) for name, value in module.named_buffers()})
        return state

    def _write_state(self, token: int, values: dict[str, Any]) -> None:
        torch = self.torch
        assert torch is not None
        module = self.held[token]
        targets = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        with torch.no_grad():
            for name, value in values.items():
                targets[name].copy_(torch.as_tensor(value))

    def _raised(self, request_id: int, error: BaseException) -> wire.Raised:
        bases = [
            base.__name__
            for base in type(error).__mro__
            if base.__module__ == "builtins" and base is not object
        ]
        cell = line = 0
        trace = error.__traceback__
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if name.startswith("<cell ") and name[6:-1].isdigit():
                cell, line = int(name[6:-1]), trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line = error.lineno or 0
        first = error.args[0] if error.args and isinstance(error.args[0], str) else ""
        return wire.Raised(
            id=request_id,
            bases=bases[:16],
            text=wire._text(_message(error)),
            first_argument=wire._text(first),
            cell=cell,
            line=line or 0,
        )


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg or ""
    try:
        return str(error)
    except BaseException:  # a student's own __str__ may do anything; the class name tells enough
        return ""


def _no_input(_prompt: object = "") -> NoReturn:
    raise EOFError("input() has nobody to ask here")


def run(incoming: int, outgoing: int, importable: frozenset[str]) -> NoReturn:
    """Serve one worker's life on the given pipe ends. Never returns."""
    builtins.input = _no_input
    # Threads that a submission leaves running take turns quickly, so that the call after them is not starved.
    sys.setswitchinterval(0.0005)
    quiet_ipython.take_over()
    sys.meta_path.insert(0, ImportLimit(importable))
    asyncio.set_event_loop_policy(eventloop.NotebookPolicy())
    Server(incoming, outgoing).serve()
