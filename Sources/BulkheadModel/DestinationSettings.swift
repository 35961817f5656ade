package import BulkheadSelection

/// One server that a link may publish to.
package struct ServerSettings: Codable, Hashable, Sendable {
    /// `rtmp://…`, `rtmps://…`.
    package var url: String
    /// Given apart from the URL; empty when the URL holds it. Never shown.
    package var streamKey: String
    /// A file of PEM certificates to trust besides the system's; empty for none.
    package var tlsAuthorityFile: String
    /// The lower comes first; equals in the order in which they are named.
    package var priority: Int
    /// Its share beside the others' under the rule `weighted`.
    package var weight: Int

    package init(
        url: String, streamKey: String = "", tlsAuthorityFile: String = "", priority: Int = 0, weight: Int = 1
    ) {
        self.url = url
        self.streamKey = streamKey
        self.tlsAuthorityFile = tlsAuthorityFile
        self.priority = priority
        self.weight = weight
    }
}

/// One place the stream goes to: a file, or a server with others that may take over from it.
package struct DestinationSettings: Codable, Hashable, Sendable {
    /// `rtmp://…`, `rtmps://…`, or `file:PATH.flv` with an absolute path.
    package var url: String
    /// Given apart from the URL; empty when the URL holds it. Never shown.
    package var streamKey: String
    /// A file of PEM certificates to trust besides the system's; empty for none.
    package var tlsAuthorityFile: String
    /// Of the first server.
    package var priority = 0
    package var weight = 1
    /// For people; empty for `link 1` and so on.
    package var name = ""
    /// The servers besides the first.
    package var alternatives: [ServerSettings] = []
    package var rule = SelectionRule.priority
    /// Two servers get the stream at once.
    package var isRedundant = false
    /// What is sent again to a connection made anew so that nothing is missing, in seconds; 0 prefers the live edge.
    package var backfillSeconds = Self.standardBackfillSeconds
    /// Its servers are told of recordings, as script data in the stream.
    package var hasScriptData = false
    /// What is told of the stream that goes there: what its platform has limits for.
    package var watch: [SwitchCondition] = []

    /// How far back a new connection starts where nothing else is set, in seconds.
    package static let standardBackfillSeconds = 10.0

    /// A destination with one server, before its alternatives.
    package init(url: String, streamKey: String = "", tlsAuthorityFile: String = "") {
        self.url = url
        self.streamKey = streamKey
        self.tlsAuthorityFile = tlsAuthorityFile
    }

    /// What an application of an older version does not send has its standard value.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        url = try container.decode(String.self, forKey: .url)
        streamKey = try container.decode(String.self, forKey: .streamKey)
        tlsAuthorityFile = try container.decode(String.self, forKey: .tlsAuthorityFile)
        priority = try container.decodeIfPresent(Int.self, forKey: .priority) ?? 0
        weight = try container.decodeIfPresent(Int.self, forKey: .weight) ?? 1
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
        alternatives = try container.decodeIfPresent([ServerSettings].self, forKey: .alternatives) ?? []
        rule = try container.decodeIfPresent(SelectionRule.self, forKey: .rule) ?? .priority
        isRedundant = try container.decodeIfPresent(Bool.self, forKey: .isRedundant) ?? false
        backfillSeconds =
            try container.decodeIfPresent(Double.self, forKey: .backfillSeconds) ?? Self.standardBackfillSeconds
        hasScriptData = try container.decodeIfPresent(Bool.self, forKey: .hasScriptData) ?? false
        watch = try container.decodeIfPresent([SwitchCondition].self, forKey: .watch) ?? []
    }

    /// It is written to a file.
    package var isFile: Bool { url.hasPrefix("file:") }

    /// All servers, the first one first.
    package var servers: [ServerSettings] {
        [
            ServerSettings(
                url: url, streamKey: streamKey, tlsAuthorityFile: tlsAuthorityFile, priority: priority, weight: weight)
        ] + alternatives
    }

    /// Whether its numbers can be counted with.
    package var isInRange: Bool {
        SettingRange.backfillSeconds.contains(backfillSeconds) && alternatives.count < SettingRange.mostServers
            && (!isRedundant || (!isFile && !alternatives.isEmpty)) && (!isFile || alternatives.isEmpty)
            && watch.count <= 64 && watch.allSatisfy(\.fitsLinks) && (!isFile || watch.isEmpty)
            && servers.allSatisfy {
                SettingRange.serverWeight.contains($0.weight) && SettingRange.serverPriority.contains($0.priority)
            }
    }
}
