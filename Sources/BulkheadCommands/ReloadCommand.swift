package import ArgumentParser
import BulkheadControl
import BulkheadModel
import Glibc
import SystemPackage

/// `bulkhead reload`: has a running broadcast read its configuration again.
package struct ReloadCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Read the configuration of a running broadcast again, and follow what has changed in it.",
        discussion: """
            Only what has changed in the file since it was read last is touched; what was changed on air stays. What can't \
            change before the next start is named. A file that is wrong in anything changes nothing. SIGHUP does the same.
            """)

    @Flag(help: "Say what would change, and change nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Hand this file over in place of the one that the broadcast was begun with, which it may not be able to read.",
            valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Flag(help: "Print a JSON list.")
    var json = false

    @OptionGroup var master: MasterFlags

    package init() {}

    package func run() async throws {
        let text = try config.map { (path) throws(BroadcastError) in try Self.text(at: path) }
        let request = ControlRequest.reload(text)
        let reply = try ControlAddress.reply(
            to: dryRun ? .foresee(request) : request, attach: master.attach, trustsOwner: text != nil)
        let changes = try PlannedText.changes(reply)
        if json {
            print(JSONLine.text(changes) ?? "")
        } else {
            if changes.isEmpty { print("nothing in the configuration has changed") }
            for change in changes { print(PlannedText.line(change, isDone: !dryRun)) }
        }
        let failed = changes.compactMap { change in change.error.map { (change.what, $0) } }
        guard let (what, error) = failed.first else { return }
        throw BroadcastError(
            code: error.code, error.parameters,
            failed.count == 1 ? "\(what): \(error.problem)" : "\(failed.count) changes could not be made",
            advice: "the others were made; mend these, and reload again")
    }

    private static func text(at path: String) throws(BroadcastError) -> ConfigurationText {
        do throws(Errno) {
            return ConfigurationText(
                name: path, text: try SmallFile.text(at: path, limit: ConfigurationText.mostBytes))
        } catch {
            throw BroadcastError(
                .usage, "the configuration file \(path) can't be read: \(error.phrase)", advice: "check --config")
        }
    }
}
