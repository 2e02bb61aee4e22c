"""What a config can say about augmentation; apart from the code, so that `--help` imports nothing heavy."""

from dataclasses import dataclass, field, is_dataclass, make_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from foundation.plugins import plugin_names
from foundation.settings import Settings, setting
from tagging.augment.op import Op, is_on

_FILES = plugin_names(Path(__file__).parent / "ops")
OPS: tuple[Op, ...] = tuple(
    sorted(
        (op for name in _FILES for op in import_module(f"tagging.augment.ops.{name}").OPS),
        key=lambda op: (not op.of_waveforms, op.place),
    )
)
"""All augmentations in their order: those of waveforms, then those of images."""

_SETTINGS = {key: kind for op in OPS for key, kind in op.settings.items() if is_dataclass(kind)}
_Parts: Any = make_dataclass(
    "_Parts",
    [(key, kind, field(default_factory=kind)) for key, kind in _SETTINGS.items()],
    bases=(Settings,),
    frozen=True,
)


@dataclass(frozen=True, kw_only=True)
class AugmentSettings(_Parts):
    """What happens to training clips: a part for each file in `tagging/augment/ops`, all of them off by default."""

    time_shift_share: float = setting(
        0.0,
        "largest circular shift of the window in either direction, as a share of its length, 0: off, 0.5: anywhere",
        at_least=0,
        at_most=0.5,
    )
    keep_originals: bool = setting(
        False, "each clip that is augmented comes twice per epoch, once as it is and once augmented"
    )
    sources: tuple[str, ...] | None = setting(
        None,
        "sources of the stage whose clips are augmented, e.g. `[curated]`; clips of its other sources come once, "
        "unchanged, but `mixup` and `waveform_mix` may mix them into clips that are augmented. Null: all sources",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sources is not None and not (self.sources and self.enabled):
            raise ValueError(
                f"augment.sources: expected null, or sources for an augmentation that is on, received "
                f"{list(self.sources)}{'' if self.enabled else ' while none is on'}"
            )
        if self.keep_originals and not self.enabled:
            raise ValueError(
                "keep_originals: expected false while no augmentation is on (clips would come twice, unchanged), "
                "received true"
            )

    def parts(self, op: Op) -> list[Any]:
        """The settings of each key of an op."""
        return [getattr(self, key) for key in op.settings]

    def on(self, *, of_waveforms: bool) -> list[Op]:
        """The ops of waveforms, or of images, that are switched on, in their order."""
        return [op for op in OPS if op.of_waveforms == of_waveforms and any(map(is_on, self.parts(op)))]

    def title(self, op: Op) -> str:
        """The keys of an op that are on."""
        on = [key for key in op.settings if is_on(getattr(self, key))]
        return ", ".join(on) or f"{op.key} (limit)"

    @property
    def of_fixed_frames(self) -> list[str]:
        """Keys that are on and need images of a fixed number of frames, which stored sequences do not have."""
        return [
            f"{op.key}.{name}"
            for op in self.on(of_waveforms=False)
            for name in op.needs_frames
            if getattr(getattr(self, op.key), name) != getattr(op.settings[op.key](), name)
        ]

    @property
    def enabled(self) -> bool:
        """Whether any clip is changed."""
        return bool(self.on(of_waveforms=True) or self.on(of_waveforms=False))
