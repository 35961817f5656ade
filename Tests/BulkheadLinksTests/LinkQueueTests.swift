import BulkheadLinks
import BulkheadMedia
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct LinkQueueTests {
    /// "I" an IDR, "P" a picture that others refer to, "b" a disposable one, "a" sound.
    private static func packet(_ kind: Character, _ milliseconds: Int64, byteCount: Int = 10) -> Packet {
        let time = MediaTime(milliseconds: milliseconds)
        return Packet(
            kind: kind == "a" ? .audio : .video(isIDR: kind == "I", isDisposable: kind == "b"), dts: time, pts: time,
            bytes: [UInt8](repeating: 0, count: byteCount))
    }

    private static func limits(milliseconds: Int64 = 1000, byteCount: Int = 1 << 20) -> LinkQueue.Limits {
        var limits = LinkQueue.Limits()
        limits.duration = MediaTime(milliseconds: milliseconds)
        limits.byteCount = byteCount
        return limits
    }

    /// A queue that was given `kinds`, one each 100 ms.
    private static func queue(_ kinds: String, _ limits: LinkQueue.Limits = limits()) -> LinkQueue {
        var queue = LinkQueue(limits: limits)
        for (index, kind) in kinds.enumerated() { queue.append(packet(kind, Int64(index) * 100)) }
        return queue
    }

    /// What waits, as letters with their place in the order of giving.
    private static func drain(_ queue: inout LinkQueue, _ count: Int = .max) -> String {
        var text: [String] = []
        while text.count < count, let packet = queue.next() {
            let letter =
                switch packet.kind {
                case .audio: "a"
                case .video(isIDR: true, _): "I"
                case .video(_, isDisposable: true): "b"
                case .video: "P"
                }
            text.append("\(letter)\(packet.dts.milliseconds / 100)")
        }
        return text.joined(separator: " ")
    }

    @Test func packetsComeOutInOrder() {
        var queue = Self.queue("IPbaPI")
        #expect(queue.waitingByteCount == 60)
        #expect(queue.waitingDuration == MediaTime(milliseconds: 500))
        #expect(Self.drain(&queue) == "I0 P1 b2 a3 P4 I5")
        #expect(queue.isEmpty)
        #expect(queue.waitingByteCount == 0)
        #expect(queue.waitingDuration == .zero)
        #expect(queue.next() == nil)
        #expect(queue.shedFrames == 0)
    }

    @Test func disposablePicturesAreShedFirst() {
        // Twelve packets span 1.1 s; without the disposable ones the rest spans the same, so it goes on to the IDR.
        var byBytes = Self.queue("IbPbPaPPPP", Self.limits(milliseconds: 60_000, byteCount: 90))
        #expect(byBytes.shedFrames == 2)
        #expect(Self.drain(&byBytes) == "I0 P2 P4 a5 P6 P7 P8 P9")
    }

    @Test func nextComesAllUpToTheNewestIDR() {
        var queue = Self.queue("IPaPPIPaPIPP", Self.limits(milliseconds: 1000))
        // I0 to P11 are 1.1 s: all up to I9 goes, 7 pictures with the IDRs, and 2 of sound that are not counted.
        #expect(queue.shedFrames == 7)
        #expect(Self.drain(&queue) == "I9 P10 P11")
    }

    @Test func withoutANewerIDREverythingGoesUntilOneComes() {
        var queue = Self.queue("IPPPPPPPPPPPPaPIP", Self.limits(milliseconds: 1000))
        // I0 to P11 are shed; P12, a13 and P14 have nothing to refer to or to go with.
        #expect(queue.shedFrames == 14)
        #expect(Self.drain(&queue) == "I15 P16")
    }

    @Test func disposableIDRIsNone() {
        var queue = LinkQueue(limits: Self.limits(milliseconds: 60_000, byteCount: 35))
        let idr = Packet(
            kind: .video(isIDR: true, isDisposable: true), dts: .zero, pts: .zero,
            bytes: [UInt8](repeating: 0, count: 10))
        queue.append(idr)
        for index in Int64(1)...3 { queue.append(Self.packet("b", index * 100)) }
        #expect(queue.next() == idr)
        #expect(queue.next() == nil)
    }

    /// A connection made anew starts with the last IDR at or before what waits.
    @Test(arguments: [
        (0, "I0 P1 P2 I3 P4"), (1, "I0 P1 P2 I3 P4"), (2, "I0 P1 P2 I3 P4"), (3, "I3 P4"), (4, "I3 P4"), (5, "I3 P4"),
    ])
    func rewindGoesToTheIDR(sent: Int, rest: String) {
        var queue = Self.queue("IPPIP")
        _ = Self.drain(&queue, sent)
        queue.rewind()
        #expect(queue.waitingByteCount == rest.split(separator: " ").count * 10)
        #expect(Self.drain(&queue) == rest)
        // Once more: nothing was used up.
        queue.rewind()
        #expect(Self.drain(&queue) == "I3 P4")
    }

    @Test func rewindOfAnEmptyQueueIsHarmless() {
        var queue = LinkQueue()
        queue.rewind()
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
    }

    /// What was sent before a gap is no start any more.
    @Test func rewindNeverGoesBackOverAGap() {
        var queue = Self.queue("IPPPP")
        _ = Self.drain(&queue, 2)
        for index in Int64(5)..<14 { queue.append(Self.packet(index == 12 ? "I" : "P", index * 100)) }
        queue.rewind()
        #expect(Self.drain(&queue) == "I12 P13")
    }

    /// The sent part holds the GOP on air and no more, however long the broadcast.
    @Test func memoryIsBoundedByTheGOP() {
        var queue = LinkQueue()
        for index in Int64(0)..<100_000 {
            queue.append(Self.packet(index % 60 == 0 ? "I" : "P", index * 33))
            #expect(queue.next() != nil)
        }
        queue.rewind()
        #expect(queue.waitingByteCount <= 600)
    }

    // MARK: backfill

    private static func backfill(milliseconds: Int64) -> LinkQueue.Limits {
        var limits = limits(milliseconds: 60_000)
        limits.backfill = MediaTime(milliseconds: milliseconds)
        return limits
    }

    /// A new connection starts with the IDR at or before the last picture that a server is known to have.
    @Test(
        arguments: [
            (250, "I0 P1 P2 I3 P4 I5 P6"), (300, "I3 P4 I5 P6"), (450, "I3 P4 I5 P6"), (500, "I5 P6"), (9000, "I5 P6"),
            // Older than all that is kept: with the oldest IDR there is.
            (-50, "I0 P1 P2 I3 P4 I5 P6"),
        ] as [(Int64, String)])
    func rewindGoesBackToWhatHasArrived(received: Int64, rest: String) {
        var queue = Self.queue("IPPIPIP", Self.backfill(milliseconds: 10_000))
        _ = Self.drain(&queue)
        queue.rewind(received: MediaTime(milliseconds: received))
        #expect(queue.waitingByteCount == rest.split(separator: " ").count * 10)
        #expect(Self.drain(&queue) == rest)
        #expect(queue.shedFrames == 0)
    }

    @Test func sentGOPsAreKeptForTheBackfill() {
        var queue = LinkQueue(limits: Self.backfill(milliseconds: 1000))
        for index in Int64(0)..<100 {
            queue.append(Self.packet(index % 5 == 0 ? "I" : "P", index * 100))
            #expect(queue.next() != nil)
        }
        queue.rewind(received: .zero)
        // The newest is at 9.9 s: the GOP from 8.5 s on covers the second before it, the next would not.
        #expect(queue.first?.dts == MediaTime(milliseconds: 8500))
        #expect(queue.waitingByteCount == 150)
    }

    @Test func backfillIsBoundedByBytes() {
        var limits = Self.backfill(milliseconds: 60_000)
        limits.backfillByteCount = 200
        var queue = LinkQueue(limits: limits)
        for index in Int64(0)..<100 {
            queue.append(Self.packet(index % 5 == 0 ? "I" : "P", index * 100))
            #expect(queue.next() != nil)
        }
        queue.rewind(received: .zero)
        #expect(queue.waitingByteCount <= 200 && queue.waitingByteCount >= 100)
    }

    /// Off the air the newest seconds stay, sent or not; what is shed was never sent.
    @Test func withoutAConnectionTheNewestSecondsStay() {
        var queue = LinkQueue(limits: Self.backfill(milliseconds: 1000))
        for index in Int64(0)..<10 { queue.append(Self.packet(index % 5 == 0 ? "I" : "P", index * 100)) }
        _ = Self.drain(&queue)
        queue.isOffAir = true
        for index in Int64(10)..<50 {
            queue.append(Self.packet(index % 5 == 0 ? "I" : "P", index * 100))
            if index == 12 { #expect(queue.shedFrames == 0) }
        }
        #expect(queue.shedFrames == 25)
        queue.rewind(received: .zero)
        queue.isOffAir = false
        #expect(Self.drain(&queue, 2) == "I35 P36")
    }

    @Test func withoutBackfillItStartsWithTheNewestIDR() {
        var queue = LinkQueue(limits: Self.backfill(milliseconds: 0))
        for (index, kind) in "IPPIP".enumerated() { queue.append(Self.packet(kind, Int64(index) * 100)) }
        _ = Self.drain(&queue)
        // While connected nothing is shed for it.
        for (index, kind) in "PIPIP".enumerated() { queue.append(Self.packet(kind, Int64(index + 5) * 100)) }
        queue.rewind(received: .zero)
        #expect(queue.shedFrames == 3)
        #expect(Self.drain(&queue) == "I8 P9")
    }

    @Test func clearedQueueBeginsWithAnIDR() {
        var queue = Self.queue("IPPP")
        _ = Self.drain(&queue, 2)
        queue.clear()
        #expect(queue.isEmpty && queue.waitingByteCount == 0)
        queue.append(Self.packet("P", 500))
        queue.append(Self.packet("I", 600))
        queue.rewind()
        #expect(Self.drain(&queue) == "I6")
        var late = LinkQueue(awaitsIDR: true)
        late.append(Self.packet("a", 0))
        late.append(Self.packet("P", 50))
        late.append(Self.packet("I", 100))
        #expect(Self.drain(&late) == "I1")
        // What was never meant for it is not left out.
        #expect(late.shedFrames == 0)
    }

    /// Random packets, sends and new connections against a queue that keeps everything for ever.
    @Test func randomOperationsFollowASimpleModel() {
        for seed in UInt64(1)...20 {
            var random = SeededGenerator(seed: seed)
            let limits = Self.limits(
                milliseconds: .random(in: 100...3000, using: &random),
                byteCount: .random(in: 500...20_000, using: &random))
            var queue = LinkQueue(limits: limits)
            var model = Model(limits: limits)
            for index in Int64(0)..<500 {
                switch Int.random(in: 0..<100, using: &random) {
                case 0..<3:
                    queue.rewind()
                    model.rewind()
                case 3..<45:
                    #expect(queue.next() == model.next())
                default:
                    let kind = index % 50 == 0 ? "I" : "PPbbaaI".randomElement(using: &random) ?? "P"
                    let rare = kind == "I" && index % 50 != 0 && Int.random(in: 0..<20, using: &random) > 0
                    let packet = Self.packet(
                        rare ? "P" : kind, index * 20, byteCount: .random(in: 0...300, using: &random))
                    queue.append(packet)
                    model.append(packet)
                    // The bounds hold after every packet.
                    #expect(queue.waitingByteCount <= limits.byteCount)
                    #expect(queue.waitingDuration <= limits.duration)
                }
                #expect(queue.waitingByteCount == model.waiting.reduce(0) { $0 + $1.bytes.count })
                #expect(queue.waitingByteCount >= 0)
                #expect(queue.shedFrames == model.shed)
                #expect(queue.isEmpty == model.waiting.isEmpty)
            }
        }
    }

    /// The rules of the queue, said with whole arrays: what was sent since the last gap, and what waits.
    private struct Model {
        let limits: LinkQueue.Limits
        var sent: [Packet] = []
        var waiting: [Packet] = []
        var shed = 0
        var awaitsIDR = false

        init(limits: LinkQueue.Limits) { self.limits = limits }

        private var isOverfull: Bool {
            guard let first = waiting.first, let last = waiting.last else { return false }
            return waiting.reduce(0) { $0 + $1.bytes.count } > limits.byteCount
                || last.dts - first.dts > limits.duration
        }

        mutating func append(_ packet: Packet) {
            if packet.isIDR { awaitsIDR = false }
            guard !awaitsIDR else {
                shed += packet.isVideo ? 1 : 0
                return
            }
            waiting.append(packet)
            if isOverfull {
                let kept = waiting.filter { $0.kind != .video(isIDR: false, isDisposable: true) }
                shed += waiting.count - kept.count
                waiting = kept
            }
            while isOverfull {
                let newest = waiting.lastIndex { $0.isIDR } ?? 0
                let lost = newest > 0 ? waiting[..<newest] : waiting[...]
                shed += lost.count { $0.isVideo }
                waiting.removeFirst(lost.count)
                awaitsIDR = waiting.isEmpty
                sent = []
            }
        }

        mutating func next() -> Packet? {
            guard !waiting.isEmpty else { return nil }
            sent.append(waiting[0])
            return waiting.removeFirst()
        }

        mutating func rewind() {
            guard waiting.first?.isIDR != true, let start = sent.lastIndex(where: { $0.isIDR }) else { return }
            waiting = sent[start...] + waiting
            sent.removeSubrange(start...)
        }
    }
}
