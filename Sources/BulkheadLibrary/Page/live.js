// Live rooms: those of live servers, beside the recordings, and a player for them. A recording that grows is in the list of
// recordings, and is played as they are.
import { update } from "./player.js";

const element = (kind, className, text) => {
  const made = document.createElement(kind);
  if (className) made.className = className;
  // Titles come from elsewhere: they are text, and never markup.
  if (text !== undefined) made.textContent = text;
  return made;
};

// How long a server may give nothing, and how long is waited where nobody gives anything.
const patience = 3000;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const path = (room) => room.split("/").map(encodeURIComponent).join("/");

// What the first of the trackers says that answers.
async function ask(trackers, address) {
  let last = new Error("there is nobody to ask");
  for (const tracker of trackers) {
    try {
      const response = await fetch(`${tracker}/${address}`, { cache: "no-store", signal: AbortSignal.timeout(2000) });
      if (response.ok) return await response.json();
      last = new Error((await response.text()).trim());
      last.isOver = response.status === 404;
    } catch (error) {
      last = new Error(`the tracker can't be asked: ${error.message}`);
    }
  }
  throw last;
}

function tile(room, show) {
  const item = element("li");
  const button = element("button");
  button.type = "button";
  button.dataset.room = room.room;
  const poster = element("div", "poster");
  poster.append(element("span", "live", room.state));
  const text = element("div", "text");
  text.append(
    element("div", "name", room.title || room.room),
    element("div", "small", `${room.title ? `${room.room} · ` : ""}${room.nodes.join(", ")}`));
  button.append(poster, text);
  button.addEventListener("click", () => show(room));
  item.append(button);
  return item;
}

// Shows what is on the air in `list`. Tiles stay as they are while nothing changes, so that they can be reached by keys.
export async function list(list, trackers, show) {
  const rooms = (await ask(trackers, "live").catch(() => [])).filter((room) => room.state === "live");
  const said = JSON.stringify(rooms);
  if (list.dataset.said === said) return rooms;
  list.dataset.said = said;
  list.replaceChildren(...rooms.map((room) => tile(room, show)));
  return rooms;
}

// Plays the room until `isOver()`. `tell` is called with the node that plays, and with what went wrong.
export async function play(video, room, trackers, isOver, tell) {
  let problem = "";
  while (!isOver()) {
    let candidates = [];
    try {
      candidates = (await ask(trackers, `live/${path(room)}`)).candidates;
    } catch (error) {
      if (isOver()) return;
      tell(null, error.message);
      if (error.isOver) return;
    }
    for (const candidate of candidates) {
      if (isOver()) return;
      problem = await watch(video, candidate, isOver, () => tell(candidate, problem));
      if (!isOver()) tell(null, `${candidate.node} ${problem}`);
    }
    await pause(1000);
  }
}

// Until the server gives nothing any more; what went wrong.
async function watch(video, candidate, isOver, isPlaying) {
  const abort = new AbortController();
  let last = performance.now();
  const timer = setInterval(() => {
    if (isOver() || performance.now() - last > patience) abort.abort();
  }, 100);
  try {
    const response = await fetch(candidate.mp4, { cache: "no-store", signal: abort.signal });
    if (!response.ok) return `refuses with ${response.status}: ${(await response.text()).trim()}`;
    const type = response.headers.get("Content-Type") ?? "";
    if (!window.MediaSource || !MediaSource.isTypeSupported(type)) return await plain(video, candidate, isOver, isPlaying);
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
    URL.revokeObjectURL(video.src);
    const buffer = source.addSourceBuffer(type);
    const reader = response.body.getReader();
    let isTold = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "has ended the stream";
      last = performance.now();
      await update(buffer, () => buffer.appendBuffer(value));
      const ranges = buffer.buffered;
      if (!ranges.length) continue;
      const [start, end] = [ranges.start(ranges.length - 1), ranges.end(ranges.length - 1)];
      // What was held up is left out: the room is seen as it is now.
      if (video.currentTime < start || (!video.paused && end - video.currentTime > 5)) {
        video.currentTime = Math.max(start, end - 0.5);
      }
      if (!isTold) {
        isTold = true;
        video.play().catch(() => {});
        isPlaying();
      }
      if (end - ranges.start(0) > 120) await update(buffer, () => buffer.remove(0, end - 60));
    }
  } catch (error) {
    return abort.signal.aborted ? `gave nothing for ${patience / 1000} s` : `failed: ${error.message}`;
  } finally {
    clearInterval(timer);
    abort.abort();
  }
}

// Without Media Source Extensions (iPhones) the browser plays HLS by itself.
async function plain(video, candidate, isOver, isPlaying) {
  let failure = "";
  const fail = () => { failure = "gives nothing that can be played"; };
  const end = () => { failure = "has ended the stream"; };
  video.addEventListener("error", fail);
  video.addEventListener("ended", end);
  video.addEventListener("playing", isPlaying, { once: true });
  video.src = candidate.hls;
  video.play().catch(() => {});
  while (!isOver() && !failure) await pause(100);
  for (const [name, heard] of [["error", fail], ["ended", end], ["playing", isPlaying]]) video.removeEventListener(name, heard);
  return failure;
}
