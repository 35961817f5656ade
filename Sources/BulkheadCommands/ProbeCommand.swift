package import ArgumentParser
import BulkheadChildren
import BulkheadEvents
import BulkheadLibraryPlayer
import BulkheadMaster
import BulkheadModel
import BulkheadProbe
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadStreamPlayer
import BulkheadSystem
import BulkheadWire
import Foundation

/// `bulkhead probe`: watches a stream and measures what a viewer gets.
package struct ProbeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract:
            "Watch a stream of any server, a recording or a live room of a library or an FLV file, and measure what a viewer gets.",
        discussion: """
            Counts frames, gaps, timestamp faults and the rate; in pictures of the test source it reads the frame \
            numbers, and says which are lost or repeated and how far sound and picture lie apart. Ends with the \
            stream, after --duration, or by Ctrl-C.

            Exits with 0, with 1 when something that --expect names does not hold, or with 66 when nothing came.
            """)

    @Argument(
        help: ArgumentHelp(
            "rtmp://SERVER/APP/KEY, rtmps://…, http://SERVER/APP/NAME.flv, http://LIBRARY/#ID, http://LIBRARY/#live/APP/NAME, or an FLV file.",
            valueName: "url"),
        completion: .file(extensions: ["flv"]))
    var url: String

    @Option(help: ArgumentHelp("End after this time: 10, 1m30s, 00:01:30.", valueName: "time"))
    var duration: String?

    @Option(help: ArgumentHelp("How long to wait for the first picture (default: 10s).", valueName: "time"))
    var wait: String?

    @Option(
        help: ArgumentHelp(
            "The stream counts as ended after this time without data (default: 10s).",
            valueName: "time"))
    var silence: String?

    @Option(
        help: ArgumentHelp(
            "A further tracker of a library, asked when the first one doesn't answer; may be repeated.",
            valueName: "url"))
    var tracker: [String] = []

    @Flag(help: "Reconnect if the publisher or the server goes away.")
    var stay = false

    @Flag(inversion: .prefixedNo, help: "Decode pictures and sound, to read numbers and beeps in them.")
    var decode = true

    @Option(
        help: ArgumentHelp(
            "What must hold: lost=0,repeated=0,gap<200ms,av-offset<=60ms; see the manual.", valueName: "list"))
    var expect: [String] = []

    @OptionGroup var authority: AuthorityFile

    @Option(help: ArgumentHelp("The folder of the child programs.", valueName: "folder"), completion: .directory)
    var libexec: String?

    @Flag(help: "Write findings as JSON, one object a line, and the measurements as the last one.")
    var json = false

    package init() {}

    package func run() async throws {
        let reporter = Reporter.standard(isJSON: json)
        defer { reporter.flush() }
        do {
            let verdicts = try await watch(reporter)
            guard verdicts.allSatisfy(\.holds) else { throw ExitCode.failure }
        } catch let error as BroadcastError {
            reporter.finish()
            reporter.failure(error)
            throw error
        }
    }

    private func watch(_ reporter: Reporter) async throws(BroadcastError) -> [Verdict] {
        let source = try WatchedAddress(url, trackers: tracker)
        var expectations: [Expectation] = []
        for list in expect { expectations += try Expectation.list(list) }
        let span = try duration.map { (text) throws(BroadcastError) in try Self.time(text, "--duration") }
        var options = StreamReader.Options()
        options.stays = stay
        if stay { (options.patience, options.silence) = (nil, nil) }
        if let silence { options.silence = try Self.time(silence, "--silence") }
        if let wait { options.patience = try Self.time(wait, "--wait") }
        options.stream = try authority.options()
        if stay { options.stream.connection.timeout = .seconds(5) }
        let programs = try Programs.named(libexec.map { FilePaths.absolute($0) })
        let probe: Probe
        do throws(ProbeError) {
            probe = try Probe(decoder: decode ? programs.launch(.decoder) : nil, isFile: source.isFile) { observation in
                reporter.event(Event(observation, time: Date().timeIntervalSince1970))
            }
        } catch { throw BroadcastError(.internal, error.description) }
        let failure = await follow(source, probe, span, options, reporter)
        await probe.drain()
        let report = await probe.report()
        await probe.close()
        reporter.finish()
        if let failure, report.video == nil { throw failure }
        // The time may be over before the patience is.
        if report.video == nil, report.audio == nil {
            throw BroadcastError(
                .input, "nothing came of \(source)", advice: "check the address, and that something is published there")
        }
        let verdicts = expectations.map { Verdict($0, in: report) }
        reporter.measurements(report, verdicts)
        return verdicts
    }

    /// Watches until the stream or the time is over, or a signal comes.
    private func follow(
        _ source: WatchedAddress, _ probe: Probe, _ span: Duration?, _ options: StreamReader.Options,
        _ reporter: Reporter
    ) async -> BroadcastError? {
        let watching = Task { await Self.outcome(source, probe, options) }
        let clock = Task {
            guard let span else { return }
            try await Task.sleep(for: span)
            watching.cancel()
        }
        // Both end with the watching.
        let (failure, _) = await LongRun(reporter: reporter, interruptions: Interruptions()).run(
            status: { .viewer(await probe.view()) },
            onSignal: { _, _ in watching.cancel() },
            body: { await watching.value })
        clock.cancel()
        return failure
    }

    private static func outcome(
        _ source: WatchedAddress, _ probe: Probe, _ options: StreamReader.Options
    ) async -> BroadcastError? {
        do throws(ProbeError) {
            switch source {
            case .played(.stream(let source)): try await StreamReader.watch(source, with: probe, options: options)
            case .file(let path): try await StreamReader.read(path, with: probe)
            case .played(.recording(let address)):
                let patience = patience(options)
                return await failure(of: { () throws(BroadcastError) in
                    try await LibraryViewer.watch(
                        address, with: probe, patience: patience, trust: options.stream.trust)
                })
            case .played(.room(let address)):
                let patience = patience(options)
                return await failure(of: { () throws(BroadcastError) in
                    try await RoomViewer.watch(address, with: probe, patience: patience, options: options.stream)
                })
            }
            return nil
        } catch {
            if case .untrusted = error {
                return BroadcastError(.input, error.description, advice: AuthorityFile.advice)
            }
            return BroadcastError(.input, error.description)
        }
    }

    private static func patience(_ options: StreamReader.Options) -> PlaybackPatience {
        var patience = PlaybackPatience()
        if let limit = options.patience { patience.trouble = limit }
        return patience
    }

    private static func failure(
        of body: @escaping @Sendable () async throws(BroadcastError) -> Void
    ) async -> BroadcastError? {
        if case .failure(let error) = await LongRun.outcome({ () throws(BroadcastError) in try await body() }) {
            return error
        }
        return nil
    }

    private static func time(_ text: String, _ flag: String) throws(BroadcastError) -> Duration {
        guard let span = TimeSpan(text), span.seconds > 0 else {
            throw BroadcastError(.usage, "\(flag) \(text) is no time", advice: "write 10, 1m30s or 00:01:30")
        }
        return .milliseconds(Int64(span.seconds * 1000))
    }
}

/// What is watched.
enum WatchedAddress: CustomStringConvertible {
    case played(PlayedAddress)
    case file(String)

    /// - Throws: kind `usage` for an address that can't be watched.
    init(_ address: String, trackers: [String] = []) throws(BroadcastError) {
        if address.hasPrefix("file:") {
            self = .file(FilePaths.absolute(String(address.dropFirst("file:".count))))
        } else if !address.contains("://") {
            self = .file(FilePaths.absolute(address))
        } else if let played = PlayedAddress(address, trackers: trackers) {
            self = .played(played)
        } else {
            throw Self.misfit(address, trackers)
        }
    }

    private static func misfit(_ address: String, _ trackers: [String]) -> BroadcastError {
        if address.hasPrefix("http"), PlayedAddress(address, trackers: []) != nil {
            return BroadcastError(.usage, "a tracker's address is none", advice: "write --tracker http://SERVER:8090")
        }
        let advice = "write rtmp://SERVER/APP/KEY, http://SERVER/APP/NAME.flv, http://LIBRARY/#ID, or an FLV file"
        do throws(IngestTargetError) { _ = try IngestTarget(address) } catch {
            guard !address.hasPrefix("http") else {
                return BroadcastError(
                    .usage, "the address is none of a stream, a recording or a room", advice: advice)
            }
            return BroadcastError(.usage, "\(error)", advice: advice)
        }
        return BroadcastError(.usage, "the address can't be watched", advice: advice)
    }

    /// Without a stream key.
    var description: String {
        switch self {
        case .played(let address): "\(address)"
        case .file(let path): path
        }
    }

    var isFile: Bool { if case .file = self { true } else { false } }
}
