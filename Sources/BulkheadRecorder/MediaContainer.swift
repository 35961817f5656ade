import BulkheadFLV
import BulkheadMP4
import BulkheadMedia
import BulkheadWire
import NIOCore

/// Bytes that are written in one go.
struct MediaPiece: Hashable, Sendable {
    var bytes: [UInt8]
    /// For the index, once the bytes are on the disk.
    var index: [UInt8] = []
    /// The number of the last thing in it, as the master counts.
    var lastNumber: Int64
}

/// A packet with the numbers that the master gives it.
struct MediaItem: Hashable, Sendable {
    let packet: Packet
    let number: Int64
    /// Among pictures; nil for sound.
    let picture: Int64?
    /// Of a further track, counted from 0.
    var track: Int?
}

/// How media become the bytes of one file.
protocol MediaContainer {
    /// Each piece is to be on the disk before the next is written.
    var syncsEachPiece: Bool { get }
    /// The file is to be followed by another before pictures with another configuration.
    var takesOneConfiguration: Bool { get }
    /// The names of the file's further tracks; nil where it has not begun, or can have none.
    var tracks: [String]? { get }
    /// The time on the timeline that is 0 in the file; nil before that is known.
    var origin: MediaTime? { get }
    /// Takes what comes next, and gives the pieces that are complete by it.
    mutating func take(_ item: MediaItem, _ configuration: StreamConfiguration) throws -> [MediaPiece]
    /// So many pictures from this one on are in no file; `number` is that of this fact, as the master counts.
    mutating func note(lossAt picture: Int64, count: Int64, number: Int64)
    /// What is to be found again, behind its picture.
    mutating func note(_ note: RecorderNote, number: Int64)
    /// The clock on the wall was set before this picture.
    mutating func note(_ jump: RecorderState.ClockJump, at picture: Int64)
    /// What is left, as a last piece.
    mutating func flush() throws -> MediaPiece?
    /// What turns the file into one that players like best; nil for nothing.
    mutating func finish() -> MediaEnding?
}

/// What is written when a file is complete.
struct MediaEnding: Sendable {
    /// One after the other, each when the one before is on the disk. Where the first does not fit, the file is cut back
    /// to its beginning.
    let steps: [Finish.Step]
    /// For the index, at its end.
    let index: [UInt8]
}

/// FLV: every packet is a piece of its own.
struct FLVContainer: MediaContainer {
    private let writer: FLVWriter
    private var needsHeader: Bool
    private var configuration: StreamConfiguration?

    let syncsEachPiece = false
    let takesOneConfiguration = false
    var origin: MediaTime? { writer.origin }
    var tracks: [String]? { nil }

    /// - Parameters:
    ///   - origin: the time on the timeline that is 0 in the file.
    ///   - goesOn: the file has begun already.
    init(origin: MediaTime, goesOn: Bool) {
        writer = FLVWriter(origin: origin)
        needsHeader = !goesOn
    }

    mutating func take(_ item: MediaItem, _ configuration: StreamConfiguration) throws -> [MediaPiece] {
        guard item.track == nil else { return [] }
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
        return [MediaPiece(bytes: Array(output.readableBytesView), lastNumber: item.number)]
    }

    mutating func note(lossAt picture: Int64, count: Int64, number: Int64) {}
    mutating func note(_ note: RecorderNote, number: Int64) {}
    mutating func note(_ jump: RecorderState.ClockJump, at picture: Int64) {}
    mutating func flush() -> MediaPiece? { nil }
    mutating func finish() -> MediaEnding? { nil }
}
