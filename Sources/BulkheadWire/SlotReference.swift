/// One slot of one pool.
package struct SlotReference: Hashable, Sendable {
    package let pool: UInt32
    package let slot: UInt32

    package init(pool: UInt32, slot: UInt32) {
        self.pool = pool
        self.slot = slot
    }

    func write(to writer: inout WireWriter) {
        writer.write(pool)
        writer.write(slot)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        pool = try reader.read()
        slot = try reader.read()
    }
}
