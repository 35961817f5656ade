import BulkheadCommands
import BulkheadEvents
import BulkheadModel
import BulkheadProbe
import Foundation
import Testing

/// What people read of links, deaths and streams.
@Suite(.timeLimit(.minutes(1))) struct LinkTextTests {
    private static func link(_ change: (inout LinkStatus) -> Void = { _ in }) -> LinkStatus {
        var link = LinkStatus(
            name: "main", destination: "rtmp://a.example/live", state: .publishing, bitsPerSecond: 2_510_000,
            queuedMilliseconds: 120, framesSent: 100, framesShed: 2)
        change(&link)
        return link
    }

    private static let servers = [
        LinkServerStatus(
            name: "a/live", priority: 0, weight: 1, state: .onAir, roundTripMilliseconds: 12.34, lastError: "once reset"
        ),
        LinkServerStatus(name: "b/live", priority: 2, weight: 3, state: .resting, lastError: "refused\u{1B}[2J"),
    ]

    @Test func lineHoldsWhatIsKnown() {
        let plain = "main: publishing, rtmp://a.example/live, 2.51 Mbit/s, queue 120 ms, 100 frames sent, 2 dropped"
        #expect(LinkText.line(Self.link()) == plain)
        #expect(LinkText.line(Self.link { $0.acknowledgedSeconds = 61.9 }) == plain + ", acknowledged to 00:01:01")
        #expect(LinkText.line(Self.link { $0.reconnects = 1 }) == plain + ", reconnected once")
        #expect(LinkText.line(Self.link { $0.reconnects = 3 }) == plain + ", reconnected 3 times")
        #expect(LinkText.line(Self.link { $0.lastError = "reset" }) == plain + ", last trouble: reset")
        // A rule means nothing where there is no choice.
        #expect(LinkText.line(Self.link { $0.rule = "priority" }) == plain)
        let several = Self.link {
            ($0.rule, $0.reason, $0.servers) = ("priority", "it comes first", Self.servers)
        }
        #expect(LinkText.line(several) == plain + ", by priority (it comes first)")
    }

    @Test func severalServersHaveALineEach() {
        #expect(LinkText.lines(Self.link()).count == 1)
        #expect(LinkText.lines(Self.link { $0.servers = [Self.servers[0]] }).count == 1)
        #expect(
            LinkText.lines(Self.link { $0.servers = Self.servers }).dropFirst() == [
                "  a/live: on air, 12.3 ms", "  b/live: resting, priority 2, weight 3, last trouble: refused [2J",
            ])
    }

    @Test func reportSaysWhatWouldBeChosenAndWhy() {
        var report = LinkServersReport(
            link: "main", rule: "latency", servers: Self.servers, choice: "a/live", reason: "the fastest of 2")
        #expect(LinkText.lines(report).first == "main, by latency: would choose a/live: the fastest of 2")
        #expect(LinkText.lines(report).count == 3)
        report.choice = nil
        report.reason = "none can be used"
        #expect(LinkText.lines(report).first == "main, by latency: none can be used")
        report.rule = ""
        #expect(LinkText.lines(report).first == "main: none can be used")
    }
}

@Suite(.timeLimit(.minutes(1))) struct DeathTextTests {
    private static func death(_ change: (inout DeathRecord) -> Void = { _ in }) -> DeathRecord {
        var death = DeathRecord(
            time: 1_700_000_000.25, mediaSeconds: 12, part: .encoder(7), pid: 4711, cause: "SIGSEGV", frame: 310,
            detectedWithinMilliseconds: 1.4, recoveredAfterMilliseconds: 21.6, framesLate: 3, standardError: "")
        change(&death)
        return death
    }

    @Test func deathIsOneLine() {
        #expect(
            DeathText.text(Self.death())
                == "2023-11-14T22:13:20.250Z encoder 4711: SIGSEGV, at frame 310; seen within 1 ms, "
                + "worked again after 22 ms, 3 frames late")
        #expect(DeathText.text(Self.death { $0.framesLate = 1 }).hasSuffix(", 1 frame late"))
        #expect(DeathText.text(Self.death { $0.framesLate = 0 }).hasSuffix(", 0 frames late"))
        #expect(DeathText.text(Self.death { $0.recoveredAfterMilliseconds = nil }).contains("not replaced yet"))
        #expect(!DeathText.text(Self.death { $0.frame = nil }).contains("at frame"))
        #expect(
            DeathText.text(
                Self.death {
                    ($0.part, $0.plugin) = (.pluginHost(2, .standby), "logo")
                }
            ).contains("standby plugin host 4711: SIGSEGV in the plugin logo"))
    }

    /// What it wrote first and last, without what steers a terminal: the first line names the signal.
    @Test func lastWordsStandBelow() {
        let words = (1...20).map { "line \($0)\u{1B}[31m" }.joined(separator: "\n")
        let lines = DeathText.text(Self.death { $0.standardError = words }).split(separator: "\n")
        #expect(lines.count == 14 && lines[1] == "    line 1 [31m" && lines[4] == "    line 4 [31m")
        #expect(lines[5] == "    … 8 lines, all of them with --json")
        #expect(lines[6] == "    line 13 [31m" && lines[13] == "    line 20 [31m")
        let few = (1...13).map { "line \($0)" }.joined(separator: "\n")
        #expect(DeathText.text(Self.death { $0.standardError = few }).split(separator: "\n").count == 14)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -5])
    func numbersOfNonsenseDoNotTrap(number: Double) {
        let text = DeathText.text(
            Self.death {
                ($0.detectedWithinMilliseconds, $0.recoveredAfterMilliseconds, $0.time) = (number, number, number)
            })
        #expect(text.contains("encoder 4711"))
    }
}

@Suite(.timeLimit(.minutes(1))) struct StreamTextTests {
    private static func report() throws -> StreamReport {
        let text = """
            {"seconds": 10,
             "video": {"codec": "H.264 High 3.1", "width": 640, "height": 360, "accessUnits": 297,
              "framesPerSecond": 29.7, "bitsPerSecond": 800000, "keyframes": 5, "shortestKeyframeIntervalSeconds": 2,
              "longestKeyframeIntervalSeconds": 2, "configurationChanges": 0},
             "audio": {"codec": "AAC-LC 48000 Hz stereo", "packets": 468, "bitsPerSecond": 128000,
              "configurationChanges": 0},
             "arrival": {"longestGap": {"milliseconds": 130.4, "endSeconds": 5.25, "unit": 155},
              "medianGapMilliseconds": 33, "usualGapMilliseconds": 40},
             "videoTimestamps": {"backwards": 0, "repeated": 0, "jumps": 1, "longestJumpMilliseconds": 133},
             "audioTimestamps": {"backwards": 2, "repeated": 1, "jumps": 0, "longestJumpMilliseconds": 0},
             "numbers": {"numbered": 297, "unnumbered": 0, "unread": 0, "first": 0, "last": 299, "lost": 3,
              "unmeasured": 0, "lostRanges": ["155-157"], "repeated": 0, "disordered": 0, "restarts": 0, "replayed": 0},
             "sync": {"typicalOffsetMilliseconds": 3.6, "worstOffsetMilliseconds": -45, "beeps": 9},
             "reconnects": 0, "decoderRestarts": 0}
            """
        return try JSONDecoder().decode(StreamReport.self, from: Data(text.utf8))
    }

    @Test func everyFactHasALine() throws {
        #expect(
            try StreamText.lines(Self.report()) == [
                "picture: H.264 High 3.1 640x360, 29.70 fps, 800 kbit/s, 297 access units in 10.0 s",
                "keyframes: 5, every 2.00 s", "sound: AAC-LC 48000 Hz stereo, 128 kbit/s, 468 packets",
                "gaps: longest 130.4 ms before access unit 155 at 5.25 s, median 33 ms, 99 of 100 up to 40 ms",
                "timestamps: picture 1 jumps; sound 2 back, 1 repeated",
                "frames: 0 to 299, 3 lost (155-157), 0 repeated, 0 out of order",
                "sound against picture: +4 ms, at worst -45 ms, by 9 beeps",
            ])
    }

    @Test func whatWasNotMeasuredIsLeftOut() throws {
        var report = try Self.report()
        report.video = nil
        report.audio = nil
        report.arrival = nil
        report.numbers = nil
        report.sync = nil
        report.videoTimestamps.jumps = 0
        (report.audioTimestamps.backwards, report.audioTimestamps.repeated) = (0, 0)
        #expect(
            StreamText.lines(report) == [
                "timestamps: no fault", "frames: no numbers in the pictures, so none can be missed",
            ])
    }

    @Test func unevenKeyframesAndTroubleAreTold() throws {
        var report = try Self.report()
        report.video?.longestKeyframeIntervalSeconds = 4
        report.video?.configurationChanges = 1
        report.numbers?.unnumbered = 4
        report.numbers?.restarts = 1
        report.numbers?.replayed = 7
        report.numbers?.unread = 2
        report.reconnects = 2
        report.decoderRestarts = 1
        report.sync?.beeps = 1
        let lines = StreamText.lines(report)
        #expect(lines.contains("keyframes: 5, every 2.00 to 4.00 s, 1 configuration change"))
        #expect(lines.contains { $0.hasSuffix("by 1 beep") })
        #expect(
            lines.contains {
                $0.hasSuffix(
                    "4 without a number, 7 sent again to a new connection, the source began anew once, 2 not looked at")
            })
        #expect(lines.suffix(2) == ["connections lost: 2", "the decoder was started again: once"])
        report.video?.shortestKeyframeIntervalSeconds = nil
        #expect(StreamText.lines(report).contains("keyframes: 5"))
    }

    @Test(arguments: [0, 1, 2]) func summaryCountsInWords(restarts: Int) {
        let child = ChildStatus(part: .encoder, pid: nil, state: .ended, restarts: restarts, lastEnd: "")
        let status = BroadcastStatus(
            state: .ended, children: [child], links: [], secondsOnAir: 10, frames: 300, framesCommitted: 300,
            framesUncommitted: 0, framesRepeated: 0, framesSkipped: 0, framesUnfiltered: 0, framesSlated: 12,
            standby: "warm", framesPerSecond: 30, bitsPerSecond: 0, showing: .picture, encoderAddress: "", plugins: [])
        let tail = ["", ", 1 restart of a child", ", 2 restarts of children"][restarts]
        #expect(
            SummaryText.text(status)
                == "ended after 00:00:10, 300 frames, 0 dropped, 12 went out as the slate" + tail)
    }
}

@Suite(.timeLimit(.minutes(1))) struct FindingTextTests {
    @Test(arguments: [
        (Finding(.ok, "screen", ":0 answers"), "ok      screen: :0 answers"),
        (
            Finding(.absent, "cameras", "there is none", advice: "plug one in"),
            "-       cameras: there is none; plug one in"
        ),
        (
            Finding(.missing, "bulkhead-encoder", "it does not start\u{1B}"),
            "MISSING bulkhead-encoder: it does not start "
        ),
    ]) func findingIsOneLine(finding: Finding, line: String) { #expect(finding.line == line) }

    @Test func findingsAreWordsForScripts() throws {
        let data = try JSONEncoder().encode(Finding(.absent, "screen", "no display answers", advice: "start one"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
        #expect(
            object == [
                "state": "absent", "subject": "screen", "text": "no display answers", "advice": "start one",
            ])
    }

    /// Each measure that the kernel refuses has its advice: docs/plugins-safety.md.
    @Test(arguments: ["files", "reach", "system calls", "processors"]) func refusedMeasuresHaveAdvice(subject: String) {
        let refused = SandboxFindings.read("weaker\t\(subject)\twithout it")
        #expect(refused.first?.state == .absent && refused.first?.advice.isEmpty == false)
        let granted = SandboxFindings.read("granted\t\(subject)\twith it\tand a tab")
        #expect(
            granted.first?.state == .ok && granted.first?.advice == "" && granted.first?.text == "with it\tand a tab")
    }
}

/// All pages of settings come from one declaration.
@Suite(.timeLimit(.minutes(1))) struct SettingsPageTests {
    @Test(arguments: SettingsReference.Format.allCases) func everySettingIsOnEveryPage(format: SettingsReference.Format)
    {
        let page = SettingsReference.page(format)
        for setting in Setting.all {
            let name = format == .man ? setting.name.replacing("-", with: "\\-") : setting.name
            #expect(page.contains(name), "\(setting.name)")
        }
        #expect(page.hasSuffix("\n") && !page.hasSuffix("\n\n"))
    }

    /// What the schema allows for a setting is what the setting takes.
    @Test func schemaAllowsWhatSettingsTake() throws {
        let data = Data(SettingsReference.page(.jsonSchema).utf8)
        let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let properties = try #require(schema["properties"] as? [String: [String: Any]])
        for setting in Setting.all {
            let property = try #require(properties[setting.name])
            if let words = property["enum"] as? [String] {
                for word in words { #expect(setting.accepts(word), "\(setting.name): \(word)") }
                #expect(!setting.accepts(words.joined()))
            } else if property["type"] as? String == "integer" {
                let low = try #require(property["minimum"] as? Int)
                let high = try #require(property["maximum"] as? Int)
                #expect(setting.accepts("\(low)") && setting.accepts("\(high)"))
                #expect(!setting.accepts("\(low - 1)") && !setting.accepts("\(high + 1)"))
            } else if property["type"] as? String == "boolean" {
                #expect(setting.accepts("true") && setting.accepts("false") && setting.isSwitch)
            } else {
                #expect(property["type"] as? [String] == ["string", "number"])
            }
        }
        #expect(schema["additionalProperties"] as? Bool == false)
    }
}
