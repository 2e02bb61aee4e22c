"""Front ends by name."""

import keras

from tagging.frontend.chain import FrontendChain
from tagging.frontend.level import Level
from tagging.frontend.log_mel import FrontendError, LogMel
from tagging.frontend.mfcc import Mfcc
from tagging.frontend.settings import TAKES, FrontendSettings
from tagging.frontend.standardize import Standardize
from tagging.frontend.stored import StoredFeatures
from tagging.frontend.waveform import RawWaveform
from tagging.frontend.yamnet_log_mel import YamnetLogMel


def _tfio_log_mel() -> type[keras.layers.Layer]:
    try:
        from tagging.frontend.tfio_log_mel import TfioLogMel  # noqa: PLC0415  an optional requirement
    except ImportError as error:
        raise FrontendError(
            f"frontend.name=tfio_log_mel needs tensorflow-io ({error}); use frontend.name=log_mel, the same numerics"
        ) from error
    return TfioLogMel


FRONTENDS = {
    "log_mel": lambda: LogMel,
    "mfcc": lambda: Mfcc,
    "tfio_log_mel": _tfio_log_mel,
    "waveform": lambda: RawWaveform,
    "yamnet": lambda: YamnetLogMel,
}

_NOT_OF_THE_LAYER = ("channels", "normalize", "standardize")


def frontend_class(name: str) -> type[keras.layers.Layer]:
    """The layer class of this name; after this call, saved models that hold it can be read."""
    if name not in FRONTENDS:
        raise FrontendError(f"expected frontend.name out of {sorted(FRONTENDS)}, received {name!r}")
    return FRONTENDS[name]()


def build_frontend(settings: FrontendSettings, rate_hz: int, channels: int) -> keras.layers.Layer:
    """The layer (batch, samples) -> (batch, frames, bands, channels); `channels` is what the network expects.

    With `settings.normalize` or `settings.standardize` it is a `FrontendChain`, see `standardize_of`.

    Raises:
        FrontendError: unknown name; the front end or `settings.channels` contradicts the network.
    """
    if settings.channels not in (None, channels):
        raise FrontendError(
            f"expected frontend.channels={channels} (or null) for this network, received {settings.channels}"
        )
    layer = frontend_class(settings.name)
    keys = TAKES[settings.name]
    options = {key: getattr(settings, key) for key in keys if key not in _NOT_OF_THE_LAYER}
    if "channels" in keys:
        options["channels"] = channels
    elif channels != 1:
        raise FrontendError(
            f"frontend.name={settings.name} makes images of one channel, but this network takes {channels}; "
            "use frontend.name=log_mel"
        )
    level = [] if settings.normalize == "none" else [Level(settings.normalize)]
    return _chain([*level, layer(rate_hz=rate_hz, **options)], standardize=settings.standardize)


def build_stored_frontend(settings: FrontendSettings, bands: int) -> keras.layers.Layer:
    """The layer (batch, steps, bands) -> (batch, steps, bands, 1) of features that were computed offline.

    Steps may differ from batch to batch; NaN stays NaN.

    Raises:
        FrontendError: `settings` has keys that do nothing here; only `standardize` does.
    """
    if idle := settings.idle_keys("stored"):
        raise FrontendError(
            f"frontend.{idle[0]}: features that are computed offline take only frontend.standardize; leave it out"
        )
    frontend = _chain([StoredFeatures()], standardize=settings.standardize)
    frontend.build((None, None, bands))
    return frontend


def _chain(layers: list[keras.layers.Layer], *, standardize: bool) -> keras.layers.Layer:
    """One layer named `frontend`."""
    layers = [*layers, Standardize()] if standardize else layers
    if len(layers) > 1:
        return FrontendChain(layers, name="frontend")
    layers[0].name = "frontend"
    return layers[0]
