import BulkheadRTMP
import NIOCore

extension FuzzSubject {
    /// Both sides' handshakes, and the first chunks behind them.
    static let handshake = FuzzSubject(name: "handshake", maximumByteCount: 3400) { bytes in
        for pieces in [[bytes], bytes.pieces] {
            var server = Connection.server()
            let answer = try answers(of: &server, to: pieces)
            try rule(answer.isEmpty || answer.count >= 3073, "a server's answer is not whole")
            var numbers = InputNumbers(bytes)
            var client = Connection.client(using: &numbers)
            let opening = client.takeOutput()?.readableBytes
            try rule(opening == 1537, "a client's opening has \(opening ?? 0) bytes")
            _ = try answers(of: &client, to: pieces)
            try rule(client.isOpen == (bytes.count >= 3073 && bytes[0] == 3), "a client opens too early or never")
        }
    }

    /// What a connection sends for bytes that come; an error ends it.
    static func answers(of connection: inout Connection, to pieces: [[UInt8]]) throws -> [UInt8] {
        var answers: [UInt8] = []
        do throws(ConnectionError) {
            for piece in pieces {
                try connection.receive(ByteBuffer(bytes: piece))
                while try connection.next() != nil {}
                if let output = connection.takeOutput() { answers += Array(output.readableBytesView) }
            }
        } catch {}
        return answers
    }
}
