package import ArgumentParser
import BulkheadChildren
import BulkheadEvents
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Glibc

/// `bulkhead broadcast`: takes inputs on air.
package struct BroadcastCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "broadcast",
        abstract: "Broadcast inputs to one or more destinations.",
        usage: "bulkhead broadcast <input> … --to <url> … [<options>]",
        discussion: """
            A stream key in an address is visible to every user of this machine, in the list of processes: end the \
            address after the application, and give the key with --stream-key-file or in BULKHEAD_STREAM_KEY.

            Ctrl-C ends the broadcast cleanly; a second one ends it at once. With --attach it only detaches.
            """)

    @OptionGroup
    var options: BroadcastOptions

    @Flag(help: "Open the inputs, say what would become of them and what would go out, and end; nothing is sent.")
    var dryRun = false

    package init() {}

    package func run() async throws {
        let (words, unreadable) = options.readableWords
        // Neither what children inherit nor what others may read of this process holds a key.
        let key = ProcessSecrets.take(DestinationWords.keyVariable)
        let service = ServiceManager.take()
        Confinement.hideMemory()
        let reporter = Reporter.standard(isJSON: words.isOn(.json))
        defer { reporter.flush() }
        try await Self.tell(reporter) { () async throws(BroadcastError) in
            if unreadable == nil, let path = try BroadcastPlan.masterToComeBackTo(words) {
                return try await AttachedBroadcast(path: path, reporter: reporter).comeBack(Interruptions())
            }
            let plan = try plan(words, unreadable, environmentKey: key, reporter)
            if dryRun {
                guard plan.settings.copies != true else {
                    throw BroadcastError(
                        .usage, "--dry-run says what would be encoded, and --copy encodes nothing",
                        advice: "leave one of them out")
                }
                guard plan.settings.resume?.mayStart != false else {
                    throw BroadcastError(
                        .usage, "--dry-run opens inputs that are named, and --resume names none",
                        advice: "`bulkhead resume list` says what would be resumed")
                }
                let run = try DryRun(programs: .named(plan.libexec))
                return .foreseen(try await run.forecast(plan.settings))
            }
            let interruptions = Interruptions()
            guard case .attach(let path) = plan.mode else {
                // What is resumed by its name alone has nothing of a file.
                let file = words.last(.resume) == nil ? options.config : nil
                let configuration = file.map { file in
                    ConfigurationReader(file: file, flags: options.words, environmentKey: key)
                        .source(loaded: plan.settings)
                }
                return try await OwnBroadcast(
                    plan, reporter: reporter, service: service, configuration: configuration
                ).run(interruptions)
            }
            return try await AttachedBroadcast(path: path, reporter: reporter).run(plan.settings, interruptions)
        }
    }

    /// - Parameter unreadable: why the configuration is not among `words`.
    private func plan(
        _ words: BroadcastWords, _ unreadable: BroadcastError?, environmentKey: String?, _ reporter: Reporter
    ) throws(BroadcastError) -> BroadcastPlan {
        do throws(BroadcastError) {
            if let unreadable { throw unreadable }
            return try BroadcastPlan(words, environmentKey: environmentKey)
        } catch {
            // What was interrupted does not wait for settings of which none would count.
            guard !dryRun, let plan = try ResumeWords.plan(resuming: words, where: KeptBroadcast.isResumable) else {
                throw error
            }
            reporter.event(
                Event(.master, .master(.settingsIgnored(text: error.problem)), time: EventLog.wallClock()))
            return plan
        }
    }

    /// Runs a broadcast, or follows one, and tells how it ended.
    static func tell(_ reporter: Reporter, _ body: () async throws(BroadcastError) -> BroadcastEnd) async throws {
        do {
            let end = try await body()
            reporter.finish()
            switch end {
            case .ended(let summary):
                reporter.summary(summary)
                if let shortfall = summary.shortfall { throw shortfall }
            case .detached(let path):
                reporter.say(
                    "detached: the broadcast goes on; see it with: bulkhead status --attach unix:\(path), "
                        + "end it with: bulkhead stop --attach unix:\(path)")
            case .foreseen(let forecast): reporter.forecast(forecast)
            case .endedAtOnce: throw EndedAtOnce()
            }
        } catch let error as BroadcastError {
            reporter.finish()
            reporter.failure(error)
            throw error
        }
    }
}

/// How a broadcast ended for the command that runs it.
enum BroadcastEnd {
    case ended(BroadcastSummary)
    /// The master at this path goes on with it.
    case detached(path: String)
    /// It was not to take place.
    case foreseen(Forecast)
    /// A second Ctrl-C came.
    case endedAtOnce
}
