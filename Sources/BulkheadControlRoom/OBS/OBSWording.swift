import BulkheadControlFormats
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// How a client of obs-websocket writes its messages.
struct OBSWording: Sendable {
    enum Form: String, Sendable {
        case json = "obswebsocket.json"
        case messagePack = "obswebsocket.msgpack"
    }

    let form: Form
    /// It has asked for a form, and is told which one is taken.
    private let isAgreed: Bool

    /// The first form of the client's list that is known; JSON where there is none.
    init(_ head: HTTPRequestHead) {
        let known = head.headers[canonicalForm: "Sec-WebSocket-Protocol"].lazy.compactMap { Form(rawValue: String($0)) }
            .first
        form = known ?? .json
        isAgreed = known != nil
    }

    /// Of the answer to the client.
    var headers: HTTPHeaders { isAgreed ? ["Sec-WebSocket-Protocol": form.rawValue] : [:] }

    func frame(_ message: JSONValue) -> WebSocketFrame {
        switch form {
        case .json: WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: message.json))
        case .messagePack:
            WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: MessagePack.encode(message)))
        }
    }

    /// Nil for what can't be read, or came in the other form.
    func message(_ frame: WebSocketFrame) -> JSONValue? {
        let bytes = Array(frame.unmaskedData.readableBytesView)
        switch (form, frame.opcode) {
        case (.json, .text): return JSONValue(json: bytes)
        case (.messagePack, .binary): return MessagePack.decode(bytes)
        default: return nil
        }
    }
}
