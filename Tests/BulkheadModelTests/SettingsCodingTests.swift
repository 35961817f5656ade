import BulkheadMedia
import BulkheadModel
import BulkheadSelection
import BulkheadTestSupport
import Foundation
import Testing

/// Settings go over the control socket as JSON (docs/control.md, "Keys of values").
@Suite(.timeLimit(.minutes(1))) struct SettingsCodingTests {
    static let seeds: [UInt64] = [1, 2, 3, 5, 8]

    /// What a person can set, with every field drawn anew.
    struct Draw {
        var random: SeededGenerator

        mutating func flag() -> Bool { Bool.random(using: &random) }

        mutating func one<Element>(of elements: [Element]) -> Element {
            elements[Int.random(in: elements.indices, using: &random)]
        }

        mutating func text() -> String {
            one(of: ["", "a", "ä ö", "\"\\\n\t", "rtmp://h/app/key?x=1&y=2#z", "🎥", "/a/b c.mp4", "\u{2028}", "null"])
        }

        mutating func server() -> ServerSettings {
            ServerSettings(
                url: text(), streamKey: text(), tlsAuthorityFile: text(),
                priority: Int.random(in: SettingRange.serverPriority, using: &random),
                weight: Int.random(in: SettingRange.serverWeight, using: &random))
        }

        mutating func destination() -> DestinationSettings {
            var destination = DestinationSettings(url: text(), streamKey: text(), tlsAuthorityFile: text())
            destination.priority = Int.random(in: SettingRange.serverPriority, using: &random)
            destination.weight = Int.random(in: SettingRange.serverWeight, using: &random)
            destination.name = text()
            destination.alternatives = (0..<Int.random(in: 0...3, using: &random)).map { _ in server() }
            destination.rule = one(of: SelectionRule.allCases)
            destination.isRedundant = flag()
            destination.backfillSeconds = Double.random(in: SettingRange.backfillSeconds, using: &random)
            return destination
        }

        mutating func plugin() -> PluginChoice {
            PluginChoice(
                text(), name: text(), parameters: [text(): text(), "b": text()],
                deadlineMicroseconds: UInt32.random(in: 0...UInt32.max, using: &random),
                memoryMebibytes: UInt32.random(in: 0...UInt32.max, using: &random), isEnabled: flag(), folder: text())
        }

        mutating func settings() throws -> BroadcastSettings {
            var settings = BroadcastSettings(
                inputs: (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    InputSettings(url: text(), format: text(), loops: flag())
                }, destinations: (0..<Int.random(in: 0...3, using: &random)).map { _ in destination() },
                canvas: try #require(
                    Canvas(
                        width: 2 * Int.random(in: 8...4096, using: &random),
                        height: 2 * Int.random(in: 8...4096, using: &random))),
                frameRate: try #require(FrameRate(UInt32.random(in: 1001...240_000, using: &random), 1001)))
            settings.videoBitsPerSecond = UInt32.random(in: SettingRange.videoBitsPerSecond, using: &random)
            settings.audioBitsPerSecond = UInt32.random(in: SettingRange.audioBitsPerSecond, using: &random)
            settings.preset = one(of: ["ultrafast", "placebo", "veryfast"])
            settings.tune = one(of: ["", "film", "film,grain"])
            settings.profile = one(of: ["baseline", "main", "high"])
            settings.keyframeIntervalSeconds = Double.random(in: SettingRange.keyframeIntervalSeconds, using: &random)
            settings.bframes = flag() ? UInt8.random(in: SettingRange.bframes, using: &random) : nil
            settings.bufferMilliseconds = UInt32.random(in: SettingRange.bufferMilliseconds, using: &random)
            settings.encoderThreads = UInt8.random(in: SettingRange.encoderThreads, using: &random)
            settings.plugins = (0..<Int.random(in: 0...3, using: &random)).map { _ in plugin() }
            settings.pluginIsolation = one(of: PluginIsolation.allCases)
            settings.durationSeconds = flag() ? Double.random(in: SettingRange.durationSeconds, using: &random) : nil
            settings.isFast = flag()
            settings.children = one(of: ChildrenChoice.allCases)
            settings.slateAfterSeconds = Double.random(in: SettingRange.slateAfterSeconds, using: &random)
            settings.standby = one(of: StandbyChoice.allCases)
            settings.slatePath = text()
            settings.minimumVideoBitsPerSecond =
                flag() ? UInt32.random(in: SettingRange.videoBitsPerSecond, using: &random) : nil
            settings.congestion = one(of: CongestionRule.allCases)
            return settings
        }
    }

    @Test(arguments: seeds) func settingsSurviveALine(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<40 {
            let settings = try draw.settings()
            let line = JSONLine.encode(settings)
            // A text with a line's end in it must not end the line.
            #expect(line.count { $0 == 0x0A } == 1 && line.last == 0x0A)
            #expect(try JSONLine.decode(BroadcastSettings.self, from: line.dropLast()) == settings)
        }
    }

    /// Whatever a person may set is written by ``Setting/text(_:)`` in words that the setting reads as the same value.
    @Test(arguments: seeds) func wordsOfEachSettingAreReadAsTheSameValue(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<40 {
            let settings = try draw.settings()
            var read = BroadcastSettings(
                inputs: settings.inputs, destinations: settings.destinations,
                canvas: try #require(Canvas(width: 16, height: 16)), frameRate: try #require(FrameRate(1)),
                plugins: settings.plugins, children: settings.children, slatePath: settings.slatePath)
            for setting in Setting.all {
                #expect(setting.isInRange(settings), "\(setting.name)")
                if let text = setting.text(settings) {
                    #expect(throws: Never.self, "\(setting.name)=\(text)") { try setting.read(text, into: &read) }
                }
            }
            #expect(read == settings)
        }
    }

    /// An application of an older version sends what its version knew: docs/versions.md.
    @Test func destinationOfAnOlderVersionHasStandardValues() throws {
        let line = #"{"url":"rtmp://h/a","streamKey":"k","tlsAuthorityFile":""}"#
        let read = try JSONLine.decode(DestinationSettings.self, from: Array(line.utf8))
        #expect(read == DestinationSettings(url: "rtmp://h/a", streamKey: "k"))
        #expect(read.rule == .priority && read.weight == 1 && read.priority == 0 && read.backfillSeconds == 10)
        #expect(!read.isRedundant && read.alternatives.isEmpty && read.name.isEmpty)
    }

    @Test(arguments: ["url", "streamKey", "tlsAuthorityFile"])
    func destinationWithoutWhatEveryVersionSendsIsRefused(key: String) throws {
        let full = ["url": "rtmp://h/a", "streamKey": "k", "tlsAuthorityFile": ""]
        let line = JSONLine.encode(full.filter { $0.key != key })
        #expect(throws: DecodingError.self) { try JSONLine.decode(DestinationSettings.self, from: line) }
    }

    /// Each side ignores keys that it does not know: docs/versions.md.
    @Test func keysOfANewerVersionAreIgnored() throws {
        let line = #"{"url":"test","format":"","loops":true,"gain":{"left":1}}"#
        #expect(
            try JSONLine.decode(InputSettings.self, from: Array(line.utf8)) == InputSettings(url: "test", loops: true))
    }

    @Test(arguments: [#""latency""#, #""round-robin""#]) func rulesAreWords(word: String) throws {
        let rule = try JSONLine.decode(SelectionRule.self, from: Array(word.utf8))
        #expect(JSONLine.text(rule) == word)
    }

    @Test(arguments: [
        #"{"url":"a","streamKey":"","tlsAuthorityFile":"","rule":"fastest"}"#,
        #"{"url":"a","streamKey":"","tlsAuthorityFile":"","backfillSeconds":"10"}"#,
        #"{"url":"a","streamKey":"","tlsAuthorityFile":"","weight":1.5}"#,
        #"{"url":"a","streamKey":"","tlsAuthorityFile":"","alternatives":[{}]}"#, "[]", "", "{",
    ]) func whatIsNoDestinationIsRefused(line: String) {
        #expect(throws: DecodingError.self) { try JSONLine.decode(DestinationSettings.self, from: Array(line.utf8)) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct DestinationRangeTests {
    private static func destination(
        _ url: String = "rtmp://h/a", others: Int = 0, change: (inout DestinationSettings) -> Void = { _ in }
    ) -> DestinationSettings {
        var destination = DestinationSettings(url: url)
        destination.alternatives = (0..<others).map { ServerSettings(url: "rtmp://h\($0)/a") }
        change(&destination)
        return destination
    }

    /// docs/control.md: priority 0 to 1000, weight 1 to 1000, backfill 0 to 60 s; docs/links.md: a link of two servers may
    /// be redundant.
    static let cases: [(what: String, destination: DestinationSettings, fits: Bool)] = [
        ("plain", destination(), true),
        ("most servers", destination(others: 15), true),
        ("too many servers", destination(others: 16), false),
        ("backfill 0", destination { $0.backfillSeconds = 0 }, true),
        ("backfill 60", destination { $0.backfillSeconds = 60 }, true),
        ("backfill 60.1", destination { $0.backfillSeconds = 60.1 }, false),
        ("backfill -1", destination { $0.backfillSeconds = -1 }, false),
        ("backfill nan", destination { $0.backfillSeconds = .nan }, false),
        ("weight 1000", destination { $0.weight = 1000 }, true),
        ("weight 0", destination { $0.weight = 0 }, false),
        ("weight 1001", destination { $0.weight = 1001 }, false),
        ("priority 1000", destination { $0.priority = 1000 }, true),
        ("priority -1", destination { $0.priority = -1 }, false),
        ("priority 1001", destination { $0.priority = 1001 }, false),
        ("another's weight", destination(others: 2) { $0.alternatives[1].weight = 0 }, false),
        ("another's priority", destination(others: 2) { $0.alternatives[0].priority = .max }, false),
        ("redundant", destination(others: 1) { $0.isRedundant = true }, true),
        ("redundant alone", destination { $0.isRedundant = true }, false),
        ("file", destination("file:/a.flv"), true),
        ("file with another", destination("file:/a.flv", others: 1), false),
        ("redundant file", destination("file:/a.flv", others: 1) { $0.isRedundant = true }, false),
    ]

    @Test(arguments: cases) func rangesAreThoseOfTheManual(what: String, destination: DestinationSettings, fits: Bool) {
        #expect(destination.isInRange == fits, "\(what)")
    }

    @Test func firstServerComesFirst() {
        var destination = Self.destination(others: 2)
        destination.streamKey = "k"
        destination.priority = 3
        destination.weight = 4
        destination.tlsAuthorityFile = "/ca.pem"
        #expect(
            destination.servers == [
                ServerSettings(
                    url: "rtmp://h/a", streamKey: "k", tlsAuthorityFile: "/ca.pem", priority: 3, weight: 4),
                ServerSettings(url: "rtmp://h0/a"), ServerSettings(url: "rtmp://h1/a"),
            ])
        #expect(!destination.isFile && Self.destination("file:/a.flv").isFile)
    }

    @Test(arguments: [0, 1, 64, 65]) func broadcastHasOneTo64Links(count: Int) throws {
        let settings = BroadcastSettings(
            inputs: [InputSettings(url: "test")], destinations: (0..<count).map { _ in Self.destination() },
            canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)))
        if (1...64).contains(count) {
            #expect(throws: Never.self) { try settings.checkRanges() }
        } else {
            let error = #expect(throws: BroadcastError.self) { try settings.checkRanges() }
            #expect(error?.code == .settingOutOfRange && error?.parameters == ["setting": "to"])
        }
    }
}

/// ITU-T H.264, table A-1: level 6.2 allows 139,264 macroblocks a picture and 16,711,680 a second.
@Suite(.timeLimit(.minutes(1))) struct LevelLimitTests {
    @Test(arguments: [
        // 512 x 272 macroblocks are the very limit; at 120 a second both limits are met at once.
        ("8192x4352", "120", true), ("8192x4352", "121", false), ("8192x4354", "1", false),
        // Pictures are counted in whole macroblocks: 4,338 rows need 272 of them.
        ("8192x4338", "120", true), ("8192x4338", "120001/1000", false),
        ("3840x2160", "240", true), ("7680x4320", "120", true), ("7680x4320", "128", true), ("7680x4320", "129", false),
        ("4352x8192", "30", true), ("16x8192", "240", true),
    ])
    func sizeAndRateHaveALevel(size: String, rate: String, fits: Bool) throws {
        let settings = BroadcastSettings(
            inputs: [], destinations: [], canvas: try #require(Canvas(size)), frameRate: try #require(FrameRate(rate)))
        if fits {
            #expect(throws: Never.self) { try settings.checkLevel() }
        } else {
            let error = #expect(throws: BroadcastError.self) { try settings.checkLevel() }
            #expect(error?.code == .noLevel && error?.kind == .usage && error?.parameters["size"] == size)
        }
    }

    /// ITU-T H.264, A.2.1: the baseline profile has no B slices.
    @Test(arguments: [("baseline", 1, false), ("baseline", 0, true), ("main", 16, true), ("high", 3, true)])
    func baselineHasNoBFrames(profile: String, bframes: UInt8, fits: Bool) throws {
        let settings = BroadcastSettings(
            inputs: [], destinations: [], canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)),
            profile: profile, bframes: bframes)
        if fits {
            #expect(throws: Never.self) { try settings.check() }
        } else {
            let error = #expect(throws: BroadcastError.self) { try settings.check() }
            #expect(error?.kind == .usage && error?.problem.contains("\(bframes)") == true)
        }
    }
}
