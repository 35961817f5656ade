package import BulkheadModel
package import BulkheadSystem

/// What one client may ask of a master.
package struct ControlLimits: Hashable, Sendable {
    package var lineByteCount = JSONLine.maximumByteCount
    /// On average; as many may come at once after a pause of a second.
    package var requestsPerSecond = 100
    package var unansweredRequests = 64
    /// What may wait for a client that does not read, in bytes.
    package var outgoingByteCount = 4 << 20

    package init() {}
}

/// Reads one client's lines and decides what becomes of them. It owns no socket and no clock.
package struct ControlSession: Sendable {
    package enum Action: Hashable, Sendable {
        case deliver(ControlRequest, id: Int?)
        /// The line is no request, or none for the client's role; the conversation goes on.
        case refuse(BroadcastError, id: Int?)
        /// The client has exceeded a bound, or speaks another version: tell it why, and close.
        case disconnect(BroadcastError)
    }

    private let limits: ControlLimits
    private let role: ControlRole
    private var incoming: [UInt8] = []
    private var isGreeted = false
    private var hasEnded = false
    private var unanswered = 0
    /// Requests that may come now; grows with time.
    private var allowance: Double
    private var lastRefill: MonotonicTime?

    package init(limits: ControlLimits = ControlLimits(), role: ControlRole = .own) {
        self.role = role
        self.limits = limits
        allowance = Double(limits.requestsPerSecond)
    }

    /// Takes what has come from the client. After ``Action/disconnect(_:)`` nothing is read any more.
    package mutating func receive(_ bytes: some Collection<UInt8>, at now: MonotonicTime) -> [Action] {
        guard !hasEnded else { return [] }
        let scanned = incoming.count
        incoming.append(contentsOf: bytes)
        var actions: [Action] = []
        var start = 0
        while let end = incoming[max(start, scanned)...].firstIndex(of: 0x0A) {
            let line = incoming[start..<end]
            start = end + 1
            let action = line.count > limits.lineByteCount ? .disconnect(tooLong) : take(line, at: now)
            guard let action else { continue }
            actions.append(action)
            if case .disconnect = action {
                finish()
                return actions
            }
        }
        incoming.removeFirst(start)
        if incoming.count > limits.lineByteCount {
            actions.append(.disconnect(tooLong))
            finish()
        }
        return actions
    }

    /// A request has had its last reply.
    package mutating func answered() { unanswered = max(0, unanswered - 1) }

    private mutating func finish() {
        hasEnded = true
        incoming = []
    }

    /// Nil for a greeting that is in order.
    private mutating func take(_ line: ArraySlice<UInt8>, at now: MonotonicTime) -> Action? {
        guard isGreeted else { return greet(line) }
        refill(at: now)
        guard allowance >= 1 else {
            return .disconnect(
                BroadcastError(
                    code: .tooManyRequests, ["maximum": "\(limits.requestsPerSecond)"],
                    "more than \(limits.requestsPerSecond) requests came in a second"))
        }
        allowance -= 1
        do {
            let request = try JSONLine.decode(ControlLine<ControlRequest>.self, from: line)
            guard unanswered < limits.unansweredRequests else {
                return .disconnect(
                    BroadcastError(
                        code: .tooManyUnanswered, ["maximum": "\(limits.unansweredRequests)"],
                        "more than \(limits.unansweredRequests) requests wait for an answer"))
            }
            if let refusal = request.content.refusal(for: role) { return .refuse(refusal, id: request.id) }
            unanswered += 1
            return .deliver(request.content, id: request.id)
        } catch { return RequestRefusal.refuse(line, error) }
    }

    private mutating func greet(_ line: ArraySlice<UInt8>) -> Action? {
        let version = (try? JSONLine.decode(ControlGreeting.self, from: line))?.version
        isGreeted = version == ControlGreeting.currentVersion
        return isGreeted ? nil : .disconnect(.otherVersion(client: version, master: ControlGreeting.currentVersion))
    }

    private mutating func refill(at now: MonotonicTime) {
        if let last = lastRefill {
            let seconds = Double(max(0, now.since(last))) / 1e9
            allowance = min(
                Double(limits.requestsPerSecond), allowance + seconds * Double(limits.requestsPerSecond))
        }
        lastRefill = now
    }

    private var tooLong: BroadcastError {
        BroadcastError(
            code: .lineTooLong, ["maximum": "\(limits.lineByteCount)"],
            "a line has more than \(limits.lineByteCount) bytes")
    }
}

extension BroadcastError {
    /// Client and master do not speak the same version; nil for a first line that names none.
    static func otherVersion(client: Int?, master: Int?) -> BroadcastError {
        func words(_ version: Int?) -> String { version.map { "version \($0)" } ?? "no version that is known" }
        var parameters: [String: String] = [:]
        parameters["client"] = client.map { "\($0)" }
        parameters["master"] = master.map { "\($0)" }
        return BroadcastError(
            code: .version, parameters,
            "the client speaks \(words(client)) of the control protocol, the master \(words(master))")
    }
}
