"""Front ends: a file here, but for `settings` and `registry`, is one, and its name is the `frontend.name` of a config.

`LAYER` is its Keras layer: waveform windows (batch, samples) -> images (batch, frames, bands, channels), float32. These
literals are read without importing the module, as settings are checked before Keras is loaded:

- `TAKES`: the keys of `frontend` that it takes. All but `normalize`, `standardize` and `channels` are arguments of the
  layer, after `rate_hz`; without `channels` the images have one.
- `FRAMING`: samples of a frame, and from frame to frame; without it, `n_fft` and `hop_length`.
- `PADDED`: windows of at least the first and fewer than the second number of samples are padded to the second.
- `ONE_FRAME`, false without it: whether a window of any length becomes one frame.
- `MOVES_EDGES`, false without it: whether `call` takes moves of the edges of its mel bands, `Batch.edges_hz`.
- `EDGES_HZ`: lowest and highest edge of its HTK mel bands, where they are not `fmin_hz` and `fmax_hz`.
- `ZERO_IS_SILENCE`, true without it: whether masks and blends may fill in 0 as it is.
"""
