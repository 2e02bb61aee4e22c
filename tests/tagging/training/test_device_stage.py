"""A stage whose images are made in the training step: as on the host, resumed exactly, and saved as any other."""

import numpy as np
import pandas as pd
import pytest

from tagging.training import device
from tagging.training.train import train_stage
from tests.training_helpers import (
    AUGMENTED,
    assert_same_training,
    history,
    train_until_power_cut,
    weights,
)

ON_DEVICE = (*AUGMENTED, "pipeline.device=device")


@pytest.fixture(scope="module")
def of_device(tiny, tmp_path_factory):
    """The run `augmented`, its images made in the training step."""
    return train_stage(tiny.config(tmp_path_factory.mktemp("device"), *ON_DEVICE), "noisy", jobs=2)


def test_trains_as_on_the_host_within_float_error(of_device, augmented):
    pd.testing.assert_frame_equal(history(of_device), history(augmented), rtol=1e-3)
    for a, b in zip(weights(of_device), weights(augmented), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_an_interrupted_stage_resumes_to_the_same_weights(tiny, tmp_path, of_device):
    config = tiny.config(tmp_path, *ON_DEVICE)
    train_until_power_cut(config)
    assert_same_training(train_stage(config, "noisy", jobs=2), of_device)


@pytest.mark.parametrize(
    "more",
    [
        ("train.overfit_batches=1",),
        ("train.l2=0.001", "train.class_weights=balanced", "train.augment.waveform_mix.probability=0.5"),
        ("frontend.name=mfcc", "frontend.standardize=true", "train.augment.keep_originals=true"),
    ],
    ids=lambda more: more[0],
)
def test_so_do_stages_with_other_settings(tiny, tmp_path, eagerly, more):
    given = ("train.epochs=1", "train.augment.mixup.alpha=0.4", *more)
    runs = []
    for place in ("host", "device"):
        (tmp_path / place).mkdir()
        config = tiny.config(tmp_path / place, *given, f"pipeline.device={place}")
        runs.append(train_stage(config, "noisy", jobs=2))
    pd.testing.assert_frame_equal(history(runs[0]), history(runs[1]), rtol=1e-3)


@pytest.mark.parametrize(("gpus", "expected"), [([], False), (["GPU:0"], True)])
def test_auto_is_the_device_where_there_is_a_gpu(monkeypatch, gpus, expected):
    monkeypatch.setattr(device, "gpus", lambda: gpus)
    assert device.makes_images(device.PipelineSettings()) is expected
    assert device.makes_images(device.PipelineSettings("device"))
    assert not device.makes_images(device.PipelineSettings("host"))
