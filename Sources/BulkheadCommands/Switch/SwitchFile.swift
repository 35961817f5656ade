import BulkheadEvents
import BulkheadHTTP
package import BulkheadModel
import BulkheadRTMP
import BulkheadSwitch
package import BulkheadSwitcher
import NIOCore
import SystemPackage
import Yams

/// The configuration file of a switch.
package enum SwitchFile {
    static let standardName = "main"
    private static let maximumByteCount = 1 << 20

    /// Reads the file at `path`.
    /// - Throws: kind `usage`: no such file, an unknown key, a value that does not fit; kind `control` where no broadcast is
    ///   named and none runs. Nothing thrown repeats a key.
    /// - Parameter broadcast: the socket of the broadcast, whatever the file says; nil for what it says.
    package static func settings(
        at path: String, broadcast: String? = nil
    ) throws(BroadcastError) -> SwitcherSettings {
        let text: String
        do throws(Errno) { text = try SmallFile.text(at: path, limit: maximumByteCount) } catch {
            throw BroadcastError(
                .usage, "the configuration file \(path) can't be read: \(error.phrase)", advice: "check --config")
        }
        return try settings(in: text, named: path, broadcast: broadcast, findBroadcast: ControlAddress.findRunning)
    }

    /// Reads YAML text; `name` stands for it in what is thrown.
    /// - Parameter findBroadcast: gives the socket of the broadcast where the text names none.
    package static func settings(
        in text: String, named name: String, broadcast chosen: String? = nil,
        findBroadcast: () throws(BroadcastError) -> String
    ) throws(BroadcastError) -> SwitcherSettings {
        let root = try YAMLMap.root(
            text, named: name,
            keys: [
                "name", "broadcast", "preferred", "policy", "when", "watch", "push", "pull", "backup", "hook", "status",
                "control",
                "times",
            ])
        let pull = try root.map("pull", keys: ["source", "when", "start", "stop", "kind", "url", "token-file"])
        let backup = try root.map("backup", keys: ["broadcast", "link", "when"])
        guard pull != nil || backup != nil else {
            throw root.misfit(
                "pull", "there is one way only",
                "say how the server pulls (\"pull:\"), or name another broadcast that pushes (\"backup:\")")
        }
        let push = try root.map("push", keys: ["link", "when"])
        let called = try root.text("name") ?? standardName
        guard isName(called) else {
            throw root.misfit("name", "a switch's name has letters, digits, dashes and dots", "choose another one")
        }
        let watchText = try root.required("watch")
        let watch = try target(watchText, root, "watch")
        let broadcast: String
        if let chosen {
            broadcast = try ControlAddress.path(from: chosen, flag: "--broadcast")
        } else if let word = try root.text("broadcast") {
            broadcast = try ControlAddress.path(from: word, flag: "broadcast:")
        } else {
            broadcast = try findBroadcast()
        }
        var control = socketPath(called)
        if let word = try root.text("control") { control = try ControlAddress.path(from: word, flag: "control:") }
        var settings = SwitcherSettings(
            name: called, rules: try rules(root, [(.push, push), (.pull, pull), (.backup, backup)]),
            push: .init(broadcastPath: broadcast, link: try push?.text("link") ?? "1"), watch: watch,
            controlPath: control)
        if let backup {
            settings.backup = .init(
                broadcastPath: try ControlAddress.path(from: try backup.required("broadcast"), flag: "broadcast:"),
                link: try backup.text("link") ?? "1")
            guard settings.backup != settings.push else {
                throw backup.misfit("broadcast", "the backup is the push itself", "name another broadcast, or link")
            }
        }
        if let pull { settings.pull = try Self.pull(pull, watch, watchText) }
        settings.statePath = statePath(called)
        settings.statusPage = try statusPage(root, watch)
        if settings.statusPage == nil, let pull { settings.statusPage = try bulkheadPage(pull) }
        if let word = try root.text("hook") {
            guard let address = ListenAddress(word), address.port > 0 else {
                throw root.misfit("hook", "\"hook\" wants an address and a port", "write 127.0.0.1:8935")
            }
            settings.hook = (address.host, address.port)
        }
        if let pull, let way = settings.pull, case .trigger = way.system {
            let source = way.source
            guard settings.hook != nil else {
                throw pull.misfit(
                    "source", "nothing tells the server to pull",
                    "name where its hooks are answered (\"hook:\"), or write requests (\"start:\" and \"stop:\")")
            }
            guard (try? SocketAddress(ipAddress: source.host, port: source.port)) != nil, !source.usesTLS else {
                throw pull.misfit(
                    "source", "a server that is redirected by its hook pulls from rtmp:// and an IP address only",
                    "write the address of \(source.host) as a number")
            }
        }
        return settings
    }

    private static func pull(
        _ pull: YAMLMap, _ watch: IngestTarget, _ watchText: String
    ) throws(BroadcastError) -> SwitcherSettings.Pull {
        let address = try pull.required("source")
        let source = try target(address, pull, "source")
        let values = ["source": address, "app": watch.app, "stream": watch.key]
        return .init(try pullSystem(pull, watchText, values: values), source: source, address: address)
    }

    private static func target(
        _ text: String, _ map: YAMLMap, _ key: String
    ) throws(BroadcastError) -> IngestTarget {
        do throws(IngestTargetError) { return try IngestTarget(text) } catch {
            throw map.misfit(key, "\"\(key)\" is no address of a stream: \(error)", "write rtmp://HOST/APP/KEY")
        }
    }

    // MARK: rules

    private static func rules(
        _ root: YAMLMap, _ maps: [(Way, YAMLMap?)]
    ) throws(BroadcastError) -> SwitchRules {
        var rules = SwitchRules()
        // The push is there without a word.
        rules.ways = maps.filter { $0.0 == .push || $0.1 != nil }.map(\.0)
        if let word = try root.text("preferred") {
            guard rules.ways.contains(Way(rawValue: word)) else {
                let ways = rules.ways.map(\.rawValue).joined(separator: " or ")
                throw root.misfit("preferred", "\"preferred\" is \(ways)", "mend it there")
            }
            rules.preferred = Way(rawValue: word)
        }
        if let word = try root.text("policy") {
            guard let policy = ReturnPolicy(rawValue: word) else {
                throw root.misfit("policy", "\"policy\" is stay, return or best", "mend it there")
            }
            rules.policy = policy
        }
        let all = try conditions(root)
        for (way, map) in maps where rules.ways.contains(way) {
            rules.conditions[way] = all + (try map.map { (map) throws(BroadcastError) in try conditions(map) } ?? [])
        }
        guard rules.conditions.contains(where: { !$0.value.isEmpty }) else {
            throw root.misfit("when", "there is no condition: nothing would ever be switched", "add \"when:\"")
        }
        guard let times = try root.map("times", keys: timeKeys.map(\.key)) else { return rules }
        for (key, path, range) in timeKeys {
            guard let word = try times.text(key) else { continue }
            guard let span = TimeSpan(word), range.contains(span.seconds) else {
                throw times.misfit(
                    key, "\"\(key)\" is no time from \(range.lowerBound) to \(range.upperBound) s", "mend it there")
            }
            rules[keyPath: path] = Int((span.seconds * 1000).rounded())
        }
        return rules
    }

    /// The keys of `times`, and their ranges in seconds.
    private static var timeKeys: [(key: String, path: WritableKeyPath<SwitchRules, Int>, range: ClosedRange<Double>)] {
        [
            ("period", \.periodMilliseconds, 0.1...60), ("clear", \.clearMilliseconds, 0...3600),
            ("dwell", \.dwellMilliseconds, 0...3600), ("longest-dwell", \.longestDwellMilliseconds, 0...86_400),
            ("stop", \.stopMilliseconds, 0.1...60), ("start", \.startMilliseconds, 1...300),
            ("settle", \.settleMilliseconds, 0...60), ("keyframe", \.keyframeMilliseconds, 0...60),
        ]
    }

    private static func conditions(_ map: YAMLMap) throws(BroadcastError) -> [SwitchCondition] {
        var conditions: [SwitchCondition] = []
        for word in try map.texts("when") {
            let condition: SwitchCondition
            do throws(BroadcastError) { condition = try SwitchCondition(word) } catch {
                throw map.misfit("when", error.problem, error.advice)
            }
            conditions.append(condition)
        }
        guard conditions.count <= 64 else {
            throw map.misfit("when", "there are more than 64 conditions", "keep fewer")
        }
        return conditions
    }

    // MARK: systems

    private static func pullSystem(
        _ pull: YAMLMap, _ watch: String, values: [String: String]
    ) throws(BroadcastError) -> SwitcherSettings.PullSystem {
        if let system = try bulkheadSystem(pull, values) { return system }
        let start = try request(pull, "start", values)
        let stop = try request(pull, "stop", values)
        switch (start, stop) {
        case (let start?, let stop?): return .requests(start: start, stop: stop)
        case (nil, nil):
            var generator = SystemRandomNumberGenerator()
            let token = String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
            let mark = watch.contains("?") ? "&" : "?"
            return .trigger(try target("\(watch)\(mark)\(HookDesk.parameter)=\(token)", pull, "source"), token: token)
        default:
            throw pull.misfit(
                "source", "a pull by request is started and stopped", "write both \"start:\" and \"stop:\"")
        }
    }

    /// A Bulkhead server, which is told by its own interface.
    private static func bulkheadSystem(
        _ pull: YAMLMap, _ values: [String: String]
    ) throws(BroadcastError) -> SwitcherSettings.PullSystem? {
        guard let kind = try pull.text("kind") else {
            for key in ["url", "token-file"] where try pull.text(key) != nil {
                throw pull.misfit(key, "\"\(key)\" belongs to \"kind: bulkhead\"", "add it, or leave this out")
            }
            return nil
        }
        guard kind == "bulkhead" else { throw pull.misfit("kind", "\"kind\" is bulkhead", "leave it out") }
        for key in ["start", "stop"] where try pull.map(key, keys: []) != nil {
            throw pull.misfit(key, "a Bulkhead server is told by its own interface", "leave \"\(key)\" out")
        }
        guard let app = values["app"], let stream = values["stream"], let source = values["source"] else { return nil }
        // Without what a player's name has behind it: that is the player's.
        let name = "\(app.prefix { $0 != "?" })/\(stream.prefix { $0 != "?" })"
        let body = JSONLine.text(["name": name, "pull": source]) ?? ""
        let path = name.split(separator: "/").map { PercentCode.encode(String($0)) }.joined(separator: "/")
        return .requests(
            start: try bulkheadRequest(pull, "POST", "/api/relays", body),
            stop: try bulkheadRequest(pull, "DELETE", "/api/relays/\(path)", ""))
    }

    private static func bulkheadPage(_ pull: YAMLMap) throws(BroadcastError) -> SwitcherSettings.StatusPage? {
        guard try pull.text("kind") != nil else { return nil }
        return .init(.bulkhead, try bulkheadRequest(pull, "GET", "/api/streams", ""))
    }

    private static func bulkheadRequest(
        _ pull: YAMLMap, _ method: String, _ path: String, _ body: String
    ) throws(BroadcastError) -> HTTPRequest {
        var base = try pull.required("url")
        while base.last == "/" { base.removeLast() }
        guard let address = HTTPAddress(base + path) else {
            throw pull.misfit("url", "\"url\" is no address of HTTP", "write http://HOST:PORT")
        }
        var headers: [String: String] = [:]
        if !body.isEmpty { headers["Content-Type"] = "application/json" }
        if let file = try pull.text("token-file") {
            let text: String
            do throws(Errno) { text = try SmallFile.text(at: file, limit: 65_536) } catch {
                throw pull.misfit("token-file", "the token in \(file) can't be read: \(error.phrase)", "check the path")
            }
            let token = text.split(whereSeparator: \.isWhitespace).first ?? ""
            guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw pull.misfit("token-file", "there is no token in \(file)", "write it there, on the first line")
            }
            headers["Authorization"] = "Bearer \(token)"
        }
        return HTTPRequest(method, address, headers: headers, body: body)
    }

    private static func request(
        _ map: YAMLMap, _ key: String, _ values: [String: String]
    ) throws(BroadcastError) -> HTTPRequest? {
        guard let request = try map.map(key, keys: ["method", "url", "headers", "body"]) else { return nil }
        return try HTTPRequest(
            method: try request.text("method") ?? "POST", url: try request.required("url"),
            headers: try request.pairs("headers"), body: try request.text("body") ?? "", values: values,
            place: request.place)
    }

    private static func statusPage(
        _ root: YAMLMap, _ watch: IngestTarget
    ) throws(BroadcastError) -> SwitcherSettings.StatusPage? {
        guard let page = try root.map("status", keys: ["kind", "url", "headers"]) else { return nil }
        guard let kind = ServerStatus.Kind(rawValue: try page.required("kind")) else {
            throw page.misfit("kind", "\"kind\" is nginx-rtmp, mediamtx or bulkhead", "mend it there")
        }
        return .init(
            kind,
            try HTTPRequest(
                method: "GET", url: try page.required("url"), headers: try page.pairs("headers"),
                values: ["app": watch.app, "stream": watch.key], place: page.place))
    }

    // MARK: places

    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.first != "."
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    }

    /// Not `.sock`: that is how masters are found.
    static func socketPath(_ name: String) -> String { "\(ControlAddress.folder)/switch-\(name).socket" }

    private static func statePath(_ name: String) -> String? {
        let deaths = DeathArchive.standard.path
        return deaths.lastIndex(of: "/").map { "\(deaths[..<$0])/switches/\(name).json" }
    }
}
