import BulkheadHTTP
import BulkheadLiveServer
import BulkheadModel
import BulkheadRTMP
import BulkheadStreamPlayer

extension LiveServerOptions {
    /// - Throws: kind `usage`: a stream's name or an address that is none. No key is repeated.
    init(_ settings: OriginSettings) throws(BroadcastError) {
        self.init()
        streamKeys = settings.streamKeys.map { Set($0) }
        connectionLimit = max(1, settings.connectionLimit)
        addressConnectionLimit = settings.addressConnectionLimit
        publisherIdleTimeout = .nanoseconds(Int64(max(1, min(3600, settings.publisherTimeout)) * 1e9))
        publisherGrace = Self.span(settings.publisherGrace)
        holdsPlayers = settings.holdsPlayers
        if let certificate = settings.certificate, let key = settings.key {
            tls = TLSFiles(certificate: certificate, key: key)
        }
        access.hooks = try settings.hooks.map { hooks throws(BroadcastError) in try .init(hooks) }
        access.publishSecretPath = settings.publishSecretFile
        access.playSecretPath = settings.playSecretFile
        access.interfaceTokenPath = settings.interfaceTokenFile
        rates = RateOptions(settings.limits)
        for pull in settings.pulls {
            var sources: [StreamSource] = []
            for source in pull.sources { sources.append(try Self.source(source)) }
            guard !sources.isEmpty else { continue }
            var options = PullOptions(try Self.name(pull.stream), from: sources)
            options.isOnDemand = pull.isOnDemand
            options.linger = Self.span(pull.lingerSeconds)
            pulls.append(options)
        }
        for push in settings.pushes {
            let name = try push.stream.map { text throws(BroadcastError) in try Self.name(text) }
            // Without a name the stream's own one is put there.
            let target = (try? IngestTarget(push.target)) ?? (try? IngestTarget(push.target, key: ""))
            guard let target else {
                throw BroadcastError(
                    .usage, "a relay's address is no address of RTMP", advice: "write rtmp://HOST/APP, or rtmps://")
            }
            pushes.append(PushOptions(name, to: target))
        }
    }

    private static func span(_ seconds: Double) -> Duration { .nanoseconds(Int64(max(0, min(86_400, seconds)) * 1e9)) }

    private static func name(_ text: String) throws(BroadcastError) -> StreamName {
        guard let name = StreamName(path: text) else {
            throw BroadcastError(
                .usage, "\"\(text.prefix(40))\" is no stream's name", advice: "write APP/NAME, such as live/show")
        }
        return name
    }

    private static func source(_ text: String) throws(BroadcastError) -> StreamSource {
        if let address = HTTPAddress(text), address.flvStream != nil { return .flv(address) }
        do throws(IngestTargetError) { return .rtmp(try IngestTarget(text)) } catch {
            throw BroadcastError(
                .usage, "a relay's address can't be used: \(error)",
                advice: "write rtmp://HOST/APP/NAME, rtmps://, or http://HOST/APP/NAME.flv")
        }
    }
}

extension AccessOptions.Hooks {
    fileprivate init(_ hooks: OriginHooks) throws(BroadcastError) {
        var addresses: [OriginHooks.Call: HTTPAddress] = [:]
        for (word, text) in hooks.addresses {
            guard let call = OriginHooks.Call(rawValue: word), let address = HTTPAddress(text) else {
                throw BroadcastError(
                    .usage, "the address of \(word.prefix(40)) is no address of HTTP",
                    advice: "write http://HOST:PORT/PATH")
            }
            addresses[call] = address
        }
        self.init(addresses)
        isJSON = hooks.isJSON
        timeout = .nanoseconds(Int64(max(0.1, min(60, hooks.timeoutSeconds)) * 1e9))
        admitsWithoutAnswer = hooks.admitsWithoutAnswer
        updateInterval = .nanoseconds(Int64(max(1, min(86_400, hooks.updateSeconds)) * 1e9))
    }
}

extension RateOptions {
    fileprivate init(_ limits: OriginLimits) {
        self.init()
        connectionsPerMinute = limits.connectionsPerMinute
        publishesPerMinute = limits.publishesPerMinute
        playsPerMinute = limits.playsPerMinute
        playerLimit = limits.players
        streamPlayerLimit = limits.playersPerStream
        bitsPerSecondLimit = limits.bitsPerSecond
    }
}
