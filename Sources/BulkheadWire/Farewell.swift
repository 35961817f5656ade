/// The master's last message to a child that it turns away or ends, if that child was started by hand: the reason.
///
/// It may come instead of the master's hello, and its layout never changes: a child of any version can say why.
package struct Farewell: WireMessage, Hashable {
    package static let type = MessageType.farewell
    private static let maximumByteCount = 4096

    /// Why, as one lowercase phrase for a person.
    package let reason: String

    /// A farewell that says why the child is let go.
    package init(reason: String) { self.reason = reason }

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        WireFrame(Self.type) { $0.write(reason, atMost: Self.maximumByteCount) }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        guard frame.knownType == Self.type else { throw .unknownType(frame.type) }
        var reader = WireReader(frame)
        reason = try reader.readString(atMost: Self.maximumByteCount, "reason")
        try reader.finish()
    }
}
