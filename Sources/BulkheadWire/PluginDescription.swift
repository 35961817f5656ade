/// What a plugin is, as its library describes it.
package struct PluginDescription: Hashable, Codable, Sendable {
    /// By whose interface the library is made.
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case bulkhead, frei0r, ladspa
    }

    /// What it does with a picture or with sound.
    package enum Role: String, Hashable, Codable, Sendable, CaseIterable {
        /// Changes what comes in.
        case filter
        /// Makes something of its own, which is laid over what comes in.
        case source
        /// Mixes a picture with the ones before it.
        case mixer
    }

    /// How users call it: `NAME`, `frei0r:NAME` or `ladspa:LABEL`.
    package var identity: String
    /// The interface that the library has.
    package var kind: Kind
    /// The library's absolute path.
    package var path: String
    /// Which of the library's plugins, for LADSPA; else empty.
    package var label: String
    /// LADSPA's number for it; 0 for others.
    package var uniqueID: UInt32
    /// The plugin's own name, for people.
    package var name: String
    /// Empty where the interface has none, as LADSPA's.
    package var version: String
    /// The author, in the words of the library; may be empty.
    package var author: String
    /// The licence, in the words of the library; may be empty.
    package var license: String
    /// One sentence, or empty.
    package var summary: String
    /// Whether it changes what it is given, or makes something of its own.
    package var role: Role
    /// It works on pictures.
    package var takesVideo: Bool
    /// It works on sound.
    package var takesAudio: Bool
    /// It is told of events.
    package var takesEvents: Bool
    /// It writes its result over its input.
    package var worksInPlace: Bool
    /// In the order of the library; at most ``PluginParameter/maximumCount``.
    package var parameters: [PluginParameter]

    /// A description of a library's plugin; what is not given is empty.
    package init(
        identity: String, kind: Kind, path: String, label: String = "", uniqueID: UInt32 = 0, name: String,
        version: String, author: String = "", license: String = "", summary: String = "", role: Role = .filter,
        takesVideo: Bool = false, takesAudio: Bool = false, takesEvents: Bool = false, worksInPlace: Bool = false,
        parameters: [PluginParameter] = []
    ) {
        self.identity = identity
        self.kind = kind
        self.path = path
        self.label = label
        self.uniqueID = uniqueID
        self.name = name
        self.version = version
        self.author = author
        self.license = license
        self.summary = summary
        self.role = role
        self.takesVideo = takesVideo
        self.takesAudio = takesAudio
        self.takesEvents = takesEvents
        self.worksInPlace = worksInPlace
        self.parameters = parameters
    }

    /// What an instance of the plugin can be given.
    package var abilities: PluginAbilities {
        var abilities: PluginAbilities = []
        if takesVideo { abilities.insert(.video) }
        if takesAudio { abilities.insert(.audio) }
        if takesEvents { abilities.insert(.events) }
        return abilities
    }
}

/// What an enumerator, a plugin host started with `--enumerate`, tells of libraries.
package enum EnumeratorReply: WireMessage, Hashable {
    /// What it is about to have the library do: a library that crashes does it there.
    case calling(PluginBreadcrumb.Call)
    case plugin(PluginDescription)
    /// The library, or where a label is given the one plugin in it, can't be used.
    case refused(path: String, label: String, Refusal)
    /// All that is to be said of the library at this path has been said.
    case finished(path: String)

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .calling(let call): WireFrame(.enumeratorCalling) { $0.write(call.rawValue) }
        case .plugin(let plugin): WireFrame(.enumeratorPlugin, reserving: 1024) { plugin.write(to: &$0) }
        case .refused(let path, let label, let refusal):
            WireFrame(.enumeratorRefused) {
                $0.write(path, atMost: 4096)
                $0.write(label, atMost: 256)
                refusal.write(to: &$0)
            }
        case .finished(let path): WireFrame(.enumeratorFinished) { $0.write(path, atMost: 4096) }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .enumeratorCalling?:
            guard let call = PluginBreadcrumb.Call(rawValue: try reader.read()) else {
                throw reader.outsideRange("call")
            }
            self = .calling(call)
        case .enumeratorPlugin?: self = .plugin(try PluginDescription(&reader))
        case .enumeratorRefused?:
            self = .refused(
                path: try reader.readString(atMost: 4096, "path"), label: try reader.readString(atMost: 256, "label"),
                try Refusal(&reader))
        case .enumeratorFinished?: self = .finished(path: try reader.readString(atMost: 4096, "path"))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

extension PluginDescription {
    func write(to writer: inout WireWriter) {
        for text in [identity, kind.rawValue, path, label, name, version, author, license, summary, role.rawValue] {
            writer.write(text, atMost: 4096)
        }
        writer.write(uniqueID)
        for flag in [takesVideo, takesAudio, takesEvents, worksInPlace] { writer.write(flag) }
        let parameters = self.parameters.prefix(PluginParameter.maximumCount)
        writer.write(UInt16(clamping: parameters.count))
        for parameter in parameters { parameter.write(to: &writer) }
    }

    init(_ reader: inout WireReader) throws(WireError) {
        func text(_ field: String) throws(WireError) -> String { try reader.readString(atMost: 4096, field) }
        let identity = try text("identity")
        guard let kind = Kind(rawValue: try text("kind")) else { throw reader.outsideRange("kind") }
        self.init(
            identity: identity, kind: kind, path: try text("path"), label: try text("label"), name: try text("name"),
            version: try text("version"), author: try text("author"), license: try text("license"),
            summary: try text("summary"))
        guard let role = Role(rawValue: try text("role")) else { throw reader.outsideRange("role") }
        self.role = role
        uniqueID = try reader.read()
        takesVideo = try reader.readBool("video flag")
        takesAudio = try reader.readBool("audio flag")
        takesEvents = try reader.readBool("events flag")
        worksInPlace = try reader.readBool("in-place flag")
        let count = Int(try reader.read(UInt16.self))
        guard count <= PluginParameter.maximumCount else { throw reader.outsideRange("parameter count") }
        for _ in 0..<count { parameters.append(try PluginParameter(&reader)) }
    }
}

extension PluginParameter {
    func write(to writer: inout WireWriter) {
        for text in [name, printedName, kind.rawValue, summary, unit, defaultText] { writer.write(text, atMost: 4096) }
        for limit in [minimum, maximum] {
            writer.write(limit != nil)
            writer.write((limit ?? 0).bitPattern)
        }
        let choices = self.choices.prefix(Self.maximumCount)
        writer.write(UInt16(clamping: choices.count))
        for choice in choices { writer.write(choice, atMost: 4096) }
    }

    init(_ reader: inout WireReader) throws(WireError) {
        func text(_ field: String) throws(WireError) -> String { try reader.readString(atMost: 4096, field) }
        func limit() throws(WireError) -> Double? {
            let isPresent = try reader.readBool("limit flag")
            let value = Double(bitPattern: try reader.read(UInt64.self))
            guard value.isFinite else { throw reader.outsideRange("limit") }
            return isPresent ? value : nil
        }
        let name = try text("parameter name")
        let printedName = try text("printed name")
        guard let kind = Kind(rawValue: try text("parameter kind")) else { throw reader.outsideRange("parameter kind") }
        self.init(
            name: name, printedName: printedName, kind: kind, summary: try text("summary"), unit: try text("unit"),
            defaultText: try text("default"))
        minimum = try limit()
        maximum = try limit()
        let count = Int(try reader.read(UInt16.self))
        guard count <= Self.maximumCount else { throw reader.outsideRange("choice count") }
        for _ in 0..<count { choices.append(try text("choice")) }
    }
}
