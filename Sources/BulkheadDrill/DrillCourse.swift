import BulkheadEvents
import BulkheadModel
import BulkheadProbe
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadStreamPlayer
import BulkheadSystem
import Foundation
import Glibc
import Synchronization

/// The course of a drill, from the server's start to the judgement.
struct DrillCourse: Sendable {
    static func server(_ link: Int) -> String { link == 1 ? "server" : "server \(link)" }
    static let broadcast = "broadcast"
    private static let patience = Duration.seconds(20)

    let settings: DrillSettings
    let folder: DrillFolder
    let log: DrillLog
    let stage: DrillStage
    /// The viewers, one for each link.
    let probes: [Probe]
    let paths = DrillPaths()
    /// The disk of a recording, once the broadcast has begun; nil where no fault needs one, or there is none.
    let recordingDisk = Later<RecordingDisk>()
    /// The chat, where the drill has one.
    let chat = Later<DrillChat>()
    private let recorded = RecordedFiles()

    /// What the viewer of the first link sees.
    var probe: Probe { probes[0] }

    /// What the viewer of `link` sees.
    func probe(of link: Int) -> Probe { probes.indices.contains(link - 1) ? probes[link - 1] : probes[0] }

    func run() async throws(BroadcastError) -> DrillReport {
        let began = MonotonicTime.now
        var addresses: [String] = []
        var watching: [Task<Void, Never>] = []
        defer { for task in watching { task.cancel() } }
        for link in 1...settings.linkCount {
            let (view, address) = try await startServer(link)
            addresses.append(address)
            watching.append(try await watch(view, link: link))
        }
        if settings.hasChat { chat.set(try await DrillChat.open(in: folder.path)) }
        try await startBroadcast(to: addresses)
        try await startChat()
        var records: [(record: FaultRecord, span: ClosedRange<Double>)] = []
        let injector = FaultInjector(course: self)
        async let changed = settings.scenes.map { SceneChanger(course: self, scenes: $0) }?.run()
        records = await withTaskGroup(of: (Int, FaultInjector.Outcome).self) { group in
            for (index, fault) in settings.faults.enumerated() {
                group.addTask { (index, await injector.carryOut(fault, number: index)) }
            }
            // No fault outlasts the broadcast by more than what it waits for a child.
            var outcomes: [Int: FaultInjector.Outcome] = [:]
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes.sorted { $0.key < $1.key }.map { ($0.value.record, $0.value.span) }
        }
        let scenes = await changed
        let failure = await awaitEnd() ?? scenes?.failure
        for probe in probes { _ = await DrillLog.wait(within: .seconds(2)) { await probe.view().silentSeconds > 0.3 } }
        for task in watching { task.cancel() }
        for probe in probes { await probe.drain() }
        return await judge(records, scenes, failure: failure, wallSeconds: Double(MonotonicTime.now.since(began)) / 1e9)
    }

    // MARK: the programs

    /// Starts the server of `link`, where the drill has its own.
    /// - Returns: the addresses to watch, and to publish to.
    private func startServer(_ link: Int) async throws(BroadcastError) -> (view: String, to: String) {
        if let to = settings.to { return (to, to) }
        try await launchServer(link, port: 0)
        guard await DrillLog.wait(within: Self.patience, { log.server(of: link).port != nil }),
            let port = log.server(of: link).port
        else {
            throw BroadcastError(
                .internal, "the embedded server did not start: \(log.words.last ?? "it said nothing")")
        }
        let pathPort = try await paths.open(link, to: port)
        return ("rtmp://127.0.0.1:\(port)/live/drill", "rtmp://127.0.0.1:\(pathPort)/live/drill")
    }

    func launchServer(_ link: Int, port: Int) async throws(BroadcastError) {
        var arguments = ["serve", "--listen", "127.0.0.1:\(port)", "--json"]
        for case .serverAcknowledgements(let habit) in settings.faults.filter({ $0.link == link }).map(\.kind) {
            arguments += ["--acknowledgements", habit.rawValue]
        }
        _ = try await stage.start(Self.server(link), launch(arguments)) { [log] in log.takeServer($0, link: link) }
    }

    /// Begins to watch the stream of `link`; whoever calls ends it, once the broadcast has ended.
    private func watch(_ address: String, link: Int) async throws(BroadcastError) -> Task<Void, Never> {
        let target: IngestTarget
        do { target = try settings.target(address) } catch {
            throw BroadcastError(
                .usage, "the viewer's address can't be used: \(error)", advice: "check --to and --view")
        }
        var options = StreamReader.Options()
        options.stays = true
        (options.patience, options.silence) = (nil, nil)
        options.reconnectDelay = .milliseconds(50)
        options.stream.connection.timeout = .seconds(5)
        let probe = probe(of: link)
        let watching = Task { [probe, options] in
            do throws(ProbeError) { try await StreamReader.watch(.rtmp(target), with: probe, options: options) } catch {
                // What the viewer could not see is judged as lost.
            }
        }
        guard await DrillLog.wait(within: Self.patience, { await isWatched(link) }) else {
            watching.cancel()
            throw BroadcastError(
                .destination, "the viewer could not connect to \(target)", advice: "check --to and --view")
        }
        return watching
    }

    private func isWatched(_ link: Int) async -> Bool {
        if settings.to == nil { return log.server(of: link).playCount > 0 }
        return await probe(of: link).isConnected
    }

    private func startBroadcast(to addresses: [String]) async throws(BroadcastError) {
        var arguments = ["broadcast"] + settings.inputs + addresses.flatMap { ["--to", $0] }
        let fillings = settings.faults.compactMap { fault -> Int?? in
            if case .diskFull(let milliseconds) = fault.kind { .some(milliseconds) } else { nil }
        }
        let disk = fillings.isEmpty ? nil : await SmallDisk.tried(in: folder.disk, on: stage)
        if let disk, fillings.contains(nil) { arguments += ["--to", disk.destination] }
        let fillsRecording = disk?.isOwn == true && fillings.contains { $0 != nil }
        if fillsRecording { arguments += ["--record", "\(folder.disk)/drill.mp4", "--record-floor", "0"] }
        let disks = settings.faults.compactMap { fault in
            if case .disk(let kind, _) = fault.kind { kind } else { nil }
        }
        let recordingDisk = await RecordingDisk.tried(for: disks, in: folder.recordingDisk, on: stage)
        self.recordingDisk.set(recordingDisk)
        if !disks.isEmpty {
            arguments += ["--record", "\(folder.recordingDisk)/drill.mp4"]
            // What is over by itself is waited for; from what is not, the recording goes elsewhere.
            if !disks.allSatisfy(\.passes) { arguments += ["--record-fallback", folder.fallback] }
        } else if !fillsRecording, settings.faults.contains(where: { $0.part == .recorder }) {
            arguments += ["--record", "\(folder.path)/drill.mp4"]
        }
        if let chat = chat.value { arguments += chat.arguments }
        arguments += ["--duration", "\(settings.seconds)", "--json", "--control", "unix:\(folder.controlPath)"]
        if let libexec = settings.libexec { arguments += ["--libexec", libexec] }
        var launch = launch(arguments + settings.broadcastFlags)
        if let chat = chat.value { launch.environment["XDG_STATE_HOME"] = chat.stateFolder }
        let armed = settings.faults.compactMap { $0.armedWord(rate: settings.frameRate) }
        if !armed.isEmpty {
            launch.environment["BULKHEAD_FAULTS"] = armed.joined(separator: ",")
            launch.environment["BULKHEAD_FAULT_CLAIMS"] = folder.claims
        }
        if let disk { launch = disk.wrapped(launch) }
        if let recordingDisk { launch = recordingDisk.wrapped(launch) }
        _ = try await stage.start(Self.broadcast, launch, onLine: log.takeBroadcast)
        let isOnAir = await DrillLog.wait(within: Self.patience) {
            if log.onAir != nil { return true }
            return await !stage.isRunning(Self.broadcast)
        }
        guard isOnAir, log.onAir != nil else {
            throw BroadcastError(
                .input, "the broadcast did not come on air: \(log.words.last ?? "it said nothing")")
        }
        // Where a disk is taken away, its folder is another one.
        let ownDisks = [folder.disk, folder.recordingDisk]
        for path in [folder.path, folder.fallback] + ownDisks { recorded.look(into: path) }
        guard let pid = await stage.pid(of: Self.broadcast) else { return }
        for path in ownDisks { recorded.look(into: "/proc/\(pid)/root\(path)") }
    }

    /// Waits until the chat is joined, and has it speak.
    private func startChat() async throws(BroadcastError) {
        guard let chat = chat.value else { return }
        let isJoined = await DrillLog.wait(within: Self.patience) {
            log.events.contains { entry in
                guard case .channel(.joined) = entry.event.happening else { return false }
                return true
            }
        }
        guard isJoined else { throw BroadcastError(.internal, "the broadcast did not join the drill's chat") }
        chat.speak(until: settings.seconds - secondsOnAir)
    }

    /// This program with other arguments.
    private func launch(_ arguments: [String]) -> ChildLaunch {
        var environment = ProcessInfo.processInfo.environment
        environment["BULKHEAD_FAULTS"] = nil
        environment["BULKHEAD_FAULT_CLAIMS"] = nil
        return ChildLaunch(path: Self.ownPath, arguments: arguments, environment: environment)
    }

    private static var ownPath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ProgramArguments.executable
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
        // A recording without room is what was asked for; the other destination had the broadcast to its end.
        let losesRecording = settings.faults.contains { $0.kind == .diskFull(milliseconds: nil) }
        if losesRecording, exit == .exited(code: settings.exitCodeOfLostRecording) { return nil }
        return "the broadcast ended with \(exit): \(log.words.last ?? "it said nothing")"
    }

    /// Since the broadcast's timeline began.
    var secondsOnAir: Double { log.onAir.map { Double(MonotonicTime.now.since($0)) / 1e9 } ?? 0 }

    // MARK: the judgement

    private func judge(
        _ faults: [(record: FaultRecord, span: ClosedRange<Double>)], _ scenes: SceneChanger.Outcome?,
        failure: String?, wallSeconds: Double
    ) async -> DrillReport {
        var records: [FaultRecord] = []
        for (record, span) in faults {
            var record = record
            if record.isDone {
                record.longestGapMilliseconds =
                    await probe(of: record.link).longestGap(overlapping: [span])?.milliseconds
            }
            records.append(record)
        }
        let spans = faults.filter { !$0.record.isServers || $0.record.link == 1 }.map(\.span)
        let undisturbed = await probe.longestGap(overlapping: spans, outside: true)
        let comments = await chat.value?.comments()
        var links: [DrillReport.Link] = []
        for (index, probe) in probes.enumerated() {
            let link = index + 1
            var measured = await probe.report()
            measured.comments = comments
            if let scenes, let plan = settings.scenes {
                let (inputs, missing) = plan.judge(await probe.looks, shown: scenes.shown, rate: settings.frameRate)
                (measured.inputs, measured.missing) = (inputs, missing)
            }
            let connections =
                settings.to == nil ? log.server(of: link).publishCount : log.connectCount
            links.append(
                DrillReport.Link(
                    number: link,
                    verdicts: settings.expectations(of: link).map {
                        Verdict($0, in: measured, connections: connections)
                    },
                    measured: measured, connections: connections))
        }
        let last = links.first?.measured.countableNumbers.map { Int64($0.last) }
        let recording = recorded.measure(upTo: last)
        return DrillReport(
            seed: settings.seed, faults: records, links: links, undisturbedGapMilliseconds: undisturbed?.milliseconds,
            recording: recording, failure: failure ?? recording?.lack ?? lackOfRecording, wallSeconds: wallSeconds)
    }

    /// What was given up of the recording, in words; nil where that is nothing.
    private var lackOfRecording: String? {
        let count = log.events.reduce(0) { sum, entry in
            guard case .recording(.leftOut(_, let frames, _)) = entry.event.happening else { return sum }
            return sum + frames
        }
        return count > 0 ? "the recording lacks \(count) frames" : nil
    }
}

/// What is made while the drill's parts exist already.
final class Later<Value: Sendable>: Sendable {
    private let stored = Mutex<Value?>(nil)

    var value: Value? { stored.withLock { $0 } }

    func set(_ value: Value?) { stored.withLock { $0 = value } }
}
