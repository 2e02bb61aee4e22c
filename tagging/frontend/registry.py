"""Front ends by name."""

from dataclasses import asdict

import keras

from tagging.frontend.log_mel import FrontendError, LogMel
from tagging.frontend.settings import OWN_NUMERICS, FrontendSettings
from tagging.frontend.yamnet_log_mel import YamnetLogMel


def _log_mel() -> type[keras.layers.Layer]:
    return LogMel


def _tfio_log_mel() -> type[keras.layers.Layer]:
    try:
        from tagging.frontend.tfio_log_mel import TfioLogMel  # noqa: PLC0415  an optional requirement
    except ImportError as error:
        raise FrontendError(
            f"frontend.name=tfio_log_mel needs tensorflow-io ({error}); use frontend.name=log_mel, the same numerics"
        ) from error
    return TfioLogMel


def _yamnet() -> type[keras.layers.Layer]:
    return YamnetLogMel


FRONTENDS = {"log_mel": _log_mel, "tfio_log_mel": _tfio_log_mel, "yamnet": _yamnet}


def frontend_class(name: str) -> type[keras.layers.Layer]:
    """The layer class of this name; after this call, saved models that hold it can be read."""
    if name not in FRONTENDS:
        raise FrontendError(f"expected frontend.name out of {sorted(FRONTENDS)}, received {name!r}")
    return FRONTENDS[name]()


def build_frontend(settings: FrontendSettings, rate_hz: int, channels: int) -> keras.layers.Layer:
    """The layer (batch, samples) -> (batch, frames, bands, channels); `channels` is what the network expects.

    Raises:
        FrontendError: unknown name; `settings.channels` contradicts the network.
    """
    if settings.channels not in (None, channels):
        raise FrontendError(
            f"expected frontend.channels={channels} (or null) for this network, received {settings.channels}"
        )
    layer = frontend_class(settings.name)
    if settings.name in OWN_NUMERICS:
        if channels != 1:
            raise FrontendError(
                f"frontend.name={settings.name} makes images of one channel, but this network takes {channels}; "
                "use frontend.name=log_mel"
            )
        return layer(rate_hz=rate_hz, name="frontend")
    options = {key: value for key, value in asdict(settings).items() if key not in ("name", "channels")}
    return layer(rate_hz=rate_hz, channels=channels, name="frontend", **options)
