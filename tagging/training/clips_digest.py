"""Digests of the clips of a stage, which identities of runs have."""

import hashlib

import pandas as pd

from preprocessing.hashes import kind_of, kind_of_all

NO_CLIPS = "none"


def clips_digest(clips: pd.DataFrame) -> str:
    """The clips by split, name, sound and labels (or values), whatever folder they are in.

    It begins as the hashes of the sounds do, see `HashKind`: with hashes of another kind it differs for the same clips.
    """
    if clips.empty:
        return NO_CLIPS
    labels = clips["values"].map(str) if "values" in clips else clips["labels"].map(",".join)
    lines = clips["split"] + "/" + clips["fname"] + " " + clips["audio_hash"] + " " + labels
    digest = hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()
    return kind_of_all(clips["audio_hash"]).prefix + digest


def why_not_comparable(old: str, new: str) -> str:
    """Why two digests cannot tell whether their clips are the same; "" where they can."""
    kinds = kind_of(old), kind_of(new)
    if NO_CLIPS in (old, new) or kinds[0] == kinds[1]:
        return ""
    return (
        f"expected clips with {kinds[0].name} hashes, received {kinds[1].name}, of another clean folder or one "
        "made again, which cannot be compared"
    )
