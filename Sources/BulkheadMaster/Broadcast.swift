import BulkheadAudience
import BulkheadChain
import BulkheadChildren
import BulkheadControl
import BulkheadCopying
import BulkheadDanmaku
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadNotices
import BulkheadOutputs
import BulkheadProgram
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// One broadcast: its life cycle, its settings, and the five rooms that do the work (``Rooms``).
///
/// In: requests of a person or a program, and what the rooms ask for. Out: how the broadcast is, and how it ended. It runs
/// on the reactor's thread, where the children's messages arrive, and all rooms are confined to that thread. Frames don't
/// pass here.
actor Broadcast {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    typealias State = BroadcastState

    /// As they are now: they may change on air.
    private(set) var settings: BroadcastSettings {
        didSet { rooms.outputs.change(.init(settings), isSetByHand: false) }
    }
    /// Where an encoder that is started by hand connects; nil outside mode selected.
    private let encoderAddress: String?
    /// The master's control socket; nil for none.
    private let controlPath: String?
    private let trusted: TrustedChildren
    private let plugins: PluginFinder
    /// The plugins that the broadcast begins with.
    private let foundPlugins: [PluginFinder.Found]
    private(set) var state = State.starting
    private let context: RoomContext
    /// Nil for a broadcast without a name, of which nothing is kept.
    private let resumption: Resumption?
    private var keeper: ResumeKeeper?
    /// What was shown when the broadcast was interrupted, and can't be shown yet.
    private var unshown: String?
    private(set) lazy var rooms = makeRooms()

    // The course and the end.
    private lazy var notices = makeNotices()
    /// Programs that use the control socket as applications do.
    private var keptPrograms: [ProgramKeeper] = []
    private var audience: Audience?
    private var service: ServiceReports?
    private let timetable: TimetableKeeper
    /// What of the timetable is being done.
    private var timetableWork: Task<Void, Never>?
    /// What its configuration said when it was read last; nil where there is none.
    private(set) var loaded: BroadcastSettings?
    private var watchTimer: Reactor.Token?
    /// Ends when the broadcast does.
    private let course = AsyncStream<Void>.makeStream()
    private var ending = BroadcastEnding()

    init(
        _ settings: BroadcastSettings, programs: Programs, plugins: PluginFinder, foundPlugins: [PluginFinder.Found],
        resumption: Resumption?, events: EventLog, encoderAddress: String?, controlPath: String?,
        trusted: TrustedChildren, childIDs: IdentityCounter<ChildSubject>, loaded: BroadcastSettings?,
        on reactor: Reactor
    ) {
        self.settings = settings
        self.loaded = resumption?.start?.record.loaded ?? loaded
        self.resumption = resumption
        self.plugins = plugins
        self.foundPlugins = foundPlugins
        self.encoderAddress = encoderAddress
        self.controlPath = controlPath
        self.trusted = trusted
        self.reactor = reactor
        context = RoomContext(
            reactor: reactor, pools: FramePools(), programs: programs, events: events, childIDs: childIDs)
        timetable = TimetableKeeper(
            from: resumption?.start?.record.place.time ?? EventLog.wallClock(), in: context)
    }

    // MARK: running

    /// Runs the broadcast to its end, of which those are told who want to be.
    func run() async throws(BroadcastError) -> BroadcastSummary {
        // It begins to tell when it is made.
        _ = notices
        startPrograms()
        do throws(BroadcastError) {
            let summary = try await runCourse()
            for program in keptPrograms { await program.finish(on: self) }
            await notices.finish(on: self)
            return summary
        } catch {
            for program in keptPrograms { await program.finish(on: self) }
            let clean = context.events.clean(error)
            let reason = Reason(clean.code.rawValue, clean.problem)
            let event = Event(.master, .master(.broadcastFailed(reason: reason)), time: EventLog.wallClock())
            notices.tell(event)
            await notices.finish(on: self)
            throw error
        }
    }

    private func makeNotices() -> NoticeDesk {
        var before = DayBook.Figures()
        if let start = resumption?.start {
            before.secondsOnAir = settings.frameRate.time(of: start.firstFrame).seconds
            before.frames = settings.copies == true ? 0 : Int(clamping: start.firstFrame)
        }
        return NoticeDesk(settings.notices ?? [], after: before, in: context) { [weak self] in
            self?.assumeIsolated { DayBook.Figures($0.status()) } ?? DayBook.Figures()
        }
    }

    /// Starts the switch and the control room of the broadcast's own, if it has them.
    private func startPrograms() {
        if let path = settings.switchPath {
            if let controlPath {
                keptPrograms.append(.switch(path, controlPath: controlPath, trusted: trusted, in: context))
            } else {
                let text = "it needs a control socket, and the master has none"
                context.post(.switch(name: "switch"), .switch(.trouble(text: text)))
            }
        }
        if let wanted = settings.controlRoom {
            if let controlPath {
                keptPrograms.append(
                    .controlRoom(wanted, controlPath: controlPath, trusted: trusted, in: context))
            } else {
                let text = "it needs a control socket, and the master has none"
                context.post(.master, .master(.controlRoomEnded(text: text)))
            }
        }
        for program in keptPrograms { program.start() }
    }

    private func runCourse() async throws(BroadcastError) -> BroadcastSummary {
        if let wanted = settings.timetable {
            timetable.begin(wanted, try await TimetableKeeper.clock(of: wanted.zone))
        }
        // What is resumed was on the air before: a disk that is not there yet must not keep it off.
        if resumption?.start == nil {
            try await FileLook.checkStart(settings.destinations, settings.recordings ?? [])
        }
        beginKeeping()
        if let room = settings.room { try await open(room) }
        do throws(BroadcastError) {
            let summary = try await runRooms()
            await timetableWork?.value
            await audience?.finish(on: self)
            await keeper?.finish(nil, on: self)
            return summary
        } catch {
            await timetableWork?.value
            await audience?.finish(on: self)
            await keeper?.finish(context.events.clean(error), on: self)
            throw error
        }
    }

    /// Keeps what the broadcast could be resumed from, and tells what is resumed.
    private func beginKeeping() {
        guard let resumption, let name = settings.name else { return }
        let start = resumption.start
        let keeper = ResumeKeeper(resumption.store, resuming: start, in: context)
        keeper.record = { [weak self] in self?.assumeIsolated { $0.resumeRecord(name) } }
        self.keeper = keeper
        guard let start else { return }
        let seconds = max(0, (EventLog.wallClock() - start.record.place.time) * 10).rounded() / 10
        context.post(
            .master,
            .master(
                .resumed(
                    broadcast: name, frame: start.firstFrame, seconds: seconds, timeline: start.timeline.rawValue)))
        for gone in start.gone {
            context.post(.master, .master(.notResumed(input: gone.input, text: gone.cause)))
        }
    }

    private func resumeRecord(_ name: String) -> ResumeRecord? {
        guard state == .onAir else { return nil }
        var record = rooms.resumeRecord(settings, name, framesBefore: resumption?.start?.framesBefore ?? 0)
        if let unshown { record?.shown = unshown }
        record?.loaded = loaded
        return record
    }

    private func open(_ room: RoomSettings) async throws(BroadcastError) {
        let audience = try await Audience.open(
            room, settings.canvas, chats: settings.chats ?? [], RoomStore(room.name), in: context)
        audience.time = { [weak self] in self?.assumeIsolated { $0.commentTime } ?? .zero }
        audience.onEvent = { [weak self] event in self?.assumeIsolated { $0.rooms.line?.chain.tell(event) } }
        let outputs = rooms.outputs
        audience.onLogged = { number, time, body in outputs.record(comment: number, at: time, body) }
        audience.onLook = { time, body in outputs.record(roomAt: time, body) }
        if settings.origin != nil {
            audience.hasOverlay = { [weak self] in self?.assumeIsolated { $0.drawsComments } ?? false }
            audience.onNews = { outputs.tell($0) }
            outputs.onSaid = { [weak audience] in audience?.take($0) }
        }
        tellMetadata(of: audience, room.isInMetadata)
        self.audience = audience
    }

    /// The chain draws comments into the picture.
    private var drawsComments: Bool { settings.plugins.contains { $0.isEnabled && $0.shortName == "danmaku" } }

    /// When a comment that comes now is shown: with the next frame that plugins are given.
    private var commentTime: MediaTime {
        rooms.line.map { settings.frameRate.time(of: $0.chain.nextFrame) }
            ?? rooms.copyLine?.copying.snapshot.reached ?? .zero
    }

    /// The live room.
    /// - Throws: kind `control`, where there is none.
    func room() throws(BroadcastError) -> Audience {
        guard let audience else {
            throw BroadcastError(
                code: .noRoom, "this broadcast has no room", advice: "begin it with a room, by name")
        }
        return audience
    }

    /// How the room is, and what is recorded of it.
    /// - Throws: kind `control`, where there is none.
    func roomReport() throws(BroadcastError) -> RoomReport {
        var report = try room().report
        report.recordings = status().recordings
        return report
    }

    private func runRooms() async throws(BroadcastError) -> BroadcastSummary {
        // A stop may have come before there was anything to stop.
        do { if state != .ended { try start() } } catch {
            // Whoever ends from here on has no successor.
            state = .ended
            await rooms.dismissChildren(on: self)
            throw error
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runOutputs() }
            // A stop that came before this point has ended the stream already.
            for await _ in course.stream {}
            if ending.isClean { await rooms.tracks?.finish(on: self) }
            if ending.isClean { rooms.outputs.finish() } else { rooms.outputs.breakOff() }
            stopTimers()
            await rooms.dismissChildren(on: self)
            await group.waitForAll()
        }
        let summary = BroadcastSummary(status: status())
        DeathArchive.standard.append(context.deaths.unrecovered)
        if let error = ending.error { throw error }
        return summary
    }

    private func start() throws(BroadcastError) {
        try rooms.open(settings, resuming: resumption?.start)
        if settings.copies != true {
            rooms.wantedCanvas = { [weak self] in self?.assumeIsolated { $0.settings.canvas } }
        }
        try arrange()
        armWatch()
    }

    /// Has the rooms between inputs and outputs made as soon as it is known what the picture is to be like.
    private func arrange() throws(BroadcastError) {
        if settings.copies == true { return arrangeCopying() }
        let isPatient = settings.isFast || rooms.age < Int64(settings.slateAfterSeconds * 1e9)
        guard rooms.line == nil, state == .starting,
            let choice = PictureChoice(
                settings, rooms.inputs.descriptions(isPatient: isPatient), isPatient: isPatient)
        else { return }
        (settings.canvas, settings.frameRate) = (choice.canvas, choice.frameRate)
        if let input = choice.input {
            let rate = (choice.frameRate.framesPerSecond * 1000).rounded() / 1000
            context.post(
                .timeline,
                .timeline(.picture(canvas: "\(choice.canvas)", framesPerSecond: rate, source: input + 1)))
        }
        try rooms.arrange(settings, plugins: foundPlugins, resuming: resumption?.start, keeper: keeper)
        rooms.line?.chain.roomEvents = { [weak audience] in audience?.events ?? [] }
    }

    /// Has the input passed on as soon as it is known what it is.
    private func arrangeCopying() {
        guard rooms.copyLine == nil, state == .starting,
            rooms.inputs.descriptions(isPatient: true).contains(where: { $0 != nil })
        else { return }
        rooms.arrangeCopying(settings, resuming: resumption?.start, keeper: keeper) { [weak self] canvas, frameRate in
            self?.assumeIsolated { broadcast in
                (broadcast.settings.canvas, broadcast.settings.frameRate) = (canvas, frameRate)
                broadcast.audience?.change(canvas)
            }
        }
    }

    private func arrangeIfKnown() { do throws(BroadcastError) { try arrange() } catch { fail(error) } }

    private func runOutputs() async { await rooms.outputs.run(on: self) }

    private func makeRooms() -> Rooms {
        Rooms(
            settings, encoderAddress: encoderAddress, in: context,
            requests: Rooms.Requests(
                isStarting: { [weak self] in self?.assumeIsolated { $0.state == .starting } ?? false },
                described: { [weak self] in self?.assumeIsolated { $0.arrangeIfKnown() } },
                began: { [weak self] in self?.assumeIsolated { $0.programBegan() } },
                ended: { [weak self] in self?.assumeIsolated { $0.programEnded() } },
                progressed: { [weak self] in self?.assumeIsolated { $0.progressed() } },
                drained: { [weak self] in self?.assumeIsolated { $0.end() } },
                resized: { [weak self] canvas in self?.assumeIsolated { $0.resize(to: canvas) } },
                pluginsChanged: { [weak self] choices in
                    self?.assumeIsolated {
                        $0.settings.plugins = choices
                        $0.keeper?.changed()
                    }
                },
                find: { [weak self, reactor] choice, done in
                    let done = ReactorBound(done, reactor)
                    self?.assumeIsolated { $0.find(choice) { done.value($0) } }
                },
                hasRoom: { [weak self] in self?.assumeIsolated { $0.pump() } },
                linksFailed: { [weak self] error in
                    // Behind the end they are of no use any more.
                    self?.assumeIsolated { broadcast in if broadcast.state != .ended { broadcast.fail(error) } }
                },
                failed: { [weak self] error in self?.assumeIsolated { $0.fail(error) } }))
    }

    /// Takes in an encoder that was started by hand and has connected.
    /// - Parameter descriptor: its socket, which is the broadcast's from then on.
    func connected(_ descriptor: CInt, pid: Int32) { rooms.connected(descriptor, pid: pid) }

    /// Changes the links; what takes time goes on by itself.
    /// - Throws: kind `control` or `usage`, when nothing has been changed.
    func change(_ change: LinkChange) throws(BroadcastError) {
        if let refusal = gate.refusalOfLinks { throw refusal }
        try rooms.outputs.change(change)
        settings.destinations = rooms.outputs.destinations
        keeper?.changed()
    }

    /// Changes the inputs.
    /// - Parameter done: called once: with nil when the change is in effect, with an error when nothing has changed.
    func change(_ change: InputChange, done: @escaping @Sendable (BroadcastError?) -> Void) {
        if rooms.copyLine != nil { return changeCopied(change, done) }
        guard state == .onAir, let program = rooms.line?.program else { return done(Self.notOnAir) }
        do throws(BroadcastError) {
            switch change {
            case .add(let settings):
                if let name = settings.name { try program.checkInputName(name) }
                try settings.strip?.check()
            case .rename(_, let name): try program.checkInputName(name)
            case .choose(let word, let mode):
                try program.choose(mode, of: word)
                return done(nil)
            case .remove, .reopen, .skip: break
            }
        } catch { return done(error) }
        rooms.inputs.change(change) { [weak self] error in
            if error == nil { self?.assumeIsolated { $0.keeper?.changed() } }
            done(error)
        }
    }

    /// Changes the input that is passed on.
    private func changeCopied(_ change: InputChange, _ done: @escaping @Sendable (BroadcastError?) -> Void) {
        guard case .reopen = change else { return done(RequestGate.copied) }
        rooms.inputs.change(change, answer: done)
    }

    /// A live input may be there later than the rest.
    private func showWhatWasShown() {
        guard let name = unshown, let program = rooms.line?.program else { return }
        do throws(BroadcastError) {
            _ = try program.change(.take(name, .cut))
            unshown = nil
        } catch { if error.code != .inputNotOpen { unshown = nil } }
    }

    /// Changes what the program shows.
    /// - Returns: the first frame that shows it; nil where what is shown stays.
    /// - Throws: kind `control` or `usage`, when nothing has been changed.
    func change(_ change: SceneChange) throws(BroadcastError) -> FrameNumber? {
        if let refusal = gate.refusalOfProgram { throw refusal }
        let frame = try rooms.line?.program.change(change)
        if case .take = change { unshown = nil }
        keeper?.changed()
        return frame
    }

    /// Changes how the program sounds.
    /// - Returns: the first frame that is heard so.
    /// - Throws: kind `control` or `usage`, when nothing has been changed.
    func change(_ change: SoundChange) throws(BroadcastError) -> FrameNumber {
        if let refusal = gate.refusalOfProgram { throw refusal }
        guard let program = rooms.line?.program else { throw Self.notOnAir }
        let frame = try program.change(change)
        keeper?.changed()
        return frame
    }

    /// Somebody looks at the sound's levels.
    func watchSound() { rooms.line?.program.watchSound() }

    static let notOnAir = BroadcastError(
        code: .notOnAir, "the broadcast is not on air", advice: "try again when it is")

    /// What a link, or each of all, knows of its servers; with `isMeasured` after a handshake with each.
    func servers(of word: String?, isMeasured: Bool) async throws(BroadcastError) -> [LinkServersReport] {
        try await rooms.outputs.servers(of: word, isMeasured: isMeasured)
    }

    /// Marks the next frame in what is recorded and kept for replays.
    /// - Returns: its number, and its time on the timeline in seconds.
    /// - Throws: kind `control` or `usage`, when nothing is marked.
    func mark(_ text: String) throws(BroadcastError) -> (frame: FrameNumber, seconds: Double) {
        guard state == .onAir else { throw Self.notOnAir }
        let isBlank = text.allSatisfy(\.isWhitespace)
        guard !isBlank, text.utf8.count <= 255 else {
            throw BroadcastError(
                code: .markText, isBlank ? "a mark needs a text" : "a mark's text has 255 bytes at most")
        }
        guard rooms.outputs.keepsMarks else {
            throw BroadcastError(
                code: .noRecording, "nothing is recorded that holds marks",
                advice: "begin the next broadcast with a recording in MP4, or with a replay")
        }
        let frame = nextFrame
        context.post(.timeline, .timeline(.marked(text: text, frame: frame)))
        return (frame, settings.frameRate.time(of: frame).seconds)
    }

    /// The frame that is due next, or would be at an even rate.
    private var nextFrame: FrameNumber {
        guard let copying = rooms.copyLine?.copying else { return rooms.line?.program.nextFrame ?? 0 }
        return copying.hasBegun ? settings.frameRate.frame(at: copying.snapshot.reached) + 1 : 0
    }

    /// Saves the last seconds as a file of its own.
    func saveReplay(to path: String?, last seconds: Double?) async throws(BroadcastError) -> SavedReplay {
        guard state == .onAir || state == .ending else { throw Self.notOnAir }
        return try await rooms.outputs.saveReplay(to: path, last: seconds)
    }

    /// Looks for a plugin without loading it.
    func find(_ choice: PluginChoice) async throws(BroadcastError) -> PluginFinder.Found {
        try await plugins.find(choice)
    }

    private func find(
        _ choice: PluginChoice, done: @escaping @Sendable (Result<PluginFinder.Found, BroadcastError>) -> Void
    ) {
        // The change that asks for it waits, and ends with the broadcast at the latest.
        Task {
            do throws(BroadcastError) { done(.success(try await plugins.find(choice))) } catch {
                done(.failure(error))
            }
        }
    }

    // MARK: its course

    private func programBegan() {
        state = .onAir
        audience?.change(settings.canvas)
        audience?.begin()
        rooms.line?.chain.enter(.live)
        rooms.line?.encoding.wentOnAir()
        showAsBefore()
        keeper?.changed()
    }

    /// What was shown and heard when the broadcast was interrupted is so again. Instead of what is not there any more it shows
    /// what it would show at its beginning.
    private func showAsBefore() {
        guard let record = resumption?.start?.record, let program = rooms.line?.program else { return }
        unshown = record.shown
        showWhatWasShown()
        if let prepared = record.prepared { _ = try? program.change(.prepare(prepared)) }
        if record.sound != ProgramSoundSettings() { _ = try? program.change(.program(record.sound)) }
    }

    /// Slots may be free, and a room may take more.
    private func progressed() {
        rooms.line?.program.askInputs()
        rooms.line?.program.beginIfPossible()
        pump()
    }

    private func pump() {
        rooms.copyLine?.copying.pump()
        guard let program = rooms.line?.program else { return }
        if state == .ending { finishIfDrained() }
        program.pump()
        if let time = program.mediaTime { context.events.note(mediaNanoseconds: time.nanoseconds) }
    }

    /// Looks after all that shows only as time passing: deadlines, the start that does not come.
    private func armWatch() {
        // With a tick, where there are ticks; or with what a source has read.
        let leeway = Duration.milliseconds(rooms.copyLine?.copying.hasBegun == true ? 160 : 40)
        watchTimer = reactor.schedule(at: .now.advanced(by: .milliseconds(80)), leeway: leeway) {
            [weak self] in self?.assumeIsolated { $0.watch() }
        }
    }

    /// A service manager is told how the broadcast goes.
    func report(to manager: ServiceManager) { service = ServiceReports(manager) }

    private func tellService() {
        let frame = nextFrame
        service?.look(state, next: frame, seconds: settings.frameRate.time(of: frame).seconds)
    }

    private func watch() {
        guard state != .ended else { return }
        Orphans.reap()
        tellService()
        if state == .onAir {
            audience?.watch()
            showWhatWasShown()
            keeper?.watch()
            watchTimetable()
            rooms.watchLinks(isFast: settings.isFast)
        }
        rooms.inputs.watch()
        if let line = rooms.line { watch(line) } else if rooms.copyLine == nil { arrangeIfKnown() }
        rooms.copyLine?.watch()
        armWatch()
    }

    private func watch(_ line: ProgramLine) {
        line.watch()
        rooms.tracks?.look()
        if line.program.awaitsViewers, let time = rooms.outputs.firstSent { line.program.seen(from: time) }
        // A broadcast in no hurry waits for its links instead, and an encoder that was started by hand is left alone.
        if state == .onAir, !settings.isFast, settings.children != .plugins { rooms.outputs.watchCongestion() }
        line.program.beginIfPossible()
        pump()
        checkEnding()
    }

    // MARK: by the clock

    private func watchTimetable() {
        guard timetable.look(), timetableWork == nil else { return }
        // runCourse() waits for it before it returns.
        timetableWork = Task { await runTimetable() }
    }

    /// Does what is due. An entry of several changes goes on where one of them fails, and tells the first failure.
    private func runTimetable() async {
        while state == .onAir, let entry = timetable.takeDue() {
            var problem: BroadcastError?
            for change in entry.changes {
                do throws(BroadcastError) { try await carryOut(change) } catch { problem = problem ?? error }
            }
            timetable.ended(entry, problem)
        }
        timetableWork = nil
    }

    /// What has happened in the last day and since the beginning.
    var summary: SummaryReport { notices.report }

    /// The next runs of the timetable, the soonest first.
    func upcoming(_ count: Int) -> [TimetableRun] { timetable.upcoming(count) }

    // MARK: a configuration that was read again

    /// Compares a configuration with the one that was read last.
    /// - Throws: kind `control`, where nothing can be changed now.
    func plan(for new: BroadcastSettings) throws(BroadcastError) -> ReloadPlan {
        guard state == .onAir else { throw Self.notOnAir }
        return ReloadPlan(from: loaded ?? settings, to: new)
    }

    /// The next reload compares with this.
    func follows(_ base: BroadcastSettings) {
        loaded = base
        keeper?.changed()
    }

    /// Events are told to others from now on.
    func change(notices targets: [NoticeTarget]) async {
        settings.notices = targets.isEmpty ? nil : targets
        keeper?.changed()
        await notices.change(targets, on: self)
    }

    /// Other files are recorded from the next IDR on; what was recorded before is complete behind it.
    func change(recordings wanted: [RecordingSettings]) async throws(BroadcastError) {
        guard state == .onAir else { throw Self.notOnAir }
        await rooms.change(recordings: wanted, settings, on: self)
        settings.recordings = wanted.isEmpty ? nil : wanted
        keeper?.changed()
    }

    /// Comments come from these chats from now on.
    func change(chats wanted: [ChatTarget]) async throws(BroadcastError) {
        try await room().change(chats: wanted, on: self)
        settings.chats = wanted.isEmpty ? nil : wanted
        keeper?.changed()
    }

    /// The room is said to be so in the configuration; what a person has set of it otherwise stays.
    func change(room wanted: RoomSettings) throws(BroadcastError) {
        let audience = try room()
        let fields = wanted.fields.since(settings.room?.fields ?? RoomFields())
        if !fields.isEmpty { try audience.change(.set(fields)) }
        tellMetadata(of: audience, wanted.isInMetadata)
        settings.room = wanted
        keeper?.changed()
    }

    private func tellMetadata(of audience: Audience, _ isTold: Bool) {
        guard isTold != (audience.onMetadata != nil) else { return }
        let outputs = rooms.outputs
        if !isTold { outputs.extend([]) }
        audience.onMetadata = isTold ? { outputs.extend($0) } : nil
    }

    /// Another slate stands in from now on, as soon as it is drawn.
    func change(slate wanted: SlateSettings) throws(BroadcastError) {
        if let refusal = gate.refusalOfProgram { throw refusal }
        try rooms.change(slate: wanted, settings.canvas)
        wanted.apply(to: &settings)
        keeper?.changed()
    }

    /// - Throws: kind `control`, where there is no such time zone; nothing has changed then.
    func change(timetable wanted: Timetable?) async throws(BroadcastError) {
        timetable.change(to: wanted, try await TimetableKeeper.clock(of: wanted?.zone))
        settings.timetable = wanted
        keeper?.changed()
    }

    /// The inputs as they are, with what they were asked for.
    var inputs: [InputsSnapshot.Input] { rooms.inputs.snapshot.inputs }

    /// The links by their names, with what they were asked for.
    var links: [(name: String, destination: DestinationSettings)] {
        zip(rooms.outputs.snapshot.links, rooms.outputs.destinations).map { ($0.name, $1) }
    }

    var scenes: [Scene] { rooms.line?.program.snapshot.scenes.map(\.scene) ?? [] }

    /// What was taken last, by its name.
    var shown: String? { rooms.line?.program.snapshot.scene }

    // MARK: changes

    /// Changes settings.
    /// - Parameter done: called once, with an error when everything stays as it was.
    func change(_ change: SettingsChange, done: @escaping @Sendable (BroadcastError?) -> Void) {
        if let refusal = gate.refusalOfSettings { return done(refusal) }
        let new: BroadcastSettings
        do throws(BroadcastError) {
            new = try change.applied(to: settings)
            try new.checkRanges()
        } catch { return done(error) }
        // A scene may be shown instead meanwhile.
        if change.words["layout"] != nil, new.layout == settings.layout { rooms.line?.program.show(new.layout) }
        guard new != settings else { return done(nil) }
        let needsTakeover = Setting.changeable.contains { setting in
            setting.applies == .takeover && setting.text(new) != setting.text(settings)
        }
        guard !needsTakeover else { return begin(new, by: change, done) }
        if new.loudnessTarget != settings.loudnessTarget {
            rooms.line?.program.aim(atLoudness: new.loudnessTarget ?? .silence)
        }
        if new.layout != settings.layout { rooms.line?.program.show(new.layout) }
        if new.watch != settings.watch { rooms.watch(for: new.watch ?? []) }
        let isBitrate = new.videoBitsPerSecond != settings.videoBitsPerSecond
        settings = new
        keeper?.changed()
        // What is set by hand is tried as it is, whatever the links could carry before.
        rooms.outputs.change(.init(settings), isSetByHand: isBitrate)
        if isBitrate { rooms.line?.encoding.want(bitsPerSecond: settings.videoBitsPerSecond) }
        done(nil)
    }

    /// Starts a part anew, which is how a new version of its program goes on air.
    func restart(_ part: RestartablePart, done: @escaping @Sendable (BroadcastError?) -> Void) {
        if let refusal = gate.refusal(ofRestarting: part) { return done(refusal) }
        switch part {
        case .encoder: return begin(settings, by: SettingsChange(), done)
        case .plugins:
            do throws(BroadcastError) { try rooms.line?.chain.restart() } catch { return done(error) }
        case .source: rooms.inputs.restart()
        case .mixer:
            guard let program = rooms.line?.program else { return done(Self.notOnAir) }
            do throws(BroadcastError) { try program.restartMixer() } catch { return done(error) }
        }
        done(nil)
    }

    /// Has the next frame encoded as an IDR.
    /// - Returns: why that can't be done.
    func askForKeyframe() -> BroadcastError? {
        if let refusal = gate.refusalOfKeyframe { return refusal }
        rooms.line?.encoding.askForKeyframe()
        return nil
    }

    /// Changes the chain of plugins.
    /// - Parameter done: called once: with nil when the change is in effect, with an error when nothing has changed.
    func change(_ change: PluginChange, done: @escaping @Sendable (BroadcastError?) -> Void) {
        if let refusal = gate.refusalOfPlugins { return done(refusal) }
        rooms.line?.chain.change(change, done: done)
    }

    /// Which requests are taken now.
    var gate: RequestGate {
        RequestGate(
            state, settings.children, isCopying: settings.copies ?? false,
            isChanging: rooms.line?.encoding.isChanging ?? false)
    }

    private func begin(
        _ new: BroadcastSettings, by change: SettingsChange, _ done: @escaping @Sendable (BroadcastError?) -> Void
    ) {
        rooms.line?.encoding.change(to: WantedEncoding(new)) { [weak self] error in
            if error == nil { self?.assumeIsolated { $0.apply(change) } }
            done(error)
        }
    }

    /// The change is in effect; whatever else has been changed meanwhile stays as it is.
    private func apply(_ change: SettingsChange) {
        // It was applied once already; what goes with it can't have changed since.
        if let changed = try? change.applied(to: settings) { settings = changed }
        keeper?.changed()
    }

    /// - Returns: why nothing has changed.
    private func resize(to canvas: Canvas) -> BroadcastError? {
        let old = settings.canvas
        settings.canvas = canvas
        do throws(BroadcastError) { try rooms.resize(to: canvas) } catch {
            settings.canvas = old
            return error
        }
        audience?.change(canvas)
        return nil
    }

    // MARK: the end

    /// Ends the broadcast cleanly, so that nothing that was on the timeline is left out; asked a second time, at once.
    /// - Parameter wish: whether it can be resumed: not where a person wanted the end.
    func stop(_ wish: ResumeRecord.End = .stopped) {
        keeper?.wants(wish)
        switch state {
        case .starting: end()
        case .onAir:
            rooms.line?.program.end()
            rooms.copyLine?.copying.end()
        case .ending:
            // What still waits is given up.
            rooms.outputs.abort()
            end()
        case .ended: rooms.outputs.abort()
        }
    }

    /// No more ticks: what the chain and the encoder hold is asked for.
    private func programEnded() {
        guard state == .onAir else { return }
        state = .ending
        ending.begin(at: .now)
        context.post(.timeline, .timeline(.ending))
        rooms.line?.chain.enter(.ending)
        rooms.line?.encoding.beginEnding()
        rooms.inputs.finish()
        finishIfDrained()
    }

    /// Asks the encoder for what it holds once the last frame has been given to it.
    private func finishIfDrained() {
        guard let line = rooms.line,
            ending.flushes(isDrained: line.program.isDrained && line.chain.isDrained)
        else { return }
        line.encoding.finish()
    }

    /// Gives up what no encoder makes safe any more.
    private func checkEnding() {
        guard state == .ending else { return }
        let frames = rooms.line?.encoding.load.frames ?? 0
        guard ending.givesUp(frames, at: .now) else { return }
        context.post(
            .timeline,
            .timeline(.gaveUp(frames: frames, seconds: Double(BroadcastEnding.patience.nanoseconds) / 1e9)))
        end()
    }

    /// Ends the broadcast because it can't go on.
    private func fail(_ error: BroadcastError) {
        ending.fail(error)
        end()
    }

    /// Lets ``run()`` go on to its end.
    private func end() {
        state = .ended
        tellService()
        rooms.close()
        course.continuation.finish()
    }

    private func stopTimers() {
        if let watchTimer { reactor.cancel(watchTimer) }
        watchTimer = nil
        rooms.line?.stopTimers()
    }

    // MARK: how it is

    /// Which children the master starts.
    var children: ChildrenChoice { settings.children }

    /// The identities of all children so far, for the master's next broadcast.
    var childIDs: IdentityCounter<ChildSubject> { context.childIDs }

    /// The deaths of all children, the oldest first.
    var allDeaths: [DeathRecord] { context.deaths.all }

    func status() -> BroadcastStatus {
        var status = rooms.status(state, frameRate: settings.frameRate)
        if !notices.children.isEmpty {
            status.notices = notices.status
            status.children += notices.children
        }
        status.children += audience?.children ?? []
        (status.canvas, status.frameRate) = (rooms.outputs.picture?.canvas, rooms.outputs.picture?.frameRate)
        return status
    }
}
