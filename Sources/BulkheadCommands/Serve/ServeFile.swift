package import BulkheadModel
import SystemPackage

/// The configuration file of a live server.
package enum ServeFile {
    private static let maximumByteCount = 1 << 20
    static let timeouts: ClosedRange<Double> = 1...3600
    static let graces: ClosedRange<Double> = 0...3600

    /// Reads the file at `path`.
    /// - Throws: kind `usage`: no such file, an unknown key, a value that does not fit. Nothing thrown repeats a key.
    package static func settings(at path: String) throws(BroadcastError) -> OriginSettings {
        let text: String
        do throws(Errno) { text = try SmallFile.text(at: path, limit: maximumByteCount) } catch {
            throw BroadcastError(
                .usage, "the configuration file \(path) can't be read: \(error.phrase)", advice: "check --config")
        }
        return try settings(in: text, named: path)
    }

    /// Reads YAML text; `name` stands for it in what is thrown.
    package static func settings(in text: String, named name: String) throws(BroadcastError) -> OriginSettings {
        let root = try YAMLMap.root(
            text, named: name,
            keys: [
                "listen", "stream-keys", "publisher-timeout", "publisher-grace", "hold-players", "move-to", "tls-cert",
                "tls-key",
                "relays", "hooks", "publish-secret-file", "play-secret-file", "api-token-file", "limits",
            ])
        var settings = OriginSettings()
        if let word = try root.text("listen") {
            guard let address = ListenAddress(word) else {
                throw root.misfit("listen", "\"listen\" wants an address and a port", "write 127.0.0.1:1935")
            }
            (settings.host, settings.port) = (address.host, address.port)
        }
        let keys = try root.texts("stream-keys")
        guard keys.allSatisfy({ !$0.isEmpty }) else {
            throw root.misfit("stream-keys", "a stream key is empty", "leave it out")
        }
        if !keys.isEmpty { settings.streamKeys = keys }
        if let word = try root.text("publisher-timeout") {
            settings.publisherTimeout = try at("publisher-timeout", root, RelayWords.seconds, word, timeouts)
        }
        if let word = try root.text("publisher-grace") {
            settings.publisherGrace = try at("publisher-grace", root, RelayWords.seconds, word, graces)
        }
        settings.holdsPlayers = try root.flag("hold-players") ?? false
        settings.moveTo = try root.text("move-to")
        (settings.certificate, settings.key) = (try root.text("tls-cert"), try root.text("tls-key"))
        guard (settings.certificate == nil) == (settings.key == nil) else {
            throw root.misfit("tls-cert", "\"tls-cert\" and \"tls-key\" go together", "add the other one")
        }
        settings.publishSecretFile = try root.text("publish-secret-file")
        settings.playSecretFile = try root.text("play-secret-file")
        settings.interfaceTokenFile = try root.text("api-token-file")
        try readRelays(root, &settings)
        try readHooks(root, &settings)
        try readLimits(root, &settings)
        return settings
    }

    private static func at(
        _ key: String, _ map: YAMLMap,
        _ read: (String, ClosedRange<Double>, String) throws(BroadcastError) -> Double, _ word: String,
        _ range: ClosedRange<Double>
    ) throws(BroadcastError) -> Double {
        do throws(BroadcastError) { return try read(word, range, key) } catch {
            throw map.misfit(key, error.problem, error.advice)
        }
    }

    private static func readRelays(_ root: YAMLMap, _ settings: inout OriginSettings) throws(BroadcastError) {
        for relay in try root.maps("relays", keys: ["pull", "push", "name", "on-demand", "linger"]) {
            let (sources, target) = (try relay.texts("pull"), try relay.text("push"))
            let name = try relay.text("name")
            let isOnDemand = try relay.flag("on-demand")
            let linger = try relay.text("linger")
            switch (sources.isEmpty, target) {
            case (false, nil):
                do throws(BroadcastError) {
                    settings.pulls.append(
                        try RelayWords.pull(sources, name: name, isOnDemand: isOnDemand ?? false, linger: linger))
                } catch { throw relay.misfit("pull", error.problem, error.advice) }
            case (true, let target?):
                guard isOnDemand == nil, linger == nil else {
                    throw relay.misfit("push", "\"on-demand\" and \"linger\" are for pulls", "leave them out")
                }
                do throws(BroadcastError) { settings.pushes.append(try RelayWords.push(target, name: name)) } catch {
                    throw relay.misfit("push", error.problem, error.advice)
                }
            default:
                throw relay.misfit("pull", "a relay has either \"pull\" or \"push\"", "write two relays for both")
            }
        }
    }

    private static func readHooks(_ root: YAMLMap, _ settings: inout OriginSettings) throws(BroadcastError) {
        let calls = OriginHooks.Call.allCases.map(\.rawValue)
        let more = ["format", "timeout", "without-answer", "update-interval"]
        guard let map = try root.map("hooks", keys: calls + more) else { return }
        var hooks = OriginHooks()
        for call in calls {
            guard let url = try map.text(call) else { continue }
            do throws(BroadcastError) { hooks.addresses[call] = try RelayWords.hook(call, url).1 } catch {
                throw map.misfit(call, error.problem, error.advice)
            }
        }
        switch try map.text("format") {
        case nil, "form": break
        case "json": hooks.isJSON = true
        default: throw map.misfit("format", "\"format\" is form or json", "mend it there")
        }
        switch try map.text("without-answer") {
        case nil, "refuse": break
        case "accept": hooks.admitsWithoutAnswer = true
        default: throw map.misfit("without-answer", "\"without-answer\" is refuse or accept", "mend it there")
        }
        if let word = try map.text("timeout") {
            hooks.timeoutSeconds = try at("timeout", map, RelayWords.seconds, word, 0.1...60)
        }
        if let word = try map.text("update-interval") {
            hooks.updateSeconds = try at("update-interval", map, RelayWords.seconds, word, 1...86_400)
        }
        settings.hooks = hooks
    }

    private static func readLimits(_ root: YAMLMap, _ settings: inout OriginSettings) throws(BroadcastError) {
        let keys = [
            "connections", "connections-per-address", "connections-per-minute", "publishes-per-minute",
            "plays-per-minute", "players", "players-per-stream", "bandwidth",
        ]
        guard let map = try root.map("limits", keys: keys) else { return }
        func count(_ key: String) throws(BroadcastError) -> Int? {
            guard let word = try map.text(key) else { return nil }
            guard let number = Int(word), number > 0 else {
                throw map.misfit(key, "\"\(key)\" is a number above 0", "mend it there")
            }
            return number
        }
        if let number = try count("connections") { settings.connectionLimit = number }
        settings.addressConnectionLimit = try count("connections-per-address")
        settings.limits.connectionsPerMinute = try count("connections-per-minute")
        settings.limits.publishesPerMinute = try count("publishes-per-minute")
        settings.limits.playsPerMinute = try count("plays-per-minute")
        settings.limits.players = try count("players")
        settings.limits.playersPerStream = try count("players-per-stream")
        if let word = try map.text("bandwidth") {
            guard let rate = BitRate(word) else {
                throw map.misfit("bandwidth", "\"bandwidth\" is no bitrate", "write 500M")
            }
            settings.limits.bitsPerSecond = Int(rate.bitsPerSecond)
        }
    }
}
