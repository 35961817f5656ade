import BulkheadModel
import BulkheadRTMPTransport
import Synchronization

/// What the link's way carries.
extension ServerLink {
    package func loads(bitsPerSecond: Int) -> [CongestionController.Load] {
        let phase = machine.withLock { $0.phase }
        guard let publisher = connections.withLock({ $0.onAir }) else { return [] }
        let statistics = publisher.statistics
        // What the connection and the kernel have not sent waits as well, though nobody can shed it any more.
        let byteCount = statistics.queuedByteCount + statistics.notSentByteCount
        let held = Double(byteCount) * 8 / Double(max(1, bitsPerSecond))
        let isFlowing = (phase == .publishing || phase == .restored) && statistics.doubt == nil
        return [
            CongestionController.Load(
                lane: LinkLane(id, lane), delay: .milliseconds(mailbox.waitingMilliseconds) + .seconds(held),
                deliveredByteCount: statistics.deliveredByteCount == 0 ? nil : statistics.deliveredByteCount,
                isFlowing: isFlowing)
        ]
    }

    package func shed(_ sheds: [LinkLane: CongestionController.Shedding]) {
        if let shedding = sheds[LinkLane(id, lane)] { mailbox.shed(shedding) }
    }
}
