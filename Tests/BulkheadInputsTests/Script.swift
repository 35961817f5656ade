import BulkheadChildren
import BulkheadEvents
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc

/// An input's machine with a clock that only the test moves.
struct Script {
    private(set) var machine: InputMachine
    private var now = MonotonicTime(nanoseconds: 5_000_000_000_000)
    private var lastChild = 0

    init(
        _ id: InputID = 1, loops: Bool = false, isResumed: Bool = false, continuing continued: SourceResume? = nil
    ) {
        machine = InputMachine(
            id, loops: loops, interval: MediaTime(milliseconds: 40), isResumed: isResumed, continuing: continued)
    }

    /// The process at hand.
    var child: ChildID { ChildID(lastChild) }

    mutating func wait(_ duration: Duration) { now = now.advanced(by: duration) }

    @discardableResult
    mutating func handle(_ event: InputMachine.Event) -> [InputMachine.Action] { machine.handle(event, at: now) }

    /// The next process is started.
    mutating func launch() {
        lastChild += 1
        handle(.launched(child))
    }

    /// The next process is started and opens the input.
    @discardableResult
    mutating func open(_ description: SourceDescription = .file) -> [InputMachine.Action] {
        launch()
        return handle(.opened(child, description))
    }

    @discardableResult
    mutating func picture(_ milliseconds: Int64, position: Int64? = nil) -> [InputMachine.Action] {
        handle(
            .picture(
                child, pts: MediaTime(milliseconds: milliseconds),
                position: MediaTime(milliseconds: position ?? milliseconds)))
    }

    @discardableResult
    mutating func sound(until milliseconds: Int64) -> [InputMachine.Action] {
        handle(.sound(child, soundEnd: MediaTime(milliseconds: milliseconds).sampleIndex))
    }

    @discardableResult
    mutating func end(_ end: ChildEnd) -> [InputMachine.Action] { handle(.ended(child, end)) }

    /// The process opens, gives the picture of that time, and ends.
    mutating func dieAfter(_ milliseconds: Int64, _ end: ChildEnd = .crash) -> [InputMachine.Action] {
        open()
        wait(.seconds(3))
        picture(milliseconds)
        return self.end(end)
    }
}

extension ChildEnd {
    static let crash = ChildEnd(cause: .exited(.signaled(SIGSEGV)))
    static let kill = ChildEnd(cause: .exited(.signaled(SIGKILL)))
    static let hang = ChildEnd(cause: .dismissed("nothing came within 3 s"))
    static let released = ChildEnd(cause: .released)
}

extension SourceDescription {
    /// A minute of picture and sound.
    static let file = SourceDescription(
        hasVideo: true, hasAudio: true, isLive: false, duration: 60_000_000_000, summary: "a file")
    static let soundFile = SourceDescription(
        hasVideo: false, hasAudio: true, isLive: false, duration: 60_000_000_000, summary: "a song")
    static let testPicture = SourceDescription(
        hasVideo: true, hasAudio: true, isLive: false, duration: -1, summary: "the test picture")
    static let camera = SourceDescription(
        hasVideo: true, hasAudio: true, isLive: true, duration: -1, summary: "a camera")
}
