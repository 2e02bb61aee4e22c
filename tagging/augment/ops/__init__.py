"""Augmentations: a file here is one, with its settings, and is part of `augment` in a config.

`OPS` lists its `Op` records (`tagging/augment/op.py`), most often one. A file imports nothing heavy at its top, as
settings are made before TensorFlow is loaded: `draw` and `apply` import what they need.
"""
