"""What a cleaning run came to, as text for people."""

from pathlib import Path

import pandas as pd

from foundation.text import shown
from foundation.words import counted
from preprocessing.hashes import mixture
from preprocessing.manifest import MANIFEST_NAME

SHOWN = 20  # names in a list, before a count


def closing_table(manifest: pd.DataFrame) -> str:
    """The table that ends a cleaning run: clips, hours, what was refused, missing, clipped, doubled.

    Where the folder holds features it has their steps and bands, and where those were ready-made nothing of audio.
    """
    cleaned = manifest[manifest["status"].isin(("ok", "kept_whole"))]
    has_features = bool(cleaned["steps"].any())
    is_stored = has_features and not cleaned["rate_in_hz"].any()
    status = manifest["status"].value_counts()
    lines = {
        "clips": f"{len(manifest)}",
        **({} if is_stored else _hours(cleaned)),
        **(_features(cleaned) if has_features else {}),
        "refused": f"{status.get('refused', 0)}",
        "missing": f"{status.get('missing', 0)}",
        **({} if is_stored else _audio(cleaned)),
        "duplicates": _duplicates(manifest),
    }
    return "\n".join(f"{name:<14} {value}" for name, value in lines.items())


def problems(manifest: pd.DataFrame, clean_dir: Path | str) -> str:
    """The first clips that are refused or missing, a line each with the reason, then how many there are and where.

    Returns:
        "" when there are none.
    """
    bad = manifest[manifest["status"].isin(("refused", "missing"))]
    if bad.empty:
        return ""
    names = zip(bad["status"], bad["split"], bad["fname"], bad["reason"], strict=True)
    lines = [
        f"{status}: {shown(f'{split}/{fname}')}: {shown(reason)}" for status, split, fname, reason in names
    ]
    count = (
        f"{len(bad)} of {len(manifest)} clips cannot be used; {Path(clean_dir, MANIFEST_NAME)} lists them all"
    )
    return "\n".join([*lines[:SHOWN], count])


def warnings(manifest: pd.DataFrame) -> str:
    """The first usable clips of which something is to be known, a line each, then a count, and a line on hashes of two
    kinds; "" when there is nothing.
    """
    noted = manifest[(manifest["status"] == "ok") & (manifest["reason"] != "")]
    names = zip(noted["split"], noted["fname"], noted["reason"], strict=True)
    lines = [f"warning: {shown(f'{split}/{fname}')}: {shown(reason)}" for split, fname, reason in names]
    more = [f"... and {len(lines) - SHOWN} more in the manifest"] if len(lines) > SHOWN else []
    return "\n".join(lines[:SHOWN] + more + _two_kinds(manifest))


def left_empty(manifest: pd.DataFrame, clips: pd.DataFrame) -> list[str]:
    """The parts without one usable clip, and the labels that have none to train on: `split noisy`, `label Bark`.

    A split of which the data set holds out some clips (`validates`) has two parts.

    Args:
        manifest: of all clips.
        clips: `split`, `fname` and `labels` of each, and `validates` where there is such a hold-out.
    """
    usable = manifest[manifest["status"].isin(("ok", "kept_whole"))]
    known = set(zip(usable["split"], usable["fname"], strict=True))
    is_held = clips.get("validates", pd.Series(False, clips.index))
    has_two = set(clips["split"][is_held])
    splits = {f"split {name}": False for name in sorted(manifest["split"]) if name not in has_two}
    labels: dict[str, bool] = {}
    columns = (clips["split"], clips["fname"], clips["labels"], is_held)
    for split, fname, names, validates in zip(*columns, strict=True):
        is_usable = (split, fname) in known
        part = f" ({'validation' if validates else 'training'} clips)" if split in has_two else ""
        splits[f"split {split}{part}"] = splits.get(f"split {split}{part}", False) or is_usable
        for name in names if split != "test" and not validates else ():
            labels[f"label {name}"] = labels.get(f"label {name}", False) or is_usable
    return [name for name, is_usable in [*splits.items(), *sorted(labels.items())] if not is_usable]


def duplicates(manifest: pd.DataFrame) -> pd.DataFrame:
    """Clips whose decoded audio is the same under two names, in any splits.

    Returns:
        Columns `audio_hash`, `split`, `fname`, `seconds_in`; the clips of one audio stand together.
    """
    heard = manifest[manifest["audio_hash"] != ""]
    same = heard[heard.duplicated("audio_hash", keep=False)]
    columns = ["audio_hash", "split", "fname", "seconds_in"]
    return same.sort_values(["audio_hash", "split", "fname"])[columns].reset_index(drop=True)


def _two_kinds(manifest: pd.DataFrame) -> list[str]:
    """A line where rows of older and of newer versions are mixed."""
    if not (received := mixture(manifest["audio_hash"])):
        return []
    return [
        f"warning: expected hashes of one kind, received {received}: the same audio is not found across them; "
        "preprocess.py --force makes all of one kind"
    ]


def _hours(cleaned: pd.DataFrame) -> dict[str, str]:
    hours_in, hours_out = cleaned["seconds_in"].sum() / 3600, cleaned["seconds_out"].sum() / 3600
    removed = max(1 - hours_out / hours_in, 0.0) if hours_in else 0.0  # resampling may add a sample
    return {
        "hours in": f"{hours_in:.3f}",
        "hours out": f"{hours_out:.3f}",
        "share removed": f"{removed:.1%}",
    }


def _features(cleaned: pd.DataFrame) -> dict[str, str]:
    steps, bands = cleaned["steps"], cleaned["bands"].value_counts()
    each = ", ".join(f"{n} in {count}" for n, count in bands.items())
    return {
        "steps": f"{steps.sum()}, {steps.min()} to {steps.max()} per clip, median {steps.median():g}",
        "bands": each if len(bands) > 1 else f"{bands.index[0]}",
    }


def _audio(cleaned: pd.DataFrame) -> dict[str, str]:
    clipped = counted((cleaned["clipped"] > 0).sum(), "clip")
    return {
        "kept whole": f"{(cleaned['status'] == 'kept_whole').sum()}",
        "truncated": f"{cleaned['reason'].str.contains('truncated').sum()}",
        "clipped": f"{clipped}, {counted(int(cleaned['clipped'].sum()), 'sample')}",
    }


def _duplicates(manifest: pd.DataFrame) -> str:
    same = duplicates(manifest)
    groups = same.groupby("audio_hash")["split"].nunique()
    clips, recordings = counted(len(same), "clip"), counted(len(groups), "recording")
    return f"{clips} of {recordings}, {(groups > 1).sum()} of them in two splits"
