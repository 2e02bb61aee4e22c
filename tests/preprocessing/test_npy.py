""".npy files as training reads them: 128 bytes, then float32; and what is not to be trusted in those of others."""

import io

import numpy as np
import pytest

from preprocessing.errors import DecodeError
from preprocessing.npy import MAX_VALUES, map_npy, npy_bytes, read_npy


def saved(array, **options) -> io.BytesIO:
    file = io.BytesIO()
    np.save(file, array, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize("shape", [(1, 1), (1, 26), (68, 140), (1291, 140), (123_456, 3)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_values_start_at_byte_128_in_c_order(shape, order):
    features = np.asarray(np.random.default_rng(0).normal(size=shape), np.float64, order)
    data = npy_bytes(features)
    assert len(data) == 128 + 4 * features.size
    np.testing.assert_array_equal(np.frombuffer(data, "<f4", offset=128).reshape(shape), np.float32(features))
    loaded = np.load(io.BytesIO(data), allow_pickle=False)
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, np.float32(features))


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", "i2", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_any_kind_and_order_are_read(tmp_path, dtype, order):
    array = np.asarray(np.arange(12).reshape(3, 4), dtype, order)
    np.testing.assert_array_equal(read_npy(saved(array)), array)
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(map_npy(tmp_path / "a.npy"), array)


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1, "a"]], object),
        np.array(["a", "b"]),
        np.array([True]),
        np.ones(2, "c8"),
        np.zeros(2, "f4,f4"),
    ],
)
def test_what_is_no_real_number_is_refused_and_no_pickle_is_loaded(tmp_path, array):
    file = saved(array, allow_pickle=True)
    with pytest.raises(DecodeError, match="expected real numbers"):
        read_npy(file)
    (tmp_path / "a.npy").write_bytes(file.getvalue())
    with pytest.raises(DecodeError, match="expected real numbers"):
        map_npy(tmp_path / "a.npy")


@pytest.mark.parametrize("shape", [(), (0, 4), (2, 2, 2), (MAX_VALUES + 1,), (2**40, 2**40)])
def test_a_header_of_an_absurd_shape_is_refused_before_anything_is_read(shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    file.seek(0)
    with pytest.raises(DecodeError, match="expected features of 1 or 2 axes"):
        read_npy(file)


def test_a_file_that_is_cut_short_is_refused():
    with pytest.raises(DecodeError, match="expected 48 bytes of values, received 47"):
        read_npy(io.BytesIO(saved(np.zeros((3, 4), np.float32)).getvalue()[:-1]))


def test_later_versions_of_the_format_are_refused():
    data = bytearray(saved(np.zeros(3)).getvalue())
    data[6] = 3
    with pytest.raises(DecodeError, match=r"version 1\.0 or 2\.0, received \(3, 0\)"):
        read_npy(io.BytesIO(bytes(data)))
