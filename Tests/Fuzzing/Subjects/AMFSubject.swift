import BulkheadFLV
import BulkheadModel
import BulkheadRTMP
import NIOCore

extension FuzzSubject {
    /// AMF 0 with AMF 3 inside, and the commands and data made of it. Shorter than a name's 65,535 bytes may become, so
    /// that what is read can be written again as a whole.
    static let amf = FuzzSubject(name: "amf", maximumByteCount: 16_384) { bytes in
        try checkValues(bytes)
        for type in [MessageType.command, .commandAMF3] {
            let message = Message(type: type, streamID: 1, payload: ByteBuffer(bytes: bytes))
            guard let command = try? Command(message) else { continue }
            try rule(
                (try? Command(command.message(on: 1)))?.message(on: 1) == command.message(on: 1),
                "a command is another one when it is written and read")
            _ = ServerStatus(command)?.description
            _ = command.argument(1)?["code"]
        }
        for type in [MessageType.data, .audio, .video] {
            _ = MediaKind(Message(type: type, payload: ByteBuffer(bytes: bytes)))
        }
    }

    private static func checkValues(_ bytes: [UInt8]) throws {
        var buffer = ByteBuffer(bytes: bytes)
        var decoder = AMF0Decoder()
        guard let values = try? decoder.decodeAll(from: &buffer) else { return }
        let count = values.reduce(0) { $0 + $1.count }
        try rule(count <= AMF0Decoder.valueLimit, "\(count) values were read, which is above the limit")
        let depth = values.map(\.depth).max() ?? 0
        try rule(depth <= AMF0Decoder.depthLimit, "values are nested \(depth) deep, which is above the limit")
        var written = ByteBuffer()
        for value in values { written.writeAMF0(value) }
        var copy = written
        var again = AMF0Decoder()
        var rewritten = ByteBuffer()
        // Compared as bytes: a number may be NaN, which equals nothing.
        for value in try again.decodeAll(from: &copy) { rewritten.writeAMF0(value) }
        try rule(written == rewritten, "values are others when they are written and read")
    }
}

extension AMF0Value {
    /// This value and all values in it.
    fileprivate var count: Int {
        if case .strictArray(let values) = self { return values.reduce(1) { $0 + $1.count } }
        return properties.map { $0.properties.reduce(1) { $0 + $1.value.count } } ?? 1
    }

    /// 1 for a value with none in it.
    fileprivate var depth: Int {
        if case .strictArray(let values) = self { return 1 + (values.map(\.depth).max() ?? 0) }
        return 1 + (properties?.properties.map(\.value.depth).max() ?? 0)
    }
}
