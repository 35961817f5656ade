package import BulkheadMedia
package import BulkheadSystem
package import BulkheadWire
import Glibc
package import SystemPackage

/// A region of equal slots, seen by the process that made it: the master.
///
/// One process writes to a pool; the others get a descriptor that can only be mapped for reading. Once the writer has
/// mapped it, ``seal()`` shuts every other way to write, even through /proc.
package struct FramePool: ~Copyable {
    package let shape: PoolShape
    private let memory: OwnedDescriptor

    /// Creates `slotCount` empty slots for pictures of `canvas`. Memory is taken up only where a slot is written to.
    /// - Parameter hasAlpha: the pictures have a plane of alpha.
    package init(id: UInt32, canvas: Canvas, slotCount: Int, hasAlpha: Bool = false) throws(Errno) {
        let layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        shape = PoolShape(
            id: id, slotCount: UInt32(clamping: slotCount), slotByteCount: UInt32(clamping: layout.byteCount))
        memory = try OwnedDescriptor(memfdNamed: "bulkhead-pool-\(id)", byteCount: shape.byteCount)
    }

    /// A descriptor for the pool's one writer.
    package func writerDescriptor() throws(Errno) -> OwnedDescriptor { try memory.duplicate() }

    /// A descriptor for a reader.
    package func readerDescriptor() throws(Errno) -> OwnedDescriptor { try memory.reopenedReadOnly() }

    /// Lets no further process map the pool for writing. Call it when the writer has said that it has.
    package func seal() throws(Errno) { try memory.sealFutureWrites() }

    /// Writes one slot from this process, before any sealing: the master's own slate.
    package func fill(slot: UInt32, _ body: (UnsafeMutableRawBufferPointer) -> Void) throws(Errno) {
        let mapping = try PoolMapping(shape, memory, access: .readWrite)
        guard let bytes = mapping.bytes(of: slot) else { throw .invalidArgument }
        body(bytes)
    }

    /// Reads bytes of one slot without a mapping: the picture may change meanwhile, and is only looked at.
    /// - Returns: how many were read; 0 where there are none.
    package func read(slot: UInt32, from offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let size = Int(shape.slotByteCount)
        guard slot < shape.slotCount, offset >= 0, offset < size else { return 0 }
        let count = min(buffer.count, size - offset)
        return max(0, pread(memory.rawValue, buffer.baseAddress, count, Int(slot) * size + offset))
    }

    deinit { memory.close() }
}

/// A pool as a child has mapped it.
package final class PoolMapping {
    package let shape: PoolShape
    private let mapping: SharedMapping

    /// Maps the pool behind `descriptor`, which may be closed afterwards.
    package init(
        _ shape: PoolShape, _ descriptor: borrowing OwnedDescriptor, access: SharedMapping.Access
    ) throws(Errno) {
        self.shape = shape
        mapping = try SharedMapping(descriptor, byteCount: shape.byteCount, access: access)
    }

    /// The bytes of one slot; nil for a slot that the pool does not have. Write to them only in a pool mapped for it.
    package func bytes(of slot: UInt32) -> UnsafeMutableRawBufferPointer? {
        guard slot < shape.slotCount else { return nil }
        return UnsafeMutableRawBufferPointer(
            start: mapping.base + Int(slot) * Int(shape.slotByteCount), count: Int(shape.slotByteCount))
    }

    /// Makes a pool that is mapped for writing readable only, but for what ``withWritable(slot:_:)`` opens.
    package func shut() throws(Errno) { try mapping.allow(.readOnly, to: 0..<mapping.byteCount) }

    /// Runs `body` while this one slot can be written to; afterwards and in all others, writing ends this process.
    /// It costs two calls of the kernel for each picture, and none for its pixels.
    package func withWritable<Result>(slot: UInt32, _ body: () -> Result) throws(Errno) -> Result {
        guard slot < shape.slotCount else { throw .invalidArgument }
        let start = Int(slot) * Int(shape.slotByteCount)
        let bytes = start..<start + Int(shape.slotByteCount)
        try mapping.allow(.readWrite, to: bytes)
        let result = body()
        try mapping.allow(.readOnly, to: bytes)
        return result
    }
}
