import Glibc
package import NIOCore
package import NIOSSL
import Synchronization

/// Why certificates or keys can't be used.
package struct CertificateFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file that is wrong.
    package let path: String
    /// One phrase.
    package let reason: String

    package var description: String { "\(path): \(reason)" }
}

/// Files in PEM form that say who this side of TLS is.
package struct CertificateFiles: Hashable, Sendable {
    /// The certificate, and behind it those that lead to its authority.
    package let certificate: String
    /// The certificate's private key.
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// - Throws: where a file can't be read, holds nothing of that kind, or both don't belong together.
    fileprivate func read() throws(CertificateFailure) -> (chain: [NIOSSLCertificate], key: NIOSSLPrivateKey) {
        let chain = try CertificateFiles.certificates(certificate)
        do { return (chain, try NIOSSLPrivateKey(file: key, format: .pem)) } catch {
            throw CertificateFailure(path: key, reason: CertificateFiles.reason(key))
        }
    }

    /// When the certificate is over, in seconds since 1970.
    package func end() throws(CertificateFailure) -> Int64 {
        Int64(try CertificateFiles.certificates(certificate)[0].notValidAfter)
    }

    /// One or more.
    fileprivate static func certificates(_ path: String) throws(CertificateFailure) -> [NIOSSLCertificate] {
        guard let found = try? NIOSSLCertificate.fromPEMFile(path), !found.isEmpty else {
            throw CertificateFailure(path: path, reason: reason(path))
        }
        return found
    }

    private static func reason(_ path: String) -> String {
        if access(path, R_OK) != 0 { return String(cString: strerror(errno)) }
        return "it holds nothing of that kind in PEM form"
    }
}

/// What TLS takes of files, which is made anew when one of them changes.
///
/// Files are looked at once a second at most. Where new ones can't be read, or don't belong together, the old ones are used on.
package struct WatchedTLSContext: Sendable {
    /// What looking at the files has come to.
    package enum News: Hashable, Sendable {
        case none
        case renewed
        case unusable(CertificateFailure)
    }

    /// What is made of the files.
    private enum Side: Sendable {
        case server(CertificateFiles, clientAuthority: String?)
        case client(CertificateFiles?, authority: String?)
    }

    /// The newest that can be used.
    package private(set) var context: NIOSSLContext
    private let side: Side
    private var stamps: [FileStamp?]
    private var lookedAt = NIODeadline.now()

    /// A server's.
    /// - Parameter clientAuthority: whose certificates a client may show; one that shows another's is refused. Nil where clients are
    ///   not asked for one.
    package init(server files: CertificateFiles, clientAuthority: String? = nil) throws(CertificateFailure) {
        try self.init(.server(files, clientAuthority: clientAuthority))
    }

    /// A client's.
    /// - Parameters:
    ///   - files: what is shown to a server that asks.
    ///   - authority: who is believed beside the system's authorities.
    package init(client files: CertificateFiles?, authority: String?) throws(CertificateFailure) {
        try self.init(.client(files, authority: authority))
    }

    private init(_ side: Side) throws(CertificateFailure) {
        self.side = side
        stamps = Self.stamps(side)
        context = try Self.context(side)
    }

    package mutating func look(at now: NIODeadline) -> News {
        guard now - lookedAt > .seconds(1) else { return .none }
        lookedAt = now
        let found = Self.stamps(side)
        guard found != stamps else { return .none }
        stamps = found
        do throws(CertificateFailure) {
            context = try Self.context(side)
            return .renewed
        } catch { return .unusable(error) }
    }

    private static func stamps(_ side: Side) -> [FileStamp?] {
        let paths =
            switch side {
            case .server(let files, let authority): [files.certificate, files.key, authority]
            case .client(let files, let authority): [files?.certificate, files?.key, authority]
            }
        return paths.map { path in path.flatMap { FileStamp($0) } }
    }

    private static func context(_ side: Side) throws(CertificateFailure) -> NIOSSLContext {
        switch side {
        case .server(let files, let authority):
            let (chain, key) = try files.read()
            var roots: [NIOSSLCertificate] = []
            if let authority { roots = try CertificateFiles.certificates(authority) }
            guard let context = server(chain, key, clientAuthority: roots) else { throw misfit(files) }
            return context
        case .client(let files, let authority):
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            if let authority {
                configuration.additionalTrustRoots = [.certificates(try CertificateFiles.certificates(authority))]
            }
            if let files {
                let (chain, key) = try files.read()
                configuration.certificateChain = chain.map { .certificate($0) }
                configuration.privateKey = .privateKey(key)
            }
            do { return try NIOSSLContext(configuration: configuration) } catch {
                if let files { throw misfit(files) }
                throw CertificateFailure(path: authority ?? "TLS", reason: "it can't be used: \(error)")
            }
        }
    }

    private static func misfit(_ files: CertificateFiles) -> CertificateFailure {
        CertificateFailure(path: files.certificate, reason: "it does not go together with \(files.key)")
    }

    /// A server's context of what was read already; nil where certificate and key don't belong together.
    package static func server(
        _ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey, clientAuthority: [NIOSSLCertificate] = []
    ) -> NIOSSLContext? {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if !clientAuthority.isEmpty {
            // Browsers have none: who has to show one is decided request by request.
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = .certificates(clientAuthority)
            configuration.sendCANameList = true
        }
        return try? NIOSSLContext(configuration: configuration)
    }
}

/// Whom connections under TLS believe, and what they show to a server that asks who they are.
package final class ClientTrust: Sendable {
    private let watched: Mutex<WatchedTLSContext>

    /// - Parameters:
    ///   - authority: a file of certificates in PEM form, which are believed beside those of the system.
    ///   - identity: what is shown to a server that asks.
    package init(authority: String?, identity: CertificateFiles? = nil) throws(CertificateFailure) {
        watched = Mutex(try WatchedTLSContext(client: identity, authority: authority))
    }

    /// The end of TLS of a connection to a server whose certificate is for `host`, a name or an address.
    package func handler(_ host: String) throws -> NIOSSLClientHandler {
        let context = watched.withLock { watched in
            _ = watched.look(at: .now())
            return watched.context
        }
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}

/// What went wrong with TLS, for a person.
package enum TLSPhrase {
    private static let words = [
        ("CERTIFICATE_VERIFY_FAILED", "its certificate is over, or of no authority that is known here"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS"), ("HTTP_REQUEST", "it does not speak TLS"),
        ("CERTIFICATE_REQUIRED", "it wants a certificate"),
        ("UNKNOWN_CA", "it does not know the authority of our certificate"),
        ("CERTIFICATE_EXPIRED", "our certificate is over"), ("BAD_CERTIFICATE", "it does not like our certificate"),
    ]

    /// Whether the server could not prove who it is.
    package static func isDistrust(_ error: any Error) -> Bool {
        switch error {
        case let error as NIOSSLExtraError: error == .failedToValidateHostname
        case is NIOSSLError, is BoringSSLError: "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
        default: false
        }
    }

    /// One lowercase phrase; nil for what has nothing to do with TLS.
    package static func of(_ error: any Error) -> String? {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "its certificate is for another name"
        case NIOSSLError.uncleanShutdown: "it broke TLS off"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            words.first { "\(error)".contains($0.0) }?.1 ?? "TLS failed: \("\(error)".prefix(120))"
        default: nil
        }
    }
}
