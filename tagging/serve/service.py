"""What a service does with uploads: the text that `tag --format json` prints for them."""

import argparse
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException

from preprocessing.errors import DecodeError, NoSoundError
from tagging.inference.errors import TaggerError
from tagging.inference.results import Tags, Timeline
from tagging.runs.run import name_of
from tagging.serve.errors import ServeError
from tagging.serve.limits import Limits
from tagging.serve.sounds import BoundedSound, TooLongError
from tagging.serve.uploads import Upload
from tagging.tagger.chosen import record_of
from tagging.tagger.formats import Output, Record, write_json
from tagging.tagger.tagger import Tagger


@dataclass(frozen=True)
class Service:
    """A tagger with its limits; `tag` may be called from several threads.

    Attributes:
        tagger: what tags.
        limits: of uploads.
        over_time: arguments of `Tagger.timeline`; None: the runs have no timeline.
    """

    tagger: Tagger
    limits: Limits
    over_time: dict[str, Any] | None

    def tag(self, args: argparse.Namespace, uploads: Sequence[Upload]) -> str:
        """The records of uploads as `tag --format json` writes them.

        Args:
            args: see `read_query`.
            uploads: the files.

        Raises:
            HTTPException: 415 a file that is not audio, 422 one without sound, or with too much.
        """
        records = [self._record(args, upload, is_alone=len(uploads) == 1) for upload in uploads]
        text = io.StringIO()
        has_segments = self.tagger.task != "regression"
        write_json(records, Output(text, None, self.tagger.names, bool(args.timeline), has_segments))
        return text.getvalue()

    def _record(self, args: argparse.Namespace, upload: Upload, *, is_alone: bool) -> Record:
        sound = BoundedSound(upload.path, self.limits.audio_s)
        try:
            return record_of(args, upload.name, self._result(args, sound), sound.warning)
        except DecodeError as error:
            status = 422 if isinstance(error, NoSoundError | TooLongError) else 415
            text = str(error).replace(str(upload.path), "the upload")
            raise HTTPException(status, text if is_alone else f"{upload.name}: {text}") from error

    def _result(self, args: argparse.Namespace, sound: BoundedSound) -> Tags | Timeline:
        if not args.timeline:
            return self.tagger(sound)
        assert self.over_time is not None  # noqa: S101  `read_query` has seen to it
        timeline = self.tagger.timeline(sound, **self.over_time)
        return timeline.smoothed(args.smooth_s) if args.smooth_s else timeline

    def about(self) -> dict[str, Any]:
        """What clients may want to know of the model, and of the limits."""
        tagger = self.tagger
        thresholds = [round(float(each), 6) for each in tagger.thresholds]
        runs = [
            {
                "name": name_of(run.path, run.info.get("stage")),
                "network": run.config.model.name,
                "finished": run.info.get("finished"),
            }
            for run in tagger.runs
        ]
        return {
            "runs": runs,
            "task": tagger.task,
            "rate_hz": tagger.rate_hz,
            "labels": tagger.names,
            **({"thresholds": thresholds} if tagger.ensemble.kind.has_thresholds else {}),
            "timeline": self.over_time is not None,
            "limits": asdict(self.limits),
        }


def ready_service(tagger: Tagger, limits: Limits, over_time: dict[str, Any]) -> Service:
    """A service whose networks have been called once, so that the first client does not wait.

    Args:
        tagger, limits: as in `Service`.
        over_time: arguments of `Tagger.timeline`, None of those that were not given.

    Raises:
        ServeError: runs on ready-made features.
        TaggerError: windows or columns that were asked for, and that the runs do not have.
    """
    if tagger.ensemble.takes_features:
        raise ServeError("expected runs on audio, these take files of features: use tag")
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, tagger.rate_hz)
    tagger(noise, tagger.rate_hz)
    timeline = partial(tagger.timeline, noise, tagger.rate_hz, **over_time)
    try:
        timeline()
    except TaggerError:
        if any(value is not None for value in over_time.values()):
            raise
        return Service(tagger, limits, None)
    return Service(tagger, limits, over_time)
