import BulkheadSRT
import BulkheadSRTTransport
import BulkheadWire
import CFFmpeg

/// Feeds libavformat from an SRT connection of our own: its protocol says neither why the other side refused nor what the
/// library counts.
final class SRTReader {
    private(set) var context: UnsafeMutablePointer<AVIOContext>?
    private var connection: SRTSocket?
    private let interrupt: InterruptGuard
    private var message = [UInt8](repeating: 0, count: SRTSocket.longestMessage)
    /// Of ``message``, what has not been handed out.
    private var rest = 0..<0

    private static let bufferByteCount = 1 << 16
    /// Between two looks at what else is to be done.
    private static let lookMilliseconds: Int64 = 20

    /// Makes the connection, or waits until the other side makes it.
    init(_ address: SRTAddress, named name: String, interrupt: InterruptGuard) throws(OpenFailure) {
        self.interrupt = interrupt
        SRTLibrary.start()
        do throws(SRTProblem) { connection = try Self.open(SRTTask(address), interrupt) } catch {
            SRTLibrary.stop()
            if let stop = interrupt.stop { throw .stopped(stop) }
            throw .refused(Refusal(error.failure, of: address, name))
        }
        guard let buffer = av_malloc(Self.bufferByteCount) else { return }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), CInt(Self.bufferByteCount), 0,
            Unmanaged.passUnretained(self).toOpaque(),
            { opaque, target, byteCount in
                guard let opaque, let target else { return bulkhead_averror(EINVAL) }
                let bytes = UnsafeMutableRawBufferPointer(start: target, count: Int(byteCount))
                return Unmanaged<SRTReader>.fromOpaque(opaque).takeUnretainedValue().read(into: bytes)
            }, nil, nil)
    }

    deinit {
        if let context {
            av_freep(&context.pointee.buffer)
            avio_context_free(&self.context)
        }
        if connection != nil {
            connection = nil
            SRTLibrary.stop()
        }
    }

    /// What the library has counted.
    var figures: SRTFigures { connection?.receivingFigures ?? SRTFigures() }

    // MARK: connecting

    private static func open(_ task: SRTTask, _ interrupt: InterruptGuard) throws(SRTProblem) -> SRTSocket {
        var problem = SRTProblem(failure: .name)
        for address in try ResolvedAddress.of(task.host, port: task.port) {
            do throws(SRTProblem) {
                return try task.listens ? accept(task, at: address, interrupt) : connect(task, to: address, interrupt)
            } catch { problem = error }
            if interrupt.shouldEnd { break }
        }
        throw problem
    }

    private static func connect(
        _ task: SRTTask, to address: ResolvedAddress, _ interrupt: InterruptGuard
    ) throws(SRTProblem) -> SRTSocket {
        let connection = try SRTSocket(task)
        try connection.connect(to: address)
        while !interrupt.shouldEnd {
            connection.wait(milliseconds: lookMilliseconds)
            switch connection.state {
            case .connected: return connection
            case .over: throw SRTProblem(failure: connection.failureToConnect)
            case .connecting: continue
            }
        }
        throw SRTProblem(failure: .timedOut)
    }

    private static func accept(
        _ task: SRTTask, at address: ResolvedAddress, _ interrupt: InterruptGuard
    ) throws(SRTProblem) -> SRTSocket {
        let listener = try SRTListener(task, at: address)
        while !interrupt.shouldEnd {
            if let caller = try listener.caller(milliseconds: lookMilliseconds) { return caller }
        }
        throw SRTProblem(failure: .timedOut)
    }

    // MARK: reading

    private func read(into target: UnsafeMutableRawBufferPointer) -> CInt {
        guard let connection else { return bulkhead_averror_eof }
        while rest.isEmpty {
            if interrupt.shouldEnd { return bulkhead_averror_exit }
            switch connection.receive(into: &message) {
            case .message(let byteCount): rest = 0..<byteCount
            case .nothingYet: connection.wait(milliseconds: Self.lookMilliseconds)
            case .over: return bulkhead_averror(ECONNRESET)
            }
        }
        let count = min(rest.count, target.count)
        message.withUnsafeBytes { bytes in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[rest.prefix(count)]))
        }
        rest = rest.dropFirst(count)
        return CInt(clamping: count)
    }
}

extension SRTTask {
    fileprivate init(_ address: SRTAddress) {
        self.init(
            listens: address.mode == .listener, host: address.host, port: UInt16(clamping: address.port),
            latencyMilliseconds: UInt32(clamping: address.latencyMilliseconds), passphrase: address.passphrase,
            keyByteCount: UInt8(clamping: address.keyByteCount), streamID: address.streamID,
            connectingMilliseconds: UInt32(clamping: address.connectingMilliseconds))
    }
}

extension Refusal {
    /// Why an input by SRT can't be opened; no passphrase and no stream ID is repeated.
    fileprivate init(_ failure: SRTFailure, of address: SRTAddress, _ name: String) {
        switch failure {
        case .name: self.init(.nameNotResolved, "the name \(address.host) can't be resolved")
        case .timedOut: self.init(.timedOut, "\(name) did not answer in time")
        case .unreachable(let words), .lost(let words), .unusable(let words):
            self.init(.unreachable, "\(name) can't be reached: \(words)")
        case .refused(let code):
            let words = SRTRefusal(code: Int(code)).map { "\($0)" } ?? "failed in SRT's handshake (\(code))"
            self.init(.unreachable, "\(name) \(words)")
        }
    }
}
