"""A sweep file, in the form of W&B's `sweep.yaml`: its parameters, its method, and the metric that ranks trials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from foundation.errors import UserError
from tagging.config.yaml_text import read_yaml
from tagging.sweeps.names import USUAL
from tagging.sweeps.parameters import Choices, Parameter, as_text, read_parameter

METHODS = {"random": "random", "grid": "grid", "bayes": "tpe", "tpe": "tpe"}
OF_TEST = "test_"
"""How figures of test clips begin."""
_GOALS = ("maximize", "minimize")
_OURS = ("method", "metric", "also", "parameters", "names", "run_cap", "early_terminate")
_NOT_USED = ("program", "command", "name", "description", "project", "entity")  # speak to W&B's own agent


class SweepError(UserError):
    """A sweep that cannot be run; the message is one line for the user."""


@dataclass(frozen=True)
class EarlyTerminate:
    """When a trial that does badly is given up, by the metric after each epoch of the last stage.

    Attributes:
        type: `hyperband` (successive halving in brackets) or `median` (below the median of the trials before it).
        min_iter: epochs that every trial gets; null: of hyperband `max_iter / eta^s`, of median 1.
        max_iter: of hyperband, epochs of a whole trial; null: of the config's last stage.
        eta: of hyperband: one in so many trials continues.
        s: of hyperband, number of brackets where `min_iter` is not given.
        min_trials: of median, trials that are finished before any is given up.
    """

    type: str = "hyperband"
    min_iter: int | None = None
    max_iter: int | None = None
    eta: int = 3
    s: int = 2
    min_trials: int = 5

    def __post_init__(self) -> None:
        if self.type not in ("hyperband", "median"):
            raise ValueError(f"expected early_terminate.type of hyperband or median, received {self.type!r}")
        least = {"min_iter": 1, "max_iter": 1, "eta": 2, "s": 1, "min_trials": 1}
        for key, low in least.items():
            value = getattr(self, key)
            if value is not None and (type(value) is not int or value < low):
                raise ValueError(f"expected early_terminate.{key} of at least {low}, received {value}")


@dataclass(frozen=True)
class Sweep:
    """A sweep file.

    Attributes:
        method: `random`, `grid` or `tpe`.
        metric: column of the history, e.g. `val_accuracy`.
        goal: which way it is better.
        parameters: config key -> what may be chosen for it.
        constants: config key -> what it is in all trials.
        run_cap: number of trials; None: not given.
        early_terminate: None: every trial runs to its end.
        also: further figures of each trial, columns of the history or `test_loss`, `test_METRIC` of test clips.
    """

    method: str
    metric: str
    goal: Literal["maximize", "minimize"]
    parameters: dict[str, Parameter]
    constants: dict[str, Any] = field(default_factory=dict)
    run_cap: int | None = None
    early_terminate: EarlyTerminate | None = None
    also: tuple[str, ...] = ()

    @property
    def needs_test_clips(self) -> bool:
        """Whether a figure of test clips is asked for."""
        return any(name.startswith(OF_TEST) for name in self.also)

    def grid(self) -> list[dict[str, Any]]:
        """All combinations of `Choices.names`, the last parameter changing fastest."""
        values = [each.names for each in self.parameters.values() if isinstance(each, Choices)]
        return [dict(zip(self.parameters, point, strict=True)) for point in product(*values)]

    def samples(self) -> Iterator[dict[str, Any]]:
        """Combinations in which every listed value and every bound is at least once."""
        first = {key: parameter.samples[0] for key, parameter in self.parameters.items()}
        yield first
        for key, parameter in self.parameters.items():
            for value in parameter.samples[1:]:
                yield {**first, key: value}

    def overrides(self, values: Mapping[str, Any]) -> list[str]:
        """`key=value` of a trial: the constants, and what was chosen."""
        return [f"{key}={as_text(value)}" for key, value in {**self.constants, **values}.items()]


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep file.

    Raises:
        SweepError: one line that names the file and the key, what was expected and what was received.
    """
    if not path.is_file():
        raise SweepError(f"expected a sweep file, received {path}: no such file")
    try:  # OmegaConf reads safely, and 1e-4 as a number, as in a config
        return _sweep(OmegaConf.to_container(read_yaml(path), resolve=False))
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        raise SweepError(f"{path}: {' '.join(str(error).split())}") from error


def _sweep(entries: Any) -> Sweep:
    entries = _mapping(entries, "the file", (*_OURS, *_NOT_USED))
    metric = _mapping(entries.get("metric"), "metric", ("name", "goal"))
    method, goal, name = entries.get("method"), metric.get("goal"), metric.get("name")
    if method not in METHODS:
        raise SweepError(f"expected method out of {', '.join(METHODS)}, received {method}")
    if not isinstance(name, str) or goal not in _GOALS:
        raise SweepError(
            f"expected metric: with name: (a column of history.csv, e.g. val_loss) and goal: {' or '.join(_GOALS)}, "
            f"received {metric}"
        )
    parameters, constants = _parameters(entries)
    if METHODS[method] == "grid" and (
        ranges := [k for k, p in parameters.items() if not isinstance(p, Choices)]
    ):
        raise SweepError(
            f"parameters.{ranges[0]}: expected values: [...] with method grid, received min and max"
        )
    ending = entries.get("early_terminate")
    return Sweep(
        METHODS[method],
        name,
        goal,
        parameters,
        constants,
        _run_cap(entries),
        None if ending is None else EarlyTerminate(**_mapping(ending, "early_terminate", _keys_of_ending())),
        _also(entries, name),
    )


def _parameters(entries: dict[str, Any]) -> tuple[dict[str, Parameter], dict[str, Any]]:
    """Those with a choice, and the values of those without, under the keys of the config."""
    names = _mapping(entries.get("names", {}), "names", None)
    found = dict(_flat(_mapping(entries.get("parameters"), "parameters", None)))
    if unknown := sorted(set(names) - set(found)):
        raise SweepError(f"names: expected names of parameters, received {', '.join(unknown)}")
    read: dict[str, Parameter] = {}
    for short, entry in found.items():
        key = str(names.get(short, USUAL.get(short, short)))
        if key in read:
            raise SweepError(f"parameters.{short}: {key} is there twice")
        try:
            read[key] = read_parameter(entry)
        except ValueError as error:
            raise SweepError(f"parameters.{short}: {error}") from error
    choices = {key: parameter for key, parameter in read.items() if len(parameter.samples) > 1}
    if not choices:
        raise SweepError("expected parameters with more than one value, received none")
    return choices, {key: parameter.samples[0] for key, parameter in read.items() if key not in choices}


def _flat(entries: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested parameters (`train: {parameters: {epochs: ...}}`) under dotted keys."""
    for key, entry in entries.items():
        if isinstance(entry, dict) and "parameters" in entry:
            yield from _flat(_mapping(entry["parameters"], f"{prefix}{key}", None), f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", entry


def _mapping(entry: Any, name: str, known: tuple[str, ...] | None) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise SweepError(f"expected {name} to be a mapping of keys to values, received {entry}")
    if known and (unknown := [str(key) for key in entry if key not in known]):
        raise SweepError(f"expected keys of {name} out of {', '.join(known)}, received {', '.join(unknown)}")
    return entry


def _also(entries: dict[str, Any], metric: str) -> tuple[str, ...]:
    names = entries.get("also", [])
    if not isinstance(names, list) or len({metric, *map(str, names)}) <= len(names):
        raise SweepError(
            f"expected also: [...] with names of metrics other than {metric}, each once, received {names}"
        )
    return tuple(map(str, names))


def _run_cap(entries: dict[str, Any]) -> int | None:
    cap = entries.get("run_cap")
    if cap is not None and (type(cap) is not int or cap < 1):
        raise SweepError(f"expected run_cap of at least 1, received {cap}")
    return cap


def _keys_of_ending() -> tuple[str, ...]:
    return tuple(EarlyTerminate.__dataclass_fields__)
