"""The windows of clean clips as a run predicts them: all, or those of a shard."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from foundation.settings import as_dict
from foundation.shards import Shard
from tagging.inference.windows import WindowLogits, inference_step, pieces_of, predict_shard, predict_windows
from tagging.pipeline.clips import clips_from_files
from tagging.runs.run import Run, RunError


class ClipWindows:
    """What a run makes of clips; its model is loaded when it is needed.

    Args:
        run: what predicts.
        clips: with clean `path`, and of features `bands`.
        jobs: clips read in parallel.
    """

    def __init__(self, run: Run, clips: pd.DataFrame, jobs: int) -> None:
        self.run, self.clips, self._jobs = run, clips, jobs
        self.pieces = pieces_of(run.config, clips)

    @property
    def identity(self) -> str:
        """Of all that the logits of the windows depend on."""
        config, info = self.run.config, self.run.info
        clips = list(zip(self.clips["fname"], self.clips["audio_hash"], strict=True))
        of_run = [info["finished"], info.get("model_hash"), as_dict(config.window), as_dict(config.sequence)]
        return hashlib.blake2b(json.dumps([of_run, clips]).encode(), digest_size=16).hexdigest()

    def every(self) -> WindowLogits:
        """Of all clips."""
        stored = clips_from_files(self._paths, self.pieces, self._jobs)
        return predict_windows(
            self._step, stored, len(self.clips), self.pieces, description=str(self.run.path)
        )

    def of(self, shard: Shard) -> WindowLogits:
        """Of a shard of the batches."""
        description = f"{self.run.path}, shard {shard}"
        return predict_shard(
            self._step, self._paths, self.pieces, shard, jobs=self._jobs, description=description
        )

    @property
    def _paths(self) -> list[Path]:
        return list(self.clips["path"])

    @cached_property
    def _step(self) -> Any:
        model, pieces = self.run.load_model(), self.pieces
        if not pieces.is_audio and pieces.input_shape[-1] != model.input_shape[-1]:
            raise RunError(
                f"expected features of {model.input_shape[-1]} bands for {self.run.path}, received "
                f"{pieces.input_shape[-1]}"
            )
        return inference_step(model)
