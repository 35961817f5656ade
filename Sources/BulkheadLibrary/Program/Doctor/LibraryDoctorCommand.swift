import ArgumentParser
import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import Glibc

/// `bulkhead library doctor`: whether a part of a library can work, one line for each thing that it needs.
struct LibraryDoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what a library needs: folder, database, keys, clocks, the centre, the disk, nginx.",
        discussion: """
            Give --folder of a library that one process serves, or the file of a node, the centre or a tracker. \
            Exits with 0 if nothing is wrong, with 1 otherwise.
            """)

    @Option(help: ArgumentHelp("The folder of bulkhead library serve.", valueName: "folder"))
    var folder: String?

    @Option(help: ArgumentHelp("The settings of a node, the centre or a tracker.", valueName: "file"))
    var config: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    private static let start = "start it, and let this machine connect to it"

    func validate() throws {
        if (folder == nil) == (config == nil) { throw ValidationError("give --folder or --config") }
    }

    func run() async throws {
        var checkup = LibraryCheckup()
        if let folder { serve(folder, &checkup) }
        if let config {
            var settings = try Configuration(config)
            if settings.has("nodes") {
                try await centre(&settings, &checkup)
            } else if settings.has("id") {
                try await node(&settings, &checkup)
            } else {
                let folder = settings.place(try settings.text("folder"))
                serve(folder, &checkup)
            }
        }
        for finding in checkup.findings { print(json ? JSONLine.text(finding) ?? "" : finding.line) }
        let count = checkup.findings.count { $0.state == .wrong }
        if count > 0 { throw StartError(count == 1 ? "1 thing is wrong" : "\(count) things are wrong") }
    }

    private func serve(_ path: String, _ checkup: inout LibraryCheckup) {
        if let media = checkup.folder(path) {
            _ = checkup.key("key", media.ownPath("key"))
            checkup.database(nil, media.ownPath("node.sqlite")) {
                try Self.rows(nil, media.ownPath("node.sqlite")).text
            }
        }
        checkup.disk(path)
        checkup.programs()
        checkup.nginx(port: nil)
    }

    private func node(_ settings: inout Configuration, _ checkup: inout LibraryCheckup) async throws {
        let (id, address) = (try settings.node("id"), try settings.listenAddress())
        let path = settings.place(try settings.text("folder"))
        let database = try settings.optionalText("database")
        let key = checkup.key("key", settings.place(try settings.text("key-file")))
        let trust = checkup.certificates(&settings)
        if let file = try settings.optionalText("upload-key-file") {
            _ = checkup.key("upload key", settings.place(file))
        }
        let centre = try settings.address("centre")
        var counters: NodeCounters?
        let media = checkup.folder(path)
        let file = path + "/" + MediaFolder.ownName + "/node.sqlite"
        if media != nil || database != nil {
            checkup.database(database, file) {
                let rows = try Self.rows(database, file)
                counters = rows.counters
                return rows.text
            }
        }
        checkup.disk(path)
        if await checkup.peer("centre", centre, trust: trust, advice: Self.start), let key {
            let call = PeerCall(address: centre, speaker: .node, node: id, key: key, trust: trust)
            await checkup.signature(call, counters)
        }
        checkup.programs()
        checkup.nginx(port: address.port)
    }

    /// The centre, or a tracker elsewhere, which has a centre.
    private func centre(_ settings: inout Configuration, _ checkup: inout LibraryCheckup) async throws {
        let trust = checkup.certificates(&settings)
        if let text = try settings.optionalText("centre"), let centre = PeerAddress(text) {
            _ = checkup.key("key", settings.place(try settings.text("key-file")))
            _ = await checkup.peer("centre", centre, trust: trust, advice: Self.start)
        } else {
            let path = settings.place(try settings.text("folder"))
            let database = try settings.optionalText("database")
            let file = path + "/" + MediaFolder.ownName + "/centre.sqlite"
            if checkup.folder(path) != nil || database != nil {
                checkup.database(database, file) {
                    let nodes = try LibraryStores.central(database, file).nodes()
                    return nodes.count == 1 ? "1 node has been read" : "\(nodes.count) nodes have been read"
                }
            }
            checkup.disk(path)
        }
        do throws(StartError) { _ = try LibraryStores.prefixes(&settings) } catch {
            checkup.add(LibraryFinding(.wrong, "prefixes", error.description))
        }
        for map in try settings.maps("nodes") {
            let id = map["id"] ?? ""
            guard let node = NodeID(id), let address = map["address"].flatMap({ PeerAddress($0) }),
                let file = map["key-file"]
            else {
                let advice = "each of nodes wants id, address (\(PeerAddress.form)) and key-file"
                checkup.add(LibraryFinding(.wrong, "node \(id)", "its entry is incomplete", advice: advice))
                continue
            }
            _ = checkup.key("key of \(id)", settings.place(file))
            _ = await checkup.peer("node \(id)", address, trust: trust, advice: Self.start)
            if let words = map["database"] { checkup.nodeDatabase(node, words) }
        }
    }

    private static func rows(_ database: String?, _ path: String) throws -> (text: String, counters: NodeCounters) {
        let page = try LibraryStores.node(database, path).page(after: 0, limit: 100_000, isWhole: true)
        let (there, open) = (page.rows.count { !$0.isDeleted }, page.rows.count { !$0.isPublished })
        let signal = page.counters.isSent ? "sent" : "unsent"
        return ("\(there) recordings, \(open) not published, signal \(signal)", page.counters)
    }
}
