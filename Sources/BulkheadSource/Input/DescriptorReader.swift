import BulkheadSystem
import CFFmpeg
import Glibc

/// Feeds libavformat from a pipe, so that waiting for data can be interrupted.
final class DescriptorReader {
    private(set) var context: UnsafeMutablePointer<AVIOContext>?
    private let descriptor: CInt
    private let interrupt: InterruptGuard
    /// Reading ends for the time being where nothing has come for so long behind a first byte; nil to wait.
    private var silenceLimit: Duration?
    private var lastArrival: MonotonicTime?

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

    /// Has `body` read, which is told of an end where the pipe falls silent for `limit`.
    func ending<Value>(afterSilenceOf limit: Duration, _ body: () -> Value) -> Value {
        silenceLimit = limit
        defer {
            silenceLimit = nil
            // There was no end: what follows is read as if nothing had been said.
            context?.pointee.eof_reached = 0
            context?.pointee.error = 0
        }
        return body()
    }

    private func read(_ target: UnsafeMutablePointer<UInt8>, _ byteCount: Int) -> CInt {
        while true {
            if interrupt.shouldEnd { return bulkhead_averror_exit }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Self.lookMilliseconds)
            if ready == 0 || (ready < 0 && errno == EINTR) {
                let silence = lastArrival.map { MonotonicTime.now.since($0) } ?? 0
                if let silenceLimit, silence > silenceLimit.nanoseconds { return bulkhead_averror_eof }
                continue
            }
            let count = Glibc.read(descriptor, target, byteCount)
            if count > 0 {
                lastArrival = .now
                return CInt(count)
            }
            if count == 0 { return bulkhead_averror_eof }
            if errno != EINTR && errno != EAGAIN { return bulkhead_averror(errno) }
        }
    }
}
