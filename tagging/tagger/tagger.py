"""A trained run, or several as an ensemble, as one object that tags audio."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from math import inf
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from preprocessing.decode import DecodeError
from preprocessing.feature_settings import STORED
from preprocessing.stream import ArraySound, FileSound, PcmStream, Sound
from submissions.ensemble import average_folds
from submissions.settings import EnsembleSettings
from tagging.calibration import read_calibration
from tagging.ensembles import Ensemble, make_ensemble
from tagging.folds import Member, read_member
from tagging.pipeline.pieces import AudioWindows, audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.tagger.clips import CleanClip, clean_clip, score_clip
from tagging.tagger.network import WindowNetwork, rebuilt_network, saved_network
from tagging.tagger.results import TaggerError, Tags, Timeline
from tagging.tagger.windows import batches, cut_windows

BATCH = 32  # windows that a network sees at once: more take memory, and on a CPU no less time
THRESHOLD = 0.5  # where a run has none of its own

Audio = str | Path | np.ndarray


class Tagger:
    """Tags audio files and arrays.

    Clips are cleaned as the run's test clips are (mono, its rate, its silence rules), cut into its windows, and the
    scores of the windows averaged: the scores are those of `predict.py --audio`.

    Args:
        ensemble: what predicts; see `load`.

    Attributes:
        ensemble: as given.
        runs: all runs in it, those of folds one by one.

    Example:
        tagger = Tagger.load("runs/demo/curated")
        tagger("clip.wav").top(3)
        tagger(samples, 44_100).scores
        tagger.timeline("concert.flac", hop_s=0.5).segments(min_length_s=1.0)
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble = ensemble
        self.runs = [run for member in ensemble.members for run in member.runs]
        for run in self.runs:
            if run.config.cleaning.features.name == STORED:
                raise TaggerError(
                    f"expected a run on audio, {run.path} was trained on ready-made features "
                    "(cleaning.features.name=stored), which nothing here can make of audio"
                )
        self._networks = [saved_network(run) for run in self.runs]
        self._rebuilt: dict[int, list[WindowNetwork]] = {}

    @classmethod
    def load(cls, *paths: str | Path) -> "Tagger":
        """The runs in these folders; of several (folders of folds count as one each), the ensemble.

        Models load in Keras's safe mode: no code out of a file is run.

        Raises:
            RunError: no finished run is there, or runs of other classes.
            TaggerError: runs that cannot tag audio, or not together.
        """
        members = [read_member(Path(path)) for path in paths]
        if not members:
            raise TaggerError("expected at least one run folder, received none")
        config = members[0].runs[0].config
        return cls(make_ensemble(replace(config, ensemble=_how_to_combine(members)), members))

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
        """(classes,): from which score on a label is there: the run's own where it was calibrated, else .5.

        They were chosen for probabilities at the run's temperature, and are given for the scores without it.
        """
        found = read_calibration(self.runs[0].path) if len(self.runs) == 1 else None
        if found is None or found.thresholds is None:
            return np.full(len(self.names), THRESHOLD)
        return expit(logit(np.array(found.thresholds)) * found.temperature)

    def __call__(self, audio: Audio, rate_hz: int | None = None) -> Tags:
        """The scores of a clip.

        Args:
            audio: a file of any format and rate, or samples, (frames,) or (frames, channels), float of full scale 1.0
                or int16.
            rate_hz: of samples.

        Raises:
            DecodeError: audio that cannot be used.
        """
        return self._tags(self._clean(_sound(audio, rate_hz)))

    def each(self, paths: Sequence[str | Path], jobs: int = 1) -> Iterator[tuple[Path, Tags | DecodeError]]:
        """Each file with its tags, or with what is wrong with it, in their order; `jobs` files are read at a time."""
        waiting = iter(map(Path, paths))
        running: deque[tuple[Path, Future]] = deque()
        with ThreadPoolExecutor(jobs) as pool:
            while True:
                for path in islice(waiting, jobs + 1 - len(running)):
                    running.append((path, pool.submit(self._clean, FileSound(path))))
                if not running:
                    return
                path, clean = running.popleft()
                try:
                    yield path, self._tags(clean.result())
                except DecodeError as error:
                    yield path, error

    def embed(self, audio: Audio, rate_hz: int | None = None) -> np.ndarray:
        """The embedding of a clip, (features,) float32; arguments as above.

        Raises:
            TaggerError: the tagger is an ensemble, whose models have no features in common.
        """
        self.check_embeds()
        embedding = self(audio, rate_hz).embedding
        assert embedding is not None  # noqa: S101  for the type checker
        return embedding

    def timeline(
        self,
        audio: Audio,
        rate_hz: int | None = None,
        *,
        window_s: float | None = None,
        hop_s: float | None = None,
        embed: bool = False,
    ) -> Timeline:
        """The scores of a clip over time. Hours of it take little memory.

        No silence is removed, so that times are those of the file; and `window.only_first` counts for nothing.

        Args:
            audio, rate_hz: as above.
            window_s: length of the windows; None: as the (first) run was trained.
            hop_s: seconds from window to window; None: such that they overlap as those of the run.
            embed: also keep the embedding of each window.

        Raises:
            DecodeError: audio that cannot be used.
            TaggerError: runs on features, which are of whole clips; windows that the network does not take.
        """
        if embed:
            self.check_embeds()
        sound, pieces = _sound(audio, rate_hz), self._window_pieces(window_s, hop_s)
        networks = self._networks_for(pieces)
        spans, scores, embeddings = [], [], []
        for span, samples in batches(cut_windows(PcmStream(sound, self.rate_hz), pieces), BATCH):
            found = [network(pieces, samples) for network in networks]
            spans.append(span)
            scores.append(self._combine([logits for logits, _ in found]).astype(np.float32))
            embeddings += [found[0][1]] if embed else []
        starts_s, ends_s = np.concatenate(spans).T / self.rate_hz
        return Timeline(
            self.names,
            starts_s,
            ends_s,
            np.concatenate(scores),
            self.task,
            self.thresholds,
            np.concatenate(embeddings) if embed else None,
        )

    def check_embeds(self) -> None:
        """Raises TaggerError for an ensemble."""
        if len(self.runs) > 1:
            raise TaggerError(
                f"expected one run for embeddings, received {len(self.runs)}: their features have nothing in common"
            )

    def _clean(self, sound: Sound) -> dict[str, CleanClip]:
        """The clip as each kind of cleaning among the runs makes it."""
        kinds = {repr(run.config.cleaning): run.config.cleaning for run in self.runs}
        return {name: clean_clip(sound, cleaning) for name, cleaning in kinds.items()}

    def _tags(self, clean: dict[str, CleanClip]) -> Tags:
        found = [
            score_clip(network, clean[repr(network.run.config.cleaning)], BATCH) for network in self._networks
        ]
        scores = self._combine([logits for logits, _ in found])[0]
        return Tags(self.names, scores, found[0][1] if len(found) == 1 else None)

    def _combine(self, logits: Sequence[np.ndarray]) -> np.ndarray:
        """One (rows, classes) matrix a run -> scores (rows, classes) float64."""
        rest = iter(logits)
        of_members = [[next(rest) for _ in member.runs] for member in self.ensemble.members]
        activation = self.ensemble.kind.activation
        return self.ensemble.combine(
            [average_folds(folds, activation) if len(folds) > 1 else folds[0] for folds in of_members]
        )

    def _window_pieces(self, window_s: float | None, hop_s: float | None) -> AudioWindows:
        """Windows of a timeline, checked."""
        cleanings = [run.config.cleaning for run in self.runs]
        for run in self.runs:
            if run.config.cleaning.features.name is not None:
                raise TaggerError(
                    f"expected a run on waveforms for a timeline, {run.path} takes features of whole clips "
                    f"(cleaning.features.name={run.config.cleaning.features.name}): tag whole clips, or cut them"
                )
        if len(rates := {cleaning.rate_hz for cleaning in cleanings}) > 1:
            raise TaggerError(f"expected runs of one rate for a timeline, received {sorted(rates)} Hz")
        return audio_windows(_over_time(self.runs[0].config.window, window_s, hop_s), rates.pop())

    def _networks_for(self, pieces: AudioWindows) -> list[WindowNetwork]:
        """The networks of all runs for windows of this length."""
        if pieces.length not in self._rebuilt:
            self._rebuilt[pieces.length] = [
                network
                if run.config.window.window_samples(self.rate_hz) == pieces.length
                else rebuilt_network(run, pieces.length / self.rate_hz)
                for run, network in zip(self.runs, self._networks, strict=True)
            ]
        return self._rebuilt[pieces.length]


def _how_to_combine(members: Sequence[Member]) -> EnsembleSettings:
    """As the first run's config says; of one member there is nothing to combine."""
    settings = members[0].runs[0].config.ensemble
    if len(members) == 1:
        return EnsembleSettings()
    if settings.fit or settings.method == "rank":
        raise TaggerError(
            f"expected runs with ensemble.method mean or geometric and known weights, {members[0].path} has "
            f"method={settings.method}, fit={settings.fit}, which need a whole data set: use predict.py"
        )
    return settings


def _over_time(settings: WindowSettings, window_s: float | None, hop_s: float | None) -> WindowSettings:
    for name, value in (("window_s", window_s), ("hop_s", hop_s)):
        if value is not None and not 0 < value < inf:
            raise TaggerError(f"expected {name} above 0, in seconds, received {value}")
    window = settings.window_s if window_s is None else window_s
    hop = settings.hop_s * window / settings.window_s if hop_s is None else hop_s
    return replace(settings, window_s=window, hop_s=hop, only_first=False)


def _sound(audio: Audio, rate_hz: int | None) -> Sound:
    if isinstance(audio, str | Path):
        if rate_hz is not None:
            raise TaggerError(f"expected no rate_hz with a file, which has its own, received {rate_hz}")
        return FileSound(Path(audio))
    if rate_hz is None:
        raise TaggerError("expected rate_hz with samples, received none")
    return ArraySound(audio, rate_hz)
