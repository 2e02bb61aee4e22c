"""Readers: a file here is one, and its name is the `dataset.layout` that users write.

`read(settings)` takes the data set at `settings.root` and returns the clip table (`tagging/datasets/table.py`).
`EXPECTED_TREE` is what it shows where there is no such data, with `{root}` in it. `KEYS`, if there are any, names the
settings that only this layout reads, as a literal, since the settings are checked before a reader is imported.
`prepare(settings)`, if there is one, makes the data that `read` needs, except for a command that must not write.
"""
