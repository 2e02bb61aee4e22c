"""The network of every config that ships is built, for the inputs that its front end makes."""

from dataclasses import replace
from pathlib import Path

import keras
import pandas as pd
import pytest

from models.parts.backbone import set_trainable
from preprocessing.feature_settings import STORED
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets.settings import LAYOUTS
from tagging.evaluation.task_kinds import KINDS
from tagging.inference.build import build_tagger
from tagging.inference.windows import pieces_of
from tagging.training.trainer import compiled_trainer

ROOT = Path(__file__).parents[3]
CONFIGS = sorted(set(ROOT.glob("configs/**/*.yaml")) - set(ROOT.glob("configs/sweeps/*")))
WIDTH = {"feed_forward": 26, "lstm": 140, "lstm_fused": 140}
"""Bands of stored features where they are not 128 mel."""
TASKS = {"mood": "regression", "fsdkaggle2019": "multilabel", "fsd_mini": "multilabel", "demo": "multilabel"}


def bands(path: Path, config: Config) -> int:
    """Width of the features that the config's clean folder would hold."""
    features = config.cleaning.features
    if features.bands:
        return features.bands[1] - features.bands[0]
    if features.name == STORED:
        return WIDTH.get(path.stem, 128)
    return {"mfcc_statistics": 2 * features.n_mfcc}.get(features.name or "", 0)


@pytest.fixture(scope="module")
def networks():
    """What was built, by all that makes it: configs that differ in data and training alone share a network."""
    yield {}
    keras.backend.clear_session()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_network_of_every_config_is_built(path, networks):
    config = load_config(path)
    assert config.dataset.layout in LAYOUTS
    config = replace(config, model=replace(config.model, weights="none", weights_sha256=None))
    pieces = pieces_of(config, pd.DataFrame({"bands": [bands(path, config)]}))
    made_of = repr((config.model, config.frontend, config.cleaning.rate_hz, pieces))
    if made_of not in networks:
        model = build_tagger(config, pieces, 7, None)
        tagger, networks[made_of] = model.whole, model.network
        assert tagger.output_shape == (None, 7)
    network = networks[made_of]
    kind = KINDS[config.dataset.task or TASKS.get(path.parent.name, "multiclass")]
    for stage in config.stages.values():
        set_trainable(network, stage.trainable, config.model)
    compiled_trainer(network, stage, kind, 7)
