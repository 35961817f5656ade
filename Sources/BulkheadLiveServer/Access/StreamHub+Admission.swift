import BulkheadHTTP
import BulkheadRTMP
import NIOCore

extension StreamHub {
    /// Decides about a request, at once where no server has to be asked. What is refused has been told, and counted
    /// against the peer's address where that is due.
    func admit(_ request: AdmissionRequest, then: @escaping (Result<AdmissionDesk.Pass, RefusalReason>) -> Void) {
        if let reason = refusal(of: request) {
            tell(request, reason)
            return then(.failure(reason))
        }
        admission.ask(request) { [weak self] result in
            guard let self else { return }
            var result = result
            if case .success(let pass) = result, request.action == .play, let reason = playRefusal(of: pass.name) {
                result = .failure(reason)
            }
            if case .failure(let reason) = result { tell(request, reason) }
            then(result)
        }
    }

    private func refusal(of request: AdmissionRequest) -> RefusalReason? {
        guard allows(request.action, of: request.peer.address) else { return .tooOften }
        if request.action == .publish, !options.takesPublishers { return .unknownKey }
        if let reason = admission.refusal(of: request) { return reason }
        let marks = request.client.relayMarks
        if marks.contains(mark) { return .loop }
        if let source = relays.pulls[request.name]?.serverMark, marks.contains(source) { return .loop }
        return request.action == .play ? playRefusal(of: request.name) : nil
    }

    /// Why there may be no more players of a stream.
    private func playRefusal(of name: StreamName) -> RefusalReason? {
        let rates = options.rates
        if let limit = rates.playerLimit, playerCount >= limit { return .tooManyPlayers }
        guard let stream = known(name) else { return nil }
        if let limit = rates.streamPlayerLimit, stream.playerCount >= limit { return .tooManyPlayersOfStream }
        if let limit = rates.bitsPerSecondLimit {
            let others = published.reduce(0) { $0 + $1.bitsPerSecond * $1.playerCount }
            if others + stream.bitsPerSecond > limit { return .noBandwidth }
        }
        return nil
    }

    private func tell(_ request: AdmissionRequest, _ reason: RefusalReason) {
        switch request.action {
        case .publish: send(.publishRefused(request.name, peer: request.peer.name, reason))
        case .play: send(.playRefused(request.name, peer: request.peer.name, reason))
        }
    }
}
