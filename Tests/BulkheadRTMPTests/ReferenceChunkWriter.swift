import BulkheadRTMP
import NIOCore

/// Writes chunks by Adobe RTMP 1.0, section 5.3.1, in all four forms and interleaved, as peers may and our own writer
/// does not.
struct ReferenceChunkWriter {
    private struct Stream {
        var timestamp: UInt32 = 0
        /// What a type 3 chunk that begins a message adds to the timestamp (5.3.1.2.4).
        var delta: UInt32 = 0
        var length = 0
        var type: UInt8 = 0
        var streamID: UInt32 = 0
        /// The field behind the header of the last chunk of type 0, 1 or 2, where it had one (5.3.1.3).
        var extended: UInt32?
    }

    private struct Unsent {
        let message: Message
        var rest: [UInt8]
        var isBegun = false
    }

    private(set) var bytes: [UInt8] = []
    /// Messages in the order in which their last chunks were written.
    private(set) var finished: [Message] = []
    private var chunkSize = 128
    private var streams: [UInt32: Stream] = [:]
    private var unsent: [UInt32: [Unsent]] = [:]

    /// Lets a message wait on a chunk stream.
    mutating func queue(_ message: Message, on id: UInt32) {
        unsent[id, default: []].append(Unsent(message: message, rest: Array(message.payload.readableBytesView)))
    }

    /// The chunk streams on which something waits.
    var waiting: [UInt32] { unsent.keys.sorted() }

    /// Writes the next chunk of what waits on `id`.
    /// - Parameter form: 0 to 3, the form that is wanted; a lower one is taken where it can't say what has to be said.
    mutating func writeChunk(on id: UInt32, form wanted: UInt8) {
        guard var first = unsent[id]?.first else { return }
        if first.isBegun {
            writeBasicHeader(3, id)
            if let extended = streams[id]?.extended { write(extended, byteCount: 4) }
        } else {
            writeHeader(of: first.message, on: id, wanted: wanted)
            first.isBegun = true
        }
        let count = min(chunkSize, first.rest.count)
        bytes += first.rest[..<count]
        first.rest.removeFirst(count)
        guard first.rest.isEmpty else {
            unsent[id]?[0] = first
            return
        }
        unsent[id]?.removeFirst()
        if unsent[id]?.isEmpty == true { unsent[id] = nil }
        finished.append(first.message)
        // 5.4.1: it holds from the next chunk on, on every chunk stream.
        if first.message.type == .setChunkSize {
            let payload = Array(first.message.payload.readableBytesView)
            chunkSize = payload.reduce(0) { $0 << 8 | Int($1) }
        }
    }

    private mutating func writeHeader(of message: Message, on id: UInt32, wanted: UInt8) {
        let length = message.payload.readableBytes
        let last = streams[id]
        let delta = message.timestampMilliseconds &- (last?.timestamp ?? 0)
        var form = wanted
        if form == 3, last?.delta != delta { form = 2 }
        if form >= 2, last?.length != length || last?.type != message.type.rawValue { form = 1 }
        // Deltas are unsigned: time never goes back.
        if form >= 1, last == nil || last?.streamID != message.streamID || delta >= 0x8000_0000 { form = 0 }
        var stream = last ?? Stream()
        writeBasicHeader(form, id)
        if form < 3 {
            let field = form == 0 ? message.timestampMilliseconds : delta
            stream.extended = field >= 0xFF_FFFF ? field : nil
            stream.delta = field
            write(min(field, 0xFF_FFFF), byteCount: 3)
        }
        if form < 2 {
            write(UInt32(length), byteCount: 3)
            bytes.append(message.type.rawValue)
        }
        if form == 0 { write(message.streamID.byteSwapped, byteCount: 4) }
        if let extended = stream.extended { write(extended, byteCount: 4) }
        stream.timestamp = message.timestampMilliseconds
        stream.length = length
        stream.type = message.type.rawValue
        stream.streamID = message.streamID
        streams[id] = stream
    }

    /// 5.3.1.1: numbers from 64 on have two forms up to 319; the longer one is as right.
    private mutating func writeBasicHeader(_ form: UInt8, _ id: UInt32) {
        switch id {
        case ..<64: bytes.append(form << 6 | UInt8(id))
        case ..<320 where id % 2 == 0: bytes += [form << 6, UInt8(id - 64)]
        default: bytes += [form << 6 | 1, UInt8((id - 64) & 0xFF), UInt8((id - 64) >> 8)]
        }
    }

    private mutating func write(_ value: UInt32, byteCount: Int) {
        for index in (0..<byteCount).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * index)))
        }
    }
}
