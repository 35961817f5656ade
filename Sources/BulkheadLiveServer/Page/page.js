// The watch page: the streams on air, or one of them.

import { Controls } from "./controls.js";
import { Danmaku } from "./danmaku.js";
import { Player } from "./player.js";
import { Room, plain } from "./room.js";
import { Streams, address, named, size, span, viewers } from "./streams.js";

const element = (id) => document.getElementById(id);
const streams = new Streams();
/** Of the streams, the one that is watched; undefined for none. */
let watched;
let hasFollowed = false;
const danmaku = new Danmaku(element("danmaku"), element("video"), () => watched?.player.clock);
const controls = new Controls(danmaku);
const room = new Room(danmaku);
/** For whoever looks into the page: the browser's console, tests. */
globalThis.bulkhead = { get player() { return watched?.player; }, room, danmaku };

function make(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

// MARK: - one stream or all

function follow() {
    const stream = named(location.hash);
    const isSame = stream?.address === watched?.address && stream?.query === watched?.query;
    if (isSame && hasFollowed) return show();
    hasFollowed = true;
    watched = stream;
    element("list").hidden = stream !== undefined;
    element("watch").hidden = stream === undefined;
    if (stream) stream.player = new Player(element("video"), stream.address, stream.query);
    controls.use(stream?.player);
    room.use(stream);
    show();
    scrollTo(0, 0);
}

function show() {
    showOthers();
    if (watched) showAbout();
    else showList();
}

// MARK: - all streams

function showList() {
    document.title = "Live";
    const all = streams.all;
    const state = element("list-state");
    if (!streams.isReachable) say(state, "The server does not answer. The list comes back by itself.");
    else if (!all) say(state, "Asking the server…");
    else if (!all.length) say(state, "Nothing is on air at the moment. Streams appear here as soon as they are.");
    else if (streams.areSecret) say(state, "Names are not shown on this server: type the name that you were given.");
    else say(state, "");
    update(element("streams"), all ?? [], card);
}

function say(place, text) { if (place.textContent !== text) place.textContent = text; }

/** Brings a list's items up to date and leaves those alone that are the same, so that no focus is lost. */
function update(list, items, item) {
    items.forEach((one, index) => {
        const old = list.children[index];
        const key = JSON.stringify([one.app, one.name, streams.areSecret]);
        if (old?.dataset.key === key) return item(one, old);
        const made = item(one, make("li"));
        made.dataset.key = key;
        if (old) old.replaceWith(made);
        else list.append(made);
    });
    while (list.children.length > items.length) list.lastChild.remove();
}

function card(stream, place) {
    const facts = [size(stream), span(stream.seconds), viewers(stream)].filter(Boolean).join(" · ");
    if (place.firstChild) {
        say(place.querySelector(".quiet"), facts);
        return place;
    }
    const badge = make("span", { className: "badge", textContent: "Live" });
    const face = make("div", { className: "face" }, badge, triangle());
    const title = make("strong", { textContent: `${stream.app}/${stream.name}` });
    const text = make("div", { className: "text" }, title, make("span", { className: "quiet", textContent: facts }));
    place.append(streams.areSecret
        ? make("div", { className: "card" }, face, text)
        : make("a", { className: "card", href: `#${address(stream.app, stream.name)}` }, face, text));
    return place;
}

function triangle() {
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", "0 0 24 24");
    drawing.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", "M8 5v14l11-7z");
    drawing.append(path);
    return drawing;
}

// MARK: - one stream

function showOthers() {
    const all = watched && !streams.areSecret ? streams.all ?? [] : [];
    const isWatched = (one) => one.app === watched.app && one.name === watched.name;
    update(element("others"), all.every(isWatched) ? [] : all, (one, place) => {
        if (!place.firstChild) {
            place.append(make("a", { href: `#${address(one.app, one.name)}`, textContent: `${one.app}/${one.name}` }));
        }
        const link = place.firstChild;
        if (isWatched(one)) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
        return place;
    });
}

function showAbout() {
    // A name that is a key may not stand on a screen that others see.
    const words = streams.areSecret ? watched.app : `${watched.app}/${watched.name}`;
    const name = plain(room.board?.title) || words;
    document.title = `${name} – live`;
    if (watched.isSecret !== streams.areSecret) {
        watched.isSecret = streams.areSecret;
        showWays(watched);
    }
    say(element("title"), name);
    const facts = streams.facts(watched);
    // Names that are keys are told to nobody: the room is asked for.
    if (facts ? facts.room : streams.areSecret && streams.all) room.lookFor();
    if (facts?.noMP4) watched.player.refuse(facts.noMP4);
    say(element("facts"), facts
        ? [name === words ? "" : words, plain(room.board?.category), size(facts), `on air for ${span(facts.seconds)}`, viewers(facts)].filter(Boolean).join(" · ")
        : streams.isReachable ? "" : "The server does not answer.");
}

function showWays(stream) {
    const base = new URL(stream.address, location.href.replace(/#.*/, "")).href;
    const rtmp = base.replace(/^http/, "rtmp");
    const query = stream.query ? `?${stream.query}` : "";
    const ways = [["HLS", `${base}/index.m3u8`], ["FLV", `${base}.flv`], ["MP4", `${base}.mp4`], ["RTMP", rtmp]]
        .map(([way, url]) => [way, url + query]);
    element("ways").replaceChildren(...ways.map(([way, url]) => {
        const button = make("button", { textContent: "Copy", ariaLabel: `Copy the ${way} address` });
        button.onclick = () => copy(url, button);
        const words = stream.isSecret ? url.replace(/[^/]+(?=\/index)|[^/]+$/, "•••") : url;
        return make("li", {}, make("span", { textContent: way }), make("code", { textContent: words }), button);
    }));
}

async function copy(text, button) {
    try {
        // Only where the page came by TLS or from this machine.
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
    } catch {
        getSelection().selectAllChildren(button.previousElementSibling);
        button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

// MARK: - begin

element("by-name").onsubmit = (event) => {
    event.preventDefault();
    const field = element("name");
    const pieces = field.value.trim().split("/").filter(Boolean);
    const isNamed = pieces.length >= 2;
    field.setCustomValidity(isNamed ? "" : "Name the application and the stream, such as live/demo.");
    if (!isNamed) return field.reportValidity();
    location.hash = pieces.map(encodeURIComponent).join("/");
};
element("name").oninput = (event) => event.target.setCustomValidity("");
document.querySelector(".skip").onclick = (event) => {
    event.preventDefault();
    element("main").focus();
};
addEventListener("hashchange", follow);
streams.addEventListener("change", show);
room.addEventListener("change", () => {
    controls.offerDanmaku(room.board !== undefined && room.board.hasComments !== false, room.board?.inPicture);
    show();
});
streams.start();
follow();
