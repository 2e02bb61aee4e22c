"""Formats of exports: a file here is one, and its name is what `--to` takes.

`write(graph, folder, about)` writes the model into a folder, with `about.as_json()` inside it and its weights in
`about.precision`, and `load(folder)` makes a `tagging.export.registry.Runtime` of what is there, in the format's own
runtime. These literals are read without importing the module, whose packages may be absent:

- `PACKAGES`: what has to be installed, the name of each module -> what pip installs.
- `PURPOSE`: what it is for, in a few words: `export` shows them with its name.
- `MODEL`: the file (or folder) that a user loads.
- `FILES`: all that `write` writes.
- `PRECISIONS`: of the weights: `float32` first, then what else `--quantize` may ask for.
- `OPTIONS`, if there are any: options of the command that not all formats take (`tagging/commands/export.py` declares
  them), which `write` gets by name.
- `RUNS_ALONE = True`, if `tag_standalone.py`, which cannot load it, is not to be written next to it.
- `NEXT`, if it is not to run that script: what a user does with the file, `{model}`, as a line on screen.
"""
