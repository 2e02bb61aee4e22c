// From decoded channels to 16-bit mono at the model's rate without silence: what preprocessing/ does in Python.

const MOST_PEAK = 100; // of float samples

// Throws where samples are not sound of full scale 1 (preprocessing/sound.py and decode.py).
function checkSamples(channels) {
  for (const samples of channels) {
    for (const value of samples) if (!(Math.abs(value) <= MOST_PEAK)) throw new Error(refusalOf(value));
  }
}

function refusalOf(value) {
  if (Math.abs(value) <= 2 ** 32) return `expected float samples of full scale 1.0, received ${value}: divide integers by their full scale`;
  return "expected finite samples, received some that are NaN or not sound";
}

// Mean of the channels; where they cancel each other out over the whole clip, the loudest one (preprocessing/mono.py).
function mixed(channels) {
  if (channels.length === 1) return channels[0];
  const count = channels.length, frames = channels[0].length, mean = new Float32Array(frames);
  const energies = new Float64Array(count);
  let energyOfMean = 0;
  for (let i = 0; i < frames; i++) {
    let sum = 0;
    for (let c = 0; c < count; c++) {
      const value = channels[c][i];
      sum = Math.fround(sum + value);
      energies[c] += value * value;
    }
    mean[i] = sum / count;
    energyOfMean += mean[i] * mean[i];
  }
  const expected = energies.reduce((a, b) => a + b) / count ** 2;
  if (energyOfMean >= 0.05 * expected) return mean;
  const loudest = Math.max(...energies);
  return channels[energies.findIndex((energy) => energy >= 0.99 * loudest)];
}

// Samples of full scale 1 as int16, rounded half to even like NumPy.
function toPcm(samples) {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const value = 32768 * samples[i];
    let whole = Math.round(value);
    if (whole - value === 0.5 && whole % 2 !== 0) whole -= 1;
    pcm[i] = Math.max(-32768, Math.min(32767, whole));
  }
  return pcm;
}

// The clip without the silence that the settings remove; the same array where nothing is removed.
function withoutSilence(pcm, rateHz, seconds, cleaning) {
  if (!cleaning.remove_silence) return pcm;
  const rule = cleaning.rules.find((each) => each.max_s === null || seconds <= each.max_s);
  const ranges = keptRanges(pcm, rateHz, rule);
  const length = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  if (length === pcm.length || length < cleaning.min_kept_s * rateHz) return pcm;
  if (!length) throw new Error("expected sound, received only silence");
  const kept = new Int16Array(length);
  let at = 0;
  for (const [start, end] of ranges) {
    kept.set(pcm.subarray(start, end), at);
    at += end - start;
  }
  return kept;
}

// pydub's split_on_silence in sample ranges, as preprocessing/silence.py.
function keptRanges(pcm, rateHz, rule) {
  const lengthMs = halfToEven(1000 * (pcm.length / rateHz)), perMs = rateHz / 1000;
  const sums = new Float64Array(lengthMs + 1); // of squares up to each millisecond
  for (let ms = 0; ms < lengthMs; ms++) {
    let sum = 0;
    const end = Math.min(Math.floor((ms + 1) * perMs), pcm.length);
    for (let i = Math.floor(ms * perMs); i < end; i++) sum += pcm[i] * pcm[i];
    sums[ms + 1] = sums[ms] + sum;
  }
  const sounds = between(silences(sums, perMs, rule), lengthMs);
  return widened(sounds, rule.keep_silence_ms, lengthMs).map(([start, end]) => [
    Math.floor(start * perMs),
    end === lengthMs ? pcm.length : Math.floor(end * perMs),
  ]);
}

// Silent ranges in milliseconds; they are one unless their starts are further apart than the shortest silence.
function silences(sums, perMs, rule) {
  const window = rule.min_silence_ms, highest = 10 ** (rule.threshold_dbfs / 20) * 32768, found = [];
  for (let start = 0; start + window < sums.length; start++) {
    const count = Math.floor((start + window) * perMs) - Math.floor(start * perMs);
    const rms = Math.floor(Math.sqrt((sums[start + window] - sums[start]) / count));
    if (rms > highest) continue;
    const last = found[found.length - 1];
    if (last && start - last[1] <= window) last[1] = start;
    else found.push([start, start]);
  }
  return found.map(([first, last]) => [first, last + window]);
}

function between(silent, lengthMs) {
  const starts = [0, ...silent.map(([, end]) => end)], ends = [...silent.map(([start]) => start), lengthMs];
  return starts.map((start, i) => [start, ends[i]]).filter(([start, end], i) => !silent.length || start < end);
}

// Sounds with some of the silence around them; where two would overlap, they meet in the middle.
function widened(sounds, keepMs, lengthMs) {
  const wide = sounds.map(([start, end]) => [start - keepMs, end + keepMs]);
  for (let i = 0; i + 1 < wide.length; i++) {
    if (wide[i + 1][0] < wide[i][1]) {
      wide[i + 1][0] = wide[i][1] = Math.floor((wide[i][1] + wide[i + 1][0]) / 2);
    }
  }
  return wide.map(([start, end]) => [Math.max(start, 0), Math.min(end, lengthMs)]);
}

function halfToEven(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}
