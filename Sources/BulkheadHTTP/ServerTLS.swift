package import NIOCore
package import NIOSSL
import Synchronization

/// A server's end of TLS, for its connections on any thread: the certificate is read again when its files change.
package final class ServerTLS: Sendable {
    private let asksForCertificates: Bool
    private let watched: Mutex<WatchedTLSContext>
    private let tell: @Sendable (String) -> Void

    /// - Parameters:
    ///   - clientAuthority: whose certificates clients may show, and who is refused with another one's; nil where they are
    ///     asked for none.
    ///   - tell: called with a sentence when the files have been read again.
    package init(
        _ files: CertificateFiles, clientAuthority: String? = nil, tell: @escaping @Sendable (String) -> Void
    ) throws(CertificateFailure) {
        watched = Mutex(try WatchedTLSContext(server: files, clientAuthority: clientAuthority))
        asksForCertificates = clientAuthority != nil
        self.tell = tell
    }

    /// The end of TLS of one connection.
    package func handler() -> NIOSSLServerHandler {
        let (context, news) = watched.withLock { watched in
            let news = watched.look(at: .now())
            return (watched.context, news)
        }
        switch news {
        case .none: break
        case .renewed: tell("The new certificate is used.")
        case .unusable(let failure): tell("The new certificate can't be used, the old one is: \(failure)")
        }
        return NIOSSLServerHandler(context: context)
    }

    /// Whether the other side has shown a certificate of the authority, which one without TLS has not; nil where clients are
    /// asked for none. The handshake must be over.
    package func vouches(for channel: any Channel) async -> Bool? {
        guard asksForCertificates else { return nil }
        return (try? await channel.nioSSL_peerCertificate().get()) ?? nil != nil
    }
}
