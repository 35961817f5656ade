package import ArgumentParser
import BulkheadControl
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Glibc

/// `bulkhead master`: holds broadcasts for applications that attach.
package struct MasterCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "master",
        abstract: "Hold a broadcast for other processes, which may come and go.",
        discussion: """
            Start a broadcast in it with: bulkhead broadcast … --attach unix:PATH. Ctrl-C ends the broadcast cleanly \
            and then the master; a second one ends them at once.
            """)

    @Option(
        help: ArgumentHelp(
            "The socket for applications (default: a path in the standard folder).", valueName: "unix:path"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "A group whose members may look: at the socket of --listen with .look at its end.", valueName: "group"))
    var controlLook: String?

    @Option(
        help: ArgumentHelp(
            "A group whose members may steer: at the socket of --listen with .steer at its end.", valueName: "group"))
    var controlSteer: String?

    @Option(help: ArgumentHelp("The folder of the child programs.", valueName: "folder"), completion: .directory)
    var libexec: String?

    @Flag(help: "Write events as JSON, one object a line, to standard output.")
    var json = false

    package init() {}

    package func run() async throws {
        // It is to be told keys.
        Confinement.hideMemory()
        Orphans.adopt()
        let reporter = Reporter.standard(isJSON: json)
        defer { reporter.flush() }
        let signalCount: Int
        do throws(BroadcastError) { signalCount = try await serve(reporter) } catch {
            reporter.finish()
            reporter.failure(error)
            throw error
        }
        reporter.finish()
        if signalCount > 1 { throw EndedAtOnce() }
    }

    /// Sockets for groups.
    private func doors() throws(BroadcastError) -> [ControlDoor] {
        var doors: [ControlDoor] = []
        for (flag, role, name) in [
            ("--control-look", ControlRole.look, controlLook), ("--control-steer", .steer, controlSteer),
        ] {
            guard let name else { continue }
            guard listen != nil else {
                throw BroadcastError(
                    .usage, "\(flag) needs a socket that others can reach",
                    advice: "name one in a folder that the group may pass, with --listen unix:PATH")
            }
            doors.append(try GroupDoors.door(role, name, flag: flag))
        }
        return doors
    }

    /// Serves until a signal comes.
    /// - Returns: how many came.
    private func serve(_ reporter: Reporter) async throws(BroadcastError) -> Int {
        // Before anything is made that a signal could leave behind.
        let interruptions = Interruptions()
        let path: String
        if let listen {
            path = try ControlAddress.path(from: listen, flag: "--listen")
        } else {
            path = try ControlAddress.standard(pid: getpid())
        }
        let doors = try doors()
        let master = try MasterControl(
            programs: .named(libexec.map { FilePaths.absolute($0) }), controlPath: path, doors: doors,
            wording: EventLine.wording)
        let (result, signalCount) = await LongRun(
            reporter: reporter, interruptions: interruptions, survivesHangUp: true
        ).run(
            status: { .broadcast(await master.status()) },
            onSignal: { signal, count in
                if count == 1 { reporter.say("ending; Ctrl-C once more ends at once") }
                await master.shutDown(signal == SIGTERM ? .terminated : .stopped)
                if count > 1 { await AtOnce.leave(removing: [path] + doors.map { $0.path(beside: path) }) }
            },
            body: {
                await LongRun.outcome { () async throws(BroadcastError) in
                    try await master.serve { reporter.event($0) }
                }
            })
        try result.get()
        return signalCount
    }
}
