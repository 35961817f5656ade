import BulkheadSystem
import FoundationEssentials

/// A client's side of one WebSocket, without a socket: what to send, and the messages in what comes (RFC 6455). It offers no
/// extension and no subprotocol.
package struct WebSocketClient: Sendable {
    /// What has come.
    package enum Event: Hashable, Sendable {
        /// The server speaks WebSocket: messages may be sent.
        case opened
        /// A whole message, however many frames it came in.
        case message([UInt8], isText: Bool)
        /// To be sent: the answer to a ping or to a close.
        case answer([UInt8])
        /// The server closes, with its code (1005 for none) and its reason. Nothing comes behind it.
        case closed(UInt16, String)
    }

    package enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    private enum State: Hashable {
        case opening, open, over
    }

    /// What is added to the key before it is hashed (section 1.3).
    private static let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    /// Of an answer to the handshake, in bytes.
    private static let longestHead = 16 << 10
    private static let longestControl = 125

    private let request: [UInt8]
    private let accept: String
    private let limit: Int
    private let mask: @Sendable () -> UInt32
    private var state = State.opening
    private var bytes: [UInt8] = []
    /// The message that is not whole yet, and whether it is text; nil where none is.
    private var message: [UInt8] = []
    private var isText: Bool?

    /// - Parameters:
    ///   - host: with its port, where that is not the usual one.
    ///   - path: with its query; begins with a slash.
    ///   - key: 16 random bytes.
    ///   - limit: how long a message may be, in bytes.
    ///   - mask: a new random number each time (section 5.3).
    package init(
        host: String, path: String, key: [UInt8], limit: Int, mask: @escaping @Sendable () -> UInt32
    ) {
        let word = Data(key).base64EncodedString()
        request = Array(
            """
            GET \(path) HTTP/1.1\r
            Host: \(host)\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: \(word)\r
            Sec-WebSocket-Version: 13\r
            \r\n
            """.utf8)
        accept = Data(SHA1.hash(Array((word + Self.magic).utf8))).base64EncodedString()
        self.limit = limit
        self.mask = mask
    }

    /// A client with keys and masks of the system's generator.
    package init(host: String, path: String, limit: Int) {
        let key = (0..<16).map { _ in UInt8.random(in: 0...255) }
        self.init(host: host, path: path, key: key, limit: limit) { UInt32.random(in: 0...UInt32.max) }
    }

    /// What is sent first.
    package var start: [UInt8] { request }

    /// A message or a control frame as one frame, masked.
    package func frame(_ opcode: Opcode, _ payload: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = [0x80 | opcode.rawValue]
        switch payload.count {
        case ...125: frame.append(0x80 | UInt8(payload.count))
        case ...0xFFFF: frame += [0x80 | 126] + Self.big(UInt64(payload.count), 2)
        default: frame += [0x80 | 127] + Self.big(UInt64(payload.count), 8)
        }
        let mask = Self.big(UInt64(mask()), 4)
        frame += mask
        for (index, byte) in payload.enumerated() { frame.append(byte ^ mask[index & 3]) }
        return frame
    }

    private static func big(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
    }

    /// Takes what has come, and gives what is whole of it, one by one.
    /// - Throws: ``WebSocketError``; the connection is then to be closed, and takes nothing more.
    package mutating func take(_ new: [UInt8], _ give: (Event) -> Void) throws(WebSocketError) {
        guard state != .over else { return }
        bytes += new
        do throws(WebSocketError) {
            if state == .opening {
                guard try readHead() else { return }
                state = .open
                give(.opened)
            }
            var start = 0
            defer { bytes.removeFirst(start) }
            while state == .open, let frame = try nextFrame(from: start) {
                start = frame.end
                try take(frame, give)
            }
        } catch {
            end()
            throw error
        }
    }

    private mutating func end() {
        state = .over
        bytes = []
        message = []
    }

    // MARK: the handshake

    /// - Returns: false where the answer is not whole yet.
    private mutating func readHead() throws(WebSocketError) -> Bool {
        let ending: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        guard let end = bytes.firstRange(of: ending), end.upperBound <= Self.longestHead else {
            guard bytes.count <= Self.longestHead else { throw .headTooLong }
            return false
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count > 1, words[0].hasPrefix("HTTP/1.1"), let status = UInt16(words[1]) else {
            throw .notHTTP
        }
        guard status == 101 else { throw .status(status) }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw .notHTTP }
            let value = parts[1].drop { $0 == " " || $0 == "\t" }
            headers[parts[0].lowercased()] = String(value).trimmed
        }
        let options = (headers["connection"] ?? "").lowercased().split(separator: ",").map { String($0).trimmed }
        guard headers["upgrade"]?.lowercased() == "websocket", options.contains("upgrade") else { throw .notUpgraded }
        guard headers["sec-websocket-accept"] == accept else { throw .wrongKey }
        // Neither was offered (section 4.1).
        guard headers["sec-websocket-extensions"] == nil, headers["sec-websocket-protocol"] == nil else {
            throw .notOffered
        }
        bytes.removeFirst(end.upperBound)
        return true
    }

    // MARK: frames

    private struct Frame {
        let opcode: Opcode
        let isLast: Bool
        let payload: ArraySlice<UInt8>
        let end: Int
    }

    /// The frame that begins at `start`; nil where it is not whole yet.
    private func nextFrame(from start: Int) throws(WebSocketError) -> Frame? {
        guard bytes.count - start >= 2 else { return nil }
        let (first, second) = (bytes[start], bytes[start + 1])
        guard first & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .opcode(first & 0x0F) }
        guard second & 0x80 == 0 else { throw .masked }
        let isLast = first & 0x80 != 0
        var (length, head) = (UInt64(second & 0x7F), 2)
        if length >= 126 {
            let count = length == 126 ? 2 : 8
            guard bytes.count - start >= 2 + count else { return nil }
            length = bytes[start + 2..<start + 2 + count].reduce(0) { $0 << 8 | UInt64($1) }
            head += count
        }
        if opcode.rawValue >= 8 {
            guard isLast, length <= Self.longestControl else { throw .control }
        } else {
            let held = UInt64(message.count)
            guard length <= UInt64(limit), length + held <= UInt64(limit) else { throw .messageTooLong }
            guard (opcode == .continuation) == (isText != nil) else { throw .fragments }
        }
        let payload = start + head
        guard UInt64(bytes.count - payload) >= length else { return nil }
        let end = payload + Int(length)
        return Frame(opcode: opcode, isLast: isLast, payload: bytes[payload..<end], end: end)
    }

    private mutating func take(_ frame: Frame, _ give: (Event) -> Void) throws(WebSocketError) {
        switch frame.opcode {
        case .ping: give(.answer(self.frame(.pong, Array(frame.payload))))
        case .pong: break
        case .close:
            guard frame.payload.count != 1 else { throw .control }
            let code =
                frame.payload.count < 2 ? 1005 : frame.payload.prefix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
            give(.answer(self.frame(.close, Array(frame.payload.prefix(2)))))
            give(.closed(code, String(decoding: frame.payload.dropFirst(2), as: UTF8.self)))
            state = .over
        case .text, .binary, .continuation:
            let isText = isText ?? (frame.opcode == .text)
            message += frame.payload
            self.isText = frame.isLast ? nil : isText
            guard frame.isLast else { return }
            let whole = message
            message = []
            guard !isText || String(validating: whole, as: UTF8.self) != nil else { throw .notUTF8 }
            give(.message(whole, isText: isText))
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text.drop { $0 == " " || $0 == "\t" })
    }
}

/// Why a WebSocket can't go on.
package enum WebSocketError: Error, Hashable, Sendable, CustomStringConvertible {
    case headTooLong, notHTTP, notUpgraded, wrongKey, notOffered
    case status(UInt16)
    case reservedBits, masked, control, fragments, messageTooLong, notUTF8
    case opcode(UInt8)

    package var description: String {
        switch self {
        case .headTooLong: "the answer to a WebSocket's handshake does not end"
        case .notHTTP: "the answer to a WebSocket's handshake is not HTTP"
        case .notUpgraded: "the server does not speak WebSocket"
        case .wrongKey: "the answer to a WebSocket's handshake has another key"
        case .notOffered: "the server wants an extension of WebSocket that was not offered"
        case .status(let status): "the server answers HTTP \(status)"
        case .reservedBits: "a frame has reserved bits"
        case .masked: "a frame of the server's is masked"
        case .control: "a control frame is in pieces, or has another length"
        case .fragments: "the pieces of a message do not follow each other"
        case .messageTooLong: "a message is too long"
        case .notUTF8: "a text is no UTF-8"
        case .opcode(let opcode): "a frame has the unknown kind \(opcode)"
        }
    }
}
