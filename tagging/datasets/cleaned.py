"""The clip table with the paths of the clean audio in place of the raw."""

from pathlib import Path

import pandas as pd

from preprocessing.clean import clean_path
from preprocessing.manifest import check_fingerprint, read_manifest
from preprocessing.settings import CleaningSettings


def with_clean_audio(
    clips: pd.DataFrame, clean_dir: Path, settings: CleaningSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(usable clips, the others): the first with clean `path` and `audio_hash`, the second with a `reason`.

    Raises:
        preprocessing.manifest.CleanFolderError: the folder is missing or was made with other settings.
    """
    check_fingerprint(clean_dir, settings)
    manifest = read_manifest(clean_dir)[["split", "fname", "status", "reason", "audio_hash"]]
    joined = clips.merge(manifest, on=["split", "fname"], how="left", validate="one_to_one")
    usable = joined["status"].isin(["ok", "kept_whole"])
    lost = joined[~usable].reset_index(drop=True)
    lost["reason"] = lost["reason"].where(lost["status"].notna(), "not cleaned yet: run preprocess.py")
    kept = joined[usable].reset_index(drop=True).drop(columns=["status", "reason"])
    names = zip(kept["split"], kept["fname"], strict=True)
    kept["path"] = pd.Series([clean_path(clean_dir, split, fname) for split, fname in names], dtype=object)
    return kept, lost.drop(columns=["status", "audio_hash"])
