// What the buttons do, and what is said while the page works.

const about = JSON.parse(text("audio_tagging")), find = (id) => document.getElementById(id);
const LIVE_S = 0.5; // between tags while recording
const queue = [];
let engine, work, recording, isAsking = false;

function say(message) {
  find("status").textContent = message;
}

// What a screen reader says of a result; all of its tables would be too much.
function speak(message) {
  find("spoken").append(element("p", { textContent: message }));
}

function showError(message) {
  find("results").append(element("p", { className: "error", textContent: message }));
  speak(message);
}

// Files are tagged one after another; those that come meanwhile wait.
async function take(files) {
  queue.push(...files);
  if (work || !engine || !queue.length) return;
  work = new AbortController();
  find("cancel").hidden = find("progress").hidden = false;
  const done = { tagged: 0, failed: 0, cancelled: 0 };
  while (queue.length && !work.signal.aborted) done[await tagFile(queue.shift(), work.signal)] += 1;
  const left = done.cancelled + queue.splice(0).length;
  say(work.signal.aborted ? `Cancelled. Files left out: ${left}.` : summary(done));
  find("cancel").hidden = find("progress").hidden = true;
  work = null;
}

function summary({ tagged, failed }) {
  return `Done: ${tagged} tagged${failed ? `, ${failed} could not be used` : ""}.`;
}

async function tagFile(file, signal) {
  const progress = (step, share) => {
    find("progress").value = share;
    find("step").textContent = `${file.name}: ${step}${share ? ` ${Math.round(100 * share)} %` : ""}`;
  };
  say(`Tagging ${file.name} ...`);
  progress("reading", 0);
  try {
    const { channels, rateHz } = await decoded(file);
    signal.throwIfAborted();
    const result = await engine.ask({ kind: "tag", channels, rateHz }, [...new Set(channels.map((each) => each.buffer))], { progress, signal });
    find("results").append(resultOf(file.name, file, result, about, Number(find("top").value) || 5));
    speak(`${file.name}: ${result.silent ? "silent" : likeliest(result.scores)}`);
    return "tagged";
  } catch (error) {
    if (signal.aborted) return "cancelled";
    showError(`${file.name}: ${error.message}`);
    return "failed";
  } finally {
    find("step").textContent = "";
  }
}

async function record() {
  if (recording) return stopRecording();
  if (isAsking) return; // for the microphone
  isAsking = true;
  try {
    let heard = 0, isBusy = false;
    recording = await Recording.started(about.inputs.rate_hz, async () => {
      if (!recording) return;
      find("step").textContent = `Recording ${clock(recording.seconds)}`;
      if (recording.seconds > MOST_SECONDS) return stopRecording();
      if (isBusy || recording.seconds - heard < LIVE_S) return;
      [heard, isBusy] = [recording.seconds, true];
      const { rateHz } = recording, channels = [recording.samples(about.inputs.shape[0] / about.inputs.rate_hz)];
      showHeard(await engine.ask({ kind: "listen", channels, rateHz }));
      isBusy = false;
    });
    find("microphone").textContent = "Stop and tag";
    say("Recording. Tags of the last seconds are shown while it runs.");
    find("live").hidden = false;
  } catch (error) {
    recording = null;
    showError(error.message);
    say("");
  } finally {
    isAsking = false;
  }
}

async function stopRecording() {
  const { rateHz } = recording, samples = recording.samples(), stopped = recording;
  recording = null;
  await stopped.stop();
  find("microphone").textContent = "Use the microphone";
  find("live").hidden = true;
  find("step").textContent = "";
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", ".");
  if (samples.length) take([new File([wavFile(samples, rateHz)], `recording ${time}.wav`)]);
  else say("Nothing was recorded.");
}

function showHeard({ silent, scores }) {
  find("live").textContent = silent ? "silent" : likeliest(scores);
}

function likeliest(scores) {
  return ranked(scores).slice(0, 3).map((label) => `${about.labels[label]} ${scores[label].toFixed(2)}`).join(" · ");
}

function listenToEvents() {
  find("choose").addEventListener("click", () => find("files").click());
  find("files").addEventListener("change", ({ target }) => {
    take([...target.files]);
    target.value = ""; // so that the same file can be chosen again
  });
  find("microphone").addEventListener("click", record);
  find("cancel").addEventListener("click", () => work?.abort());
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || document.body.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
}

async function open() {
  const rateHz = about.inputs.rate_hz, count = about.labels.length;
  find("model-facts").textContent = `${about.name}: ${count} ${about.task === "regression" ? "values" : "labels"}, ${rateHz} Hz, windows of ${+(about.inputs.shape[0] / rateHz).toFixed(3)} s.`;
  find("top-label").hidden = about.task === "regression";
  listenToEvents();
  say("Loading the model ...");
  try {
    engine = await Engine.started(about);
  } catch (error) {
    return say(`The model cannot be loaded: ${error.message}`);
  }
  find("choose").disabled = find("microphone").disabled = false;
  say("Ready.");
  take([]); // what was dropped meanwhile
}

open();
