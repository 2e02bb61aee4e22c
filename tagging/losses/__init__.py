"""Losses: a file here, but for `settings` and `registry`, is one, and its name is the `train.loss.name` of a config.

It has a function for each kind of task that it serves, called as the task is: `multilabel`, `multiclass` or
`regression`. Each takes (targets (batch, classes), outputs (batch, classes), settings) and returns a value per clip,
(batch,). Outputs are logits (for `regression`, values); targets come smoothed, those of `multiclass` as shares of the
clip that sum to 1.
"""
