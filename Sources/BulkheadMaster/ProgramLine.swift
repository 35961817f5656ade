import BulkheadChain
import BulkheadEncoding
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadProgram
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline

/// The three rooms in the middle, put together: what there is once the size and the rate of the picture are known.
///
///     Program ──▶ Chain ──▶ Encoding ──▶ outlet
final class ProgramLine {
    let program: Program
    /// What goes out.
    let output: WatchedOutput
    let chain: Chain
    let encoding: Encoding

    /// - Parameters:
    ///   - plugins: those that the broadcast begins with.
    ///   - start: what is resumed; nil for a broadcast that begins.
    ///   - encoderAddress: where an encoder that is started by hand connects; nil outside mode selected.
    ///   - madeAt: when the broadcast was made: from then on its start is waited for.
    init(
        _ settings: BroadcastSettings, plugins: [PluginFinder.Found], resuming start: ResumeStart?,
        encoderAddress: String?, madeAt: MonotonicTime, in context: RoomContext, outlet: any PacketOutlet,
        requests: Rooms.Requests
    ) throws(BroadcastError) {
        let encoding = Encoding(
            WantedEncoding(settings), encoderAddress: encoderAddress.map { "unix:\($0)" } ?? "", context,
            outlet: outlet)
        encoding.onProgress = requests.progressed
        encoding.onResize = { canvas throws(BroadcastError) in
            if let failure = requests.resized(canvas) { throw failure }
        }
        encoding.onFailure = requests.failed
        encoding.onDrained = requests.drained
        let hasChain = settings.children != .encoder
        var chainSettings = ChainSettings(
            plugins: hasChain ? plugins : [], isolation: hasChain ? settings.pluginIsolation : .each,
            canvas: settings.canvas, frameRate: settings.frameRate, isPatient: settings.isFast,
            hasStandbys: settings.standby != .off)
        var programSettings = ProgramSettings(settings)
        if let start {
            chainSettings.firstFrame = start.firstFrame
            programSettings.firstFrame = start.firstFrame
            programSettings.framesBefore = start.framesBefore
            programSettings.isResumed = true
            // It was seen before.
            programSettings.durationAwaitsViewers = false
        }
        let output = WatchedOutput(encoding, settings.watch ?? [], settings.frameRate, in: context)
        let chain = Chain(
            chainSettings, in: context, outlet: output,
            requests: ChainRequests(
                progressed: requests.progressed, failed: requests.failed, changed: requests.pluginsChanged,
                find: requests.find))
        program = try Program(
            context, programSettings, madeAt: madeAt, outlet: chain,
            requests: Program.Requests(
                mayBegin: { requests.isStarting() && encoding.hasEncoded && chain.isSettled },
                began: requests.began, ended: requests.ended, progressed: requests.progressed,
                slateChanged: { encoding.slateIsDrawn($0, $1) }, failed: requests.failed))
        (self.chain, self.encoding, self.output) = (chain, encoding, output)
    }

    /// No frame comes from this pool any more.
    func drop(pool: UInt32) {
        encoding.dropPool(pool)
        chain.drop(pool: pool)
        program.drop(pool: pool)
    }

    /// Looks after all that shows only as time passing: deadlines, the start that does not come.
    func watch() {
        chain.watch(at: .now)
        encoding.look()
    }

    // MARK: its end

    /// Nothing more is begun.
    func close() {
        encoding.close()
        chain.end()
        program.endMixers()
    }

    /// Stops all clocks.
    func stopTimers() {
        program.close()
        chain.close()
    }

    /// Lets all children end by themselves.
    func hangUp() {
        encoding.hangUp()
        chain.hangUp()
        program.hangUp()
    }

    /// Ends all children.
    func kill(_ reason: String) {
        encoding.kill(reason)
        chain.dismiss(reason)
        program.dismiss(reason)
    }

    /// No child is left.
    var isEmpty: Bool { encoding.isEmpty && chain.isEmpty && program.isEmpty }
}
