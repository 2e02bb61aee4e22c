"""Two `.tflite` models as one: what the first returns goes into the second.

Converters quantise whole models. A front end with coarse weights ruins the images, so that only what is behind it is
converted that way, and both are put together again.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tagging.export.errors import ExportError


def joined(front: Any, back: Any) -> Any:
    """The inputs of `front`, the outputs of `back`; both are `schema.ModelT` with one signature, and are used up.

    Raises:
        ExportError: a model with loops, which are graphs of their own.
    """
    if len(front.subgraphs) > 1 or len(back.subgraphs) > 1:
        raise ExportError("--quantize takes no recurrent networks: leave it out")
    (first,), (second,) = front.subgraphs, back.subgraphs
    places = _places(front.signatureDefs[0], back.signatureDefs[0], len(first.tensors), len(second.tensors))
    for tensor in second.tensors:
        tensor.buffer += len(front.buffers)
    for operator in second.operators:
        operator.opcodeIndex += len(front.operatorCodes)
        for name in ("inputs", "outputs", "intermediates"):
            if getattr(operator, name) is not None:
                setattr(operator, name, _moved(getattr(operator, name), places))
    front.operatorCodes += back.operatorCodes
    front.buffers += back.buffers
    first.tensors += second.tensors
    first.operators += second.operators
    first.outputs = _moved(second.outputs, places)
    outputs = back.signatureDefs[0].outputs
    for each in outputs:
        each.tensorIndex = places(each.tensorIndex)
    front.signatureDefs[0].outputs = outputs
    return front


def _places(front: Any, back: Any, n_front: int, n_back: int) -> Callable[[int], int]:
    """Where a tensor of the second model is in both: its inputs are outputs of the first, by name."""
    made = {each.name: each.tensorIndex for each in front.outputs}
    ties = {each.tensorIndex: made[each.name] for each in back.inputs}
    table = {number: ties.get(number, n_front + number) for number in range(n_back)} | {-1: -1}  # -1: none
    return table.__getitem__


def _moved(tensors: Sequence[int], places: Callable[[int], int]) -> np.ndarray:
    return np.array([places(int(number)) for number in tensors], np.int32)
