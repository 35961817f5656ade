import BulkheadWire

extension FuzzSubject {
    /// Messages between the master and its children, from either side.
    static let wire = FuzzSubject(name: "wire", maximumByteCount: 16_384) { bytes in
        let whole = frames(in: [bytes])
        try rule(whole == frames(in: bytes.pieces), "messages depend on how the bytes come")
        try rule(
            whole.frames.reduce(0) { $0 + $1.bytes.count } <= bytes.count, "messages hold more bytes than came")
        for frame in whole.frames {
            try rule(frames(in: [frame.bytes]).frames == [frame], "a message is another one when written and read")
            for type in messageTypes { try checkRoundTrip(frame, as: type) }
            if let hello = try? Hello(frame) { _ = hello.mismatch(expecting: .encoder) }
        }
    }

    private static let messageTypes: [any WireMessage.Type] = [
        Hello.self, EncoderRequest.self, EncoderReply.self, SourceRequest.self, SourceReply.self, PluginRequest.self,
        PluginReply.self, EnumeratorReply.self, DecoderRequest.self, DecoderReply.self, MixerRequest.self,
        MixerReply.self, RecorderRequest.self, RecorderReply.self, ChatRequest.self, ChatReply.self, Farewell.self,
    ]

    /// What is read can be written so that the same is read again. Texts are repaired and cut, and a descriptor's sign
    /// belongs to the type: so it is the second writing that must equal the first.
    private static func checkRoundTrip<Message: WireMessage>(_ frame: WireFrame, as type: Message.Type) throws {
        guard let message = try? Message(frame) else { return }
        let written = message.frame
        try rule(written.payload.count <= WireFrame.maximumPayloadByteCount, "\(type) is written too long")
        try rule(
            written.payload.count <= frame.payload.count * 3, "\(type) is written much longer than it was read")
        let again = try Message(written).frame
        try rule(again == written, "\(type) is another one when it is written and read")
    }

    private static func frames(in pieces: [[UInt8]]) -> (frames: [WireFrame], error: WireError?) {
        var decoder = WireDecoder()
        var frames: [WireFrame] = []
        do throws(WireError) {
            for piece in pieces {
                decoder.append(piece)
                while let frame = try decoder.next() { frames.append(frame) }
            }
        } catch { return (frames, error) }
        return (frames, nil)
    }
}
