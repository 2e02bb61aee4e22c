"""What no single part of a config can see: how they fit each other."""

from dataclasses import replace

from foundation.words import nearest
from preprocessing.feature_settings import DECIBELS
from tagging.augment.settings import OPS
from tagging.config.errors import ConfigError
from tagging.config.schema import Config
from tagging.config.stage import StageSettings
from tagging.frontend.settings import FRONTENDS, STORED, FrontendSettings
from tagging.pipeline.settings import SequenceSettings, WindowSettings


def check_config(config: Config) -> None:
    """Raises ConfigError if the parts do not fit."""
    if not config.stages:
        raise ConfigError("expected at least one stage under stages:, received none")
    check_task(config, config.dataset.task)
    if config.frontend.name not in FRONTENDS:
        raise ConfigError(
            f"expected frontend.name out of {', '.join(FRONTENDS)}, received {config.frontend.name!r}."
            f"{nearest(config.frontend.name, FRONTENDS)}"
        )
    if config.cleaning.features.name is None:
        _check_audio(config)
    else:
        _check_frontend_of_features(config)
    frames = _frames(config)
    for position, (name, stage) in enumerate(config.stages.items()):
        if not name.isidentifier():
            raise ConfigError(f"expected a stage name of letters, digits and _, received {name!r}")
        if stage.init == "previous" and position == 0:
            raise ConfigError(
                f"stages.{name}.init: expected none or a path in the first stage, received previous"
            )
        if config.cleaning.features.name is not None:
            _check_features(name, stage, frames)
        _check_fill(name, stage, config)
        _check_edges(name, stage, config)
        _check_stage(name, stage, frames, has_validation=config.split.validates(is_noisy=stage.is_noisy))


def check_task(config: Config, task: str | None) -> None:
    """Refuse stages with metrics or losses of another kind of task; None: it is not known, so that any will do.

    Raises:
        ConfigError: no such metric.
        LossError: a loss of another kind of task.
    """
    for name, stage in config.stages.items():
        for key, monitor in (("monitor", stage.monitor), ("plateau.monitor", stage.plateau.monitor)):
            if monitor is not None:
                _check_monitor(f"stages.{name}.{key}", monitor, task)
        if task:
            stage.loss.check(task)


def _check_monitor(key: str, monitor: str, task: str | None) -> None:
    from tagging.evaluation.task_kinds import validation_columns  # noqa: PLC0415  scikit-learn takes a second

    known = validation_columns(task)
    if monitor not in known:
        raise ConfigError(
            f"{key}: expected one of {', '.join(known)} for {task or 'any task'}, received "
            f"{monitor}.{nearest(monitor, known)}"
        )


def _check_frontend_of_features(config: Config) -> None:
    """Features come as they are stored: of the front end they leave only `standardize`."""
    if replace(config.window, average="probability") != WindowSettings():
        raise ConfigError(
            "window.*: features come in pieces of sequence.max_steps; only window.average is theirs"
        )
    idle = config.frontend.idle_keys(STORED)
    if config.frontend.name != FrontendSettings().name:
        idle = ["name", *idle]
    if idle:
        raise ConfigError(
            f"frontend.{idle[0]}: features (cleaning.features.name) take only frontend.standardize; leave it out"
        )


def _check_audio(config: Config) -> None:
    """Windows, front end and rate."""
    if config.sequence != SequenceSettings():
        raise ConfigError("sequence.* is for features; set cleaning.features.name or leave it out")
    samples = config.window.window_samples(config.cleaning.rate_hz)
    if samples < config.frontend.shortest:
        raise ConfigError(
            f"expected window.window_s x cleaning.rate_hz of at least {config.frontend.shortest} samples, "
            f"one frame of the front end, received {samples}"
        )
    highest = config.cleaning.rate_hz / 2
    fmin_hz, fmax_hz = config.frontend.fmin_hz, config.frontend.fmax_hz
    if not 0 <= fmin_hz < (highest if fmax_hz is None else fmax_hz) <= highest:
        raise ConfigError(
            f"expected 0 <= frontend.fmin_hz < frontend.fmax_hz <= {highest:g} (half of cleaning.rate_hz), "
            f"received {fmin_hz:g} and {fmax_hz}"
        )


def _frames(config: Config) -> int | None:
    """Frames of the images; None: they vary."""
    if config.cleaning.features.name is None:
        return config.frontend.frames(config.window.window_samples(config.cleaning.rate_hz))
    return config.sequence.max_steps if config.sequence.fixed else None


def _check_features(name: str, stage: StageSettings, frames: int | None) -> None:
    """Augmentation that stored features cannot have."""
    if stage.augment.on(of_waveforms=True):
        keys = [key for op in OPS if op.of_waveforms for key in op.settings]
        raise ConfigError(
            f"stages.{name}.augment: cleaning.features.name leaves no waveforms to train on; turn off {', '.join(keys)}"
        )
    if frames is None and (keys := stage.augment.of_fixed_frames):
        raise ConfigError(
            f"stages.{name}.augment.{keys[0]} needs images of one length; set sequence.fixed=true or turn it off"
        )


def _check_fill(name: str, stage: StageSettings, config: Config) -> None:
    """Masks and blends fill in 0, which has to be silence or a mean."""
    is_silence = FRONTENDS[config.frontend.name].zero_is_silence
    decibels = config.cleaning.features.name in DECIBELS or not is_silence
    fills = [op.key for op in stage.augment.on(of_waveforms=False) if op.fills_zero]
    if decibels and fills and not config.frontend.standardize:
        raise ConfigError(
            f"stages.{name}.augment: {' and '.join(fills)} fill in 0, which is loud in decibels; set "
            "frontend.standardize=true, or turn them off"
        )


def _check_edges(name: str, stage: StageSettings, config: Config) -> None:
    """Mel bands can be moved in some front ends only."""
    movers = [op.key for op in stage.augment.on(of_waveforms=True) if op.needs_edges]
    if movers and not FRONTENDS[config.frontend.name].moves_edges:
        takers = [front_end for front_end, declared in FRONTENDS.items() if declared.moves_edges]
        raise ConfigError(
            f"stages.{name}.augment: {movers[0]} needs frontend.name={' or '.join(takers)}, received "
            f"{config.frontend.name}; turn it off"
        )


def _check_stage(name: str, stage: StageSettings, frames: int | None, *, has_validation: bool) -> None:
    warp = stage.augment.spec_augment.time_warp_frames
    if warp and frames and 2 * warp >= frames - 1:
        raise ConfigError(
            f"stages.{name}.augment.spec_augment.time_warp_frames: expected under {(frames - 1) / 2:g} "
            f"for images of {frames} frames, received {warp}"
        )
    for key, needs_validation, without in (
        ("patience", bool(stage.patience) and not stage.keeps_last, "patience=0"),
        ("schedule", stage.has_plateau, "schedule=constant"),
        ("monitor", stage.monitor is not None, "monitor=null"),
    ):
        if needs_validation and not has_validation:
            raise ConfigError(
                f"stages.{name}.{key}={getattr(stage, key)} needs validation clips, but split.validation_share is 0; "
                f"set train.{without} or hold clips out"
            )
