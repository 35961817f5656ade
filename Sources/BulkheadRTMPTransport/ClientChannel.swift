import BulkheadRTMP
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Opens TCP connections to RTMP servers, with TLS where the target asks for it.
enum ClientChannel {
    // Linux's numbers, which Glibc's module does not give to Swift on every architecture (netinet/tcp.h).
    private static let tcpUserTimeout = SocketOptionName(rawValue: 18)
    private static let tcpNotSentLowWater = SocketOptionName(rawValue: 25)

    private typealias SocketOptionName = NIOBSDSocket.Option

    /// Connects, and adds `configure`'s handlers behind those of TLS.
    static func connect(
        to target: IngestTarget, options: ConnectionOptions, group: any EventLoopGroup,
        configure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(PublishError) -> any Channel {
        let context = target.usesTLS ? try tlsContext(options.tls, server: target.authority) : nil
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(min(options.timeout, options.connectingTimeout ?? options.timeout)))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // What the kernel can't send yet stays with us, where it can be counted and shed.
            .channelOption(ChannelOptions.Types.SocketOption(level: .tcp, name: tcpNotSentLowWater), value: 128 << 10)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 128 << 10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let milliseconds = options.transmissionTimeout.map({ TimeAmount($0).nanoseconds / 1_000_000 }) {
                        channel.syncOptions.flatMap {
                            try? $0.setOption(
                                ChannelOptions.Types.SocketOption(level: .tcp, name: tcpUserTimeout),
                                value: SocketOptionValue(clamping: milliseconds))
                        }
                    }
                    if let context { try channel.pipeline.syncOperations.addHandler(tlsHandler(context, target)) }
                    try configure(channel)
                }
            }
        do {
            return try await bootstrap.connect(host: target.host, port: target.port).get()
        } catch {
            throw connectError(error, target: target, timeout: options.timeout)
        }
    }

    private static func tlsHandler(_ context: NIOSSLContext, _ target: IngestTarget) throws -> NIOSSLClientHandler {
        // Server name indication takes names only (RFC 6066, section 3); an address is checked against the
        // certificate's own addresses.
        let isAddress = (try? SocketAddress(ipAddress: target.host, port: target.port)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : target.host)
    }

    /// Finds out what is wrong with a certificate that was not trusted, which BoringSSL does not tell: connects once more
    /// and looks at the certificate's dates. Nothing is sent but TLS's greeting.
    static func explainDistrust(
        of target: IngestTarget, options: ConnectionOptions, group: any EventLoopGroup
    ) async -> TLSFailure {
        let eventLoop = group.next()
        let promise = eventLoop.makePromise(of: TLSFailure.self)
        let timer = eventLoop.scheduleTask(in: .seconds(2)) { promise.succeed(.unknownAuthority) }
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            let context = try NIOSSLContext(configuration: configuration)
            let isAddress = (try? SocketAddress(ipAddress: target.host, port: target.port)) != nil
            let channel = try await ClientBootstrap(group: eventLoop).connectTimeout(.seconds(2))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(
                            context: context, serverHostname: isAddress ? nil : target.host,
                            customVerificationCallback: { certificates, result in
                                promise.succeed(TLSFailure(untrusted: certificates.first))
                                result.succeed(.failed)
                            })
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: target.host, port: target.port).get()
            defer { channel.close(promise: nil) }
            let failure = try await promise.futureResult.get()
            timer.cancel()
            return failure
        } catch {
            promise.succeed(.unknownAuthority)
            timer.cancel()
            return .unknownAuthority
        }
    }

    private static func tlsContext(_ options: TLSOptions, server: String) throws(PublishError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let path = options.authoritiesPath { configuration.additionalTrustRoots = [.file(path)] }
        if !options.verifiesServer { configuration.certificateVerification = .none }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .tlsFailed(server: server, .invalidAuthorities(path: options.authoritiesPath ?? "the system"))
        }
    }

    private static func connectError(_ error: any Error, target: IngestTarget, timeout: Duration) -> PublishError {
        let server = target.authority
        switch error {
        case let error as NIOConnectionError:
            // One address of several may fail in its own way; the first is the one preferred.
            guard let failure = error.connectionErrors.first else { return .nameNotResolved(host: target.host) }
            return connectError(failure.error, target: target, timeout: timeout)
        case ChannelError.connectTimeout(let limit):
            return .timedOut(server: server, .connecting, after: .nanoseconds(limit.nanoseconds))
        case let error as IOError: return .unreachable(server: server, reason: error.systemReason)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return .tlsFailed(server: server, TLSFailure(error))
        default: return .unreachable(server: server, reason: "\(error)")
        }
    }
}

extension IOError {
    /// The system's word for the error, without the name of the failed call.
    var systemReason: String { String(cString: strerror(errnoCode)) }

    /// The peer closed while bytes for it were on their way.
    var isPeersClose: Bool { errnoCode == ECONNRESET || errnoCode == EPIPE }

    var loss: ConnectionLoss {
        switch errnoCode {
        case ECONNRESET, EPIPE, ECONNABORTED: .reset
        case ETIMEDOUT: .timedOut
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL: .noRoute(systemReason)
        default: .other(systemReason)
        }
    }
}

extension TLSFailure {
    /// Why a certificate is not trusted, before its name is looked at.
    fileprivate init(untrusted certificate: NIOSSLCertificate?) {
        let now = time(nil)
        switch certificate {
        case let certificate? where certificate.notValidAfter < now: self = .expiredCertificate
        case let certificate? where certificate.notValidBefore > now: self = .certificateNotYetValid
        default: self = .unknownAuthority
        }
    }

    /// Reads what BoringSSL reports, which names its reasons in text only.
    init(_ error: any Error) {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            self = .wrongName
            return
        }
        let text = String(describing: error)
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            self = .unknownAuthority
        } else if [
            "PROTOCOL_VERSION", "HANDSHAKE_FAILURE", "UNSUPPORTED_PROTOCOL", "NO_SHARED", "CERTIFICATE_REQUIRED",
        ]
        .contains(where: text.contains) {
            self = .handshakeFailed
        } else if ["WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"].contains(
            where: text.contains)
        {
            self = .notTLS
        } else {
            self = .other(String(text.prefix(300)))
        }
    }
}
