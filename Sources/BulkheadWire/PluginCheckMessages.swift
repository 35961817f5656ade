/// One test of a plugin, which a plugin host started with `--check` runs in a process of its own.
package struct PluginCheckTest: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The kinds of test inputs.
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        /// Pictures of one size between guard pages, in several layouts, again in a fresh instance.
        case pictures
        /// Pictures of one size against the clock.
        case speed
        /// Blocks of sound of several lengths between guard pages, and against the clock.
        case sound
        /// Each parameter at its limits, when the plugin is made and while it works.
        case parameters
        /// Each kind of event, also one that nobody knows.
        case events
        /// Many pictures and many instances: memory, descriptors and threads.
        case memory
    }

    /// What is tried.
    package var kind: Kind
    /// Of the pictures, in pixels.
    package var width: Int
    /// The height of the test pictures, in pixels.
    package var height: Int

    package init(_ kind: Kind, width: Int = 320, height: Int = 180) {
        self.kind = kind
        self.width = width
        self.height = height
    }

    package var description: String {
        switch kind {
        case .pictures, .speed: "\(kind.rawValue) \(width)x\(height)"
        case .sound, .parameters, .events, .memory: kind.rawValue
        }
    }
}

/// What a checker is told: one message, the plugin and what to do with it.
package struct PluginCheckRequest: WireMessage, Hashable {
    /// The plugin, as it is loaded on air.
    package var settings: PluginSettings
    /// The test to be made.
    package var test: PluginCheckTest
    /// In the order in which they are tried: a parameter's name and a value for it.
    package var values: [PluginCheckValue]

    package init(settings: PluginSettings, test: PluginCheckTest, values: [PluginCheckValue]) {
        self.settings = settings
        self.test = test
        self.values = values
    }

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        WireFrame(.checkRequest, reserving: 512) { writer in
            settings.write(to: &writer)
            writer.write(test.kind.rawValue, atMost: 64)
            writer.write(UInt32(clamping: test.width))
            writer.write(UInt32(clamping: test.height))
            let values = values.prefix(4096)
            writer.write(UInt16(clamping: values.count))
            for value in values {
                writer.write(value.name, atMost: 256)
                writer.write(value.text, atMost: 4096)
                writer.write(value.mayBeRefused)
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        guard frame.knownType == .checkRequest else { throw .unknownType(frame.type) }
        settings = try PluginSettings(&reader)
        guard let kind = PluginCheckTest.Kind(rawValue: try reader.readString(atMost: 64, "test")) else {
            throw reader.outsideRange("test")
        }
        let width = try reader.read(UInt32.self)
        test = PluginCheckTest(kind, width: Int(width), height: Int(try reader.read(UInt32.self)))
        values = []
        for _ in 0..<(try reader.read(UInt16.self)) {
            let name = try reader.readString(atMost: 256, "parameter name")
            let text = try reader.readString(atMost: 4096, "parameter value")
            values.append(
                PluginCheckValue(name: name, text: text, mayBeRefused: try reader.readBool("refusal flag")))
        }
        try reader.finish()
    }
}

/// A value that a parameter is tried with.
package struct PluginCheckValue: Hashable, Sendable {
    /// The parameter's name.
    package var name: String
    /// The value, as text.
    package var text: String
    /// The plugin may say no, as for a file that is not there; a value within a parameter's range it may not.
    package var mayBeRefused: Bool

    package init(name: String, text: String, mayBeRefused: Bool = false) {
        self.name = name
        self.text = text
        self.mayBeRefused = mayBeRefused
    }
}

/// Something that a check has found.
package struct PluginCheckFinding: Hashable, Codable, Sendable {
    /// How much a finding matters.
    package enum Severity: String, Hashable, Codable, Sendable, CaseIterable {
        /// The plugin is not fit for a broadcast.
        case error
        case warning
    }

    /// How much it matters.
    package var severity: Severity
    /// What kind of thing it is, for scripts: "crash", "hang", "out-of-bounds", "leak", "speed", …
    package var code: String
    /// One lowercase phrase.
    package var text: String

    package init(_ severity: Severity, _ code: String, _ text: String) {
        self.severity = severity
        self.code = code
        self.text = text
    }
}

/// How long calls took, in microseconds.
package struct PluginCheckTimes: Hashable, Codable, Sendable {
    /// How many calls were timed.
    package var count: Int
    /// The time that half of the calls stayed below, in microseconds.
    package var median: Double
    /// The time that 99 of 100 calls stayed below, in microseconds.
    package var p99: Double
    /// The longest call, in microseconds.
    package var longest: Double
    /// The time that there is: the frame interval, or how long the block of sound lasts.
    package var interval: Double

    package init(count: Int, median: Double, p99: Double, longest: Double, interval: Double) {
        self.count = count
        self.median = median
        self.p99 = p99
        self.longest = longest
        self.interval = interval
    }

    /// Of times in nanoseconds; nil when there are none.
    package init?(nanoseconds: [Int64], interval: Double) {
        guard !nanoseconds.isEmpty else { return nil }
        let sorted = nanoseconds.sorted()
        func microseconds(_ share: Double) -> Double {
            Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000
        }
        self.init(
            count: sorted.count, median: microseconds(0.5), p99: microseconds(0.99), longest: microseconds(1),
            interval: interval)
    }
}

/// What a checker tells while it runs a test.
package enum PluginCheckReply: WireMessage, Hashable {
    /// It is about to call the plugin, and what with.
    case calling(PluginBreadcrumb.Call, with: String)
    case found(PluginCheckFinding)
    case measured(PluginCheckTimes)
    /// The plugin can't be used at all.
    case refused(Refusal)
    case finished

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .calling(let call, let detail):
            WireFrame(.checkCalling) {
                $0.write(call.rawValue)
                $0.write(detail, atMost: 256)
            }
        case .found(let finding):
            WireFrame(.checkFound) {
                $0.write(finding.severity == .error)
                $0.write(finding.code, atMost: 64)
                $0.write(finding.text, atMost: 1024)
            }
        case .measured(let times):
            WireFrame(.checkMeasured) {
                $0.write(UInt32(clamping: times.count))
                for time in [times.median, times.p99, times.longest, times.interval] { $0.write(time.bitPattern) }
            }
        case .refused(let refusal): WireFrame(.checkRefused) { refusal.write(to: &$0) }
        case .finished: WireFrame(.checkFinished) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .checkCalling?:
            guard let call = PluginBreadcrumb.Call(rawValue: try reader.read()) else {
                throw reader.outsideRange("call")
            }
            self = .calling(call, with: try reader.readString(atMost: 256, "detail"))
        case .checkFound?:
            let isError = try reader.readBool("severity")
            let code = try reader.readString(atMost: 64, "code")
            self = .found(
                PluginCheckFinding(isError ? .error : .warning, code, try reader.readString(atMost: 1024, "text")))
        case .checkMeasured?:
            let count = Int(try reader.read(UInt32.self))
            var times: [Double] = []
            for _ in 0..<4 {
                let time = Double(bitPattern: try reader.read(UInt64.self))
                guard time.isFinite, time >= 0 else { throw reader.outsideRange("time") }
                times.append(time)
            }
            self = .measured(
                PluginCheckTimes(
                    count: count, median: times[0], p99: times[1], longest: times[2], interval: times[3]))
        case .checkRefused?: self = .refused(try Refusal(&reader))
        case .checkFinished?: self = .finished
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
