import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTimeline
import NIOCore

extension FuzzSubject {
    /// When pictures of a live input come, and with which timestamps: steps of 9 bytes.
    ///
    ///     kind 1 | time since the step before, in microseconds, 4 | timestamp since the one before, in microseconds, 4
    static let cadence = FuzzSubject(name: "cadence", maximumByteCount: 4096) { bytes in
        guard let frameRate = FrameRate(30) else { return }
        var steps = ByteBuffer(bytes: bytes)
        var cadence = Cadence(frameRate)
        var (now, pts) = (MediaTime.zero, MediaTime.zero)
        var next: FrameNumber = 0
        var leftOut = 0
        while let kind: UInt8 = steps.readInteger(), let wait: UInt32 = steps.readInteger(),
            let step: Int32 = steps.readInteger()
        {
            now = now + MediaTime(nanoseconds: Int64(wait) * 1000)
            // Timestamps are a source's: any number. The far ones come by multiplying.
            pts = MediaTime(nanoseconds: pts.nanoseconds &+ (Int64(step) &* (kind & 0x80 == 0 ? 1000 : 1 << 32)))
            var given: FrameNumber?
            switch kind & 0x07 {
            case 0: cadence.noteCaughtUp()
            case 1: cadence.restart()
            case 2: given = cadence.settle(at: now, next: next)
            case 3:
                let due = cadence.due(next)
                try rule(due >= frameRate.time(of: next), "a frame is due before its time")
                if due <= now { next += 1 }
            default: if case .frame(let frame) = cadence.place(pts, at: now, next: next) { given = frame }
            }
            if let given {
                try rule(given >= next, "a picture is shown in a frame that has been given")
                next = given + 1
            }
            try rule(cadence.leftOut >= leftOut, "fewer pictures are left out than before")
            leftOut = cadence.leftOut
            try rule(next >= 0 && next < FrameNumber.max / 2, "frames run away")
        }
    }

    /// What a server says to have received, and what the kernel says of the connection: steps of 9 bytes.
    ///
    ///     kind 1 | an acknowledgement's number, or the bytes that the server's kernel has taken, 4 | bytes sent, 4
    static let delivery = FuzzSubject(name: "delivery", maximumByteCount: 4096) { bytes in
        var steps = ByteBuffer(bytes: bytes)
        var model = AcknowledgementModel()
        var monitor = DeliveryMonitor()
        var tcp = TCPStatus()
        var (sent, known) = (UInt64(0), UInt64(0))
        var (isSuspected, isLost, wasBelieved) = (false, false, true)
        while let kind: UInt8 = steps.readInteger(), let number: UInt32 = steps.readInteger(),
            let more: UInt32 = steps.readInteger()
        {
            sent += UInt64(more)
            if kind & 1 == 0 {
                monitor.acknowledged()
                if let value = model.take(number, sent: sent) {
                    try rule(value <= sent, "a server has more than was sent")
                    try rule(value > known || known == 0, "a server has less than before")
                    try rule(wasBelieved, "a server is believed again")
                    known = value
                }
                wasBelieved = model.kind.isBelieved
                if !wasBelieved { monitor.distrustAcknowledgements() }
                continue
            }
            if kind & 2 != 0 { monitor.heard() }
            if kind & 4 != 0 { monitor.answeredPing() }
            if kind & 8 != 0 { _ = monitor.takePing() }
            tcp.acknowledgedByteCount = kind & 0x40 == 0 ? tcp.acknowledgedByteCount &+ UInt64(number) : UInt64(number)
            tcp.writtenByteCount = kind & 0x20 == 0 ? nil : sent
            tcp.unacknowledgedSegmentCount = Int(kind >> 4 & 1) * 3
            tcp.bareSegmentCount = number
            tcp.roundTrip = .microseconds(Int64(more))
            let observation = DeliveryMonitor.Observation(
                tcp: kind & 0x80 == 0 ? tcp : nil, pendingByteCount: Int(number & 0xFFFF))
            let verdict = monitor.check(observation, elapsed: .microseconds(Int64(more)))
            try rule(verdict == nil || !isLost, "something is said of a connection that is lost")
            switch verdict {
            case .suspected: isSuspected = true
            case .recovered:
                try rule(isSuspected, "a connection recovers that was not suspected")
                isSuspected = false
            case .lost: isLost = true
            case nil: break
            }
        }
    }
}
