"""The windows of clean clips as runs predict them: all, or those of a shard. What runs see alike is made once."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.settings import as_dict
from foundation.shards import Shard
from tagging.inference.alike import groups_by, joint_step, sees
from tagging.inference.build import NETWORK
from tagging.inference.windows import WindowLogits, pieces_of, predict_shard, predict_windows
from tagging.pipeline.clips import clips_from_files
from tagging.runs.run import Run, RunError


class ClipWindows:
    """What runs make of clips that are cut alike for them; their models are loaded when they are needed.

    Args:
        runs: what predicts; `cut_alike` finds those that fit together.
        clips: with clean `path`, and of features `bands`.
        jobs: clips read in parallel.

    Attributes:
        pieces: how clips are cut for all of the runs.
    """

    def __init__(self, runs: Sequence[Run], clips: pd.DataFrame, jobs: int) -> None:
        self.runs, self.clips, self._jobs = runs, clips, jobs
        self.pieces = pieces_of(runs[0].config, clips)

    def every(self) -> list[WindowLogits]:
        """Of all clips, by each run."""

        def predict(step: Callable, description: str) -> WindowLogits:
            stored = clips_from_files(self._paths, self.pieces, self._jobs)
            return predict_windows(step, stored, len(self.clips), self.pieces, description=description)

        return self._by_each(predict)

    def of(self, shard: Shard) -> list[WindowLogits]:
        """Of a shard of the batches, by each run."""

        def predict(step: Callable, description: str) -> WindowLogits:
            description = f"{description}, shard {shard}"
            return predict_shard(
                step, self._paths, self.pieces, shard, jobs=self._jobs, description=description
            )

        return self._by_each(predict)

    def _by_each(self, predict: Callable[[Callable, str], WindowLogits]) -> list[WindowLogits]:
        found: dict[int, WindowLogits] = {}
        for numbers, step in self._steps:
            first, *others = (self.runs[number].path for number in numbers)
            windows = predict(step, f"{first} and {len(others)} more" if others else str(first))
            parts = np.split(windows.logits, len(numbers), axis=1)
            found |= {
                number: windows._replace(logits=part) for number, part in zip(numbers, parts, strict=True)
            }
        return [found[number] for number in range(len(self.runs))]

    @property
    def _paths(self) -> list[Path]:
        return list(self.clips["path"])

    @cached_property
    def _steps(self) -> list[tuple[list[int], Callable]]:
        """The numbers of runs that see the same images, and what predicts logits of all of them."""
        models = [run.load_model() for run in self.runs]
        for run, model in zip(self.runs, models, strict=True):
            if not self.pieces.is_audio and self.pieces.input_shape[-1] != model.input_shape[-1]:
                raise RunError(
                    f"expected features of {model.input_shape[-1]} bands for {run.path}, received "
                    f"{self.pieces.input_shape[-1]}"
                )
        if len(models) == 1:
            return [([0], joint_step(models))]
        keys = [
            sees(run.config, self.pieces, model.get_layer("frontend"), model.get_layer(NETWORK))
            for run, model in zip(self.runs, models, strict=True)
        ]
        return [(numbers, joint_step([models[number] for number in numbers])) for numbers in groups_by(keys)]


def cut_alike(runs: Sequence[Run], clips: pd.DataFrame) -> list[list[int]]:
    """The numbers of the runs, those together for which clips are cut into the same pieces, with equal front ends."""
    return groups_by([(pieces_of(run.config, clips), run.config.frontend) for run in runs])


def identity_of(run: Run, clips: pd.DataFrame) -> str:
    """Of all that the logits of a run's windows depend on."""
    config, info = run.config, run.info
    named = list(zip(clips["fname"], clips["audio_hash"], strict=True))
    of_run = [info["finished"], info.get("model_hash"), as_dict(config.window), as_dict(config.sequence)]
    return hashlib.blake2b(json.dumps([of_run, named]).encode(), digest_size=16).hexdigest()
