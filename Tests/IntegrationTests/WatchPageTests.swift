import BulkheadTestSupport
import Foundation
import Testing

private let takeovers = ProcessInfo.processInfo.environment["BULKHEAD_TAKEOVERS"].flatMap { Int($0) } ?? 3

/// The watch page in a real browser: what a viewer sees and hears of a broadcast of the real programs.
///
/// `BULKHEAD_TAKEOVERS=200` kills so many encoders.
@Suite(.serialized, .timeLimit(.minutes(2 + takeovers / 10))) struct WatchPageTests {
    private func broadcast(to server: EmbeddedServer, _ key: String) throws -> RunningProcess {
        try BulkheadProgram.start([
            "broadcast", "test", "--to", server.url(key), "--size", "320x180", "--fps", "25", "--preset", "ultrafast",
            "--video-bitrate", "400k",
        ])
    }

    private func withPage(
        of server: EmbeddedServer, _ key: String, _ body: (Browser) async throws -> Void
    ) async throws {
        let browser = try await Browser()
        try await browser.open("http://127.0.0.1:\(server.port)/#live/\(key)")
        #expect(try await browser.waits(for: "globalThis.bulkhead?.player"))
        _ = try await browser.evaluate(FrameReader.script)
        do {
            try await body(browser)
        } catch {
            await browser.end()
            throw error
        }
        await browser.end()
    }

    /// The encoder on air: the oldest.
    private func encoders(of program: RunningProcess) -> [Int32] {
        ProcessTable.children(of: program.pid, named: "bulkhead-encoder").sorted()
    }

    @Test func pageWaitsForAStreamAndShowsEachPictureOverTakeovers() async throws {
        let server = try await EmbeddedServer()
        try await withPage(of: server, "key") { browser in
            #expect(try await browser.waits(for: "bulkhead.player.state == 'waiting'"))
            #expect(
                try await browser.evaluate("document.getElementById('notice-text').textContent").contains("not on air"))
            let program = try broadcast(to: server, "key")
            // The browser keeps half a minute, in which pictures are looked up: a round takes less.
            for round in stride(from: 0, to: takeovers, by: 10) {
                if round > 0 {
                    _ = try await browser.evaluate(FrameReader.script)
                    _ = try await browser.evaluate("bulkhead.player.start()")
                }
                try await survive(min(10, takeovers - round), program, browser)
            }
            #expect(browser.complaints.isEmpty)
            await program.end()
        }
        await server.end()
    }

    private func survive(_ count: Int, _ program: RunningProcess, _ browser: Browser) async throws {
        #expect(try await browser.waits(for: "reader.numbers.length > 25"), "\(browser.complaints)")
        for _ in 0..<count {
            let pids = encoders(of: program)
            #expect(pids.count == 2)
            if let first = pids.first { kill(first, SIGKILL) }
            let count = try await browser.evaluate("reader.numbers.length", as: Int.self)
            #expect(try await browser.waits(for: "reader.numbers.length > \(count) + 25"))
            #expect(await eventually { encoders(of: program).first != pids.first && encoders(of: program).count == 2 })
        }
        // A machine that is too busy lets the buffer run empty now and then, and the page catches up.
        #expect(try await browser.waits(for: "bulkhead.player.delay <= 1.5"))
        let seen = try await browser.evaluate("reader.finish()", as: FrameReader.Result.self)
        #expect(seen.missing.isEmpty && seen.backwards == 0, "\(seen)")
        #expect(seen.last - seen.first > 50, "\(seen)")
    }

    /// Its server is killed and comes back: the page goes on by itself, and what it left out it says.
    @Test func pageComesBackToARestartedServer() async throws {
        let first = try await EmbeddedServer()
        let program = try broadcast(to: first, "key")
        try await withPage(of: first, "key") { browser in
            #expect(try await browser.waits(for: "reader.numbers.length > 25"), "\(browser.complaints)")
            kill(first.pid, SIGKILL)
            let count = try await browser.evaluate("reader.numbers.length", as: Int.self)
            let second = try await EmbeddedServer(port: first.port)
            #expect(try await browser.waits(for: "reader.numbers.length > \(count) + 50"))
            let seen = try await browser.evaluate("reader.finish()", as: FrameReader.Result.self)
            #expect(seen.missing.isEmpty || seen.skipped > 0, "\(seen)")
            #expect(seen.backwards == 0 && seen.connections == 2, "\(seen)")
            await second.end()
        }
        await program.end()
    }

    /// One publisher after the other: another size, no sound any more, and sound alone.
    @Test func pageFollowsOtherTracks() async throws {
        let server = try await EmbeddedServer()
        func picture(_ size: String) -> [String] { ["-f", "lavfi", "-i", "testsrc2=size=\(size):rate=25"] }
        let sound = ["-f", "lavfi", "-i", "sine"]
        func publish(_ inputs: [String]) throws -> RunningProcess {
            let codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
            return try RunningProcess(
                "ffmpeg",
                ["-v", "error", "-nostdin", "-re"] + inputs + codecs + ["-f", "flv", server.url("key")])
        }
        try await withPage(of: server, "key") { browser in
            let plays = "bulkhead.player.state == 'playing' && document.querySelector('video')"
            let first = try publish(picture("320x180") + ["-re"] + sound)
            #expect(try await browser.waits(for: "\(plays).videoWidth == 320"), "\(first.errorText)")
            await first.end()
            let second = try publish(picture("480x270"))
            #expect(try await browser.waits(for: "\(plays).videoWidth == 480"), "\(second.errorText)")
            #expect(try await browser.evaluate("bulkhead.player.codecs").contains("mp4a") == false)
            await second.end()
            let third = try publish(sound)
            #expect(
                try await browser.waits(for: "\(plays).videoWidth == 0 && bulkhead.player.codecs == 'mp4a.40.2'"),
                "\(third.errorText)")
            await third.end()
            #expect(browser.complaints.isEmpty)
        }
        await server.end()
    }

    @Test func soundComesWithAClickAndIsRemembered() async throws {
        let server = try await EmbeddedServer()
        let program = try broadcast(to: server, "key")
        try await withPage(of: server, "key") { browser in
            #expect(try await browser.waits(for: "bulkhead.player.state == 'playing'"), "\(browser.complaints)")
            #expect(try await browser.evaluate("document.querySelector('video').muted") == "true")
            #expect(try await browser.waits(for: "!document.getElementById('sound-on').hidden"))
            _ = try await browser.evaluate("document.getElementById('sound-on').click()")
            _ = try await browser.evaluate(SoundReader.script)
            // 1000 Hz, a tenth of each second.
            #expect(try await browser.waits(for: "sound.peaks().some((hertz) => Math.abs(hertz - 1000) < 50)"))
            #expect(try await browser.waits(for: "document.getElementById('sound-on').hidden"))
            try await browser.strike("m")
            #expect(try await browser.waits(for: "document.querySelector('video').muted"))
            try await browser.strike("m")
            try await browser.strike("i")
            #expect(try await browser.waits(for: "/320 × 180/.test(document.getElementById('figures').textContent)"))
            #expect(try await browser.evaluate("localStorage.getItem('bulkhead.sound')") == #""on""#)
            // Nothing is fetched while it is paused, and it comes back to what is live.
            try await browser.strike(" ")
            #expect(try await browser.waits(for: "bulkhead.player.state == 'paused'"))
            let time = try await browser.evaluate("document.querySelector('video').currentTime", as: Double.self)
            try await browser.strike(" ")
            #expect(
                try await browser.waits(
                    for:
                        "bulkhead.player.state == 'playing' && document.querySelector('video').currentTime > \(time) + 1"
                ))
            #expect(browser.complaints.isEmpty)
        }
        await program.end()
        await server.end()
    }

    /// A name of a stream is words, whatever it contains.
    @Test func streamsAreListedAndTheirNamesAreNoMarkup() async throws {
        let server = try await EmbeddedServer()
        let name = "<img src=x onerror=alert(1)>"
        let program = try broadcast(to: server, "%3Cimg%20src=x%20onerror=alert(1)%3E")
        let browser = try await Browser(width: 390, height: 844, isDark: true)
        try await browser.open("http://127.0.0.1:\(server.port)/")
        #expect(try await browser.waits(for: "document.querySelector('#streams strong')"))
        let title = try await browser.evaluate("document.querySelector('#streams strong').textContent", as: String.self)
        #expect(title == "live/\(name)" || title == "live/%3Cimg%20src=x%20onerror=alert(1)%3E")
        #expect(try await browser.evaluate("document.querySelectorAll('#streams img').length") == "0")
        // Nothing is wider than a phone.
        #expect(try await browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == "true")
        _ = try await browser.evaluate("document.querySelector('#streams a').click()")
        #expect(try await browser.waits(for: "bulkhead.player?.state == 'playing'"))
        #expect(try await browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == "true")
        await browser.end()
        await program.end()
        await server.end()
    }
}

/// Reads the numbers in the test picture (`FrameCode`) from each picture that the page shows.
private enum FrameReader {
    struct Result: Decodable {
        let first: Int
        let last: Int
        /// Numbers that no picture in the buffer shows.
        let missing: [Int]
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
            /** The browser tells of pictures when it can: those between are looked up in what is buffered. */
            reader.finish = async () => {
                reader.isDone = true;
                bulkhead.player.pause();
                const seen = reader.numbers;
                const found = new Set(seen.map((one) => one.number));
                const backwards = seen.filter((one, index) => index && one.number < seen[index - 1].number).length;
                const [first, last] = [seen[0].number, seen.at(-1).number];
                let missing = [];
                // A browser that has too little time shows a picture only at the next attempt.
                for (let patience = 200; patience <= 1600; patience *= 2) {
                    for (const [index, one] of seen.slice(1).entries()) {
                        const before = seen[index];
                        for (let time = before.mediaTime + 0.02; time < one.mediaTime; time += 0.04) {
                            const gap = [before.number + 1, one.number - 1];
                            if (!missing.some((number) => number >= gap[0] && number <= gap[1]) && patience > 200) break;
                            if (gap[1] < gap[0]) break;
                            const sought = new Promise((resolve) => { video.onseeked = resolve; });
                            const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
                            video.currentTime = time;
                            await sought;
                            await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, patience))]);
                            found.add(read());
                        }
                    }
                    missing = [];
                    for (let number = first; number <= last; number += 1) if (!found.has(number)) missing.push(number);
                    if (!missing.length) break;
                }
                return {
                    first, last, missing, backwards, unread: reader.unread,
                    skipped: bulkhead.player.skipped, connections: bulkhead.player.connections,
                };
            };
            return reader;
        })())
        """
}

/// Finds the strongest tone in what the page plays.
private enum SoundReader {
    static let script = """
        void (globalThis.sound = (() => {
            const audio = new AudioContext();
            const analyser = audio.createAnalyser();
            analyser.fftSize = 4096;
            const source = audio.createMediaElementSource(document.querySelector("video"));
            source.connect(analyser);
            analyser.connect(audio.destination);
            audio.resume();
            const peaks = [];
            setInterval(() => {
                const levels = new Float32Array(analyser.frequencyBinCount);
                analyser.getFloatFrequencyData(levels);
                const best = levels.indexOf(Math.max(...levels));
                if (levels[best] > -60) peaks.push(best * audio.sampleRate / analyser.fftSize);
            }, 20);
            return { peaks: () => peaks };
        })())
        """
}
