import BulkheadMedia
import BulkheadModel
import BulkheadSwitch
import BulkheadSystem
import Testing

/// What is known of an encoded stream, and which conditions it meets.
@Suite(.timeLimit(.minutes(1))) struct StreamConditionTests {
    private static func time(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(milliseconds) * 1_000_000)
    }

    /// A stream of 25 frames a second and its sound: what a meter says after each picture.
    private struct Stage {
        var meter = StreamMeter()
        var alarms: ConditionAlarms
        var news: [ConditionAlarms.News] = []
        private var frame = 0
        /// From IDR to IDR, in frames; nil for none any more.
        var interval: Int? = 50
        /// Of each packet: a picture and a block of sound for each frame.
        var pictureBytes = 10_000
        var soundBytes = 400
        private var lastIDR = -1_000_000

        init(_ words: [String], size: Canvas? = Canvas(width: 1280, height: 720)) throws {
            alarms = ConditionAlarms(try words.map { (word) throws(BroadcastError) in try SwitchCondition(word) })
            meter.take(size: size)
        }

        mutating func pass(_ seconds: Int, wanted: Canvas? = nil) {
            for _ in 0..<seconds * 25 {
                let isIDR = interval.map { frame - lastIDR >= $0 } ?? false
                if isIDR { lastIDR = frame }
                let now = StreamConditionTests.time(frame * 40)
                meter.take(byteCount: pictureBytes, isIDR: isIDR, at: now)
                meter.take(byteCount: soundBytes, isIDR: false, at: now)
                var report = WayReport(isOnAir: true)
                meter.fill(&report)
                report.wantedCanvas = wanted
                news += alarms.take(report, at: now)
                frame += 1
            }
        }

        var report: WayReport {
            var report = WayReport(isOnAir: true)
            meter.fill(&report)
            return report
        }
    }

    @Test func aMeterMeasuresWhatPasses() throws {
        var stage = try Stage([])
        stage.pass(3)
        // Not before it has seen four seconds.
        #expect(stage.report.bitsPerSecond == nil)
        stage.pass(5)
        // 25 pictures of 10,000 bytes and 25 blocks of 400.
        #expect(stage.report.bitsPerSecond == 2_080_000)
        #expect(stage.report.keyframeSeconds == 2)
        #expect(stage.report.canvas == Canvas(width: 1280, height: 720))
        stage.interval = nil
        stage.pass(7)
        // The last IDR was at 6 s, and the newest picture is at 14.96 s.
        #expect(stage.report.keyframeSeconds == 8.96)
    }

    /// A stream that stands still for longer than the window, and one whose times begin anew far ahead.
    @Test func aMeterOutlivesGaps() {
        var meter = StreamMeter()
        for step in 0..<200 { meter.take(byteCount: 1000, isIDR: false, at: Self.time(step * 40)) }
        meter.take(byteCount: 1000, isIDR: true, at: Self.time(1_000_000_000))
        var report = WayReport(isOnAir: true)
        meter.fill(&report)
        #expect(report.bitsPerSecond == 0 && report.keyframeSeconds == 0)
        // What comes late counts where it belongs, and what is too old does not.
        meter.take(byteCount: 4000, isIDR: false, at: Self.time(999_998_000))
        meter.take(byteCount: 9_000_000, isIDR: false, at: Self.time(5))
        meter.fill(&report)
        #expect(report.bitsPerSecond == 8000)
    }

    /// A condition, what the stream is like when it is met, and what the alarm says.
    private struct Row {
        let words: String
        let text: String
        let change: (inout Stage) -> Void
        var seconds = 8
    }

    @Test func eachConditionIsRaisedOnceAndCleared() throws {
        let rows = [
            Row(words: "size not 1280x720 for 2s", text: "640x360") {
                $0.meter.take(size: Canvas(width: 640, height: 360))
            },
            Row(words: "size > 1280x720 for 1s", text: "1920x1080") {
                $0.meter.take(size: Canvas(width: 1920, height: 1080))
            },
            Row(words: "keyframes > 4s", text: "4.0 s") { $0.interval = 150 },
            Row(words: "bitrate > 3M for 2s", text: "kb/s") { $0.pictureBytes = 20_000 },
            Row(words: "bitrate < 1M for 2s", text: "kb/s") { $0.pictureBytes = 1000 },
        ]
        for row in rows {
            var stage = try Stage([row.words])
            stage.pass(10)
            #expect(stage.news == [], "\(row.words)")
            let (size, interval, bytes) = (Canvas(width: 1280, height: 720), stage.interval, stage.pictureBytes)
            row.change(&stage)
            stage.pass(row.seconds)
            guard stage.news.count == 1, case .raised(let condition, let seconds, let text?) = stage.news[0] else {
                Issue.record("\(row.words): \(stage.news)")
                continue
            }
            #expect("\(condition)" == row.words && text.hasSuffix(row.text), "\(row.words): \(text)")
            #expect(seconds >= Double(condition.milliseconds) / 1000 && seconds < 3)
            stage.meter.take(size: size)
            (stage.interval, stage.pictureBytes) = (interval, bytes)
            stage.pass(14)
            guard stage.news.count == 2, case .cleared(condition, _) = stage.news[1] else {
                Issue.record("\(row.words) is not cleared: \(stage.news)")
                continue
            }
        }
    }

    /// Keyframes that come each ten seconds are one trouble, not one for each GOP.
    @Test func aGOPThatIsTooLongIsOneAlarm() throws {
        var stage = try Stage(["keyframes > 4s"])
        stage.interval = 250
        stage.pass(60)
        #expect(stage.news.count == 1)
    }

    @Test func aSizeIsHeldAgainstThatOfTheBroadcast() throws {
        var stage = try Stage(["size wrong 2s", "size > 1280x720 for 1s"])
        stage.pass(5, wanted: Canvas(width: 1280, height: 720))
        #expect(stage.news == [])
        stage.pass(3, wanted: Canvas(width: 640, height: 360))
        guard case .raised(_, _, let text)? = stage.news.first else {
            Issue.record("\(stage.news)")
            return
        }
        #expect(stage.news.count == 1 && text == "1280x720")
        // A picture on end is as large as one that lies.
        stage.meter.take(size: Canvas(width: 720, height: 1280))
        stage.pass(3, wanted: Canvas(width: 720, height: 1280))
        #expect(stage.news.count == 2 && stage.alarms.met == [])
    }

    /// By the values that a meter of loudness gives; nil for silence.
    @Test func loudnessIsHeldAgainstItsTarget() throws {
        let rows: [(words: String, values: [Double?], raisedAt: Int?)] = [
            ("loudness off -23 by 2 for 3s", [-23, -24.9, -21.1, -23, -23, -23, -23], nil),
            ("loudness off -23 by 2 for 3s", [-23, -18, -18, -18, -18, -18], 4),
            ("loudness off -23 by 2 for 3s", [-23, -18, -23, -18, -18, -23, -18], nil),
            ("loudness off -23 by 2 for 3s", [-30, -30, -30, -30, -30], 3),
            // Silence is another sign.
            ("loudness off -23 by 2 for 3s", [nil, nil, nil, nil, nil, nil], nil),
            ("integrated off -16 by 1 for 2s", [-16, -14.5, -14.4, -14.3, -14.2], 3),
        ]
        for row in rows {
            let condition = try SwitchCondition(row.words)
            var alarms = ConditionAlarms([condition])
            var raisedAt: Int?
            for (second, value) in row.values.enumerated() {
                var report = WayReport(isOnAir: true)
                if case .loudness = condition.sign {
                    report.shortTermLoudness = value
                } else {
                    report.integratedLoudness = value
                }
                for news in alarms.take(report, at: Self.time(second * 1000)) {
                    guard case .raised(_, _, let text) = news else { continue }
                    raisedAt = second
                    #expect(text == value.map { "\($0) LUFS" }.map { $0.contains(".") ? $0 : $0 + ".0" } ?? "")
                }
            }
            #expect(raisedAt == row.raisedAt, "\(row.words): \(row.values)")
        }
    }

    static let words = [
        "loudness off -23 by 2 for 10s", "loudness off -16.5 by 0.5 for 30s", "integrated off -23 by 1 for 60s",
        "size wrong 2s", "size not 1280x720 for 2s", "size > 1920x1080 for 0s", "keyframes > 4s",
        "keyframes > 2500ms for 10s", "bitrate > 6M for 10s", "bitrate > 150% for 10s",
    ]

    @Test(arguments: words) func wordsComeBackAsTheyWere(words: String) throws {
        #expect("\(try SwitchCondition(words))" == words)
    }

    @Test(arguments: [
        "loudness -23 by 2 for 10s", "loudness off -71 by 2 for 10s", "loudness off -23 by 0 for 10s",
        "loudness off -23 by 2", "loudness off -inf by 2 for 1s", "size 1280x720 for 2s", "size not 1281x720 for 2s",
        "size wrong", "size > for 2s", "keyframes 4s", "keyframes > 4", "bitrate > 0 for 2s", "bitrate > 1001% for 2s",
        "bitrate < 101% for 2s",
    ])
    func whatIsNoConditionIsRefused(words: String) {
        #expect(throws: BroadcastError.self) { try SwitchCondition(words) }
    }
}
