import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// Measures what one hop through the wire costs: `encode` goes to a second process, which answers with an access unit
/// of the size that 2.5 Mbit/s have at 30 frames a second. Nothing is encoded; what is left is the way there and back.
@main enum Main {
    private static let roundTrips = 10_000
    private static let accessUnitByteCount = 10_400

    static func main() {
        do {
            if CommandLine.arguments.dropFirst() == ["--socket-fd", "3"] {
                try answer(WireSocket(OwnedDescriptor(adopting: WireSocket.inheritedDescriptor)))
            } else {
                try measure()
            }
        } catch {
            ChildProgram.say("wire-hop: \(error)")
            exit(1)
        }
    }

    /// The child's side: an encoder that knows its answer already.
    private static func answer(_ socket: WireSocket) throws {
        let bytes = [UInt8](repeating: 0x5A, count: accessUnitByteCount)
        do {
            while let received = try socket.receive(EncoderRequest.self) {
                guard case .encode(let frame, _, _) = received.message else { continue }
                let unit = AccessUnit(frame: frame, isIDR: false, isDisposable: false, bytes: bytes)
                try socket.send(EncoderReply.accessUnit(unit))
            }
        } catch WireSocketError.closedByPeer {}
    }

    private static func measure() throws {
        let sockets = try SocketPair()
        let ours = try sockets.ours.duplicate()
        let standardError = try OwnedDescriptor(adopting: Errno.check(dup(STDERR_FILENO)))
        let launch = ChildLaunch(path: "/proc/self/exe", arguments: ["--socket-fd", "3"], environment: [:])
        let child = try launch.start(socket: sockets.theirs, standardError: standardError)
        standardError.close()
        sockets.close()
        let connection = try WireConnection(ours)

        try roundTrip(on: connection, frames: 0..<1000)
        let time = MonotonicTime.now
        let cpu = try cpuNanoseconds(of: getpid()) + cpuNanoseconds(of: child.pid)
        try roundTrip(on: connection, frames: 1000..<FrameNumber(1000 + roundTrips))
        let elapsed = MonotonicTime.now.since(time)
        let used = try cpuNanoseconds(of: getpid()) + cpuNanoseconds(of: child.pid) - cpu

        child.signal(SIGKILL)
        while try child.reap() == nil { _ = poll(nil, 0, 1) }
        child.close()
        print("one hop through the wire, CPU of both ends: \(microseconds(used))")
        print("one hop through the wire, time: \(microseconds(elapsed))")
    }

    private static func roundTrip(on connection: WireConnection, frames: Range<FrameNumber>) throws {
        for frame in frames {
            connection.send(EncoderRequest.encode(frame: frame, slot: SlotReference(pool: 1, slot: 0), forceIDR: false))
            var isAnswered = false
            while !isAnswered {
                var entry = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&entry, 1, 5000) > 0 else { throw Errno.timedOut }
                let intake = connection.receive()
                for received in intake.frames {
                    guard case .accessUnit(let unit) = try EncoderReply(received) else { continue }
                    isAnswered = unit.frame == frame
                }
                if intake.isOver { throw Errno.connectionReset }
            }
        }
    }

    /// Two hops make a round trip.
    private static func microseconds(_ nanoseconds: Int64) -> Double {
        (Double(nanoseconds) / Double(2 * roundTrips) / 100).rounded() / 10
    }

    /// The CPU time that a process has had, by the clock that clock_getcpuclockid(3) names.
    private static func cpuNanoseconds(of pid: Int32) throws -> Int64 {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { throw Errno.noSuchProcess }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
