package import NIOCore

/// The number of a chunk stream, 2...65,599: the lane in which a message's chunks follow each other.
package struct ChunkStreamID: Hashable, Sendable {
    /// The number on the wire, 2...65,599.
    package let rawValue: UInt32

    /// Nil outside 2...65,599.
    package init?(_ rawValue: UInt32) {
        guard (2...65_599).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    private init(known rawValue: UInt32) { self.rawValue = rawValue }

    /// Protocol control and user control messages.
    package static let control = Self(known: 2)
    /// Commands about the connection.
    package static let command = Self(known: 3)
    /// Data messages and commands about a message stream.
    package static let data = Self(known: 4)
    /// Sound has a lane of its own, so that it can pass between the chunks of a long access unit.
    package static let audio = Self(known: 5)
    /// Pictures.
    package static let video = Self(known: 6)
}

/// The number of a message stream: 0 is the connection itself, others come from createStream.
package typealias MessageStreamID = UInt32

/// The largest payload of one chunk, 1...16,777,215 bytes.
package struct ChunkSize: Hashable, Sendable {
    /// 1...16,777,215 bytes of payload in a chunk.
    package let byteCount: Int

    /// Nil for 0; sizes beyond the longest message are taken as that.
    package init?(_ byteCount: UInt32) {
        guard byteCount > 0 else { return nil }
        self.byteCount = min(Int(byteCount), Message.payloadByteLimit)
    }

    private init(known byteCount: Int) { self.byteCount = byteCount }

    /// What either side uses until it has sent Set Chunk Size.
    package static let initial = Self(known: 128)
    /// What every server read takes; bigger chunks would hold sound up behind pictures.
    package static let standard = Self(known: 4096)
}

/// What a message carries.
/// - SeeAlso: Adobe RTMP 1.0, sections 5.4 and 7.1.
package struct MessageType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Set Chunk Size (section 5.4.1).
    package static let setChunkSize = Self(rawValue: 1)
    /// Abort Message (section 5.4.2).
    package static let abort = Self(rawValue: 2)
    /// Acknowledgement (section 5.4.3).
    package static let acknowledgement = Self(rawValue: 3)
    /// User Control Message (section 6.2): stream begin, ping and others.
    package static let userControl = Self(rawValue: 4)
    /// Window Acknowledgement Size (section 5.4.4).
    package static let windowAcknowledgementSize = Self(rawValue: 5)
    /// Set Peer Bandwidth (section 5.4.5).
    package static let setPeerBandwidth = Self(rawValue: 6)
    /// An audio payload as in an FLV tag.
    package static let audio = Self(rawValue: 8)
    /// A video payload as in an FLV tag.
    package static let video = Self(rawValue: 9)
    /// A data message in AMF 3.
    package static let dataAMF3 = Self(rawValue: 15)
    /// A command in AMF 3, or AMF 0 behind a zero byte.
    package static let commandAMF3 = Self(rawValue: 17)
    /// A data message in AMF 0, such as onMetaData.
    package static let data = Self(rawValue: 18)
    /// A command in AMF 0.
    package static let command = Self(rawValue: 20)
    /// Several messages in one, laid out like FLV tags (section 7.1.6).
    package static let aggregate = Self(rawValue: 22)
}

/// One RTMP message.
package struct Message: Hashable, Sendable {
    /// What the payload is.
    package var type: MessageType
    /// The message stream; 0 is the connection itself.
    package var streamID: MessageStreamID
    /// Modulo 2^32.
    package var timestampMilliseconds: UInt32
    /// The bytes behind the chunk headers, put together.
    package var payload: ByteBuffer

    /// A message; one longer than 16,777,215 bytes can't be written.
    package init(
        type: MessageType, streamID: MessageStreamID = 0, timestampMilliseconds: UInt32 = 0, payload: ByteBuffer
    ) {
        self.type = type
        self.streamID = streamID
        self.timestampMilliseconds = timestampMilliseconds
        self.payload = payload
    }

    /// The longest payload that the chunk header's 24-bit field can state.
    package static let payloadByteLimit = 0xFF_FFFF
}
