package import BulkheadMedia

/// One SRT connection, as a child is to make it.
package struct SRTTask: Hashable, Sendable {
    /// The other side calls, and is waited for at this address; else it is called.
    package var listens: Bool
    /// A name or an address; empty for all addresses of this machine.
    package var host: String
    package var port: UInt16
    package var latencyMilliseconds: UInt32
    /// Empty for none.
    package var passphrase: String
    /// 16, 24 or 32; 0 leaves it to the library.
    package var keyByteCount: UInt8
    /// What a caller says, or what a listener asks for; empty for nothing.
    package var streamID: String
    /// How long a caller waits for an answer.
    package var connectingMilliseconds: UInt32
    /// The time on the timeline at which the transport stream's own begins, in nanoseconds.
    package var origin: Int64

    package init(
        listens: Bool, host: String, port: UInt16, latencyMilliseconds: UInt32, passphrase: String = "",
        keyByteCount: UInt8 = 0, streamID: String = "", connectingMilliseconds: UInt32 = 3000, origin: Int64 = 0
    ) {
        self.listens = listens
        self.host = host
        self.port = port
        self.latencyMilliseconds = latencyMilliseconds
        self.passphrase = passphrase
        self.keyByteCount = keyByteCount
        self.streamID = streamID
        self.connectingMilliseconds = connectingMilliseconds
        self.origin = origin
    }
}

/// What the master asks of a child that sends by SRT.
package enum SRTRequest: WireMessage, Hashable {
    /// Makes a connection; answered by `connected` or `failed`. Sent once, first.
    case open(SRTTask)
    /// What players must know for all that follows.
    case configure(StreamConfiguration)
    /// One access unit.
    case picture(Packet)
    /// One AAC frame.
    case sound(Packet)
    /// Nothing more comes: the child ends once the other side has all, or no more time is left for it.
    case finish

    /// The longest access unit, as an encoder may give it.
    private static let longestPicture = 16_777_210

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .open(let task): WireFrame(.srtOpen, reserving: 512) { task.write(to: &$0) }
        case .configure(let configuration): WireFrame(.srtConfigure, reserving: 256) { configuration.write(to: &$0) }
        case .picture(let packet):
            WireFrame(.srtPicture, reserving: 32 + packet.bytes.count) {
                $0.write(packet.dts.nanoseconds)
                $0.write(packet.pts.nanoseconds)
                $0.write(packet.isIDR)
                $0.write(packet.isDisposable)
                $0.write(packet.bytes)
            }
        case .sound(let packet):
            WireFrame(.srtSound, reserving: 16 + packet.bytes.count) {
                $0.write(packet.dts.nanoseconds)
                $0.write(packet.bytes)
            }
        case .finish: WireFrame(.srtFinish) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .srtOpen?: self = .open(try SRTTask(&reader))
        case .srtConfigure?: self = .configure(try StreamConfiguration(&reader))
        case .srtPicture?:
            let dts = MediaTime(nanoseconds: try reader.read())
            let pts = MediaTime(nanoseconds: try reader.read())
            let isIDR = try reader.readBool("IDR flag")
            let isDisposable = try reader.readBool("disposable flag")
            let bytes = try reader.readBytes(atMost: Self.longestPicture, "access unit")
            self = .picture(
                Packet(kind: .video(isIDR: isIDR, isDisposable: isDisposable), dts: dts, pts: pts, bytes: bytes))
        case .srtSound?:
            let time = MediaTime(nanoseconds: try reader.read())
            let bytes = try reader.readBytes(atMost: 8192, "AAC frame")
            self = .sound(Packet(kind: .audio, dts: time, pts: time, bytes: bytes))
        case .srtFinish?: self = .finish
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

/// How far a connection has come, as its library counts.
package struct SRTReport: Hashable, Sendable {
    /// The DTS of the last picture that whoever reads at the other side has as a whole, with all before it; nil before the
    /// first.
    package var safe: MediaTime?
    /// Of access units and AAC frames, those that the other side has.
    package var releasedByteCount: UInt64
    package var figures: SRTFigures

    package init(safe: MediaTime? = nil, releasedByteCount: UInt64 = 0, figures: SRTFigures = SRTFigures()) {
        self.safe = safe
        self.releasedByteCount = releasedByteCount
        self.figures = figures
    }
}

/// Why there is no connection, or none any more.
package enum SRTFailure: Hashable, Sendable {
    /// The host's name could not be resolved.
    case name
    /// This machine can't: no way there, a port in use; the system's words.
    case unreachable(String)
    /// Nobody has answered.
    case timedOut
    /// The other side said no, or we to it: what `srt_getrejectreason` gives.
    case refused(code: UInt32)
    /// The other side has closed the connection, or says nothing any more.
    case lost(String)
    /// It can't be sent by this way; why.
    case unusable(String)
}

/// What a child that sends by SRT says.
package enum SRTReply: WireMessage, Hashable {
    /// A sign of life while there is no connection; `port` is where it listens, 0 for a caller.
    case waiting(port: UInt16)
    /// There is a connection; packets are taken from now on. `latencyMilliseconds` is what both sides have agreed on.
    case connected(latencyMilliseconds: UInt32)
    /// There is none, or none any more; the child ends.
    case failed(SRTFailure)
    /// As often as something has changed, but no more than fifty times a second; and each second.
    case report(SRTReport)

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .waiting(let port): WireFrame(.srtWaiting) { $0.write(port) }
        case .connected(let latency): WireFrame(.srtConnected) { $0.write(latency) }
        case .failed(let failure): WireFrame(.srtFailed) { failure.write(to: &$0) }
        case .report(let report): WireFrame(.srtReport) { report.write(to: &$0) }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .srtWaiting?: self = .waiting(port: try reader.read())
        case .srtConnected?: self = .connected(latencyMilliseconds: try reader.read())
        case .srtFailed?: self = .failed(try SRTFailure(&reader))
        case .srtReport?: self = .report(try SRTReport(&reader))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

extension SRTTask {
    func write(to writer: inout WireWriter) {
        writer.write(listens)
        writer.write(host, atMost: 256)
        writer.write(port)
        writer.write(latencyMilliseconds)
        writer.write(passphrase, atMost: 79)
        writer.write(keyByteCount)
        writer.write(streamID, atMost: 512)
        writer.write(connectingMilliseconds)
        writer.write(origin)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            listens: try reader.readBool("mode"), host: try reader.readString(atMost: 256, "host"),
            port: try reader.read(), latencyMilliseconds: try reader.read(),
            passphrase: try reader.readString(atMost: 79, "passphrase"), keyByteCount: try reader.read(),
            streamID: try reader.readString(atMost: 512, "stream ID"), connectingMilliseconds: try reader.read(),
            origin: try reader.read())
        guard [0, 16, 24, 32].contains(keyByteCount) else { throw reader.outsideRange("key length") }
        guard latencyMilliseconds <= 60_000, connectingMilliseconds <= 60_000 else {
            throw reader.outsideRange("milliseconds")
        }
    }
}

extension SRTReport {
    func write(to writer: inout WireWriter) {
        writer.write(safe != nil)
        writer.write(safe?.nanoseconds ?? 0)
        writer.write(releasedByteCount)
        figures.write(to: &writer)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        let isSafe = try reader.readBool("safe flag")
        let time = MediaTime(nanoseconds: try reader.read())
        self.init(
            safe: isSafe ? time : nil, releasedByteCount: try reader.read(), figures: try SRTFigures(&reader))
    }
}

extension SRTFailure {
    private static let longestText = 200

    func write(to writer: inout WireWriter) {
        let (kind, code, text): (UInt8, UInt32, String) =
            switch self {
            case .name: (0, 0, "")
            case .unreachable(let text): (1, 0, text)
            case .timedOut: (2, 0, "")
            case .refused(let code): (3, code, "")
            case .lost(let text): (4, 0, text)
            case .unusable(let text): (5, 0, text)
            }
        writer.write(kind)
        writer.write(code)
        writer.write(text, atMost: Self.longestText)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        let kind = try reader.read(UInt8.self)
        let code = try reader.read(UInt32.self)
        let text = try reader.readString(atMost: Self.longestText, "text")
        switch kind {
        case 0: self = .name
        case 1: self = .unreachable(text)
        case 2: self = .timedOut
        case 3: self = .refused(code: code)
        case 4: self = .lost(text)
        case 5: self = .unusable(text)
        default: throw reader.outsideRange("failure")
        }
    }
}
