// Plays one stream: MP4 in one response, read by fetch and given to a SourceBuffer; HLS where there is no MediaSource.
// It finds its way back by itself from whatever happens, and says what it is doing.

import { DelayControl } from "./delay.js";
import { SegmentReader } from "./mp4.js";

/** In seconds: what is kept behind the picture, for going back. */
const kept = 30;
/** In milliseconds: nothing has come for so long on a connection that is open. */
const silence = 15_000;
/** In milliseconds: before each further attempt to connect. */
const waits = [100, 300, 700, 1500, 3000, 5000];
/** The server waits so long for a stream that is not on air, in seconds. */
const patience = 25;
/** In milliseconds: playing that stands still for so long is looked into. */
const standstill = 500;
/** In seconds: what a browser may leave unplayed at the end of what it has. */
const little = 0.5;
/** In seconds: two ends that are so near are the same. */
const near = 0.02;

/** Safari stops for a moment where the speed changes under sound. */
const isSafari = /^((?!chrome|chromium|android).)*safari/i.test(navigator.userAgent);

/** The browser can't play this. */
class Broken extends Error {}
/** What comes has other tracks. */
class Reopened extends Error {}

function pause(milliseconds, signal) {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
    });
}

export class Player extends EventTarget {
    /** What it does: "connecting", "waiting", "playing", "stalled", "paused", "refused" or "unplayable". */
    state = "connecting";
    /** The server's or the browser's words on it, where there are some. */
    reason = "";
    /** The viewer has gone back, and is not to be taken to what is newest. */
    isBack = false;
    way = "MediaSource" in window ? "MP4 over HTTP" : "HLS";
    codecs = "";
    stalls = 0;
    connections = 0;
    /** Since playing began, in seconds: what was not shown, because it was missing or too late. */
    skipped = 0;

    #video;
    #address;
    /** What lets it be played, behind `?`; empty for nothing. */
    #query;
    #control = new DelayControl(!isSafari);
    #visit;
    #ticker;
    #source;
    #buffer;
    #type;
    #header;
    #profile;
    #kinds;
    /** Milliseconds since 1970 at time 0 of the buffer. */
    #zero;
    /** What was appended last: where it begins, its bytes' count. */
    #appended = [];
    /** Where the last one ends, in the buffer's time; undefined before the first. */
    #endsAt;
    /** Of a new connection, what is in the buffer already; undefined once the first new one has come. */
    #known;
    /** Of the last response: its `Bulkhead-Time-Zero`. */
    #timeZero;
    #hasStarted = false;
    #startAt = 0;
    /** Where playing had come when the stream had left. */
    #leftAt;
    #isOnAir = false;
    /** A response comes in. */
    #isReading = false;
    #isPlaced = false;
    #lastByteAt = 0;
    /** A connection on which nothing has come until then is given up. */
    #deadline = 0;
    #lastTime = 0;
    #stillSince = 0;
    #received = [];

    /** @param address of the stream, without the ending: `live/demo`, percent-encoded. */
    constructor(video, address, query = "") {
        super();
        this.#video = video;
        this.#address = address;
        this.#query = query;
    }

    // MARK: what the viewer does

    start() {
        this.#visit?.abort();
        this.#visit = new AbortController();
        const { signal } = this.#visit;
        clearInterval(this.#ticker);
        this.isBack = false;
        this.#hasStarted = false;
        this.#startAt = 0;
        this.#leftAt = undefined;
        this.#control.forget();
        this.#say("connecting");
        if (this.way === "HLS") {
            this.#playHLS(signal);
        } else {
            this.#ticker = setInterval(() => this.#look(), 250);
            this.#run(signal);
        }
        for (const event of ["playing", "waiting", "timeupdate"]) {
            this.#video.addEventListener(event, () => this.#noteProgress(), { signal });
        }
        // Sound that is plugged out, another program's, a tab behind others: the browser's pause is not the viewer's.
        this.#video.addEventListener("pause", () => {
            if (!document.hidden && !this.#video.ended) this.pause();
        }, { signal });
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden && this.#video.paused && this.#hasStarted) this.#play();
        }, { signal });
    }

    /** Live pictures go by meanwhile: nothing is fetched. */
    pause() {
        if (this.state === "paused") return;
        this.#end();
        this.#video.pause();
        this.#say("paused");
    }

    stop() {
        this.#end();
        this.#video.pause();
        this.#video.removeAttribute("src");
        this.#video.load();
        this.#source = this.#buffer = undefined;
    }

    #end() {
        this.#visit?.abort();
        clearInterval(this.#ticker);
    }

    /** Goes back or on by `seconds`, within what is buffered. */
    move(seconds) {
        const range = this.#newestRange;
        if (!range || !this.#hasStarted) return;
        if (seconds > 0 && seconds < Infinity && !this.isBack) return;
        const edge = range.end - this.#control.target;
        const time = Math.max(range.start, this.#video.currentTime + seconds);
        this.isBack = time < edge - 0.5;
        this.#control.forget();
        this.#video.playbackRate = 1;
        this.#video.currentTime = this.isBack ? time : edge;
        this.#tell();
    }

    /** The server has said why it can't give the stream. */
    refuse(reason) { if (["waiting", "connecting"].includes(this.state)) this.#say("refused", reason); }

    /** To what is newest. */
    goLive() {
        if (this.state === "paused") return this.start();
        this.move(Infinity);
    }

    // MARK: figures

    /** In seconds. */
    get buffered() {
        const range = this.#range(this.#video.currentTime);
        return range ? range.end - this.#video.currentTime : 0;
    }

    /** In seconds, since the server got the picture; undefined where that isn't known or the clocks don't agree. */
    get delay() {
        if (this.#zero === undefined || !this.#hasStarted) return undefined;
        const delay = (Date.now() - this.#zero) / 1000 - this.#video.currentTime;
        return delay > -0.5 && delay < 120 ? Math.max(0, delay) : undefined;
    }

    /** When the picture that is seen was taken, in milliseconds since 1970; undefined where that isn't known. */
    get clock() {
        if (!this.#hasStarted) return undefined;
        const time = this.#video.currentTime * 1000;
        if (this.way === "HLS") {
            // Safari's own: of EXT-X-PROGRAM-DATE-TIME.
            const start = this.#video.getStartDate?.().getTime();
            return Number.isFinite(start) ? start + time : undefined;
        }
        return this.#zero === undefined ? undefined : this.#zero + time;
    }

    /** Bits a second, over the last seconds. */
    get bitrate() {
        const now = performance.now();
        this.#received = this.#received.filter((one) => now - one.at < 5000);
        if (this.#received.length < 2) return 0;
        const count = this.#received.slice(1).reduce((sum, one) => sum + one.count, 0);
        return (count * 8000) / Math.max(1, this.#received.at(-1).at - this.#received[0].at);
    }

    get target() { return this.#control.target; }

    // MARK: telling

    #say(state, reason = "") {
        if (state === this.state && reason === this.reason) return;
        this.state = state;
        this.reason = reason;
        this.#tell();
    }

    #tell() { this.dispatchEvent(new Event("change")); }

    // MARK: the connection

    async #run(signal) {
        for (let attempt = 0; !signal.aborted; attempt += 1) {
            if (attempt > 0) {
                // Not all viewers at once.
                await pause(waits[Math.min(attempt, waits.length) - 1] * (0.8 + 0.4 * Math.random()), signal);
            }
            if (signal.aborted) return;
            const connection = new AbortController();
            const hangUp = () => connection.abort();
            signal.addEventListener("abort", hangUp, { once: true });
            // A stream that is on air begins at once.
            const late = setTimeout(() => {
                if (["connecting", "stalled", "refused"].includes(this.state)) this.#say("waiting");
            }, 1500);
            const watch = setInterval(() => { if (performance.now() > this.#deadline) hangUp(); }, 1000);
            try {
                const asked = performance.now();
                this.#deadline = asked + patience * 1000 + silence;
                const response = await fetch(`${this.#address}.mp4?${this.#question}`, {
                    signal: connection.signal, cache: "no-store",
                });
                clearTimeout(late);
                if (response.ok) {
                    this.#isReading = true;
                    await this.#read(response, signal).finally(() => {
                        this.#isReading = false;
                        // One that comes and goes is no better than one that doesn't come.
                        if (performance.now() - asked > 3000) attempt = 0;
                    });
                    // A publisher that has gone: no accident.
                    this.#isOnAir = false;
                } else if (performance.now() - asked > 1000) {
                    // It was waited for.
                    this.#isOnAir = false;
                    this.#say("waiting");
                    attempt = 0;
                } else {
                    this.#say("refused", (await response.text()).slice(0, 300).trim());
                    await pause(response.status === 404 ? 10_000 : 2000, signal);
                }
            } catch (error) {
                if (signal.aborted) return;
                if (error instanceof Broken) {
                    this.#say("unplayable", error.message);
                    await pause(10_000, signal);
                } else if (error instanceof Reopened || this.#source?.readyState !== "open" || this.#video.error) {
                    // The browser's decoder has given up: from the beginning, with another one.
                    this.#forgetSource();
                }
            } finally {
                clearInterval(watch);
                clearTimeout(late);
                signal.removeEventListener("abort", hangUp);
                hangUp();
            }
        }
    }

    /** Asks for what follows on what there is. */
    get #question() {
        const words = [`wait=${patience}`];
        if (this.#query) words.unshift(this.#query);
        if (this.#endsAt !== undefined && this.#timeZero) {
            const end = Math.round((this.#endsAt - this.#buffer.timestampOffset - near) * 1000);
            words.push(`after=${Math.max(0, end)}`, `zero=${this.#timeZero}`);
        }
        return words.join("&");
    }

    async #read(response, signal) {
        const type = response.headers.get("Content-Type") ?? "";
        const zero = Number(response.headers.get("Bulkhead-Time-Zero"));
        this.#timeZero = zero;
        const reader = new SegmentReader();
        let isFirst = true;
        const body = response.body.getReader();
        this.connections += 1;
        this.#known = this.#appended.length ? [] : undefined;
        this.#isPlaced = false;
        for (;;) {
            const { done, value } = await body.read();
            if (done || signal.aborted) return;
            this.#isOnAir = true;
            this.#lastByteAt = performance.now();
            this.#deadline = this.#lastByteAt + silence;
            this.#received.push({ at: performance.now(), count: value.length });
            if (this.#received.length > 500) this.#received.splice(0, 250);
            for (const piece of reader.take(value)) {
                if (piece.header) await this.#takeHeader(piece, type, isFirst, signal);
                else await this.#takeFragment(piece, zero, signal);
                isFirst = false;
                if (signal.aborted) return;
            }
        }
    }

    // MARK: what comes

    async #takeHeader({ header, kinds, profile }, type, isFirst, signal) {
        if (!MediaSource.isTypeSupported(type)) {
            throw new Broken(`This browser can't play the stream's coding (${type.replace(/^.*codecs=/, "")}).`);
        }
        const isOpen = this.#source?.readyState === "open" && !this.#video.error;
        if (isOpen && this.#header && same(this.#header, header)) return;
        if (!isOpen || this.#kinds !== kinds) {
            // A source buffer keeps its tracks. Which codings others have, only another response's type says.
            if (!isFirst) throw new Reopened();
            await this.#open(type, signal);
        } else {
            // With another coding in the same response, its type does not say which.
            const now = profile && this.#profile !== profile
                ? type.replace(/avc1\.[0-9a-f]{6}/i, `avc1.${profile}`) : type;
            if (now !== this.#type) this.#buffer.changeType(now);
            this.#known = undefined;
            this.#type = now;
        }
        this.codecs = this.#type.replace(/^.*codecs=/, "").replaceAll('"', "");
        [this.#header, this.#profile, this.#kinds] = [header, profile, kinds];
        await this.#append(header, signal);
    }

    async #takeFragment(piece, zero, signal) {
        if (!this.#buffer || !this.#header) return;
        if (!this.#isPlaced && piece.start !== undefined) this.#place(piece.start, zero);
        const start = (piece.start ?? 0) + this.#buffer.timestampOffset;
        if (this.#known) {
            // A connection begins with pictures that may have come by the last one. Given again, they would take the
            // picture that is just shown from under the decoder.
            const isKnown = this.#appended.some(
                (one) => Math.abs(one.start - start) < near && one.count === piece.fragment.length);
            if (piece.isKey) this.#known = [];
            this.#known.push(piece);
            if (isKnown) return;
            const goesOn = Math.abs(start - this.#endsAt) < near;
            const due = goesOn ? [piece] : this.#known;
            this.#known = undefined;
            for (const one of due) await this.#give(one, signal);
            return;
        }
        await this.#give(piece, signal);
    }

    async #give(piece, signal) {
        const offset = this.#buffer.timestampOffset;
        const start = (piece.start ?? 0) + offset;
        if (this.#endsAt !== undefined && Math.abs(start - this.#endsAt) >= near) {
            // Behind a hole nothing can be decoded before the next key picture. The browser finds the hole in each track by
            // itself, and where it finds one in the sound after the key picture, it throws all pictures away up to the next.
            if (!piece.isKey) return;
            this.#buffer.abort();
        }
        await this.#append(piece.fragment, signal);
        this.#appended.push({ start, count: piece.fragment.length });
        this.#endsAt = (piece.end ?? piece.start ?? 0) + offset;
        if (this.#appended.length > 120) this.#appended.shift();
        const now = performance.now();
        if (!this.#hasStarted && this.#startAt === 0) this.#startAt = now;
        await this.#makeRoom(kept, signal);
        this.#tryStart();
    }

    /** Where the last appended fragment ends. */
    get #end_() {
        const ranges = this.#buffer.buffered;
        return ranges.length ? ranges.end(ranges.length - 1) : -Infinity;
    }

    /** Puts a new connection's times behind what there is, where the server has begun to count anew. */
    #place(start, zero) {
        this.#isPlaced = true;
        const buffer = this.#buffer;
        const end = this.#end_;
        if (end !== -Infinity) {
            const isPlausible = (time) => time > end - kept && time < end + 120;
            if (!isPlausible(start + buffer.timestampOffset)) {
                const byClock = buffer.timestampOffset + (zero - (this.#zero + buffer.timestampOffset * 1000)) / 1000;
                const isGood = Number.isFinite(byClock) && start + byClock > end - 1;
                buffer.timestampOffset = isGood ? byClock : end + 0.1 - start;
                this.#known = undefined;
            }
        }
        if (!(zero > 0)) return;
        // A server that has just been started is first given what is old: of two readings of one clock, the lesser is
        // right.
        const now = zero - buffer.timestampOffset * 1000;
        this.#zero = Math.abs(this.#zero - now) < kept * 1000 ? Math.min(this.#zero, now) : now;
    }

    // MARK: the source buffer

    async #open(type, signal) {
        this.#forgetSource();
        const source = new MediaSource();
        const url = URL.createObjectURL(source);
        this.#video.src = url;
        await event(source, "sourceopen", signal);
        URL.revokeObjectURL(url);
        if (signal.aborted) return;
        source.duration = Infinity;
        this.#source = source;
        this.#buffer = source.addSourceBuffer(type);
        this.#type = type;
        this.#buffer.mode = "segments";
    }

    #forgetSource() {
        this.#source = this.#buffer = this.#header = this.#profile = this.#kinds = this.#zero = this.#known = undefined;
        this.#endsAt = this.#timeZero = undefined;
        this.#appended = [];
        this.#hasStarted = false;
        this.#startAt = 0;
        this.#leftAt = undefined;
    }

    async #append(bytes, signal) {
        for (let keep = 10; ; keep = Math.floor(keep / 3)) {
            if (signal.aborted) return;
            try {
                this.#buffer.appendBuffer(bytes);
            } catch (error) {
                if (error.name !== "QuotaExceededError" || keep === 0) throw error;
                await this.#makeRoom(keep, signal);
                continue;
            }
            await event(this.#buffer, "updateend", signal);
            if (this.#video.error) throw this.#video.error;
            return;
        }
    }

    /** Removes what lies more than `seconds` behind, and a bit more so that it isn't done with every fragment. */
    async #makeRoom(seconds, signal) {
        const ranges = this.#buffer.buffered;
        const limit = this.#video.currentTime - seconds;
        if (!ranges.length || !this.#hasStarted || limit - ranges.start(0) < (seconds === kept ? 10 : 0.1)) return;
        this.#buffer.remove(0, limit);
        await event(this.#buffer, "updateend", signal);
    }

    get #newestRange() {
        const ranges = this.#video.buffered;
        const last = ranges.length - 1;
        return last < 0 ? undefined : { start: ranges.start(last), end: ranges.end(last) };
    }

    #range(time) {
        const ranges = this.#video.buffered;
        for (let index = 0; index < ranges.length; index += 1) {
            if (time >= ranges.start(index) - near && time <= ranges.end(index)) {
                return { start: ranges.start(index), end: ranges.end(index) };
            }
        }
        return undefined;
    }

    // MARK: playing

    /** Once, where the newest pictures are: a decoder that is sent elsewhere before its first picture begins again. */
    #tryStart() {
        const range = this.#newestRange;
        if (this.#hasStarted || !range || this.#startAt === 0) return;
        const now = performance.now();
        const { target } = this.#control;
        // The server gives what it has kept at once: the start is chosen when that has come.
        const isQuiet = now - this.#lastByteAt > 100;
        const isLate = now - this.#startAt > 1500;
        if (!isLate && (!isQuiet || range.end - range.start < target)) return;
        this.#hasStarted = true;
        const start = Math.max(range.start, range.end - target - 0.1);
        if (this.#leftAt !== undefined) this.skipped += this.#amount(this.#leftAt, start);
        this.#leftAt = undefined;
        this.#video.currentTime = start;
        this.#stillSince = now;
        this.#play();
    }

    async #play() {
        try {
            await this.#video.play();
        } catch (error) {
            if (error.name !== "NotAllowedError") return;
            // Devices that save power want a click for pictures as well.
            if (this.#video.muted) return this.pause();
            // Sound wants a click first.
            this.#video.muted = true;
            await this.#play();
        }
    }

    #noteProgress() {
        const time = this.#video.currentTime;
        if (time === this.#lastTime) return;
        this.#lastTime = time;
        this.#stillSince = performance.now();
        if (this.#hasStarted && !this.#video.paused && !this.#video.seeking) this.#say("playing");
    }

    #look() {
        this.#tryStart();
        if (!this.#hasStarted) return;
        this.#noteProgress();
        const now = performance.now();
        const time = this.#video.currentTime;
        const still = now - this.#stillSince;
        const range = this.#range(time);
        const ahead = range ? range.end - time : 0;
        if (still > standstill) {
            const next = this.#nextRange(time);
            if (next !== undefined && (ahead < little || still > 3000)) {
                // A hole: on behind it. Browsers stop some tenths of a second before the end, and nothing more comes there.
                this.skipped += next - time;
                this.#leap(next + 0.05);
            } else if (ahead >= little && still > 3000 && !this.#video.paused) {
                // A decoder that stands still over pictures that are there.
                this.skipped += 0.1;
                this.#leap(time + 0.1);
            } else if (ahead >= little && this.#video.paused && !document.hidden) {
                this.#play();
            } else if (ahead < little && !this.#isOnAir) {
                // What comes next is another beginning.
                this.#leftAt = time;
                this.#hasStarted = false;
                this.#startAt = 0;
                this.#say("waiting");
                return;
            } else if (ahead < little && this.state === "playing") {
                this.stalls += 1;
                // A connection that was lost says nothing of how evenly one brings what it brings.
                if (this.#isReading) this.#control.stalled(now / 1000);
                else this.#control.forget();
                this.#video.playbackRate = 1;
                this.#say("stalled");
            }
        }
        if (this.isBack) return;
        const { rate, leap } = this.#control.decide(ahead, now / 1000);
        if (leap) {
            const goal = range.end - this.#control.target - 0.1;
            this.skipped += goal - time;
            this.#leap(goal);
        } else if (this.#video.playbackRate !== rate) {
            this.#video.playbackRate = rate;
        }
    }

    /** How many seconds are buffered between two times. */
    #amount(from, to) {
        const ranges = this.#video.buffered;
        let sum = 0;
        for (let index = 0; index < ranges.length; index += 1) {
            sum += Math.max(0, Math.min(to, ranges.end(index)) - Math.max(from, ranges.start(index)));
        }
        return sum;
    }

    #nextRange(time) {
        const ranges = this.#video.buffered;
        for (let index = 0; index < ranges.length; index += 1) {
            if (ranges.start(index) > time) return ranges.start(index);
        }
        return undefined;
    }

    #leap(time) {
        this.#video.currentTime = time;
        this.#stillSince = performance.now();
        this.#control.forget();
        this.#video.playbackRate = 1;
    }

    // MARK: HLS

    async #playHLS(signal) {
        if (!this.#video.canPlayType("application/vnd.apple.mpegurl")) {
            this.#say("unplayable", "This browser has neither Media Source Extensions nor HLS.");
            return;
        }
        const address = `${this.#address}/index.m3u8${this.#query && `?${this.#query}`}`;
        for (let attempt = 0; !signal.aborted; attempt += 1) {
            // The browser would not ask again for a stream that is not on air.
            const answer = await fetch(address, { signal, cache: "no-store" }).catch(() => undefined);
            if (signal.aborted) return;
            if (answer?.ok) {
                this.#video.src = address;
                this.#hasStarted = true;
                this.codecs = "";
                await this.#play();
                const ended = new AbortController();
                const end = () => ended.abort();
                signal.addEventListener("abort", end, { once: true });
                for (const name of ["error", "ended"]) {
                    this.#video.addEventListener(name, end, { signal: ended.signal });
                }
                await pause(2 ** 31 - 1, ended.signal);
                this.#hasStarted = false;
                attempt = 0;
            }
            this.#say("waiting");
            await pause(waits[Math.min(attempt, waits.length - 1)] + 1000, signal);
        }
    }
}

/** The next event of that name; at once where `signal` ends the visit. */
function event(target, name, signal) {
    return new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const done = () => {
            target.removeEventListener(name, done);
            signal.removeEventListener("abort", done);
            resolve();
        };
        target.addEventListener(name, done);
        signal.addEventListener("abort", done);
    });
}

function same(one, other) {
    return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
