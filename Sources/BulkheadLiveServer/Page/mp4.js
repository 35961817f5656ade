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

/** The time in seconds at which a `moof` box begins: of its first track, which is the picture's where there is one. */
function start(moof, rates) {
    const track = find(moof, "traf");
    const header = track && find(track, "tfhd");
    const time = track && find(track, "tfdt");
    if (!header || !time || header.length < 8 || time.length < (time[0] === 1 ? 12 : 8)) return undefined;
    const rate = rates.get(view(header).getUint32(4));
    const ticks = time[0] === 1 ? Number(view(time).getBigUint64(4)) : view(time).getUint32(4);
    return rate ? ticks / rate : undefined;
}

/** Whether a decoder can start with a fragment: the flags of its first sample (8.8.3.1, sample_depends_on). */
function isKey(moof) {
    const run = find(moof, "traf", "trun");
    if (!run || run.length < 8) return false;
    const flags = view(run).getUint32(0) & 0xffffff;
    let at = 8 + (flags & 0x1 ? 4 : 0);
    if (!(flags & 0x4)) at += (flags & 0x100 ? 4 : 0) + (flags & 0x200 ? 4 : 0);
    if (!(flags & 0x404)) return true;
    return at + 4 <= run.length && (view(run).getUint32(at) & 0x10000) === 0;
}

/** Takes a response's bytes as they come. */
export class SegmentReader {
    #rest = new Uint8Array(0);
    #opening = [];
    #rates = new Map();

    /**
     * @returns what `bytes` completes, in order: `{ header, kinds, profile }` and `{ fragment, start, isKey }`;
     *     `profile` and `start` are undefined where they are not known.
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
        return { fragment: whole, start: start(moof, this.#rates), isKey: isKey(moof) };
    }
}
