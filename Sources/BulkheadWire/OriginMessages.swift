package import BulkheadDanmaku
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
    /// How the live room is, but for its comments: a JSON object in one line, which viewers are given as it is. With `isOpen` they
    /// may write.
    case room([UInt8], isOpen: Bool)
    /// A comment of the room: its number there, where on the timeline it belongs, and all else of it, as such an object.
    case comment(number: Int64, at: MediaTime, [UInt8])
    /// Comments, by their numbers, that viewers are no more to see; with `fromPictureOnly` they stay in the list.
    case takeBack([Int64], fromPictureOnly: Bool)
    /// The server's certificate, with those between it and a root behind it, and its private key, in PEM form. What comes before
    /// ``open(host:port:timeZero:)`` is in force from the start.
    case certificate(chain: [UInt8], key: [UInt8])

    /// The longest access unit, as an encoder may give it.
    private static let longestPicture = 16_777_210
    /// In bytes, of ``room(_:isOpen:)``.
    package static let longestBoard = 256 << 10
    /// In bytes, of ``comment(number:at:_:)``.
    package static let longestComment = 16 << 10
    /// How many comments one message takes back.
    package static let mostTakenBack = 1000
    /// In bytes, of a certificate, and of a key.
    package static let longestCertificate = 1 << 20

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
        case .room(let text, let isOpen):
            WireFrame(.originRoom, reserving: 16 + text.count) {
                $0.write(isOpen)
                $0.write(text)
            }
        case .comment(let number, let time, let text):
            WireFrame(.originComment, reserving: 32 + text.count) {
                $0.write(number)
                $0.write(time.nanoseconds)
                $0.write(text)
            }
        case .takeBack(let numbers, let fromPictureOnly):
            WireFrame(.originTakeBack, reserving: 16 + numbers.count * 8) {
                $0.write(fromPictureOnly)
                $0.write(UInt16(clamping: numbers.count))
                for number in numbers { $0.write(number) }
            }
        case .certificate(let chain, let key):
            WireFrame(.originCertificate, reserving: 16 + chain.count + key.count) {
                $0.write(chain)
                $0.write(key)
            }
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
        case .originRoom?:
            let isOpen = try reader.readBool("open to viewers")
            self = .room(try reader.readBytes(atMost: Self.longestBoard, "room"), isOpen: isOpen)
        case .originComment?:
            let number = try reader.read(Int64.self)
            let time = MediaTime(nanoseconds: try reader.read())
            self = .comment(number: number, at: time, try reader.readBytes(atMost: Self.longestComment, "comment"))
        case .originTakeBack?:
            let fromPictureOnly = try reader.readBool("from the picture only")
            let count = Int(try reader.read(UInt16.self))
            guard count <= Self.mostTakenBack else { throw reader.outsideRange("comments") }
            var numbers: [Int64] = []
            for _ in 0..<count { numbers.append(try reader.read()) }
            self = .takeBack(numbers, fromPictureOnly: fromPictureOnly)
        case .originCertificate?:
            let chain = try reader.readBytes(atMost: Self.longestCertificate, "certificate")
            self = .certificate(chain: chain, key: try reader.readBytes(atMost: Self.longestCertificate, "key"))
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
    /// A viewer has written a comment.
    case said(ViewerComment)
    /// A certificate is in force; or it is none, for this reason, and the last one stays in force.
    case certified(problem: String?)

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready(let port): WireFrame(.originReady) { $0.write(port) }
        case .trouble(let text): WireFrame(.originTrouble) { $0.write(text, atMost: 512) }
        case .alive(let players): WireFrame(.originAlive) { $0.write(players) }
        case .said(let comment):
            WireFrame(.originSaid, reserving: 512) {
                $0.write(comment.id, atMost: ViewerComment.longestID)
                $0.write(comment.viewer, atMost: ViewerComment.longestViewer)
                $0.write(comment.author, atMost: ViewerComment.longestAuthor)
                $0.write(comment.text, atMost: ViewerComment.longestText)
            }
        case .certified(let problem):
            WireFrame(.originCertified) {
                $0.write(problem != nil)
                $0.write(problem ?? "", atMost: 512)
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .originReady?: self = .ready(port: try reader.read())
        case .originTrouble?: self = .trouble(text: try reader.readString(atMost: 512, "text"))
        case .originAlive?: self = .alive(players: try reader.read())
        case .originSaid?:
            let id = try reader.readString(atMost: ViewerComment.longestID, "id")
            let viewer = try reader.readString(atMost: ViewerComment.longestViewer, "viewer")
            let author = try reader.readString(atMost: ViewerComment.longestAuthor, "author")
            self = .said(
                ViewerComment(
                    id: id, viewer: viewer, author: author,
                    text: try reader.readString(atMost: ViewerComment.longestText, "text")))
        case .originCertified?:
            let isProblem = try reader.readBool("problem")
            let text = try reader.readString(atMost: 512, "problem")
            self = .certified(problem: isProblem ? text : nil)
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
