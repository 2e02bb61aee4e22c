"""What a config can say about the network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelSettings:
    """The network.

    Attributes:
        name: `simple_cnn`, `mobilenet_v2` or `resnet50`.
        weights: of the backbone: `none` (random), `imagenet` (Keras downloads them), or the path of a file
            with the backbone's weights (`.weights.h5` of Keras 3, or the `..._notop.h5` that Keras publishes).
        units: width of the hidden dense layer; null: the network's own (simple_cnn 128, head of a backbone 256).
        dropout: share of that layer's outputs dropped in training.
        freeze_batch_norm: batch normalisation of a pretrained backbone stays in inference mode, also in
            blocks that train.
    """

    name: str = "simple_cnn"
    weights: str = "none"
    units: int | None = None
    dropout: float = 0.3
    freeze_batch_norm: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"expected model.dropout of at least 0 and below 1, received {self.dropout}")
        if self.units is not None and self.units < 1:
            raise ValueError(f"expected model.units of at least 1 or null, received {self.units}")
