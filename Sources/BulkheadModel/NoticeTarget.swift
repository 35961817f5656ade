import FoundationEssentials

/// How much attention an event asks for.
package enum EventLevel: String, Codable, Hashable, Sendable, CaseIterable, Comparable {
    /// A state changed.
    case notice
    /// It healed itself, or is about to.
    case warning
    /// Someone must act.
    case error

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .notice: 0
        case .warning: 1
        case .error: 2
        }
    }
}

/// Where events are told besides the terminal: an address that takes each as one HTTP POST, a command that is run for each,
/// or a file that gets a line for each.
package struct NoticeTarget: Codable, Hashable, Sendable {
    /// How many targets a broadcast may have.
    package static let mostTargets = 16

    /// What takes the events. Each kind is served by a process of its own.
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// An address of HTTP.
        case http
        /// A command of the shell.
        case command
        /// A file.
        case file
    }

    /// What takes the events.
    package let kind: Kind
    /// `https://…` or `http://…`, a command, or an absolute path. An address' path often is a secret: it is shown nowhere.
    package let url: String
    /// What people call it; its host, program or file where they have not said.
    package let name: String
    /// Less than this is not told.
    package let level: EventLevel
    /// Which events are told, as their codes, where `*` stands for any text; none for all.
    package let codes: [String]
    /// The key of signatures; nil for none.
    package let secret: String?
    /// When it is told, besides at once, and how much of it.
    package let rule: NoticeRule

    /// A target; its name is that of its host where it is nil. What has no level is told of trouble, and of events that
    /// were named at any level.
    package init(
        _ kind: Kind = .http, url: String, name: String? = nil, level: EventLevel? = nil, codes: [String] = [],
        secret: String? = nil, rule: NoticeRule = NoticeRule()
    ) {
        self.kind = kind
        self.url = url
        self.name = name ?? Self.name(kind, url)
        self.level = level ?? (codes.isEmpty && kind != .file ? .warning : .notice)
        self.codes = codes
        self.secret = secret
        self.rule = rule
    }

    private static func name(_ kind: Kind, _ url: String) -> String {
        switch kind {
        case .http: host(of: url) ?? "webhook"
        // Its words may hold a secret: the program's name alone.
        case .command: url.split(separator: " ").first.map(lastComponent) ?? "command"
        case .file: lastComponent(Substring(url))
        }
    }

    private static func lastComponent(_ path: Substring) -> String {
        String((path.split(separator: "/").last ?? path).prefix(64))
    }

    /// Whether an event with `code` and `level` is told here.
    package func wants(_ code: String, _ level: EventLevel) -> Bool {
        level >= self.level && (codes.isEmpty || codes.contains { Self.matches(code, $0) })
    }

    /// Whether the address is one of its kind: what another process sends is checked.
    package var isInRange: Bool {
        let fits =
            switch kind {
            case .http: Self.host(of: url) != nil
            case .command: !url.isEmpty
            case .file: url.hasPrefix("/") && !url.hasSuffix("/")
            }
        return fits && url.utf8.count <= 4096 && !url.utf8.contains(0) && (secret?.utf8.count ?? 0) <= 4096
            && rule.isInRange
    }

    /// The key of signatures in bytes; empty for none. What begins as Standard Webhooks write keys is base64.
    package var key: [UInt8] {
        guard let secret else { return [] }
        let prefix = "whsec_"
        guard secret.hasPrefix(prefix), let key = Data(base64Encoded: String(secret.dropFirst(prefix.count))) else {
            return Array(secret.utf8)
        }
        return Array(key)
    }

    /// What stands between the scheme and the path, without a user and a password; nil for what is no address.
    package static func host(of url: String) -> String? {
        let host = authority(of: url)?.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return host.isEmpty ? nil : String(host)
    }

    /// What of the target nobody is to see: its user and password, what stands behind its host, its secret.
    package var secrets: [String] {
        guard kind == .http, let authority = Self.authority(of: url) else { return [] }
        let login = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
        let rest = url[authority.endIndex...]
        return [String(login), String(rest), secret ?? ""].filter { $0.count > 1 }
    }

    private static func authority(of url: String) -> Substring? {
        guard let scheme = ["https://", "http://"].first(where: { url.lowercased().hasPrefix($0) }) else { return nil }
        return url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
    }

    /// Whether `text` is what `pattern` says, in which `*` stands for any text.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return text == pattern }
        guard text.hasPrefix(first), text.count >= first.count + last.count, text.hasSuffix(last) else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let start = rest.indices.first(where: { rest[$0...].hasPrefix(part) }) else { return false }
            rest = rest[start...].dropFirst(part.count)
        }
        return true
    }
}

/// What an interrupted broadcast of an earlier version has kept knows addresses of HTTP alone.
extension NoticeTarget {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decodeIfPresent(Kind.self, forKey: .kind) ?? .http
        url = try container.decode(String.self, forKey: .url)
        name = try container.decode(String.self, forKey: .name)
        level = try container.decode(EventLevel.self, forKey: .level)
        codes = try container.decode([String].self, forKey: .codes)
        secret = try container.decodeIfPresent(String.self, forKey: .secret)
        rule = try container.decodeIfPresent(NoticeRule.self, forKey: .rule) ?? NoticeRule()
    }
}

/// How it goes with one target of notices.
package struct NoticeTargetStatus: Codable, Hashable, Sendable {
    /// What people call it.
    package let name: String
    /// Notices that it has taken.
    package let delivered: Int
    /// Notices that wait for it.
    package let waiting: Int
    /// Notices that it will never get: refused, or too many waited.
    package let lost: Int
    /// Why it takes none at the moment, in words; nil where all is well.
    package let problem: String?

    package init(name: String, delivered: Int, waiting: Int, lost: Int, problem: String?) {
        self.name = name
        self.delivered = delivered
        self.waiting = waiting
        self.lost = lost
        self.problem = problem
    }
}
