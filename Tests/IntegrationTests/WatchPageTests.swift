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
            var count = 0
            while count < takeovers {
                if count > 0 {
                    _ = try await browser.evaluate(FrameReader.script)
                    _ = try await browser.evaluate("bulkhead.player.start()")
                }
                let survived = try await survive(takeovers - count, program, browser)
                #expect(survived > 0)
                if survived == 0 { break }
                count += survived
            }
            #expect(browser.complaints.isEmpty)
            await program.end()
        }
        await server.end()
    }

    /// Kills up to `most` encoders, as many as the browser's buffer holds: it keeps half a minute, in which pictures are looked up
    /// that the browser did not tell of. On a busy machine that is fewer than on an idle one.
    /// - Returns: how many were killed.
    private func survive(_ most: Int, _ program: RunningProcess, _ browser: Browser) async throws -> Int {
        #expect(try await browser.waits(for: "reader.numbers.length > 25"), "\(browser.complaints)")
        var killed = 0
        while killed < most, try await browser.evaluate("reader.seconds() < 18") == "true" {
            killed += 1
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
        if takeovers > 3 { print("takeovers: \(killed), \(seen)") }
        return killed
    }

    /// Its server is killed and comes back: the page goes on by itself, and what it left out it says.
    @Test func pageComesBackToARestartedServer() async throws {
        let first = try await EmbeddedServer()
        let program = try broadcast(to: first, "key")
        try await withPage(of: first, "key") { browser in
            #expect(try await browser.waits(for: "reader.numbers.length > 25"), "\(browser.complaints)")
            await first.end(signal: SIGKILL)
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

    /// A broadcast's own server is killed under the page, three times: the page asks the next one for what follows.
    @Test func pageComesBackToAKilledOrigin() async throws {
        let program = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--video-bitrate", "400k",
            "--keyframe-interval", "1s", "--standby", "off", "--origin", "127.0.0.1:0",
        ])
        func address() -> String? {
            program.errorText.firstMatch(of: /ready at (http:\/\/127\.0\.0\.1:\d+)\//).map { String($0.1) }
        }
        #expect(await eventually(within: .seconds(30)) { address() != nil }, "\(program.errorText)")
        let browser = try await Browser()
        try await browser.open(try #require(address()) + "/#live/main")
        #expect(try await browser.waits(for: "globalThis.bulkhead?.player"))
        _ = try await browser.evaluate(FrameReader.script)
        #expect(try await browser.waits(for: "reader.numbers.length > 25"), "\(browser.complaints)")
        for _ in 1...3 {
            let origin = try #require(ProcessTable.children(of: program.pid, named: "bulkhead-origin").first)
            kill(origin, SIGKILL)
            let before = try await browser.evaluate("bulkhead.player.connections", as: Int.self)
            #expect(try await browser.waits(for: "bulkhead.player.connections > \(before)"))
            let count = try await browser.evaluate("reader.numbers.length", as: Int.self)
            #expect(try await browser.waits(for: "reader.numbers.length > \(count) + 50"))
        }
        #expect(try await browser.waits(within: .seconds(60), for: "bulkhead.player.delay <= 1.5"))
        let seen = try await browser.evaluate("reader.finish()", as: FrameReader.Result.self)
        #expect(seen.missing.isEmpty && seen.backwards == 0 && seen.connections >= 4, "\(seen)")
        if takeovers > 3 { print("restarts: \(seen)") }
        await browser.end()
        await program.end()
    }

    /// A publisher is killed, and the next one's stream begins seconds later in time: browsers stop before the end of what they have.
    @Test func pageGoesOnBehindAHole() async throws {
        let server = try await EmbeddedServer()
        func publish() throws -> RunningProcess {
            try RunningProcess(
                "ffmpeg",
                [
                    "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-re", "-f",
                    "lavfi", "-i", "sine", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p",
                    "-c:a", "aac", "-f", "flv", server.url("key"),
                ])
        }
        try await withPage(of: server, "key") { browser in
            let time = "document.querySelector('video').currentTime"
            var before = 0.0
            for _ in 1...3 {
                let publisher = try publish()
                #expect(
                    try await browser.waits(for: "bulkhead.player.state == 'playing' && \(time) > \(before) + 3"),
                    "\(publisher.errorText)")
                before = try await browser.evaluate(time, as: Double.self)
                await publisher.end(signal: SIGKILL)
            }
            #expect(browser.complaints.isEmpty)
        }
        await server.end()
    }

    /// An encoder hangs and its standby with it: pictures come late, sound does not, and the page shows all of both.
    @Test func pageShowsPicturesThatAreLate() async throws {
        let server = try await EmbeddedServer()
        let program = try broadcast(to: server, "key")
        try await withPage(of: server, "key") { browser in
            #expect(try await browser.waits(for: "reader.numbers.length > 25"), "\(browser.complaints)")
            for pid in encoders(of: program) { kill(pid, SIGSTOP) }
            let count = try await browser.evaluate("reader.numbers.length", as: Int.self)
            #expect(try await browser.waits(for: "reader.numbers.length > \(count) + 75"))
            let seen = try await browser.evaluate("reader.finish()", as: FrameReader.Result.self)
            #expect(seen.missing.isEmpty && seen.backwards == 0 && seen.connections == 1, "\(seen)")
        }
        await program.end()
        await server.end()
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
        #expect(try await browser.waits(for: "document.querySelector('#streams strong')?.checkVisibility()"))
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
