"""Front ends by name."""

from importlib import import_module

import keras

from tagging.frontend.parts.chain import FrontendChain
from tagging.frontend.parts.level import Level
from tagging.frontend.parts.standardize import Standardize
from tagging.frontend.parts.stored import StoredFeatures
from tagging.frontend.settings import FRONTENDS, STORED, FrontendError, FrontendSettings

_NOT_OF_THE_LAYER = ("channels", "normalize", "standardize")


def frontend_class(name: str) -> type[keras.layers.Layer]:
    """The layer class of this name; after this call, saved models that hold it can be read."""
    if name not in FRONTENDS:
        raise FrontendError(f"expected frontend.name out of {', '.join(FRONTENDS)}, received {name!r}")
    return import_module(f"tagging.frontend.{name}").LAYER


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
    keys = FRONTENDS[settings.name].takes
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
    if idle := settings.idle_keys(STORED):
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
