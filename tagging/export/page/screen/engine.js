// The worker, as promises.

const text = (id) => document.getElementById(id).textContent;

class Engine {
  #waiting = new Map();
  #jobs = 0;

  // Starts the thread with the runtime and the model that this page contains.
  static async started(about) {
    if (!("DecompressionStream" in window && "Worker" in window)) {
      throw new Error("expected a browser of 2023 or later, received an older one");
    }
    const engine = new Engine();
    const [runtime, model] = await Promise.all([unpacked("runtime-wasm"), unpacked("model")]);
    for (const id of ["runtime-wasm", "model"]) document.getElementById(id).remove(); // megabytes of text
    await engine.ask({ kind: "start", about, runtime, model }, [runtime.buffer, model.buffer]);
    return engine;
  }

  constructor() {
    const source = new Blob([text("worker"), "\n", text("runtime")], { type: "text/javascript" });
    this.worker = new Worker(URL.createObjectURL(source));
    this.worker.onmessage = ({ data }) => this.#heard(data);
    this.worker.onerror = () => this.#waiting.forEach(({ reject }) => reject(new Error("the worker has stopped")));
  }

  // A job -> what it finds. `progress(step, share)` is called on the way; an AbortSignal cancels.
  ask(job, transfer = [], { progress = () => {}, signal } = {}) {
    const id = ++this.#jobs;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, progress });
      signal?.addEventListener("abort", () => this.worker.postMessage({ kind: "cancel", id }), { once: true });
      this.worker.postMessage({ ...job, id }, transfer);
    });
  }

  #heard({ id, step, share, found, error }) {
    const job = this.#waiting.get(id);
    if (step) return job.progress(step, share);
    this.#waiting.delete(id);
    if (error) job.reject(new Error(error));
    else job.resolve(found);
  }
}

// Bytes from base64 of gzip.
async function unpacked(id) {
  const letters = atob(text(id)), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
