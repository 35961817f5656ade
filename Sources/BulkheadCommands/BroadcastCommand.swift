package import ArgumentParser
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

    package init() {}

    package func run() async throws {
        let words = try options.allWords()
        // Neither what children inherit nor what others may read of this process holds a key.
        let key = ProcessSecrets.take(DestinationWords.keyVariable)
        Confinement.hideMemory()
        let reporter = Reporter.standard(isJSON: words.isOn(.json))
        defer { reporter.flush() }
        do {
            let plan = try BroadcastPlan(words, environmentKey: key)
            let interruptions = Interruptions()
            let end: BroadcastEnd
            if case .attach(let path) = plan.mode {
                end = try await AttachedBroadcast(path: path, reporter: reporter).run(plan.settings, interruptions)
            } else {
                end = try await OwnBroadcast(plan, reporter: reporter).run(interruptions)
            }
            reporter.finish()
            switch end {
            case .ended(let summary):
                reporter.summary(summary)
                if let shortfall = summary.shortfall { throw shortfall }
            case .detached(let path):
                reporter.say(
                    "detached: the broadcast goes on; see it with: bulkhead status --attach unix:\(path), "
                        + "end it with: bulkhead stop --attach unix:\(path)")
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
    /// A second Ctrl-C came.
    case endedAtOnce
}
