import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1
import SystemPackage

/// Looks at what a part of a library needs, one thing after the other.
struct LibraryCheckup {
    /// A node and the centre take no signature that is older.
    private static let signatureSeconds: Int64 = 60
    private static let noticedSeconds: Int64 = 5
    private static let nginxFolders = ["/etc/nginx/conf.d", "/etc/nginx/sites-enabled"]

    private(set) var findings: [LibraryFinding] = []

    mutating func add(_ finding: LibraryFinding) { findings.append(finding) }

    /// - Returns: the folder where it can be used.
    mutating func folder(_ path: String) -> MediaFolder? {
        let bytes = FileName.bytes(path)
        var facts = stat()
        guard stat(bytes, &facts) == 0 else {
            add(LibraryFinding(.note, "folder", "\(path) is not there", advice: "it is made at the start"))
            return nil
        }
        guard facts.st_mode & S_IFMT == S_IFDIR, access(bytes, R_OK | W_OK | X_OK) == 0 else {
            let advice = "give it to the user who runs the library: chown"
            add(LibraryFinding(.wrong, "folder", "\(path) can't be read and written by this user", advice: advice))
            return nil
        }
        let own = path + "/" + MediaFolder.ownName
        guard access(FileName.bytes(own), F_OK) == 0 else {
            add(LibraryFinding(.note, "folder", "\(path) was used by no library yet"))
            return nil
        }
        guard access(FileName.bytes(own), R_OK | W_OK | X_OK) == 0, let folder = try? MediaFolder(path) else {
            let advice = "run this as the user who runs the library, or chown -R"
            add(LibraryFinding(.wrong, "folder", "\(own) belongs to another user", advice: advice))
            return nil
        }
        add(LibraryFinding(.ok, "folder", path))
        return folder
    }

    mutating func disk(_ path: String) {
        var facts = statvfs()
        guard statvfs(FileName.bytes(path), &facts) == 0, let free = DiskSpace.free(path) else { return }
        let all = UInt64(facts.f_blocks).multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue
        let share = all > 0 ? Double(free) / Double(all) * 100 : 0
        let text = "\(free / 1_000_000) MB free, \(Int(share)) % of the disk of \(path)"
        if free < 500_000_000 {
            add(LibraryFinding(.wrong, "disk", text, advice: "no uploads are taken below 500 MB: make room"))
        } else {
            add(
                LibraryFinding(
                    share < 5 ? .note : .ok, "disk", text, advice: share < 5 ? "make room before it is full" : ""))
        }
    }

    /// - Returns: the key where it can be used.
    mutating func key(_ subject: String, _ path: String) -> [UInt8]? {
        do throws(StartError) {
            let key = try LibraryKey.read(path)
            add(LibraryFinding(.ok, subject, "\(path), for this user alone"))
            return key
        } catch {
            add(LibraryFinding(.wrong, subject, error.description))
            return nil
        }
    }

    /// What a part's file says of TLS: whether the files can be used, and when the certificate is over.
    /// - Returns: whom the part believes.
    mutating func certificates(_ settings: inout Configuration) -> ClientTrust? {
        let subject = "certificate"
        do throws(StartError) {
            let tls = try PartTLS(&settings)
            guard let files = tls.files else { return tls.trust }
            _ = try tls.server(log: LibraryLog(isJSON: false))
            let days = ((try? files.end()) ?? 0).subtractingReportingOverflow(Int64(time(nil))).partialValue / 86_400
            let span = days == 1 ? "1 day" : "\(days) days"
            switch days {
            case ..<0: add(LibraryFinding(.wrong, subject, "\(files.certificate) is over", advice: "get another one"))
            case ..<14:
                let advice = "see whether it is renewed by itself"
                add(LibraryFinding(.note, subject, "\(files.certificate) is over in \(span)", advice: advice))
            default: add(LibraryFinding(.ok, subject, "\(files.certificate), good for \(span)"))
            }
            return tls.trust
        } catch {
            add(LibraryFinding(.wrong, subject, error.description))
            return nil
        }
    }

    /// - Parameters:
    ///   - words: libpq's; nil for the file at `path`.
    ///   - look: reads something of it.
    mutating func database(_ words: String?, _ path: String, _ look: () throws -> String) {
        if let words {
            do throws(StoreError) {
                let version = try PostgresServer.version(at: words)
                let text = "PostgreSQL \(version / 10_000).\(version % 10_000)"
                if version < PostgresServer.oldest {
                    add(LibraryFinding(.wrong, "database", text, advice: "use PostgreSQL 15 or later"))
                } else {
                    add(LibraryFinding(.ok, "database", text))
                }
            } catch {
                let advice = "try psql with the same words: \(Self.withoutPassword(words))"
                return add(LibraryFinding(.wrong, "database", error.description, advice: advice))
            }
        } else if access(FileName.bytes(path), F_OK) != 0 {
            return add(LibraryFinding(.note, "database", "\(path) is made at the start"))
        }
        do { add(LibraryFinding(.ok, "tables", try look())) } catch {
            // A full disk is no damage: what is in the tables is safe.
            let advice = "\(error)".contains("is full") ? "make room" : "restore a backup: docs/library.md"
            add(LibraryFinding(.wrong, "tables", "\(error)", advice: advice))
        }
    }

    /// Whether the centre can read a node's PostgreSQL itself, with the words of its own file.
    mutating func nodeDatabase(_ node: NodeID, _ words: String) {
        let subject = "database of \(node)"
        do throws(StoreError) {
            _ = try PostgresStores.reader(node, at: words).page(after: 0, limit: 1, isWhole: true)
            add(LibraryFinding(.ok, subject, "it can be read by its two views"))
        } catch {
            let advice = "start the node once, which makes its tables; then grant what docs/library.md, Databases, says"
            add(LibraryFinding(.wrong, subject, error.description, advice: advice))
        }
    }

    private static func withoutPassword(_ words: String) -> String {
        let parts = words.split(separator: " ").filter { !$0.hasPrefix("password=") }
        let text = parts.joined(separator: " ")
        guard let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].firstIndex(of: "@") else {
            return text
        }
        return text[..<scheme.upperBound] + "…" + text[at...]
    }

    /// Whether `address` answers, and by how much its clock differs.
    /// - Returns: whether it answers.
    mutating func peer(
        _ subject: String, _ address: PeerAddress, trust: ClientTrust?, advice: String
    ) async -> Bool {
        do {
            let answer = try await HTTPCall.with(address, trust: trust) {
                try await $0.send(.GET, "/health", [("Connection", "close")])
            }
            let now = Int64(time(nil))
            guard answer.status == 200 else {
                add(LibraryFinding(.wrong, subject, "\(address) answers with \(answer.status)", advice: advice))
                return false
            }
            add(LibraryFinding(.ok, subject, "\(address) answers"))
            guard let theirs = answer.headers.first(name: "Date").flatMap(HTTPDate.seconds) else { return true }
            let apart = abs(now.subtractingReportingOverflow(theirs).partialValue)
            let text = apart <= 1 ? "the same as \(address)'s" : "\(apart) s from \(address)'s"
            if apart >= Self.signatureSeconds {
                add(
                    LibraryFinding(
                        .wrong, "clock", text, advice: "signatures are good for a minute: set both clocks by NTP"))
            } else {
                let isNoticed = apart > Self.noticedSeconds
                add(LibraryFinding(isNoticed ? .note : .ok, "clock", text, advice: isNoticed ? "set both by NTP" : ""))
            }
            return true
        } catch {
            let why = (error as? PeerFailure)?.description ?? PeerCall.phrase(error)
            add(LibraryFinding(.wrong, subject, "\(address) can't be reached: \(why)", advice: advice))
            return false
        }
    }

    /// A signal says what the centre knows already, or is about to hear.
    mutating func signature(_ call: PeerCall, _ counters: NodeCounters?) async {
        let counters = counters ?? NodeCounters(epoch: .random(), changed: 0, signalled: 0)
        let signal = Signal(node: call.node, epoch: counters.epoch, changed: counters.changed)
        do throws(PeerFailure) {
            _ = try await call.send(.POST, "/centre/signals", body: JSONLine.encode(signal))
            add(LibraryFinding(.ok, "trust", "\(call.address) takes what \(call.node) signs"))
        } catch {
            let advice =
                error.status == 401
                ? "the centre's file must name \(call.node), with the same line in its key file; compare the clocks"
                : ""
            add(LibraryFinding(.wrong, "trust", error.description, advice: advice))
        }
    }

    /// Programs beside the library's own.
    mutating func programs() {
        guard ProgramRun.sibling("bulkhead-source") != nil else {
            let text = "bulkhead-source is not there: plain MP4s are served as files only, and the list has no pictures"
            return add(LibraryFinding(.note, "films", text, advice: "install bulkhead whole"))
        }
        add(LibraryFinding(.ok, "films", "plain MP4s become HLS and FLV, and the list has pictures"))
    }

    /// A buffer server on this machine, as the shipped file makes it.
    mutating func nginx(port: Int?) {
        guard access("/usr/sbin/nginx", X_OK) == 0 else {
            return add(LibraryFinding(.note, "nginx", "none is installed: each player reads the node by itself"))
        }
        let files = Self.nginxFolders.flatMap { folder in FolderSync.names(folder).map { folder + "/" + $0 } }
        let texts = files.compactMap { path -> String? in
            // What is enabled there is mostly a link.
            guard let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            guard let file = try? OpenFile(named: String(cString: real)), file.byteCount < 1 << 20,
                let bytes = try? file.readBlocking(at: 0, count: Int(file.byteCount))
            else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            return text.contains("upstream bulkhead_node") ? text : nil
        }
        guard let text = texts.first else {
            let advice = "for many players: docs/library.md, The buffer server"
            return add(LibraryFinding(.note, "nginx", "it is no buffer server of a library", advice: advice))
        }
        if let port, !text.contains(":\(port);") {
            let advice = "write the node's port into upstream bulkhead_node, and reload nginx"
            return add(LibraryFinding(.wrong, "nginx", "its upstream is not this node's port \(port)", advice: advice))
        }
        add(LibraryFinding(.ok, "nginx", "it is a buffer server"))
    }
}
