/// One slot of one pool.
package struct SlotReference: Hashable, Sendable {
    /// The pool, by the number of its ``PoolShape``.
    package let pool: UInt32
    /// The place in the pool, from 0.
    package let slot: UInt32

    /// The slot with that number in the pool.
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
