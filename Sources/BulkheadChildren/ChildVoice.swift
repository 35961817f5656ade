import BulkheadSystem
import Glibc
import SystemPackage

/// What a child writes to its standard error, on the reactor's thread. The end of it is kept; a child that writes without
/// end costs the master a bounded time.
final class ChildVoice {
    private let reactor: Reactor
    private var descriptor: OwnedDescriptor?
    private var kept: [UInt8] = []
    /// Something was said before what is kept.
    private var isCut = false
    private var token: Reactor.Token?
    /// What may still be read before the master looks away for a while.
    private var allowance = ChildVoice.burstByteCount
    /// Runs while the master looks away.
    private var quietTimer: Reactor.Token?

    private static let tailByteCount = 4096
    /// What the master reads at once. A child that writes without end may then wait, or lose what its pipe does not hold:
    /// 13 MB each second cost the master about 2 % of a core.
    private static let burstByteCount = 1 << 18
    private static let quiet = Duration.milliseconds(20)
    /// What an unprivileged process may make a pipe hold, as pipe(7) says.
    private static let longestPipeByteCount = 1 << 20

    /// Takes over the reading end of the child's pipe.
    init(_ pipe: consuming OwnedDescriptor, on reactor: Reactor) throws(Errno) {
        self.reactor = reactor
        try pipe.setNonblocking(true)
        descriptor = consume pipe
    }

    /// The last of what it has said, at most 4 KiB.
    var tail: String {
        // Half a line says nothing where whole ones follow.
        let whole = isCut ? kept.firstIndex(of: 0x0A).map { $0 + 1 } : nil
        let start = whole.flatMap { $0 < kept.endIndex ? $0 : nil } ?? kept.startIndex
        return String(decoding: kept[start...], as: UTF8.self)
    }

    /// Begins to read.
    func follow() throws(Errno) {
        guard token == nil, let descriptor = descriptor?.rawValue else { return }
        let bound = ReactorBound(self, reactor)
        token = try reactor.watch(descriptor) { _ in bound.value.readSome() }
    }

    /// Reads what is left of a child that has ended: a process that it has left behind may write on.
    func readRest() {
        if let quietTimer { reactor.cancel(quietTimer) }
        quietTimer = nil
        var rest = Self.longestPipeByteCount / Self.tailByteCount
        while rest > 0, readOnce() { rest -= 1 }
    }

    func close() {
        if let quietTimer { reactor.cancel(quietTimer) }
        quietTimer = nil
        ignore()
        descriptor.take()?.close()
    }

    private func ignore() {
        if let token { reactor.unwatch(token) }
        token = nil
    }

    /// Reads what is there, up to a bound; what comes beyond it is looked at a little later.
    private func readSome() {
        guard readOnce() else { return }
        allowance -= Self.tailByteCount
        if quietTimer == nil {
            let bound = ReactorBound(self, reactor)
            quietTimer = reactor.schedule(at: .now.advanced(by: Self.quiet)) { bound.value.listenAgain() }
        }
        if allowance <= 0 { ignore() }
    }

    private func listenAgain() {
        quietTimer = nil
        allowance = Self.burstByteCount
        do throws(Errno) { try follow() } catch { close() }
    }

    /// Reads once; false when nothing was there.
    private func readOnce() -> Bool {
        guard let descriptor = descriptor?.rawValue else { return false }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.tailByteCount, alignment: 1)
        defer { chunk.deallocate() }
        // A child that writes without end must not hold the master up: one look for each event.
        let count = read(descriptor, chunk.baseAddress, chunk.count)
        if count > 0 {
            kept.append(contentsOf: chunk[..<count])
            if kept.count > Self.tailByteCount {
                kept.removeFirst(kept.count - Self.tailByteCount)
                isCut = true
            }
        } else if count == 0 || errno != EAGAIN {
            close()
        }
        return count > 0
    }
}
