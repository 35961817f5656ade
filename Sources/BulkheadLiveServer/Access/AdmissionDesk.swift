import BulkheadHTTP
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import NIOCore

/// Decides who may publish and play what: keys, tokens, and servers that are asked. It lives on the server's event loop.
final class AdmissionDesk {
    /// Whoever was let in.
    struct Pass {
        let request: AdmissionRequest
        /// What it publishes or plays, which a hook may have named.
        var name: StreamName
        /// Where the stream is to be pulled from, or pushed to.
        var relay: IngestTarget?
    }

    private let keys: SecretWords?
    private let publishSecrets: SecretFile?
    private let playSecrets: SecretFile?
    private let hooks: HookCaller?

    /// - Throws: ``LiveServerError/secrets(path:reason:)``.
    init(
        _ options: LiveServerOptions, on eventLoop: any EventLoop, report: @escaping (LiveServerEvent) -> Void
    ) throws(LiveServerError) {
        keys = options.streamKeys.map { SecretWords($0) }
        if let path = options.access.publishSecretPath {
            publishSecrets = try SecretFile(path, report: report)
        } else {
            publishSecrets = nil
        }
        if let path = options.access.playSecretPath {
            playSecrets = try SecretFile(path, report: report)
        } else {
            playSecrets = nil
        }
        hooks = options.access.hooks.map { HookCaller($0, on: eventLoop, report: report) }
    }

    /// Players are let in one by one, and not by the name alone: who plays segments needs a session.
    var guardsPlayers: Bool { playSecrets != nil || hooks?.has(.play) == true || hooks?.has(.playDone) == true }

    var updateInterval: Duration? { hooks.flatMap { $0.has(.update) ? $0.updateInterval : nil } }

    /// Whether there is a stream of this name at all, as far as keys say.
    func knows(_ name: String, _ fullName: String) -> Bool {
        guard let keys else { return true }
        // Both are looked up, so that time does not tell which of them it was.
        let (short, full) = (keys.contains(name), keys.contains(fullName))
        return short || full
    }

    /// Why the request is refused whatever a hook would say.
    func refusal(of request: AdmissionRequest) -> RefusalReason? {
        guard knows(request.name.name, request.fullName) else { return .unknownKey }
        let file = request.action == .publish ? publishSecrets : playSecrets
        guard let file else { return nil }
        let problem = AccessToken.problem(
            request.fields, request.action, app: request.name.app, name: request.name.name,
            address: request.peer.ipAddress, now: WallClockReading.milliseconds / 1000, secrets: file.secrets)
        return switch problem {
        case nil: nil
        case .missing: .noToken
        case .expired: .expiredToken
        case .wrong: .wrongToken
        }
    }

    /// Asks the hook, if there is one; without one `then` is called at once.
    func ask(_ request: AdmissionRequest, then: @escaping (Result<Pass, RefusalReason>) -> Void) {
        let pass = Pass(request: request, name: request.name)
        let (call, word) = request.action == .publish ? (OriginHooks.Call.publish, "publish") : (.play, "play")
        guard let hooks, hooks.has(call) else { return then(.success(pass)) }
        hooks.ask(call, word, request, request.name) { [hooks] verdict in
            switch verdict {
            case .accept: then(.success(pass))
            case .refuse: then(.failure(.refusedByHook))
            case .silent: then(hooks.admitsWithoutAnswer ? .success(pass) : .failure(.hookSilent))
            case .redirect(let location):
                guard let moved = Self.pass(pass, to: location) else {
                    hooks.tell("its Location is neither a stream's name nor rtmp://HOST/APP/NAME")
                    return then(hooks.admitsWithoutAnswer ? .success(pass) : .failure(.hookSilent))
                }
                then(.success(moved))
            }
        }
    }

    /// A pass for where a hook has sent its holder.
    private static func pass(_ pass: Pass, to location: String) -> Pass? {
        var pass = pass
        guard location.utf8.count <= ServerSessionStateMachine.longestFullName,
            location.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        if ["rtmp://", "rtmps://"].contains(where: location.lowercased().hasPrefix) {
            let target = try? IngestTarget(location)
            // Without a name it is the same one there.
            let sameName = try? IngestTarget(location, key: pass.name.name)
            pass.relay = target ?? sameName
            return pass.relay == nil ? nil : pass
        }
        let name = location.drop { $0 == "/" }.prefix { $0 != "?" }
        guard !name.isEmpty, name.utf8.count <= ServerSessionStateMachine.longestName, !name.contains("://") else {
            return nil
        }
        pass.name = StreamName(app: pass.name.app, name: String(name))
        return pass
    }

    /// Somebody is told of ends.
    var tellsEnds: Bool { hooks?.has(.publishDone) == true || hooks?.has(.playDone) == true }

    /// What is told, or waits for it.
    var pendingCount: Int { hooks?.pendingCount ?? 0 }

    /// Calls `body` once all has been told.
    func whenTold(_ body: @escaping () -> Void) {
        if let hooks { hooks.whenIdle(body) } else { body() }
    }

    /// The holder of a pass has gone.
    func returned(_ pass: Pass) {
        switch pass.request.action {
        case .publish: hooks?.tell(.publishDone, "publish_done", pass.request, pass.request.name)
        case .play: hooks?.tell(.playDone, "play_done", pass.request, pass.request.name)
        }
    }

    /// Asks whether the holder of a pass may go on.
    func renew(_ pass: Pass, after seconds: Int64, timestamp: UInt32, then: @escaping (_ mayGoOn: Bool) -> Void) {
        guard let hooks, hooks.has(.update) else { return then(true) }
        let word = pass.request.action == .publish ? "update_publish" : "update_play"
        let more = [(name: "time", value: "\(seconds)"), (name: "timestamp", value: "\(timestamp)")]
        hooks.ask(.update, word, pass.request, pass.request.name, more) { verdict in
            switch verdict {
            case .accept, .silent: then(true)
            case .refuse, .redirect: then(false)
            }
        }
    }
}
