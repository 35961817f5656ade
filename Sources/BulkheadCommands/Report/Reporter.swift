package import BulkheadDrill
package import BulkheadEvents
import BulkheadMaster
package import BulkheadModel
import BulkheadProbe
import BulkheadSystem
import Foundation
import Synchronization
import SystemPackage

/// Tells a person, or a script, what a broadcast does: people on standard error, scripts on standard output. What a probe
/// or a drill came to is a result, and goes to standard output for both.
///
/// Telling never waits: a terminal that is stopped or a pipe that nobody reads must not hold up the master. Lines are
/// written by a thread of their own; what it can't take any more is counted.
package final class Reporter: Sendable {
    /// How the telling is done.
    package enum Style: Sendable {
        /// One live status line, events above it; in the background warnings alone, and no status line.
        case terminal(hasColours: Bool)
        /// One line for each event, and the status every ten seconds.
        case log
        /// The same for the journal: with priorities, without the time, which the journal has itself. Its unit's status is what
        /// stands there each second, and so the status is written each ten minutes.
        case journal
        /// Events as JSON objects on standard output, one a line, and the status every ten seconds.
        case json

        /// From status to status where there is no status line.
        fileprivate var interval: Duration { if case .journal = self { .seconds(600) } else { .seconds(10) } }
    }

    private struct State {
        /// The status line as it stands on the terminal; empty when there is none.
        var shown = ""
        /// The terminal's columns when it was written.
        var shownWidth = 0
        var lastLogged: ContinuousClock.Instant?
        /// Lines and their bytes that are handed over and not yet written.
        var waiting = 0
        var waitingByteCount = 0
        var lost = 0
    }

    private static let maximumWaiting = 1000
    private static let maximumWaitingByteCount = 4 << 20
    private static let closingTime = Duration.seconds(1)

    private let interval: Duration
    private let style: Style
    private let width: @Sendable () -> Int
    private let isForeground: @Sendable () -> Bool
    private let output: FileDescriptor
    private let results: FileDescriptor
    private let state = Mutex(State())
    private let thread = SerialThread()

    /// - Parameters:
    ///   - descriptor: where lines go; it stays the caller's.
    ///   - results: where results go; nil for the same.
    ///   - width: the terminal's columns at the moment.
    ///   - interval: from status to status where there is no status line; nil for what is usual for the style.
    ///   - isForeground: whether the terminal is this process's at the moment.
    package init(
        style: Style, descriptor: CInt, results: CInt? = nil, width: @escaping @Sendable () -> Int = { 80 },
        interval: Duration? = nil, isForeground: @escaping @Sendable () -> Bool = { true }
    ) {
        self.style = style
        self.width = width
        self.interval = interval ?? style.interval
        self.isForeground = isForeground
        output = FileDescriptor(rawValue: descriptor)
        self.results = FileDescriptor(rawValue: results ?? descriptor)
    }

    /// The reporter for this process: JSON if asked for, else as standard error allows.
    package static func standard(isJSON: Bool) -> Reporter {
        if isJSON { return Reporter(style: .json, descriptor: STDOUT_FILENO) }
        guard let terminal = Terminal.standardError() else {
            let style: Style = Journal.reads(STDERR_FILENO) ? .journal : .log
            return Reporter(style: style, descriptor: STDERR_FILENO, results: STDOUT_FILENO)
        }
        // A terminal may be told to stop background processes that write to it; this one must go on.
        signal(SIGTTOU, SIG_IGN)
        return Reporter(
            style: .terminal(hasColours: terminal.hasColours), descriptor: STDERR_FILENO, results: STDOUT_FILENO,
            width: { terminal.width }, isForeground: { terminal.isForeground })
    }

    /// Tells an event.
    package func event(_ event: Event) {
        switch style {
        case .terminal(let hasColours):
            guard isForeground() || event.level != .notice, !Self.isOfTheStatus(event) else { return }
            above(EventLine.short(event, colours: hasColours))
        case .log: state.withLock { write(EventLine.log(event) + "\n", &$0) }
        case .journal: if !Self.isOfTheStatus(event) { state.withLock { write(EventLine.journal(event) + "\n", &$0) } }
        case .json: json(event)
        }
    }

    /// The status says it all the time.
    private static func isOfTheStatus(_ event: Event) -> Bool {
        if case .recording(.report) = event.happening { true } else { false }
    }

    /// How often it is worth asking for the status: a log gets it each ten seconds anyway.
    var statusInterval: Duration { if case .terminal = style { .milliseconds(250) } else { .seconds(1) } }

    /// Shows the status: at once on a terminal, else when ten seconds have passed since the last one.
    package func status(_ report: ReportedStatus) {
        switch style {
        case .terminal:
            guard isForeground() else { return state.withLock { $0.shown = "" } }
            let columns = max(1, width())
            // The last column stays free: some terminals wrap as soon as it is written to.
            let text = EventLine.clean(report.line.text(width: max(1, columns - 1)))
            state.withLock { state in
                guard text != state.shown || columns < state.shownWidth else { return }
                write(Self.wipe(state.shown, columns) + "\r\(text)\u{1B}[K", &state)
                (state.shown, state.shownWidth) = (text, columns)
            }
        case .log, .journal: if isDue(ContinuousClock.now) { log(report.line.text(width: .max)) }
        case .json: if isDue(ContinuousClock.now) { json(report.object) }
        }
    }

    private func isDue(_ now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            if let last = state.lastLogged, last.duration(to: now) < interval { return false }
            defer { state.lastLogged = now }
            return state.lastLogged != nil
        }
    }

    /// Takes a line away that a terminal has wrapped because it has become narrower.
    private static func wipe(_ shown: String, _ columns: Int) -> String {
        let wrapped = (max(1, shown.count) - 1) / columns
        return wrapped > 0 ? "\r\u{1B}[\(wrapped)A\u{1B}[J" : ""
    }

    /// Says something that is no event; JSON leaves it out.
    package func say(_ text: String) {
        switch style {
        case .terminal: above(text)
        case .log, .journal: log(text)
        case .json: break
        }
    }

    /// Tells how the broadcast ended.
    package func summary(_ summary: BroadcastSummary) {
        if case .json = style {
            json(SummaryLine(status: summary.status))
            return
        }
        say(SummaryText.text(summary.status))
    }

    /// Tells what a viewer measured, and what came of the expectations.
    func measurements(_ report: StreamReport, _ verdicts: [Verdict]) {
        if case .json = style {
            json(MeasurementLine(measured: report, expectations: verdicts.map(VerdictLine.init)))
            return
        }
        for line in StreamText.lines(report) { result(line) }
        for verdict in verdicts { result(verdict.text) }
    }

    /// Tells what a broadcast would be.
    func forecast(_ forecast: Forecast) {
        if case .json = style { return json(ForecastLine(forecast)) }
        for line in ForecastText.lines(forecast) { result(line) }
    }

    /// Tells what a drill came to.
    package func drill(_ report: DrillReport) {
        if case .json = style, let line = DrillLine(report) { return json(line) }
        for line in report.lines { result(line) }
    }

    /// Leaves the status line as it stands and goes on below it.
    package func finish() {
        guard case .terminal = style else { return }
        state.withLock { state in
            if !state.shown.isEmpty { write("\n", &state) }
            state.shown = ""
        }
    }

    /// Waits until everything has been written, for a second at most. The last call before the process ends.
    /// - Returns: whether it has. Else the descriptor is still written to.
    @discardableResult
    package func flush() -> Bool { thread.drain(within: Self.closingTime) }

    /// Tells a script the failure that ends the command; people are told by the command itself.
    package func failure(_ error: BroadcastError) {
        if case .json = style { json(FailureLine(error: error)) }
    }

    // MARK: lines

    private func above(_ text: String) {
        state.withLock { write("\r\(text)\u{1B}[K\n\($0.shown)", &$0) }
    }

    private func result(_ text: String) {
        state.withLock { write(EventLine.clean(text) + "\n", to: results, &$0) }
    }

    private func log(_ text: String) {
        let head =
            if case .journal = style { Journal.Priority.information.prefix } else {
                "\(EventLine.timestamp(Date().timeIntervalSince1970)) notice bulkhead: "
            }
        state.withLock { write("\(head)\(EventLine.clean(text))\n", &$0) }
    }

    private func json(_ value: some Encodable) {
        guard let line = JSONLine.text(value) else { return }
        state.withLock { write(line + "\n", &$0) }
    }

    /// Hands `text` to the thread that writes; the lock that is held keeps the order.
    private func write(_ text: String, to target: FileDescriptor? = nil, _ state: inout State) {
        let byteCount = text.utf8.count
        guard state.waiting < Self.maximumWaiting, state.waitingByteCount + byteCount <= Self.maximumWaitingByteCount
        else {
            state.lost += 1
            return
        }
        state.waiting += 1
        state.waitingByteCount += byteCount
        let lost = state.lost
        state.lost = 0
        let isHandedOver = thread.run { [self] in
            // Where nobody reads any more, nothing can be told: the broadcast goes on.
            _ = try? (target ?? output).writeAll((text + untold(lost)).utf8)
            self.state.withLock {
                $0.waiting -= 1
                $0.waitingByteCount -= byteCount
            }
        }
        if !isHandedOver {
            state.waiting -= 1
            state.waitingByteCount -= byteCount
            state.lost += 1
        }
    }

    /// Says how many lines nobody got to see.
    private func untold(_ count: Int) -> String {
        guard count > 0 else { return "" }
        let event = Event(.reporter, .reporter(.linesLost(lines: count)), time: Date().timeIntervalSince1970)
        if case .json = style { return JSONLine.text(event).map { $0 + "\n" } ?? "" }
        if case .journal = style { return EventLine.journal(event) + "\n" }
        return EventLine.log(event) + "\n"
    }
}

/// The closing line of a broadcast, for scripts.
struct SummaryLine: Encodable {
    var kind = "summary"
    var part = "master"
    var status: BroadcastStatus
}

/// The closing line of a probe, for scripts.
struct MeasurementLine: Encodable {
    var kind = "summary"
    var part = "viewer"
    var measured: StreamReport
    var expectations: [VerdictLine]
}

/// What came of one expectation, for scripts.
struct VerdictLine: Encodable {
    var expectation: String
    var holds: Bool
    /// Nil where it could not be measured.
    var value: Double?
    var detail: String

    init(_ verdict: Verdict) {
        expectation = "\(verdict.expectation)"
        holds = verdict.holds
        value = verdict.value
        detail = verdict.detail
    }
}

/// The closing line of a broadcast that failed, for scripts.
struct FailureLine: Encodable {
    struct Failure: Encodable {
        var code: String
        var parameters: [String: String]
        var kind: String
        var problem: String
        var advice: String
        var exitCode: Int32
    }

    var kind = "error"
    var part = "master"
    var error: Failure

    init(error: BroadcastError) {
        self.error = Failure(
            code: error.code.rawValue, parameters: error.parameters, kind: error.kind.rawValue, problem: error.problem,
            advice: ErrorText.advice(error), exitCode: error.kind.exitCode)
    }
}
