package import BulkheadMedia
package import BulkheadSystem
package import BulkheadWire
package import SystemPackage

/// All pools of a broadcast and who holds which slot of them.
///
/// A pool belongs to one writer. When the writer is gone its pool is retired: it stays as long as somebody holds a slot
/// of it, then it is removed and its readers are told.
package final class FramePools {
    private final class Entry {
        let pool: FramePool
        let canvas: Canvas
        let hasAlpha: Bool
        var leases: SlotLeases
        var isRetired = false
        /// Its writer has mapped it, and nobody else can write to it any more.
        var isSealed = false

        init(_ pool: consuming FramePool, _ canvas: Canvas, hasAlpha: Bool) {
            self.canvas = canvas
            self.hasAlpha = hasAlpha
            leases = SlotLeases(slotCount: Int(pool.shape.slotCount))
            self.pool = pool
        }
    }

    private var entries: [UInt32: Entry] = [:]
    private var lastID: UInt32 = 0
    /// Another one after each change of ``shapes``.
    package private(set) var revision = 0
    /// Called with a pool that no longer is: readers may unmap it.
    package var onRemoved: ((UInt32) -> Void)?

    package init() {}

    /// Makes a pool for one writer and returns its number.
    /// - Parameter hasAlpha: its pictures have a plane of alpha.
    package func create(_ canvas: Canvas, slotCount: Int, hasAlpha: Bool = false) throws(Errno) -> UInt32 {
        lastID += 1
        revision += 1
        let pool = try FramePool(id: lastID, canvas: canvas, slotCount: slotCount, hasAlpha: hasAlpha)
        entries[lastID] = Entry(pool, canvas, hasAlpha: hasAlpha)
        return lastID
    }

    /// The pools that may be read, in the order of their making: those that are sealed. A reader of one that is not could
    /// have become a writer.
    package var shapes: [PoolShape] {
        entries.values.filter(\.isSealed).map { $0.pool.shape }.sorted { $0.id < $1.id }
    }

    package func shape(of pool: UInt32) -> PoolShape? { entries[pool]?.pool.shape }

    /// How large the pictures in `pool` are.
    package func canvas(of pool: UInt32) -> Canvas? { entries[pool]?.canvas }

    /// Whether the pictures in `pool` have a plane of alpha.
    package func hasAlpha(_ pool: UInt32) -> Bool { entries[pool]?.hasAlpha ?? false }

    /// A descriptor of `pool` for its writer.
    package func writerDescriptor(of pool: UInt32) throws(Errno) -> OwnedDescriptor {
        guard let entry = entries[pool] else { throw .badFileDescriptor }
        return try entry.pool.writerDescriptor()
    }

    /// A descriptor of `pool` for a reader, once it is sealed.
    package func readerDescriptor(of pool: UInt32) throws(Errno) -> OwnedDescriptor {
        guard let entry = entries[pool] else { throw .badFileDescriptor }
        guard entry.isSealed else { throw .permissionDenied }
        return try entry.pool.readerDescriptor()
    }

    /// Lets no further process write to `pool`, once its writer has mapped it.
    package func seal(_ pool: UInt32) throws(Errno) {
        guard let entry = entries[pool] else { return }
        try entry.pool.seal()
        entry.isSealed = true
        revision += 1
    }

    /// Fills a slot from this process and holds it once.
    package func fill(_ pool: UInt32, _ body: (UnsafeMutableRawBufferPointer) -> Void) throws(Errno) -> SlotReference {
        guard let entry = entries[pool], let slot = entry.leases.lend() else { throw .noBufferSpace }
        do { try entry.pool.fill(slot: slot, body) } catch {
            entry.leases.takeUnfilled(slot)
            throw error
        }
        _ = entry.leases.takeFilled(slot)
        return SlotReference(pool: pool, slot: slot)
    }

    /// A grid of a picture's luma, from its upper left: ``sampleRows`` rows of at most ``sampleColumns`` pixels each, fewer
    /// where the picture has no more. Whoever asks holds the slot. It costs one short call of the kernel for each row.
    /// - Returns: empty where the picture can't be read.
    package func sample(_ slot: SlotReference) -> [UInt8] {
        guard let entry = entries[slot.pool] else { return [] }
        let luma = PictureLayout(entry.canvas).luma
        let rows = min(Self.sampleRows, luma.height)
        let step = max(1, (luma.width + Self.sampleColumns - 1) / Self.sampleColumns)
        var sample: [UInt8] = []
        sample.reserveCapacity(rows * (luma.width / step + 1))
        return withUnsafeTemporaryAllocation(byteCount: luma.width, alignment: 64) { row in
            for index in 0..<rows {
                // The middle of its share of the rows.
                let line = (2 * index + 1) * luma.height / (2 * rows)
                let offset = luma.offset + line * luma.stride
                guard entry.pool.read(slot: slot.slot, from: offset, into: row) == luma.width else { return [] }
                for column in Swift.stride(from: 0, to: luma.width, by: step) { sample.append(row[column]) }
            }
            return sample
        }
    }

    /// The most rows, and pixels of a row, of a ``sample(_:)``.
    package static let sampleRows = 48
    package static let sampleColumns = 320

    // MARK: leases

    /// Lends a slot of `pool` to its writer; nil when none is free.
    package func lend(from pool: UInt32) -> UInt32? { entries[pool]?.leases.lend() }

    /// Takes a filled slot back, held once. False when its writer did not have it.
    package func takeFilled(_ slot: SlotReference) -> Bool { entries[slot.pool]?.leases.takeFilled(slot.slot) ?? false }

    package func takeUnfilled(_ slot: SlotReference) { entries[slot.pool]?.leases.takeUnfilled(slot.slot) }

    package func retain(_ slot: SlotReference) { entries[slot.pool]?.leases.retain(slot.slot) }

    package func release(_ slot: SlotReference) {
        guard let entry = entries[slot.pool] else { return }
        entry.leases.release(slot.slot)
        removeIfUnused(slot.pool)
    }

    package func lentCount(of pool: UInt32) -> Int { entries[pool]?.leases.lentCount ?? 0 }

    /// How many slots have a holder, over all pools.
    package var heldCount: Int { entries.values.reduce(0) { $0 + $1.leases.heldCount } }

    /// Marks the end of the pool's writer.
    package func retire(_ pool: UInt32) {
        guard let entry = entries[pool] else { return }
        entry.isRetired = true
        removeIfUnused(pool)
    }

    private func removeIfUnused(_ pool: UInt32) {
        guard let entry = entries[pool], entry.isRetired, entry.leases.heldCount == 0 else { return }
        entries[pool] = nil
        revision += 1
        onRemoved?(pool)
    }
}
