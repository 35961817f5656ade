import BulkheadMedia
import BulkheadSystem

/// Tells a service manager how a broadcast goes; what it does not take at the moment is told with the next look.
final class ServiceReports {
    private let manager: ServiceManager
    private var machine: ServiceMachine
    private var untold: [String] = []
    /// Where nothing is read, the oldest are let go.
    private static let mostUntold = 16

    init(_ manager: ServiceManager) {
        self.manager = manager
        machine = ServiceMachine(watchdog: manager.watchdog)
    }

    /// The broadcast is in `state`, and `frame` comes next.
    func look(_ state: BroadcastState, next frame: FrameNumber, seconds: Double) {
        untold += machine.look(state, next: frame, seconds: seconds, at: .now)
        while let message = untold.first, manager.tell(message) { untold.removeFirst() }
        if untold.count > Self.mostUntold { untold.removeFirst(untold.count - Self.mostUntold) }
    }
}
