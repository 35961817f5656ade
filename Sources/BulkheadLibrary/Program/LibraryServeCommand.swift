import ArgumentParser
import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadModel
import BulkheadSystem
import Glibc
import SystemPackage

/// `bulkhead library serve`: node, centre and tracker in one process, on SQLite.
struct LibraryServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "A whole library in one process: recordings in a folder, a page to watch them on.",
        discussion: """
            What bulkhead records into the folder is found within a second, also while it is recorded; a broadcast \
            with --record-library brings in what it records elsewhere. The library's own files are in .library below \
            the folder. Ends with Control-C.
            """)

    @Option(help: ArgumentHelp("The folder with the recordings. It is made where there is none.", valueName: "folder"))
    var folder: String?

    @Option(
        help: ArgumentHelp(
            "A file in YAML with folder, listen, rtmp-listen, public-address, tls-cert and tls-key, for what is not said here.",
            valueName: "file"))
    var config: String?

    @Option(help: "The address and port to listen on; port 0 chooses a free one (default: 127.0.0.1:8090).")
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "An address and a port where recordings are played by RTMP, and by RTMPS with --tls-cert, such as :1935 (default: none).",
            valueName: "address"))
    var rtmpListen: String?

    @Option(
        help: ArgumentHelp(
            "Where players elsewhere reach this machine, such as http://studio.example:8090 (default: the address that they have asked).",
            valueName: "url"))
    var publicAddress: String?

    @Option(help: ArgumentHelp("The largest film that is taken as an upload, such as 8GB.", valueName: "size"))
    var uploadLargest = "50GB"

    @Option(help: ArgumentHelp("What uploads may bring a second, all together (default: no limit).", valueName: "size"))
    var uploadRate: String?

    @Option(help: ArgumentHelp("How long half an upload is kept that nobody goes on with.", valueName: "time"))
    var uploadKept = "24h"

    @Option(
        help: ArgumentHelp(
            "A live server (bulkhead serve) on this machine, whose streams are live rooms: http://127.0.0.1:1935.",
            valueName: "url"))
    var live: String?

    @Option(
        name: .customLong("tls-cert"),
        help: ArgumentHelp(
            "The certificate to serve HTTPS and RTMPS with, and those that lead to its authority, in PEM form; read again when it changes.",
            valueName: "file"))
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("The private key of --tls-cert, in PEM form.", valueName: "file"))
    var privateKey: String?

    @Flag(help: "Write one JSON object for each event instead of sentences.")
    var json = false

    func validate() throws {
        if let listen, ListenAddress(listen, anyHost: ListenAddress.everywhere) == nil {
            throw ValidationError("--listen wants an address and a port, such as 127.0.0.1:8090 or :8090")
        }
        if let rtmpListen, ListenAddress(rtmpListen, anyHost: ListenAddress.everywhere) == nil {
            throw ValidationError("--rtmp-listen wants an address and a port, such as :1935")
        }
        if folder == nil, config == nil {
            throw ValidationError(
                "--folder is missing: name the folder with the recordings, such as --folder recordings")
        }
        if let publicAddress, PeerAddress(publicAddress) == nil {
            throw ValidationError("--public-address wants \(PeerAddress.form)")
        }
        if let live, PeerAddress(live) == nil { throw ValidationError("--live wants \(PeerAddress.form)") }
        if (certificate == nil) != (privateKey == nil) {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        _ = try uploadLimits()
    }

    private func uploadLimits() throws -> UploadLimits {
        var limits = UploadLimits()
        guard let largest = Quantity.bytes(uploadLargest) else {
            throw ValidationError("--upload-largest wants a size, such as 8GB")
        }
        limits.largest = largest
        if let uploadRate {
            guard let rate = Quantity.bytes(uploadRate) else {
                throw ValidationError("--upload-rate wants a size, such as 20MB")
            }
            limits.bytesPerSecond = rate
        }
        guard let kept = Quantity.duration(uploadKept) else {
            throw ValidationError("--upload-kept wants a time, such as 24h")
        }
        limits.kept = kept
        return limits
    }

    func run() async throws {
        var (folder, listen, publicAddress) = (folder ?? "", listen, publicAddress)
        var files = try PartTLS.files(certificate, privateKey, "--tls-cert", "--tls-key")
        var rtmp = rtmpListen.flatMap { ListenAddress($0, anyHost: ListenAddress.everywhere) }
        if let config {
            var settings = try Configuration(config)
            let text = try settings.optionalText("folder")
            if folder.isEmpty { folder = text.map { settings.place($0) } ?? "" }
            let (written, known) = (try settings.optionalText("listen"), try settings.optionalText("public-address"))
            (listen, publicAddress) = (listen ?? written, publicAddress ?? known)
            let played = try settings.optionalListenAddress("rtmp-listen")
            rtmp = rtmp ?? played
            let named = try settings.certificateFiles()
            files = files ?? named
            try settings.finish()
            guard !folder.isEmpty else { throw StartError(settings: "\(config) lacks folder") }
            guard publicAddress.map({ PeerAddress($0) != nil }) ?? true else {
                throw StartError(settings: "\(config): public-address wants \(PeerAddress.form)")
            }
        }
        guard let address = ListenAddress(listen ?? "127.0.0.1:8090", anyHost: ListenAddress.everywhere),
            let id = NodeID("local")
        else { throw StartError(settings: "listen wants an address and a port, such as :8090") }
        let log = LibraryLog(isJSON: json)
        let media = try Self.mediaFolder(folder)
        let lock = try FolderLock(media)
        let key = try LibraryKey.own(media.ownPath("key"))
        let (nodeStore, central) = try Self.stores(media)
        let uploads = UploadDesk(
            media, key: try LibraryKey.own(media.ownPath("upload.key")), limits: try uploadLimits(), log: log)
        let place = rtmp.flatMap { listen in
            // A port of the system's choice is known to nobody.
            listen.port == 0
                ? nil
                : RTMPPlace(
                    host: publicAddress.flatMap { PeerAddress($0)?.host }, port: listen.port, usesTLS: files != nil)
        }
        var library = try Self.library(
            id, media, nodeStore, central, key: key, publicAddress: publicAddress ?? "",
            live: live.flatMap { PeerAddress($0) }, rtmp: place, uploads, log: log)
        library.rtmp = rtmp
        library.tls = try files.map { files throws(StartError) in try PartTLS.server(files, log: log) }
        let scheme = files == nil ? "http" : "https"
        try await library.run(address, log: log) { port in
            let host = address.host == ListenAddress.everywhere ? "127.0.0.1" : address.host
            let authority = "\(host.contains(":") ? "[\(host)]" : host):\(port)"
            let place = "\(scheme)://\(authority)"
            log.write(
                "library.ready", "Ready: watch at \(place)/, record with --record-library http://\(authority)",
                ["address": place, "port": "\(port)", "folder": media.path])
        }
        withExtendedLifetime(lock) {}
    }

    static func mediaFolder(_ path: String) throws(StartError) -> MediaFolder {
        do throws(Errno) { return try MediaFolder(path) } catch {
            throw StartError("the folder \(path) can't be used: \(error); check --folder")
        }
    }

    private static func stores(_ media: MediaFolder) throws(StartError) -> (any NodeStore, any CentralStore) {
        do throws(StoreError) {
            return (
                try SQLiteStores.node(at: media.ownPath("node.sqlite")),
                try SQLiteStores.central(at: media.ownPath("centre.sqlite"))
            )
        } catch { throw StartError("\(error)") }
    }

    private static func library(
        _ id: NodeID, _ media: MediaFolder, _ nodeStore: any NodeStore, _ central: any CentralStore, key: [UInt8],
        publicAddress: String, live: PeerAddress?, rtmp: RTMPPlace?, _ uploads: UploadDesk, log: LibraryLog
    ) throws(StartError) -> Library {
        let reader = LocalReader(node: id, store: nodeStore)
        let peer = KnownPeer(
            id: id, reader: reader, publicAddress: publicAddress, key: key, liveAddress: live, rtmp: rtmp)
        let tracker = TrackerService([id: peer], prefixes: PrefixTable(), log: log) { version in
            try await Blocking.run { try central.changes(after: version, limit: NodePage.mostRows) }
        }
        let centre = CentreService([peer], store: central, log: log) { tracker.noteNews() }
        let node = NodeService(
            id, folder: media, store: nodeStore, key: key, signals: centre, trackers: [tracker],
            live: live.map { LiveServerStreams($0, node: id, log: log) }, log: log, uploads: uploads)
        return Library(node: node, centre: centre, tracker: tracker)
    }
}
