import NIOCore

/// A stream's segments, and the requests that wait for the next ones. It lives on the server's event loop.
final class SegmentStore {
    /// A request that is held until what it asks for is there.
    private struct Listener {
        let number: Int
        let isDue: (SegmentWindow) -> Bool
        let answer: (Bool) -> Void
        let timeout: Scheduled<Void>
    }

    /// Requests held at a time; more are refused.
    private static let mostListeners = 4096

    private(set) var window: SegmentWindow
    private var listeners: [Listener] = []
    private var count = 0
    private let eventLoop: any EventLoop

    init(byteLimit: Int, on eventLoop: any EventLoop) {
        window = SegmentWindow(byteLimit: byteLimit)
        self.eventLoop = eventLoop
    }

    var byteLimit: Int {
        get { window.byteLimit }
        set { window.byteLimit = newValue }
    }

    /// Whoever asked for the playlist, on which connection, and when last.
    private var viewers: [ObjectIdentifier: NIODeadline] = [:]

    /// Connections that have asked for the playlist within half a minute.
    var viewerCount: Int {
        let now = NIODeadline.now()
        viewers = viewers.filter { now - $0.value < .seconds(30) }
        return viewers.count
    }

    func noteViewer(_ connection: ObjectIdentifier) {
        viewers[connection] = .now()
        if viewers.count > Self.mostListeners { _ = viewerCount }
    }

    var hasListeners: Bool { !listeners.isEmpty }

    func take(_ tracks: PackagedTracks) { window.take(tracks) }

    func take(_ part: MediaPart, on timeline: StreamTimeline) {
        window.take(part, on: timeline)
        answerDue()
    }

    func breakOff() { window.breakOff() }

    /// The publisher has left for good.
    func end(on timeline: StreamTimeline) {
        window.end(on: timeline)
        answerDue()
        let rest = listeners
        listeners = []
        for listener in rest {
            listener.timeout.cancel()
            listener.answer(false)
        }
    }

    /// Calls `answer` when `isDue` holds, or with false after a while, or where too many wait already.
    /// - Returns: ends the wait, without an answer.
    func wait(
        atMost patience: TimeAmount, until isDue: @escaping (SegmentWindow) -> Bool, answer: @escaping (Bool) -> Void
    ) -> () -> Void {
        guard !isDue(window), listeners.count < Self.mostListeners else {
            answer(isDue(window))
            return {}
        }
        count += 1
        let number = count
        let timeout = eventLoop.assumeIsolated().scheduleTask(in: patience) { [weak self] in
            self?.listeners.removeAll { $0.number == number }
            answer(false)
        }
        listeners.append(Listener(number: number, isDue: isDue, answer: answer, timeout: timeout))
        return { [weak self] in
            timeout.cancel()
            self?.listeners.removeAll { $0.number == number }
        }
    }

    private func answerDue() {
        let due = listeners.filter { $0.isDue(window) }
        guard !due.isEmpty else { return }
        let numbers = Set(due.map(\.number))
        listeners.removeAll { numbers.contains($0.number) }
        for listener in due {
            listener.timeout.cancel()
            listener.answer(true)
        }
    }
}
