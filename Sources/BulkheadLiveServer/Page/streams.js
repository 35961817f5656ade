// The streams on air, as the server's status tells them.

/** A stream's name as it stands behind `#`, and in addresses: each piece percent-encoded. */
export function address(app, name) {
    return [...app.split("/"), name].map(encodeURIComponent).join("/");
}

/** The stream that `#…` names: its address, its words, and a query (a token); undefined where none is named. */
export function named(hash) {
    const [path, query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
    const pieces = path.split("/").filter((piece) => piece !== "");
    if (pieces.length < 2) return undefined;
    try {
        const words = pieces.map(decodeURIComponent);
        // A name's own slash is written as %2F: only what stands between pieces divides them.
        const [app, name] = [words.slice(0, -1).join("/"), words.at(-1)];
        return { address: words.map(encodeURIComponent).join("/"), app, name, query };
    } catch {
        return undefined;
    }
}

/** Asks for the status again and again while the page is seen. */
export class Streams extends EventTarget {
    /** As `/status` has them; undefined before the first answer. */
    all;
    /** Names are keys on this server, and shown to nobody. */
    areSecret = true;
    /** Whether the last question was answered. */
    isReachable = true;
    #timer;
    #isAsking = false;

    start() {
        document.addEventListener("visibilitychange", () => this.#ask());
        this.#ask();
    }

    async #ask() {
        if (document.hidden || this.#isAsking) return;
        this.#isAsking = true;
        clearTimeout(this.#timer);
        try {
            const answer = await fetch("status", { cache: "no-store", signal: AbortSignal.timeout(5000) });
            if (!answer.ok) throw new Error(`${answer.status}`);
            const status = await answer.json();
            [this.all, this.areSecret] = [status.streams, status.namesAreHidden];
            this.isReachable = true;
        } catch {
            this.isReachable = false;
        }
        this.#isAsking = false;
        this.dispatchEvent(new Event("change"));
        this.#timer = setTimeout(() => this.#ask(), this.isReachable ? 2000 : 1000);
    }

    /** What is known of a stream that is on air. */
    facts(stream) {
        return this.all?.find((one) => one.app === stream.app && one.name === stream.name);
    }
}

/** So many seconds, as people say it. */
export function span(seconds) {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function viewers(stream) {
    const count = stream.rtmpAndFLV + stream.mp4 + stream.hls;
    return count === 1 ? "1 viewer" : `${count} viewers`;
}

export function size(stream) {
    return stream.width ? `${stream.width} × ${stream.height}` : "";
}
