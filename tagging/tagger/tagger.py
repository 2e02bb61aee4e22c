"""A trained run, or several as an ensemble, as one object that tags audio."""

from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path

import numpy as np

from foundation.shards import Shard
from foundation.workers import Workers
from preprocessing.decode import check_rate
from preprocessing.errors import DecodeError
from preprocessing.sound import Sound
from preprocessing.sound_files import FileSound
from preprocessing.stream import PcmStream
from submissions.shards import Arrays
from tagging.inference.closing import OpenSegments
from tagging.inference.errors import TaggerError
from tagging.inference.levels import floor_of
from tagging.inference.results import Tags, Timeline, joined
from tagging.pipeline.blocks import cut_windows
from tagging.runs.arguments import AUDIOSET
from tagging.runs.ensembles import Ensemble
from tagging.tagger.calibrated import CalibratedEnsemble
from tagging.tagger.clips import AudioInput, file_sound, sound_of
from tagging.tagger.models import load_ensemble
from tagging.tagger.network import Networks
from tagging.tagger.row_options import rows_of
from tagging.tagger.rows import Rows
from tagging.tagger.sequences import outputs_of_clips, spans_of_clips
from tagging.tagger.spread import Spread, outputs_of_each, shard_outputs
from tagging.tagger.stream import Score, TagStream
from tagging.tagger.whole_clips import ClipOutput, clip_outputs
from tagging.tagger.windows import batch_size, batches


class Tagger:
    """Tags audio files and arrays.

    Clips are cleaned as the run's test clips are (mono, its rate, its silence rules), cut into its windows, and the
    scores of the windows averaged; files of a clean folder, or of ready-made features, are taken as they are. Scores
    are calibrated: a run's logits are divided by its temperature before runs become one. Windows whose level is not
    above `floor_db` are silent: they have no tags (values of regression stay), and a clip is silent if all of them are.

    Args:
        ensemble: what predicts; see `load`.

    Attributes:
        ensemble: as given.
        runs: all runs in it, those of folds one by one.
        floor_db: RMS in dB of full scale, from the run's training clips (the lowest of several runs); -inf, as for
            runs that do not know it: digital silence alone. It may be set.

    Example:
        tagger = Tagger.load("runs/demo/curated")
        tagger("clip.wav").top(3)
        tagger(samples, 44_100).scores
        tagger.timeline("concert.flac", hop_s=0.5).segments(min_length_s=1.0)
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble = ensemble
        self.runs = ensemble.runs
        self._calibrated = CalibratedEnsemble(ensemble)
        self._networks = Networks(self.runs)
        self.floor_db = floor_of(self.runs)

    def __repr__(self) -> str:
        members = ", ".join(str(member.path) for member in self.ensemble.members)
        return f"Tagger({members}: {self.task}, {len(self.names)} classes)"

    @classmethod
    def load(cls, *paths: str | Path, weights: str | Path = AUDIOSET) -> "Tagger":
        """The runs in these folders; of several (folders of folds count as one each), the ensemble.

        `"audioset"` in place of a folder is a network with AudioSet's 527 classes that needs no training; its weights
        are downloaded once, or come from the file `weights`.

        Models load in Keras's safe mode: no code out of a file is run.

        Raises:
            RunError: no finished run is there, or runs of other classes.
            TaggerError: runs that cannot tag audio, or not together; published weights that cannot be had.
            CalibrationError: a run's calibration is damaged, or of other classes.
        """
        return cls(load_ensemble(paths, weights))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, in the order of the scores."""
        return self.ensemble.classes

    @property
    def task(self) -> str:
        """`multilabel`, `multiclass` or `regression`."""
        return self.ensemble.kind.name

    @property
    def rate_hz(self) -> int:
        """Of the audio that the (first) run works on."""
        return self.runs[0].config.cleaning.rate_hz

    @property
    def thresholds(self) -> np.ndarray:
        """(classes,): from which score on a label is there: the run's own, else .5; of several combined as scores."""
        return self._calibrated.thresholds

    def __call__(self, audio: AudioInput, rate_hz: int | None = None, *, jobs: int = 1) -> Tags:
        """The scores of a clip.

        Args:
            audio: a file of any format and rate, or samples, (frames,) or (frames, channels), float of full scale 1.0
                or int16.
            rate_hz: of samples.
            jobs: how many batches of windows the networks work on at a time.

        Raises:
            DecodeError: audio that cannot be used.
            CleanFolderError: a file of a clean folder that was made by other rules than the run's.
        """
        return self._tags(clip_outputs(self._networks.saved, sound_of(audio, rate_hz), jobs))

    def each(
        self, files: Sequence[str | Path | FileSound], jobs: int = 1, *, spread: Spread | None = None
    ) -> Iterator[tuple[Path, Tags | DecodeError]]:
        """Each file with its tags, or with what is wrong with it, in their order; `jobs` files are tagged at a time.

        Args:
            files: of any format and rate.
            jobs: as above.
            spread: in place of `jobs`: a cluster, or shards that are to be put together.

        Raises:
            CleanFolderError: as above.
            ClusterError, SubmissionError: as `outputs_of_each`.
        """
        sounds, spread = [file_sound(file) for file in files], spread or Spread(jobs)
        for sound, found in zip(sounds, outputs_of_each(self._networks.saved, sounds, spread), strict=True):
            yield sound.path, found if isinstance(found, DecodeError) else self._tags(found)

    def shard(self, files: Sequence[FileSound], spread: Spread, shard: Shard) -> dict[str, Arrays]:
        """What `each` will find of a shard of the files."""
        return shard_outputs(self._networks.saved, files, spread, shard)

    def embed(self, audio: AudioInput, rate_hz: int | None = None, *, jobs: int = 1) -> np.ndarray:
        """The embedding of a clip, (features,) float32; arguments as above.

        Raises:
            TaggerError: the tagger is an ensemble, whose models have no features in common.
        """
        self.check_embeds()
        embedding = self(audio, rate_hz, jobs=jobs).embedding
        assert embedding is not None  # noqa: S101  for the type checker
        return embedding

    def timeline(
        self,
        audio: AudioInput,
        rate_hz: int | None = None,
        *,
        window_s: float | None = None,
        hop_s: float | None = None,
        columns: int | None = None,
        embed: bool = False,
        jobs: int = 1,
    ) -> Timeline:
        """The scores of a clip over time. Hours of it take little memory.

        No silence is removed, so that times are those of the file; and `window.only_first` counts for nothing. Runs on
        ready-made features take a file of the features of consecutive clips, (clips, steps, bands), each a window.

        Args:
            audio, rate_hz: as above.
            window_s: length of the windows; None: as the (first) run was trained; of features 1 s.
            hop_s: seconds from row to row; None: such that windows overlap as those of the run, or one column.
            columns: instead of windows, how many of the network's columns (features of .32 s in `mn`) each row
                averages; None: as the run says, which for the published network is 7.
            embed: also keep the embedding of each row.
            jobs: as above.

        Raises:
            DecodeError: audio that cannot be used.
            TaggerError: runs on features that are made of whole clips; windows too long, or not as the network takes
                them; columns of a network without, or together with `window_s`.
        """
        if embed:
            self.check_embeds()
        sound = sound_of(audio, rate_hz)
        if self.ensemble.takes_features:
            if columns is not None:
                raise TaggerError(
                    "columns apply to runs on waveforms, these runs take features: leave them out"
                )
            return self._timeline_of_clips(sound, window_s, hop_s, embed)
        rows = rows_of(self.runs, window_s, hop_s, columns)
        score = self._scorer(rows, embed=embed)
        windows = cut_windows(PcmStream(sound, self.rate_hz), rows.pieces, rows.margin)
        cut = batches(windows, batch_size(rows.pieces.length))
        with Workers(jobs) as calls:
            return joined([*calls.in_order(lambda batch: score(*batch), cut)])

    def stream(
        self,
        rate_hz: int,
        *,
        window_s: float | None = None,
        hop_s: float | None = None,
        columns: int | None = None,
        threshold: float | None = None,
        min_length_s: float = 0.0,
        max_gap_s: float = 0.0,
    ) -> TagStream:
        """Tags of a sound while it is heard: its timeline and segments, window by window.

        Args:
            rate_hz: of the chunks that will come.
            window_s, hop_s, columns: as in `timeline`.
            threshold, min_length_s, max_gap_s: as in `Timeline.segments`; regression has no segments.

        Raises:
            TaggerError: as in `timeline` and `Timeline.segments`.
            DecodeError: a rate that no sound has.
        """
        check_rate(rate_hz)
        rows = rows_of(self.runs, window_s, hop_s, columns)
        segments = OpenSegments(threshold, min_length_s, max_gap_s) if self.ensemble.kind.has_labels else None
        return TagStream(self._scorer(rows), rows, rate_hz, self.rate_hz, segments)

    def _scorer(self, rows: Rows, *, embed: bool = False) -> Score:
        """What makes a part of a timeline of a batch of windows."""
        networks = self._networks.of_rows(rows)

        def score(spans: np.ndarray, samples: np.ndarray) -> Timeline:
            placed = rows.place(spans, samples)
            outputs = (network(rows.pieces, samples) for network in networks)
            found = [(logits[placed.kept], features[placed.kept]) for logits, features in outputs]
            return self._part(found, placed.spans / self.rate_hz, placed.levels_db, embed=embed)

        return score

    def _timeline_of_clips(
        self, sound: Sound, window_s: float | None, hop_s: float | None, embed: bool
    ) -> Timeline:
        """Of a file of features, as `timeline`."""
        found = [outputs_of_clips(network, sound) for network in self._networks.saved]
        n_clips = len(found[0][0])
        return self._part(found, spans_of_clips(n_clips, window_s, hop_s), np.full(n_clips, inf), embed=embed)

    def _part(
        self,
        found: Sequence[tuple[np.ndarray, np.ndarray]],
        spans_s: np.ndarray,
        level_db: np.ndarray,
        *,
        embed: bool,
    ) -> Timeline:
        """A part of a timeline: of each run the logits and features of its windows, their spans, their levels."""
        scores, silent = self._calibrated.scores([logits for logits, _ in found], level_db, self.floor_db)
        embeddings = found[0][1] if embed else None
        starts_s, ends_s = spans_s.T
        scores = scores.astype(np.float32)
        return Timeline(self.names, starts_s, ends_s, scores, self.task, self.thresholds, embeddings, silent)

    def check_embeds(self) -> None:
        """Raises TaggerError for an ensemble."""
        if len(self.runs) > 1:
            raise TaggerError(
                f"expected one run for embeddings, received {len(self.runs)}: their features are not comparable"
            )

    def _tags(self, found: Sequence[ClipOutput]) -> Tags:
        logits, level_db = [output.logits for output in found], max(output.level_db for output in found)
        (scores,), silent = self._calibrated.scores(logits, np.array([level_db]), self.floor_db)
        embedding = found[0].features if len(found) == 1 else None
        return Tags(self.names, scores, self.task, self.thresholds, embedding, bool(silent[0]))
