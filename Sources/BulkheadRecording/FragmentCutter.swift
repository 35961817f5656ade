package import BulkheadMedia

/// A packet of a recording.
package struct RecordedPacket: Hashable, Sendable {
    package let packet: Packet
    /// The number of the frame that a picture was encoded from; for sound it is not looked at.
    package let frame: FrameNumber
    /// Of sound that belongs to a further track, counted from 0; nil for the program's.
    package let track: Int?

    package init(_ packet: Packet, frame: FrameNumber = 0, track: Int? = nil) {
        self.packet = packet
        self.frame = frame
        self.track = track
    }
}

/// Decides which packets are a fragment: up to half a second of them, or up to the next IDR.
///
/// Packets come in the order in which they are decoded. A fragment begins with the packet that ended the one before.
package struct FragmentCutter: Sendable {
    /// What is waiting.
    package private(set) var packets: [RecordedPacket] = []
    private let limit: MediaTime
    private var lastPicture: MediaTime?
    /// Between the last two pictures.
    private var distance = MediaTime.zero

    /// - Parameter limit: from the first DTS of a fragment to the first of the next.
    package init(limit: MediaTime = MediaTime(milliseconds: 500)) { self.limit = limit }

    /// Takes `packet`, and gives the fragment that is complete before it, if one is.
    package mutating func add(_ packet: RecordedPacket) -> [RecordedPacket]? {
        let dts = packet.packet.dts
        var complete: [RecordedPacket]?
        if let first = packets.first?.packet.dts,
            packet.packet.isIDR || dts + (packet.packet.isVideo ? distance : .zero) - first > limit
        {
            complete = flush()
        }
        packets.append(packet)
        if packet.packet.isVideo {
            if let lastPicture { distance = max(.zero, min(limit, dts - lastPicture)) }
            lastPicture = dts
        }
        return complete
    }

    /// Gives what is waiting, though it is no whole fragment; nil for nothing.
    package mutating func flush() -> [RecordedPacket]? {
        defer { packets = [] }
        return packets.isEmpty ? nil : packets
    }
}
