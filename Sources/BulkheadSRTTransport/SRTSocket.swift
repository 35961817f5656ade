package import BulkheadWire
import CSRT
import Glibc

/// Why libsrt could not do something, as the master is told.
package struct SRTProblem: Error {
    package let failure: SRTFailure

    package init(failure: SRTFailure) { self.failure = failure }
}

/// libsrt, from its start to its end.
package enum SRTLibrary {
    package static func start() {
        srt_startup()
        // What matters is said by return values; its warnings of foreign packets would fill the log.
        srt_setloglevel(LOG_CRIT)
    }

    package static func stop() { srt_cleanup() }

    /// What it said of the last call that failed.
    static var lastError: String { srt_getlasterror_str().map { String(cString: $0) } ?? "an unknown error" }
}

/// One socket of libsrt, which never waits. Raw names of srt.h stay in this file and in `SRTListener.swift`.
package final class SRTSocket {
    let handle: SRTSOCKET
    /// What is said of a connection that the library takes for broken.
    package static let gone = "the other side has closed it, or says nothing any more"
    private let poll: CInt

    /// What has become of a connection.
    package enum State { case connecting, connected, over }

    /// A socket for what `task` asks for, before it is connected.
    package convenience init(_ task: SRTTask) throws(SRTProblem) {
        try self.init(adopting: srt_create_socket())
        try set(SRTO_LATENCY, CInt(clamping: task.latencyMilliseconds))
        try set(SRTO_CONNTIMEO, CInt(clamping: task.connectingMilliseconds))
        try set(SRTO_RCVSYN, 0)
        try set(SRTO_SNDSYN, 0)
        // Whole GOPs are left out by the master, which knows where they begin; a hole in one spoils all that follows.
        try set(SRTO_SNDDROPDELAY, -1)
        if !task.passphrase.isEmpty {
            try set(SRTO_PASSPHRASE, task.passphrase)
            if task.keyByteCount != 0 { try set(SRTO_PBKEYLEN, CInt(task.keyByteCount)) }
        }
        if !task.listens, !task.streamID.isEmpty { try set(SRTO_STREAMID, task.streamID) }
    }

    init(adopting handle: SRTSOCKET) throws(SRTProblem) {
        self.handle = handle
        poll = srt_epoll_create()
        guard handle != SRT_INVALID_SOCK, poll >= 0 else {
            throw SRTProblem(failure: .unusable("libsrt gives no socket: \(SRTLibrary.lastError)"))
        }
        var events = CInt(SRT_EPOLL_IN.rawValue | SRT_EPOLL_OUT.rawValue | SRT_EPOLL_ERR.rawValue)
        srt_epoll_add_usock(poll, handle, &events)
    }

    deinit {
        srt_epoll_release(poll)
        srt_close(handle)
    }

    func set(_ option: SRT_SOCKOPT, _ value: CInt) throws(SRTProblem) {
        var value = value
        let result = srt_setsockflag(handle, option, &value, CInt(MemoryLayout<CInt>.size))
        guard result != SRT_ERROR else { throw SRTProblem(failure: .unusable(SRTLibrary.lastError)) }
    }

    private func set(_ option: SRT_SOCKOPT, _ text: String) throws(SRTProblem) {
        let bytes = Array(text.utf8)
        guard srt_setsockflag(handle, option, bytes, CInt(bytes.count)) != SRT_ERROR else {
            // The library's words may repeat the value.
            throw SRTProblem(failure: .unusable("libsrt does not take the passphrase or the stream ID"))
        }
    }

    // MARK: connecting

    /// Begins to call `address`.
    package func connect(to address: ResolvedAddress) throws(SRTProblem) {
        let result = address.withPointer { srt_connect(handle, $0, $1) }
        guard result != SRT_ERROR else { throw SRTProblem(failure: .unreachable(SRTLibrary.lastError)) }
    }

    package var state: State {
        switch srt_getsockstate(handle) {
        case SRTS_CONNECTED: .connected
        case SRTS_INIT, SRTS_OPENED, SRTS_LISTENING, SRTS_CONNECTING: .connecting
        default: .over
        }
    }

    /// Waits until something happens to it, but not longer than `milliseconds`.
    package func wait(milliseconds: Int64) {
        var event = SRT_EPOLL_EVENT()
        _ = srt_epoll_uwait(poll, &event, 1, milliseconds)
    }

    /// Why it did not come to a connection.
    package var failureToConnect: SRTFailure {
        let reason = srt_getrejectreason(handle)
        switch reason {
        case CInt(SRT_REJ_TIMEOUT.rawValue), CInt(SRT_REJ_UNKNOWN.rawValue): return .timedOut
        case CInt(SRT_REJ_SYSTEM.rawValue), CInt(SRT_REJ_IPE.rawValue):
            return .unreachable(String(cString: srt_rejectreason_str(reason)))
        default: return .refused(code: UInt32(clamping: reason))
        }
    }

    /// How long the other side waits for what was lost, as both have agreed.
    package var peerLatencyMilliseconds: UInt32 { latency(SRTO_PEERLATENCY) }

    /// How long this side waits for what was lost, as both have agreed.
    package var latencyMilliseconds: UInt32 { latency(SRTO_RCVLATENCY) }

    private func latency(_ option: SRT_SOCKOPT) -> UInt32 {
        var value: CInt = 0
        var size = CInt(MemoryLayout<CInt>.size)
        guard srt_getsockflag(handle, option, &value, &size) != SRT_ERROR else { return 0 }
        return UInt32(clamping: value)
    }

    // MARK: sending

    /// Sends one message; false where there is no room for it yet.
    package func send(_ message: ArraySlice<UInt8>) throws(SRTProblem) -> Bool {
        let sent = message.withUnsafeBytes { bytes in
            srt_send(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count))
        }
        if sent != SRT_ERROR { return true }
        let error = srt_getlasterror(nil)
        if error == CInt(SRT_EASYNCSND.rawValue) || error == CInt(SRT_ECONGEST.rawValue) { return false }
        throw SRTProblem(failure: .lost(state == .over ? Self.gone : SRTLibrary.lastError))
    }

    /// Messages that are sent and not acknowledged.
    package var unacknowledgedCount: Int {
        var (blocks, bytes) = (0, 0)
        return srt_getsndbuffer(handle, &blocks, &bytes) == SRT_ERROR ? 0 : blocks
    }

    /// What the library has counted for one who sends.
    package var sendingFigures: SRTFigures {
        figures(latency: peerLatencyMilliseconds) {
            ($0.pktSndLossTotal, $0.pktRetransTotal, $0.pktSndDropTotal, $0.msSndBuf)
        }
    }

    // MARK: receiving

    /// No message is longer: a datagram of Ethernet without the headers of IP, UDP and SRT.
    package static let longestMessage = 1456

    /// What a look for the next message came to.
    package enum Reception: Hashable { case message(byteCount: Int), nothingYet, over }

    /// Reads the next message into `bytes`, of ``longestMessage`` bytes at least, without waiting for one.
    package func receive(into bytes: inout [UInt8]) -> Reception {
        let count = bytes.withUnsafeMutableBytes { bytes in
            srt_recvmsg(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(clamping: bytes.count))
        }
        if count > 0 { return .message(byteCount: Int(count)) }
        return count == SRT_ERROR && srt_getlasterror(nil) == CInt(SRT_EASYNCRCV.rawValue) ? .nothingYet : .over
    }

    /// What the library has counted for one who receives.
    package var receivingFigures: SRTFigures {
        // `pktRcvRetrans` counts since it was cleared last, which it never is.
        figures(latency: latencyMilliseconds) {
            ($0.pktRcvLossTotal, $0.pktRcvRetrans, $0.pktRcvDropTotal, $0.msRcvBuf)
        }
    }

    // MARK: figures

    /// What both sides know, and what one of them counts for itself.
    private func figures(
        latency: UInt32,
        _ own: (CBytePerfMon) -> (lost: CInt, retransmitted: CInt, dropped: CInt, bufferMilliseconds: CInt)
    ) -> SRTFigures {
        var counted = CBytePerfMon()
        guard srt_bistats(handle, &counted, 0, 1) != SRT_ERROR else { return SRTFigures() }
        var figures = SRTFigures(
            roundTripMicroseconds: Self.count(counted.msRTT * 1000),
            bandwidth: Self.count(counted.mbpsBandwidth * 1_000_000))
        let counts = own(counted)
        figures.latencyMilliseconds = latency
        figures.lost = UInt64(clamping: counts.lost)
        figures.retransmitted = UInt64(clamping: counts.retransmitted)
        figures.dropped = UInt64(clamping: counts.dropped)
        figures.bufferMilliseconds = UInt32(clamping: counts.bufferMilliseconds)
        return figures
    }

    private static func count<Number: FixedWidthInteger>(_ value: Double) -> Number {
        value.isFinite && value > 0 ? Number(min(value, Double(UInt32.max))) : 0
    }
}
