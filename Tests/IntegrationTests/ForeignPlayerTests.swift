import BulkheadTestSupport
import Foundation
import Testing

private let seconds = ProcessInfo.processInfo.environment["BULKHEAD_HLS_SECONDS"].flatMap { Int($0) } ?? 20

/// HLS with low latency as hls.js plays it, which others wrote: in Chromium, from the package that `make test-deps` fetches.
///
/// `BULKHEAD_HLS_SECONDS=600` watches for so long.
@Suite(.timeLimit(.minutes(3 + seconds / 60))) struct ForeignPlayerTests {
    private static var script: String {
        get throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let url = root.appendingPathComponent(".build/python/hls.js")
            try #require(FileManager.default.fileExists(atPath: url.path), "hls.js is missing: run make test-deps")
            let text = try String(contentsOf: url, encoding: .utf8)
            // The package gives functions around the player away, and not the player.
            let name = try #require(text.firstMatch(of: /return (\w+)\.isSupported\(\)/)).1
            return text + ";export { \(name) as Hls };"
        }
    }

    private struct Figures: Decodable {
        /// From the wall clock at the server to the picture that is shown, in seconds.
        let least: Double
        let mean: Double
        let most: Double
        /// Of the stream, in seconds.
        let played: Double
        let stalls: Int
        let dropped: Int
        let frames: Int
        let errors: [String]
    }

    @Test func hlsJSKeepsUp() async throws {
        let server = try await EmbeddedServer()
        let program = try BulkheadProgram.start([
            "broadcast", "test", "--to", server.url("key"), "--size", "320x180", "--fps", "25", "--preset", "ultrafast",
            "--video-bitrate", "400k", "--keyframe-interval", "1s", "--standby", "off",
        ])
        let browser = try await Browser()
        // A page of the same server that has nothing of its own.
        try await browser.open("http://127.0.0.1:\(server.port)/status")
        #expect(
            try await browser.waits(for: "/\"codecs\"/.test(document.body.textContent) || (location.reload(), false)"))
        let source = try String(decoding: JSONEncoder().encode(Self.script), as: UTF8.self)
        _ = try await browser.evaluate(
            """
            (async () => {
                const url = URL.createObjectURL(new Blob([\(source)], { type: "text/javascript" }));
                const { Hls: found } = await import(url);
                const video = document.body.appendChild(document.createElement("video"));
                video.muted = true;
                const hls = new found({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.1 });
                const judge = globalThis.judge = { delays: [], stalls: 0, errors: [], version: found.version };
                hls.on(found.Events.ERROR, (_, data) => {
                    if (data.details === "bufferStalledError") judge.stalls += 1;
                    else judge.errors.push(`${data.fatal ? "fatal " : ""}${data.details} ${data.reason ?? ""}`.trim());
                });
                hls.loadSource("/live/key/index.m3u8");
                hls.attachMedia(video);
                hls.on(found.Events.MANIFEST_PARSED, () => video.play());
                judge.look = () => {
                    const date = hls.playingDate;
                    if (date) judge.delays.push((Date.now() - date) / 1000);
                };
                judge.figures = () => {
                    const { totalVideoFrames: frames, droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
                    const { delays, stalls, errors } = judge;
                    return {
                        least: Math.min(...delays), most: Math.max(...delays),
                        mean: delays.reduce((sum, one) => sum + one, 0) / delays.length,
                        played: video.currentTime - judge.start, stalls, dropped, frames, errors,
                    };
                };
                judge.begin = () => {
                    judge.start = video.currentTime;
                    [judge.delays, judge.stalls] = [[], 0];
                    setInterval(judge.look, 100);
                };
                judge.video = video;
            })()
            """)
        #expect(try await browser.evaluate("judge.version").contains("1.6."))
        #expect(try await browser.waits(for: "judge.video.currentTime > 0 && !judge.video.paused"))
        let start = try await browser.evaluate("judge.video.currentTime", as: Double.self)
        #expect(try await browser.waits(for: "judge.video.currentTime > \(start) + 3"))
        _ = try await browser.evaluate("judge.begin()")
        let isThrough = try await browser.waits(
            within: .seconds(seconds * 2 + 20), for: "judge.video.currentTime - judge.start >= \(seconds)")
        let figures = try await browser.evaluate("judge.figures()", as: Figures.self)
        if seconds > 20 { print("hls.js: \(figures)") }
        #expect(isThrough && figures.mean < 3, "\(figures)")
        #expect(!figures.errors.contains { $0.hasPrefix("fatal") }, "\(figures)")
        await browser.end()
        await program.end()
        await server.end()
    }
}
