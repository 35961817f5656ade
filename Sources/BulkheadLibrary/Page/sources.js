// Where a recording comes from: trackers are asked once, the nodes that they name are tried until one gives the recording, and
// where the one that plays gives nothing any more, the next one goes on.

// A node may give nothing for so long; with what the next one takes to begin it is less than two seconds.
const patience = 1500;
// How long one has for itself at the start before the next one is asked as well.
const step = 400;
// How long is tried before it is given up.
const trouble = 20000;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Bytes of an answer, and how long the first of them took. `rate` is how many have to come each second, from `patience` on.
export async function get(address, { range, signal, rate } = {}) {
  const abort = new AbortController();
  const end = () => abort.abort();
  signal?.addEventListener("abort", end);
  const start = performance.now();
  let last = start;
  let count = 0;
  let why = null;
  const watch = setInterval(() => {
    const now = performance.now();
    if (now - last >= patience) why = `gave nothing for ${patience / 1000} s`;
    else if (rate && now - start >= patience && count / ((now - start) / 1000) < rate) why = "gives less than is played";
    if (why) end();
  }, 50);
  try {
    const headers = range ? { Range: `bytes=${range.first}-${range.last}` } : {};
    const response = await fetch(address, { headers, signal: abort.signal });
    last = performance.now();
    const wait = last - start;
    if (!response.ok) {
      const error = new Error(`refuses with ${response.status}: ${(await response.text()).trim()}`);
      error.status = response.status;
      throw error;
    }
    if (range && response.status !== 206) throw new Error("gives other bytes than it was asked for");
    const pieces = [];
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      last = performance.now();
      count += value.length;
      pieces.push(value);
    }
    return { bytes: await new Blob(pieces).arrayBuffer(), wait };
  } catch (error) {
    if (why) {
      const failure = new Error(why);
      failure.isSlow = why.startsWith("gives less");
      throw failure;
    }
    throw error.status ? error : new Error(`failed: ${error.message}`);
  } finally {
    clearInterval(watch);
    signal?.removeEventListener("abort", end);
  }
}

// Tries entries one after the other, the next one as soon as one has failed or not answered for a moment, and keeps the first
// that answers. `body` takes an entry and a signal.
export function race(entries, body) {
  const abort = new AbortController();
  return new Promise((resolve, reject) => {
    let begun = 0;
    let running = 0;
    let timer;
    let last = new Error("there is nobody to ask");
    const begin = () => {
      clearTimeout(timer);
      if (begun >= entries.length) {
        if (!running) reject(last);
        return;
      }
      const entry = entries[begun++];
      running += 1;
      timer = setTimeout(begin, step);
      body(entry, abort.signal).then(
        (value) => {
          clearTimeout(timer);
          resolve({ entry, value });
          abort.abort();
        },
        (error) => {
          running -= 1;
          // That a tracker knows nothing weighs more than that another one is away.
          if (last.status !== 404) last = error;
          if (!running || begun < entries.length) begin();
        });
    };
    begin();
  });
}

const text = (answer) => new TextDecoder().decode(answer.bytes);

export class Sources {
  constructor(id, trackers, tell) {
    Object.assign(this, { id, trackers, tell, candidates: [], failed: new Set(), slow: new Set(), current: null, since: null });
    this.problem = "";
  }

  // Asks the trackers: what the best of them says of the video.
  async find() {
    const { entry, value } = await race(this.trackers, async (tracker, signal) => {
      const found = JSON.parse(text(await get(`${tracker}/find/${this.id}`, { signal })));
      if (!found.candidates.length) throw new Error("names no nodes");
      return found;
    });
    this.tracker = entry;
    const base = `${entry || location.origin}/`;
    this.candidates = value.candidates.map((candidate) => ({ ...candidate, hls: new URL(candidate.hls, base) }));
    this.failed.clear();
    this.slow.clear();
    return value.video;
  }

  // Has the nodes that are left tried, and keeps the first that gives its playlist, whose text is returned.
  async choose() {
    for (;;) {
      const left = this.candidates.filter((candidate) => !this.failed.has(candidate.node));
      const quick = left.filter((candidate) => !this.slow.has(candidate.node));
      const tries = quick.length ? quick : left;
      if (tries.length) {
        const outcomes = new Map();
        const begun = new Map();
        try {
          const { entry, value } = await race(tries, async (candidate, signal) => {
            begun.set(candidate, performance.now());
            try {
              const answer = await get(candidate.hls, { signal });
              outcomes.set(candidate, answer.wait);
              return text(answer);
            } catch (error) {
              if (!signal.aborted) {
                outcomes.set(candidate, null);
                this.problem = `${candidate.node} ${error.message}`;
              }
              throw error;
            }
          });
          for (const candidate of begun.keys()) {
            if (candidate === entry || outcomes.has(candidate)) continue;
            if (performance.now() - begun.get(candidate) >= step) outcomes.set(candidate, null);
            this.failed.add(candidate.node);
            this.problem = `${candidate.node} answered later than another one`;
          }
          for (const [candidate, wait] of outcomes) if (wait === null) this.failed.add(candidate.node);
          this.report(outcomes);
          this.current = entry;
          this.tell(entry, this.problem);
          return value;
        } catch (error) {
          for (const candidate of tries) this.failed.add(candidate.node);
          this.report(outcomes);
        }
      }
      this.since ??= performance.now();
      if (performance.now() - this.since > trouble) throw new Error(this.problem);
      await pause(step);
      try {
        await this.find();
      } catch (error) {
        if (error.status === 404) throw error;
        this.problem = error.message;
      }
    }
  }

  // The one at work gives nothing any more.
  leave(error) {
    this.problem = `${this.current.node} ${error.message}`;
    this.since ??= performance.now();
    if (error.isSlow) this.slow.add(this.current.node);
    else {
      this.failed.add(this.current.node);
      this.report(new Map([[this.current, null]]));
    }
    this.current = null;
  }

  // A file that the playlist of the one at work names.
  async file(path, range, rate) {
    const address = new URL(path, this.current.hls);
    const isAlone = this.candidates.every(
      ({ node }) => node === this.current.node || this.failed.has(node) || this.slow.has(node));
    const { bytes } = await get(address, { range, rate: isAlone ? 0 : rate });
    this.since = null;
    return bytes;
  }

  // The playlist of the one at work, anew.
  async playlist() { return text(await get(this.current.hls)); }

  // Tells the tracker how the tries went, so that others are sent better. As text: then nobody asks whether it may be sent.
  report(outcomes) {
    const trips = [...outcomes].map(([{ node, hls }, wait]) => ({
      node, token: hls.searchParams.get("token") ?? "", ...(wait === null ? {} : { milliseconds: wait }),
    }));
    if (!trips.length) return;
    fetch(`${this.tracker}/tracker/trips`, {
      method: "POST", body: JSON.stringify({ video: this.id, trips }), headers: { "Content-Type": "text/plain" }, keepalive: true,
    }).catch(() => {});
  }
}
