import BulkheadMedia
import BulkheadPluginCatalog
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// Every plugin that is installed, loaded and run for a hundred pictures or blocks of sound in a host of its own. Only
/// on request, since that takes minutes: `BULKHEAD_PLUGINS_TRIED=FILE swift test --filter PluginsTried` writes the
/// table of `docs/plugins-tried.md` to FILE.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["BULKHEAD_PLUGINS_TRIED"] != nil), .timeLimit(.minutes(60)))
struct PluginsTried {
    private static let count = 100
    private static let size = (width: 640, height: 360)

    /// What became of one plugin.
    private struct Outcome {
        var identity: String
        var media: String
        var result: String
        /// It did all that it was asked.
        var isWell: Bool
        var medianMicroseconds: UInt32?

        var row: String {
            "| `\(identity)` | \(media) | \(result) | \(medianMicroseconds.map { "\($0)" } ?? "–") |"
        }
    }

    @Test func all() async throws {
        let file = try #require(ProcessInfo.processInfo.environment["BULKHEAD_PLUGINS_TRIED"])
        let host = ChildLaunch(
            path: productFolder + "/bulkhead-plugin-host", arguments: [],
            environment: ["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"])
        let catalog = PluginCatalog(
            host: host, searchPath: .standard(programs: productFolder), cacheFile: nil, isFresh: true)
        let listings = await catalog.all(of: [.frei0r, .ladspa])
        let outcomes = try await Task { try Self.outcomes(listings) }.value
        let rows = outcomes.map(\.row).joined(separator: "\n")
        let well = outcomes.filter(\.isWell).count
        let text = """
            \(outcomes.count) plugins, of which \(well) did all that they were asked.

            | plugin | takes | what became of it | median time in µs |
            | --- | --- | --- | --- |
            \(rows)

            """
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(!outcomes.isEmpty)
    }

    /// On one thread: a child ends with the thread that started it.
    private nonisolated static func outcomes(_ listings: [PluginListing]) throws -> [Outcome] {
        listings.map { listing in
            guard let plugin = listing.plugin else {
                return Outcome(
                    identity: listing.identity, media: listing.kind.rawValue, result: listing.problem ?? "",
                    isWell: false)
            }
            return outcome(plugin)
        }
    }

    private nonisolated static func outcome(_ plugin: PluginDescription) -> Outcome {
        let media = "\(plugin.takesVideo ? "picture" : "sound") \(plugin.role.rawValue)"
        var outcome = Outcome(identity: plugin.identity, media: media, result: "", isWell: false)
        do {
            // In a sandbox, as a broadcast has it.
            let host = try PluginHostChild(
                width: size.width, height: size.height, confined: (readable: [plugin.path], dataFolder: ""))
            do {
                try run(plugin, in: host, &outcome)
            } catch {
                let place = host.notes.flatMap { PluginBreadcrumb(in: $0.base) }.map { " \($0.call)" } ?? ""
                if case ChildTestFailure<PluginReply>.timedOut = error {
                    outcome.result = "hung\(place)"
                } else {
                    let exit = try host.child.waitForExit()
                    let end =
                        exit.isSignal ? "\(BulkheadSystem.ChildExit.signaled(exit.status))" : "exit code \(exit.status)"
                    outcome.result = "crashed\(place): \(end)"
                }
            }
        } catch {
            outcome.result = "\(error)"
        }
        return outcome
    }

    private nonisolated static func run(
        _ plugin: PluginDescription, in host: PluginHostChild, _ outcome: inout Outcome
    ) throws {
        let reply = try host.ask(
            .load(PluginSettings(id: 1, path: plugin.path, label: plugin.label, parameters: [:])))
        guard case .loaded = reply else {
            if case .refused(_, let refusal) = reply { outcome.result = "refused: \(refusal)" }
            return
        }
        var random = SystemRandomNumberGenerator()
        let samples = (0..<AudioFormat.floatsPerBlock).map { _ in Float.random(in: -0.5...0.5, using: &random) }
        var times: [PluginTime] = []
        for index in 0..<count {
            if plugin.takesVideo {
                _ = try host.processBand(frame: Int64(index))
                times += host.times
            } else {
                let first = Int64(index * AudioFormat.samplesPerBlock)
                let reply = try host.ask(.processAudio(firstSample: first, samples: samples))
                guard case .processedAudio(_, _, _, let taken) = reply else { throw ChildTestFailure.unexpected(reply) }
                times += taken
            }
        }
        _ = try host.ask(.unload(id: 1))
        let failures = times.filter(\.hasFailed).count
        outcome.medianMicroseconds = times.map(\.microseconds).sorted()[times.count / 2]
        outcome.isWell = failures == 0 && times.count == count
        let reason = host.log.compactMap { if case .log(1, .warning, let line) = $0 { line } else { nil } }.first ?? ""
        outcome.result = outcome.isWell ? "ran" : "ran, but failed \(failures) times: \(reason)"
    }
}
