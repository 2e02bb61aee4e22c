"""A trained run, or several as an ensemble, as one object that tags audio."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from preprocessing.decode import DecodeError
from preprocessing.stream import ArraySound, FileSound, PcmStream, Sound
from tagging.ensembles import Ensemble
from tagging.pipeline.pieces import AudioWindows
from tagging.tagger.clips import CleanClip, clean_clip, score_clip
from tagging.tagger.models import check_hears, combine, load_ensemble, thresholds_of, window_pieces
from tagging.tagger.network import WindowNetwork, rebuilt_network, saved_network
from tagging.tagger.results import TaggerError, Tags, Timeline
from tagging.tagger.windows import batches, cut_windows

BATCH = 32  # windows that a network sees at once: more take memory, and on a CPU no less time

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
        check_hears(self.runs)
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
        return cls(load_ensemble([Path(path) for path in paths]))

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
        """(classes,): from which score on a label is there: the run's own where it was calibrated, else .5."""
        return thresholds_of(self.runs)

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
        sound, pieces = _sound(audio, rate_hz), window_pieces(self.runs, window_s, hop_s)
        networks = self._networks_for(pieces)
        spans, scores, embeddings = [], [], []
        for span, samples in batches(cut_windows(PcmStream(sound, self.rate_hz), pieces), BATCH):
            found = [network(pieces, samples) for network in networks]
            spans.append(span)
            scores.append(combine(self.ensemble, [logits for logits, _ in found]).astype(np.float32))
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
        scores = combine(self.ensemble, [logits for logits, _ in found])[0]
        return Tags(self.names, scores, found[0][1] if len(found) == 1 else None)

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


def _sound(audio: Audio, rate_hz: int | None) -> Sound:
    if isinstance(audio, str | Path):
        if rate_hz is not None:
            raise TaggerError(f"expected no rate_hz with a file, which has its own, received {rate_hz}")
        return FileSound(Path(audio))
    if rate_hz is None:
        raise TaggerError("expected rate_hz with samples, received none")
    return ArraySound(audio, rate_hz)
