import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadModel
import BulkheadSystem
import Glibc
import Yams

/// The file of a part that runs by itself. Paths are relative to the file's folder.
struct Configuration {
    private static let longest = 1 << 20

    let folder: String
    private let path: String
    private let values: [String: Node]
    private var known: Set<String> = []

    init(_ path: String) throws(StartError) {
        self.path = path
        let file: OpenFile
        do { file = try OpenFile(named: path) } catch { throw StartError(settings: "\(path) can't be read: \(error)") }
        let bytes = (try? file.readBlocking(at: 0, count: Int(min(file.byteCount, Int64(Self.longest))))) ?? []
        var values: [String: Node] = [:]
        do {
            guard let mapping = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))?.mapping else {
                throw StartError(settings: "\(path) holds no settings: write keys and values, such as id: berlin")
            }
            for (key, value) in mapping { values[key.string ?? ""] = value }
        } catch let error as StartError { throw error } catch {
            throw StartError(
                settings: "\(path) is no YAML: \("\(error)".split(whereSeparator: \.isNewline).first ?? "")")
        }
        self.values = values
        folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    mutating func text(_ key: String) throws(StartError) -> String {
        guard let text = try optionalText(key) else { throw StartError(settings: "\(path) lacks \(key)") }
        return text
    }

    mutating func optionalText(_ key: String) throws(StartError) -> String? {
        known.insert(key)
        guard let value = values[key] else { return nil }
        guard let text = value.scalar?.string, !text.isEmpty else {
            throw StartError(settings: "\(path): \(key) wants one value")
        }
        return text
    }

    mutating func list(_ key: String) throws(StartError) -> [String] {
        known.insert(key)
        guard let value = values[key] else { return [] }
        let items = value.sequence?.map { $0 } ?? [value]
        var texts: [String] = []
        for item in items {
            guard let text = item.scalar?.string else {
                throw StartError(settings: "\(path): \(key) wants a list of values")
            }
            texts.append(text)
        }
        return texts
    }

    /// A list of maps of texts.
    mutating func maps(_ key: String) throws(StartError) -> [[String: String]] {
        known.insert(key)
        var maps: [[String: String]] = []
        for item in values[key]?.sequence.map({ Array($0) }) ?? [] {
            guard let mapping = item.mapping else { throw StartError(settings: "\(path): \(key) wants a list of maps") }
            var map: [String: String] = [:]
            for (key, value) in mapping { map[key.string ?? ""] = value.string ?? value.scalar?.string ?? "" }
            maps.append(map)
        }
        return maps
    }

    mutating func address(_ key: String) throws(StartError) -> PeerAddress {
        guard let address = PeerAddress(try text(key)) else {
            throw StartError(settings: "\(path): \(key) wants \(PeerAddress.form)")
        }
        return address
    }

    mutating func optionalAddress(_ key: String) throws(StartError) -> PeerAddress? {
        try optionalText(key) == nil ? nil : try address(key)
    }

    mutating func listenAddress() throws(StartError) -> ListenAddress {
        guard let address = ListenAddress(try text("listen"), anyHost: ListenAddress.everywhere) else {
            throw StartError(settings: "\(path): listen wants an address and a port, such as :8090")
        }
        return address
    }

    mutating func optionalListenAddress(_ key: String) throws(StartError) -> ListenAddress? {
        guard let text = try optionalText(key) else { return nil }
        guard let address = ListenAddress(text, anyHost: ListenAddress.everywhere) else {
            throw StartError(settings: "\(path): \(key) wants an address and a port, such as :1935")
        }
        return address
    }

    mutating func node(_ key: String) throws(StartError) -> NodeID {
        guard let node = NodeID(try text(key)) else {
            throw StartError(settings: "\(path): \(key) wants a name of small letters, digits and hyphens")
        }
        return node
    }

    func place(_ text: String) -> String { text.hasPrefix("/") ? text : folder + "/" + text }

    /// A mistyped key must not be passed over in silence.
    func finish() throws(StartError) {
        if let stranger = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw StartError(
                settings: "\(path): \(stranger) is no setting; known are \(known.sorted().joined(separator: ", "))")
        }
    }
}

/// Seconds as a duration, from a test's environment: `BULKHEAD_LIBRARY_PERIOD`.
enum TestPeriod {
    static func read(_ usual: Duration) -> Duration {
        guard let text = getenv("BULKHEAD_LIBRARY_PERIOD").map({ String(cString: $0) }), let seconds = Double(text),
            (0.01...3600).contains(seconds)
        else { return usual }
        return .milliseconds(Int64(seconds * 1000))
    }
}
