import CFFmpeg
import Glibc

/// An open file that libavformat reads or writes at any place, by a descriptor that stays its owner's.
final class DescriptorFile {
    private(set) var context: UnsafeMutablePointer<AVIOContext>?
    private let descriptor: CInt

    private static let bufferByteCount = 1 << 18
    /// AVSEEK_SIZE and AVSEEK_FORCE, which are macros with casts.
    private static let sizeRequest: CInt = 0x10000
    private static let forceFlag: CInt = 0x20000

    init(_ descriptor: CInt, isWritten: Bool) {
        self.descriptor = descriptor
        guard let buffer = av_malloc(Self.bufferByteCount) else { return }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), CInt(Self.bufferByteCount), isWritten ? 1 : 0,
            Unmanaged.passUnretained(self).toOpaque(),
            { opaque, target, count in
                DescriptorFile.of(opaque)?.transfer { Glibc.read($0, target, Int(count)) } ?? bulkhead_averror(EINVAL)
            },
            { opaque, source, count in
                DescriptorFile.of(opaque)?.writeAll(source, Int(count)) ?? bulkhead_averror(EINVAL)
            },
            { opaque, offset, whence in
                DescriptorFile.of(opaque)?.seek(offset, whence) ?? Int64(bulkhead_averror(EINVAL))
            })
    }

    deinit {
        if let context {
            av_freep(&context.pointee.buffer)
            avio_context_free(&self.context)
        }
    }

    private static func of(_ opaque: UnsafeMutableRawPointer?) -> DescriptorFile? {
        opaque.map { Unmanaged<DescriptorFile>.fromOpaque($0).takeUnretainedValue() }
    }

    /// - Returns: how many bytes, an end, or a negative AVERROR.
    private func transfer(_ call: (CInt) -> Int) -> CInt {
        while true {
            let count = call(descriptor)
            if count > 0 { return CInt(count) }
            if count == 0 { return bulkhead_averror_eof }
            if errno != EINTR { return bulkhead_averror(errno) }
        }
    }

    private func writeAll(_ source: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        var done = 0
        while done < count {
            let result = transfer { Glibc.write($0, source?.advanced(by: done), count - done) }
            guard result > 0 else { return result == bulkhead_averror_eof ? bulkhead_averror(ENOSPC) : result }
            done += Int(result)
        }
        return CInt(count)
    }

    private func seek(_ offset: Int64, _ whence: CInt) -> Int64 {
        if whence & ~Self.forceFlag == Self.sizeRequest {
            var facts = stat()
            return fstat(descriptor, &facts) == 0 ? Int64(facts.st_size) : Int64(bulkhead_averror(errno))
        }
        let place = lseek(descriptor, off_t(offset), whence & ~Self.forceFlag)
        return place < 0 ? Int64(bulkhead_averror(errno)) : Int64(place)
    }
}
