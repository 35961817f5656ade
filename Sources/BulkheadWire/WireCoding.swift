/// Writes the fields of a payload one after the other, little-endian.
package struct WireWriter {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    /// A writer with room for so many bytes.
    package init(reserving byteCount: Int = 64) { bytes.reserveCapacity(byteCount) }

    /// Appends an integer, little-endian.
    package mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends one byte, 1 or 0.
    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    /// UTF-8 behind a 4-byte length. What goes beyond `limit` bytes is left out, in whole Unicode scalars: the reader would
    /// take more for a breach, and a long phrase is no reason to end a process.
    package mutating func write(_ text: String, atMost limit: Int = 65_536) {
        let utf8 = Array(text.utf8)
        guard utf8.count > limit else { return write(utf8) }
        // Bytes of the form 10xxxxxx go on a scalar that began before them (RFC 3629, 3).
        let end = utf8[...limit].lastIndex { $0 & 0xC0 != 0x80 } ?? 0
        write(Array(utf8[..<end]))
    }

    /// Bytes behind a 4-byte length.
    package mutating func write(_ bytes: [UInt8]) {
        write(UInt32(clamping: bytes.count))
        self.bytes.append(contentsOf: bytes)
    }

    /// Floats as their IEEE 754 bits, behind a 4-byte count of floats.
    package mutating func write(_ samples: [Float]) {
        write(UInt32(clamping: samples.count))
        samples.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Appends bytes without a length.
    package mutating func write(raw bytes: [UInt8]) { self.bytes.append(contentsOf: bytes) }

    /// Puts `value` in place of the first four bytes, which have been written.
    mutating func setFirstWord(_ value: UInt32) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, as: UInt32.self) }
    }
}

/// Reads the fields of a payload; every read is checked against what is left.
package struct WireReader {
    private let type: UInt16
    private let bytes: [UInt8]
    private var position = WireFrame.headerByteCount

    /// A reader at the start of the frame's payload.
    package init(_ frame: WireFrame) {
        type = frame.type
        bytes = frame.bytes
    }

    /// The next integer, little-endian. Throws when the payload ends before it.
    package mutating func read<Integer: FixedWidthInteger>(
        _: Integer.Type = Integer.self
    ) throws(WireError) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard bytes.count - position >= size else { throw .payloadEndsEarly(type: type) }
        let start = position
        position += size
        return bytes.withUnsafeBytes {
            Integer(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: Integer.self))
        }
    }

    /// The next byte, which is 0 or 1. Throws at any other value.
    package mutating func readBool(_ field: String) throws(WireError) -> Bool {
        switch try read(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .valueOutsideRange(type: type, field: field)
        }
    }

    /// At most `limit` bytes of UTF-8; what is not UTF-8 is repaired, since it is only shown.
    package mutating func readString(atMost limit: Int = 65_536, _ field: String) throws(WireError) -> String {
        String(decoding: try readBytes(atMost: limit, field), as: UTF8.self)
    }

    /// The next bytes behind their 4-byte length. Throws at more than `limit`.
    package mutating func readBytes(
        atMost limit: Int = WireFrame.maximumPayloadByteCount, _ field: String
    ) throws(WireError) -> [UInt8] {
        let count = Int(try read(UInt32.self))
        guard count <= limit else { throw .valueOutsideRange(type: type, field: field) }
        guard bytes.count - position >= count else { throw .payloadEndsEarly(type: type) }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// The next floats behind their 4-byte count. Throws at more than `limit`.
    package mutating func readFloats(atMost limit: Int, _ field: String) throws(WireError) -> [Float] {
        let count = Int(try read(UInt32.self))
        guard count <= limit else { throw .valueOutsideRange(type: type, field: field) }
        guard bytes.count - position >= count * 4 else { throw .payloadEndsEarly(type: type) }
        defer { position += count * 4 }
        let start = position
        return bytes.withUnsafeBytes { all in
            [Float](unsafeUninitializedCapacity: count) { target, filled in
                UnsafeMutableRawBufferPointer(target).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: all[start..<start + count * 4]))
                filled = count
            }
        }
    }

    /// Throws unless every byte has been read.
    package func finish() throws(WireError) {
        guard position == bytes.count else { throw .payloadHasRest(type: type, byteCount: bytes.count - position) }
    }

    /// The error for a value of `field` that the schema does not allow.
    package func outsideRange(_ field: String) -> WireError { .valueOutsideRange(type: type, field: field) }
}

/// A message of the schema.
package protocol WireMessage: Sendable {
    /// The message as it goes on the socket.
    var frame: WireFrame { get }
    /// Reads a message of this set; a type outside the set is ``WireError/unknownType(_:)``.
    init(_ frame: WireFrame) throws(WireError)
}
