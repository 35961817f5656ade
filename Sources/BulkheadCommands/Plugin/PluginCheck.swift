import BulkheadChildRuntime
import BulkheadChildren
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import Foundation
import SystemPackage

/// What became of one test of a plugin.
struct PluginCheckResult: Codable, Sendable {
    let test: String
    var passed: Bool { findings.allSatisfy { $0.severity != .error } }
    var findings: [PluginCheckFinding] = []
    /// In microseconds.
    var times: PluginCheckTimes?
    /// What a crashed process wrote last: the signal and where it was.
    var backtrace: [String] = []
    /// The plugin can't be made at all.
    var isRefused = false

    init(test: String) { self.test = test }

    private enum CodingKeys: String, CodingKey { case test, findings, times, backtrace }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(test, forKey: .test)
        try container.encode(findings, forKey: .findings)
        try container.encodeIfPresent(times, forKey: .times)
        if !backtrace.isEmpty { try container.encode(backtrace, forKey: .backtrace) }
    }
}

/// All tests of a plugin together.
struct PluginCheckSummary: Codable, Sendable {
    let plugin: String
    let path: String
    var tests = 0
    var errors = 0
    var warnings = 0
    var isFit = true

    init(plugin: String, path: String) {
        self.plugin = plugin
        self.path = path
    }

    mutating func add(_ result: PluginCheckResult) {
        tests += 1
        errors += result.findings.count { $0.severity == .error }
        warnings += result.findings.count { $0.severity == .warning }
    }
}

/// Runs the tests of one plugin, each in a plugin host that may die of it.
struct PluginCheck: Sendable {
    let plugin: PluginDescription
    let parameters: [String: String]
    /// How `bulkhead-plugin-host` is started; the arguments are replaced.
    let launch: ChildLaunch
    /// How long the plugin may be silent.
    let patience: Duration

    /// Small, narrow, and with heights and widths that no power of two divides.
    private static let sizes = [(16, 16), (18, 34), (320, 180), (638, 358), (1920, 1080), (1920, 1082)]
    private static let speeds = [(1280, 720), (1920, 1080)]

    /// "320x180"; nil for what no broadcast can have.
    static func canvas(_ text: String) -> (width: Int, height: Int)? {
        Canvas(text).map { ($0.width, $0.height) }
    }

    /// What is to be tried of a plugin, the quick and telling first.
    static func tests(of plugin: PluginDescription, sizes: [(width: Int, height: Int)]?) -> [PluginCheckTest] {
        var tests: [PluginCheckTest] = []
        if plugin.takesVideo {
            tests += (sizes ?? Self.sizes).map { PluginCheckTest(.pictures, width: $0.0, height: $0.1) }
        }
        if plugin.takesAudio { tests.append(PluginCheckTest(.sound)) }
        if !plugin.parameters.isEmpty { tests.append(PluginCheckTest(.parameters)) }
        if plugin.takesEvents { tests.append(PluginCheckTest(.events)) }
        tests.append(PluginCheckTest(.memory, width: 128, height: 72))
        if plugin.takesVideo {
            tests += (sizes ?? Self.speeds).map { PluginCheckTest(.speed, width: $0.0, height: $0.1) }
        }
        return tests
    }

    /// The values that each parameter is tried with.
    static func values(of parameters: [PluginParameter]) -> [PluginCheckValue] {
        parameters.flatMap { parameter -> [PluginCheckValue] in
            var texts: [String] = []
            var mayBeRefused = false
            switch parameter.kind {
            case .integer, .number:
                // Without limits, numbers may be anything: the plugin may not be able to follow.
                mayBeRefused = parameter.minimum == nil || parameter.maximum == nil
                let isWhole = parameter.kind == .integer
                texts = [parameter.minimum ?? -1e9, parameter.maximum ?? 1e9].map {
                    isWhole ? Int64(exactly: $0.rounded()).map { "\($0)" } ?? "0" : "\($0)"
                }
            case .boolean: texts = ["true", "false"]
            case .choice: texts = parameter.choices
            case .color: texts = ["#000000", "#FFFFFF", "#FF8000"]
            case .text:
                mayBeRefused = true
                texts = ["", "x", String(repeating: "Ünïcode \u{1F44B} ", count: 60), "%s%n%d"]
            case .file:
                mayBeRefused = true
                texts = ["", "/nonexistent/file", "/dev/null", "/etc/passwd"]
            case .position: texts = ["0/0", "1/1", "0.5/0.5"]
            }
            if !parameter.defaultText.isEmpty { texts.append(parameter.defaultText) }
            return texts.map { PluginCheckValue(name: parameter.name, text: $0, mayBeRefused: mayBeRefused) }
        }
    }

    /// What is kept of a plugin that finds no end.
    private static let mostFindings = 1000
    /// A test may take so many times the plugin's patience, however much it says meanwhile.
    private static let longestTest = 30

    /// What a process that has said all may take to end: plugins' destructors run then.
    private static let ending = Teardown([.wait(.seconds(5))])

    /// Runs one test.
    func run(_ test: PluginCheckTest) async -> PluginCheckResult {
        await BlockingChild.onThread { runHere(test) }
    }

    private func runHere(_ test: PluginCheckTest) -> PluginCheckResult {
        var result = PluginCheckResult(test: "\(test)")
        var launch = launch
        launch.arguments = ["--check"]
        do {
            let errors = try TemporaryText()
            defer { errors.close() }
            let child = try errors.withDescriptor { descriptor throws(Errno) in
                try BlockingChild(launch, standardError: descriptor)
            }
            let descriptor: OwnedDescriptor
            do throws(Errno) { descriptor = try child.socket.duplicate() } catch {
                _ = child.end(.atOnce)
                throw error
            }
            let socket = WireSocket(descriptor)
            let settings = PluginSettings(id: 1, path: plugin.path, label: plugin.label, parameters: parameters)
            let values = test.kind == .parameters ? Self.values(of: plugin.parameters) : []
            // A process that does not read it is one that hangs.
            socket.limitSending(to: patience)
            try? socket.send(PluginCheckRequest(settings: settings, test: test, values: values))
            let talk = listen(to: socket, &result)
            let end = child.end(talk.isSilent ? .atOnce : Self.ending)
            judge(talk, exit: end.exit, wasRunning: end.wasKilled, said: errors.lines, &result)
        } catch {
            result.findings.append(
                PluginCheckFinding(.error, "installation", "\(launch.path) can't be started: \(error)"))
        }
        return result
    }

    /// How far a checker came.
    private struct Talk {
        var call = PluginBreadcrumb.Call.none
        var detail = ""
        var isFinished = false
        /// It has said nothing for as long as it may.
        var isSilent = false

        var place: String { call == .none ? "between calls" : "\(call)\(detail.isEmpty ? "" : " (\(detail))")" }
    }

    private func listen(to socket: WireSocket, _ result: inout PluginCheckResult) -> Talk {
        var talk = Talk()
        let end = MonotonicTime.now.advanced(by: patience * Self.longestTest)
        let milliseconds = CInt(clamping: patience.nanoseconds / 1_000_000)
        while true {
            guard .now < end else {
                talk.isSilent = true
                return talk
            }
            do throws(WireSocketError) {
                guard let received = try socket.receive(PluginCheckReply.self, timeoutMilliseconds: milliseconds) else {
                    talk.isSilent = true
                    return talk
                }
                switch received.message {
                case .calling(let call, let detail):
                    talk.call = call
                    talk.detail = EventLine.clean(detail)
                case .found(let finding):
                    if result.findings.count < Self.mostFindings { result.findings.append(finding) }
                case .measured(let times): result.times = times
                case .refused(let refusal):
                    result.isRefused = true
                    result.findings.append(PluginCheckFinding(.error, "refusal", refusal.description))
                case .finished:
                    talk.isFinished = true
                    return talk
                }
            } catch {
                return talk
            }
        }
    }

    private func judge(
        _ talk: Talk, exit: ChildExit?, wasRunning: Bool, said: [String], _ result: inout PluginCheckResult
    ) {
        if talk.isSilent {
            result.findings.append(
                PluginCheckFinding(
                    .error, "hang", "it hangs \(talk.place): nothing came for \(patience.components.seconds) s"))
        } else if case .signaled(let signal)? = exit, !wasRunning {
            let place = talk.isFinished ? "when the process ended" : talk.place
            // What the handler of the signal has written: which memory it was, and where.
            let start = said.lastIndex { $0.hasPrefix("crashed by ") }
            let report = start.map { Array(said[$0...]) } ?? []
            let memory = report.first { line in
                ["it wrote ", "it read ", "it touched "].contains { line.hasPrefix($0) }
            }
            let code = memory == nil ? "crash" : "out-of-bounds"
            let phrase = memory.map { "\($0): it crashed \(place)" } ?? "it crashed \(place)"
            result.findings.append(PluginCheckFinding(.error, code, "\(phrase), \(ChildExit.signaled(signal))"))
            result.backtrace = report.filter { $0.contains("(") || $0.contains("[") }.map(EventLine.clean)
        } else if !talk.isFinished {
            result.findings.append(
                PluginCheckFinding(.error, "exit", "it ended the process \(talk.place): \(exit.map { "\($0)" } ?? "?")")
            )
        } else if wasRunning {
            result.findings.append(PluginCheckFinding(.error, "hang", "it keeps the process from ending"))
        }
    }
}

/// A file without a name that a child writes to, for what it says last.
private struct TemporaryText: ~Copyable {
    private static let limit = 1 << 16
    private let file: UnsafeMutablePointer<FILE>

    init() throws(Errno) {
        guard let file = tmpfile() else { throw Errno(rawValue: errno) }
        self.file = file
    }

    borrowing func close() { fclose(file) }

    borrowing func withDescriptor<Result: ~Copyable>(
        _ body: (borrowing OwnedDescriptor) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        let descriptor = OwnedDescriptor(adopting: try Errno.check(dup(fileno(file))))
        do throws(Errno) {
            let result = try body(descriptor)
            descriptor.close()
            return result
        } catch {
            descriptor.close()
            throw error
        }
    }

    /// The last lines.
    var lines: [String] {
        let descriptor = fileno(file)
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let start = max(0, size - Self.limit)
        var bytes = [UInt8](repeating: 0, count: max(0, size - start))
        let count = pread(descriptor, &bytes, bytes.count, off_t(start))
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
