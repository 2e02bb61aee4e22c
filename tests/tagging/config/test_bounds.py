"""No number that a config can hold is too absurd for one line that names it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import keras
import pytest

from foundation.limits import LIMITS
from foundation.setting_types import check_types, without_null
from tagging.config.checks import check_config
from tagging.config.load import ConfigError, load_config
from tagging.config.schema import Config
from tagging.inference.build import build_stage_frontend
from tagging.pipeline.pieces import AudioWindows, audio_windows

DEMO = Path(__file__).parents[3] / "configs" / "demo.yaml"
ABSURD = (0, -1, 1e-30, 1e30, 10**20, math.nan, math.inf, -math.inf)


def numbers(kind: Any, start: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(key, field, type) of every numeric setting, also of those in lists and mappings."""
    kinds = get_type_hints(kind)
    for part in fields(kind):
        of, _ = without_null(kinds[part.name])
        item = get_args(of)[-1 if get_origin(of) is dict else 0] if get_origin(of) in (tuple, dict) else of
        name = {"stages": "stages.curated", "curated": "curated[0]", "noisy": "noisy[0]"}.get(
            part.name, part.name
        )
        if is_dataclass(item):
            yield from numbers(item, f"{start}{name}.")
        elif item in (int, float):
            yield start + name, part, of


def nested(key: str, value: Any) -> Any:
    """`a.b[0].c` -> {"a": {"b": [{"c": value}]}}"""
    for name in reversed(key.split(".")):
        value = {name.removesuffix("[0]"): [value] if name.endswith("[0]") else value}
    return value


def changed(settings: Any, given: Any) -> Any:
    """Settings with others in their place, as they are made anywhere."""
    if isinstance(settings, tuple):
        return tuple(changed(old, new) for old, new in zip(settings[-1:], given, strict=True))
    if isinstance(settings, dict):
        return {**settings, **{key: changed(settings[key], value) for key, value in given.items()}}
    if not isinstance(given, dict):
        return given
    return replace(settings, **{key: held(getattr(settings, key), value) for key, value in given.items()})


def held(old: Any, new: Any) -> Any:
    is_plain = not is_dataclass(old) and not (
        old and isinstance(old, tuple | dict) and isinstance(new, list | dict)
    )
    return new if is_plain else changed(old, new)


NUMBERS = {key: (part, of) for key, part, of in numbers(Config)}


@pytest.fixture(scope="module")
def demo() -> Config:
    return load_config(DEMO)


@pytest.mark.parametrize("key", NUMBERS)
def test_every_number_has_finite_bounds(key):
    part, _ = NUMBERS[key]
    limits = part.metadata[LIMITS]
    assert -math.inf < limits.low < limits.high < math.inf


@pytest.mark.parametrize("key", NUMBERS)
def test_an_absurd_number_is_refused_in_one_line_or_can_be_built(demo, key):
    part, of = NUMBERS[key]
    limits = part.metadata[LIMITS]
    for value in (*ABSURD, limits.low, limits.high):
        given = nested(key, {tuple: [value], dict: {"curated": value}}.get(get_origin(of), value))
        message = refusal(lambda given=given: made(demo, given))
        if message is None:
            assert math.isfinite(value)
            assert abs(value) < 1e20
            builds(made(demo, given))
        else:
            assert any(word in message for word in (key.rpartition(".")[2], *NEIGHBOURS)), message
            assert "\n" not in message


NEIGHBOURS = ("sequence.*", "window.window_s x cleaning.rate_hz", "frontend.name")
"""Keys that are named where a number does not fit them."""


def made(demo: Config, given: Any) -> Config:
    check_types(given, Config)
    config = changed(demo, given)
    check_config(config)
    return config


def refusal(make: Callable[[], Any]) -> str | None:
    try:
        make()
    except ValueError as error:
        return str(error)
    return None


def builds(config: Config) -> None:
    """What a network sees is made of the config, or refused in one line where mel bands would stay empty."""
    pieces = audio_windows(config.window, config.cleaning.rate_hz)
    assert pieces.input_shape[0] >= config.frontend.shortest
    frames = config.frontend.frames(pieces.input_shape[0])
    made_of = (config.frontend, config.cleaning.rate_hz, pieces.input_shape)
    if made_of not in BUILT:
        message = refusal(lambda: BUILT.update({made_of: image_frames(config, pieces)}))
        assert message is None or ("empty" in message and "\n" not in message)
    assert BUILT.setdefault(made_of, frames) == frames


BUILT: dict[Any, int] = {}
"""Most numbers change nothing here."""


def image_frames(config: Config, pieces: AudioWindows) -> int:
    return build_stage_frontend(config, pieces)(keras.Input(pieces.input_shape)).shape[1]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.batch_size=1e20", "train.batch_size: expected a whole number, received 1e+20"),
        ("train.batch_size=0", "train.batch_size: expected at least 1, received 0"),
        ("stages.noisy.batch_size=0", "stages.noisy.batch_size: expected at least 1, received 0"),
        ("window.hop_s=1e30", "window.hop_s: expected at most 3,600 s, received 1e+30"),
        (
            "frontend.n_mels=12345678901234567890",
            "frontend.n_mels: expected at most 2,048, received 12345678901234567890",
        ),
        ("frontend.fmax_hz=1e-30", "frontend.fmax_hz: expected at least 1 Hz or null, received 1e-30"),
        ("model.units=[8,0]", "model.units[1]: expected at least 1, received 0"),
        ("train.epochs=${seed}", "train.epochs: expected at least 1, received 0"),
    ],
)
def test_the_line_names_the_key_as_it_was_given(override, words):
    with pytest.raises(ConfigError) as error:
        load_config(DEMO, [override])
    assert words in str(error.value)
    assert "\n" not in str(error.value)
