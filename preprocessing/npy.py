"""`.npy` arrays: written with a header of one length, read without trust in what the header says."""

import io
import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy_format

from preprocessing.errors import DecodeError
from preprocessing.folder import FEATURE_HEADER_BYTES

MAX_VALUES = 2**26  # of one clip: an hour at 10 ms and 128 bands has 46 million
_HEADERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


def npy_bytes(features: np.ndarray) -> bytes:
    """A `.npy` file of (steps, bands) features as float32 in C order, whose values start at byte 128."""
    values = np.ascontiguousarray(features, "<f4")
    buffer = io.BytesIO()
    npy_format.write_array_header_1_0(buffer, npy_format.header_data_from_array_1_0(values))
    if buffer.tell() != FEATURE_HEADER_BYTES:
        raise RuntimeError(
            f"expected an .npy header of {FEATURE_HEADER_BYTES} bytes, received {buffer.tell()}"
        )
    return buffer.getvalue() + values.tobytes()


def read_npy(file: BinaryIO) -> np.ndarray:
    """The array of a whole `.npy` file, of 1 or 2 axes; no more is read, or unpacked, than its header promises.

    Args:
        file: at its start; may be compressed.

    Raises:
        DecodeError: see `check_array`; or the file is truncated.
        ValueError: no `.npy` file.
    """
    shape, fortran_order, dtype = _read_header(file)
    check_array(shape, dtype)
    expected = math.prod(shape) * dtype.itemsize
    data = file.read(expected)
    if len(data) < expected:
        raise DecodeError(f"expected {expected} bytes of values, received {len(data)}: the file is truncated")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran_order else "C")


def map_npy(path: Path | str) -> np.ndarray:
    """The array of an uncompressed `.npy` file, mapped: only the rows that are used are read."""
    with open(path, "rb") as file:
        shape, fortran_order, dtype = _read_header(file)
        _check_numbers(dtype)
        order, offset = ("F" if fortran_order else "C"), file.tell()
    return np.memmap(path, dtype, "r", offset, shape, order)  # type: ignore[call-overload]


def check_array(shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Raises DecodeError unless an array, before it is read, can be the features of one clip."""
    _check_numbers(dtype)
    if len(shape) not in (1, 2) or not 0 < math.prod(shape) <= MAX_VALUES:
        raise DecodeError(
            f"expected features of 1 or 2 axes and at most {MAX_VALUES} values, received shape {shape}"
        )


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = npy_format.read_magic(file)  # type: ignore[arg-type]
    if version not in _HEADERS:
        raise DecodeError(f"expected .npy version 1.0 or 2.0, received {version}: save it again with np.save")
    return _HEADERS[version](file)  # type: ignore[arg-type]


def _check_numbers(dtype: np.dtype) -> None:
    if dtype.kind not in "fiu":
        raise DecodeError(
            f"expected real numbers, received dtype {dtype}: save them as float32 (pickles are never loaded)"
        )
