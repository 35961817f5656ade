/// How many hosts the plugins of a broadcast have.
package enum PluginIsolation: String, Codable, Hashable, Sendable, CaseIterable {
    /// One for all of them.
    case all
    /// One for each.
    case each
}

/// A plugin of the chain, as a user asks for it.
package struct PluginChoice: Codable, Hashable, Sendable {
    /// How much a host may grow for a plugin that says nothing of it.
    package static let standardMebibytes = 512

    /// `frei0r:NAME`, `ladspa:NUMBER`, the name of a Bulkhead plugin, or a library's absolute path, for LADSPA with
    /// `#LABEL`.
    package var identity: String
    /// What it is called in the chain; empty for the last part of its identity.
    package var name: String
    /// Values by the names of parameters, as text.
    package var parameters: [String: String]
    /// What it may take for a frame; 0 for its share of the frame interval.
    package var deadlineMicroseconds: UInt32
    /// How much its host may grow, in MiB; 0 for ``standardMebibytes``.
    package var memoryMebibytes: UInt32
    /// It has a folder of its own to write to.
    package var mayWrite: Bool
    /// Loaded and at work; a plugin that is not enabled is loaded only.
    package var isEnabled: Bool
    /// Where relative files among the parameters count from; an absolute path, or empty.
    package var folder: String

    /// A choice with every parameter at its default.
    package init(
        _ identity: String, name: String = "", parameters: [String: String] = [:], deadlineMicroseconds: UInt32 = 0,
        memoryMebibytes: UInt32 = 0, mayWrite: Bool = false, isEnabled: Bool = true, folder: String = ""
    ) {
        self.identity = identity
        self.name = name
        self.parameters = parameters
        self.deadlineMicroseconds = deadlineMicroseconds
        self.memoryMebibytes = memoryMebibytes
        self.mayWrite = mayWrite
        self.isEnabled = isEnabled
        self.folder = folder
    }

    /// An older application says nothing of ``mayWrite``: then it may not.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        identity = try container.decode(String.self, forKey: .identity)
        name = try container.decode(String.self, forKey: .name)
        parameters = try container.decode([String: String].self, forKey: .parameters)
        deadlineMicroseconds = try container.decode(UInt32.self, forKey: .deadlineMicroseconds)
        memoryMebibytes = try container.decode(UInt32.self, forKey: .memoryMebibytes)
        mayWrite = try container.decodeIfPresent(Bool.self, forKey: .mayWrite) ?? false
        isEnabled = try container.decode(Bool.self, forKey: .isEnabled)
        folder = try container.decode(String.self, forKey: .folder)
    }

    /// The last part of the identity: `glow` of `frei0r:glow`, `gate` of `/usr/lib/x.so#gate`, `border` of
    /// `/opt/libBorder.so`.
    package var shortName: String {
        var part = Substring(identity)
        if let hash = part.lastIndex(of: "#"), part.index(after: hash) < part.endIndex {
            return String(part[part.index(after: hash)...])
        }
        if let slash = part.lastIndex(of: "/") {
            part = part[part.index(after: slash)...]
        } else if let colon = part.lastIndex(of: ":") {
            part = part[part.index(after: colon)...]
        }
        if part.hasSuffix(".so"), part.count > 3 { part = part.dropLast(3) }
        if identity.hasSuffix(".so"), part.hasPrefix("lib"), part.count > 3 { part = part.dropFirst(3) }
        return part.isEmpty ? "plugin" : part.lowercased()
    }

    /// The choices with a name for each, given or made, that no other has.
    /// - Throws: kind `usage` when a name is given twice.
    package static func named(
        _ choices: [PluginChoice], besides taken: Set<String> = []
    ) throws(BroadcastError) -> [PluginChoice] {
        var taken = taken
        for choice in choices where !choice.name.isEmpty {
            guard taken.insert(choice.name).inserted else {
                throw BroadcastError(
                    code: .pluginNameTwice, ["name": choice.name],
                    "there are two plugins called \(choice.name) in the chain", advice: "give each its own name")
            }
        }
        var named = choices
        for index in named.indices where named[index].name.isEmpty {
            let base = named[index].shortName
            var name = base
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            named[index].name = name
        }
        return named
    }
}

/// A change of the chain on air.
package enum PluginChange: Codable, Hashable, Sendable {
    /// Puts a plugin into the chain: at `position`, counted from 1, or at its end.
    case add(PluginChoice, position: Int?)
    case remove(name: String)
    /// Moves a plugin to `position`, counted from 1.
    case move(name: String, position: Int)
    /// Changes parameters; the others stay as they are.
    case set(name: String, parameters: [String: String], folder: String)
    case enable(name: String, Bool)
    /// Puts a new process, and with it the library as it is on disk now, in the place of the host.
    case reload(name: String)
    /// Lets a plugin in again that is in quarantine or off.
    case pardon(name: String)
}
