import CFFmpeg
import Glibc

/// Feeds libavformat from a pipe, so that waiting for data can be interrupted.
final class DescriptorReader {
    private(set) var context: UnsafeMutablePointer<AVIOContext>?
    private let descriptor: CInt
    private let interrupt: InterruptGuard

    private static let bufferByteCount = 1 << 16
    /// Between two looks at what else is to be done.
    private static let lookMilliseconds: CInt = 20

    init(_ descriptor: CInt, interrupt: InterruptGuard) {
        self.descriptor = descriptor
        self.interrupt = interrupt
        guard let buffer = av_malloc(Self.bufferByteCount) else { return }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), CInt(Self.bufferByteCount), 0,
            Unmanaged.passUnretained(self).toOpaque(),
            { opaque, target, byteCount in
                guard let opaque, let target else { return bulkhead_averror(EINVAL) }
                return Unmanaged<DescriptorReader>.fromOpaque(opaque).takeUnretainedValue()
                    .read(target, Int(byteCount))
            }, nil, nil)
    }

    deinit {
        if let context {
            av_freep(&context.pointee.buffer)
            avio_context_free(&self.context)
        }
    }

    private func read(_ target: UnsafeMutablePointer<UInt8>, _ byteCount: Int) -> CInt {
        while true {
            if interrupt.shouldEnd { return bulkhead_averror_exit }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Self.lookMilliseconds)
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            let count = Glibc.read(descriptor, target, byteCount)
            if count > 0 { return CInt(count) }
            if count == 0 { return bulkhead_averror_eof }
            if errno != EINTR && errno != EAGAIN { return bulkhead_averror(errno) }
        }
    }
}
