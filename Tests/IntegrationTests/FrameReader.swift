/// Reads the numbers in the test picture (`FrameCode`) from each picture that the page shows.
enum FrameReader {
    struct Result: Decodable {
        let first: Int
        let last: Int
        /// Numbers that no picture was found to show.
        let missing: [Int]
        /// Those among which every picture that there is shows another: the stream never had them.
        let absent: [Int]
        let backwards: Int
        let skipped: Double
        let connections: Int
    }

    static let script = """
        void (globalThis.reader = (() => {
            const video = document.querySelector("video");
            const canvas = document.createElement("canvas");
            const context = canvas.getContext("2d", { willReadFrequently: true });
            const checksum = (number) => {
                let crc = 0;
                for (const shift of [24, 16, 8, 0]) {
                    crc ^= (number >>> shift) & 255;
                    for (let bit = 0; bit < 8; bit += 1) crc = crc & 128 ? ((crc << 1) ^ 7) & 255 : crc << 1;
                }
                return crc;
            };
            const read = () => {
                const [width, height] = [video.videoWidth, video.videoHeight];
                const rows = Math.max(8, Math.floor(height / 20) & ~1);
                const cell = Math.floor(width / 44);
                const left = Math.floor((width - cell * 44) / 2);
                [canvas.width, canvas.height] = [width, rows];
                context.drawImage(video, 0, height - rows, width, rows, 0, 0, width, rows);
                const pixels = context.getImageData(0, Math.floor(rows / 2), width, 1).data;
                const cells = Array.from({ length: 44 }, (_, index) =>
                    pixels[4 * (left + index * cell + Math.floor(cell / 2)) + 1] > 127 ? 1 : 0);
                if (!cells[0] || cells[1] || cells[42] || !cells[43]) return undefined;
                const value = (from, to) => cells.slice(from, to).reduce((sum, bit) => sum * 2 + bit, 0);
                const number = value(2, 34);
                return checksum(number) === value(34, 42) ? number : undefined;
            };
            const reader = { numbers: [], unread: 0 };
            const look = (_, { mediaTime }) => {
                if (reader.isDone) return;
                const number = read();
                if (number === undefined) reader.unread += 1;
                else reader.numbers.push({ number, mediaTime });
                video.requestVideoFrameCallback(look);
            };
            video.requestVideoFrameCallback(look);
            /** How much of the stream was read, in seconds. */
            reader.seconds = () => reader.numbers.at(-1).mediaTime - reader.numbers[0].mediaTime;
            const wait = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
            const isBuffered = (time) => Array.from({ length: video.buffered.length }, (_, index) => index)
                .some((index) => time >= video.buffered.start(index) && time < video.buffered.end(index));
            /** The picture at `time`, and when it begins; undefined where the browser doesn't say. */
            const picture = async (time) => {
                // A browser waits for what is in no buffer.
                if (!isBuffered(time)) return undefined;
                let last;
                // A browser that has too little time shows a picture only at the next attempt, or the one before once more.
                for (let attempt = 0; attempt < 5; attempt += 1) {
                    const shown = new Promise((resolve) => {
                        video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime));
                    });
                    const sought = new Promise((resolve) => { video.onseeked = resolve; });
                    video.currentTime = time + attempt * 0.001;
                    await Promise.race([sought, wait(2000)]);
                    const mediaTime = await Promise.race([shown, wait(200 << attempt)]);
                    if (mediaTime === undefined) continue;
                    const found = { mediaTime, number: read() };
                    const isDue = mediaTime > time - 0.03 && mediaTime < time + 0.01;
                    if (isDue || attempt > 1 && last?.mediaTime === mediaTime && mediaTime < time) return found;
                    last = found;
                }
                return undefined;
            };
            /** The browser tells of pictures when it can: those between are looked up in what is buffered. */
            reader.finish = async () => {
                reader.isDone = true;
                bulkhead.player.pause();
                const seen = reader.numbers;
                const backwards = seen.filter((one, index) => index && one.number < seen[index - 1].number).length;
                const [missing, absent] = [[], []];
                for (const [index, one] of seen.slice(1).entries()) {
                    const before = seen[index];
                    // What the browser has let go of can't be looked up any more: a slow machine takes long for a round.
                    if (one.number <= before.number + 1 || before.mediaTime < video.buffered.start(0)) continue;
                    const found = new Set();
                    let isSure = true;
                    for (let time = before.mediaTime + 0.06; time < one.mediaTime + 0.01; time += 0.04) {
                        const picked = await picture(time);
                        if (picked) found.add(picked.number);
                        else isSure = false;
                    }
                    for (let number = before.number + 1; number < one.number; number += 1) {
                        if (!found.has(number)) (isSure ? absent : missing).push(number);
                    }
                }
                return {
                    first: seen[0].number, last: seen.at(-1).number, missing, absent, backwards, unread: reader.unread,
                    skipped: bulkhead.player.skipped, connections: bulkhead.player.connections,
                };
            };
            return reader;
        })())
        """
}
