import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline

/// Each input's own sound on its way from the program to recordings, past plugins and the encoder of the program: a process
/// encodes it for each input, and none of them is needed for what is on air.
///
/// An input keeps its track as long as the broadcast lasts; where it is not heard, or has gone, the track is silent.
final class RecordedTracks {
    private let context: RoomContext
    private let outputs: Outputs
    private let bitsPerSecond: UInt32
    private var inputs: [InputID] = []
    private var encoders: [TrackEncoder] = []
    private var drainedCount = 0
    private var continuation: CheckedContinuation<Void, Never>?
    /// The last process has ended.
    var onEmpty: () -> Void = {}

    /// How long the end waits for what is being encoded.
    private static let patience = Duration.seconds(3)

    init(_ bitsPerSecond: UInt32, to outputs: Outputs, in context: RoomContext) {
        self.bitsPerSecond = bitsPerSecond
        self.outputs = outputs
        self.context = context
    }

    /// These inputs have tracks as well from now on.
    func add(_ added: [(id: InputID, name: String)]) {
        let new = added.filter { !inputs.contains($0.id) }.prefix(
            max(0, StreamConfiguration.mostTracks - inputs.count))
        guard !new.isEmpty else { return }
        for (id, name) in new {
            let track = inputs.count
            inputs.append(id)
            let encoder = TrackEncoder(name: name, bitsPerSecond: bitsPerSecond, in: context) {
                [outputs] block, bytes in outputs.take(block: block, track: track, bytes: bytes)
            }
            encoder.onDrained = { [weak self] in self?.drained() }
            encoder.onEmpty = { [weak self] in self?.onEmpty() }
            encoders.append(encoder)
        }
        outputs.record(tracks: encoders.map(\.name))
    }

    func take(_ block: TrackBlock) {
        for (input, encoder) in zip(inputs, encoders) {
            let samples = block.samples[input] ?? [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
            encoder.take(AudioLedger.Block(number: block.number, samples: samples))
        }
    }

    func look() { for encoder in encoders { encoder.look() } }

    /// Has all that was given encoded, as far as that comes to an end in time.
    func finish(on owner: isolated any Actor) async {
        for encoder in encoders { encoder.finish() }
        guard drainedCount < encoders.count else { return }
        let bound = ReactorBound(self, context.reactor)
        let timer = context.reactor.schedule(at: .now.advanced(by: Self.patience)) { bound.value.resume() }
        await withCheckedContinuation { continuation = $0 }
        context.reactor.cancel(timer)
    }

    private func drained() {
        drainedCount += 1
        if drainedCount == encoders.count { resume() }
    }

    private func resume() { continuation.take()?.resume() }

    func hangUp() { for encoder in encoders { encoder.hangUp() } }
    func kill(_ reason: String) { for encoder in encoders { encoder.kill(reason) } }
    var isEmpty: Bool { encoders.allSatisfy(\.isEmpty) }
    var statuses: [ChildStatus] { encoders.map(\.status) }
}
