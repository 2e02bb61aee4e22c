"""Names that sweep files of other programs commonly give to parameters, and the keys of the config that they mean."""

USUAL = {
    "epochs": "train.epochs",
    "batch_size": "train.batch_size",
    "learning_rate": "train.learning_rate",
    "lr": "train.learning_rate",
    "optimizer": "train.optimizer",
    "weight_decay": "train.weight_decay",
    "dropout": "model.dropout",
    "activation": "model.activation",
    "hidden_dim": "model.rnn_units",
    "num_layers": "model.rnn_layers",
    "reduce_lr_factor": "train.plateau.factor",
    "step_lr_gamma": "train.step.gamma",
    "step_lr_size": "train.step.epochs",
}
"""Used where `names` of the file does not say otherwise."""
