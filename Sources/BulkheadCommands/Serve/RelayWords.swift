import BulkheadHTTP
import BulkheadModel
import BulkheadRTMP

/// Relays and hooks of a live server as words.
enum RelayWords {
    /// `rtmp://HOST/APP/NAME`, or `http://HOST/APP/NAME.flv`, and `[,name=APP/NAME][,backup=URL][,on-demand][,linger=10s]`. An address
    /// may have commas.
    static func pull(_ word: String) throws(BroadcastError) -> OriginPull {
        let (address, options) = taken(apart: word, knowing: ["name", "backup", "linger"], flags: ["on-demand"])
        let backups = options.filter { $0.name == "backup" }.map(\.value)
        return try pull(
            [address] + backups, name: options.last { $0.name == "name" }?.value,
            isOnDemand: options.contains { $0.name == "on-demand" },
            linger: options.last { $0.name == "linger" }?.value)
    }

    /// - Parameter name: what it is called here; nil for what it is called there.
    static func pull(
        _ sources: [String], name: String?, isOnDemand: Bool, linger: String?
    ) throws(BroadcastError) -> OriginPull {
        guard (1...8).contains(sources.count) else {
            throw BroadcastError(.usage, "a pull has one address, or up to eight", advice: "leave some out")
        }
        var stream = name
        for source in sources {
            let there = try Self.streamThere(source)
            stream = stream ?? there
        }
        var pull = OriginPull(stream: try Self.stream(stream ?? ""), sources: sources)
        pull.isOnDemand = isOnDemand
        if let linger { pull.lingerSeconds = try seconds(linger, 0...86_400, "linger") }
        return pull
    }

    /// What the stream is called where it is pulled from.
    private static func streamThere(_ source: String) throws(BroadcastError) -> String {
        if source.hasPrefix("http") {
            guard let stream = HTTPAddress(source)?.flvStream else {
                throw BroadcastError(
                    .usage, "a pull by HTTP has the address of an FLV stream",
                    advice: "write http://HOST:PORT/APP/NAME.flv, or https://")
            }
            return "\(stream.app)/\(stream.name)"
        }
        let target: IngestTarget
        do throws(IngestTargetError) { target = try IngestTarget(source) } catch {
            throw BroadcastError(
                .usage, "a pull's address can't be used: \(error)",
                advice: "write rtmp://HOST/APP/NAME, rtmps://, or http://HOST/APP/NAME.flv")
        }
        return "\(target.app.prefix { $0 != "?" })/\(target.key.prefix { $0 != "?" })"
    }

    /// `rtmp://HOST/APP`, or with a name and `,name=APP/NAME`.
    static func push(_ word: String) throws(BroadcastError) -> OriginPush {
        let (address, options) = taken(apart: word, knowing: ["name"], flags: [])
        return try push(address, name: options.last?.value)
    }

    /// - Parameter name: of the only stream that goes there; nil for each.
    static func push(_ address: String, name: String?) throws(BroadcastError) -> OriginPush {
        let whole = try? IngestTarget(address)
        guard whole != nil || (try? IngestTarget(address, key: "")) != nil else {
            throw BroadcastError(
                .usage, "a push's address is no address of RTMP", advice: "write rtmp://HOST/APP, or rtmps://")
        }
        guard whole == nil || name != nil else {
            throw BroadcastError(
                .usage, "a push of all streams goes to an application, and the address has a stream's name",
                advice: "leave the name out, or say which stream goes there (name=APP/NAME)")
        }
        return OriginPush(stream: try name.map { text throws(BroadcastError) in try stream(text) }, target: address)
    }

    /// `on_publish=URL`.
    static func hook(_ word: String) throws(BroadcastError) -> (OriginHooks.Call, String) {
        let name = word.prefix { $0 != "=" }
        return try hook(String(name), String(word.dropFirst(name.count + 1)))
    }

    static func hook(_ name: String, _ url: String) throws(BroadcastError) -> (OriginHooks.Call, String) {
        guard let call = OriginHooks.Call(rawValue: name) else {
            let known = OriginHooks.Call.allCases.map(\.rawValue).joined(separator: ", ")
            throw BroadcastError(.usage, "there is no hook \"\(name.prefix(40))\"", advice: "the hooks are \(known)")
        }
        guard HTTPAddress(url) != nil else {
            throw BroadcastError(
                .usage, "the address of \(name) is no address of HTTP", advice: "write http://HOST:PORT/PATH")
        }
        return (call, url)
    }

    static func seconds(
        _ word: String, _ range: ClosedRange<Double>, _ key: String
    ) throws(BroadcastError) -> Double {
        guard let span = TimeSpan(word), range.contains(span.seconds) else {
            throw BroadcastError(
                .usage, "\"\(key)\" is no time from \(range.lowerBound) to \(range.upperBound) s",
                advice: "write a number and a unit, such as 10s")
        }
        return span.seconds
    }

    static func stream(_ text: String) throws(BroadcastError) -> String {
        let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
        let pieces = name.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count >= 2, pieces.allSatisfy({ !$0.isEmpty }), name.utf8.count <= 256,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "?") })
        else {
            throw BroadcastError(
                .usage, "\"\(text.prefix(40))\" is no stream's name", advice: "write APP/NAME, such as live/show")
        }
        return name
    }

    private static func taken(
        apart word: String, knowing names: Set<String>, flags: Set<String>
    ) -> (String, [(name: String, value: String)]) {
        var pieces = word.split(separator: ",", omittingEmptySubsequences: false)
        var options: [(name: String, value: String)] = []
        while pieces.count > 1, let last = pieces.last {
            let parts = last.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard parts.count == 2 ? names.contains(name) : flags.contains(name) else { break }
            options.append((name, parts.count == 2 ? String(parts[1]) : ""))
            pieces.removeLast()
        }
        return (pieces.joined(separator: ","), options.reversed())
    }
}
