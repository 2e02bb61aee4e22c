"""A settings class says once what its fields take; whoever makes settings gets the same errors."""

import json
from dataclasses import dataclass, field
from math import inf, nan
from typing import Literal

import pytest

from foundation.settings import Settings, as_dict, completed, setting


@dataclass(frozen=True)
class Rule(Settings):
    limit_s: float | None = setting(None, "longest", at_least=0, at_most=10, unit="s")
    keep: int = setting(1, "kept", at_least=1, below=100)


@dataclass(frozen=True)
class Example(Settings):
    share: float = setting(0.5, "a share", above=0, at_most=1)
    name: Literal["a", "b"] = setting("a", "a name")
    widths: tuple[int, ...] | None = setting(None, "widths", at_least=1, at_most=10)
    weights: dict[str, float] = setting(dict, "weights", above=0, at_most=2)
    rules: tuple[Rule, ...] = setting((Rule(), Rule(3.0)), "rules")
    rule: Rule = field(default_factory=Rule)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"share": 0}, "Example.share: expected above 0, received 0"),
        ({"share": 2}, "Example.share: expected at most 1, received 2"),
        ({"share": nan}, "Example.share: expected a finite number, received nan"),
        ({"share": -inf}, "Example.share: expected a finite number, received -inf"),
        ({"share": True}, "Example.share: expected a number, received true"),
        ({"share": 10**400}, f"Example.share: expected at most 1, received {10**400}"),
        ({"name": "c"}, 'Example.name: expected one of a, b, received "c"'),
        ({"widths": [1, 11]}, "Example.widths[1]: expected at most 10, received 11"),
        ({"widths": (1.5,)}, "Example.widths[0]: expected a whole number, received 1.5"),
        ({"weights": {"x": 3}}, "Example.weights.x: expected at most 2, received 3"),
        ({"rules": [{"keep": 100}]}, "Example.rules[0].keep: expected below 100, received 100"),
        ({"rules": [{"limits": 1}]}, "Example.rules[0].limits: no such setting."),
        ({"rule": {"limit_s": 11}}, "Example.rule.limit_s: expected at most 10 s or null, received 11"),
    ],
)
def test_what_a_field_does_not_take_is_refused_in_one_line(given, message):
    with pytest.raises(ValueError, match=r"expected|no such") as error:
        Example(**given)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_lists_become_tuples_and_mappings_in_them_settings():
    made = Example(widths=[1, 2], rules=[{"keep": 3}, Rule()], rule={"limit_s": 2.0})
    assert (made.widths, made.rules, made.rule) == ((1, 2), (Rule(keep=3), Rule()), Rule(2.0))
    assert {Rule(2.0): "a"}[made.rule] == "a"


def test_plain_settings_survive_json():
    made = Example(widths=(1, 2), weights={"x": 1.0})
    plain = as_dict(made)
    assert json.loads(json.dumps(plain)) == plain
    assert plain["rules"] == [{"limit_s": None, "keep": 1}, {"limit_s": 3.0, "keep": 1}]


def test_what_was_stored_without_a_key_has_its_default():
    plain = as_dict(Example(weights={"x": 1.0}))
    del plain["share"], plain["rule"], plain["rules"][1]["keep"]
    assert completed(plain, Example) == as_dict(Example(weights={"x": 1.0}))
    assert completed({"other": 1}, Example) == {**as_dict(Example()), "other": 1}
