// The player's buttons, keys and figures, and what stands over the picture.

import { choice } from "./choice.js";

const element = (id) => document.getElementById(id);

/** What is said over the picture in each state: words, more words, whether it turns, a button. */
const notices = {
    connecting: ["Connecting", "", true],
    waiting: ["This stream is not on air", "It starts here by itself as soon as it is.", true],
    stalled: ["Waiting for the stream", "", true],
    refused: ["The server does not give this stream", "", false, "Try again"],
    unplayable: ["This stream can't be played here", "", false, "Try again"],
    paused: ["", "", false, "Back to live"],
};

export class Controls {
    #player;
    #video = element("video");
    #stage = element("stage");
    #idle;
    #danmaku;

    /** @param danmaku the comments over the picture. */
    constructor(danmaku) {
        this.#danmaku = danmaku;
        element("comments-over").onclick = () => this.#toggleDanmaku();
        this.offerDanmaku(true, false);
        const volume = Number(choice.read("volume") ?? 1);
        this.#video.volume = volume >= 0 && volume <= 1 ? volume : 1;
        this.#video.muted = choice.read("sound") !== "on";
        element("play").onclick = () => this.#togglePlay();
        element("live").onclick = () => this.#player?.goLive();
        element("mute").onclick = () => this.#toggleSound();
        element("sound-on").onclick = () => {
            if (element("sound-on").matches(":focus-visible")) element("mute").focus();
            this.#toggleSound(true);
        };
        element("info").onclick = () => this.#toggleFigures();
        element("full").onclick = () => this.#toggleFullScreen();
        element("notice-button").onclick = () => this.#player?.start();
        element("volume").oninput = (event) => this.#setVolume(Number(event.target.value));
        this.#video.onvolumechange = () => this.show();
        this.#video.ondblclick = () => this.#toggleFullScreen();
        document.onfullscreenchange = () => this.show();
        for (const event of ["pointermove", "pointerdown", "focusin"]) {
            this.#stage.addEventListener(event, () => this.#wake());
        }
        document.addEventListener("keydown", (event) => this.#key(event));
        setInterval(() => this.#showFigures(), 500);
    }

    /** Serves another player; none where no stream is watched. */
    use(player) {
        this.#player?.stop();
        this.#player = player;
        player?.addEventListener("change", () => this.show());
        player?.start();
        if (player) this.show();
    }

    // MARK: what the viewer does

    #togglePlay() {
        if (!this.#player) return;
        if (this.#player.state === "paused") this.#player.start();
        else this.#player.pause();
    }

    #toggleSound(on = this.#video.muted) {
        this.#video.muted = !on;
        if (on && this.#video.volume === 0) this.#video.volume = 1;
        choice.write("sound", on ? "on" : "off");
    }

    #setVolume(volume) {
        this.#video.volume = Math.max(0, Math.min(1, volume));
        choice.write("volume", String(this.#video.volume));
        if (volume > 0 && this.#video.muted) this.#toggleSound(true);
    }

    #toggleFigures() {
        const figures = element("figures");
        figures.hidden = !figures.hidden;
        element("info").setAttribute("aria-pressed", String(!figures.hidden));
        this.#showFigures();
    }

    /** Without a choice of the viewer's, comments fly where the picture has none in itself, and nobody minds things that move. */
    offerDanmaku(hasComments, isInPicture) {
        element("comments-over").hidden = !hasComments;
        const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
        this.#danmaku.isOn = (choice.read("danmaku") ?? (isStill || isInPicture ? "off" : "on")) === "on";
        this.#showDanmaku();
    }

    #toggleDanmaku() {
        if (element("comments-over").hidden) return;
        this.#danmaku.isOn = !this.#danmaku.isOn;
        choice.write("danmaku", this.#danmaku.isOn ? "on" : "off");
        this.#showDanmaku();
    }

    #showDanmaku() { element("comments-over").setAttribute("aria-pressed", String(this.#danmaku.isOn)); }

    #toggleFullScreen() {
        if (document.fullscreenElement) document.exitFullscreen();
        else if (this.#stage.requestFullscreen) this.#stage.requestFullscreen().catch(() => {});
        // iPhones show nothing but videos on the full screen.
        else this.#video.webkitEnterFullscreen?.();
    }

    #key(event) {
        if (!this.#player || event.ctrlKey || event.altKey || event.metaKey) return;
        const target = event.target;
        if (target instanceof HTMLInputElement && (target.type !== "range" || event.key.startsWith("Arrow"))) return;
        // What was clicked with a mouse has the focus, too, and nobody means it.
        const isControl = target.matches?.(":focus-visible") && target.closest("button, a, summary") != null;
        const actions = {
            " ": isControl ? undefined : () => this.#togglePlay(),
            m: () => this.#toggleSound(),
            f: () => this.#toggleFullScreen(),
            i: () => this.#toggleFigures(),
            d: () => this.#toggleDanmaku(),
            c: () => element("say-text").focus(),
            ArrowLeft: () => this.#player.move(-5),
            ArrowRight: () => this.#player.move(5),
            ArrowUp: () => this.#setVolume(this.#video.volume + 0.1),
            ArrowDown: () => this.#setVolume(this.#video.volume - 0.1),
        };
        const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
        if (!action) return;
        event.preventDefault();
        action();
        this.#wake();
    }

    #wake() {
        this.#stage.classList.remove("is-idle");
        clearTimeout(this.#idle);
        this.#idle = setTimeout(() => {
            const isUsed = this.#stage.querySelector(".bar :focus-visible") !== null || this.#player?.isBack;
            if (this.#player?.state === "playing" && !isUsed) this.#stage.classList.add("is-idle");
        }, 3000);
    }

    // MARK: what is shown

    show() {
        const player = this.#player;
        if (!player) return;
        const isPlaying = player.state === "playing";
        const isMuted = this.#video.muted || this.#video.volume === 0;
        this.#stage.classList.toggle("plays", player.state !== "paused");
        this.#stage.classList.toggle("sounds", !isMuted);
        this.#stage.classList.toggle("is-live", isPlaying && !player.isBack);
        if (!isPlaying || player.isBack) this.#wake();
        label("play", player.state === "paused" ? "Play" : "Pause");
        label("mute", isMuted ? "Sound on" : "Sound off");
        label("full", document.fullscreenElement ? "Leave full screen" : "Full screen");
        element("live-text").textContent = player.isBack || player.state === "paused" ? "Back to live" : "Live";
        element("volume").value = isMuted ? 0 : this.#video.volume;
        element("sound-on").hidden = !(isPlaying && isMuted && choice.read("sound") !== "off");

        const notice = element("notice");
        const [text, more, turns, button] = notices[player.state] ?? [];
        notice.hidden = text === undefined;
        notice.classList.toggle("is-final", !turns);
        notice.classList.toggle("is-light", player.state === "stalled");
        element("notice-text").textContent = text ?? "";
        element("notice-more").textContent = player.reason || more || "";
        element("notice-button").hidden = !button;
        element("notice-button").textContent = button ?? "";
    }

    #showFigures() {
        const list = element("figures");
        const player = this.#player;
        if (list.hidden || !player) return;
        const quality = this.#video.getVideoPlaybackQuality?.();
        const seconds = (value) => (value === undefined ? "not known" : `${value.toFixed(2)} s`);
        const rows = [
            ["Delay", seconds(player.delay)],
            ["Buffer", `${seconds(player.buffered)} (aim ${seconds(player.target)})`],
            ["Speed", `${this.#video.playbackRate.toFixed(2)} ×`],
            ["Picture", `${this.#video.videoWidth} × ${this.#video.videoHeight}`],
            ["Dropped", quality ? `${quality.droppedVideoFrames} of ${quality.totalVideoFrames}` : "not known"],
            ["Bitrate", player.bitrate ? `${(player.bitrate / 1e6).toFixed(2)} Mbit/s` : "not known"],
            ["Codecs", player.codecs || "not known"],
            ["By", player.way],
            ["Stalls", `${player.stalls}`],
            ["Left out", seconds(player.skipped)],
            ["Connections", `${player.connections}`],
            ["Comments over it", `${this.#danmaku.count}`],
        ];
        list.replaceChildren(...rows.flatMap(([name, value]) => {
            const [term, words] = [document.createElement("dt"), document.createElement("dd")];
            [term.textContent, words.textContent] = [name, value];
            return [term, words];
        }));
    }
}

function label(id, text) {
    const button = element(id);
    const key = button.title.match(/\(.*\)$/)?.[0] ?? "";
    button.setAttribute("aria-label", text);
    button.title = `${text} ${key}`.trim();
}
