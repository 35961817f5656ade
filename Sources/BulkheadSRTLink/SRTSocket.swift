import BulkheadWire
import CSRT
import Glibc

/// Why libsrt could not do something, as the master is told.
struct SRTProblem: Error { let failure: SRTFailure }

/// libsrt, from its start to its end.
enum SRTLibrary {
    static func start() {
        srt_startup()
        // What matters is said by return values; its warnings of foreign packets would fill the log.
        srt_setloglevel(LOG_CRIT)
    }

    static func stop() { srt_cleanup() }

    /// What it said of the last call that failed.
    static var lastError: String { srt_getlasterror_str().map { String(cString: $0) } ?? "an unknown error" }
}

/// One socket of libsrt, which never waits. Raw names of srt.h stay in this file and in `SRTListener.swift`.
final class SRTSocket {
    let handle: SRTSOCKET
    /// What is said of a connection that the library takes for broken.
    static let gone = "the other side has closed it, or says nothing any more"
    private let poll: CInt

    /// What has become of a connection.
    enum State { case connecting, connected, over }

    /// What the library has counted on a connection, and what is on its way.
    struct Figures {
        var report = SRTReport()
        /// Messages that are sent and not acknowledged.
        var unacknowledged = 0
    }

    /// A socket for what `task` asks for, before it is connected.
    convenience init(_ task: SRTTask) throws(SRTProblem) {
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
    func connect(to address: ResolvedAddress) throws(SRTProblem) {
        let result = address.withPointer { srt_connect(handle, $0, $1) }
        guard result != SRT_ERROR else { throw SRTProblem(failure: .unreachable(SRTLibrary.lastError)) }
    }

    var state: State {
        switch srt_getsockstate(handle) {
        case SRTS_CONNECTED: .connected
        case SRTS_INIT, SRTS_OPENED, SRTS_LISTENING, SRTS_CONNECTING: .connecting
        default: .over
        }
    }

    /// Waits until something happens to it, but not longer than `milliseconds`.
    func wait(milliseconds: Int64) {
        var event = SRT_EPOLL_EVENT()
        _ = srt_epoll_uwait(poll, &event, 1, milliseconds)
    }

    /// Why it did not come to a connection.
    var failureToConnect: SRTFailure {
        let reason = srt_getrejectreason(handle)
        switch reason {
        case CInt(SRT_REJ_TIMEOUT.rawValue), CInt(SRT_REJ_UNKNOWN.rawValue): return .timedOut
        case CInt(SRT_REJ_SYSTEM.rawValue), CInt(SRT_REJ_IPE.rawValue):
            return .unreachable(String(cString: srt_rejectreason_str(reason)))
        default: return .refused(code: UInt32(clamping: reason))
        }
    }

    /// What both sides have agreed on.
    var latencyMilliseconds: UInt32 {
        var value: CInt = 0
        var size = CInt(MemoryLayout<CInt>.size)
        guard srt_getsockflag(handle, SRTO_PEERLATENCY, &value, &size) != SRT_ERROR else { return 0 }
        return UInt32(clamping: value)
    }

    // MARK: sending

    /// Sends one message; false where there is no room for it yet.
    func send(_ message: ArraySlice<UInt8>) throws(SRTProblem) -> Bool {
        let sent = message.withUnsafeBytes { bytes in
            srt_send(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count))
        }
        if sent != SRT_ERROR { return true }
        let error = srt_getlasterror(nil)
        if error == CInt(SRT_EASYNCSND.rawValue) || error == CInt(SRT_ECONGEST.rawValue) { return false }
        throw SRTProblem(failure: .lost(state == .over ? Self.gone : SRTLibrary.lastError))
    }

    var figures: Figures {
        var figures = Figures()
        var blocks = 0
        var bytes = 0
        if srt_getsndbuffer(handle, &blocks, &bytes) != SRT_ERROR { figures.unacknowledged = blocks }
        var counted = CBytePerfMon()
        guard srt_bistats(handle, &counted, 0, 1) != SRT_ERROR else { return figures }
        figures.report.roundTripMicroseconds = Self.count(counted.msRTT * 1000)
        figures.report.lost = UInt64(clamping: counted.pktSndLossTotal)
        figures.report.retransmitted = UInt64(clamping: counted.pktRetransTotal)
        figures.report.dropped = UInt64(clamping: counted.pktSndDropTotal)
        figures.report.bandwidth = Self.count(counted.mbpsBandwidth * 1_000_000)
        figures.report.bufferMilliseconds = UInt32(clamping: counted.msSndBuf)
        return figures
    }

    private static func count<Number: FixedWidthInteger>(_ value: Double) -> Number {
        value.isFinite && value > 0 ? Number(min(value, Double(UInt32.max))) : 0
    }
}

/// An address of a machine and a port.
struct ResolvedAddress {
    private let bytes: [UInt8]
    /// All addresses of this machine, of both kinds.
    let isEverywhere: Bool

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>?, CInt) -> Result) -> Result {
        bytes.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), CInt($0.count)) }
    }

    /// The addresses of `host`, in the order in which they are to be tried; all of this machine's where it is empty.
    static func of(_ host: String, port: UInt16) throws(SRTProblem) -> [ResolvedAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host.isEmpty ? "::" : host, "\(port)", &hints, &found) == 0 else {
            throw SRTProblem(failure: .name)
        }
        defer { freeaddrinfo(found) }
        var addresses: [ResolvedAddress] = []
        var next = found
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr, entry.ai_family == AF_INET || entry.ai_family == AF_INET6 else {
                continue
            }
            let bytes = UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))
            let isEverywhere = entry.ai_family == AF_INET6 && bytes.dropFirst(8).prefix(16).allSatisfy { $0 == 0 }
            addresses.append(ResolvedAddress(bytes: Array(bytes), isEverywhere: isEverywhere))
        }
        // A machine without IPv6 has the other kind alone.
        if host.isEmpty { addresses += try of("0.0.0.0", port: port) }
        guard !addresses.isEmpty else { throw SRTProblem(failure: .name) }
        return addresses
    }
}
