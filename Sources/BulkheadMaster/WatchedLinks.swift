import BulkheadModel
import BulkheadOutputs
import BulkheadRoom
import BulkheadSwitch
import BulkheadSystem

/// Says when what goes to a platform is not what that takes: the conditions of its link.
///
/// Size and keyframes are those of the stream, which all links get; the bitrate is what the link has sent, and counts while it is on
/// air. It is looked at twice a second.
final class WatchedLinks {
    private struct Lane: Hashable {
        let link: LinkID
        let number: Int
    }

    private struct Watch {
        let part: Part
        var alarms: ConditionAlarms
        /// Since when it has been on air without a break; nil while it is not.
        var onAirSince: MonotonicTime?
    }

    /// A connection that has just been made catches up, and its rate says nothing.
    private static let settling = Duration.seconds(5)
    private static let interval = Duration.milliseconds(500)

    private let context: RoomContext
    private var watches: [Lane: Watch] = [:]
    private var lookedAt: MonotonicTime?

    init(in context: RoomContext) { self.context = context }

    /// - Parameters:
    ///   - stream: what is known of the stream, called where something is watched.
    ///   - isFast: the rates of links are not those that viewers get.
    func look(at outputs: Outputs, isFast: Bool, at now: MonotonicTime, stream: () -> WayReport) {
        guard lookedAt.map({ now.since($0) >= Self.interval.nanoseconds }) ?? true else { return }
        lookedAt = now
        let destinations = outputs.destinations
        guard !watches.isEmpty || destinations.contains(where: { !$0.watch.isEmpty }) else { return }
        let stream = stream()
        var seen: Set<Lane> = []
        for (link, destination) in zip(outputs.snapshot.links, destinations) where !destination.watch.isEmpty {
            for (number, status) in link.lanes.enumerated() {
                let lane = Lane(link: link.id, number: number)
                seen.insert(lane)
                look(lane, link.name, of: link.lanes.count, destination.watch, status, stream, isFast, now)
            }
        }
        for lane in watches.keys where !seen.contains(lane) { forget(lane, at: now) }
    }

    private func look(
        _ lane: Lane, _ name: String, of laneCount: Int, _ conditions: [SwitchCondition], _ status: LinkStatus,
        _ stream: WayReport, _ isFast: Bool, _ now: MonotonicTime
    ) {
        let part = Part.link(lane.link, name: name, lane: laneCount > 1 ? lane.number + 1 : nil)
        var watch = watches[lane] ?? Watch(part: part, alarms: ConditionAlarms(conditions))
        let isOnAir = status.state == .publishing || status.state == .restored
        watch.onAirSince = isOnAir ? watch.onAirSince ?? now : nil
        var report = stream
        let isSettled = watch.onAirSince.map { now.since($0) >= Self.settling.nanoseconds } ?? false
        report.bitsPerSecond = isSettled && !isFast ? Double(status.bitsPerSecond) : nil
        // What goes nowhere is no platform's trouble.
        if !isOnAir { (report.canvas, report.keyframeSeconds) = (nil, nil) }
        let news = watch.alarms.take(report, at: now)
        watches[lane] = watch
        context.tell(news, of: part)
    }

    private func forget(_ lane: Lane, at now: MonotonicTime) {
        guard var watch = watches.removeValue(forKey: lane) else { return }
        context.tell(watch.alarms.change(to: [], at: now), of: watch.part)
    }

    /// The conditions that are met, for each lane of each link.
    func fill(_ status: inout BroadcastStatus, _ links: [OutputsSnapshot.Link]) {
        var place = 0
        for link in links {
            for number in link.lanes.indices {
                defer { place += 1 }
                guard let met = watches[Lane(link: link.id, number: number)]?.alarms.met, !met.isEmpty,
                    status.links.indices.contains(place)
                else { continue }
                status.links[place].alarms = met
            }
        }
    }
}
