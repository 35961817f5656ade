package import ArgumentParser
import BulkheadChildren
import BulkheadDrill
import BulkheadMedia
import BulkheadModel
import BulkheadProbe
import BulkheadSystem
import Glibc

/// `bulkhead drill`: broadcasts, injects faults, watches as a viewer, and judges.
package struct DrillCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Broadcast, inject faults by a plan, watch as a viewer, and judge what the viewer got.",
        usage: "bulkhead drill [<input> …] [--to <url>] --fault <part:kind@moment> … [--expect <list>] [<options>]",
        discussion: """
            For continuous integration: no child needs a special build to be killed. Parts: encoder, standby, source, \
            mixer, recorder, plugins: kill, segv, abrt, bus, ill, fpe, term, hang; all but standby also trap, exit, garbage, leak, \
            flood, loot, slow[=TIME], an encoder freeze; source=2 is the second input's; server: kill, restart, stop[=TIME], hang[=TIME], and on the path \
            to it stall[=TIME], blackhole[=TIME], refuse[=TIME], slow[=TIME]; acks=inc, fixed, restart, i32 or none for \
            a server that counts in a way of its own what it acknowledges; disk: full[=TIME], quota[=TIME], eio, \
            readonly, hang[=TIME], slow[=TIME], gone; chat: kill, segv, abrt, bus, ill, fpe, term, hang, and at its server \
            reset, reconnect, blackhole[=TIME], refuse[=TIME]. Moments: @frame=300, @5s; behind \
            a server's, \
            ,link=2 for that of another link.

            Exits with 0 when all expectations hold, with 1 when one does not, with 2 on wrong flags; with the codes \
            of `bulkhead broadcast` when the drill can't be held at all.
            """)

    @Argument(
        help: ArgumentHelp("The input (default: test, whose frames have numbers).", valueName: "input"),
        completion: .file())
    var inputs: [String] = []

    @Option(help: ArgumentHelp("Broadcast to this server instead of the embedded one.", valueName: "url"))
    var to: String?

    @Option(help: ArgumentHelp("Where the viewer watches (default: the URL of --to).", valueName: "url"))
    var view: String?

    @Option(help: ArgumentHelp("A fault: encoder:kill@frame=300, plugins:hang@5s, …", valueName: "part:kind@moment"))
    var fault: [String] = []

    @Option(
        help: ArgumentHelp(
            "What must hold: lost=0,repeated=0,gap<200ms,connections=1; else lost, disorder and backwards are 0 and "
                + "there is 1 connection.", valueName: "list"))
    var expect: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long the broadcast is on air (default: until six seconds after the last fault).", valueName: "time"))
    var duration: String?

    @Flag(help: "Draw faults at random, one every 1 to 4 seconds.")
    var random = false

    @Option(help: ArgumentHelp("Draw the faults of the drill that printed this number.", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("How many faults are drawn, spread over the duration.", valueName: "count"))
    var kills: Int?

    @Option(
        help: ArgumentHelp(
            "How many embedded servers to publish to, each with a viewer (default: as many as the faults name).",
            valueName: "count"))
    var links: Int?

    @Option(
        help: ArgumentHelp(
            "How many faults of the first link's server and path are also drawn (default: 0).", valueName: "count"))
    var linkFaults: Int?

    @Option(
        help: ArgumentHelp(
            "Show other scenes all the while, so many: random:50. Each input's numbers are judged in its place.",
            valueName: "random:count"))
    var scenes: String?

    @Option(help: ArgumentHelp("Write the report as JUnit XML.", valueName: "file"), completion: .file())
    var junit: String?

    @Option(
        help: ArgumentHelp(
            "What the drill is called in the JUnit report (default: bulkhead.drill); for several in one job.",
            valueName: "name"))
    var name: String?

    @OptionGroup(title: "ENCODING")
    var encodingFlags: EncodingFlags

    @Option(help: ArgumentHelp("The folder of the child programs.", valueName: "folder"), completion: .directory)
    var libexec: String?

    @Flag(help: "Write events as JSON, one object a line, and the report as the last one.")
    var json = false

    /// The exit code for wrong flags, which is 64 elsewhere.
    static let usageExitCode: Int32 = 2

    package init() {}

    package func run() async throws {
        let reporter = Reporter.standard(isJSON: json)
        defer { reporter.flush() }
        do {
            let settings = try settings()
            // A report that can't be kept is to be known before the drill, and one that is killed leaves an error.
            if let junit { try Self.write(JUnit.text("the drill did not come to its end", named: suite), to: junit) }
            for line in Self.opening(settings) { reporter.say(line) }
            let report = try await hold(settings, reporter)
            reporter.finish()
            reporter.drill(report)
            if let junit { try Self.write(JUnit.text(report, named: suite), to: junit) }
            guard report.passed else { throw ExitCode.failure }
        } catch let error as BroadcastError {
            reporter.finish()
            reporter.failure(error)
            // What can't be written is known by then.
            if let junit { try? Self.write(JUnit.text(ErrorText.text(error), named: suite), to: junit) }
            throw error
        }
    }

    private var suite: String { name ?? "bulkhead.drill" }

    /// Holds the drill; the first signal ends its broadcast, and then the drill.
    private func hold(_ settings: DrillSettings, _ reporter: Reporter) async throws(BroadcastError) -> DrillReport {
        let drill = try await Drill.prepare(settings, try Programs.named(settings.libexec)) { reporter.event($0) }
        let body = Task { await LongRun.outcome { () async throws(BroadcastError) in try await drill.run() } }
        let (result, signalCount) = await LongRun(reporter: reporter, interruptions: Interruptions()).run(
            status: { .viewer(await drill.view()) },
            onSignal: { _, count in
                if count == 1 { reporter.say("ending the drill") }
                body.cancel()
            },
            body: { await body.value })
        await drill.close()
        var report = try result.get()
        if signalCount > 0 { report.failure = "the drill was interrupted" }
        return report
    }

    // MARK: settings

    private func settings() throws(BroadcastError) -> DrillSettings {
        var words = BroadcastWords()
        encodingFlags.collect(into: &words)
        let rate = BroadcastKey(rawValue: "fps").flatMap(words.last) ?? "30"
        guard let frameRate = FrameRate(rate)?.framesPerSecond else {
            throw BroadcastError(.usage, "--fps \(rate) is no frame rate", advice: "write 30, 29.97 or 30000/1001")
        }
        let sceneCount = try sceneCount()
        let (faults, seed, seconds) = try plan(rate: frameRate, hasScenes: sceneCount != nil)
        for (name, value) in [("size", "640x360"), ("video-bitrate", "800k"), ("preset", "ultrafast")] {
            if let key = BroadcastKey(rawValue: name), words[key].isEmpty { words[key] = [value] }
        }
        // Scenes are counted in frames.
        if sceneCount != nil, let key = BroadcastKey(rawValue: "fps"), words[key].isEmpty { words[key] = [rate] }
        if words[.plugin].isEmpty, faults.contains(where: { $0.part == .plugins }) {
            words[.plugin] = try standardPlugin()
        }
        // What the broadcast would refuse is refused here, before anything is started.
        var whole = words
        whole[.input] = inputs.isEmpty ? ["test"] : inputs
        whole[.to] = [to ?? "rtmp://127.0.0.1/live/drill"]
        // Without scenes of their own several films would be one playlist.
        if sceneCount != nil { whole[.layout] = [SceneLayout.grid.rawValue] }
        let key = getenv(DestinationWords.keyVariable).map { String(cString: $0) }
        let plan = try BroadcastPlan(whole, environmentKey: key)
        var expectations: [Expectation] = []
        for list in expect { expectations += try Expectation.list(list) }
        let named = whole[.input].enumerated().map { "\($1),name=\(DrillScenes.name(ofInput: $0 + 1))" }
        return DrillSettings(
            inputs: sceneCount == nil ? whole[.input] : named,
            hasNumbers: plan.settings.inputs.contains { $0.url == "test" }, to: to, view: view,
            streamKey: key, linkCount: try linkCount(faults),
            faults: faults, seed: seed, expectations: expectations, seconds: seconds, frameRate: frameRate,
            bitsPerSecond: Int(plan.settings.videoBitsPerSecond) + Int(plan.settings.audioBitsPerSecond),
            broadcastFlags: Self.flags(words), libexec: libexec.map { FilePaths.absolute($0) },
            exitCodeOfLostRecording: BroadcastError.Kind.someDestinations.exitCode,
            scenes: try sceneCount.map { (count) throws(BroadcastError) in
                try drillScenes(
                    count, seed: seed ?? self.seed ?? UInt64.random(in: 1...999_999_999),
                    seconds: seconds, plan.settings)
            })
    }

    private func sceneCount() throws(BroadcastError) -> Int? {
        guard let scenes else { return nil }
        guard scenes.hasPrefix("random:"), let count = Int(scenes.dropFirst("random:".count)),
            (1...10_000).contains(count)
        else {
            throw BroadcastError(
                .usage, "--scenes \(scenes) is no number of changes", advice: "write random:50, with 1 to 10000")
        }
        return count
    }

    private func drillScenes(
        _ count: Int, seed: UInt64, seconds: Double, _ settings: BroadcastSettings
    ) throws(BroadcastError) -> DrillScenes {
        guard settings.inputs.count > 1, settings.inputs.count <= 9 else {
            throw BroadcastError(
                .usage, "--scenes shows 2 to 9 inputs, and there are \(settings.inputs.count)",
                advice: "name several, such as test test")
        }
        guard settings.scenes == nil, settings.inputs.allSatisfy({ $0.name == nil }) else {
            throw BroadcastError(.usage, "--scenes makes its own scenes", advice: "leave names of inputs away")
        }
        return DrillScenes(
            inputs: settings.inputs.count, count: count, seed: seed, seconds: seconds, on: settings.canvas)
    }

    private func linkCount(_ faults: [Fault]) throws(BroadcastError) -> Int {
        let named = faults.map(\.link).max() ?? 1
        guard let links else { return named }
        guard Fault.links.contains(links), links >= named else {
            throw BroadcastError(
                .usage, "--links \(links) is not between \(named) and \(Fault.links.upperBound)",
                advice: "give as many as the faults name at least")
        }
        guard to == nil || links == 1 else {
            throw BroadcastError(.usage, "--links is for embedded servers", advice: "leave --to out, or --links")
        }
        return links
    }

    private func plan(rate: Double, hasScenes: Bool) throws(BroadcastError) -> ([Fault], UInt64?, Double) {
        var faults: [Fault] = []
        for word in fault { faults.append(try Fault(word)) }
        if to != nil, let fault = faults.first(where: { $0.part == .server }) {
            throw BroadcastError(
                .usage, "--fault \(fault) needs the embedded server", advice: "leave --to out, or this fault")
        }
        var span: Double?
        if let duration {
            guard let parsed = TimeSpan(duration), parsed.seconds >= 1 else {
                throw BroadcastError(
                    .usage, "--duration \(duration) is no time from a second on", advice: "write 20s or 10m")
            }
            span = parsed.seconds
        }
        guard random else {
            guard seed == nil || hasScenes, kills == nil, linkFaults == nil else {
                throw BroadcastError(
                    .usage, "--seed, --kills and --link-faults are for faults at random", advice: "add --random")
            }
            let last = faults.map { $0.moment.seconds(at: rate) }.max() ?? 4
            return (faults, nil, span ?? (hasScenes ? max(20, last + 6) : last + 6).rounded(.up))
        }
        if let kills, !(1...10_000).contains(kills) {
            throw BroadcastError(.usage, "--kills \(kills) is not between 1 and 10000")
        }
        if let linkFaults, !(1...10_000).contains(linkFaults) || to != nil {
            throw BroadcastError(
                .usage, "--link-faults \(linkFaults) is not between 1 and 10000, or --to names a server",
                advice: "leave --to out: only embedded servers are disturbed")
        }
        let seconds = span ?? 60
        guard seconds >= 8 else {
            throw BroadcastError(.usage, "faults at random need 8 seconds at least", advice: "give a longer --duration")
        }
        let seed = seed ?? UInt64.random(in: 1...999_999_999)
        let drawn =
            RandomPlan.faults(
                seed: seed, seconds: seconds, kills: kills,
                parts: hasScenes ? [.encoder, .source, .mixer] : [.encoder, .source, .plugins],
                inputs: max(1, inputs.count))
            + RandomPlan.linkFaults(seed: seed, seconds: seconds, count: linkFaults ?? 0)
        return (faults + drawn, seed, seconds)
    }

    /// Without a plugin nothing passes the plugin host, and nobody would notice that it hangs.
    private func standardPlugin() throws(BroadcastError) -> [String] {
        let folders = PluginFolders.all(beside: try Programs.named(libexec.map { FilePaths.absolute($0) }))
        return PluginFolders.path(ofPlugin: "border", in: folders).map { ["\($0),width=4"] } ?? []
    }

    private static func flags(_ words: BroadcastWords) -> [String] {
        words.keys.sorted { $0.rawValue < $1.rawValue }.flatMap { key in
            words[key].flatMap { ["--\(key.rawValue)", $0] }
        }
    }

    private static func opening(_ settings: DrillSettings) -> [String] {
        let faults = settings.faults.isEmpty ? "no fault" : settings.faults.map { "\($0)" }.joined(separator: " ")
        var lines = ["drill: \(DecimalText.text(settings.seconds, places: 1)) s on air, \(faults)"]
        if let seed = settings.seed { lines.append("seed \(seed)") }
        if let scenes = settings.scenes {
            lines.append("scenes: \(scenes.changes.count) changes; the same again with --seed \(scenes.seed)")
        }
        return lines
    }

    private static func write(_ text: String, to path: String) throws(BroadcastError) {
        let file = FilePaths.absolute(path)
        let descriptor = open(file, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw BroadcastError(.file, "\(path) can't be written: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                throw BroadcastError(.file, "\(path) can't be written: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
    }
}
