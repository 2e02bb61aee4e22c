"""Tensors from a PyTorch checkpoint, without PyTorch and without unpickling.

`torch.save` writes a zip archive: the numbers of each tensor as a raw file, and a pickle that puts them together. A
pickle is a program that can call anything. Here its opcodes are only read (`pickletools.genops`), and those of a
dictionary of tensors are carried out on plain values; any other opcode, class or function is refused. Nothing is
imported or called by name.
"""

import pickletools
import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from models.settings import ModelError

# What a damaged or hostile file leads to, besides our own.
_ERRORS = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError, EOFError, RuntimeError),
    zipfile.BadZipFile,
)
_LARGEST_PICKLE = 10_000_000  # bytes; that of mn04 has 35,120
_STORAGES = {
    "torch DoubleStorage": "<f8",
    "torch FloatStorage": "<f4",
    "torch HalfStorage": "<f2",
    "torch IntStorage": "<i4",
    "torch LongStorage": "<i8",
}
_REBUILD, _DICTIONARY = "torch._utils _rebuild_tensor_v2", "collections OrderedDict"
_KNOWN = {*_STORAGES, _REBUILD, _DICTIONARY}
_VALUES = {"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a checkpoint by name, on any device when they were saved.

    Args:
        path: of a file that `torch.save(model.state_dict(), path)` wrote, in the zip format (PyTorch 1.6 or later).

    Raises:
        ModelError: it is another file, or holds anything but a dictionary of tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _Program(archive).run()
    except _ERRORS as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model.weights: {path} is not a PyTorch file of tensors and nothing else ({reason})"
        ) from error


class _Program:
    """The pickle of a checkpoint, carried out on plain values.

    Args:
        archive: the open checkpoint.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("it has no data.pkl")
        self._pickle, self._folder = names[0], names[0].removesuffix("data.pkl")
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._storages: dict[str, np.ndarray] = {}

    def run(self) -> dict[str, np.ndarray]:
        """The dictionary of tensors that the pickle describes."""
        for opcode, argument, _ in pickletools.genops(self._stored(self._pickle, _LARGEST_PICKLE)):
            self._step(opcode.name, argument)
        tensors = self._stack.pop()
        if not all(isinstance(tensor, np.ndarray) for tensor in tensors.values()):
            raise ValueError("it is not a dictionary of tensors")
        return tensors

    def _step(self, name: str, argument: Any) -> None:  # noqa: C901, PLR0912  a table of opcodes
        stack = self._stack
        match name:
            case "PROTO" | "STOP":
                pass
            case "MARK":
                self._marks.append(len(stack))
            case "GLOBAL":
                stack.append(_known(argument))
            case "EMPTY_DICT":
                stack.append({})
            case "TUPLE":
                stack.append(tuple(self._popped(self._marks.pop())))
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self._memo[argument])
            case "SETITEM":
                self._set_items(len(stack) - 2)
            case "SETITEMS":
                self._set_items(self._marks.pop())
            case "BUILD":
                stack.pop()  # attributes of a dictionary, PyTorch's `_metadata`
            case "BINPERSID":
                stack.append(self._storage(stack.pop()))
            case "REDUCE":
                arguments = stack.pop()
                stack.append(_called(stack.pop(), arguments))
            case _ if name in _VALUES:
                stack.append(argument)
            case _ if name in _CONSTANTS:
                stack.append(_CONSTANTS[name])
            case _ if name in _TUPLES:
                stack.append(tuple(self._popped(len(stack) - _TUPLES[name])))
            case _:
                raise ValueError(f"opcode {name}")

    def _popped(self, start: int) -> list:
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _set_items(self, start: int) -> None:
        values = self._popped(start)
        if not all(isinstance(key, str) for key in values[::2]):
            raise ValueError("it is not a dictionary of tensors")
        self._stack[-1].update(zip(values[::2], values[1::2], strict=True))

    def _storage(self, described: tuple) -> np.ndarray:
        """The numbers of a tensor, (size,)."""
        if [type(part) for part in described] != [str, str, str, str, int] or described[0] != "storage":
            raise ValueError("a persistent object that is not a storage")
        _, kind, key, _device, size = described
        if key not in self._storages:
            self._storages[key] = np.frombuffer(self._stored(f"{self._folder}data/{key}"), _STORAGES[kind])
        if len(self._storages[key]) != size:
            raise ValueError(f"{len(self._storages[key])} numbers instead of {size}")
        return self._storages[key]

    def _stored(self, name: str, limit: int | None = None) -> bytes:
        """A member; PyTorch does not compress, so that none is larger than the file."""
        member = self._archive.getinfo(name)
        if member.compress_type != zipfile.ZIP_STORED or (limit and member.file_size > limit):
            raise ValueError(f"{name} is compressed or too large")
        return self._archive.read(member)


def _known(name: str) -> str:
    if name not in _KNOWN:
        raise ValueError(f"it names {name.replace(' ', '.')}")
    return name


def _called(function: Any, arguments: tuple) -> Any:
    if function == _DICTIONARY and arguments == ():
        return {}
    if function == _REBUILD:
        return _tensor(*arguments)
    raise ValueError("a call of something else than a tensor")


def _tensor(numbers: np.ndarray, offset: int, shape: tuple, strides: tuple, *_: Any) -> np.ndarray:
    """A tensor that lies in a storage without gaps, (*shape,)."""
    if not all(type(number) is int and number >= 0 for number in (offset, *shape, *strides)):
        raise ValueError("a tensor with an odd shape")
    gapless = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    if any(stride != gap for stride, gap, size in zip(strides, gapless, shape, strict=True) if size > 1):
        raise ValueError("a tensor with gaps")
    return numbers[offset : offset + prod(shape)].reshape(shape)
