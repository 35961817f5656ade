import NIOCore

/// Whoever plays segments, where players are let in one by one: each request names the session that the first one began.
/// It lives on the server's event loop.
final class PlaySessions {
    /// The query's field.
    static let field = "session"
    /// A session without a request for so long is over.
    private static let patience = TimeAmount.seconds(30)
    private static let mostSessions = 8192

    private struct Session {
        let pass: AdmissionDesk.Pass
        var usedAt: NIODeadline
    }

    private let eventLoop: any EventLoop
    private var sessions: [String: Session] = [:]
    private var pulse: Pulse?
    /// Told of each pass whose holder has gone.
    var onEnd: (AdmissionDesk.Pass) -> Void = { _ in }

    init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// - Returns: the session's word; nil where there are too many.
    func open(_ pass: AdmissionDesk.Pass) -> String? {
        guard sessions.count < Self.mostSessions else { return nil }
        // The system's own generator can't be foreseen.
        let word = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
        sessions[word] = Session(pass: pass, usedAt: .now())
        if pulse == nil { pulse = Pulse(every: .seconds(1), on: eventLoop) { [weak self] in self?.sweep() } }
        return word
    }

    /// The stream that may be played in a session; nil where there is no such session, or it is of another stream.
    func use(_ word: String, for name: StreamName) -> StreamName? {
        guard let session = sessions[word], session.pass.request.name == name else { return nil }
        sessions[word]?.usedAt = .now()
        return session.pass.name
    }

    private func sweep() {
        let now = NIODeadline.now()
        for (word, session) in sessions where now - session.usedAt > Self.patience {
            sessions[word] = nil
            onEnd(session.pass)
        }
        if sessions.isEmpty { stop() }
    }

    /// All are over.
    func stop() {
        pulse?.stop()
        pulse = nil
        let all = sessions.values
        sessions = [:]
        for session in all { onEnd(session.pass) }
    }

    /// A playlist in which each address names the session.
    static func playlist(_ text: String, session: String) -> String {
        let mark = "?\(field)=\(session)"
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix("#") else { return line.isEmpty ? String(line) : line + mark }
            guard let start = line.firstRange(of: "URI=\""), let end = line[start.upperBound...].firstIndex(of: "\"")
            else { return String(line) }
            return line[..<end] + mark + line[end...]
        }.joined(separator: "\n")
    }
}
