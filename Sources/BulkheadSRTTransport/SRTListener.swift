package import BulkheadWire
import CSRT
import Glibc

/// Waits for one caller. Others that call meanwhile are turned away by the library.
package final class SRTListener {
    private let socket: SRTSocket
    /// What callers are asked for; nil for nothing.
    private let streamID: String?
    /// Where it listens.
    package let port: UInt16

    /// - Throws: where the address can't be had.
    package init(_ task: SRTTask, at address: ResolvedAddress) throws(SRTProblem) {
        let socket = try SRTSocket(task)
        self.socket = socket
        streamID = task.streamID.isEmpty ? nil : task.streamID
        if address.isEverywhere { try socket.set(SRTO_IPV6ONLY, 0) }
        guard address.withPointer({ srt_bind(socket.handle, $0, $1) }) != SRT_ERROR else {
            throw SRTProblem(failure: .unreachable("this machine can't listen there: \(SRTLibrary.lastError)"))
        }
        var place = sockaddr_storage()
        var size = CInt(MemoryLayout<sockaddr_storage>.size)
        let handle = socket.handle
        let isKnown = withUnsafeMutableBytes(of: &place) { bytes in
            srt_getsockname(handle, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size) != SRT_ERROR
        }
        // The port stands at the same place in both kinds of addresses, big-endian.
        port = isKnown ? withUnsafeBytes(of: &place) { UInt16($0[2]) << 8 | UInt16($0[3]) } : task.port
        // The library's threads call it as long as the socket lives, which this owns.
        srt_listen_callback(socket.handle, Self.judge, Unmanaged.passUnretained(self).toOpaque())
        guard srt_listen(socket.handle, 1) != SRT_ERROR else {
            throw SRTProblem(failure: .unreachable("this machine can't listen there: \(SRTLibrary.lastError)"))
        }
    }

    /// Called for each caller, before it is let in.
    private static let judge:
        @convention(c) (
            UnsafeMutableRawPointer?, SRTSOCKET, CInt, UnsafePointer<sockaddr>?, UnsafePointer<CChar>?
        ) -> CInt = { context, caller, _, _, streamID in
            guard let context else { return -1 }
            let listener = Unmanaged<SRTListener>.fromOpaque(context).takeUnretainedValue()
            guard let wanted = listener.streamID else { return 0 }
            if let streamID, String(cString: streamID) == wanted { return 0 }
            srt_setrejectreason(caller, CInt(SRT_REJX_FORBIDDEN))
            return -1
        }

    /// The next caller that was let in, waiting up to `milliseconds`.
    package func caller(milliseconds: Int64) throws(SRTProblem) -> SRTSocket? {
        socket.wait(milliseconds: milliseconds)
        let accepted = srt_accept(socket.handle, nil, nil)
        guard accepted != SRT_INVALID_SOCK else { return nil }
        return try SRTSocket(adopting: accepted)
    }
}
