"""Online part: clean clips -> model -> scores; `Tagger` is the library. Importing the package imports nothing heavy."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagging.tagger.tagger import Tagger

__all__ = ["Tagger"]


def __getattr__(name: str) -> Any:
    """`Tagger`, for which TensorFlow is loaded without its notices, only where it is asked for."""
    if name == "Tagger":
        from tagging.cli.backend import without_notices  # noqa: PLC0415

        with without_notices():
            import tensorflow as tf  # noqa: PLC0415

            from tagging.tagger.tagger import Tagger  # noqa: PLC0415

            tf.config.list_physical_devices()
        return Tagger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
