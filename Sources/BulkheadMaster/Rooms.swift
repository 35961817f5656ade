import BulkheadChain
import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadInputs
import BulkheadLinks
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
/// Frames don't pass here: each room gives to the next. What a room decides is its machine's business; nothing here knows
/// a child, and nothing here knows what the broadcast is about, which ``Requests`` ask for. It belongs to the broadcast
/// and is confined to the reactor's thread.
final class Rooms {
    /// What rooms ask of the broadcast.
    struct Requests {
        /// Whether the broadcast still waits for its first frame.
        let isStarting: () -> Bool
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
        /// All links have failed.
        let linksFailed: (BroadcastError) -> Void
        /// The broadcast can't go on.
        let failed: (BroadcastError) -> Void
    }

    let inputs: Inputs
    let program: Program
    let chain: Chain
    let encoding: Encoding
    let outputs: Outputs
    private let context: RoomContext
    private let committed: CommittedPackets
    private let slatePath: String
    private let encoderAddress: String?
    private var childrenContinuation: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - plugins: those that the broadcast begins with.
    ///   - encoderAddress: where an encoder that is started by hand connects; nil outside mode selected.
    init(
        _ settings: BroadcastSettings, plugins: [PluginFinder.Found], encoderAddress: String?, in context: RoomContext,
        requests: Requests
    ) {
        self.context = context
        self.encoderAddress = encoderAddress
        slatePath = settings.slatePath
        let outputs = Outputs(
            context, bitrate: .init(settings), patience: .nanoseconds(Int64((settings.patienceSeconds ?? 0) * 1e9)))
        let committed = CommittedPackets(outputs)
        let encoding = Encoding(
            WantedEncoding(settings), encoderAddress: encoderAddress.map { "unix:\($0)" } ?? "", context,
            outlet: committed)
        let hasChain = settings.children != .encoder
        let chain = Chain(
            ChainSettings(
                plugins: hasChain ? plugins : [], isolation: hasChain ? settings.pluginIsolation : .each,
                canvas: settings.canvas, frameRate: settings.frameRate, isPatient: settings.isFast,
                hasStandbys: settings.standby != .off),
            in: context, outlet: encoding,
            requests: ChainRequests(
                progressed: requests.progressed, failed: requests.failed, changed: requests.pluginsChanged,
                find: requests.find))
        let program = Program(
            context, ProgramSettings(settings), outlet: chain,
            requests: Program.Requests(
                mayBegin: { requests.isStarting() && encoding.hasEncoded && chain.isSettled },
                began: requests.began, ended: requests.ended,
                slateChanged: { encoding.slateIsDrawn($0, $1) }, failed: requests.failed))
        inputs = Inputs(
            context, canvas: settings.canvas, frameRate: settings.frameRate, outlet: program, onFailed: requests.failed)
        program.supply = inputs
        (self.program, self.chain, self.encoding) = (program, chain, encoding)
        (self.committed, self.outputs) = (committed, outputs)
        outputs.onBitrate = { [weak encoding] in encoding?.carry(bitsPerSecond: $0) }
        outputs.onFailure = requests.linksFailed
        encoding.onProgress = requests.progressed
        encoding.onResize = { canvas throws(BroadcastError) in
            if let failure = requests.resized(canvas) { throw failure }
        }
        encoding.onFailure = requests.failed
        encoding.onDrained = requests.drained
        for empty in [\Rooms.inputs.onEmpty, \.chain.onEmpty, \.encoding.onEmpty] {
            self[keyPath: empty] = { [weak self] in self?.resumeIfChildless() }
        }
        context.pools.onRemoved = { [weak encoding, weak chain] id in
            encoding?.dropPool(id)
            chain?.drop(pool: id)
        }
        context.mediaSeconds = { [weak program] in program?.mediaTime?.seconds }
    }

    // MARK: their course

    /// Opens what `settings` name, and starts the first children.
    func start(_ settings: BroadcastSettings) throws(BroadcastError) {
        try outputs.declare(settings.destinations)
        try makeSlate(settings.canvas)
        try encoding.start()
        try inputs.start(settings.inputs)
        try chain.start()
    }

    /// Draws the built-in slate, and has the user's read in its place.
    private func makeSlate(_ canvas: Canvas) throws(BroadcastError) {
        // It comes later; where the other can't be drawn it is of no use and let go.
        if !slatePath.isEmpty { try inputs.read(still: slatePath, canvas: canvas) }
        try program.drawSlate(canvas)
    }

    /// Pictures have this size from now on; what is left of the old one is shown until the source gives the new one.
    /// - Throws: when nothing has changed.
    func resize(to canvas: Canvas) throws(BroadcastError) {
        try makeSlate(canvas)
        inputs.change(canvas: canvas)
        chain.change(canvas)
    }

    /// Lets all that wait for slots or room go on.
    func goOn() {
        program.pump()
        if let time = program.mediaTime { context.events.note(mediaNanoseconds: time.nanoseconds) }
    }

    /// Looks after all that shows only as time passing: deadlines, the start that does not come.
    func watch(looksAtCongestion: Bool) {
        chain.watch(at: .now)
        inputs.watch()
        encoding.look()
        if looksAtCongestion { outputs.watchCongestion() }
        program.beginIfPossible()
    }

    // MARK: their end

    /// Nothing more comes and nothing is begun.
    func close() {
        encoding.close()
        chain.end()
    }

    /// Stops all clocks.
    func stopTimers() {
        program.close()
        chain.close()
    }

    /// Ends all children and waits until they are gone.
    func dismissChildren(on reactor: isolated any Actor) async {
        close()
        context.close()
        encoding.hangUp()
        chain.hangUp()
        inputs.hangUp()
        guard !isChildless else { return }
        let bound = ReactorBound(self, context.reactor)
        let timer = context.reactor.schedule(at: .now.advanced(by: .seconds(2))) { bound.value.killChildren() }
        await withCheckedContinuation { childrenContinuation = $0 }
        context.reactor.cancel(timer)
    }

    private func killChildren() {
        encoding.kill("it did not end when asked")
        chain.dismiss("it did not end when asked")
        inputs.dismiss("it did not end when asked")
    }

    private var isChildless: Bool { encoding.isEmpty && chain.isEmpty && inputs.isEmpty }

    private func resumeIfChildless() {
        guard isChildless else { return }
        childrenContinuation?.resume()
        childrenContinuation = nil
    }

    // MARK: how they are

    func status(_ state: Broadcast.State, frameRate: FrameRate) -> BroadcastStatus {
        BroadcastStatus(
            state, inputs.snapshot, program.snapshot, chain.snapshot, encoding.snapshot, outputs.snapshot,
            &committed.rate, frameRate: frameRate, encoderAddress: encoderAddress ?? "")
    }
}
