package import BulkheadMedia

/// What the master asks of an origin.
package enum OriginRequest: WireMessage, Hashable {
    /// Listens at this address, port 0 for any that is free; answered by `ready`, or by `trouble` until it can. Sent once, first.
    /// `timeZero` is the wall clock at time 0 of the timeline, in milliseconds since 1970.
    case open(host: String, port: UInt16, timeZero: Int64)
    /// What players must know for all that follows.
    case configure(StreamConfiguration)
    /// One access unit.
    case picture(Packet)
    /// One AAC frame.
    case sound(Packet)
    /// The stream ends, as it is meant to.
    case finish

    /// The longest access unit, as an encoder may give it.
    private static let longestPicture = 16_777_210

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .open(let host, let port, let timeZero):
            WireFrame(.originOpen) {
                $0.write(host, atMost: 256)
                $0.write(port)
                $0.write(timeZero)
            }
        case .configure(let configuration):
            WireFrame(.originConfigure, reserving: 256) { configuration.write(to: &$0) }
        case .picture(let packet):
            WireFrame(.originPicture, reserving: 32 + packet.bytes.count) {
                $0.write(packet.dts.nanoseconds)
                $0.write(packet.pts.nanoseconds)
                $0.write(packet.isIDR)
                $0.write(packet.isDisposable)
                $0.write(packet.bytes)
            }
        case .sound(let packet):
            WireFrame(.originSound, reserving: 16 + packet.bytes.count) {
                $0.write(packet.dts.nanoseconds)
                $0.write(packet.bytes)
            }
        case .finish: WireFrame(.originFinish) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .originOpen?:
            self = .open(
                host: try reader.readString(atMost: 256, "host"), port: try reader.read(), timeZero: try reader.read())
        case .originConfigure?: self = .configure(try StreamConfiguration(&reader))
        case .originPicture?:
            let dts = MediaTime(nanoseconds: try reader.read())
            let pts = MediaTime(nanoseconds: try reader.read())
            let isIDR = try reader.readBool("IDR flag")
            let isDisposable = try reader.readBool("disposable flag")
            let bytes = try reader.readBytes(atMost: Self.longestPicture, "access unit")
            self = .picture(
                Packet(kind: .video(isIDR: isIDR, isDisposable: isDisposable), dts: dts, pts: pts, bytes: bytes))
        case .originSound?:
            let time = MediaTime(nanoseconds: try reader.read())
            let bytes = try reader.readBytes(atMost: 8192, "AAC frame")
            self = .sound(Packet(kind: .audio, dts: time, pts: time, bytes: bytes))
        case .originFinish?: self = .finish
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

/// What an origin says.
package enum OriginReply: WireMessage, Hashable {
    /// It listens at this port.
    case ready(port: UInt16)
    /// It can't listen, and tries again each second.
    case trouble(text: String)
    /// A sign of life, once a second, with how many players there are.
    case alive(players: UInt32)

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready(let port): WireFrame(.originReady) { $0.write(port) }
        case .trouble(let text): WireFrame(.originTrouble) { $0.write(text, atMost: 512) }
        case .alive(let players): WireFrame(.originAlive) { $0.write(players) }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .originReady?: self = .ready(port: try reader.read())
        case .originTrouble?: self = .trouble(text: try reader.readString(atMost: 512, "text"))
        case .originAlive?: self = .alive(players: try reader.read())
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
