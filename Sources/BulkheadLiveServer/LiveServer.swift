package import BulkheadRTMP
package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A live server in this process: takes streams by RTMP, and gives them to players by RTMP and HTTP, on one port.
///
/// All of it runs on one event loop, which carries hundreds of megabits a second.
package final class LiveServer: Sendable {
    /// The address that the server listens on, as it was given.
    package let host: String
    /// The port that the server listens on: the system's choice if 0 was asked for.
    package let port: Int
    /// TLS is spoken as well, by those who begin with it.
    private let usesTLS: Bool
    private let listener: any Channel
    private let hub: NIOLoopBound<StreamHub>
    private let certificates: NIOLoopBound<ServerCertificates?>

    private init(
        host: String, port: Int, usesTLS: Bool, listener: any Channel, hub: NIOLoopBound<StreamHub>,
        certificates: NIOLoopBound<ServerCertificates?>
    ) {
        self.usesTLS = usesTLS
        self.certificates = certificates
        self.host = host
        self.port = port
        self.listener = listener
        self.hub = hub
    }

    /// Listens on `host` and `port`, 0 for any free port.
    ///
    /// - Parameter onEvent: called on the server's event loop; it must not block.
    package static func start(
        host: String = "127.0.0.1", port: Int = 1935, options: LiveServerOptions = LiveServerOptions(),
        on eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(),
        onEvent: @escaping @Sendable (LiveServerEvent) -> Void = { _ in }
    ) async throws(LiveServerError) -> LiveServer {
        do {
            return try await listen(host, port, options, on: eventLoop, onEvent).get()
        } catch let error as LiveServerError { throw error } catch {
            throw LiveServerError(error, host: host, port: port)
        }
    }

    /// The same for a thread that is no task's and may wait. Tasks run on Dispatch's threads, which look at files in `/proc`
    /// that a confined process may not read, and trap.
    package static func startWaiting(
        host: String, port: Int, options: LiveServerOptions, on eventLoop: any EventLoop
    ) throws(LiveServerError) -> LiveServer {
        do {
            return try listen(host, port, options, on: eventLoop) { _ in }.wait()
        } catch let error as LiveServerError { throw error } catch {
            throw LiveServerError(error, host: host, port: port)
        }
    }

    /// TCP_NOTSENT_LOWAT of tcp(7), which the C library's headers leave to the kernel's.
    private static let notSentLimitOption: CInt = 25
    /// What the kernel takes of us beyond what it may send. Without a limit it grows to 4 MB for each viewer that reads nothing, and
    /// some hundred of them take all the memory that the kernel has for TCP: then nobody on the machine can send.
    private static let notSentByteLimit = 128 << 10

    private static func listen(
        _ host: String, _ port: Int, _ options: LiveServerOptions, on eventLoop: any EventLoop,
        _ onEvent: @escaping @Sendable (LiveServerEvent) -> Void
    ) -> EventLoopFuture<LiveServer> {
        eventLoop.submit {
            let certificates = try ServerCertificates.of(options, report: onEvent)
            return (
                NIOLoopBound(try StreamHub(options: options, report: onEvent, on: eventLoop), eventLoop: eventLoop),
                NIOLoopBound(certificates, eventLoop: eventLoop)
            )
        }.flatMap { (hub, certificates) in
            ServerBootstrap(group: eventLoop, childGroup: eventLoop)
                .serverChannelOption(.backlog, value: 128)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AcceptPause(report: onEvent))
                    }
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.tcpOption(.init(rawValue: Self.notSentLimitOption)), value: Self.notSentByteLimit)
                .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            Doorway(hub: hub.value, certificates: certificates.value))
                    }
                }
                .bind(host: host, port: port)
                .map { listener in
                    hub.value.begin(at: listener.localAddress)
                    return LiveServer(
                        host: host, port: listener.localAddress?.port ?? port, usesTLS: certificates.value != nil,
                        listener: listener, hub: hub, certificates: certificates)
                }
        }
    }

    /// Publishes a stream from within the process.
    /// - Parameters:
    ///   - timeZero: the wall clock at time 0 of the stream, in milliseconds since 1970.
    ///   - onSaid: called with what viewers write into its room, on the server's event loop.
    /// - Throws: ``RefusalReason``.
    package func publish(
        _ name: StreamName, timeZero: Int64, onSaid: @escaping @Sendable (WrittenComment) -> Void = { _ in }
    ) throws -> LocalPublisher {
        try LocalPublisher(name, timeZero: timeZero, onSaid: onSaid, at: hub, on: listener.eventLoop)
    }

    /// Uses another certificate from now on. Call it on a thread that may wait.
    /// - Returns: why it can't be used; nil where it is.
    package func use(certificate chain: [UInt8], key: [UInt8]) -> String? {
        let result = try? listener.eventLoop.submit { [certificates] in certificates.value?.use(chain, key: key) }
            .wait()
        return result ?? nil
    }

    /// Calls `body` at the server's event loop once a second, with how many players there are, as long as it listens.
    package func watchPlayers(_ body: @escaping @Sendable (Int) -> Void) {
        let eventLoop = listener.eventLoop
        let watch = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { [hub] _ in
            body(hub.value.playerCount)
        }
        listener.closeFuture.whenComplete { _ in watch.cancel() }
    }

    /// How long those that are told of ends may take for it when the server stops.
    private static let farewellPatience = TimeAmount.seconds(5)

    /// Closes the listener and every connection, and returns when the listener is closed and hooks have been told of the ends, or
    /// have taken 5 s.
    package func stop() async {
        listener.eventLoop.execute { [hub] in hub.value.stop() }
        try? await listener.close().get()
        try? await listener.eventLoop.flatSubmit { [hub] in hub.value.farewells(within: Self.farewellPatience) }.get()
    }

    /// Asks all publishers that know such requests to go on elsewhere, with the same keys, each at its next IDR. What they
    /// send meanwhile is taken as before.
    ///
    /// - Parameter tcURL: rtmp://host/app, or relative to what they publish to; nil for here, with another connection.
    /// - Returns: how many were asked.
    /// - SeeAlso: Enhanced RTMP v2, "Reconnect Request".
    package func askPublishersToReconnect(to tcURL: String? = nil, text: String = "") async -> Int {
        let asked = try? await listener.eventLoop.submit { [hub] in
            hub.value.askToReconnect(to: tcURL, text: text)
        }.get()
        return asked ?? 0
    }

    /// From now on counts in acknowledgements as `habit` says: for drills.
    package func acknowledge(as habit: AcknowledgementHabit) async {
        try? await listener.eventLoop.submit { [hub] in hub.value.acknowledge(as: habit) }.get()
    }

    /// What viewers use over HTTP, without a stream's name; HTTPS where the server has a certificate.
    package var httpAddress: String { "http\(usesTLS ? "s" : "")://\(urlHost):\(port)" }

    /// What publishers and players use, without a stream's name; RTMPS where the server has a certificate.
    package var address: String {
        // The port that goes without saying is another one there.
        usesTLS ? "rtmps://\(urlHost):\(port)" : port == 1935 ? "rtmp://\(urlHost)" : "rtmp://\(urlHost):\(port)"
    }

    private var urlHost: String { host.contains(":") ? "[\(host)]" : host }
}

/// Why a server could not listen.
package enum LiveServerError: Error, Hashable, Sendable, CustomStringConvertible {
    case portInUse(host: String, port: Int)
    case addressNotAvailable(host: String)
    case portNotAllowed(port: Int)
    case certificate(path: String, reason: String)
    case secrets(path: String, reason: String)
    case other(host: String, port: Int, reason: String)

    init(_ error: any Error, host: String, port: Int) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: self = .portInUse(host: host, port: port)
        case EADDRNOTAVAIL: self = .addressNotAvailable(host: host)
        case EACCES: self = .portNotAllowed(port: port)
        case let code?: self = .other(host: host, port: port, reason: String(cString: strerror(code)))
        case nil: self = .other(host: host, port: port, reason: "\(error)")
        }
    }

    /// It stays wrong until somebody changes the settings, or their files.
    package var isOfSettings: Bool {
        switch self {
        case .certificate, .secrets: true
        case .portInUse, .addressNotAvailable, .portNotAllowed, .other: false
        }
    }

    package var description: String {
        switch self {
        case .portInUse(let host, let port):
            "port \(port) on \(host) is in use: end the program that listens there, or choose another port"
        case .addressNotAvailable(let host): "\(host) is not an address of this computer"
        case .portNotAllowed(let port): "listening on port \(port) needs more rights: choose a port above 1023"
        case .certificate(let path, let reason):
            "the certificate or key \(path) can't be used: \(reason); name files in PEM form that belong together"
        case .secrets(let path, let reason):
            "the file of secrets \(path) can't be used: \(reason); write one secret of 16 characters or more a line"
        case .other(let host, let port, let reason): "listening on \(host), port \(port), failed: \(reason)"
        }
    }
}
