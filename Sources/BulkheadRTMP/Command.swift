package import BulkheadFLV
import NIOCore

/// A remote call or a reply to one, coded in AMF 0.
/// - SeeAlso: Adobe RTMP 1.0, section 7.2.
package struct Command: Hashable, Sendable {
    /// The procedure that is called, or `_result`, `_error`, `onStatus`.
    package var name: String
    /// 0 for a call that wants no reply.
    package var transactionID: Double
    /// The command object, or null, and what follows it.
    package var arguments: [AMF0Value]

    /// A command; `arguments` begin with the command object.
    package init(_ name: String, transactionID: Double = 0, _ arguments: AMF0Value...) {
        self.name = name
        self.transactionID = transactionID
        self.arguments = arguments
    }

    /// Reads a command message, AMF 3's wrapper included: there a zero byte stands before values that are AMF 0 with
    /// switches to AMF 3.
    package init(_ message: Message) throws(AMFError) {
        var payload = message.payload
        if message.type == .commandAMF3, payload.getInteger(at: payload.readerIndex, as: UInt8.self) == 0 {
            payload.moveReaderIndex(forwardBy: 1)
        }
        var decoder = AMF0Decoder()
        guard case .string(let name) = try decoder.decode(from: &payload) else { throw .truncated }
        self.name = name
        // A peer that leaves the number out wants no reply.
        transactionID = payload.readableBytes > 0 ? try decoder.decode(from: &payload).number ?? 0 : 0
        arguments = try decoder.decodeAll(from: &payload)
    }

    /// The AMF 0 command message on `streamID`.
    package func message(on streamID: MessageStreamID) -> Message {
        var payload = ByteBuffer()
        payload.writeAMF0(.string(name))
        payload.writeAMF0(.number(transactionID))
        for argument in arguments { payload.writeAMF0(argument) }
        return Message(type: .command, streamID: streamID, payload: payload)
    }

    /// The argument at `index`, if there are so many.
    package func argument(_ index: Int) -> AMF0Value? { arguments.indices.contains(index) ? arguments[index] : nil }
}

/// What a server said: the information object of an onStatus, a `_result` or an `_error`.
package struct ServerStatus: Hashable, Sendable, CustomStringConvertible {
    /// `status`, `warning` or `error`.
    package let level: String
    /// The dotted code, such as `NetStream.Publish.Start`.
    package let code: String
    /// The description for people, as the server wrote it.
    package let text: String

    /// In characters: what a server says is kept, told and written to files.
    package static let longestText = 300
    package static let longestWord = 80

    /// A status as tests make one.
    package init(level: String, code: String, text: String) {
        self.level = level
        self.code = code
        self.text = text
    }

    /// Finds the information object among a command's arguments; nil if there is none with a code.
    package init?(_ command: Command) {
        let found = command.arguments.last { $0["code"]?.string != nil }
        guard let found, let code = found["code"]?.string else { return nil }
        level = String((found["level"]?.string ?? "").prefix(Self.longestWord))
        self.code = String(code.prefix(Self.longestWord))
        text = String((found["description"]?.string ?? "").prefix(Self.longestText))
    }

    /// The server reports a failure by its level or by a code that means one.
    package var isError: Bool {
        if level == "error" { return true }
        let failures = [
            "BadName", "Denied", "Rejected", "Failed", "InvalidApp", "NotFound", "StreamNotFound", "Closed",
        ]
        return failures.contains { code.hasSuffix(".\($0)") }
    }

    /// The code, and the server's own words in quotation marks if they add anything. Foreign text: cut at 200
    /// characters, and without control characters.
    package var description: String {
        let words = text.prefix(200).filter { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } }
        let name = code.prefix(80).filter { $0.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F } }
        if words.isEmpty || words == name { return String(name) }
        return name.isEmpty ? "\"\(words)\"" : "\(name), \"\(words)\""
    }
}
