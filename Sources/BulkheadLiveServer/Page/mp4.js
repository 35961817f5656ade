// Cuts a stream of fragmented MP4 (ISO/IEC 14496-12) into what a SourceBuffer is given: the initialization segment, and
// fragments. It reads no more of them than the player decides by.

/** In bytes; what is longer is no stream of ours. */
const longestBox = 64 << 20;

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const name = (bytes, at) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** The boxes in `bytes`, as [type, content]. */
function* boxes(bytes) {
    let at = 0;
    while (at + 8 <= bytes.length) {
        const length = view(bytes).getUint32(at);
        if (length < 8 || at + length > bytes.length) return;
        yield [name(bytes, at + 4), bytes.subarray(at + 8, at + length)];
        at += length;
    }
}

/** The first box that lies at `path`, its content only. */
function find(bytes, ...path) {
    const [type, ...rest] = path;
    for (const [kind, content] of boxes(bytes)) {
        if (kind === type) return rest.length ? find(content, ...rest) : content;
    }
    return undefined;
}

/** The clock of each track of a `moov` box, in ticks a second. */
function clocks(moov) {
    const rates = new Map();
    for (const [kind, track] of boxes(moov)) {
        if (kind !== "trak") continue;
        const header = find(track, "tkhd");
        const media = find(track, "mdia", "mdhd");
        if (!header || !media || header.length < 24 || media.length < 24) continue;
        const id = view(header).getUint32(header[0] === 1 ? 20 : 12);
        rates.set(id, view(media).getUint32(media[0] === 1 ? 20 : 12));
    }
    return rates;
}

/** What the tracks of a `moov` box are, such as "vide soun". */
function kinds(moov) {
    const all = [];
    for (const [kind, track] of boxes(moov)) {
        const handler = kind === "trak" && find(track, "mdia", "hdlr");
        if (handler && handler.length >= 12) all.push(name(handler, 8));
    }
    return all.join(" ");
}

/** The three bytes of H.264's profile and level as they stand in a codec's name; undefined for other codecs. */
function profile(moov) {
    for (let at = 0; at + 8 <= moov.length; at += 1) {
        if (moov[at] === 0x61 && name(moov, at) === "avcC") {
            return [...moov.subarray(at + 5, at + 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        }
    }
    return undefined;
}

/** The fields behind the head of a box that are there by its flags, each of four bytes (of eight where `wide`). */
function fields(content, at, list) {
    const flags = view(content).getUint32(0) & 0xffffff;
    const found = {};
    for (const [flag, field, wide] of list) {
        if (!(flags & flag)) continue;
        if (at + 4 > content.length) break;
        found[field] = view(content).getUint32(at);
        at += wide ? 8 : 4;
    }
    return { found, at, flags };
}

/**
 * Of a `moof` box's first track, which is the picture's where there is one: the times in seconds at which it begins and
 * ends, and whether a decoder can start with it (8.8.3.1, sample_is_non_sync_sample). Times are undefined where they are not
 * known.
 */
function timing(moof, rates) {
    const track = find(moof, "traf");
    const [header, time, run] = ["tfhd", "tfdt", "trun"].map((type) => track && find(track, type));
    if (!header || header.length < 8 || !run || run.length < 8) return { isKey: false };
    const { found: defaults } = fields(header, 8, [
        [0x1, "base", true], [0x2, "description"], [0x8, "duration"], [0x10, "size"], [0x20, "flags"],
    ]);
    const { found: first, at: place, flags } = fields(run, 8, [[0x1, "offset"], [0x4, "flags"]]);
    const parts = [[0x100, "duration"], [0x200, "size"], [0x400, "flags"], [0x800, "composition"]];
    let [ticks, at, sampleFlags] = [0, place, first.flags ?? defaults.flags ?? 0];
    const count = view(run).getUint32(4);
    for (let index = 0; index < count && at <= run.length; index += 1) {
        const sample = fields(run, at, parts);
        // Samples without fields of their own are all alike.
        if (sample.at === at) {
            ticks += (count - index) * (defaults.duration ?? 0);
            break;
        }
        ticks += sample.found.duration ?? defaults.duration ?? 0;
        if (index === 0 && flags & 0x400 && first.flags === undefined) sampleFlags = sample.found.flags ?? sampleFlags;
        at = sample.at;
    }
    const isKey = (sampleFlags & 0x10000) === 0;
    const rate = rates.get(view(header).getUint32(4));
    if (!time || time.length < (time[0] === 1 ? 12 : 8) || !rate) return { isKey };
    const begin = time[0] === 1 ? Number(view(time).getBigUint64(4)) : view(time).getUint32(4);
    return { start: begin / rate, end: (begin + ticks) / rate, isKey };
}

/** Takes a response's bytes as they come. */
export class SegmentReader {
    #rest = new Uint8Array(0);
    #opening = [];
    #rates = new Map();

    /**
     * @returns what `bytes` completes, in order: `{ header, kinds, profile }` and `{ fragment, start, end, isKey }`;
     *     `profile`, `start` and `end` are undefined where they are not known.
     * @throws where they are no MP4.
     */
    take(bytes) {
        const all = new Uint8Array(this.#rest.length + bytes.length);
        all.set(this.#rest);
        all.set(bytes, this.#rest.length);
        const pieces = [];
        let at = 0;
        while (at + 8 <= all.length) {
            const length = view(all).getUint32(at);
            if (length < 8 || length > longestBox) throw new Error("the server sent something that is no MP4");
            if (at + length > all.length) break;
            const piece = this.#box(name(all, at + 4), all.subarray(at, at + length));
            if (piece) pieces.push(piece);
            at += length;
        }
        this.#rest = all.slice(at);
        return pieces;
    }

    #box(type, bytes) {
        if (type === "ftyp") this.#opening = [];
        if (this.#opening.length > 16) throw new Error("the server sent something that is no MP4");
        this.#opening.push(bytes);
        if (type !== "moov" && type !== "mdat") return undefined;
        const whole = new Uint8Array(this.#opening.reduce((sum, box) => sum + box.length, 0));
        let at = 0;
        for (const box of this.#opening) {
            whole.set(box, at);
            at += box.length;
        }
        this.#opening = [];
        if (type === "moov") {
            this.#rates = clocks(bytes.subarray(8));
            return { header: whole, kinds: kinds(bytes.subarray(8)), profile: profile(bytes) };
        }
        const moof = find(whole, "moof") ?? new Uint8Array(0);
        return { fragment: whole, ...timing(moof, this.#rates) };
    }
}
