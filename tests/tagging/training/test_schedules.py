"""The learning rate over the epochs: closed forms, PyTorch's rules written out again, and what a training does."""

import math
from types import SimpleNamespace
from typing import get_args, get_type_hints

import keras
import numpy as np
import pytest

from tagging.config.load import ConfigError
from tagging.config.schedule import (
    CyclicSettings,
    ExponentialSettings,
    OneCycleSettings,
    PlateauSettings,
    RestartsSettings,
    StepSettings,
)
from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import KINDS
from tagging.runs.run import RunError
from tagging.training.history import History
from tagging.training.schedules import Schedule, learning_rates
from tagging.training.train import train_stage
from tests.training_helpers import (
    assert_same_training,
    history,
    one_line_error,
    run_eagerly,
    train_until_power_cut,
)

pytestmark = pytest.mark.usefixtures("eagerly")


class TorchPlateau:
    """`torch.optim.lr_scheduler.ReduceLROnPlateau` as its documentation and source have it, without cooldown."""

    def __init__(self, lr, mode, factor, patience, threshold, threshold_mode, min_lr):
        self.lr, self.mode, self.factor, self.patience = lr, mode, factor, patience
        self.threshold, self.threshold_mode, self.min_lr = threshold, threshold_mode, min_lr
        self.best, self.num_bad_epochs = (math.inf if mode == "min" else -math.inf), 0

    def is_better(self, a):
        if self.mode == "min" and self.threshold_mode == "rel":
            return a < self.best * (1.0 - self.threshold)
        if self.mode == "min":
            return a < self.best - self.threshold
        if self.threshold_mode == "rel":
            return a > self.best * (self.threshold + 1.0)
        return a > self.best + self.threshold

    def step(self, metric):
        if self.is_better(metric):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.num_bad_epochs > self.patience:
            self.lr, self.num_bad_epochs = max(self.lr * self.factor, self.min_lr), 0


def rates_of(settings: StageSettings, values, monitor: str = "val_accuracy") -> list[float]:
    return learning_rates(settings, monitor, [{monitor: value} for value in values])[0]


def test_a_constant_rate_stays():
    assert rates_of(StageSettings(learning_rate=0.1), [0.5] * 9) == [0.1] * 10


def test_a_cosine_is_its_closed_form():
    settings = StageSettings(learning_rate=0.4, epochs=4, schedule="cosine")
    expected = [0.4, 0.2 * (1 + 2**-0.5), 0.2, 0.2 * (1 - 2**-0.5)]
    assert rates_of(settings, [0.0] * 3) == pytest.approx(expected)


def test_exponential_decay_is_that_of_keras():
    settings = StageSettings(
        learning_rate=0.4, schedule="exponential", exponential=ExponentialSettings(gamma=0.8)
    )
    oracle = keras.optimizers.schedules.ExponentialDecay(0.4, decay_steps=1, decay_rate=0.8)
    assert rates_of(settings, [0.0] * 9) == pytest.approx([float(oracle(epoch)) for epoch in range(10)])


@pytest.mark.parametrize(("epochs", "factor"), [(1, 1.0), (4, 1.0), (2, 2.0), (5, 1.5)])
def test_a_cosine_with_restarts_is_that_of_keras(epochs, factor):
    restarts = RestartsSettings(epochs, factor)
    settings = StageSettings(learning_rate=0.4, schedule="cosine_restarts", restarts=restarts)
    oracle = keras.optimizers.schedules.CosineDecayRestarts(0.4, epochs, t_mul=factor)
    expected = [float(oracle(epoch)) for epoch in range(20)]
    assert rates_of(settings, [0.0] * 19) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("mode", "second"),
    [("triangular", [0.1, 0.4, 0.7, 1.0, 0.7]), ("triangular2", [0.1, 0.25, 0.4, 0.55, 0.4])],
)
def test_a_cyclic_rate_rises_and_falls_between_two_rates(mode, second):
    settings = StageSettings(
        learning_rate=1.0, schedule="cyclic", cyclic=CyclicSettings(rise_epochs=3, low_share=0.1, mode=mode)
    )
    assert rates_of(settings, [0.0] * 10) == pytest.approx([0.1, 0.4, 0.7, 1.0, 0.7, 0.4, *second])


def torch_one_cycle(
    step: int, total_steps: int, pct_start: float, initial: float, top: float, last: float
) -> float:
    """`torch.optim.lr_scheduler.OneCycleLR` as its documentation and source have it: cosine, two phases."""

    def annealed(start, end, share):
        return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)

    rise_end = float(pct_start * total_steps) - 1
    if step <= rise_end:
        return annealed(initial, top, step / rise_end)
    return annealed(top, last, (step - rise_end) / (total_steps - 1 - rise_end))


@pytest.mark.parametrize("epochs", [4, 10, 15, 30])
@pytest.mark.parametrize("rise_share", [0.3, 0.4, 0.55])
def test_one_cycle_is_pytorchs_with_a_step_per_epoch(epochs, rise_share):
    """The highest rate may lie between two epochs: with 15 epochs and a share of 0.3 at 3.5."""
    cycle = OneCycleSettings(rise_share, start_share=0.04, end_share=0.001)
    settings = StageSettings(learning_rate=2.0, epochs=epochs, schedule="one_cycle", one_cycle=cycle)
    expected = [torch_one_cycle(step, epochs, rise_share, 0.08, 2.0, 0.002) for step in range(epochs)]
    assert expected[0] == pytest.approx(0.08)
    assert rates_of(settings, [0.0] * (epochs - 1)) == pytest.approx(expected)


@pytest.mark.parametrize("epochs", [1, 2, 3])
@pytest.mark.parametrize("rise_share", [0.0, 0.3])
def test_one_cycle_whose_rise_is_shorter_than_an_epoch_begins_with_the_highest_rate(epochs, rise_share):
    cycle = OneCycleSettings(rise_share=rise_share)
    settings = StageSettings(learning_rate=0.5, epochs=epochs, schedule="one_cycle", one_cycle=cycle)
    rates = rates_of(settings, [0.0] * (epochs - 1))
    assert rates[0] == max(rates) == 0.5
    assert min(rates) > 0


def test_steps_are_a_power_of_gamma():
    settings = StageSettings(learning_rate=0.8, schedule="step", step=StepSettings(3, 0.1))
    expected = [0.8 * 0.1 ** (epoch // 3) for epoch in range(11)]
    assert rates_of(settings, [0.0] * 10) == pytest.approx(expected)


@pytest.mark.parametrize("monitor", ["val_loss", "val_f1_macro"])
@pytest.mark.parametrize("mode", ["relative", "absolute"])
@pytest.mark.parametrize(
    ("factor", "patience", "threshold", "least"), [(0.5, 3, 1e-4, 0), (0.7, 0, 0.05, 0), (0.1, 1, 0, 2e-3)]
)
def test_a_plateau_is_pytorchs(monitor, mode, factor, patience, threshold, least):
    rng = np.random.default_rng(0)
    better = np.exp(-np.arange(60) / 8) if monitor == "val_loss" else 1 - np.exp(-np.arange(60) / 8)
    values = better + rng.normal(0, 0.02, 60)
    values[[20, 21]] = [values[19], np.nan]
    settings = StageSettings(
        learning_rate=0.1,
        schedule="plateau",
        plateau=PlateauSettings(factor, patience, threshold, mode, least),
    )
    torch = TorchPlateau(
        0.1, "min" if monitor == "val_loss" else "max", factor, patience, threshold, mode[:3], least
    )
    expected = [0.1]
    for value in values:
        torch.step(value)
        expected.append(torch.lr)
    assert len(set(expected)) > 2, "it has plateaus"
    assert rates_of(settings, values, monitor) == pytest.approx(expected)


def test_the_epochs_of_patience_are_put_up_with_and_the_next_reduces():
    settings = StageSettings(
        learning_rate=1.0, schedule="plateau", plateau=PlateauSettings(patience=2, threshold=0)
    )
    values = [0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6]
    assert rates_of(settings, values) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize(("mode", "is_better"), [("relative", False), ("absolute", True)])
def test_what_counts_as_better_is_a_share_of_the_best_or_a_number(mode, is_better):
    """A loss of 10 that falls by 0.2 each epoch: less than a share of 3 %, more than 0.03."""
    plateau = PlateauSettings(patience=0, threshold=0.03, threshold_mode=mode)
    settings = StageSettings(learning_rate=1.0, schedule="plateau", plateau=plateau)
    assert rates_of(settings, [10.0, 9.8], "val_loss")[-1] == (1.0 if is_better else 0.5)


def test_steps_and_plateaus_multiply_and_each_is_named():
    settings = StageSettings(
        learning_rate=1.0,
        schedule="step_plateau",
        step=StepSettings(4, 0.1),
        plateau=PlateauSettings(0.5, 1, min_learning_rate=0.02),
    )
    rows = [{"val_accuracy": 0.5}] * 8
    expected = [1, 1, 1, 0.5, 0.05, 0.025, 0.025, 0.02, 0.002]
    seen = [learning_rates(settings, "val_accuracy", rows[:n]) for n in range(9)]
    assert [rates[-1] for rates, _ in seen] == pytest.approx(expected)
    assert seen[3][1] == "no improvement of val_accuracy for 2 epochs"
    assert seen[4][1] == "step after 4 epochs"
    assert seen[6][1] == ""
    both = StageSettings(schedule="step_plateau", step=StepSettings(3), plateau=PlateauSettings(patience=1))
    why = learning_rates(both, "val_accuracy", rows[:3])[1]
    assert why == "no improvement of val_accuracy for 2 epochs, step after 3 epochs"


@pytest.mark.parametrize(("own", "expected"), [(None, 0.5), ("val_loss", 1.0)])
def test_a_plateau_watches_its_own_metric(tmp_path, own, expected):
    """The loss falls, and the accuracy stays."""
    plateau = PlateauSettings(patience=0, monitor=own)
    settings = StageSettings(
        learning_rate=1.0, schedule="plateau", plateau=plateau, monitor="val_accuracy", patience=9
    )
    rows = [{"val_accuracy": 0.5, "val_loss": 2.0}, {"val_accuracy": 0.5, "val_loss": 1.0}]
    schedule = Schedule(settings, History(tmp_path, settings, 1, KINDS["multiclass"], rows))
    schedule.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=None)))
    schedule.on_epoch_begin(2)
    assert schedule.model.optimizer.learning_rate == expected


FLAT = (  # no score gets better by 10
    "train.schedule=step_plateau",
    "train.plateau={patience: 0, factor: 0.1, threshold: 10, threshold_mode: absolute}",
    "train.step={epochs: 2, gamma: 0.5}",
    "train.epochs=4",
    "train.l2=1e-3",
)


@pytest.fixture(scope="module")
def flat(tiny, tmp_path_factory):
    with run_eagerly():
        return train_stage(tiny.config(tmp_path_factory.mktemp("flat"), *FLAT), "noisy", jobs=2)


def test_a_training_follows_and_its_history_has_the_rates(flat):
    rates = history(flat)["learning_rate"].tolist()
    assert rates == pytest.approx([3e-3, 3e-3, 1.5e-4, 1.5e-5])


def test_each_change_is_printed_and_an_interruption_changes_nothing(tiny, flat, tmp_path, capsys):
    config = tiny.config(tmp_path, *FLAT)
    train_until_power_cut(config, step=8)
    before = capsys.readouterr().out
    assert (
        "learning rate 0.003 -> 0.00015: no improvement of val_lwlrap for 1 epoch, step after 2 epochs"
        in before
    )
    resumed = train_stage(config, "noisy", jobs=2)
    after = capsys.readouterr().out
    assert "resuming after epoch 2" in after
    assert "learning rate 0.003 -> 0.00015" in after, "the epoch that was cut short begins again"
    assert "learning rate 0.00015 -> 1.5e-05: no improvement of val_lwlrap for 1 epoch\n" in after
    assert_same_training(resumed, flat)


def test_every_schedule_is_known_and_a_function_of_the_epochs_before():
    names = get_args(get_type_hints(StageSettings)["schedule"])
    shapes = {}
    for name in names:
        settings = StageSettings(learning_rate=1.0, epochs=12, schedule=name)
        rates = rates_of(settings, [0.5] * 11)
        assert all(0 < rate <= 1 for rate in rates), name
        assert [rates_of(settings, [0.5] * n)[-1] for n in range(12)] == rates, "as after an interruption"
        shapes[name] = tuple(rates)
    assert len(set(shapes.values())) == len(names), "no two are alike"


def test_a_cosine_sets_the_rates_of_a_training(augmented):
    assert history(augmented)["learning_rate"].tolist() == pytest.approx([3e-3, 2.25e-3, 0.75e-3])


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.schedule=cosin", ["train.schedule", "step_plateau", "cosin"]),
        ("train.step.epochs=0", ["train.step.epochs: expected at least 1", "received 0"]),
        ("train.step.gamma=1.0", ["train.step.gamma", "below 1", "1.0"]),
        ("train.plateau.factor=0", ["train.plateau.factor: expected above 0", "received 0"]),
        ("train.plateau.patience=-1", ["train.plateau.patience", "-1"]),
        ("train.plateau.threshold=nan", ["train.plateau.threshold", "nan"]),
        ("train.plateau.threshold=1", ["train.plateau.threshold below 1", "relative", "1"]),
        ("train.plateau.threshold_mode=rel", ["train.plateau.threshold_mode", "rel", "absolute"]),
        ("train.plateau.monitor=val_los", ["stages.noisy.plateau.monitor", "Did you mean: 'val_loss'"]),
        ("train.plateau.min_learning_rate=-0.1", ["train.plateau.min_learning_rate", "-0.1"]),
        (
            "train.exponential.gamma=1",
            ["train.exponential.gamma: expected below 1", "received 1"],
        ),
        ("train.restarts.factor=0.5", ["train.restarts.factor: expected at least 1", "received 0.5"]),
        ("train.cyclic.mode=saw", ["train.cyclic.mode", "triangular2", "saw"]),
        ("train.one_cycle.rise_share=1", ["train.one_cycle.rise_share", "below 1", "received 1"]),
    ],
)
def test_a_mistake_ends_in_one_line(tmp_path, override, words):
    message = one_line_error(tmp_path, override)
    assert all(word in message for word in words), message


@pytest.mark.parametrize("schedule", ["plateau", "step_plateau"])
def test_a_plateau_without_validation_clips_is_refused(tiny, tmp_path, schedule):
    with pytest.raises(ConfigError, match=rf"schedule={schedule} needs validation clips.*schedule=constant"):
        tiny.config(tmp_path, "split.validation_share=0", f"train.schedule={schedule}")
    tiny.config(tmp_path, "split.validation_share=0", "train.schedule=step")


def test_a_plateau_with_a_file_that_holds_nothing_out_is_refused(tiny, tmp_path):
    from tagging.datasets import read_dataset

    clips = read_dataset(tiny.config(tmp_path).dataset).of("curated")
    clips.assign(part="train")[["fname", "part"]].to_csv(tmp_path / "split.csv", index=False)
    options = ("train.schedule=plateau", f"split.file={tmp_path / 'split.csv'}")
    with pytest.raises(RunError, match=r"train\.schedule=plateau needs validation clips, received none"):
        train_stage(tiny.config(tmp_path, *options), "noisy", jobs=2)
