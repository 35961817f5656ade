import BulkheadChildren
import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Has one GOP of the slate encoded while all is well, to be looped when no encoder works.
///
/// Its encoder holds a post of its own: none stands by for it, and its death is no matter of what is on air.
package struct SlateMaker: Sendable {
    /// No longer than this, however far apart the IDRs of the stream are.
    package static let longestGOP: FrameNumber = 300
    /// What its access units may hold together, in bytes.
    package static let mostBytes = 32 << 20
    /// From the moment that the stream is on air, or has another size.
    package static let delay = Duration.seconds(1)
    package static let retryDelay = Duration.seconds(10)

    /// Nil until it is encoded for the first time, and while the slate has become another picture.
    package private(set) var loop: SlateLoop?
    private var post = Post()
    private var units: [AccessUnit] = []
    /// Of `units`.
    private var byteCount = 0
    private var silence: [UInt8] = []

    /// No slate is encoded yet.
    package init() {}

    /// Whether an encoder should be started now for a slate of this size.
    package func isNeeded(for canvas: Canvas) -> Bool { post.isEmpty && !fits(canvas) }

    /// Whether the loop at hand has this size.
    package func fits(_ canvas: Canvas) -> Bool { loop?.configuration.canvas == canvas }

    package func employs(_ child: ChildID) -> Bool { post.duty(of: child) != nil }

    package mutating func began(with child: ChildID) {
        post.assign(.onAir, to: child)
        units.removeAll()
        byteCount = 0
        silence.removeAll()
    }

    /// What the encoder is given: one GOP of the slate, and as much silence as makes the sound's filter bank quiet.
    package static func work(
        _ slate: SlotReference, keyframeInterval: UInt32
    ) -> (frames: [CommitLedger.Entry], sound: [AudioLedger.Block]) {
        let silence = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
        return (
            (0..<min(Int64(keyframeInterval), longestGOP)).map { CommitLedger.Entry(frame: $0, slot: slate) },
            (0..<Int64(AudioLedger.warmUpCount + 2)).map { AudioLedger.Block(number: $0, samples: silence) }
        )
    }

    /// Keeps an access unit: of the frame after the last one, as an encoder without B-frames gives them.
    package mutating func take(_ unit: AccessUnit) throws(LedgerError) {
        guard unit.frame == units.count else { throw .frameNotGiven(unit.frame) }
        guard unit.isIDR || !units.isEmpty else { throw .startsWithoutIDR(unit.frame) }
        units.append(unit)
        byteCount += unit.bytes.count
    }

    package mutating func take(silence bytes: [UInt8]) { silence = bytes }

    /// The GOP is longer than any of a still picture.
    package var isTooLong: Bool { byteCount > Self.mostBytes }

    /// The encoder has answered everything, and is on its way out.
    package mutating func finish(_ child: ChildID, _ configuration: StreamConfiguration) {
        guard post.duty(of: child) == .onAir else { return }
        loop = SlateLoop(units: units, silence: silence, configuration: configuration)
        units.removeAll()
        post.assign(.retired, to: child)
    }

    package mutating func ended(_ child: ChildID, at now: MonotonicTime) { _ = post.ended(child, nil, at: now) }

    /// The slate is another picture.
    package mutating func forget() { loop = nil }
}
