import BulkheadChildren
import BulkheadControl
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Glibc

/// A broadcast whose master is this process: modes create and selected.
struct OwnBroadcast {
    private let plan: BroadcastPlan
    private let reporter: Reporter
    private let service: ServiceManager?
    private let configuration: ConfigurationSource?

    /// - Parameters:
    ///   - service: who is told how it goes; nil where nobody has started this process as a service.
    ///   - configuration: where the plan comes from; nil for flags alone.
    init(
        _ plan: BroadcastPlan, reporter: Reporter, service: ServiceManager?, configuration: ConfigurationSource? = nil
    ) {
        self.configuration = configuration
        self.plan = plan
        self.reporter = reporter
        self.service = service
    }

    /// Runs the broadcast to its end; `interruptions` end it sooner.
    func run(_ interruptions: Interruptions) async throws(BroadcastError) -> BroadcastEnd {
        Orphans.adopt()
        let controlPath: String
        if let path = plan.controlPath {
            controlPath = path
        } else {
            controlPath = try ControlAddress.standard(pid: getpid())
        }
        let master = try MasterControl(
            programs: .named(plan.libexec), controlPath: controlPath, doors: plan.doors,
            isControlRequired: plan.controlPath != nil, service: service, wording: EventLine.wording)
        let (result, signalCount) = await LongRun(
            reporter: reporter, interruptions: interruptions, survivesHangUp: true,
            onHangUp: { await master.reload() }
        ).run(
            status: { await master.status().map { .broadcast($0) } },
            onSignal: { [reporter, doors = plan.doors] signal, count in
                if count == 1 { reporter.say("ending; Ctrl-C once more ends at once") }
                // Who sends SIGTERM wants the process to be gone: a service manager, at a reboot for example.
                await master.stop(signal == SIGTERM ? .terminated : .stopped)
                if count > 1 {
                    await AtOnce.leave(removing: [controlPath] + doors.map { $0.path(beside: controlPath) })
                }
            },
            body: { [settings = plan.settings, configuration, reporter] in
                await LongRun.outcome { () async throws(BroadcastError) in
                    try await master.broadcast(settings, configuration: configuration) { reporter.event($0) }
                }
            })
        if signalCount > 1 { return .endedAtOnce }
        return .ended(try result.get())
    }
}

/// The hurried end.
enum AtOnce {
    /// Ends the process after two seconds, unless the caller is cancelled before. Children end with it.
    static func leave(removing controlPaths: [String]) async {
        do { try await Task.sleep(for: .seconds(2)) } catch { return }
        for path in controlPaths { unlink(path) }
        _exit(EndedAtOnce.exitCode)
    }
}

extension Programs {
    /// The programs in `folder`, or wherever they are found.
    /// - Throws: kind `installation` when there is no encoder in the folder.
    static func named(_ folder: String?) throws(BroadcastError) -> Programs {
        guard let folder else { return find() }
        guard FilePaths.isFolder(folder) else {
            throw BroadcastError(.installation, "there is no folder \(folder)", advice: "check --libexec")
        }
        return Programs(folder: folder)
    }
}
