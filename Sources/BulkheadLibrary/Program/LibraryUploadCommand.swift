import ArgumentParser
import BulkheadLibraryProtocol
import Glibc

/// `bulkhead library upload`: brings a film to a node, and goes on where it was cut off.
struct LibraryUploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload", abstract: "Bring films into a library.",
        discussion: """
            Give the address of a node, and the key that its settings name (upload-key-file), or of bulkhead library \
            serve the file .library/upload.key in its folder. An upload that was cut off goes on where it was, also by \
            a second call of the same command.
            """)

    @Argument(help: ArgumentHelp("The films, in MP4.", valueName: "file"))
    var files: [String]

    @Option(help: ArgumentHelp("The node's address.", valueName: "url"))
    var to: String

    @Option(help: ArgumentHelp("The file with the node's upload key.", valueName: "file"))
    var keyFile: String?

    @Option(
        help: ArgumentHelp(
            "A token that was made by bulkhead library token, in place of the key; BULKHEAD_LIBRARY_TOKEN does as well.",
            valueName: "token"))
    var token: String?

    @Option(help: ArgumentHelp("How long a node is tried again that can't be reached, such as 5m.", valueName: "time"))
    var patience = "1m"

    @Option(
        help: ArgumentHelp(
            "The certificate of a private authority that the node's is of, in PEM form.", valueName: "file"))
    var ca: String?

    func validate() throws {
        if PeerAddress(to) == nil { throw ValidationError("--to wants \(PeerAddress.form)") }
        if files.isEmpty { throw ValidationError("name a film") }
        if Quantity.duration(patience) == nil { throw ValidationError("--patience wants a time, such as 5m") }
    }

    func run() async throws {
        guard let address = PeerAddress(to), let patience = Quantity.duration(patience) else { return }
        let key = try keyFile.map { path throws(StartError) in try LibraryKey.read(path) }
        let trust = try ca.map { path throws(StartError) in try PartTLS.trust(path) }
        let token = token ?? getenv("BULKHEAD_LIBRARY_TOKEN").map { String(cString: $0) }
        guard key != nil || token != nil else {
            throw StartError("an upload needs --key-file or --token: ask the owner of the node")
        }
        for path in files {
            let upload = Upload(
                address: address, trust: trust, path: path, key: key, token: token ?? "", patience: patience)
            let isTerminal = isatty(STDOUT_FILENO) == 1
            let video = try await upload.run { line in
                guard isTerminal else { return }
                print("\r\u{1B}[K\(line)", terminator: "")
                fflush(nil)
            }
            if isTerminal { print("\r\u{1B}[K", terminator: "") }
            print("\(path) is in the library: \(video)")
        }
    }
}

/// `bulkhead library token`: what somebody may upload with for a while.
struct LibraryTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token that allows uploads for a while, for those who don't have the key.")

    @Option(help: ArgumentHelp("The file with the node's upload key.", valueName: "file"))
    var keyFile: String

    @Option(name: .customLong("for"), help: ArgumentHelp("How long it is good: 30d at most.", valueName: "time"))
    var span = "2h"

    func run() throws {
        guard let span = Quantity.duration(span), span.components.seconds <= UploadToken.mostSeconds else {
            throw ValidationError("--for wants a time, such as 2h, and 30d at most")
        }
        print(UploadToken.make(until: Int64(time(nil)) + span.components.seconds, key: try LibraryKey.read(keyFile)))
    }
}
