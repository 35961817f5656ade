import BulkheadMaster
import BulkheadProbe
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSystem
import Foundation
import Glibc

/// The course of a drill, from the server's start to the judgement.
struct DrillCourse: Sendable {
    static let server = "server"
    static let broadcast = "broadcast"
    private static let patience = Duration.seconds(20)

    let settings: DrillSettings
    let folder: DrillFolder
    let programs: Programs
    let log: DrillLog
    let stage: DrillStage
    let probe: Probe

    func run() async throws(BroadcastError) -> DrillReport {
        let began = MonotonicTime.now
        let address = try await startServer()
        let target: IngestTarget
        do { target = try settings.target(address) } catch {
            throw BroadcastError(
                .usage, "the viewer's address can't be used: \(error)", advice: "check --to and --view")
        }
        var options = StreamReader.Options()
        options.stays = true
        (options.patience, options.silence) = (nil, nil)
        options.reconnectDelay = .milliseconds(50)
        options.connection.timeout = .seconds(5)
        // Ended below, once the broadcast has.
        let watching = Task { [probe, options] in try? await StreamReader.watch(target, with: probe, options: options) }
        defer { watching.cancel() }
        guard await DrillLog.wait(within: Self.patience, { await isWatched }) else {
            throw BroadcastError(
                .destination, "the viewer could not connect to \(target)", advice: "check --to and --view")
        }
        try await startBroadcast(to: address)
        var records: [(record: FaultRecord, span: ClosedRange<Double>)] = []
        let injector = FaultInjector(course: self)
        records = await withTaskGroup(of: (Int, FaultInjector.Outcome).self) { group in
            for (index, fault) in settings.faults.enumerated() {
                group.addTask { (index, await injector.carryOut(fault, number: index)) }
            }
            // No fault outlasts the broadcast by more than what it waits for a child.
            var outcomes: [Int: FaultInjector.Outcome] = [:]
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes.sorted { $0.key < $1.key }.map { ($0.value.record, $0.value.span) }
        }
        let failure = await awaitEnd()
        _ = await DrillLog.wait(within: .seconds(2)) { await probe.view().silentSeconds > 0.3 }
        watching.cancel()
        await probe.drain()
        return await judge(records, failure: failure, wallSeconds: Double(MonotonicTime.now.since(began)) / 1e9)
    }

    // MARK: the programs

    /// Gives the address to publish to.
    private func startServer() async throws(BroadcastError) -> String {
        if let to = settings.to { return to }
        try await launchServer(port: 0)
        guard await DrillLog.wait(within: Self.patience, { log.serverPort != nil }), let port = log.serverPort else {
            throw BroadcastError(
                .internal, "the embedded server did not start: \(log.words.last ?? "it said nothing")")
        }
        return "rtmp://127.0.0.1:\(port)/live/drill"
    }

    func launchServer(port: Int) async throws(BroadcastError) {
        _ = try await stage.start(
            Self.server, launch(["serve", "--listen", "127.0.0.1:\(port)", "--json"]), onLine: log.takeServer)
    }

    private var isWatched: Bool {
        get async {
            if settings.to == nil { return log.playCount > 0 }
            return await probe.isConnected
        }
    }

    private func startBroadcast(to address: String) async throws(BroadcastError) {
        var arguments = ["broadcast"] + settings.inputs + ["--to", address]
        let disk = settings.faults.contains { $0.kind == .diskFull } ? SmallDisk(folder: folder.disk) : nil
        if let disk { arguments += ["--to", disk.destination] }
        arguments += ["--duration", "\(settings.seconds)", "--json", "--control", "unix:\(folder.controlPath)"]
        if let libexec = settings.libexec { arguments += ["--libexec", libexec] }
        var launch = launch(arguments + settings.broadcastFlags)
        let armed = settings.faults.compactMap { $0.armedWord(rate: settings.frameRate) }
        if !armed.isEmpty {
            launch.environment["BULKHEAD_FAULTS"] = armed.joined(separator: ",")
            launch.environment["BULKHEAD_FAULT_CLAIMS"] = folder.claims
        }
        if let disk { launch = disk.wrapped(launch) }
        _ = try await stage.start(Self.broadcast, launch, onLine: log.takeBroadcast)
        let isOnAir = await DrillLog.wait(within: Self.patience) {
            if log.onAir != nil { return true }
            return await !stage.isRunning(Self.broadcast)
        }
        guard isOnAir, log.onAir != nil else {
            throw BroadcastError(
                .input, "the broadcast did not come on air: \(log.words.last ?? "it said nothing")")
        }
    }

    /// This program with other arguments.
    private func launch(_ arguments: [String]) -> ChildLaunch {
        var environment = ProcessInfo.processInfo.environment
        environment["BULKHEAD_FAULTS"] = nil
        environment["BULKHEAD_FAULT_CLAIMS"] = nil
        return ChildLaunch(path: Self.ownPath, arguments: arguments, environment: environment)
    }

    private static var ownPath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// Waits for the broadcast's end.
    /// - Returns: what was wrong with it; nil when it ended well.
    private func awaitEnd() async -> String? {
        if Task.isCancelled {
            await stage.finish(Self.broadcast)
            return "the drill was interrupted"
        }
        let rest = settings.seconds - secondsOnAir + 15
        guard let exit = await stage.end(of: Self.broadcast, within: .milliseconds(Int64(max(1, rest) * 1000))) else {
            await stage.finish(Self.broadcast)
            return Task.isCancelled ? "the drill was interrupted" : "the broadcast did not end after its --duration"
        }
        guard exit != .exited(code: 0) else { return nil }
        return "the broadcast ended with \(exit): \(log.words.last ?? "it said nothing")"
    }

    /// Since the broadcast's timeline began.
    var secondsOnAir: Double { log.onAir.map { Double(MonotonicTime.now.since($0)) / 1e9 } ?? 0 }

    // MARK: the judgement

    private func judge(
        _ faults: [(record: FaultRecord, span: ClosedRange<Double>)], failure: String?, wallSeconds: Double
    ) async -> DrillReport {
        let measured = await probe.report()
        let connections = settings.to == nil ? log.publishCount : log.connectCount
        var records: [FaultRecord] = []
        for (record, span) in faults {
            var record = record
            if record.isDone {
                record.longestGapMilliseconds = await probe.longestGap(overlapping: [span])?.milliseconds
            }
            records.append(record)
        }
        let undisturbed = await probe.longestGap(overlapping: faults.map(\.span), outside: true)
        return DrillReport(
            seed: settings.seed, faults: records,
            verdicts: settings.expectations.map { Verdict($0, in: measured, connections: connections) },
            measured: measured, connections: connections, undisturbedGapMilliseconds: undisturbed?.milliseconds,
            failure: failure, wallSeconds: wallSeconds)
    }
}
