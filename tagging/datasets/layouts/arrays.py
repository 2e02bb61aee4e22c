"""Reader of arrays: a folder a part, with the features of all its clips in one `.npy` and their labels in another.

Where there are several kinds of features of the same clips, each part has a folder for each kind.
"""

from pathlib import Path

import numpy as np

from foundation.words import some
from tagging.datasets.layouts.parts.rows import PART_NAMES, row_clips, rows_dataset
from tagging.datasets.settings import DatasetSettings
from tagging.datasets.table import Dataset, DatasetError

KEYS = ("features",)
EXPECTED_TREE = """\
    {root}/
        train/    X.npy       (clips, steps, bands) or (clips, numbers)
                  labels.npy  (clips,), strings
        val/      the same   (optional: the hold-out; may be called validation)
        test/     the same   (optional)
or, with dataset.features=NAME, these files in train/NAME/, val/NAME/ and test/NAME/"""


def read(settings: DatasetSettings) -> Dataset:
    """The data set at `settings.root`: `path` is the part's `X.npy`, `row` the clip's row in it.

    `val` validates. Classes are sorted. No pickle is loaded: arrays of Python objects are refused.

    Raises:
        DatasetError: a missing file (the message shows the expected tree), or arrays of another kind or shape.
    """
    root = Path(settings.root)
    folders = {part: folder / (settings.features or "") for part, folder in _folders(root).items()}
    files = [folder / name for folder in folders.values() for name in ("X.npy", "labels.npy")]
    if missing := [str(file.relative_to(root)) for file in files if not file.is_file()]:
        tree = EXPECTED_TREE.format(root=root)
        raise DatasetError(f"no arrays at {root}: {some(missing)} missing. Expected:\n{tree}")
    shapes = {part: _features(folder / "X.npy").shape for part, folder in folders.items()}
    if len({shape[1:] for shape in shapes.values()}) > 1:
        raise DatasetError(
            f"{root}: expected clips of one shape in all parts, received {shapes}; correct X.npy"
        )
    labels = {part: _labels(folder / "labels.npy", shapes[part][0]) for part, folder in folders.items()}
    tables = [row_clips(part, folder / "X.npy", "", labels[part]) for part, folder in folders.items()]
    classes = sorted({label for names in labels.values() for label in names})
    return rows_dataset("arrays", tables, classes, settings)


def _folders(root: Path) -> dict[str, Path]:
    """The folder of each part that is there, and of `train` in any case."""
    folders = {}
    for part, names in PART_NAMES.items():
        found = [name for name in names if (root / name).is_dir()]
        if len(found) > 1:
            raise DatasetError(
                f"{root}: expected one folder of {', '.join(names)}, received both; remove one, or move it away"
            )
        if found or part == "train":
            folders[part] = root / (found or names)[0]
    return folders


def _features(path: Path) -> np.ndarray:
    array = _load(path)
    if array.dtype.kind not in "fiu" or array.ndim not in (2, 3) or not array.size:
        raise DatasetError(
            f"{path}: expected numbers of shape (clips, steps, bands) or (clips, numbers), received {array.dtype} of "
            f"shape {array.shape}; store it so"
        )
    return array


def _labels(path: Path, n_clips: int) -> list[str]:
    array = _load(path)
    if array.dtype.kind not in "US":
        raise DatasetError(f"{path}: expected strings, received {array.dtype}; {_conversion(path)}")
    if array.shape != (n_clips,):
        raise DatasetError(
            f"{path}: expected {n_clips} labels, one for each row of X.npy, received shape {array.shape}; correct it"
        )
    try:
        names: list[str] = (
            np.char.decode(array, "utf-8").tolist() if array.dtype.kind == "S" else array.tolist()
        )
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: expected UTF-8, received other bytes ({error.reason}); save it so"
        ) from None
    if "" in names:
        raise DatasetError(
            f"{path}: expected one label per clip, received an empty one in row {names.index('')}"
        )
    return names


def _load(path: Path) -> np.ndarray:
    """The array, left on disk."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            dtype = read(file)[2]
        if not dtype.hasobject:
            array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
            return array
    except (ValueError, EOFError, OSError) as error:
        raise DatasetError(
            f"{path}: expected a whole .npy file, received another or a broken one "
            f"({' '.join(str(error).split())}); make it again with numpy.save"
        ) from None
    raise DatasetError(
        f"{path}: expected strings or numbers, received Python objects, which are not loaded; {_conversion(path)}"
    )


def _conversion(path: Path) -> str:
    kind = "str" if path.name == "labels.npy" else "'float32'"
    return (
        "if you trust the file, convert it once: "
        f"import numpy as np; np.save({path.name!r}, np.load({path.name!r}, allow_pickle=True).astype({kind}))"
    )
