import BulkheadFaults
import BulkheadTestSupport
import Foundation
import Testing

/// The page in a browser, whose nodes and trackers fail.
@Suite(.serialized, .timeLimit(.minutes(4))) struct PageTests {
    /// A recording of a minute that a browser can decode.
    private static func record(in folder: TemporaryFolder) async throws -> String {
        let path = folder.path("show.mp4")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--fast", "--to", "file:/dev/null", "--duration", "60", "--size", "160x90", "--fps",
            "10",
            "--keyframe-interval", "1", "--preset", "ultrafast", "--record", path,
        ])
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        return path
    }

    private func withPage(
        trackers: [String] = [], _ body: (Browser, FailoverStage) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let recording = try await Self.record(in: folder)
        let stage = try await FailoverStage(trackers: trackers) { place in
            for end in [".index", ""] {
                try FileManager.default.copyItem(atPath: recording + end, toPath: "\(place)/show.mp4\(end)")
            }
        }
        let browser = try await Browser()
        do { try await body(browser, stage) } catch {
            await browser.end()
            await stage.end()
            throw error
        }
        await browser.end()
        await stage.end()
    }

    private static let plays = "document.getElementById('video')?.currentTime > 0.5"
    private static func says(_ text: String) -> String {
        "document.getElementById('where')?.textContent?.includes(\(String(reflecting: text)))"
    }

    private func said(_ browser: Browser) async throws -> String {
        try await browser.evaluate("document.getElementById('where')?.textContent")
    }

    @Test func pagePassesANodeThatSaysNothing() async throws {
        try await withPage { browser, stage in
            try await stage.path.set(.stalled)
            try await browser.open("\(stage.library.address("centre"))/#\(stage.id)")
            #expect(try await browser.waits(for: Self.says("From far")))
            let isPlaying = try await browser.waits(for: Self.plays)
            let text = try await said(browser)
            #expect(isPlaying, "\(text)")
        }
    }

    @Test func pageGoesOnWhereTheNodeDied() async throws {
        try await withPage { browser, stage in
            try await browser.open("\(stage.library.address("centre"))/#\(stage.id)")
            #expect(try await browser.waits(for: Self.plays))
            #expect(try await browser.waits(for: Self.says("From near")))
            let link = "document.getElementById('rtmp')"
            let isShown = "\(link).textContent === 'RTMPS' && !\(link).hidden"
            #expect(
                try await browser.waits(for: "\(isShown) && \(link).href.startsWith('rtmps://127.0.0.1:1936/media/')"))
            await stage.library.kill("near")
            _ = try await browser.evaluate("String(document.getElementById('video').currentTime = 50)")
            #expect(try await browser.waits(for: Self.says("From far")))
            #expect(try await browser.waits(for: "\(link).hidden"))
            let goesOn = try await browser.waits(for: "document.getElementById('video')?.currentTime > 51")
            let text = try await said(browser)
            #expect(goesOn, "\(text)")
        }
    }

    /// A stream of a live server is beside the recordings, by the title that its publisher gives, and plays.
    @Test func pageShowsLiveRooms() async throws {
        let serve = try BulkheadProgram.start(["serve", "--listen", "127.0.0.1:0", "--json"])
        #expect(await eventually(within: .seconds(20)) { serve.outputText.contains("server.ready") })
        let port = try #require(serve.outputText.firstMatch(of: #/rtmp://127\.0\.0\.1:?(\d*)/#)?.1)
        let server = "127.0.0.1:\(port.isEmpty ? "1935" : port)"
        let publisher = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=10", "-c:v", "libx264", "-g", "10",
                "-pix_fmt", "yuv420p", "-metadata", "title=Evening 晚 <b>", "-f", "flv", "rtmp://\(server)/live/show",
            ])
        let folder = try TemporaryFolder()
        let library = try await LibraryUnderTest([
            "serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0", "--live", "http://\(server)",
        ])
        let browser = try await Browser()
        try await browser.open(library.address + "/")
        let isShown = try await browser.waits(
            for: "document.querySelector('#live button .name')?.textContent === 'Evening 晚 <b>'")
        let rooms = try await library.get("/live").text
        #expect(isShown, "\(rooms) \(publisher.errorText)")
        _ = try await browser.evaluate("String(document.querySelector('#live button').click())")
        let isPlaying = try await browser.waits(for: Self.plays)
        let text = try await said(browser)
        #expect(isPlaying && text.contains("From local"), "\(text)")
        // The address that is shown then leads there.
        try await browser.open(library.address + "/?again#live/live/show")
        #expect(try await browser.waits(for: Self.plays))
        await publisher.end()
        #expect(try await browser.waits(for: "document.getElementById('rooms').hidden"))
        await browser.end()
        await library.process.end()
        await serve.end()
    }

    /// The page's own tracker dies: what it is told of others is asked.
    @Test func pageAsksAnotherTracker() async throws {
        try await withPage(trackers: ["t2"]) { browser, stage in
            try await browser.open(stage.library.address("centre") + "/")
            #expect(try await browser.waits(for: "document.querySelectorAll('#list button').length == 1"))
            await stage.library.kill("centre")
            _ = try await browser.evaluate("String(document.querySelector('#list button').click())")
            let isPlaying = try await browser.waits(for: Self.plays)
            let text = try await said(browser)
            #expect(isPlaying, "\(text)")
        }
    }
}
