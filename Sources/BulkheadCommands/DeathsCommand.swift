package import ArgumentParser
import BulkheadControl
import BulkheadEvents
import BulkheadMaster
import BulkheadModel

/// `bulkhead deaths`: which children of a broadcast died, and what came of it.
package struct DeathsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "deaths",
        abstract: "List the deaths of child processes, in the running broadcast or in earlier ones.",
        discussion: "Without a running broadcast, or with --past, lists the records kept of earlier ones.")

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    @Flag(help: "Also list those of earlier broadcasts.")
    var past = false

    @Flag(help: "Print one JSON object for each death.")
    var json = false

    package init() {}

    package func run() async throws {
        var deaths: [DeathRecord] = past ? DeathArchive.standard.records() : []
        do throws(BroadcastError) {
            if case .deaths(let current)? = try ControlAddress.reply(to: .deaths, attach: attach) {
                deaths += current.filter { !deaths.contains($0) }
            }
        } catch {
            guard attach == nil else { throw error }
            if !past { deaths = DeathArchive.standard.records() }
        }
        for death in deaths { print(json ? JSONLine.text(death) ?? "" : DeathText.text(death)) }
        if deaths.isEmpty, !json { print("no child has died") }
    }
}
