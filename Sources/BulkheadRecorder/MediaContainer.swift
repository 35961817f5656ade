import BulkheadFLV
import BulkheadMedia
import BulkheadWire
import NIOCore

/// Bytes that are written in one go.
struct MediaPiece: Hashable, Sendable {
    var bytes: [UInt8]
    /// The number of the last thing in it, as the master counts.
    var lastNumber: Int64
}

/// How media become the bytes of one file.
protocol MediaContainer {
    /// Each piece is to be on the disk before the next is written.
    var syncsEachPiece: Bool { get }
    /// Takes what comes next, and gives the piece that is complete by it, if one is.
    mutating func take(_ item: MediaItem, _ configuration: StreamConfiguration) throws -> MediaPiece?
    /// What is left, as a last piece.
    mutating func flush() throws -> MediaPiece?
    /// What turns the file, which has `byteCount` bytes, into one that players like best; nil for nothing.
    mutating func finish(byteCount: UInt64) throws -> MediaEnding?
}

/// What is written when a file is complete: first behind its end, then in front.
struct MediaEnding: Hashable, Sendable {
    var appended: [UInt8]
    var overwritten: [(offset: UInt64, bytes: [UInt8])]

    static func == (left: Self, right: Self) -> Bool {
        left.appended == right.appended && left.overwritten.elementsEqual(right.overwritten, by: ==)
    }
    func hash(into hasher: inout Hasher) { hasher.combine(appended) }
}

/// A packet with the numbers that the master gives it.
struct MediaItem: Hashable, Sendable {
    let packet: Packet
    let number: Int64
    /// Among pictures; nil for sound.
    let picture: Int64?
}

/// FLV: every packet is a piece of its own.
struct FLVContainer: MediaContainer {
    private let writer: FLVWriter
    private var needsHeader: Bool
    private var configuration: StreamConfiguration?

    let syncsEachPiece = false

    /// - Parameters:
    ///   - origin: the time on the timeline that is 0 in the file.
    ///   - goesOn: the file has begun already.
    init(origin: MediaTime, goesOn: Bool) {
        writer = FLVWriter(origin: origin)
        needsHeader = !goesOn
    }

    mutating func take(_ item: MediaItem, _ configuration: StreamConfiguration) throws -> MediaPiece? {
        var output = ByteBuffer()
        if needsHeader { output = writer.fileHeader }
        needsHeader = false
        // Sound needs none, and may belong to pictures that come later.
        if self.configuration == nil || item.picture != nil, configuration != self.configuration {
            var bytes = try writer.bytes(of: configuration)
            output.writeBuffer(&bytes)
            self.configuration = configuration
        }
        var bytes = try writer.bytes(of: item.packet)
        output.writeBuffer(&bytes)
        return MediaPiece(bytes: Array(output.readableBytesView), lastNumber: item.number)
    }

    mutating func flush() -> MediaPiece? { nil }
    mutating func finish(byteCount: UInt64) -> MediaEnding? { nil }
}
