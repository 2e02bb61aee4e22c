"""Settings that a page has to follow, on a tiny model without a network: each with what the script makes of a sound."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from preprocessing.settings import CURATED
from tagging.export.tag_standalone import Model

START = """([about, model]) => engine.ask({
  kind: "start", about, model: Uint8Array.from(atob(model), letter => letter.charCodeAt(0)),
})"""
TAG = """async ([packed, rateHz]) => {
  const bytes = each => Uint8Array.from(atob(each), letter => letter.charCodeAt(0)).buffer;
  const channels = packed.map(each => new Float32Array(bytes(each)));
  const found = await engine.ask({ kind: "tag", channels, rateHz });
  return { scores: Array.from(found.scores), silent: found.silent };
}"""
CLASSES, RATE_HZ, SAMPLES = 3, 1_500, 1_000
RULES = [{**vars(rule)} for rule in CURATED]
BASE: dict[str, Any] = {
    "name": "variant",
    "task": "multilabel",
    "labels": ["a", "b", "c"],
    "thresholds": [0.5, 0.5, 0.5],
    "inputs": {
        "shape": [SAMPLES],
        "rate_hz": RATE_HZ,
        "hop_samples": 400,
        "short": "repeat",
        "only_first": False,
    },
    "cleaning": {"remove_silence": True, "min_kept_s": 0.3, "rules": RULES},
    "scoring": {
        "average": "probability",
        "temperatures": [0.7],
        "runs_of_members": [1],
        "weights": [1.0],
        "method": "mean",
        "floor_db": -60.0,
    },
}
VARIANTS: dict[str, dict[str, Any]] = {
    "several labels": {},
    "logits": {"scoring": {"average": "logit"}},
    "one label": {"task": "multiclass"},
    "values": {"task": "regression"},
    "padding": {"inputs": {"short": "pad"}, "cleaning": {"remove_silence": False}},
    "the first window": {"inputs": {"only_first": True}},
    **{
        f"ensemble, {method}, {task}": {
            "task": task,
            "scoring": {
                "temperatures": [0.7, 1.3, 2.0],
                "runs_of_members": [2, 1],
                "weights": [1.0, 3.0],
                "method": method,
            },
        }
        for method in ("mean", "geometric")
        for task in ("multilabel", "multiclass")
    },
}


def about_of(variant: str) -> dict[str, Any]:
    """The facts of a variant."""
    changes = VARIANTS[variant]
    merged = {key: {**BASE[key], **value} for key, value in changes.items() if isinstance(value, dict)}
    return {**BASE, **{key: value for key, value in changes.items() if key not in merged}, **merged}


def model_of(about: dict[str, Any]) -> tuple[str, Model]:
    """An ONNX model of one product in base64, and the script's model of the same."""
    outputs = CLASSES * len(about["scoring"]["temperatures"])
    weights = np.random.default_rng(1).normal(0, 0.4, (SAMPLES, outputs)).astype(np.float32)
    window, logits = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
        for name, size in (("waveform", SAMPLES), ("window_logits", outputs))
    )
    product = helper.make_node("MatMul", ["waveform", "weights"], ["window_logits"])
    constant = numpy_helper.from_array(weights, "weights")
    graph = helper.make_graph([product], "product", [window], [logits], [constant])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    infer: Callable[[np.ndarray], np.ndarray] = lambda inputs: inputs @ weights  # noqa: E731
    return base64.b64encode(model.SerializeToString()).decode(), Model(about, infer)


def packed(samples: np.ndarray) -> list[str]:
    """Each channel of (frames, channels) float32 in base64."""
    return [base64.b64encode(np.ascontiguousarray(channel)).decode() for channel in samples.T]


def sounds() -> list[tuple[np.ndarray, int]]:
    """(frames, channels) float32 and their rates: pauses, other rates, opposite channels, short, faint, silent."""
    rng = np.random.default_rng(3)
    loud, gap = rng.normal(0, 0.2, 3_000), np.zeros(4_000)
    waves = [
        (np.concatenate([loud, gap, loud[:999]])[:, None], RATE_HZ),
        (np.concatenate([gap, loud[:1_201], gap[:800], loud[:77]])[:, None], RATE_HZ),
        (np.stack([loud, -loud, 0.1 * loud], axis=1), RATE_HZ),
        (rng.normal(0, 0.3, (9_000, 2)), 4_410),
        (rng.normal(0, 0.3, (1_500, 1)), 1_100),
        (loud[:300, None], RATE_HZ),
        (1e-4 * loud[:, None], RATE_HZ),
        (gap[:, None], RATE_HZ),
    ]
    return [(wave.astype(np.float32), rate_hz) for wave, rate_hz in waves]
