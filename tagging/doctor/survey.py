"""What is known of a data set: its clips with what cleaning knows of them, and a sample that was listened to."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.digests import digest_of
from foundation.files import content_hash
from foundation.text import shown_lines
from foundation.words import counted
from foundation.workers import Workers
from preprocessing.clip import examine_clip
from preprocessing.folder import CleanFolderError
from preprocessing.hashes import HashKind
from preprocessing.manifest import check_fingerprint, clean_file
from preprocessing.plan import places
from preprocessing.rows import ClipRow, ClipTask, hash_kind_of
from preprocessing.settings import CleaningSettings
from tagging.config.schema import Config
from tagging.datasets.cleaned import altered, noted
from tagging.datasets.table import TEST, Dataset
from tagging.doctor.sounds import Measured, listen

MOST_CLIPS, MOST_BYTES = 300, 300_000_000  # of a sample
USABLE = ("ok", "kept_whole")
_START_BYTES = 65_536


@dataclass(frozen=True)
class Survey:
    """A data set and its sound.

    Attributes:
        config: the experiment.
        dataset: its clips.
        clips: the table of all clips. Those that cleaning knows have the columns of `ClipRow` (`status` is "" for the
            others), those that were listened to have those of `Measured` (else NaN). `content` is the same for clips
            with the same audio, "" where that is not known.
        source: where the facts come from.
        is_quick: no clip is listened to, and no hold-out is drawn.
    """

    config: Config
    dataset: Dataset
    clips: pd.DataFrame
    source: str
    is_quick: bool = False

    @property
    def has_audio(self) -> bool:
        """Whether the network sees windows of audio, not features."""
        return self.config.cleaning.features.name is None

    @cached_property
    def known(self) -> pd.DataFrame:
        """Clips of which cleaning knows something."""
        return self.clips[self.clips["status"] != ""]

    @cached_property
    def usable(self) -> pd.DataFrame:
        """Clips that can be cleaned."""
        return self.clips[self.clips["status"].isin(USABLE)]

    @cached_property
    def heard(self) -> pd.DataFrame:
        """Clips that were listened to."""
        return self.usable[self.usable["peak_dbfs"].notna()]

    @cached_property
    def trains(self) -> pd.DataFrame:
        """Clips to train or validate on, whether they are usable or not."""
        return self.clips[self.clips["split"] != TEST]


def survey(config: Config, dataset: Dataset, *, jobs: int, is_quick: bool = False) -> Survey:
    """Looks at a data set: at the manifest of its clean folder if the settings fit, and at a sample of the clips that
    are not in it, or have changed since.

    Args:
        config: the experiment.
        dataset: its clips.
        jobs: clips read in parallel.
        is_quick: leave out what takes long: level and bandwidth of a sample, and hold-outs.
    """
    clips = dataset.clips.reset_index(drop=True)
    clean_dir, settings = Path(config.clean_dir), config.cleaning
    rows = _manifest_rows(clips, clean_dir, settings)
    has_manifest, sample = bool(rows), _sample(clips)
    names = {(row.split, row.fname) for row in rows}
    is_new = [name not in names for name in zip(clips["split"], clips["fname"], strict=True)]
    new = _sample(clips[is_new])
    source = _source(clean_dir, len(rows), sum(is_new), len(new))
    rows += _examined(clips.loc[new], settings, hash_kind_of(rows), jobs)
    clips = _with_rows(clips, rows)
    clips = clips.assign(content=_content(clips, jobs, has_manifest=has_manifest))
    heard = sample[clips.loc[sample, "status"].isin(USABLE)] if not is_quick else sample[:0]
    paths = [_readable(clips.loc[index], clean_dir, rows) for index in heard]
    return Survey(config, dataset, _with_sounds(clips, heard, paths, jobs), source, is_quick)


def _manifest_rows(clips: pd.DataFrame, clean_dir: Path, settings: CleaningSettings) -> list[ClipRow]:
    """The rows of clips whose files are as they were."""
    try:
        check_fingerprint(clean_dir, settings)
    except CleanFolderError:  # no folder, or one of other settings
        return []
    try:
        rows, states = noted(clips, clean_dir, settings)
    except CleanFolderError as error:
        print(shown_lines(str(error)), file=sys.stderr)
        return []
    kept = [row for row, state in zip(rows, states, strict=True) if state == row.status != "uncleaned"]
    lost = set(altered(kept, clean_dir))
    return [row for row in kept if row not in lost]


def _source(clean_dir: Path, n_noted: int, n_new: int, n_examined: int) -> str:
    are_all = n_examined == n_new
    if not n_noted:
        return "all clips" if are_all else f"sample of {n_examined} of {n_new} clips"
    if not n_new:
        return f"manifest of {clean_dir}"
    examined = "all" if are_all else f"a sample of {n_examined}"
    return (
        f"manifest of {clean_dir} for {counted(n_noted, 'clip')}; "
        f"{counted(n_new, 'other is not cleaned yet, or has changed', 'others are not cleaned yet, or have changed')} "
        f"({examined} examined)"
    )


def _sample(clips: pd.DataFrame) -> pd.Index:
    """Index of clips from all over the table, no more than MOST_CLIPS, nor, after the first, than MOST_BYTES."""
    chosen = clips.index[np.unique(np.linspace(0, len(clips) - 1, min(MOST_CLIPS, len(clips))).astype(int))]
    chosen = chosen[np.random.default_rng(0).permutation(len(chosen))]
    total = np.cumsum([_size(Path(path)) for path in clips.loc[chosen, "path"]])
    return chosen[: max(1, int((total <= MOST_BYTES).sum()))].sort_values()


def _examined(
    clips: pd.DataFrame, settings: CleaningSettings, hash_kind: HashKind, jobs: int
) -> list[ClipRow]:
    """What cleaning would say of clips; nothing is written."""
    columns = zip(clips["split"], clips["fname"], clips["path"], places(clips), strict=True)
    tasks = [
        ClipTask(split, fname, Path(path), Path(), *place, hash_kind) for split, fname, path, place in columns
    ]
    with Workers(jobs) as pool:
        return list(pool.map(lambda task: examine_clip(task, settings)[1], tasks))


def _with_rows(clips: pd.DataFrame, rows: Sequence[ClipRow]) -> pd.DataFrame:
    known = {(row.split, row.fname): row for row in rows}
    names = zip(clips["split"], clips["fname"], strict=True)
    found = [asdict(known.get(name) or ClipRow(*name, "")) for name in names]
    table = pd.DataFrame(found, clips.index).drop(columns=["split", "fname"])
    return pd.concat([clips, table], axis=1)


def _with_sounds(clips: pd.DataFrame, heard: pd.Index, paths: Sequence[Path], jobs: int) -> pd.DataFrame:
    with Workers(jobs) as pool:
        sounds = [sound or Measured(*[np.nan] * 4) for sound in pool.map(listen, paths)]
    return clips.join(pd.DataFrame(sounds, heard, list(Measured._fields), dtype=float))


def _readable(clip: pd.Series, clean_dir: Path, rows: Sequence[ClipRow]) -> Path:
    """The raw file, or the clean one where that is all there is."""
    path = Path(clip["path"])
    if path.is_file():
        return path
    row = next(row for row in rows if (row.split, row.fname) == (clip["split"], clip["fname"]))
    return clean_file(clean_dir, row)


def _content(clips: pd.DataFrame, jobs: int, *, has_manifest: bool) -> pd.Series | str | list[str]:
    if has_manifest:
        return clips["audio_hash"]
    return "" if "row" in clips else _same_files(list(clips["path"]), jobs)  # rows of one file are no copies


def _same_files(paths: Sequence[Path], jobs: int) -> list[str]:
    """For each file a hash of its content where others may have the same, else ""."""
    keys: list[tuple] = [(_size(Path(path)),) for path in paths]
    for digest in (_start, content_hash):  # most files differ in size, or early on
        twice = [i for i, is_twice in enumerate(pd.Series(keys).duplicated(keep=False)) if is_twice]
        with Workers(jobs) as pool:
            found = dict(zip(twice, pool.map(digest, [Path(paths[i]) for i in twice]), strict=True))
        keys = [(*key, found.get(i, "")) for i, key in enumerate(keys)]
    return [key[-1] for key in keys]


def _start(path: Path) -> str:
    """A hash of the first bytes of a file; "" where it is not a regular file, or cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return digest_of(file, _START_BYTES).hex()
    except (OSError, ValueError):
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0
