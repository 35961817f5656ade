import ArgumentParser
import BulkheadHTTP
import BulkheadModel
import BulkheadStreamPlayer

/// Whom commands believe that connect to servers: `--ca`.
struct AuthorityFile: ParsableArguments {
    @Option(
        name: [.customLong("ca"), .customLong("tls-ca")],
        help: ArgumentHelp(
            "Certificates (PEM) of authorities to trust in addition to the system's, for https:// and rtmps://.",
            valueName: "file"),
        completion: .file())
    var ca: String?

    /// - Throws: kind `usage` for a file that holds no certificates.
    func options() throws(BroadcastError) -> StreamOptions {
        var options = StreamOptions()
        guard let ca else { return options }
        do { try options.believe(authorities: FilePaths.absolute(ca)) } catch {
            throw BroadcastError(
                .usage, "the certificates of --ca can't be used: \(error)", advice: "name a file in PEM form")
        }
        return options
    }

    /// What to do about a server that could not prove who it is.
    static let advice = "name the file of its authority with --ca, or have this system trust it"
}
