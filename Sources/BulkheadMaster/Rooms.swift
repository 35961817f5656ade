import BulkheadChain
import BulkheadChildren
import BulkheadCopying
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadProgram
import BulkheadRoom
import BulkheadSystem

/// The five rooms of a broadcast, put together, and the order in which they are told of what concerns several of them.
///
///     Inputs ──▶ Program ──▶ Chain ──▶ Encoding ──▶ Outputs
///
/// First there are only inputs and outputs. The rooms between them (``ProgramLine``) are made when the size and the rate
/// of the picture are known, which may be those of the first input. Frames don't pass here: each room gives to the next.
/// What a room decides is its machine's business; nothing here knows a child, and nothing here knows what the broadcast is
/// about, which ``Requests`` ask for. It belongs to the broadcast and is confined to the reactor's thread.
final class Rooms {
    /// What rooms ask of the broadcast.
    struct Requests {
        /// Whether the broadcast still waits for its first frame.
        let isStarting: () -> Bool
        /// An input has been opened before it was known what is to be made of it.
        let described: () -> Void
        /// The first frame is about to be given.
        let began: () -> Void
        /// The last frame has been given.
        let ended: () -> Void
        /// Slots may be free, and a room may take more.
        let progressed: () -> Void
        /// All that was given to be encoded has been sent.
        let drained: () -> Void
        /// Pictures of this size are wanted from now on. Returns why nothing has changed.
        let resized: (Canvas) -> BroadcastError?
        /// The chain is so from now on.
        let pluginsChanged: ([PluginChoice]) -> Void
        /// Finds a plugin's library, and calls back on the reactor's thread.
        let find: (PluginChoice, @escaping (Result<PluginFinder.Found, BroadcastError>) -> Void) -> Void
        /// A link that had no room has some again.
        let hasRoom: () -> Void
        /// All links have failed.
        let linksFailed: (BroadcastError) -> Void
        /// The broadcast can't go on.
        let failed: (BroadcastError) -> Void
    }

    let inputs: Inputs
    let outputs: Outputs
    /// Nil until ``arrange(_:plugins:)``.
    private(set) var line: ProgramLine?
    /// In its place where nothing is encoded; nil until ``arrangeCopying(_:changed:)``.
    private(set) var copyLine: CopyLine?
    /// Nil where inputs' own sounds are not recorded.
    private(set) var tracks: RecordedTracks?
    private let context: RoomContext
    private let requests: Requests
    private let committed: CommittedPackets
    private let links: WatchedLinks
    private let encoderAddress: String?
    private let madeAt = MonotonicTime.now
    private var slatePath = ""
    private var slateCard = Card(.slate, Card.standardWords)
    /// An encoder that has connected by itself before the line was there.
    private var earlyEncoder: (descriptor: CInt, pid: Int32)?
    private var childrenContinuation: CheckedContinuation<Void, Never>?

    /// - Parameter encoderAddress: where an encoder that is started by hand connects; nil outside mode selected.
    init(_ settings: BroadcastSettings, encoderAddress: String?, in context: RoomContext, requests: Requests) {
        self.context = context
        self.requests = requests
        self.encoderAddress = encoderAddress
        outputs = Outputs(
            context, bitrate: .init(settings), patience: .nanoseconds(Int64((settings.patienceSeconds ?? 0) * 1e9)))
        committed = CommittedPackets(outputs, settings.watch ?? [], in: context)
        links = WatchedLinks(in: context)
        outputs.onRoom = requests.hasRoom
        outputs.onFailure = requests.linksFailed
        inputs = Inputs(
            context, canvas: settings.canvas, frameRate: settings.frameRate,
            deinterlacing: settings.deinterlacing ?? .auto, copies: settings.copies ?? false,
            written: settings.destinations.filter(\.isFile).map { String($0.url.dropFirst(5)) },
            onFailed: requests.failed)
        inputs.onDescribed = requests.described
        inputs.onEmpty = { [weak self] in self?.resumeIfChildless() }
        context.pools.onRemoved = { [weak self] id in self?.line?.drop(pool: id) }
    }

    // MARK: their course

    /// Makes the links, and opens the inputs.
    /// - Parameter start: what is resumed; nil for a broadcast that begins.
    func open(_ settings: BroadcastSettings, resuming start: ResumeStart?) throws(BroadcastError) {
        try outputs.declare(settings.destinations)
        outputs.record(settings, goingOn: start?.recordings ?? [], firstPicture: start?.pictures ?? 0)
        if let start { outputs.goOn(from: start.record.reach) }
        for link in start?.record.pausedLinks ?? [] { try? outputs.change(.pause(link)) }
        try inputs.open(settings.inputs, at: start?.inputs ?? [])
    }

    /// Tells `keeper` how far the broadcast comes.
    private func tell(_ keeper: ResumeKeeper, of line: ProgramLine) {
        line.program.onFrame = { [weak self, weak keeper] frame, places in
            guard let self else { return }
            keeper?.gave(frame, self.inputs.resumes(behind: places))
        }
        committed.onPicture = { [weak line, weak keeper] in
            if let frame = line?.encoding.newestCommitted { keeper?.sent(frame) }
        }
    }

    /// Tells `keeper` how far a stream that is passed on comes.
    private func tell(_ keeper: ResumeKeeper, of copying: Copying) {
        copying.onSent = { [weak self, weak keeper, weak copying] place in
            guard let self, let input = copying?.snapshot.input else { return }
            keeper?.passedOn(upTo: place.reached, next: place.frame, self.inputs.resumes(behind: [input: place.feed]))
        }
    }

    /// How long the inputs have had to be opened, in nanoseconds.
    var age: Int64 { MonotonicTime.now.since(madeAt) }

    /// Makes the rooms between inputs and outputs, and starts their children: the picture is to be as `settings` say.
    /// - Parameters:
    ///   - plugins: those that the broadcast begins with.
    ///   - start: what is resumed; nil for a broadcast that begins.
    ///   - keeper: keeps what the broadcast could be resumed from.
    func arrange(
        _ settings: BroadcastSettings, plugins: [PluginFinder.Found], resuming start: ResumeStart?,
        keeper: ResumeKeeper?
    ) throws(BroadcastError) {
        let line = try ProgramLine(
            settings, plugins: plugins, resuming: start, encoderAddress: encoderAddress, madeAt: madeAt, in: context,
            outlet: committed, requests: requests)
        self.line = line
        if let keeper { tell(keeper, of: line) }
        line.program.supply = inputs
        line.encoding.onEmpty = { [weak self] in self?.resumeIfChildless() }
        line.chain.onEmpty = { [weak self] in self?.resumeIfChildless() }
        line.program.onEmpty = { [weak self] in self?.resumeIfChildless() }
        outputs.onBitrate = { [weak line] in line?.encoding.carry(bitsPerSecond: $0) }
        context.mediaSeconds = { [weak line] in line?.program.mediaTime?.seconds }
        try line.encoding.start()
        for input in inputs.snapshot.inputs {
            if let strip = input.settings.strip { line.program.prepare(strip, of: input.id) }
        }
        if settings.recordsTracks == true, settings.recordings?.contains(where: \.isMP4) == true {
            record(settings, line)
        }
        // Nothing of one that is added is heard before it is taken, or by its own nature, from the next block on.
        inputs.onAdded = { [weak self, weak line] input, settings in
            if let strip = settings.strip { line?.program.prepare(strip, of: input) }
            let name = self?.inputs.snapshot.inputs.first { $0.id == input }?.name
            self?.tracks?.add([(input, name ?? "source \(input)")])
        }
        for group in inputs.backed { line.program.back(group.input, by: group.backups, group.settings) }
        inputs.play(settings.canvas, settings.frameRate, to: line.program)
        slatePath = settings.slatePath
        slateCard = Card(
            .slate, settings.slateText ?? Card.standardWords, logoPath: settings.slateLogoPath ?? "",
            hasClock: settings.slateClock ?? false)
        try makeSlate(settings.canvas)
        if let layout = settings.layout { line.program.show(layout) } else { line.program.showFirstScene() }
        try line.chain.start()
        if let early = earlyEncoder.take() { connected(early.descriptor, pid: early.pid) }
    }

    /// Makes what passes the only input on as it is, in place of the rooms between inputs and outputs.
    /// - Parameters:
    ///   - start: what is resumed; nil for a broadcast that begins.
    ///   - keeper: keeps what the broadcast could be resumed from.
    ///   - changed: another size or rate goes out.
    func arrangeCopying(
        _ settings: BroadcastSettings, resuming start: ResumeStart?, keeper: ResumeKeeper?,
        changed: @escaping (Canvas, FrameRate) -> Void
    ) {
        slatePath = settings.slatePath
        slateCard = Card(
            .slate, settings.slateText ?? Card.standardWords, logoPath: settings.slateLogoPath ?? "", hasClock: false)
        let line = CopyLine(
            settings, resuming: start, in: context, outlet: committed, requests: requests,
            drawsSlate: { [weak self] canvas in
                do throws(BroadcastError) { try self?.makeSlate(canvas) } catch { self?.requests.failed(error) }
            }, changed: changed)
        copyLine = line
        if let keeper { tell(keeper, of: line.copying) }
        line.copying.supply = inputs
        line.onEmpty = { [weak self] in self?.resumeIfChildless() }
        context.mediaSeconds = { [weak line] in line?.copying.snapshot.reached.seconds }
        inputs.play(settings.canvas, settings.frameRate, to: line.copying)
    }

    /// Has the own sounds of inputs recorded.
    private func record(_ settings: BroadcastSettings, _ line: ProgramLine) {
        let tracks = RecordedTracks(settings.audioBitsPerSecond, to: outputs, in: context)
        self.tracks = tracks
        tracks.onEmpty = { [weak self] in self?.resumeIfChildless() }
        tracks.add(inputs.snapshot.inputs.map { ($0.id, $0.name) })
        line.program.onTracks = { [weak tracks] in tracks?.take($0) }
    }

    /// Has other files recorded.
    /// - Parameter settings: of the broadcast, as they were.
    func change(recordings: [RecordingSettings], _ settings: BroadcastSettings, on owner: isolated any Actor) async {
        if tracks == nil, settings.recordsTracks == true, recordings.contains(where: \.isMP4), let line {
            record(settings, line)
        }
        await outputs.change(recordings: recordings, on: owner)
    }

    /// Shows another slate as soon as it is drawn; up to then the one at hand.
    /// - Throws: when nothing has changed.
    func change(slate: SlateSettings, _ canvas: Canvas) throws(BroadcastError) {
        (slatePath, slateCard) = (slate.path, slate.card)
        if slatePath.isEmpty {
            try inputs.draw(slate: slateCard, canvas: canvas)
        } else {
            try inputs.read(slate: slatePath, canvas: canvas)
        }
    }

    /// An encoder has connected by itself; its socket belongs to the rooms from then on.
    func connected(_ descriptor: CInt, pid: Int32) {
        if let line { return line.encoding.connected(OwnedDescriptor(adopting: descriptor), pid: pid) }
        if let earlier = earlyEncoder { OwnedDescriptor(adopting: earlier.descriptor).close() }
        earlyEncoder = (descriptor, pid)
    }

    /// Draws the built-in slate, and has the user's read, or one in a typeface drawn, in its place.
    private func makeSlate(_ canvas: Canvas) throws(BroadcastError) {
        // It comes later; where the other can't be drawn it is of no use and let go.
        if slatePath.isEmpty {
            try inputs.draw(slate: slateCard, canvas: canvas)
        } else {
            try inputs.read(slate: slatePath, canvas: canvas)
        }
        try line?.program.drawSlate(canvas)
    }

    /// Pictures have this size from now on; what is left of the old one is shown until the source gives the new one.
    /// - Throws: when nothing has changed.
    func resize(to canvas: Canvas) throws(BroadcastError) {
        try makeSlate(canvas)
        inputs.change(canvas: canvas)
        line?.chain.change(canvas)
    }

    // MARK: their end

    /// Nothing more is begun.
    func close() {
        line?.close()
        copyLine?.close()
    }

    /// Ends all children and waits until they are gone.
    func dismissChildren(on owner: isolated any Actor) async {
        close()
        context.close()
        if let early = earlyEncoder.take() { OwnedDescriptor(adopting: early.descriptor).close() }
        line?.hangUp()
        copyLine?.hangUp()
        inputs.hangUp()
        tracks?.hangUp()
        guard !isChildless else { return }
        let bound = ReactorBound(self, context.reactor)
        let timer = context.reactor.schedule(at: .now.advanced(by: .seconds(2))) { bound.value.killChildren() }
        await withCheckedContinuation { childrenContinuation = $0 }
        context.reactor.cancel(timer)
    }

    private func killChildren() {
        line?.kill("it did not end when asked")
        copyLine?.kill("it did not end when asked")
        inputs.dismiss("it did not end when asked")
        tracks?.kill("it did not end when asked")
    }

    private var isChildless: Bool {
        inputs.isEmpty && line?.isEmpty ?? true && copyLine?.isEmpty ?? true && tracks?.isEmpty ?? true
    }

    private func resumeIfChildless() {
        guard isChildless else { return }
        childrenContinuation.take()?.resume()
    }

    // MARK: how they are

    /// What of the broadcast is kept, so that it can be resumed; nil before it is on air.
    func resumeRecord(_ settings: BroadcastSettings, _ name: String, framesBefore: Int64) -> ResumeRecord? {
        guard line != nil || copyLine != nil else { return nil }
        return ResumeRecord(
            name, settings, inputs.snapshot, line?.program.snapshot, outputs.snapshot,
            reach: outputs.reach, recordings: outputs.recordingPlaces, framesBefore: framesBefore)
    }

    func status(_ state: Broadcast.State, frameRate: FrameRate) -> BroadcastStatus {
        let sent = outputs.snapshot
        var status: BroadcastStatus
        if let copyLine {
            status = BroadcastStatus(
                state, inputs.snapshot, copyLine.copying.snapshot, sent, &committed.rate)
            status.output = committed.status
        } else if let line {
            status = BroadcastStatus(
                state, inputs.snapshot, line.program.snapshot, line.chain.snapshot, line.encoding.snapshot,
                sent, &committed.rate, frameRate: frameRate, encoderAddress: encoderAddress ?? "")
            status.children += tracks?.statuses ?? []
            var output = committed.status ?? OutputStatus()
            line.output.fill(&output)
            status.output = output
        } else {
            status = BroadcastStatus(opening: inputs.snapshot, sent, isOver: state == .ended)
        }
        links.fill(&status, sent.links)
        return status
    }

    // MARK: what goes out

    /// The size that the broadcast says, against which that of the stream is held.
    var wantedCanvas: () -> Canvas? {
        get { committed.wantedCanvas }
        set { committed.wantedCanvas = newValue }
    }

    /// What is told of it is so from now on.
    func watch(for conditions: [SwitchCondition]) {
        line?.output.change(to: conditions)
        committed.change(to: conditions)
    }

    /// Looks at what goes to each platform, now and then.
    func watchLinks(isFast: Bool) {
        links.look(at: outputs, isFast: isFast, at: .now) { committed.report }
    }
}
