// Resampling by a sinc under Kaiser's window, one set of taps per phase. Cutoff, length and window were fitted to soxr's
// HQ, which Python uses: from white noise, both make the same to 1e-3 (RMS) or less.

const CUTOFF = 0.956872; // of the lower Nyquist frequency
const HALF = 102.127; // of the window's length, in samples at the lower rate
const BETA = 13.7116;

// Makes a function (first output, last + 1) -> samples, so that long sounds can be done piece by piece.
function resampler(samples, fromHz, toHz) {
  const divisor = gcd(fromHz, toHz), up = toHz / divisor, down = fromHz / divisor;
  const scale = Math.min(1, toHz / fromHz); // the lower of both rates counts
  const half = Math.ceil(HALF / scale), taps = phases(up, half, scale);
  return (first, end) => {
    const found = new Float32Array(end - first);
    for (let n = first; n < end; n++) {
      const position = n * down, centre = Math.floor(position / up), kernel = taps(position - centre * up);
      const from = Math.max(centre - half + 1, 0), to = Math.min(centre + half + 1, samples.length);
      let sum = 0;
      for (let i = from, k = from - centre + half - 1; i < to; i++, k++) sum += samples[i] * kernel[k];
      found[n - first] = sum;
    }
    return found;
  };
}

function resampledLength(frames, fromHz, toHz) {
  return Math.round((frames * toHz) / fromHz);
}

// Taps of a phase of `up`: made when they are first needed.
function phases(up, half, scale) {
  const atZero = bessel(BETA), cutoff = CUTOFF * scale, made = new Map();
  return (phase) => {
    let kernel = made.get(phase);
    if (kernel) return kernel;
    kernel = new Float64Array(2 * half);
    for (let k = 0; k < kernel.length; k++) {
      const x = k - half + 1 - phase / up, inside = 1 - ((x * scale) / HALF) ** 2;
      const angle = Math.PI * cutoff * x;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      kernel[k] = inside <= 0 ? 0 : (cutoff * sinc * bessel(BETA * Math.sqrt(inside))) / atZero;
    }
    made.set(phase, kernel);
    return kernel;
  };
}

// The modified Bessel function of order zero, for Kaiser's window.
function bessel(x) {
  let sum = 1, term = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / 2 / k) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}
