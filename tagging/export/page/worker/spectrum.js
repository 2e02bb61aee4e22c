// The plot of a sound: its power over time and frequency, on a mel scale, in steps of 255 over 80 dB.

const COLUMNS = 900, BANDS = 72, POINTS = 1024, RANGE_DB = 80, FRAMES_PER_COLUMN = 4, LOWEST_HZ = 50;

function spectrogram(pcm, rateHz) {
  const columns = Math.max(1, Math.min(COLUMNS, Math.floor(pcm.length / 256)));
  const edges = melEdges(rateHz), power = new Float64Array(columns * BANDS), transform = fourier(POINTS);
  const frame = new Float64Array(POINTS), width = pcm.length / columns;
  const count = Math.max(1, Math.min(FRAMES_PER_COLUMN, Math.round(width / POINTS)));
  for (let column = 0; column < columns; column++) {
    for (let number = 0; number < count; number++) {
      const start = Math.round((column + (number + 0.5) / count) * width - POINTS / 2);
      for (let i = 0; i < POINTS; i++) frame[i] = pcm[start + i] || 0; // zeros before and behind the sound
      const bins = transform(frame);
      for (let band = 0; band < BANDS; band++) power[column * BANDS + band] += meanBetween(bins, edges, band);
    }
  }
  return { columns, bands: BANDS, lowestHz: LOWEST_HZ, highestHz: rateHz / 2, values: inSteps(power) };
}

function inSteps(power) {
  const most = Math.max(power.reduce((a, b) => Math.max(a, b)), 1e-9);
  return Uint8Array.from(power, (value) => 255 * Math.max(0, 1 + (10 * Math.log10(value / most)) / RANGE_DB));
}

// Edges of the bands in bins of the transform.
function melEdges(rateHz) {
  const mel = (hz) => Math.log(1 + hz / 700), low = mel(LOWEST_HZ), step = (mel(rateHz / 2) - low) / BANDS;
  return Array.from({ length: BANDS + 1 }, (_, i) => ((700 * (Math.exp(low + i * step) - 1)) / rateHz) * POINTS);
}

function meanBetween(bins, edges, band) {
  const first = Math.min(Math.floor(edges[band]), bins.length - 1);
  const end = Math.min(Math.max(first + 1, Math.floor(edges[band + 1])), bins.length);
  let sum = 0;
  for (let bin = first; bin < end; bin++) sum += bins[bin];
  return sum / (end - first);
}

// Makes a function: a frame -> the power of its bins up to the Nyquist frequency, under a Hann window (radix 2).
function fourier(points) {
  const real = new Float64Array(points), imaginary = new Float64Array(points), power = new Float64Array(points / 2);
  const bits = Math.log2(points), angle = (i) => (2 * Math.PI * i) / points;
  const window = Float64Array.from(real, (_, i) => 0.5 - 0.5 * Math.cos(angle(i)));
  const cosines = Float64Array.from(real, (_, i) => Math.cos(angle(i)));
  const sines = Float64Array.from(real, (_, i) => Math.sin(angle(i)));
  const order = Uint16Array.from(real, (_, i) => parseInt([...i.toString(2).padStart(bits, "0")].reverse().join(""), 2));
  return (frame) => {
    for (let i = 0; i < points; i++) real[order[i]] = frame[i] * window[i];
    imaginary.fill(0);
    for (let size = 2; size <= points; size *= 2) {
      for (let start = 0; start < points; start += size) {
        for (let i = 0; i < size / 2; i++) {
          const a = start + i, b = a + size / 2, turn = (i * points) / size;
          const re = real[b] * cosines[turn] + imaginary[b] * sines[turn];
          const im = imaginary[b] * cosines[turn] - real[b] * sines[turn];
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
    for (let i = 0; i < power.length; i++) power[i] = real[i] ** 2 + imaginary[i] ** 2;
    return power;
  };
}
