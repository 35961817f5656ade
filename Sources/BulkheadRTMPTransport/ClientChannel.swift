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
            .connectTimeout(TimeAmount(options.timeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // What the kernel can't send yet stays with us, where it can be counted and shed.
            .channelOption(ChannelOptions.Types.SocketOption(level: .tcp, name: tcpNotSentLowWater), value: 128 << 10)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 512 << 10))
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

    private static func tlsContext(_ options: TLSOptions, server: String) throws(PublishError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let path = options.authoritiesPath { configuration.trustRoots = .file(path) }
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
        case ChannelError.connectTimeout: return .timedOut(server: server, .connecting, after: timeout)
        case let error as IOError: return .unreachable(server: server, reason: error.systemReason)
        case is NIOSSLError, is NIOSSLExtraError: return .tlsFailed(server: server, TLSFailure(error))
        default: return .unreachable(server: server, reason: "\(error)")
        }
    }
}

extension IOError {
    /// The system's word for the error, without the name of the failed call.
    var systemReason: String { String(cString: strerror(errnoCode)) }

    /// The peer closed while bytes for it were on their way.
    var isPeersClose: Bool { errnoCode == ECONNRESET || errnoCode == EPIPE }
}

extension TLSFailure {
    /// Reads what BoringSSL reports, which names its reasons in text only.
    init(_ error: any Error) {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            self = .wrongName
            return
        }
        let text = String(describing: error)
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            self = .untrustedCertificate
        } else if ["WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"].contains(
            where: text.contains)
        {
            self = .notTLS
        } else {
            self = .other(String(text.prefix(300)))
        }
    }
}
