import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// The room beside the picture in a real browser: a broadcast's own server, its page, and its room.
///
/// `BULKHEAD_SHOTS=FOLDER` leaves pictures of the page there.
@Suite(.serialized, .timeLimit(.minutes(3))) struct WatchRoomTests {
    private static func broadcast(_ folder: TemporaryFolder, _ more: [String] = []) throws -> RunningProcess {
        try BulkheadProgram.start(
            [
                "broadcast", "test", "--size", "640x360", "--fps", "25", "--preset", "ultrafast", "--standby", "off",
                "--origin", "127.0.0.1:0", "--room", "evening", "--control", "unix:\(folder.path("c"))",
            ] + more, environment: ["XDG_STATE_HOME": folder.path("state")])
    }

    private static func page(of broadcast: RunningProcess) async throws -> String {
        func address() -> String? {
            broadcast.errorText.firstMatch(of: /ready at (http:\/\/127\.0\.0\.1:\d+)\//).map { String($0.1) }
        }
        #expect(await eventually(within: .seconds(30)) { address() != nil }, "\(broadcast.errorText)")
        return try #require(address()) + "/#live/main"
    }

    @discardableResult
    private static func room(_ folder: TemporaryFolder, _ words: String...) async throws -> String {
        let command = try BulkheadProgram.start(["room"] + words + ["--attach", "unix:\(folder.path("c"))"])
        #expect(await command.wait(timeout: .seconds(30)) == 0, "\(words): \(command.errorText)")
        return command.outputText
    }

    /// A viewer with the page open.
    private func withPage(
        _ more: [String] = [], width: Int = 1280, height: Int = 800, isDark: Bool = false,
        _ body: (Browser, TemporaryFolder, RunningProcess) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let program = try Self.broadcast(folder, more)
        let browser = try await Browser(width: width, height: height, isDark: isDark)
        do {
            try await browser.open(try await Self.page(of: program))
            #expect(try await browser.waits(for: "globalThis.bulkhead?.player?.state == 'playing'"))
            #expect(try await browser.waits(for: "bulkhead.room.board"))
            try await body(browser, folder, program)
            #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        } catch {
            await browser.end()
            await program.end()
            throw error
        }
        await browser.end()
        await program.end()
    }

    private static func shoot(_ browser: Browser, _ name: String) async throws {
        guard let folder = ProcessInfo.processInfo.environment["BULKHEAD_SHOTS"] else { return }
        try await browser.shoot("\(folder)/\(name).png")
    }

    private static let lists = "[...document.querySelectorAll('#comments li')].map((one) => one.textContent)"

    @Test(arguments: [(1280, 800, false), (390, 844, true)])
    func theRoomIsBesideThePicture(width: Int, height: Int, isDark: Bool) async throws {
        try await withPage(width: width, height: height, isDark: isDark) { browser, folder, _ in
            #expect(try await browser.evaluate("document.getElementById('say').hidden") == "true")
            try await Self.room(
                folder, "set", "title=Evening show", "category=Music", "notice=Be kind to each other.", "viewers=on")
            try await Self.room(folder, "pin", "The next song is chosen by you", "--by", "Ann")
            try await Self.room(folder, "say", "well done", "--paid", "5", "--currency", "EUR", "--by", "Bo")
            for text in [
                "Good evening from 上海", "<script>document.title = 'x'</script>", "<img src=x onerror=alert(1)>",
                "\u{202E}evil",
            ] {
                try await Self.room(folder, "say", text, "--by", "<b>Cyd</b>")
            }
            // Over the picture, where its time has come.
            #expect(try await browser.waits(for: "document.querySelector('#danmaku span')"))
            try await Self.room(folder, "say", String(repeating: "long ", count: 2000), "--by", "Dee")
            #expect(try await browser.waits(for: "\(Self.lists).length == 6"))
            #expect(try await browser.evaluate("document.getElementById('title').textContent") == #""Evening show""#)
            let all = try await browser.evaluate(Self.lists, as: [String].self)
            #expect(all[0].contains("5.00 EUR") && all[0].contains("well done"), "\(all)")
            #expect(all[2] == "<b>Cyd</b> <script>document.title = 'x'</script>")
            #expect(all[3] == "<b>Cyd</b> <img src=x onerror=alert(1)>")
            #expect(all[4] == "<b>Cyd</b> evil")
            #expect(all[5].count < 110)
            #expect(
                try await browser.evaluate(
                    "document.querySelectorAll('#room img, #room script, #stage img, #room b').length") == "0")
            #expect(
                try await browser.evaluate("document.getElementById('pinned').textContent").contains("chosen by you"))
            #expect(try await browser.evaluate("document.getElementById('paid').textContent").contains("5.00 EUR"))
            #expect(try await browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == "true")
            try await Self.shoot(browser, "room-\(width)-\(isDark ? "dark" : "light")")
            // What a viewer has chosen is remembered.
            try await browser.strike("d")
            #expect(
                try await browser.evaluate("[bulkhead.danmaku.isOn, localStorage.getItem('bulkhead.danmaku')]")
                    == #"[false,"off"]"#)
            #expect(try await browser.evaluate("document.querySelectorAll('#danmaku span').length") == "0")
            try await Self.room(folder, "block", "evil")
            #expect(try await browser.waits(for: "\(Self.lists).length == 5"))
        }
    }

    @Test func whatAViewerWritesComesIntoTheRoomOnce() async throws {
        try await withPage { browser, folder, program in
            try await Self.room(folder, "set", "viewers=on")
            #expect(try await browser.waits(for: "!document.getElementById('say').hidden"))
            func say(_ text: String) async throws {
                _ = try await browser.evaluate(
                    """
                    (document.getElementById('say-name').value = 'Cyd', \
                    document.getElementById('say-text').value = \(text), \
                    document.getElementById('say').requestSubmit())
                    """)
            }
            try await say("'hello <b>there</b>'")
            #expect(try await browser.waits(for: "document.querySelector('#comments .own')"))
            #expect(try await browser.evaluate(Self.lists, as: [String].self) == ["Cyd hello <b>there</b>"])
            // The server dies, and what is written meanwhile comes all the same; so does what others say.
            let origin = try #require(ProcessTable.children(of: program.pid, named: "bulkhead-origin").first)
            kill(origin, SIGKILL)
            try await say("'after the end'")
            for number in 1...5 { try await Self.room(folder, "say", "number \(number)") }
            #expect(try await browser.waits(for: "\(Self.lists).length == 7"))
            let all = try await browser.evaluate(Self.lists, as: [String].self)
            #expect(Set(all).count == 7 && all.contains("Cyd after the end"), "\(all)")
            let history = try await Self.room(folder, "history")
            for text in ["page Cyd: hello <b>there</b>", "page Cyd: after the end"] {
                #expect(history.components(separatedBy: text).count == 2, "\(history)")
            }
            // Where they may not any more, it is said, and nothing is lost.
            try await Self.room(folder, "set", "viewers=off")
            #expect(try await browser.waits(for: "document.getElementById('say').hidden"))
        }
    }
}
