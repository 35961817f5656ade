import BulkheadHTTP
import NIOCore
import NIOSSL
import Synchronization

/// The control room's certificate, read again when its files change.
final class RoomTLS: Sendable {
    /// Clients are asked for a certificate, with which they come in without a password.
    let asksForCertificates: Bool
    private let watched: Mutex<WatchedTLSContext>
    private let tell: @Sendable (String) -> Void

    /// - Parameters:
    ///   - clientAuthority: whose certificates let clients in; nil for nobody's.
    ///   - tell: called with a sentence when the files have been read again.
    init(
        _ files: CertificateFiles, clientAuthority: String?, tell: @escaping @Sendable (String) -> Void
    ) throws(CertificateFailure) {
        watched = Mutex(try WatchedTLSContext(server: files, clientAuthority: clientAuthority))
        asksForCertificates = clientAuthority != nil
        self.tell = tell
    }

    /// The end of TLS of one connection.
    func handler() -> NIOSSLServerHandler {
        let (context, news) = watched.withLock { watched in
            let news = watched.look(at: .now())
            return (watched.context, news)
        }
        switch news {
        case .none: break
        case .renewed: tell("The certificate was read again.")
        case .unusable(let failure): tell("The new certificate can't be used, the old one is: \(failure)")
        }
        return NIOSSLServerHandler(context: context)
    }

    /// Whether the other side has shown a certificate of the authority; another one ends the handshake.
    func vouches(for channel: any Channel) async -> Bool {
        guard asksForCertificates else { return false }
        return (try? await channel.nioSSL_peerCertificate().get()) ?? nil != nil
    }
}
