"""Transfer: a network with the layers of a run for another task, or other classes, and a new last layer."""

from pathlib import Path

import keras

from foundation.settings import as_dict
from foundation.words import some
from models.parts.blocks import LOGITS, OF_OUTPUT
from models.parts.heads import ATTENTION
from tagging.config.load import differing_keys
from tagging.config.schema import Config
from tagging.runs.run import Run, RunError, read_run

_HEAD = "head_"  # begins the name of each layer behind the backbone
# Begin the names of layers with weights of each class, or target.
_OF_OUTPUTS = (LOGITS, ATTENTION, OF_OUTPUT)


def transfer_source(config: Config) -> Run | None:
    """The run whose layers a network begins with, as `model.weights` says; None: it names no folder.

    Raises:
        RunError: the folder is not a run, or one of other images.
    """
    path = Path(config.model.weights)
    if not path.is_dir():
        return None
    try:
        run = read_run(path)
    except RunError as error:
        raise RunError(f"model.weights: {error}") from error
    if lines := differing_keys(_of_images(run.config), _of_images(config)):
        raise RunError(
            f"model.weights: {path} was trained on images made with other settings ({'; '.join(lines)}); make them "
            "equal"
        )
    return run


def transfer(
    run: Run, frontend: keras.Layer, network: keras.Model, trained: keras.Model
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Copy the weights of a run's layers, by name; the names of the network's layers that got them, and of the others.

    The others make the outputs, or are layers of the head that the run does not have in this form.

    Args:
        run: named in errors.
        frontend, network: get the weights.
        trained: the run's whole model, with a front end and a network of the same names.

    Raises:
        RunError: the run lacks a layer in front of the head, or has it in another form, as for other bands; or no
            layer with a kernel gets its weights.
    """
    layers = [trained.get_layer(frontend.name), *trained.get_layer(network.name).layers]
    theirs = {layer.name: layer.get_weights() for layer in layers}
    taken, new = [], []
    for layer in (frontend, *network.layers):
        shapes = [weight.shape for weight in layer.get_weights()]
        if not shapes:
            continue
        fits = [weight.shape for weight in theirs.get(layer.name, [])] == shapes
        if fits and not layer.name.startswith(_OF_OUTPUTS):
            layer.set_weights(theirs[layer.name])
            taken.append(layer)
        elif layer.name.startswith(_HEAD):
            new.append(layer.name)
        else:
            raise RunError(
                f"model.weights: expected a layer {layer.name} of this form in {run.path}, received "
                f"{'another' if layer.name in theirs else 'none'}; set model.* as there, except for the head"
            )
    hidden = [layer for layer in taken if layer is not frontend]
    if not any(weight.ndim > 1 for layer in hidden for weight in layer.get_weights()):
        raise RunError(
            f"model.weights: expected the weights of a hidden layer of this form in {run.path}, received none (new "
            f"layers: {some(new)}); set model.units and other sizes as there, or model.weights=none"
        )
    return tuple(layer.name for layer in hidden), tuple(new)


def _of_images(config: Config) -> dict:
    whole = as_dict(config)
    cleaning = {key: whole["cleaning"][key] for key in ("rate_hz", "features")}
    return {"cleaning": cleaning, "frontend": whole["frontend"]}
