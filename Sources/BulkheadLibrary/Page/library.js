// The list of recordings, and what is shown of the one that plays.
import * as live from "./live.js";
import { play, stop } from "./player.js";

// The page's own tracker first, and others that may be asked when it is away.
let trackers = [""];
const $ = (id) => document.getElementById(id);
const pageLength = 60;
let offset = 0;
let known = new Map();
let asking = 0;
// Which of the things that were shown is on the stage.
let shown = 0;

const two = (number) => String(number).padStart(2, "0");

function length(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function size(bytes) {
  let value = bytes;
  let unit = 0;
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit ? `${value.toFixed(1)} ${units[unit]}` : `${bytes} bytes`;
}

const rate = (bits) => (bits >= 999500 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`);

function facts(video) {
  const words = [size(video.byteCount), rate(video.bitsPerSecond)];
  if (video.width) words.unshift(`${video.width}×${video.height}`);
  return words.join(" · ");
}

function element(kind, className, text) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  // Names come from files: they are text, and never markup.
  if (text !== undefined) made.textContent = text;
  return made;
}

// Posters need an address with a token, which the tracker gives: asked for when they come into sight.
const posters = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((entry) => entry.isIntersecting)) {
    posters.unobserve(entry.target);
    const poster = entry.target;
    fetch(`find/${poster.dataset.id}`)
      .then((response) => (response.ok ? response.json() : null))
      .then((found) => {
        const address = found?.candidates.find((candidate) => candidate.poster)?.poster;
        if (address) poster.style.backgroundImage = `url(${JSON.stringify(address)})`;
      })
      .catch(() => {});
  }
});

function tile(video) {
  const item = element("li");
  const button = element("button");
  button.type = "button";
  const poster = element("div", "poster");
  poster.dataset.id = video.id;
  poster.append(element("span", "length", length(video.durationMilliseconds)));
  if (video.state === "live") poster.append(element("span", "live", "being recorded"));
  if (video.hasPoster) posters.observe(poster);
  const text = element("div", "text");
  text.append(
    element("div", "name", video.name),
    element("div", "small", facts(video)),
    element("div", "small", `${new Date(video.startedMilliseconds).toLocaleString()} · ${video.node}`));
  button.append(poster, text);
  button.addEventListener("click", () => show(video));
  item.append(button);
  return item;
}

async function load(more) {
  const turn = ++asking;
  if (!more) offset = 0;
  const words = $("search").value.trim();
  let videos;
  try {
    const response = await fetch(`api/videos?q=${encodeURIComponent(words)}&offset=${offset}&limit=${pageLength}`);
    if (!response.ok) throw new Error(await response.text());
    videos = await response.json();
  } catch (error) {
    $("count").textContent = `The list can't be had: ${error.message}`;
    return;
  }
  if (turn !== asking) return;
  if (!more) known = new Map();
  // A recording that several nodes have is shown once.
  for (const video of videos) if (!known.has(video.id)) known.set(video.id, video);
  offset += videos.length;
  $("list").replaceChildren(...[...known.values()].map(tile));
  $("more").hidden = videos.length < pageLength;
  $("empty").hidden = known.size > 0 || words !== "";
  $("count").textContent = known.size === 1 ? "1 recording" : `${known.size}${$("more").hidden ? "" : "+"} recordings`;
}

function open(name, hash) {
  $("stage").hidden = false;
  $("title").textContent = name;
  $("where").textContent = "";
  $("rtmp").hidden = true;
  $("stage").scrollIntoView({ behavior: "smooth" });
  location.hash = hash;
  shown += 1;
}

// The address for players that speak RTMP: where the node takes TLS it is RTMPS.
function showRTMP(candidate) {
  $("rtmp").hidden = !/^rtmps?:\/\//.test(candidate.rtmp ?? "");
  if ($("rtmp").hidden) return;
  $("rtmp").href = candidate.rtmp;
  $("rtmp").textContent = candidate.rtmp.startsWith("rtmps:") ? "RTMPS" : "RTMP";
}

async function show(video) {
  open(video.name, video.id);
  [$("file").hidden, $("room").hidden] = [false, true];
  $("facts").textContent = `${length(video.durationMilliseconds)} · ${facts(video)} · ${video.codecs}`;
  await play($("video"), video.id, trackers, (candidate, problem) => {
    if (problem) $("where").textContent = problem;
    if (!candidate) return;
    $("where").textContent = `From ${candidate.node}: ${candidate.why}${problem ? ` (${problem})` : ""}`;
    $("file").href = candidate.mp4;
    showRTMP(candidate);
  });
}

async function showRoom(room) {
  stop($("video"));
  open(room.title || room.room, `live/${room.room}`);
  [$("file").hidden, $("room").hidden] = [true, true];
  $("facts").textContent = `live · ${room.room}`;
  const turn = shown;
  await live.play($("video"), room.room, trackers, () => turn !== shown, (candidate, problem) => {
    if (problem) $("where").textContent = problem;
    if (!candidate) return;
    $("where").textContent = `From ${candidate.node}: ${candidate.why}${problem ? ` (${problem})` : ""}`;
    const page = new URL(candidate.mp4, location.href);
    $("room").href = `${page.origin}/#${page.pathname.slice(1).replace(/\.mp4$/, "")}`;
    $("room").hidden = false;
    showRTMP(candidate);
  });
}

async function loadRooms() {
  const rooms = await live.list($("live"), trackers, showRoom);
  $("rooms").hidden = rooms.length === 0;
  return rooms;
}

$("close").addEventListener("click", () => {
  shown += 1;
  stop($("video"));
  $("stage").hidden = true;
  history.replaceState(null, "", location.pathname);
});
$("more").addEventListener("click", () => load(true));
let typing;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => load(false), 200);
});
$("address").textContent = location.origin;
trackers = ["", ...(await fetch("api/trackers").then((response) => response.json()).catch(() => []))];
await load(false);
let hash = location.hash.slice(1);
try {
  hash = decodeURIComponent(hash);
} catch {
  // A percent sign that somebody has typed stands for itself.
}
const wanted = known.get(hash);
if (wanted) show(wanted);
const room = (await loadRooms()).find((room) => `live/${room.room}` === hash);
if (room) showRoom(room);
// New recordings come into sight by themselves, where nobody has read on.
setInterval(() => {
  if (document.visibilityState !== "visible") return;
  if (offset <= pageLength) load(false);
  loadRooms();
}, 3000);
