import BulkheadHTTP

/// What a part's file says of TLS: `tls-cert` and `tls-key`, `client-ca`, `ca`.
struct PartTLS {
    /// Nil where the part serves HTTP without TLS.
    let files: CertificateFiles?
    /// Whose certificates other parts have to show here.
    let clientAuthority: String?
    /// Whom this part believes; nil for the system's authorities alone.
    let trust: ClientTrust?

    init(_ settings: inout Configuration) throws(StartError) {
        files = try settings.certificateFiles()
        clientAuthority = try settings.optionalText("client-ca").map { settings.place($0) }
        guard clientAuthority == nil || files != nil else {
            throw StartError(
                settings: "client-ca wants tls-cert and tls-key: without TLS nobody can show a certificate")
        }
        let authority = try settings.optionalText("ca").map { settings.place($0) }
        trust = try files == nil && authority == nil ? nil : Self.trust(authority, files)
    }

    /// What a server listens with; nil for HTTP without TLS.
    func server(log: LibraryLog) throws(StartError) -> ServerTLS? {
        guard let files else { return nil }
        return try Self.server(files, clientAuthority: clientAuthority, log: log)
    }

    /// - Throws: where only one of them is given.
    static func files(
        _ certificate: String?, _ key: String?, _ certificateName: String, _ keyName: String
    ) throws(StartError) -> CertificateFiles? {
        switch (certificate, key) {
        case (let certificate?, let key?): return CertificateFiles(certificate: certificate, key: key)
        case (nil, nil): return nil
        default: throw StartError(settings: "\(certificateName) and \(keyName) go together: name the other one as well")
        }
    }

    static func server(
        _ files: CertificateFiles, clientAuthority: String? = nil, log: LibraryLog
    ) throws(StartError) -> ServerTLS {
        do throws(CertificateFailure) {
            return try ServerTLS(files, clientAuthority: clientAuthority) { log.write("library.certificate", $0) }
        } catch {
            throw StartError(settings: "the certificate can't be used: \(error)")
        }
    }

    /// - Parameters:
    ///   - authority: the file of a private authority.
    ///   - identity: what is shown to a part that asks.
    static func trust(_ authority: String?, _ identity: CertificateFiles? = nil) throws(StartError) -> ClientTrust {
        do throws(CertificateFailure) { return try ClientTrust(authority: authority, identity: identity) } catch {
            throw StartError(settings: "the certificate can't be used: \(error)")
        }
    }
}

extension Configuration {
    /// `tls-cert` and `tls-key`; nil for neither.
    mutating func certificateFiles() throws(StartError) -> CertificateFiles? {
        let certificate = try optionalText("tls-cert").map { place($0) }
        let key = try optionalText("tls-key").map { place($0) }
        return try PartTLS.files(certificate, key, "tls-cert", "tls-key")
    }
}
