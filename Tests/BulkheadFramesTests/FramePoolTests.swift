import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(10))) struct FramePoolTests {
    private static func pool(slots: Int = 3) throws -> FramePool {
        try FramePool(id: 7, canvas: try #require(Canvas(width: 64, height: 36)), slotCount: slots)
    }

    /// 64x36: 2304 + 64 * 18 + 64 * 18 = 4608 bytes, two pages.
    @Test func shapeFollowsTheCanvas() throws {
        let pool = try Self.pool()
        #expect(pool.shape == PoolShape(id: 7, slotCount: 3, slotByteCount: 8192))
        #expect(pool.shape.byteCount == 3 * 8192)
    }

    @Test func readersSeeWhatTheWriterWrites() throws {
        let pool = try Self.pool()
        let writing = try pool.writerDescriptor()
        let reading = try pool.readerDescriptor()
        let writer = try PoolMapping(pool.shape, writing, access: .readWrite)
        try pool.seal()
        let reader = try PoolMapping(pool.shape, reading, access: .readOnly)
        writing.close()
        reading.close()
        for slot in UInt32(0)..<3 {
            let bytes = try #require(writer.bytes(of: slot))
            #expect(bytes.count == 8192)
            bytes[0] = UInt8(slot) + 1
            bytes[8191] = UInt8(slot) + 101
        }
        for slot in UInt32(0)..<3 {
            let bytes = try #require(reader.bytes(of: slot))
            #expect(bytes[0] == UInt8(slot) + 1)
            #expect(bytes[8191] == UInt8(slot) + 101)
        }
    }

    @Test func slotsThatAreNotThereHaveNoBytes() throws {
        let pool = try Self.pool()
        let reading = try pool.readerDescriptor()
        let mapping = try PoolMapping(pool.shape, reading, access: .readOnly)
        for slot in [3, 4, 4096, .max] as [UInt32] { #expect(mapping.bytes(of: slot) == nil) }
        reading.close()
        #expect(throws: Errno.invalidArgument) { try pool.fill(slot: 3) { _ in } }
    }

    /// After sealing there is no way to write but the mapping that the writer has: not with the writer's own descriptor,
    /// nor with a reader's that is opened anew for writing through /proc.
    @Test func sealedPoolCanNotBeWrittenByAnyOtherWay() throws {
        let pool = try Self.pool()
        let writing = try pool.writerDescriptor()
        let reading = try pool.readerDescriptor()
        let writer = try PoolMapping(pool.shape, writing, access: .readWrite)
        try pool.seal()
        for original in [writing.rawValue, reading.rawValue] {
            let raw = open("/proc/self/fd/\(original)", O_RDWR | O_CLOEXEC)
            try #require(raw >= 0)
            let reopened = OwnedDescriptor(adopting: raw)
            expectNoWriting(reopened, pool.shape)
            reopened.close()
        }
        expectNoWriting(writing, pool.shape)
        #expect(throws: Errno.self) { _ = try PoolMapping(pool.shape, reading, access: .readWrite) }
        #expect(throws: Errno.self) { try pool.fill(slot: 0) { _ in } }
        // The writer's own mapping still works.
        let bytes = try #require(writer.bytes(of: 0))
        bytes[0] = 99
        let reader = try PoolMapping(pool.shape, reading, access: .readOnly)
        #expect(reader.bytes(of: 0)?[0] == 99)
        #expect(mprotect(reader.bytes(of: 0)?.baseAddress, 4096, PROT_READ | PROT_WRITE) == -1)
        writing.close()
        reading.close()
    }

    private func expectNoWriting(_ descriptor: borrowing OwnedDescriptor, _ shape: PoolShape) {
        let raw = descriptor.rawValue
        let memory = mmap(nil, shape.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0)
        #expect(memory == MAP_FAILED && errno == EPERM)
        #expect(pwrite(raw, "x", 1, 0) == -1)
        #expect(ftruncate(raw, 0) == -1 && errno == EPERM)
        #expect(ftruncate(raw, off_t(shape.byteCount) - 1) == -1)
        #expect(ftruncate(raw, off_t(shape.byteCount) * 2) == -1)
        // A mapping for reading can't be turned into one for writing.
        if let readable = mmap(nil, 4096, PROT_READ, MAP_SHARED, raw, 0), readable != MAP_FAILED {
            #expect(mprotect(readable, 4096, PROT_READ | PROT_WRITE) == -1)
            munmap(readable, 4096)
        }
    }

    @Test func sealingTwiceIsRefused() throws {
        let pool = try Self.pool()
        try pool.seal()
        #expect(throws: Errno.self) { try pool.seal() }
    }

    /// Memory is taken up where something is written, and nowhere else.
    @Test func untouchedSlotsTakeNoMemory() throws {
        let pool = try FramePool(id: 1, canvas: try #require(Canvas("1080p")), slotCount: 100)
        let reading = try pool.readerDescriptor()
        var information = stat()
        #expect(fstat(reading.rawValue, &information) == 0)
        #expect(information.st_blocks == 0)
        try pool.fill(slot: 0) { $0.initializeMemory(as: UInt8.self, repeating: 1) }
        #expect(fstat(reading.rawValue, &information) == 0)
        #expect(Int(information.st_blocks) * 512 == Int(pool.shape.slotByteCount))
        reading.close()
    }
}

@Suite(.timeLimit(.minutes(10))) struct FramePoolsTests {
    private static func canvas() throws -> Canvas { try #require(Canvas(width: 64, height: 36)) }

    /// Whoever opens a pool anew through /proc gets it for reading at most.
    @Test func aPoolsMemoryIsForReadingAlone() throws {
        let pool = try FramePool(id: 1, canvas: try Self.canvas(), slotCount: 1)
        let writing = try pool.writerDescriptor()
        var information = stat()
        #expect(fstat(writing.rawValue, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o400)
        writing.close()
    }

    @Test func poolsHaveNumbersOfTheirOwn() throws {
        let pools = FramePools()
        let ids = try (0..<3).map { _ in try pools.create(try Self.canvas(), slotCount: 2) }
        #expect(Set(ids).count == 3)
        for id in ids { try pools.seal(id) }
        #expect(pools.shapes.map(\.id) == ids)
        pools.retire(ids[0])
        let next = try pools.create(try Self.canvas(), slotCount: 2)
        #expect(!ids.contains(next))
    }

    /// Who reads a pool while its writer may still map it could map it for writing as well.
    @Test func noReaderComesBeforeTheSeal() throws {
        let pools = FramePools()
        let id = try pools.create(try Self.canvas(), slotCount: 2)
        let revision = pools.revision
        #expect(pools.shapes.isEmpty)
        #expect(throws: Errno.permissionDenied) { _ = try pools.readerDescriptor(of: id).close() }
        try pools.seal(id)
        #expect(pools.shapes.map(\.id) == [id] && pools.revision != revision)
        try pools.readerDescriptor(of: id).close()
    }

    @Test func hostileWriterGetsNothing() throws {
        let pools = FramePools()
        let mine = try pools.create(try Self.canvas(), slotCount: 2)
        let other = try pools.create(try Self.canvas(), slotCount: 2)
        let slot = try #require(pools.lend(from: mine))
        // A slot of its pool that it was not lent, one of another's, one of a pool that is not.
        #expect(!pools.takeFilled(SlotReference(pool: mine, slot: slot + 1)))
        #expect(!pools.takeFilled(SlotReference(pool: other, slot: slot)))
        #expect(!pools.takeFilled(SlotReference(pool: 99, slot: slot)))
        #expect(!pools.takeFilled(SlotReference(pool: mine, slot: .max)))
        #expect(pools.takeFilled(SlotReference(pool: mine, slot: slot)))
        #expect(!pools.takeFilled(SlotReference(pool: mine, slot: slot)))
        #expect(pools.heldCount == 1)
    }

    @Test func retiredPoolStaysUntilNobodyHoldsASlot() throws {
        let pools = FramePools()
        var removed: [UInt32] = []
        pools.onRemoved = { removed.append($0) }
        let id = try pools.create(try Self.canvas(), slotCount: 3)
        let slots = try (0..<2).map { _ in SlotReference(pool: id, slot: try #require(pools.lend(from: id))) }
        for slot in slots { #expect(pools.takeFilled(slot)) }
        // A third is with the writer, which is gone.
        #expect(pools.lend(from: id) != nil)
        pools.retain(slots[0])
        pools.retire(id)
        #expect(removed.isEmpty)
        pools.release(slots[0])
        pools.release(slots[1])
        #expect(removed.isEmpty)
        #expect(pools.shape(of: id) != nil)
        pools.release(slots[0])
        #expect(removed == [id])
        #expect(pools.shape(of: id) == nil)
        #expect(pools.lend(from: id) == nil)
        #expect(throws: Errno.badFileDescriptor) { try pools.readerDescriptor(of: id).close() }
        #expect(throws: Errno.badFileDescriptor) { try pools.writerDescriptor(of: id).close() }
        // Late words of nobody: nothing happens.
        pools.retire(id)
        pools.release(slots[0])
        pools.takeUnfilled(slots[0])
        #expect(removed == [id])
    }

    @Test func unusedPoolGoesAtOnce() throws {
        let pools = FramePools()
        var removed: [UInt32] = []
        pools.onRemoved = { removed.append($0) }
        let id = try pools.create(try Self.canvas(), slotCount: 1)
        pools.retire(id)
        #expect(removed == [id])
        #expect(pools.shapes.isEmpty)
    }

    @Test func filledSlotIsHeldOnce() throws {
        let pools = FramePools()
        let id = try pools.create(try Self.canvas(), slotCount: 1)
        let slot = try pools.fill(id) { $0[5] = 77 }
        #expect(pools.heldCount == 1)
        try pools.seal(id)
        let reading = try pools.readerDescriptor(of: id)
        let mapping = try PoolMapping(try #require(pools.shape(of: id)), reading, access: .readOnly)
        #expect(mapping.bytes(of: slot.slot)?[5] == 77)
        reading.close()
        #expect(throws: Errno.noBufferSpace) { _ = try pools.fill(id) { _ in } }
        #expect(throws: Errno.noBufferSpace) { _ = try pools.fill(99) { _ in } }
        pools.release(slot)
        #expect(throws: Errno.self) { _ = try pools.fill(id) { _ in } }
        // The slot that could not be filled is free.
        #expect(pools.lend(from: id) != nil)
    }

    /// A thousand pools, as when a source is restarted over and over: nothing stays open.
    @Test func retiredPoolsCloseTheirMemory() throws {
        let before = Self.openDescriptors()
        let pools = FramePools()
        for _ in 0..<1000 {
            let id = try pools.create(try Self.canvas(), slotCount: 4)
            _ = pools.lend(from: id)
            pools.retire(id)
        }
        #expect(pools.shapes.isEmpty)
        // Other tests open and close a few meanwhile.
        #expect(Self.openDescriptors() < before + 100)
    }

    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return .max }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
