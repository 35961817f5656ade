import BulkheadHTTP
import Synchronization

/// A question to the trackers of an address: the next one is asked as well when the one before refuses or takes long.
struct TrackerQuestion: Sendable {
    enum Outcome<Answer: Sendable>: Sendable {
        case answered(HTTPAddress, Answer)
        /// All that answered know of no such thing.
        case unknown
        /// None could prove who it is, and why.
        case untrusted(String)
        /// What each of them said.
        case failed(String)
    }

    let trackers: [HTTPAddress]
    /// How long one has for itself.
    let step: Duration
    /// How long one may give nothing.
    let silence: Duration
    let trust: ClientTrust?

    /// - Parameters:
    ///   - path: below a tracker's address, beginning with `/`.
    ///   - read: what the first that answers has said; throws where it is no answer.
    func ask<Answer: Sendable>(
        _ path: String, _ read: @escaping @Sendable ([UInt8], HTTPAddress) throws(FetchFailure) -> Answer
    ) async -> Outcome<Answer> {
        let refusals = Mutex<[HTTPAddress: FetchFailure]>([:])
        let winner = await StaggeredRace.first(of: trackers, every: step) { tracker -> Answer? in
            do throws(FetchFailure) {
                guard let address = HTTPAddress(VideoAddress.origin(tracker) + path) else {
                    throw .broken("no address")
                }
                let answer = try await MediaFetch(address: address, silence: silence, trust: trust).run()
                return try read(answer.body, tracker)
            } catch {
                refusals.withLock { $0[tracker] = error }
                return nil
            }
        }
        if let winner { return .answered(trackers[winner.place], winner.value) }
        let failures = refusals.withLock { $0 }
        let isUnknown = failures.values.contains { if case .refused(404, _) = $0 { true } else { false } }
        let mayCome = failures.values.contains { if case .refused(503, _) = $0 { true } else { false } }
        if isUnknown, !mayCome { return .unknown }
        let phrase = failures.sorted { $0.key.authority < $1.key.authority }
            .map { "\($0.key.authority) \($0.value)" }.joined(separator: "; ")
        let isDistrust =
            !failures.isEmpty && failures.values.allSatisfy { if case .untrusted = $0 { true } else { false } }
        return isDistrust ? .untrusted(phrase) : .failed(phrase)
    }
}
