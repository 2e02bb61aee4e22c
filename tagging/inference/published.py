"""The network that tags before any training: EfficientAT's mn04 with AudioSet's 527 classes, as if it were a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.parts.weight_files import DownloadError
from models.settings import ModelError, ModelSettings
from preprocessing.settings import CleaningSettings
from tagging.config.schema import Config
from tagging.frontend.settings import FrontendSettings
from tagging.inference.build import build_tagger
from tagging.inference.errors import TaggerError
from tagging.pipeline.pieces import audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.runs.arguments import AUDIOSET
from tagging.runs.run import Run

_COLUMNS = 7  # 2.24 s
_NAMES = Path(__file__).parent / "audioset.txt"  # AudioSet ontology, CC BY 4.0, in the order of the logits


@dataclass(frozen=True)
class PublishedRun(Run):
    """A network with published weights in place of a trained one."""

    @property
    def columns(self) -> int:
        return _COLUMNS

    def load_model(self) -> Any:
        """The Keras model: waveforms (batch, samples) float32 in [-1, 1] -> logits (batch, 527).

        Raises:
            TaggerError: the weights cannot be downloaded, or the file does not hold them.
        """
        pieces = audio_windows(self.config.window, self.config.cleaning.rate_hz)
        try:
            return build_tagger(self.config, pieces, len(self.classes), None).whole
        except DownloadError as error:
            raise TaggerError(
                f"the weights of the published network could not be downloaded ({error.reason}); fetch the file "
                "elsewhere and give it as --weights FILE (in Python: weights=FILE), or tag with a run of your own"
            ) from error
        except ModelError as error:
            raise TaggerError(f"--weights: {str(error).removeprefix('model.weights: ')}") from error


def audioset_run(weights: str | Path = AUDIOSET) -> PublishedRun:
    """The AudioSet tagger: whole clips with silence left in, in windows of 16 of the network's columns of 0.32 s.

    Args:
        weights: `audioset`, to download them once into Keras's cache folder, or the path of the file.

    Raises:
        TaggerError: no such file.
    """
    if weights != AUDIOSET and not Path(weights).is_file():
        raise TaggerError(
            f"--weights: expected the weights file of the published network, received {weights}: no such file"
        )
    config = Config(
        cleaning=CleaningSettings(rate_hz=32_000, remove_silence=False),
        window=WindowSettings(window_s=5.12, hop_s=2.56),
        frontend=FrontendSettings("mn_log_mel"),
        model=ModelSettings("mn", weights=str(weights), width=0.4, head="published"),
    )
    info = {"classes": _NAMES.read_text(encoding="utf-8").splitlines(), "task": "multilabel"}
    return PublishedRun(Path(f"{AUDIOSET} (mn04)"), config, info)
