package import BulkheadMedia
import BulkheadTimeline

/// Brings what is safe into the order in which it is sent: one DTS that rises for the life of the broadcast, sound beside
/// its picture, and before the first packet of a configuration what players must know for it.
package struct PacketStream: Sendable {
    private let interval: MediaTime
    private let frameRate: FrameRate
    private var stamper: PacketStamper?
    private var configurations = StreamConfigurations()
    /// Sound that is ahead of the picture is held until the picture has come up to it.
    private var heldSound: [Packet] = []
    private var lastPictureDTS = MediaTime(nanoseconds: .min)

    /// A stream that waits for its first encoder.
    package init(frameRate: FrameRate) {
        self.frameRate = frameRate
        interval = frameRate.interval
    }

    /// The first encoder is open: the stream is delayed by how deep it reorders, and stays so.
    package mutating func begin(reorderDepth: UInt32) {
        if stamper == nil { stamper = PacketStamper(frameRate: frameRate, reorderDepth: reorderDepth) }
    }

    /// The first encoder has been open.
    package var hasBegun: Bool { stamper != nil }

    // MARK: configurations

    /// The number of `configuration`, which is the newest from now on.
    package mutating func number(of configuration: StreamConfiguration) -> Int {
        configurations.number(of: configuration)
    }

    /// What the next room must be told of configuration `number`, once.
    package mutating func announce(_ number: Int) -> [EncodingMachine.Action] {
        configurations.announce(number).map { [.configure($0, number: number)] } ?? []
    }

    // MARK: packets

    /// A picture is safe: what goes out with it, in order.
    package mutating func send(_ finished: EncodingRun.Finished) -> [EncodingMachine.Action] {
        stamper?.reorder(by: finished.reorderDepth)
        var actions = announce(finished.configuration)
        guard let packet = stamper?.stamp(finished.commitment, configuration: finished.configuration) else {
            return actions
        }
        lastPictureDTS = packet.dts
        actions.append(.send(packet))
        return actions + releaseSound(until: packet.dts + interval)
    }

    /// A block of sound is safe, which goes out beside its picture.
    package mutating func send(soundBlock number: Int64, _ bytes: [UInt8]) -> [EncodingMachine.Action] {
        guard let stamper else { return [] }
        heldSound.append(stamper.stamp(audioBlock: number, bytes: bytes))
        return releaseSound(until: lastPictureDTS + interval)
    }

    /// No picture comes any more.
    package mutating func finish() -> [EncodingMachine.Action] { releaseSound(until: MediaTime(nanoseconds: .max)) }

    private mutating func releaseSound(until time: MediaTime) -> [EncodingMachine.Action] {
        let ready = heldSound.prefix { $0.dts <= time }
        guard !ready.isEmpty else { return [] }
        heldSound.removeFirst(ready.count)
        return ready.map { .send($0) }
    }
}
