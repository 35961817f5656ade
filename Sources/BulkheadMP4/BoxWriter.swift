/// Bytes that grow by boxes and big-endian integers.
struct BoxWriter {
    private(set) var bytes: [UInt8] = []

    /// - Parameter byteCount: how many bytes to make room for.
    init(reserving byteCount: Int = 0) { bytes.reserveCapacity(byteCount) }

    mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    mutating func write(_ type: BoxType) { write(type.code) }

    mutating func writeZeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    /// `text` in UTF-8 with a zero behind it; a zero within it ends it.
    mutating func write(terminated text: String) {
        write(text.utf8.prefix { $0 != 0 })
        write(UInt8(0))
    }

    /// A box whose body `write` appends, and whose size is filled in behind it. All boxes written here are shorter
    /// than 4 GiB: samples, the only things that aren't counted in bytes before, are limited in number and size.
    mutating func box<Failure>(
        _ type: BoxType, _ write: (inout BoxWriter) throws(Failure) -> Void
    ) throws(Failure) {
        let start = bytes.count
        self.write(UInt32(0))
        self.write(type)
        try write(&self)
        patch(UInt32(bytes.count - start), at: start)
    }

    /// A box with a version and flags (ISO/IEC 14496-12, 4.2).
    mutating func fullBox<Failure>(
        _ type: BoxType, version: UInt8 = 0, flags: UInt32 = 0, _ write: (inout BoxWriter) throws(Failure) -> Void
    ) throws(Failure) {
        try box(type) { (writer) throws(Failure) in
            writer.write(UInt32(version) << 24 | flags)
            try write(&writer)
        }
    }

    /// Overwrites the four bytes at `place`.
    mutating func patch(_ value: UInt32, at place: Int) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(index))) }
    }
}
