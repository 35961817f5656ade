// Comments that fly over the picture. Where each one is follows from the stream's time alone: a viewer who pauses, goes back
// or comes late sees them where they belong.

/** A picture has so many lines from top to bottom; all lengths are in lines. */
const lines = 1080;
const gap = 20;
/** The height of a lane for letters of height 1. */
const laneHeight = 1.35;
/** In seconds: so long a comment waits for a lane; then it stands in the list alone. */
const patience = { ordinary: 1, staff: 10, paid: 10 };
/** In seconds: what is older is forgotten; viewers can go back so far. */
const kept = 60;
const most = 2000;

/** How comments look where the room does not say. */
const standard = {
    shown: true, size: 36, color: 0xffffff, opacity: 0.9, scroll: 8, stand: 5, area: 1, density: 400,
    modes: ["scroll", "reverse", "top", "bottom", "positioned"],
};

/** Decides where comments are. It has no clock: times are seconds of any clock, and all are passed in. */
export class Stage {
    look = standard;
    width = (lines * 16) / 9;
    /** In the order of their beginnings. */
    #flights = [];

    /** Takes a comment that begins at `at`, and is `width` lines wide. Returns its flight; undefined where it finds no place. */
    add(comment, at, width) {
        const { look } = this;
        const mode = look.modes.includes(comment.mode) ? comment.mode : "scroll";
        const height = look.size * laneHeight;
        const flight = { comment, mode, width, size: look.size, speed: 0, start: at };
        if (mode === "scroll" || mode === "reverse") flight.speed = this.width / look.scroll;
        const length = flight.speed ? (this.width + width) / flight.speed : look.stand;
        if (mode === "positioned") {
            flight.left = Math.min((comment.x ?? 0) * this.width, Math.max(0, this.width - width));
            flight.top = Math.min((comment.y ?? 0) * lines, lines - height);
        } else {
            const count = Math.max(1, Math.floor((lines * look.area) / height));
            const free = this.#lane(flight, count, patience[comment.rank ?? "ordinary"] ?? 1);
            if (!free) return undefined;
            flight.start = free.start;
            flight.lane = free.lane;
            flight.top = mode === "bottom" ? lines - (free.lane + 1) * height : free.lane * height;
        }
        flight.end = flight.start + length;
        const place = this.#flights.findLastIndex((one) => one.start <= flight.start);
        this.#flights.splice(place + 1, 0, flight);
        return flight;
    }

    /** The first lane from the top that is free, at once or soonest. */
    #lane(flight, count, longestWait) {
        let best;
        for (let lane = 0; lane < count; lane += 1) {
            let start = flight.start;
            for (const one of this.#flights) {
                if (one.lane !== lane || one.mode !== flight.mode || one.end <= flight.start) continue;
                // All that move are equally fast: a lane is free when the end of the last one has come in.
                const free = one.speed ? one.start + (one.width + gap) / one.speed : one.end;
                if (one.start <= start || free > start) start = Math.max(start, free);
            }
            if (!best || start < best.start) best = { lane, start };
            if (start === flight.start) break;
        }
        return best && best.start - flight.start <= longestWait ? best : undefined;
    }

    /** Those that are seen at `now`, each with its left edge. */
    seen(now) {
        return this.#flights.filter((one) => one.start <= now && now < one.end).slice(-this.look.density)
            .map((flight) => ({ flight, x: this.#left(flight, now) }));
    }

    #left(flight, now) {
        const way = (now - flight.start) * flight.speed;
        switch (flight.mode) {
        case "scroll": return this.width - way;
        case "reverse": return way - flight.width;
        case "positioned": return flight.left;
        default: return (this.width - flight.width) / 2;
        }
    }

    remove(isGone) { this.#flights = this.#flights.filter((one) => !isGone(one.comment)); }
    forget(before) { this.#flights = this.#flights.filter((one) => one.end >= before).slice(-most); }
    get isEmpty() { return this.#flights.length === 0; }
}

/** Shows what flies, in an element that lies over the video. */
export class Danmaku {
    #layer;
    #video;
    #clock;
    #stage = new Stage();
    #shown = new Map();
    #isOn = true;
    #frame;
    #ruler = document.createElement("canvas").getContext("2d");
    #forgottenAt = 0;

    /** @param clock gives the time of the picture that is seen, in milliseconds since 1970; undefined where it is not known. */
    constructor(layer, video, clock) {
        [this.#layer, this.#video, this.#clock] = [layer, video, clock];
        new ResizeObserver(() => this.#measure()).observe(layer.parentElement);
        video.addEventListener("resize", () => this.#measure());
        document.addEventListener("visibilitychange", () => this.#wake());
    }

    get isOn() { return this.#isOn; }

    set isOn(on) {
        if (on === this.#isOn) return;
        this.#isOn = on;
        if (!on) this.#clear();
        this.#wake();
    }

    /** How the room shows comments. */
    set look(look) {
        this.#stage.look = { ...standard, ...look };
        this.#layer.style.opacity = this.#stage.look.opacity;
        this.#wake();
    }

    /** Takes a comment of the stream's time `at`, in milliseconds since 1970. */
    add(comment, at) {
        if (!this.#stage.look.shown) return;
        this.#ruler.font = `600 100px ${getComputedStyle(this.#layer).fontFamily}`;
        const own = (this.#ruler.measureText(words(comment)).width / 100) * this.#stage.look.size;
        this.#stage.add(comment, at / 1000, own + (comment.rank === "paid" ? this.#stage.look.size : 0));
        this.#wake();
    }

    /** Takes comments off the picture. */
    remove(numbers) {
        const gone = new Set(numbers);
        this.#stage.remove((comment) => gone.has(comment.number));
        this.#wake();
    }

    clear() {
        this.#stage.remove(() => true);
        this.#clear();
    }

    /** How many are seen. */
    get count() { return this.#shown.size; }

    #clear() {
        this.#layer.replaceChildren();
        this.#shown.clear();
    }

    /** The layer covers the picture, and not the bars beside it. */
    #measure() {
        const { clientWidth: width, clientHeight: height } = this.#layer.parentElement;
        const ratio = this.#video.videoWidth && this.#video.videoHeight
            ? this.#video.videoWidth / this.#video.videoHeight : 16 / 9;
        const pictureWidth = Math.min(width, height * ratio);
        const pictureHeight = pictureWidth / ratio;
        Object.assign(this.#layer.style, {
            width: `${pictureWidth}px`, height: `${pictureHeight}px`,
            left: `${(width - pictureWidth) / 2}px`, top: `${(height - pictureHeight) / 2}px`,
        });
        this.#stage.width = lines * ratio;
        this.#scale = pictureHeight / lines;
        this.#clear();
        this.#wake();
    }

    #scale = 0.5;

    #wake() {
        if (this.#frame !== undefined || !this.#isOn || document.hidden || this.#stage.isEmpty) return;
        this.#frame = requestAnimationFrame(() => {
            this.#frame = undefined;
            // It may have been switched off meanwhile.
            if (!this.#isOn) return;
            this.#draw();
            this.#wake();
        });
    }

    #draw() {
        const clock = this.#clock();
        if (clock === undefined) return this.#clear();
        const now = clock / 1000;
        if (now - this.#forgottenAt > 5 || now < this.#forgottenAt) {
            this.#forgottenAt = now;
            this.#stage.forget(now - kept);
        }
        const seen = this.#stage.seen(now);
        const isSeen = new Set(seen.map(({ flight }) => flight));
        for (const [flight, place] of this.#shown) {
            if (isSeen.has(flight)) continue;
            place.remove();
            this.#shown.delete(flight);
        }
        for (const { flight, x } of seen) {
            let place = this.#shown.get(flight);
            if (!place) {
                place = this.#make(flight);
                this.#shown.set(flight, place);
                this.#layer.append(place);
            }
            place.style.transform = `translate3d(${x * this.#scale}px, ${flight.top * this.#scale}px, 0)`;
        }
    }

    #make(flight) {
        const { comment } = flight;
        const place = document.createElement("span");
        place.textContent = words(comment);
        if (comment.rank) place.classList.add(comment.rank);
        const color = comment.color ?? this.#stage.look.color;
        place.style.fontSize = `${flight.size * this.#scale}px`;
        if (comment.rank !== "paid") {
            place.style.color = `#${(color & 0xffffff).toString(16).padStart(6, "0")}`;
            // Dark letters get a light edge.
            if (((color >> 16) & 255) * 0.3 + ((color >> 8) & 255) * 0.59 + (color & 255) * 0.11 < 70) {
                place.classList.add("is-dark");
            }
        }
        return place;
    }
}

function words(comment) { return comment.amount ? `${comment.amount}  ${comment.text}` : comment.text; }
