import BulkheadFLV
import BulkheadLibraryPlayer
import BulkheadMP4
import BulkheadMedia
import BulkheadModel
import BulkheadRecording
import NIOCore

/// Makes the messages of a stream of the pieces of a recording, as a viewer that measures takes them.
struct RecordedPieces {
    /// A message, and when it is to be shown.
    struct Message: Sendable {
        let kind: FLVTag.Kind
        let milliseconds: Int64
        let payload: ByteBuffer
    }

    private var header: [UInt8] = []
    private var hasConfiguration = false

    /// - Returns: in the order of their DTS; empty for the header.
    /// - Throws: kind `input`: the node gives what is no recording.
    mutating func messages(of piece: LibraryPlayback.Piece) throws(BroadcastError) -> [Message] {
        switch piece {
        case .header(let bytes):
            header = bytes
            return []
        case .segment(let bytes, _, _):
            // Fragments count their bytes from their own start: behind the header they are as in the file.
            let source = ArraySource(header + bytes)
            do throws(MP4Error) {
                let reading = try SegmentReading(source, hasChecksums: false)
                var messages: [Message] = []
                if !hasConfiguration, let configuration = reading.streamConfiguration {
                    hasConfiguration = true
                    messages = [
                        Message(kind: .video, milliseconds: 0, payload: configuration.videoSequenceHeader),
                        Message(kind: .audio, milliseconds: 0, payload: configuration.audioSequenceHeader),
                    ]
                }
                var packets: [Packet] = []
                for part in reading.fragments { packets += try reading.packets(of: part, in: source) }
                return messages
                    + packets.map { packet in
                        let kind: FLVTag.Kind = if case .audio = packet.kind { .audio } else { .video }
                        return Message(kind: kind, milliseconds: packet.dts.milliseconds, payload: packet.flvPayload)
                    }
            } catch { throw BroadcastError(.input, "the library gives what is no recording: \(error)") }
        }
    }
}
