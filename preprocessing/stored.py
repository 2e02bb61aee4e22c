"""Ready-made features out of `.npy`, `.npy.gz` and HDF5 files, whole or a row of a larger array."""

import functools
import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.decode import GZIP_MAGIC, HDF5_MAGIC, NPY_MAGIC, checked_stat
from preprocessing.errors import DecodeError
from preprocessing.feature_settings import FeatureSettings
from preprocessing.npy import MAX_VALUES, check_array, map_npy, read_npy

OPEN_FILES = 8  # kept open by a process: opening one for each of its rows would take longer than reading them
CHUNK_CACHE_BYTES = 2**26  # rows of one compressed HDF5 chunk are unpacked once, where it fits


def read_stored(path: Path, row: int = -1, key: str = "") -> np.ndarray:
    """Reads the features of one clip.

    Args:
        path: the file; its content, not its name, says what it is.
        row: number of the clip's row in the array; -1: the whole array is the clip's.
        key: path of the dataset inside an HDF5 file, such as `train/X`; else "".

    Returns:
        (bands,), or two axes in the order in which they are stored; float32, finite.

    Raises:
        DecodeError: no such file, row or key, another kind of file, not real numbers, an absurd shape, NaN or
            infinite values.
    """
    try:
        values = _read(path, row, key)
    except (OSError, EOFError, KeyError, ValueError, OverflowError, RuntimeError, zlib.error) as error:
        if isinstance(error, DecodeError):
            raise
        reason = " ".join(str(error).split())[:200]
        raise DecodeError(f"expected an intact file of features, received a corrupt one: {reason}") from error
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        features = np.asarray(values, np.float32)
    if bad := int(np.count_nonzero(~np.isfinite(features))):
        raise DecodeError(f"expected finite features, received {bad} of {features.size} NaN or infinite")
    return features


def read_clips(path: Path, settings: FeatureSettings) -> np.ndarray:
    """The features of all clips in a file, (clips, steps, bands) float32.

    A `.npy` of three axes has several clips, such as the seconds of a song; any other file has one.

    Raises:
        DecodeError: as `read_stored` and `as_steps`; more values than one clip may have.
    """
    shape = _npy_shape(path)
    if len(shape) > 3:
        raise DecodeError(
            f"expected (steps, bands), or several clips as (clips, steps, bands), received shape {shape}"
        )
    if len(shape) != 3:
        return as_steps(read_stored(path), settings)[None]
    if not 0 < math.prod(shape) <= MAX_VALUES:
        raise DecodeError(f"expected 1 to {MAX_VALUES} values, received shape {shape}")
    return np.stack([as_steps(read_stored(path, row), settings) for row in range(shape[0])])


def as_steps(values: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """Stored values as (steps, bands); a vector is one step.

    Raises:
        DecodeError: fewer bands than `settings.bands` asks for.
    """
    table = values[None] if values.ndim == 1 else values.T if settings.transpose else values
    start, stop = settings.bands or (0, table.shape[1])
    if stop > table.shape[1]:
        raise DecodeError(
            f"expected {stop} bands or more, as cleaning.features.bands={settings.bands}, "
            f"received {table.shape[1]} (arrays of (bands, steps) need cleaning.features.transpose=true)"
        )
    return table[:, start:stop]


def _npy_shape(path: Path) -> tuple[int, ...]:
    """Of the array in an uncompressed `.npy`; () of any other file, which `read_stored` reads or refuses."""
    try:
        checked_stat(path)
        return _open_npy(*_version(path)).shape
    except (OSError, ValueError):
        return ()


def _read(path: Path, row: int, key: str) -> np.ndarray:
    checked_stat(path)
    with path.open("rb") as file:
        magic = file.read(len(HDF5_MAGIC))
    if magic == HDF5_MAGIC:
        return _read_hdf5(path, row, key)
    if key:
        raise DecodeError(f"expected an HDF5 file, as the clip names the dataset {key!r} in it")
    if magic.startswith(NPY_MAGIC):
        return _read_row(_open_npy(*_version(path)), row) if row >= 0 else _read_whole(path.open("rb"))
    if magic.startswith(GZIP_MAGIC):
        if row >= 0:
            raise DecodeError("expected an uncompressed .npy, to read a row of it: unpack it with gunzip")
        return _read_whole(gzip.open(path))
    raise DecodeError("expected features in .npy, .npy.gz or HDF5, received another kind of file")


def _read_whole(file: Any) -> np.ndarray:
    with file:
        return read_npy(file)


def _read_hdf5(path: Path, row: int, key: str) -> np.ndarray:
    file = _open_hdf5(*_version(path))
    data: Any = file.get(key) if key else None
    if not hasattr(data, "dtype"):
        raise DecodeError(f"expected an HDF5 dataset {key!r}, the file's top level has {sorted(file)[:10]}")
    if data.file != file or data.external or data.is_virtual:
        raise DecodeError(f"expected the values of {key!r} in this file, they are in another")
    return _read_row(data, row)


def _read_row(array: Any, row: int) -> np.ndarray:
    """`array[row]`, or all of it for -1; shapes are checked before anything is read."""
    shape = array.shape or ()
    if row < 0:
        check_array(shape, array.dtype)
        return array[()]
    if not shape or row >= shape[0]:
        raise DecodeError(f"expected a row of an array of shape {shape}, received row {row}")
    check_array(shape[1:], array.dtype)
    return array[row]


def _version(path: Path) -> tuple[str, int, int]:
    """What tells a file from a later one of its name, so that no old values come out of an open file."""
    stat = path.stat()
    return str(path), stat.st_size, stat.st_mtime_ns


@functools.lru_cache(OPEN_FILES)
def _open_npy(path: str, _size: int, _mtime_ns: int) -> np.ndarray:
    return map_npy(path)


@functools.lru_cache(OPEN_FILES)
def _open_hdf5(path: str, _size: int, _mtime_ns: int) -> Any:
    import h5py  # noqa: PLC0415 (only for such files)

    return h5py.File(path, "r", rdcc_nbytes=CHUNK_CACHE_BYTES)
