import BulkheadHTTP
import NIOCore
import NIOSSL

/// The server's certificate and its key, read again when their files change.
///
/// Files are looked at when a connection comes. It lives on the server's event loop.
final class ServerCertificates {
    /// Nil where certificates are given by the process.
    private var watched: WatchedTLSContext?
    private let report: (LiveServerEvent) -> Void
    /// What the process was given; nil before the first that can be used.
    private var given: NIOSSLContext?

    /// - Throws: ``LiveServerError/certificate(path:reason:)``.
    private init(
        _ files: LiveServerOptions.TLSFiles, report: @escaping (LiveServerEvent) -> Void
    ) throws(LiveServerError) {
        self.report = report
        do throws(CertificateFailure) {
            watched = try WatchedTLSContext(server: CertificateFiles(certificate: files.certificate, key: files.key))
        } catch { throw .certificate(path: error.path, reason: error.reason) }
    }

    private init(report: @escaping (LiveServerEvent) -> Void) { self.report = report }

    /// Those that `options` want; nil for none.
    static func of(
        _ options: LiveServerOptions, report: @escaping (LiveServerEvent) -> Void
    ) throws(LiveServerError) -> ServerCertificates? {
        if let files = options.tls { return try ServerCertificates(files, report: report) }
        return options.isGivenCertificate ? ServerCertificates(report: report) : nil
    }

    /// The end of TLS of one connection; nil where there is no certificate.
    func handler() throws -> NIOSSLServerHandler? {
        switch watched?.look(at: .now()) ?? .none {
        case .none: break
        case .renewed: report(.certificateRead(problem: nil))
        case .unusable(let failure):
            let problem = LiveServerError.certificate(path: failure.path, reason: failure.reason)
            report(.certificateRead(problem: problem.description))
        }
        return (watched?.context ?? given).map { NIOSSLServerHandler(context: $0) }
    }

    /// Uses what the process was given, in PEM form.
    /// - Returns: why it can't be used; nil where it is.
    func use(_ chain: [UInt8], key: [UInt8]) -> String? {
        let certificates = (try? NIOSSLCertificate.fromPEMBytes(chain)) ?? []
        guard !certificates.isEmpty else { return "the certificate's file holds nothing of that kind in PEM form" }
        guard let key = try? NIOSSLPrivateKey(bytes: key, format: .pem) else {
            return "the key's file holds nothing of that kind in PEM form"
        }
        guard let context = WatchedTLSContext.server(certificates, key) else {
            return "certificate and key do not belong together"
        }
        given = context
        return nil
    }
}
