import BulkheadTestSupport
import Foundation
import Testing

/// The control room's page in a real browser, clicked and by keyboard.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ControlRoomPageTests {
    /// `BULKHEAD_SHOTS=FOLDER` keeps what is seen.
    private static let screenshots = ProcessInfo.processInfo.environment["BULKHEAD_SHOTS"]

    private func withPage(
        _ stage: ControlRoomStage, width: Int, height: Int, isDark: Bool,
        password: String = ControlRoomStage.password, _ body: (Browser) async throws -> Void
    ) async throws {
        let browser = try await Browser(width: width, height: height, isDark: isDark)
        let login = try #require(password.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        do {
            try await browser.open("http://any:\(login)@127.0.0.1:\(stage.port)/")
            #expect(try await browser.waits(for: "document.getElementById('air')?.textContent === 'on air'"))
            try await body(browser)
            #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        } catch {
            await browser.end()
            throw error
        }
        await browser.end()
    }

    private func shown(_ scene: String) -> String {
        "[...document.querySelectorAll('#scenes [aria-pressed=true] span')].map((name) => name.textContent).join() === '\(scene)'"
    }

    @Test func clicksAndKeysSteerTheProgram() async throws {
        let stage = try await ControlRoomStage()
        try await withPage(stage, width: 1280, height: 900, isDark: false) { browser in
            #expect(try await browser.waits(for: shown("wide")))
            _ = try await browser.evaluate("document.querySelector('#scenes [data-key=both]').click()")
            #expect(try await browser.waits(for: shown("both")))
            try await browser.strike("1")
            #expect(try await browser.waits(for: shown("wide")))

            // Prepared first, and then taken.
            _ = try await browser.evaluate("document.getElementById('prepares').click()")
            _ = try await browser.evaluate("document.querySelector('#scenes [data-key=both]').click()")
            #expect(
                try await browser.waits(for: "document.querySelector('#scenes .prepared span')?.textContent === 'both'")
            )
            #expect(try await browser.evaluate(shown("wide")) == "true")
            // It is seen before it is taken: the camera on the left, the slides on the right. So is what stands on the buttons.
            #expect(
                try await browser.waits(
                    for:
                        "document.querySelectorAll('.thumbnail:not([hidden])').length === 6 && preview.offsetHeight > 100"
                ))
            let pixel =
                "Array.from(document.getElementById('preview-picture').getContext('2d').getImageData(480, 180, 1, 1).data)"
            let color = try await browser.evaluate(pixel, as: [Int].self)
            #expect(zip(color, [0x1D, 0x35, 0x57]).allSatisfy { abs($0 - $1) <= 8 }, "\(color)")
            if let folder = Self.screenshots { try await browser.shoot(folder + "/control-room-prepared.png") }
            _ = try await browser.evaluate("document.getElementById('take').click()")
            #expect(try await browser.waits(for: shown("both")))

            // Sound: muted, and turned down by the fader.
            _ = try await browser.evaluate("document.querySelector('#strips button').click()")
            #expect(try await browser.waits(for: "document.querySelector('#strips button').textContent === 'Muted'"))
            _ = try await browser.evaluate(
                """
                (() => { const fader = document.querySelector('#strips input'); fader.value = -12;
                fader.dispatchEvent(new Event('input')); })()
                """)
            #expect(try await browser.waits(for: "room.state.broadcast.sound.strips[0].settings.gain === -12"))

            // Events come by themselves, the newest first; what is refused is said.
            #expect(try await browser.waits(for: "document.querySelector('#events li')?.textContent.includes('taken')"))
            #expect(
                try await browser.waits(for: "document.querySelector('#links .state')?.textContent === 'publishing'"))
            if let folder = Self.screenshots { try await browser.shoot(folder + "/control-room.png") }

            // A broadcast that is gone is said to be.
            await stage.broadcast.end()
            #expect(try await browser.waits(for: "document.getElementById('air').textContent === 'no broadcast'"))
            _ = try await browser.evaluate("room.show({ isReached: false })")
            try await browser.strike("t")
            #expect(try await browser.waits(for: "!document.getElementById('message').hidden"))
        }
        await stage.end()
    }

    /// The program is seen, silent at first; what nobody looks at is not asked for. Deaths stand on the time axis with what came of
    /// them, here of a drill, which takes three steps.
    @Test func programIsSeenAndADrillIsTold() async throws {
        let stage = try await ControlRoomStage(allowsDrills: true)
        try await withPage(stage, width: 1280, height: 1000, isDark: true) { browser in
            #expect(try await browser.waits(for: "programScreen.state === 'playing' && video.videoWidth === 320"))
            #expect(
                try await browser.evaluate("video.muted && document.getElementById('sound').ariaPressed === 'false'")
                    == "true")
            _ = try await browser.evaluate("document.getElementById('sound').click()")
            #expect(try await browser.waits(for: "!video.muted"))
            #expect(try await browser.waits(for: "/ s behind/.test(document.getElementById('delay').textContent)"))

            // The program goes on to come from where it was, when another encoder is at work.
            #expect(try await browser.evaluate("document.getElementById('drill').disabled") == "true")
            _ = try await browser.evaluate("document.getElementById('unlock').click()")
            let encoder =
                "[...document.getElementById('victim').options].find((one) => one.textContent.startsWith('encoder'))"
            #expect(try await browser.waits(for: "\(encoder) !== undefined"))
            _ = try await browser.evaluate("document.getElementById('victim').value = \(encoder).value")
            #expect(try await browser.evaluate("document.getElementById('fire').hidden") == "true")
            _ = try await browser.evaluate("document.getElementById('arm').click()")
            #expect(try await browser.evaluate("document.activeElement.id === 'fire'") == "true")
            let time = "video.currentTime"
            let before = Double(try await browser.evaluate(time)) ?? 0
            _ = try await browser.evaluate("document.getElementById('fire').click()")
            #expect(
                try await browser.waits(
                    for: "/SIGKILL.*work went on after/.test(document.getElementById('outcome').textContent)"))
            #expect(try await browser.waits(for: "document.querySelectorAll('#marks button').length === 1"))
            _ = try await browser.evaluate("document.querySelector('#marks button').click()")
            #expect(
                try await browser.waits(for: "/encoder.*SIGKILL/.test(document.getElementById('death').textContent)"))
            #expect(try await browser.waits(for: "\(time) > \(before + 2) && programScreen.state === 'playing'"))
            if let folder = Self.screenshots { try await browser.shoot(folder + "/control-room-drill.png") }

            // The room: nothing is said yet; what is written is seen, pinned by a click, and taken off again.
            _ = try await stage.post(#"{"request":"room.say","saying":{"text":"Welcome","author":"Ann"}}"#)
            #expect(try await browser.waits(for: "document.querySelector('#comments b')?.textContent === 'Ann'"))
            _ = try await browser.evaluate("document.querySelector('#comments button').click()")
            #expect(try await browser.waits(for: "!document.getElementById('pinned').hidden"))
            _ = try await browser.evaluate("document.querySelector('#pinned button').click()")
            #expect(try await browser.waits(for: "document.getElementById('pinned').hidden"))

            // Not shown: the connection is closed, and the master is asked no more.
            _ = try await browser.evaluate("document.getElementById('show').click()")
            #expect(try await browser.waits(for: "programScreen.state === 'paused'"))
            #expect(try await browser.evaluate("document.querySelectorAll('.thumbnail:not([hidden])').length") == "0")
        }
        await stage.end()
    }

    /// With the password for looking all is seen, and nothing can be clicked.
    @Test func whoMayOnlyLookCanNotSteer() async throws {
        let stage = try await ControlRoomStage()
        try await withPage(
            stage, width: 1280, height: 900, isDark: false, password: ControlRoomStage.lookPassword
        ) { browser in
            #expect(try await browser.waits(for: "programScreen.state === 'playing'"))
            #expect(try await browser.waits(for: "document.querySelectorAll('#scenes button:disabled').length === 4"))
            #expect(
                try await browser.evaluate(
                    "document.querySelectorAll('.steers :is(button, input, select):enabled').length")
                    == "0")
            try await browser.strike("2")
            #expect(try await browser.evaluate("document.getElementById('message').hidden") == "true")
            #expect(try await browser.evaluate("document.getElementById('drills').hidden") == "true")
            #expect(try await browser.evaluate(shown("wide")) == "true")
        }
        await stage.end()
    }

    /// On a phone nothing is wider than the screen, in the dark colours are others, and what can be touched is large enough.
    @Test func pageFitsAPhone() async throws {
        let stage = try await ControlRoomStage()
        var grounds: [String] = []
        for isDark in [false, true] {
            try await withPage(stage, width: 375, height: 740, isDark: isDark) { browser in
                #expect(try await browser.waits(for: "document.querySelectorAll('#scenes button').length === 4"))
                #expect(try await browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == "true")
                let small = try await browser.evaluate(
                    "[...document.querySelectorAll('button')].filter((button) => button.offsetHeight && button.offsetHeight < 40).length"
                )
                #expect(small == "0")
                grounds.append(try await browser.evaluate("getComputedStyle(document.body).backgroundColor"))
                if let folder = Self.screenshots {
                    try await browser.shoot(folder + "/control-room-phone-\(isDark ? "dark" : "light").png")
                }
            }
        }
        #expect(Set(grounds).count == 2)
        await stage.end()
    }
}
