/// The names of a line's members; the raw values are stable. docs/control.md lists them.
package enum ControlKey: String, CodingKey, CaseIterable, Sendable {
    // Of every line.
    case version = "bulkhead-control"
    case id, request, reply

    // Of requests.
    case settings, changes, part, plugin, position, name, parameters, folder, destination, link, server, isMeasured,
        input, file, scene, transition, strip, program, path, seconds, text, fields, pin, saying, block,
        isAll, count, fromSeconds, mode, configuration, isDryRun, pid, fault

    // Of replies.
    case masterPID, broadcast, deaths, event, links, error, frame, replay, room, comments,
        timetable, summary, thumbnails, flv
}

/// The first line of either side.
package struct ControlGreeting: Codable, Hashable, Sendable {
    /// The version of the protocol that this build speaks: raised when a request, a reply or a key goes or changes its
    /// meaning (docs/versions.md).
    package static let currentVersion = 1

    package let version: Int

    package init(version: Int = Self.currentVersion) { self.version = version }

    private enum CodingKeys: String, CodingKey { case version = "bulkhead-control" }
}

/// A request or a reply with the number that connects the two.
///
///     {"id":7,"part":"encoder","request":"restart"}
///     {"id":7,"reply":"done"}
package struct ControlLine<Content: Codable & Sendable>: Codable, Sendable {
    /// Chosen by the client, and repeated in each reply to the request; nil when the client does not care.
    package var id: Int?
    package var content: Content

    package init(_ content: Content, id: Int? = nil) {
        self.id = id
        self.content = content
    }

    package init(from decoder: any Decoder) throws {
        id = try decoder.container(keyedBy: ControlKey.self).decodeIfPresent(Int.self, forKey: .id)
        content = try Content(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ControlKey.self)
        try container.encodeIfPresent(id, forKey: .id)
        try content.encode(to: encoder)
    }
}
