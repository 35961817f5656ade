import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The server's certificate and its key, read again when their files change.
///
/// Files are looked at when a connection comes, once a second at most. Where new ones can't be read, or don't belong together,
/// the old ones are used on. It lives on the server's event loop.
final class ServerCertificates {
    /// Nil where certificates are given by the process.
    private let files: LiveServerOptions.TLSFiles?
    private let report: (LiveServerEvent) -> Void
    /// Nil before the first that can be used.
    private var sslContext: NIOSSLContext?
    private var stamps: [FileStamp?]
    private var lookedAt = NIODeadline.now()

    /// - Throws: ``LiveServerError/certificate(path:reason:)``.
    init(_ files: LiveServerOptions.TLSFiles, report: @escaping (LiveServerEvent) -> Void) throws(LiveServerError) {
        self.files = files
        self.report = report
        stamps = [FileStamp(files.certificate), FileStamp(files.key)]
        sslContext = try Self.context(files)
    }

    private init(report: @escaping (LiveServerEvent) -> Void) {
        files = nil
        self.report = report
        stamps = []
    }

    /// Those that `options` want; nil for none.
    static func of(
        _ options: LiveServerOptions, report: @escaping (LiveServerEvent) -> Void
    ) throws(LiveServerError) -> ServerCertificates? {
        if let files = options.tls { return try ServerCertificates(files, report: report) }
        return options.isGivenCertificate ? ServerCertificates(report: report) : nil
    }

    /// The end of TLS of one connection; nil where there is no certificate.
    func handler() throws -> NIOSSLServerHandler? {
        look()
        return sslContext.map { NIOSSLServerHandler(context: $0) }
    }

    /// Uses what the process was given, in PEM form.
    /// - Returns: why it can't be used; nil where it is.
    func use(_ chain: [UInt8], key: [UInt8]) -> String? {
        let certificates = (try? NIOSSLCertificate.fromPEMBytes(chain)) ?? []
        guard !certificates.isEmpty else { return "the certificate's file holds nothing of that kind in PEM form" }
        guard let key = try? NIOSSLPrivateKey(bytes: key, format: .pem) else {
            return "the key's file holds nothing of that kind in PEM form"
        }
        guard let context = Self.context(certificates, key) else { return "certificate and key do not belong together" }
        sslContext = context
        return nil
    }

    private func look() {
        guard let files else { return }
        let now = NIODeadline.now()
        guard now - lookedAt > .seconds(1) else { return }
        lookedAt = now
        let found = [FileStamp(files.certificate), FileStamp(files.key)]
        guard found != stamps else { return }
        stamps = found
        do throws(LiveServerError) {
            sslContext = try Self.context(files)
            report(.certificateRead(problem: nil))
        } catch { report(.certificateRead(problem: error.description)) }
    }

    private static func context(_ files: LiveServerOptions.TLSFiles) throws(LiveServerError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMFile(files.certificate) } catch {
            throw .certificate(path: files.certificate, reason: reason(error, files.certificate))
        }
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(file: files.key, format: .pem) } catch {
            throw .certificate(path: files.key, reason: reason(error, files.key))
        }
        guard let context = context(chain, key) else {
            throw .certificate(path: files.certificate, reason: "it does not go together with \(files.key)")
        }
        return context
    }

    /// Nil where they do not belong together.
    private static func context(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) -> NIOSSLContext? {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try? NIOSSLContext(configuration: configuration)
    }

    private static func reason(_ error: any Error, _ path: String) -> String {
        if access(path, R_OK) != 0 { return String(cString: strerror(errno)) }
        return "it holds nothing of that kind in PEM form"
    }
}
