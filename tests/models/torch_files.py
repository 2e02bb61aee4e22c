"""Checkpoints as `torch.save` writes them, made without PyTorch."""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

_KINDS = {"f4": "FloatStorage", "f8": "DoubleStorage", "i8": "LongStorage"}


def in_torch(module: str, name: str) -> Any:
    """Something that a pickle names as `module.name`, whether that exists or not."""
    return type(name, (), {"__module__": module})


class _Call:
    """Pickled as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.called = function, arguments

    def __reduce__(self) -> Any:
        return self.called


class _Storage(tuple):
    """Pickled as a persistent object."""


class _Pickler(pickle._Pickler):  # Python's own, which does not look up what it names
    def save_global(self, obj: Any, name: str | None = None) -> None:
        self.write(f"c{obj.__module__}\n{obj.__name__}\n".encode())
        self.memoize(obj)

    def persistent_id(self, obj: Any) -> tuple | None:
        return tuple(obj) if isinstance(obj, _Storage) else None

    dispatch: ClassVar = {**pickle._Pickler.dispatch, type: save_global}


def tensor(
    key: str, array: np.ndarray, strides: tuple[int, ...] | None = None, size: int | None = None
) -> Any:
    """A tensor whose numbers are the member `key`."""
    kind = in_torch("torch", _KINDS[array.dtype.str[1:]])
    storage = _Storage(("storage", kind, key, "cuda:0", array.size if size is None else size))
    gapless = tuple(stride // array.itemsize for stride in np.empty(array.shape, array.dtype).strides)
    rebuild = in_torch("torch._utils", "_rebuild_tensor_v2")
    return _Call(rebuild, storage, 0, array.shape, strides or gapless, False, OrderedDict())


def pickled(value: Any) -> bytes:
    """The pickle of a checkpoint."""
    file = BytesIO()
    _Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def write(
    path: Path, program: bytes, numbers: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED
) -> None:
    """A checkpoint of a pickle and the numbers of its tensors."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", program)
        for key, content in numbers.items():
            archive.writestr(f"archive/data/{key}", content)


def save(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """As `torch.save(model.state_dict(), path)`: attributes on the dictionary too."""
    named = {name: tensor(str(number), array) for number, (name, array) in enumerate(arrays.items())}
    state = OrderedDict(named)
    state._metadata = OrderedDict(version=1)  # type: ignore[attr-defined]
    write(path, pickled(state), {str(n): array.tobytes() for n, array in enumerate(arrays.values())})
