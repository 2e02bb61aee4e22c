"""Time stretch: waveforms faster or slower at the same pitch."""

import tensorflow as tf

N_FFT, HOP = 1024, 256  # 64 and 16 ms at 16 kHz; three quarters of overlap, which Hann windows need here
_HALF = N_FFT // 2
_TINY = 1e-15  # its square is still a normal float32; a phasor of anything less would not have length 1


def draw_rates(batch: tf.Tensor, min_rate: float, max_rate: float, seed: tf.Tensor) -> tf.Tensor:
    """Rates, uniform over min_rate .. max_rate; (batch,) float32. `seed`: (2,) integers."""
    return min_rate + (max_rate - min_rate) * tf.random.stateless_uniform([batch], seed)


def apply_stretch(waves: tf.Tensor, rates: tf.Tensor, tops: tf.Tensor, samples: int) -> tf.Tensor:
    """The first `samples` of waveforms that run `rate` times as fast; where they end, they begin again.

    The phase vocoder of Flanagan and Golden 1966 as `librosa.phase_vocoder` has it: magnitudes between two frames
    are interpolated, and phases advance from one output frame to the next as they do between those two. Analysis
    and synthesis have the same hop, so the product of unit phasors says the same as unwrapped phases, without
    trigonometry, and loses no precision over time.

    Args:
        waves: (batch, length) float32, length static.
        rates: (batch,) float32 over 0; 2 is twice as fast.
        tops: (batch,) float32, share of the spectrum that is kept, from 0 Hz up.
        samples: length of the result.
    """
    spectra = _spectra(waves)
    size, turned = _polar(spectra)
    advance = tf.roll(turned, -1, axis=1) * tf.math.conj(turned)
    position = rates[:, tf.newaxis] * tf.range(1 - (-samples // HOP), dtype=tf.float32)
    below = tf.floor(position)
    lower = tf.cast(below, tf.int32) % spectra.shape[1]
    size = _between(size * _keep(tops), lower, position - below)
    phasors = turned[:, :1] * _products(tf.gather(advance, lower, batch_dims=1))
    stretched = tf.complex(size * tf.math.real(phasors), size * tf.math.imag(phasors))
    return _waveforms(stretched, samples)


def _spectra(waves: tf.Tensor) -> tf.Tensor:
    """(batch, length) -> (batch, frames, bins): centred at 0, HOP ... up to the end, of the waveform as a circle."""
    length = waves.shape[1]
    # Where HOP does not divide the length, one more stands past the end: all samples are between two frames.
    frames = -(-length // HOP) + (1 if length % HOP else 0)
    circle = tf.tile(waves, [1, 1 + -(-N_FFT // length)])
    padded = tf.concat([circle[:, -_HALF:], circle], axis=1)[:, : N_FFT + (frames - 1) * HOP]
    return tf.signal.stft(padded, N_FFT, HOP, window_fn=tf.signal.hann_window)


def _polar(spectra: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Absolute values, and complex numbers of the same angle on the unit circle; 1 for silence."""
    # In real arithmetic: TensorFlow's complex abs and casts take several times as long.
    real, imaginary = tf.math.real(spectra), tf.math.imag(spectra)
    size = tf.sqrt(tf.square(real) + tf.square(imaginary))
    is_heard = size > _TINY
    inverse = tf.where(is_heard, 1.0 / size, 0.0)
    return size, tf.complex(tf.where(is_heard, real * inverse, 1.0), imaginary * inverse)


def _between(sizes: tf.Tensor, lower: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Frames between `lower` and the next one, (batch, places, bins); lower and share: (batch, places)."""
    at = tf.gather(sizes, lower, batch_dims=1)
    upper = tf.gather(sizes, (lower + 1) % sizes.shape[1], batch_dims=1)
    return at + share[:, :, tf.newaxis] * (upper - at)


def _products(factors: tf.Tensor) -> tf.Tensor:
    """Products of all frames before each, (batch, frames, bins); a third of the time of `tf.math.cumprod`."""
    by_frame = tf.transpose(factors[:, :-1], [1, 0, 2])
    later = tf.scan(lambda product, factor: product * factor, by_frame)
    return tf.transpose(tf.concat([tf.ones_like(by_frame[:1]), later], axis=0), [1, 0, 2])


def _keep(tops: tf.Tensor) -> tf.Tensor:
    """1 for bins up to `top` of the highest, 0 above; (batch, 1, bins)."""
    bins = tf.range(_HALF + 1, dtype=tf.float32)
    return tf.cast(bins <= tops[:, tf.newaxis] * _HALF, tf.float32)[:, tf.newaxis]


def _waveforms(spectra: tf.Tensor, samples: int) -> tf.Tensor:
    """Overlap-add of the frames, divided by the sum of their squared windows: Griffin and Lim 1984, equation 6."""
    window = tf.signal.hann_window(N_FFT)
    frames = tf.signal.irfft(spectra) * window
    weight = tf.signal.overlap_and_add(tf.tile(tf.square(window)[tf.newaxis], [spectra.shape[1], 1]), HOP)
    sums = tf.signal.overlap_and_add(frames, HOP)
    return (sums / weight)[:, _HALF : _HALF + samples]
