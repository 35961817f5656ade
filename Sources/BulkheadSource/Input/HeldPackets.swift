import CFFmpeg

/// Packets that were read ahead, because the times of the first can't be judged without those that follow.
struct HeldPackets {
    private var packets: [UnsafeMutablePointer<AVPacket>] = []
    private var stamps: [PacketStamp] = []
    private var byteCount = 0
    /// Nothing follows the last of them.
    var isAtEnd = false

    /// Enough for a second of picture and sound.
    private static let countLimit = 512
    private static let byteLimit = 32 << 20
    /// What is held of a live input is late: about a third of a second.
    private static let liveCountLimit = 24

    var isEmpty: Bool { packets.isEmpty }
    var first: PacketStamp? { stamps.first }
    var following: ArraySlice<PacketStamp> { stamps.dropFirst() }

    func lookahead(isLive: Bool) -> Lookahead {
        if isAtEnd { return .end }
        let limit = isLive ? Self.liveCountLimit : Self.countLimit
        return packets.count >= limit || byteCount >= Self.byteLimit ? .full : .more
    }

    /// Takes over what `packet` holds and leaves it empty. False when memory is short.
    mutating func append(_ packet: UnsafeMutablePointer<AVPacket>, _ stamp: PacketStamp) -> Bool {
        guard let copy = av_packet_alloc() else { return false }
        av_packet_move_ref(copy, packet)
        packets.append(copy)
        stamps.append(stamp)
        byteCount += Int(copy.pointee.size)
        return true
    }

    /// Hands the first one over to `target`.
    mutating func takeFirst(into target: UnsafeMutablePointer<AVPacket>) {
        guard !packets.isEmpty else { return }
        var packet: UnsafeMutablePointer<AVPacket>? = packets.removeFirst()
        stamps.removeFirst()
        av_packet_unref(target)
        if let packet {
            byteCount -= Int(packet.pointee.size)
            av_packet_move_ref(target, packet)
        }
        av_packet_free(&packet)
    }

    mutating func removeAll() {
        for packet in packets {
            var packet: UnsafeMutablePointer<AVPacket>? = packet
            av_packet_free(&packet)
        }
        self = HeldPackets()
    }
}
