package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
import Synchronization

/// A link that publishes to two of its servers at once: two lanes, each with a queue, a connection and a state of its own.
/// Each finds its way back by itself, and never to the server that the other one has.
package final class RedundantLink: Sink, Servers {
    private let lanes: [ServerLink]

    package init(_ lanes: [ServerLink]) { self.lanes = lanes }

    package func configure(_ configuration: StreamConfiguration, number: Int) {
        lanes.forEach { $0.configure(configuration, number: number) }
    }
    package func offer(_ packet: Packet) { lanes.forEach { $0.offer(packet) } }
    package var hasRoom: Bool { lanes.allSatisfy(\.hasRoom) }
    package var firstSent: MediaTime? { lanes.compactMap(\.firstSent).min() }
    package func finish() { lanes.forEach { $0.finish() } }
    package func abort() { lanes.forEach { $0.abort() } }
    /// The lanes share their servers.
    package var reach: LinkPatience.Reach? { lanes.first?.reach }
    package func goOn(from reach: LinkPatience.Reach) { lanes.first?.goOn(from: reach) }
    package func pause(_ isPaused: Bool) { lanes.forEach { $0.pause(isPaused) } }
    package func resume(from time: MediaTime) { lanes.forEach { $0.resume(from: time) } }
    package func retry() { lanes.forEach { $0.retry() } }
    package func networkChanged() { lanes.forEach { $0.networkChanged() } }
    package func tell(_ happening: RecordingHappening, of recording: String) {
        lanes.forEach { $0.tell(happening, of: recording) }
    }
    package func extend(_ entries: [RoomEntry]) { lanes.forEach { $0.extend(entries) } }
    package func loads(bitsPerSecond: Int) -> [CongestionController.Load] {
        lanes.flatMap { $0.loads(bitsPerSecond: bitsPerSecond) }
    }
    package func shed(_ sheds: [LinkLane: CongestionController.Shedding]) { lanes.forEach { $0.shed(sheds) } }
    /// A lane that has failed is no failure of the link as long as another one has not.
    package var statuses: [LinkStatus] {
        let all = lanes.flatMap(\.statuses)
        guard all.contains(where: { $0.state != .failed }) else { return all }
        return all.map { status in
            var status = status
            if status.state == .failed { status.state = .ended }
            return status
        }
    }

    /// Both have a server, and a third is where a lane that is lost goes.
    package func move(to word: String) throws(BroadcastError) {
        throw BroadcastError(
            code: .linkWithoutServers, "the link publishes to two servers at once", advice: "move a link with one lane")
    }

    package func report(isMeasured: Bool) async -> LinkServersReport {
        await lanes.first?.report(isMeasured: isMeasured)
            ?? LinkServersReport(link: "", rule: "", servers: [], choice: nil, reason: "it has no servers")
    }

    /// Fails when no lane is left.
    package func run() async throws(BroadcastError) {
        let failures = await withTaskGroup(of: BroadcastError?.self) { group in
            for lane in lanes {
                group.addTask {
                    do throws(BroadcastError) {
                        try await lane.run()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var failures: [BroadcastError] = []
            for await failure in group { if let failure { failures.append(failure) } }
            return failures
        }
        if failures.count == lanes.count, let first = failures.first { throw first }
    }
}
