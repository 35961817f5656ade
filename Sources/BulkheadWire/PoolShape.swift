/// A shared-memory region of equal slots, as it is announced to a process that will map it.
package struct PoolShape: Hashable, Sendable {
    /// The pool's number, which is not used again.
    package let id: UInt32
    /// How many pictures it holds.
    package let slotCount: UInt32
    /// In bytes, a multiple of 4096.
    package let slotByteCount: UInt32

    /// The shape of a pool whose slots hold pictures of one size.
    package init(id: UInt32, slotCount: UInt32, slotByteCount: UInt32) {
        self.id = id
        self.slotCount = slotCount
        self.slotByteCount = slotByteCount
    }

    /// The size of the pool's memory.
    package var byteCount: Int { Int(slotCount) * Int(slotByteCount) }

    func write(to writer: inout WireWriter) {
        writer.write(id)
        writer.write(slotCount)
        writer.write(slotByteCount)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        id = try reader.read()
        slotCount = try reader.read()
        slotByteCount = try reader.read()
        guard (1...4096).contains(slotCount) else { throw reader.outsideRange("slot count") }
        guard slotByteCount > 0, slotByteCount % 4096 == 0, slotByteCount <= 1 << 28 else {
            throw reader.outsideRange("slot byte count")
        }
    }
}
