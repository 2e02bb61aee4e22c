// Windows of a clip, and scores from their logits: what tag_standalone.py does in Python.

// Windows as [first sample, last + 1]; the last one ends with the clip.
function windowSpans(frames, inputs, onlyFirst) {
  const length = inputs.shape[0], last = Math.max(frames - length, 0), spans = [];
  for (let start = 0; start < last && !(onlyFirst && spans.length); start += inputs.hop_samples) {
    spans.push([start, start + length]);
  }
  if (!(onlyFirst && spans.length)) spans.push([last, frames]);
  return spans;
}

// The samples of a window of full scale 1; one that is too short is repeated or padded.
function windowOf(pcm, [start, end], inputs) {
  const length = inputs.shape[0], heard = end - start, window = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    if (i < heard || inputs.short !== "pad") window[i] = pcm[start + (i % heard)] / 32768;
  }
  return window;
}

// RMS in dB of full scale, -Infinity for digital silence.
function levelDb(pcm, [start, end]) {
  let sum = 0;
  for (let i = start; i < end; i++) sum += pcm[i] * pcm[i];
  return sum ? 10 * Math.log10(sum / (end - start) / 32768 ** 2) : -Infinity;
}

function isSilent(level, about) {
  return level <= (about.scoring.floor_db ?? -Infinity);
}

// Logits of windows, each (runs x classes) -> calibrated scores of the clip (classes).
function clipScores(windows, about) {
  const { scoring, task } = about, classes = about.labels.length;
  const calibrated = scoring.temperatures.map((temperature, run) => {
    const rows = windows.map((logits) => logits.subarray(run * classes, (run + 1) * classes));
    const mean = scoring.average === "logit" ? meanOf(rows) : meanLogits(rows, task);
    return mean.map((value) => Math.fround(Math.fround(value) / temperature));
  });
  let first = 0;
  const members = scoring.runs_of_members.map((count) => meanLogits(calibrated.slice(first, (first += count)), task));
  const total = scoring.weights.reduce((a, b) => a + b), shares = scoring.weights.map((weight) => weight / total);
  if (scoring.method === "geometric") {
    const mean = weighted(members.map((each) => logScores(each, task)), shares);
    return (task === "multiclass" ? logScores(mean, task) : mean).map(Math.exp);
  }
  return weighted(task === "regression" ? members : members.map((each) => logScores(each, task).map(Math.exp)), shares);
}

// The logits of the rows' mean score.
function meanLogits(rows, task) {
  if (task === "regression" || rows.length === 1) return meanOf(rows);
  const yes = logSums(rows.map((row) => logScores(row, task)));
  if (task === "multiclass") return yes.map((value) => value - Math.log(rows.length));
  const no = logSums(rows.map((row) => logScores(Float64Array.from(row, (value) => -value), task)));
  return yes.map((value, i) => value - no[i]);
}

// Logarithms of the sigmoid, or with one label per clip of the softmax.
function logScores(logits, task) {
  if (task === "multiclass") {
    const sum = logSum(logits);
    return Float64Array.from(logits, (value) => value - sum);
  }
  return Float64Array.from(logits, (value) => -(Math.max(0, -value) + Math.log1p(Math.exp(-Math.abs(value)))));
}

function logSums(rows) {
  return Float64Array.from(rows[0], (_, i) => logSum(rows.map((row) => row[i])));
}

function logSum(values) {
  const most = values.reduce((a, b) => Math.max(a, b));
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

function meanOf(rows) {
  return Float64Array.from(rows[0], (_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}

function weighted(rows, shares) {
  return Float64Array.from(rows[0], (_, i) => rows.reduce((sum, row, r) => sum + shares[r] * row[i], 0));
}
