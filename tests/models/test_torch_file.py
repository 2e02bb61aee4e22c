"""Checkpoints of PyTorch: tensors are read, and everything else is refused before it can do anything."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models.parts.torch_file import read_tensors
from models.settings import ModelError
from tests.models.torch_files import in_torch, pickled, save, tensor, write

NUMBERS = np.arange(6, dtype="f4").reshape(2, 3)


def test_tensors_come_back_as_they_were(tmp_path):
    arrays = {
        "a.weight": NUMBERS,
        "a.bias": np.float64([1.5, -2.5]),
        "a.num_batches_tracked": np.array(70_000, "i8"),
        "b.weight": np.random.default_rng(0).normal(size=(4, 1, 3, 3)).astype("f4"),
    }
    save(tmp_path / "m.pt", arrays)
    found = read_tensors(tmp_path / "m.pt")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


class _Hostile:
    def __reduce__(self):
        return os.system, ("touch owned",)


def bomb(levels: int = 80) -> bytes:
    """A tuple of two of the tuple before, and so on: tiny, but endless to print, hash or compare."""
    return b"\x80\x02)" + b"".join(b"q%ch%ch%c\x86" % (n, n, n) for n in range(levels))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (pickle.dumps({"a": _Hostile()}, 2), r"it names (posix|nt)\.system"),
        (pickle.dumps({"a": _Hostile()}, 4), "opcode (FRAME|STACK_GLOBAL)"),
        (b"(S'touch owned'\nios\nsystem\n.", "opcode STRING"),
        (pickled({"a": in_torch("builtins", "eval")}), r"it names builtins\.eval"),
        (pickled({"a": in_torch("torch", "nn")}), r"it names torch\.nn"),
        (pickled({"a": 1}), "not a dictionary of tensors"),
        (pickled({1: tensor("0", NUMBERS)}), "not a dictionary of tensors"),
        (pickled(()), "'tuple' object"),
        (pickled({"a": tensor("7", NUMBERS)}), "no item named 'archive/data/7'"),
        (pickled({"a": tensor("../data.pkl", NUMBERS)}), "no item named"),
        (pickled({"a": tensor("0", NUMBERS, size=5)}), "6 numbers instead of 5"),
        (pickled({"a": tensor("0", NUMBERS, strides=(1, 2))}), "a tensor with gaps"),
        (pickled({"a": tensor("0", np.zeros((3, 3), "f4"), size=6)}), "cannot reshape"),
        (pickled({"a": tensor("0", NUMBERS)})[:-20], "no newline found"),
        (bomb() + b"Q.", "a persistent object"),
        (b"\x80\x02}(" + bomb()[2:] + b"Nu.", "not a dictionary of tensors"),
        (bomb() + b")R.", "a call of something else"),
        (
            b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + b"K\x01K\x01" + bomb()[2:] + b"))tR.",
            "odd shape",
        ),
        (b"R.", "pop from empty list"),
        (b"", "exhausted"),
    ],
)
def test_anything_else_is_refused_and_nothing_happens(tmp_path, monkeypatch, program, words):
    monkeypatch.chdir(tmp_path)
    write(Path("m.pt"), program, {"0": NUMBERS.tobytes()})
    with pytest.raises(
        ModelError, match=rf"m\.pt is not a PyTorch file of tensors and nothing else \(.*({words})"
    ) as e:
        read_tensors(Path("m.pt"))
    assert "\n" not in str(e.value)
    assert os.listdir() == ["m.pt"]


def test_a_compressed_member_is_refused_as_it_could_be_of_any_size(tmp_path):
    program = pickled({"a": tensor("0", NUMBERS)})
    write(tmp_path / "m.pt", program, {"0": NUMBERS.tobytes()}, zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelError, match="compressed or too large"):
        read_tensors(tmp_path / "m.pt")


def test_other_zip_files_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ModelError, match=r"it has no data\.pkl"):
        read_tensors(tmp_path / "m.keras")
