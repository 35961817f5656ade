// Plays a recording by its playlist: segments are ranges of one file, which are appended to a SourceBuffer.
import { Sources } from "./sources.js";

const ahead = 30;
const behind = 60;
let current = null;

export function stop(video) {
  if (current) current.isOver = true;
  current = null;
  video.removeAttribute("src");
  video.load();
}

// `trackers` are addresses without a slash behind, "" for the one that the page came from. `tell` is called with the candidate
// that plays, and with what went wrong.
export async function play(video, id, trackers, tell) {
  stop(video);
  const session = { isOver: false };
  current = session;
  const sources = new Sources(id, trackers, (candidate, problem) => { if (!session.isOver) tell(candidate, problem); });
  let list;
  let codecs;
  try {
    codecs = (await sources.find()).codecs;
    list = parse(await sources.choose());
  } catch (error) {
    if (!session.isOver) tell(null, error.message);
    return;
  }
  if (session.isOver) return;
  const type = `video/mp4; codecs="${codecs}"`;
  if (!window.MediaSource || !MediaSource.isTypeSupported(type)) {
    // Without MediaSource the browser plays the playlist by itself, or the file; where that ends in an error, the next one is
    // tried.
    playPlain(session, video, sources);
    return;
  }
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
  URL.revokeObjectURL(video.src);
  if (session.isOver) return;
  const buffer = source.addSourceBuffer(type);
  video.play().catch(() => {});
  try {
    await feed(session, video, source, buffer, sources, list);
  } catch (error) {
    if (!session.isOver) tell(null, `The recording can't be played on: ${error.message}`);
  }
}

function playPlain(session, video, sources) {
  const set = () => {
    video.src = video.canPlayType("application/vnd.apple.mpegurl") ? sources.current.hls : sources.current.mp4;
    video.play().catch(() => {});
  };
  video.addEventListener("error", async () => {
    if (session.isOver || !sources.current) return;
    const time = video.currentTime;
    sources.leave(new Error("gives nothing that can be played"));
    await sources.choose().catch(() => {});
    if (session.isOver || !sources.current) return;
    set();
    video.currentTime = time;
  });
  set();
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

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function update(buffer, change) {
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

async function feed(session, video, source, buffer, sources, list) {
  // What the one at work gives; where it gives nothing, the next one is asked for the same, by its own playlist.
  const ask = async (what) => {
    for (;;) {
      try {
        if (!sources.current) list = parse(await sources.choose());
        return await what();
      } catch (error) {
        if (session.isOver || !sources.current) throw error;
        sources.leave(error);
      }
    }
  };
  const header = await ask(() => sources.file(list.header));
  await update(buffer, () => buffer.appendBuffer(header));
  let asked = performance.now();
  while (!session.isOver) {
    if (source.readyState === "closed") return;
    if (!list.isEnded && performance.now() - asked > 3000) {
      asked = performance.now();
      list = parse(await ask(() => sources.playlist()));
    }
    const duration = Math.max(list.seconds, buffer.buffered.length ? buffer.buffered.end(buffer.buffered.length - 1) : 0);
    if (source.readyState === "open" && !buffer.updating && !(source.duration >= list.seconds)) source.duration = duration;
    const time = video.currentTime;
    if (buffer.buffered.length && buffer.buffered.start(0) < time - behind * 2 && !buffer.updating) {
      await update(buffer, () => buffer.remove(0, time - behind));
    }
    const end = holds(buffer, time) ?? time;
    const find = () => list.segments.find((segment) => segment.end > end + 0.3);
    if (end - time >= ahead || !find()) {
      if (list.isEnded && end >= list.seconds - 0.5 && source.readyState === "open") source.endOfStream();
      await pause(200);
      continue;
    }
    const bytes = await ask(async () => {
      const next = find();
      if (!next) return null;
      const count = next.range.last - next.range.first + 1;
      return sources.file(next.path, next.range, count / Math.max(0.1, next.end - next.start));
    });
    if (session.isOver) return;
    if (!bytes) continue;
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
