// The live room beside the picture: title, notice, what is pinned and paid for, comments, and what the viewer writes.

import { choice } from "./choice.js";

const element = (id) => document.getElementById(id);
/** In milliseconds: the server gives a sign of life every ten seconds. */
const silence = 35_000;
/** In milliseconds: before each further attempt to connect. */
const waits = [300, 700, 1500, 3000, 5000, 10_000];
/** How many comments stand in the list. */
const most = 200;
/** In milliseconds: a comment of one's own that has not come back by then is sent again. */
const echo = 4000;

/** Text of strangers: no controls, no orders to change the direction of writing, no halves of characters. */
export function plain(text) {
    return String(text ?? "").replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
        .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, "");
}

function make(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

function say(place, text) {
    if (place.textContent !== text) place.textContent = text;
    place.hidden = text === "";
}

export class Room extends EventTarget {
    /** As the server tells it; undefined where there is none. */
    board;
    /** How many comments the server has left out, because this viewer was away or too slow. */
    missed = 0;
    #danmaku;
    #stream;
    #source;
    #retry;
    #attempt = 0;
    #watch;
    #heardAt = 0;
    #lastID = "";
    #known = new Set();
    #isAtEnd = true;
    #unread = 0;
    #isAsked = false;
    #sent = new Map();
    #paid;

    constructor(danmaku) {
        super();
        this.#danmaku = danmaku;
        const list = element("comments");
        list.addEventListener("scroll", () => {
            this.#isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
            if (this.#isAtEnd) this.#unread = 0;
            this.#showUnread();
        });
        element("unread").onclick = () => this.#toEnd();
        element("say").onsubmit = (event) => {
            event.preventDefault();
            this.#say();
        };
        element("say-name").value = choice.read("name") ?? "";
        element("say-name").onchange = (event) => choice.write("name", event.target.value.trim());
        document.addEventListener("visibilitychange", () => this.#follow());
        new ResizeObserver(() => { if (this.#isAtEnd) this.#toEnd(); }).observe(list);
    }

    /** Follows the room of another stream; of none where no stream is watched. */
    use(stream) {
        this.#hangUp();
        this.#stream = stream;
        this.#lastID = "";
        this.#known.clear();
        this.#sent.clear();
        this.board = undefined;
        [this.missed, this.#unread, this.#isAsked, this.#isAtEnd] = [0, 0, false, true];
        element("comments").replaceChildren();
        this.#danmaku.clear();
        this.#show();
        this.dispatchEvent(new Event("change"));
    }

    /** The server has said that there is a room, or it can't be known: then it is asked. */
    lookFor() {
        if (this.#isAsked) return;
        this.#isAsked = true;
        this.#follow();
    }

    // MARK: the connection

    #follow() {
        // A tab that nobody sees takes no connection away from others.
        if (!this.#stream || !this.#isAsked || document.hidden) return this.#hangUp();
        if (this.#source || this.#retry) return;
        const after = this.#lastID ? `?after=${encodeURIComponent(this.#lastID)}` : "";
        const source = new EventSource(`${this.#stream.address}/room${after}`);
        this.#source = source;
        this.#heardAt = performance.now();
        const on = (name, take) => source.addEventListener(name, (event) => {
            if (source !== this.#source) return;
            this.#heardAt = performance.now();
            this.#attempt = 0;
            if (!take) return;
            try { take(JSON.parse(event.data), event); } catch (error) { console.warn(`${name}: ${error}`); }
        });
        on("sign");
        on("board", (board) => this.#takeBoard(board));
        on("comment", (line, event) => this.#takeComment(line, event.lastEventId));
        on("gone", (gone) => this.#takeBack(gone));
        on("missed", ({ count }) => this.#takeMissed(count));
        // The browser's own attempts end for good where a server that has just begun knows of no room yet.
        source.onerror = () => { if (source === this.#source) this.#comeBack(); };
        this.#watch = setInterval(() => {
            if (performance.now() - this.#heardAt > silence) this.#comeBack();
        }, 5000);
    }

    #hangUp() {
        this.#source?.close();
        this.#source = undefined;
        clearInterval(this.#watch);
        clearTimeout(this.#retry);
        this.#retry = undefined;
    }

    #comeBack() {
        this.#hangUp();
        const wait = waits[Math.min(this.#attempt, waits.length - 1)] * (0.8 + 0.4 * Math.random());
        this.#attempt += 1;
        this.#retry = setTimeout(() => {
            this.#retry = undefined;
            this.#follow();
        }, wait);
    }

    // MARK: what comes

    #takeBoard(board) {
        this.board = board;
        this.#danmaku.look = board.look;
        this.#show();
        this.dispatchEvent(new Event("change"));
    }

    #takeComment({ number, at, comment }, id) {
        this.#lastID = id || this.#lastID;
        const key = id || `${number}`;
        if (this.#known.has(key)) return;
        this.#known.add(key);
        if (this.#known.size > 5000) this.#known.delete(this.#known.values().next().value);
        const own = this.#sent.get(comment.id);
        const isOwn = own !== undefined && comment.source === "page";
        this.#sent.delete(comment.id);
        if (isOwn) clearTimeout(own);
        const clean = {
            ...comment, number, text: plain(comment.text), author: plain(comment.author), amount: plain(comment.amount),
        };
        if (!comment.isLate) this.#danmaku.add(clean, at);
        this.#append(this.#item(clean, isOwn, number));
        if (isOwn) this.#toEnd();
    }

    #takeBack({ numbers, fromPictureOnly }) {
        this.#danmaku.remove(numbers);
        if (fromPictureOnly) return;
        const gone = new Set(numbers.map(String));
        for (const item of [...element("comments").children]) if (gone.has(item.dataset.number)) item.remove();
    }

    #takeMissed(count) {
        this.missed += count;
        this.#append(make("li", { className: "quiet", textContent: `Up to ${count} comments are missing here.` }));
    }

    // MARK: what is shown

    #item(comment, isOwn, number) {
        const item = make("li");
        item.dataset.number = number;
        if (comment.rank) item.classList.add(comment.rank);
        if (isOwn) item.classList.add("own");
        if (comment.amount) item.append(make("span", { className: "amount", textContent: comment.amount }), " ");
        if (comment.author) item.append(make("bdi", { className: "author", textContent: comment.author }), " ");
        item.append(make("bdi", { textContent: comment.text }));
        return item;
    }

    #append(item) {
        const list = element("comments");
        list.append(item);
        while (list.children.length > most) list.firstChild.remove();
        if (this.#isAtEnd) this.#toEnd();
        else this.#unread += 1;
        this.#showUnread();
        element("no-comments").hidden = true;
    }

    #toEnd() {
        const list = element("comments");
        list.scrollTop = list.scrollHeight;
        [this.#isAtEnd, this.#unread] = [true, 0];
        this.#showUnread();
    }

    #showUnread() {
        element("unread").hidden = this.#unread === 0;
        element("unread").textContent = this.#unread === 1 ? "1 new comment" : `${this.#unread} new comments`;
    }

    #show() {
        const board = this.board;
        element("room").hidden = !board || !(board.hasComments !== false || board.notice || board.pinned);
        element("watch").classList.toggle("has-room", !element("room").hidden);
        if (!board) return;
        say(element("room-notice"), plain(board.notice));
        const pinned = element("pinned");
        pinned.hidden = !board.pinned;
        pinned.replaceChildren(...(board.pinned ? this.#words(board.pinned) : []));
        const hasComments = board.hasComments !== false;
        element("comments").hidden = !hasComments;
        element("no-comments").hidden = !hasComments || element("comments").children.length > 0;
        element("say").hidden = !board.mayWrite;
        element("closed").hidden = board.mayWrite || !hasComments;
        this.#showPaid();
    }

    #words({ author, text, amount }) {
        return [
            amount && make("span", { className: "amount", textContent: plain(amount) }),
            author && make("bdi", { className: "author", textContent: plain(author) }),
            make("bdi", { textContent: plain(text) }),
        ].filter(Boolean);
    }

    #showPaid() {
        clearTimeout(this.#paid);
        const paid = (this.board?.paid ?? []).filter((one) => !one.until || one.until > Date.now());
        element("paid").hidden = paid.length === 0;
        element("paid").replaceChildren(...paid.map((one) => make("li", {}, ...this.#words(one))));
        if (paid.length) this.#paid = setTimeout(() => this.#showPaid(), 5000);
    }

    // MARK: what the viewer writes

    async #say() {
        const field = element("say-text");
        const text = field.value.trim();
        if (!text || !this.#stream) return field.focus();
        const bytes = crypto.getRandomValues(new Uint8Array(12));
        const id = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        const words = JSON.stringify({ id, author: element("say-name").value.trim(), text });
        field.value = "";
        const problem = await this.#send(id, words, 0);
        if (!problem) return say(element("say-state"), "");
        say(element("say-state"), problem);
        // What was written is not lost.
        if (!field.value) field.value = text;
        field.focus();
    }

    /** Sends it until it has come back: a server that was lost may have taken it along. The room takes it once. */
    async #send(id, words, attempt) {
        const stream = this.#stream;
        let problem = "The comment could not be sent: the server does not answer.";
        try {
            const answer = await fetch(`${stream.address}/room`, {
                method: "POST", headers: { "Content-Type": "application/json" }, body: words,
                signal: AbortSignal.timeout(5000),
            });
            problem = answer.ok ? "" : plain(await answer.text()).slice(0, 200).trim();
            if (!answer.ok && answer.status < 500 && answer.status !== 404) return problem;
        } catch { /* It is tried again. */ }
        if (stream !== this.#stream || attempt >= 3) return problem;
        if (problem) {
            await new Promise((resolve) => { setTimeout(resolve, 1000); });
            return this.#send(id, words, attempt + 1);
        }
        this.#sent.set(id, setTimeout(() => {
            if (this.#sent.has(id) && stream === this.#stream) this.#send(id, words, attempt + 1);
        }, echo));
        return "";
    }
}
