import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire

typealias EncoderChild = ChildUnderTest<EncoderReply>

extension EncoderChild {
    /// Starts an encoder and, unless told otherwise, says hello.
    convenience init(greeting: Bool = true) throws { try self.init(.encoder, greeting: greeting) }

    /// Configures the child and returns its answer.
    func configure(_ video: VideoSettings, audioBitsPerSecond: UInt32 = 128_000) throws -> EncoderReply {
        try send(EncoderRequest.configure(video, audioBitsPerSecond: audioBitsPerSecond))
        return try reply()
    }

    /// Announces a pool.
    func announce(_ pool: borrowing FramePool) throws {
        let descriptor = try pool.readerDescriptor()
        try send(EncoderRequest.pool(pool.shape), passing: descriptor)
        descriptor.close()
    }

    /// Asks for these frames, all with the picture in one slot.
    func encode(_ frames: [FrameNumber], _ slot: SlotReference) throws {
        for frame in frames {
            try send(EncoderRequest.encode(frame: frame, slot: slot, forceIDR: false))
        }
    }
}
