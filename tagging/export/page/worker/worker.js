// The thread that cleans and scores: the page stays responsive while it works. It gets `start` once, then jobs.

const PIECE = 1 << 17; // samples that are resampled at a time
const BREATH_MS = 50;
let about, session, lastBreath = 0;
const cancelled = new Set();

onmessage = async ({ data }) => {
  try {
    if (data.kind === "cancel") cancelled.add(data.id);
    else postMessage({ id: data.id, found: await JOBS[data.kind](data) });
  } catch (error) {
    postMessage({ id: data.id, error: String(error.message ?? error) });
  }
};

const JOBS = { start, tag, listen };

// Loads the runtime and the model; nothing is fetched, as both come with the page.
async function start(job) {
  about = job.about;
  ort.env.wasm.numThreads = 1; // more need headers that a file cannot have
  ort.env.wasm.wasmBinary = job.runtime;
  session = await ort.InferenceSession.create(job.model, { executionProviders: ["wasm"] });
}

// A sound {channels, rateHz} -> scores of the clip, its timeline, and its plot.
async function tag(job) {
  const rateHz = about.inputs.rate_hz, seconds = job.channels[0].length / job.rateHz;
  checkSamples(job.channels);
  const pcm = toPcm(await resampled(job, mixed(job.channels), job.rateHz, rateHz));
  if (!pcm.length) throw new Error(`expected sound, received too little of it: less than a sample at ${rateHz} Hz`);
  const clip = withoutSilence(pcm, rateHz, seconds, about.cleaning);
  const spans = windowSpans(pcm.length, about.inputs, false);
  const ofClip = windowSpans(clip.length, about.inputs, about.inputs.only_first);
  const isWhole = clip === pcm, work = spans.length + (isWhole ? 0 : ofClip.length);
  const logits = await logitsOf(job, pcm, spans, 0, work);
  const own = isWhole ? logits.slice(0, ofClip.length) : await logitsOf(job, clip, ofClip, spans.length, work);
  const silent = ofClip.every((span) => isSilent(levelDb(clip, span), about));
  return {
    seconds: pcm.length / rateHz,
    keptSeconds: clip.length / rateHz,
    silent: silent && about.task !== "regression",
    scores: silent && about.task !== "regression" ? new Float64Array(about.labels.length) : clipScores(own, about),
    timeline: timelineOf(pcm, spans, logits, rateHz),
    plot: spectrogram(pcm, rateHz),
  };
}

// The last window of a sound that is being recorded -> its scores.
async function listen(job) {
  const rateHz = about.inputs.rate_hz;
  const pcm = toPcm(await resampled(job, mixed(job.channels), job.rateHz, rateHz));
  const span = [Math.max(0, pcm.length - about.inputs.shape[0]), pcm.length];
  const silent = isSilent(levelDb(pcm, span), about) && about.task !== "regression";
  return { silent, scores: silent ? [] : clipScores([await infer(pcm, span)], about) };
}

async function resampled(job, samples, fromHz, toHz) {
  if (fromHz === toHz) return samples;
  const found = new Float32Array(resampledLength(samples.length, fromHz, toHz));
  const piece = resampler(samples, fromHz, toHz);
  for (let first = 0; first < found.length; first += PIECE) {
    found.set(piece(first, Math.min(first + PIECE, found.length)), first);
    await breath(job, "resampling", first / found.length);
  }
  return found;
}

async function logitsOf(job, pcm, spans, done, work) {
  const found = [];
  for (const span of spans) {
    found.push(await infer(pcm, span));
    await breath(job, "tagging", (done + found.length) / work);
  }
  return found;
}

async function infer(pcm, span) {
  const window = new ort.Tensor("float32", windowOf(pcm, span, about.inputs), [1, about.inputs.shape[0]]);
  const outputs = await session.run({ waveform: window }, ["window_logits"]);
  return outputs.window_logits.data.slice();
}

// From time to time tells how far a job is, and lets messages in, one of which may cancel it.
async function breath(job, step, share) {
  if (performance.now() - lastBreath < BREATH_MS) return;
  lastBreath = performance.now();
  postMessage({ id: job.id, step, share });
  await new Promise((resolve) => setTimeout(resolve));
  if (cancelled.delete(job.id)) throw new Error("cancelled");
}

function timelineOf(pcm, spans, logits, rateHz) {
  const classes = about.labels.length, scores = new Float32Array(spans.length * classes);
  const silent = spans.map((span) => about.task !== "regression" && isSilent(levelDb(pcm, span), about));
  spans.forEach((_, i) => silent[i] || scores.set(clipScores([logits[i]], about), i * classes));
  return {
    starts: spans.map(([start]) => start / rateHz),
    ends: spans.map(([, end]) => end / rateHz),
    silent,
    scores,
  };
}
