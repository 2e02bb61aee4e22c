"""Clips of ready-made features, out of a NumPy and an HDF5 file."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd


def stored_clips(folder: Path, values: np.ndarray) -> pd.DataFrame:
    """Write `values` (clips, steps, bands) to `folder`/X.npy and another clip to X.h5; the table of all clips."""
    folder.mkdir()
    np.save(folder / "X.npy", values)
    with h5py.File(folder / "X.h5", "w") as file:
        file["train/X"] = values[:1] + 1
    n = len(values)
    clips = pd.DataFrame({"fname": [f"X.{row}" for row in range(n)], "path": folder / "X.npy"})
    clips = clips.assign(split="train", row=range(n), key="")
    clips.loc[n] = ["h", folder / "X.h5", "train", 0, "train/X"]
    return clips
