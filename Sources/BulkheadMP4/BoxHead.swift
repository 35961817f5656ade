/// The beginning of a box: what it is and how far it reaches (ISO/IEC 14496-12, 4.2).
struct BoxHead: Hashable, Sendable {
    let type: BoxType
    /// Where the box is in the file, its head included.
    let bytes: Range<UInt64>
    /// Where its contents are.
    let body: Range<UInt64>

    /// Reads the head of the box at `offset`, which must end within `limit`.
    ///
    /// A size of 0, "to the end of the file", is refused: nothing that is written in fragments has it, and it is what
    /// a file that ends in zeros looks like.
    /// - Parameter mayBeCutShort: a box that goes on behind `limit` ends there.
    init(
        at offset: UInt64, in source: some ByteSource, limit: UInt64, mayBeCutShort: Bool = false
    ) throws(MP4Error) {
        let available = min(32, limit - min(limit, offset))
        let start = try source.read(offset..<offset + available)
        var reader = FieldReader(start[...])
        guard let size: UInt32 = reader.read(), let code: UInt32 = reader.read() else {
            throw .boxCutShort("    ", offset: offset)
        }
        let type = BoxType(code: code)
        var byteCount = UInt64(size)
        var headByteCount: UInt64 = 8
        if size == 1 {
            guard let long: UInt64 = reader.read() else { throw .boxCutShort(type, offset: offset) }
            byteCount = long
            headByteCount = 16
        }
        guard byteCount >= headByteCount, byteCount <= 1 << 62 else {
            throw .boxSizeOutsideRange(type, offset: offset, byteCount: byteCount)
        }
        if mayBeCutShort { byteCount = min(byteCount, limit - offset) }
        guard byteCount <= limit - offset, byteCount >= headByteCount else {
            throw .boxCutShort(type, offset: offset)
        }
        self.type = type
        bytes = offset..<offset + byteCount
        body = offset + headByteCount..<bytes.upperBound
    }
}

/// A box in memory.
struct Box {
    let type: BoxType
    let body: ArraySlice<UInt8>
    /// Where the box begins in the file.
    let offset: UInt64

    /// The boxes in `bytes`, one after the other, the first at `offset` of the file.
    static func all(in bytes: ArraySlice<UInt8>, offset: UInt64) throws(MP4Error) -> [Box] {
        var boxes: [Box] = []
        var rest = bytes
        // Fewer than eight bytes are the padding that some writers leave behind.
        while rest.count >= 8 {
            let place = offset + UInt64(rest.startIndex - bytes.startIndex)
            var reader = FieldReader(rest)
            guard let size: UInt32 = reader.read(), let code: UInt32 = reader.read() else { break }
            let type = BoxType(code: code)
            var byteCount = UInt64(size)
            if size == 1 {
                guard let long: UInt64 = reader.read() else { throw .boxCutShort(type, offset: place) }
                byteCount = long
            }
            // A terminator that QuickTime writes.
            if size == 0, code == 0 { break }
            let head = rest.count - reader.rest.count
            guard byteCount >= UInt64(head), byteCount <= UInt64(rest.count) else {
                throw .boxSizeOutsideRange(type, offset: place, byteCount: byteCount)
            }
            let end = rest.startIndex + Int(byteCount)
            boxes.append(Box(type: type, body: rest[(rest.startIndex + head)..<end], offset: place))
            rest = rest[end...]
        }
        return boxes
    }

    /// The boxes in this one, behind `skipping` bytes of its own.
    func boxes(skipping count: Int = 0) throws(MP4Error) -> [Box] {
        guard count <= body.count else { throw spoiled }
        // Eight bytes for the head, which is right but for boxes of 4 GiB, and those are not read into memory.
        return try Box.all(in: body.dropFirst(count), offset: offset + 8 + UInt64(count))
    }

    /// That its contents can't be read.
    var spoiled: MP4Error { .boxSpoiled(type, offset: offset) }

    /// Its fields, from the first on.
    var fields: FieldReader { FieldReader(body) }

    /// The version and flags of a full box, and the fields behind them.
    func fullFields() throws(MP4Error) -> (version: UInt8, flags: UInt32, fields: FieldReader) {
        var fields = fields
        guard let word: UInt32 = fields.read() else { throw spoiled }
        return (UInt8(word >> 24), word & 0xFF_FFFF, fields)
    }
}

extension [Box] {
    subscript(type: BoxType) -> Box? { first { $0.type == type } }
}

/// Reads big-endian fields, up to the end of what it was given.
struct FieldReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func read<Value: FixedWidthInteger>() -> Value? {
        let length = MemoryLayout<Value>.size
        guard rest.count >= length else { return nil }
        var value: Value = 0
        for byte in rest.prefix(length) {
            value = length == 1 ? Value(truncatingIfNeeded: byte) : value << 8 | Value(byte)
        }
        rest = rest.dropFirst(length)
        return value
    }

    mutating func read(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// Leaves out `count` bytes.
    mutating func skip(_ count: Int) -> Bool { read(count) != nil }

    /// A field of 64 bits in version 1 of a box, and of 32 before.
    mutating func readLong(version: UInt8) -> UInt64? {
        if version >= 1 { return read() }
        let short: UInt32? = read()
        return short.map { UInt64($0) }
    }
}
