// Plays a recording by its playlist: segments are ranges of one file, which are appended to a SourceBuffer. Where the node that
// plays gives nothing for two seconds, the next one of the tracker's answer goes on at the same place.

const patience = 2000;
const ahead = 30;
const behind = 60;
let current = null;

export function stop(video) {
  if (current) current.isOver = true;
  current = null;
  video.removeAttribute("src");
  video.load();
}

// `tell` is called with the candidate that plays, and with what went wrong.
export async function play(video, id, tell) {
  stop(video);
  const session = { isOver: false, candidates: [], place: 0 };
  current = session;
  try {
    const response = await fetch(`find/${id}`);
    if (!response.ok) throw new Error((await response.text()).trim());
    const found = await response.json();
    session.candidates = found.candidates;
    session.codecs = found.video.codecs;
  } catch (error) {
    tell(null, error.message);
    return;
  }
  const type = `video/mp4; codecs="${session.codecs}"`;
  if (!window.MediaSource || !MediaSource.isTypeSupported(type)) {
    // Without MediaSource the browser plays the playlist by itself, or the file.
    video.src = video.canPlayType("application/vnd.apple.mpegurl") ? session.candidates[0].hls : session.candidates[0].mp4;
    tell(session.candidates[0]);
    video.play().catch(() => {});
    return;
  }
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
  URL.revokeObjectURL(video.src);
  if (session.isOver) return;
  const buffer = source.addSourceBuffer(type);
  tell(session.candidates[0]);
  video.play().catch(() => {});
  try {
    await feed(session, video, source, buffer, tell);
  } catch (error) {
    if (!session.isOver) tell(null, `The recording can't be played on: ${error.message}`);
  }
}

// Asks the node at work, and where it says nothing in time, the next ones.
async function ask(session, path, range, tell) {
  let problem;
  for (let attempt = 0; attempt < session.candidates.length * 2; attempt += 1) {
    const candidate = session.candidates[session.place];
    const abort = new AbortController();
    let timer = setTimeout(() => abort.abort(), patience);
    try {
      const list = new URL(candidate.hls, location);
      const address = path ? new URL(path.split("?")[0], list) : list;
      address.search = list.search;
      const headers = range ? { Range: `bytes=${range.first}-${range.last}` } : {};
      const response = await fetch(address, { headers, signal: abort.signal });
      if (!response.ok) throw new Error((await response.text()).trim() || `answer ${response.status}`);
      const reader = response.body.getReader();
      const pieces = [];
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), patience);
        pieces.push(value);
      }
      clearTimeout(timer);
      if (problem) tell(candidate, problem);
      return new Blob(pieces).arrayBuffer();
    } catch (error) {
      clearTimeout(timer);
      problem = `${candidate.node} ${error.name === "AbortError" ? "gave nothing for 2 s" : `failed: ${error.message}`}`;
      session.place = (session.place + 1) % session.candidates.length;
    }
    if (session.isOver) throw new Error("it was ended");
  }
  throw new Error(problem);
}

function parse(text) {
  const list = { header: null, segments: [], isEnded: false, seconds: 0 };
  let duration = 0;
  let range = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-MAP:")) list.header = /URI="([^"]+)"/.exec(line)[1];
    else if (line.startsWith("#EXTINF:")) duration = parseFloat(line.slice(8));
    else if (line.startsWith("#EXT-X-BYTERANGE:")) {
      const [count, first] = line.slice(17).split("@").map(Number);
      range = { first, last: first + count - 1 };
    } else if (line === "#EXT-X-ENDLIST") list.isEnded = true;
    else if (line && !line.startsWith("#")) {
      list.segments.push({ path: line, range, start: list.seconds, end: list.seconds + duration });
      list.seconds += duration;
    }
  }
  return list;
}

const decode = (bytes) => new TextDecoder().decode(bytes);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function update(buffer, change) {
  return new Promise((resolve, reject) => {
    buffer.addEventListener("updateend", resolve, { once: true });
    buffer.addEventListener("error", () => reject(new Error("the browser can't decode it")), { once: true });
    change();
  });
}

const holds = (buffer, time) => {
  for (let index = 0; index < buffer.buffered.length; index += 1) {
    if (buffer.buffered.start(index) <= time + 0.3 && time < buffer.buffered.end(index) - 0.3) return buffer.buffered.end(index);
  }
  return null;
};

async function feed(session, video, source, buffer, tell) {
  let list = parse(decode(await ask(session, null, null, tell)));
  const header = await ask(session, list.header, null, tell);
  await update(buffer, () => buffer.appendBuffer(header));
  let asked = performance.now();
  while (!session.isOver) {
    if (source.readyState === "closed") return;
    if (!list.isEnded && performance.now() - asked > 3000) {
      asked = performance.now();
      list = parse(decode(await ask(session, null, null, tell)));
    }
    const duration = Math.max(list.seconds, buffer.buffered.length ? buffer.buffered.end(buffer.buffered.length - 1) : 0);
    if (source.readyState === "open" && !buffer.updating && !(source.duration >= list.seconds)) source.duration = duration;
    const time = video.currentTime;
    if (buffer.buffered.length && buffer.buffered.start(0) < time - behind * 2 && !buffer.updating) {
      await update(buffer, () => buffer.remove(0, time - behind));
    }
    const end = holds(buffer, time) ?? time;
    const next = end - time < ahead ? list.segments.find((segment) => segment.end > end + 0.3) : null;
    if (!next) {
      if (list.isEnded && end >= list.seconds - 0.5 && source.readyState === "open") source.endOfStream();
      await pause(200);
      continue;
    }
    const bytes = await ask(session, next.path, next.range, tell);
    if (session.isOver) return;
    try {
      await update(buffer, () => buffer.appendBuffer(bytes));
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      await update(buffer, () => buffer.remove(0, Math.max(0.1, time - 10)));
    }
    // Pictures may begin a little after 0.
    if (time === 0 && buffer.buffered.length && buffer.buffered.start(0) > 0 && buffer.buffered.start(0) < 1) {
      video.currentTime = buffer.buffered.start(0);
    }
  }
}
