import CBulkheadLinux
import Glibc
package import SystemPackage

/// Signals as bytes to read. A signal that comes before it is watched for is not lost.
package enum SignalPipe {
    /// From now on each of `numbers` that comes is one byte at the descriptor that is returned, and does nothing else.
    /// Both ends stay open as long as the process; a second pipe takes the first one's place.
    package static func open(_ numbers: [CInt]) throws(Errno) -> CInt {
        var ends: [CInt] = [-1, -1]
        try Errno.check(bulkhead_pipe(&ends))
        for end in ends { try Errno.check(bulkhead_set_nonblocking(end, 1)) }
        for number in numbers { try Errno.check(bulkhead_tell_signal(number, ends[1])) }
        return ends[0]
    }
}
