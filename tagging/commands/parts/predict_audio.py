"""What `predict.py --audio` does: audio files -> a CSV."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from tqdm import tqdm

from foundation.claims import claimed
from foundation.cluster import opened
from foundation.parallel import ParallelSettings
from foundation.shards import Shard
from foundation.text import shown
from foundation.words import with_reasons
from preprocessing.errors import DecodeError
from preprocessing.sound_files import FileSound
from submissions.outputs import PREDICT, prediction_files
from submissions.refused import Refused
from submissions.shards import read_shards, remove_shards, write_shard
from tagging.commands.parts.predicted import show_refused, write_predicted
from tagging.datasets.audio_files import Files, audio_files
from tagging.datasets.table import DatasetError
from tagging.runs.ensembles import Ensemble
from tagging.tagger.clips import check_clean
from tagging.tagger.network import saved_network
from tagging.tagger.spread import Spread, outputs_of_each, shard_outputs
from tagging.tagger.whole_clips import ClipOutputs

_TOP = 3  # tags of a file that are printed


def predict_audio(
    ensemble: Ensemble,
    path: Path,
    out: Path,
    jobs: int,
    parallel: ParallelSettings,
    shard: Shard | None = None,
) -> int:
    """Predict a file, or the audio files under a folder, and write `out`; unusable ones are listed. An exit code.

    Args:
        ensemble: what predicts.
        path: the file or folder.
        out: the CSV to write.
        jobs: files worked on at a time, unless a cluster does.
        parallel: what works.
        shard: as in `predict_test`.
    """
    files = audio_files(path, are_features=ensemble.takes_features)
    paths = [file for _, file in files]
    sounds, shards = [FileSound(file) for file in paths], read_shards(out, shard)
    with ExitStack() as stack:
        cluster = stack.enter_context(opened(parallel.address)) if parallel.backend == "dask" else None
        spread = Spread(jobs, cluster, shards)
        check_clean(ensemble.runs, paths)
        networks = [saved_network(run) for run in ensemble.runs]
        if shard:
            arrays = shard_outputs(networks, sounds, spread, shard)
            write_shard(PREDICT, out, shard, arrays)
            return 0
        stack.enter_context(claimed(PREDICT, prediction_files(out, len(ensemble.members)), inputs=paths))
        shards.tell_missing()
        names, logits, refused = _score_files(files, outputs_of_each(networks, sounds, spread))
        scores = write_predicted(out, None, names, ensemble.of_members(logits), ensemble, refused)
    remove_shards(PREDICT, out)
    top = _TOP if ensemble.kind.has_labels else len(ensemble.classes)
    print(_tags(names, scores, ensemble.classes, top))
    if refused:
        show_refused(out, refused, len(files), "files could not be used")
    return 1 if refused else 0


def _score_files(
    files: Files, found: Iterable[ClipOutputs | DecodeError]
) -> tuple[list[str], list[np.ndarray], Refused]:
    """(names of the usable files, one (files, classes) float32 matrix of logits a run, the others with a reason)."""
    bar = tqdm(zip(files, found, strict=True), "predicting", len(files), unit="file", disable=None)
    usable, rows, refused = [], [], []
    for (name, _), outputs in bar:
        if isinstance(outputs, DecodeError):
            refused.append((name, str(outputs)))
        else:
            usable.append(name)
            rows.append([output.logits for output in outputs])
    if not usable:
        raise DatasetError(f"expected usable audio, found none: {with_reasons(refused)}")
    return usable, [np.concatenate(run) for run in zip(*rows, strict=True)], refused


def _tags(names: Sequence[str], scores: np.ndarray, classes: Sequence[str], top: int, most: int = 20) -> str:
    """The `top` classes of each file, the highest score first, a line a file."""
    lines = []
    for name, row in zip(names[:most], scores, strict=False):
        best = np.argsort(-row, kind="stable")[:top]
        lines.append(f"{shown(name)}: " + ", ".join(f"{classes[k]} {row[k]:.2f}" for k in best))
    return "\n".join(lines + [f"... and {len(names) - most} more"] * (len(names) > most))
