import BulkheadChildRuntime
import BulkheadControl
import BulkheadEvents
import BulkheadFaults
import BulkheadModel
import BulkheadProbe
import BulkheadRTMP
import BulkheadSystem
import BulkheadWire
import Glibc

/// Carries out the faults of a drill.
struct FaultInjector: Sendable {
    /// A fault's record, and when it was felt: seconds at the viewer.
    struct Outcome: Sendable {
        var record: FaultRecord
        var span: ClosedRange<Double>
    }

    /// How long a fault is felt where nothing tells of its end, in seconds.
    private static let feltSeconds = 2.0
    /// How long a child is waited for, that has just died of something else.
    private static let childPatience = Duration.seconds(5)

    let course: DrillCourse
    private let poll: MasterPoll

    init(course: DrillCourse) {
        self.course = course
        poll = MasterPoll(path: course.folder.controlPath)
    }

    /// Waits for the fault's moment, carries it out, and sees what becomes of it.
    func carryOut(_ fault: Fault, number: Int) async -> Outcome {
        guard await moment(fault.moment) else { return missed(fault, "the broadcast had ended before") }
        var start = MonotonicTime.now
        var onAir = course.secondsOnAir
        var viewed = await course.probe(of: fault.link).seconds
        let frame = await poll.status().flatMap { $0 }?.frames
        let action: Action
        switch fault.kind {
        case .signal(let signal): action = await send(signal, to: fault.part, of: fault.input)
        case .armed: action = await awaitClaim(fault)
        case .serverKill, .serverStop, .serverHang, .serverAcknowledgements: action = await disturbServer(fault)
        case .path(let kind, let milliseconds) where fault.part == .chat:
            action = await disturbChat(kind, milliseconds: milliseconds)
        case .chatReset, .chatLeaves: action = await disturbChat(fault.kind)
        case .path(let kind, let milliseconds):
            action = await disturbPath(kind, milliseconds: milliseconds, link: fault.link)
        case .diskFull(let milliseconds): action = await fillDisk(milliseconds: milliseconds)
        case .disk(let kind, let milliseconds): action = await harmDisk(kind, milliseconds: milliseconds ?? 0)
        }
        if let taken = action.taken {
            // A source is ahead of the timeline, and so it comes to its frame sooner.
            let shift = Double(taken.since(start)) / 1e9
            start = taken
            onAir = max(0, onAir + shift)
            viewed = max(0, viewed + shift)
        }
        var record = FaultRecord(
            fault: "\(fault)", isDone: action.isDone, action: action.phrase, seconds: onAir, frame: frame)
        record.link = fault.link
        record.isServers = fault.part == .server
        guard action.isDone else { return Outcome(record: record, span: viewed...viewed) }
        let felt = await follow(fault, since: start, &record)
        if fault.kind == .armed(.loot) { takeLoot(of: fault, &record) }
        return Outcome(record: record, span: viewed...(viewed + felt))
    }

    /// Reads what the child has said that it got.
    private func takeLoot(of fault: Fault, _ record: inout FaultRecord) {
        guard let granted = Loot.granted(in: record.lastWords) else {
            record.isDone = false
            record.action = "it did not tell what it got"
            return
        }
        // A source has sockets where its input takes them.
        let isNetwork = fault.part == .source && course.settings.inputs.contains { $0.contains(":") }
        record.loot = granted.filter { !isNetwork || !Loot.connections.contains($0) }
    }

    private func missed(_ fault: Fault, _ phrase: String) -> Outcome {
        Outcome(record: FaultRecord(fault: "\(fault)", isDone: false, action: phrase, seconds: 0), span: 0...0)
    }

    private struct Action {
        var isDone: Bool
        var phrase: String
        /// When it happened, where that was not just now.
        var taken: MonotonicTime?

        static func done(_ phrase: String, at taken: MonotonicTime? = nil) -> Action {
            Action(isDone: true, phrase: phrase, taken: taken)
        }
        static func failed(_ phrase: String) -> Action { Action(isDone: false, phrase: phrase) }
    }

    // MARK: the moment

    /// Frames are counted at the master, by its status.
    private func moment(_ moment: Fault.Moment) async -> Bool {
        while !Task.isCancelled, await course.stage.isRunning(DrillCourse.broadcast) {
            let rest: Double
            switch moment {
            case .seconds(let seconds): rest = seconds - course.secondsOnAir
            case .frame(let number):
                // What stands behind a master that does not answer is asked again soon.
                let frames = await poll.status().flatMap { $0 }?.frames ?? 0
                rest = Double(number - frames) / course.settings.frameRate
            }
            if rest <= 0 { return true }
            // Most of the way at once: the broadcast may end meanwhile.
            let pause = min(0.25, max(0.005, rest * 0.8))
            do { try await Task.sleep(for: .milliseconds(Int64(pause * 1000))) } catch { return false }
        }
        return false
    }

    // MARK: children

    private func send(_ signal: Fault.Signal, to part: Fault.Part, of input: Int?) async -> Action {
        var found: Int32?
        _ = await DrillLog.wait(within: Self.childPatience) {
            found = await pid(of: part, input: input)
            return found != nil
        }
        guard let pid = found else { return .failed("no \(part.rawValue) process was found") }
        let deaths = deathCount(of: part, input: input)
        guard kill(pid, signal.number) == 0 else { return .failed("process \(pid) had ended by itself") }
        let name = signal == .hang ? "SIGSTOP" : "SIG\(signal.rawValue.uppercased())"
        guard [.segv, .bus, .ill, .fpe].contains(signal) else { return .done("\(name) to process \(pid)") }
        // Swift's crash reporter catches the first one, writes its report, and goes on where the process stood: a real
        // fault would happen again there.
        for _ in 0..<20 {
            let isOver = await DrillLog.wait(within: .milliseconds(250)) {
                deathCount(of: part, input: input) > deaths || kill(pid, 0) != 0
            }
            if isOver || Task.isCancelled { break }
            kill(pid, signal.number)
        }
        return .done("\(name) to process \(pid)")
    }

    private func pid(of part: Fault.Part, input: Int?) async -> Int32? {
        guard let status = await poll.status().flatMap({ $0 }) else { return nil }
        return status.children.first {
            part.isPart($0.part, input: input) && $0.state == .ready && $0.pid != nil
        }?.pid
    }

    /// A child takes its armed fault when it comes to the frame, which may be a little later than the timeline.
    private func awaitClaim(_ fault: Fault) async -> Action {
        let armed = course.settings.faults.filter { $0.armedWord(rate: 1) != nil }
        guard let number = armed.firstIndex(of: fault) else { return .failed("it was not armed") }
        let claim = "\(course.folder.claims)/\(number)"
        let isTaken = await DrillLog.wait(within: Self.childPatience) { access(claim, F_OK) == 0 }
        return isTaken
            ? .done("taken by the child itself", at: Self.age(of: claim)) : .failed("no child came to its frame")
    }

    /// When the file was made, on the clock that does not jump.
    private static func age(of path: String) -> MonotonicTime? {
        var information = stat()
        var now = timespec()
        guard stat(path, &information) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
        let made = information.st_mtim
        let age = (now.tv_sec - made.tv_sec) * 1_000_000_000 + now.tv_nsec - made.tv_nsec
        // The file system's clock ticks in steps of up to 10 ms.
        return MonotonicTime.now.advanced(by: -Int64(max(0, age)) - 10_000_000)
    }

    // MARK: server and disk

    private func disturbServer(_ fault: Fault) async -> Action {
        let link = fault.link
        guard course.settings.to == nil, let port = course.log.server(of: link).port else {
            return .failed("only the embedded server can be disturbed, and --to names another")
        }
        let stage = course.stage
        let name = DrillCourse.server(link)
        switch fault.kind {
        case .serverHang(let milliseconds):
            await stage.signal(name, SIGSTOP)
            try? await Task.sleep(for: .milliseconds(milliseconds))
            await stage.signal(name, SIGCONT)
            return .done("the server stood still for \(milliseconds) ms")
        case .serverAcknowledgements(let habit):
            await stage.signal(name, SIGUSR2)
            return .done("the server acknowledged in the way \(habit.rawValue)")
        case .serverKill:
            await stage.signal(name, SIGKILL)
            // Nobody listens where a server has died.
            _ = await course.paths.set(link, to: .refusing)
            _ = await stage.end(of: name, within: .seconds(5))
        case .serverStop(let milliseconds):
            await stage.finish(name)
            _ = await course.paths.set(link, to: .refusing)
            try? await Task.sleep(for: .milliseconds(milliseconds))
        case .signal, .armed, .path, .chatReset, .chatLeaves, .diskFull, .disk: break
        }
        let players = course.log.server(of: link).playCount
        do throws(BroadcastError) { try await course.launchServer(link, port: port) } catch {
            return .failed("the server did not start again: \(error)")
        }
        // A viewer that came later than the publisher would miss what is sent again first.
        _ = await DrillLog.wait(within: Self.childPatience) { course.log.server(of: link).playCount > players }
        guard await course.paths.set(link, to: .open) else { return .failed("the path did not open again") }
        if case .serverStop(let milliseconds) = fault.kind, milliseconds > 0 {
            return .done("the server was away for \(milliseconds) ms")
        }
        return .done("the server was ended and started again")
    }

    private func disturbPath(_ kind: Fault.PathFault, milliseconds: Int, link: Int) async -> Action {
        let (condition, phrase): (FaultyPath.Condition, String) =
            switch kind {
            case .stall: (.stalled, "nothing was taken from link \(link) for \(milliseconds) ms")
            case .blackhole: (.blackhole, "the path of link \(link) was a blackhole for \(milliseconds) ms")
            case .refuse: (.refusing, "link \(link) was reset, and refused for \(milliseconds) ms")
            case .slow:
                (
                    .slow(bytesPerSecond: max(1000, course.settings.bitsPerSecond / 8 * 2 / 5)),
                    "the path of link \(link) carried two fifths of the stream for \(milliseconds) ms"
                )
            }
        guard await course.paths.set(link, to: condition) else {
            return .failed("only the path to an embedded server can be disturbed, and --to names another")
        }
        try? await Task.sleep(for: .milliseconds(milliseconds))
        guard await course.paths.set(link, to: .open) else { return .failed("the path did not open again") }
        return .done(phrase)
    }

    private static let noChat = "the drill has no chat"

    private func disturbChat(_ kind: Fault.Kind) async -> Action {
        guard let chat = course.chat.value else { return .failed(Self.noChat) }
        if kind == .chatLeaves {
            await chat.leave()
            return .done("the chat server announced that it leaves")
        }
        await chat.reset()
        return .done("the chat's connections were reset")
    }

    private func disturbChat(_ kind: Fault.PathFault, milliseconds: Int) async -> Action {
        guard let chat = course.chat.value else { return .failed(Self.noChat) }
        guard await chat.set(kind == .refuse ? .refusing : .blackhole) else {
            return .failed("the path to the chat server could not be disturbed")
        }
        try? await Task.sleep(for: .milliseconds(milliseconds))
        guard await chat.set(.open) else { return .failed("the path to the chat server did not open again") }
        return .done(
            kind == .refuse
                ? "the chat was reset, and refused for \(milliseconds) ms"
                : "the path of the chat was a blackhole for \(milliseconds) ms")
    }

    private func fillDisk(milliseconds: Int?) async -> Action {
        guard let master = await stagePID() else { return .failed("the broadcast had ended before") }
        if let milliseconds {
            guard SmallDisk.fill(course.folder.disk, of: master) else {
                return .failed("the disk could not be filled: this system gives a user no small disk")
            }
            try? await Task.sleep(for: .milliseconds(milliseconds))
            SmallDisk.free(course.folder.disk, of: master)
            return .done("the disk was full to the last byte for \(milliseconds) ms")
        }
        if SmallDisk.fill(course.folder.disk, of: master) { return .done("the disk was filled to the last byte") }
        let isFull = course.log.events.contains { entry in
            guard case .link(.failed) = entry.event.happening else { return false }
            return true
        }
        return isFull
            ? .done("full from the start (/dev/full): this system gives a user no small disk")
            : .failed("the disk could not be filled")
    }

    private func harmDisk(_ fault: Fault.DiskFault, milliseconds: Int) async -> Action {
        guard let disk = course.recordingDisk.value else {
            return .failed("a disk that fails takes root, a loop device, and mkfs.ext4, or mkfs.btrfs for a quota")
        }
        guard let master = await stagePID() else { return .failed("the broadcast had ended before") }
        guard let done = await disk.suffer(fault, milliseconds: milliseconds, of: master) else {
            return .failed("this could not be done to a disk with \(disk.fileSystem.rawValue)")
        }
        return .done(done)
    }

    private func stagePID() async -> Int32? { await course.stage.pid(of: DrillCourse.broadcast) }

    // MARK: what becomes of it

    /// Of two encoders in lockstep either may come to an armed fault first.
    private func concerns(_ event: Event, _ fault: Fault) -> Bool {
        if case .armed = fault.kind, fault.part == .encoder, Fault.Part.standby.isPart(event.part) { return true }
        // The disk that is filled for good is a link's, the others are a recording's.
        switch fault.kind {
        case .diskFull(nil): return event.part.role == .link
        case .disk, .diskFull: return event.part.role == .recording
        default: return fault.part.isPart(event.part, link: fault.link, input: fault.input)
        }
    }

    private func deathCount(of part: Fault.Part, input: Int?) -> Int {
        course.log.events.count { part.isPart($0.event.part, input: input) && Self.isEnd($0.event, of: part) }
    }

    /// Whether the part is gone: a link's connection, the recording on the disk, a child.
    private static func isEnd(_ event: Event, of part: Fault.Part) -> Bool {
        switch (part, event.happening) {
        case (.server, .link(.lost)), (.disk, .link(.failed)), (.disk, .recording(.trouble)): true
        case (.chat, .channel(.saved)), (.chat, .channel(.moved)): true
        case (.server, _), (.disk, _): false
        case (_, .child(.died)): true
        default: false
        }
    }

    /// Whether its successor works.
    private static func isReturn(_ event: Event, of part: Fault.Part) -> Bool {
        switch (part, event.happening) {
        case (.server, .link(.connected)), (.standby, .child(.ready)), (.disk, .recording(.cleared)),
            (.disk, .recording(.opened)):
            true
        case (.chat, .channel(.restored)), (.chat, .channel(.moved)): true
        case (.server, _), (.standby, _), (.disk, _), (.chat, _): false
        case (_, .child(.recovered)): true
        default: false
        }
    }

    /// Looks for the part's end and its successor.
    /// - Returns: how long the fault was felt, in seconds.
    private func follow(_ fault: Fault, since start: MonotonicTime, _ record: inout FaultRecord) async -> Double {
        var death: DrillLog.Entry?
        var back: DrillLog.Entry?
        // Whoever is to be missed is missed after a second; a part that is only slow has no end.
        let patience: Duration = endsPart(fault) ? .seconds(8) : .seconds(2)
        _ = await DrillLog.wait(within: patience) {
            let later = course.log.events.filter { $0.time >= start && concerns($0.event, fault) }
            guard let index = later.firstIndex(where: { Self.isEnd($0.event, of: fault.part) }) else {
                return await !course.stage.isRunning(DrillCourse.broadcast)
            }
            death = later[index]
            let part = Fault.Part.standby.isPart(later[index].event.part) ? .standby : fault.part
            back = later[index...].first { Self.isReturn($0.event, of: part) }
            if back != nil || fault.kind == .diskFull(milliseconds: nil) { return true }
            return await !course.stage.isRunning(DrillCourse.broadcast)
        }
        record.death = death?.event
        if case .child(.recovered(_, let framesLate, _)) = back?.event.happening { record.framesLate = framesLate }
        record.backAfterSeconds = back.map { Double($0.time.since(start)) / 1e9 }
        let now = Double(MonotonicTime.now.since(start)) / 1e9
        return back.map { Double($0.time.since(start)) / 1e9 + 1 } ?? min(now, Self.feltSeconds) + 1
    }

    private func endsPart(_ fault: Fault) -> Bool {
        switch fault.kind {
        case .armed(.leak), .armed(.slow), .serverHang, .serverAcknowledgements, .path(.stall, _), .path(.slow, _):
            false
        // It may be over before it is believed.
        case .path(.blackhole, let milliseconds): milliseconds > (fault.part == .chat ? 42_000 : 2000)
        default: true
        }
    }
}
