import BulkheadMaster
package import BulkheadModel

/// One plugin as it is written: `PLUGIN[,name=value…]`.
///
/// `PLUGIN` is `frei0r:NAME`, `ladspa:NUMBER`, the name of an installed plugin, or the path of a library, for LADSPA
/// with `#LABEL`. A value that holds commas is quoted (`text="a, b"`), or its commas have a backslash before them.
/// What begins with @ is not the plugin's: `@name=`, `@deadline=`, `@memory=`, `@data=`, `@enabled=`.
package enum PluginWord {
    /// Reads `word`; what it names is looked for later, by the master.
    /// - Parameter folder: where relative paths count from.
    /// - Throws: kind `usage` for a parameter without a value and for what can't be read.
    package static func choice(_ word: String, folder: String = FilePaths.workingFolder) throws(BroadcastError)
        -> PluginChoice
    {
        let parts = try split(word)
        let identity = parts.first?.trimmingSpaces ?? ""
        guard !identity.isEmpty, identity != "." else {
            throw BroadcastError(
                .usage, "the plugin \"\(word)\" has no name",
                advice: "write PLUGIN,name=value, such as frei0r:glow,blur=0.3; `bulkhead plugin list` lists plugins")
        }
        var choice = PluginChoice(try absolute(identity, in: folder), folder: folder)
        for part in parts.dropFirst() {
            let (name, value) = try parameter(part)
            if name.hasPrefix("@") {
                try set(name, value, of: &choice)
            } else {
                choice.parameters[name] = value
            }
        }
        return choice
    }

    /// Reads `name=value`.
    /// - Throws: kind `usage` where there is no name or no equals sign.
    package static func parameter(_ text: String) throws(BroadcastError) -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw BroadcastError(
                .usage, "the plugin parameter \"\(text)\" has no value", advice: "write PLUGIN,name=value")
        }
        return (String(text[..<equals]).trimmingSpaces, String(text[text.index(after: equals)...]))
    }

    /// The word that ``choice(_:folder:)`` reads these from.
    package static func word(_ plugin: String, _ parameters: [(name: String, value: String)]) -> String {
        ([escaped(plugin)] + parameters.map { "\($0.name)=\(escaped($0.value))" }).joined(separator: ",")
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if "\\,\"'".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }

    // MARK: what is Bulkhead's own

    /// Sets one of the values that are not the plugin's.
    /// - Throws: kind `usage`, saying what it takes.
    package static func set(_ name: String, _ value: String, of choice: inout PluginChoice) throws(BroadcastError) {
        switch name {
        case "@name": choice.name = try chainName(value)
        case "@deadline": choice.deadlineMicroseconds = try deadline(value)
        case "@memory": choice.memoryMebibytes = try memory(value)
        case "@enabled": choice.isEnabled = try flag(name, value)
        case "@data": choice.mayWrite = try flag(name, value)
        default:
            throw BroadcastError(
                .usage, "there is no \(name) for a plugin",
                advice: "there are @name, @deadline, @memory, @data and @enabled")
        }
    }

    private static func flag(_ name: String, _ value: String) throws(BroadcastError) -> Bool {
        guard value == "true" || value == "false" else { throw misfit(name, value, "true or false") }
        return value == "true"
    }

    /// A plugin's name in the chain.
    package static func chainName(_ text: String) throws(BroadcastError) -> String {
        let isPlain = text.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || "-_.".contains($0) }
        guard (1...64).contains(text.utf8.count), isPlain else {
            throw misfit("the plugin's name", text, "1 to 64 letters, digits, dots, dashes and underscores")
        }
        return text
    }

    /// `5ms`, `500us`, or seconds, in microseconds.
    package static func deadline(_ text: String) throws(BroadcastError) -> UInt32 {
        let units: [(String, Double)] = [("ms", 1e3), ("us", 1), ("s", 1e6), ("", 1e6)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number.isFinite else { continue }
            let microseconds = number * factor
            guard (100...10_000_000).contains(microseconds) else { break }
            return UInt32(microseconds)
        }
        throw misfit("the deadline", text, "0.1ms to 10s, such as 8ms")
    }

    /// `256M`, `1G`, in MiB.
    package static func memory(_ text: String) throws(BroadcastError) -> UInt32 {
        let units: [(String, Double)] = [("G", 1024), ("M", 1), ("", 1)]
        for (unit, factor) in units where text.uppercased().hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number.isFinite else { continue }
            guard (1...1_048_576).contains(number * factor) else { break }
            return UInt32(number * factor)
        }
        throw misfit("the memory", text, "1M to 1024G, such as 256M")
    }

    private static func misfit(_ name: String, _ value: String, _ takes: String) -> BroadcastError {
        BroadcastError(.usage, "\(name) \"\(value)\" is out of range or no such value", advice: "it takes \(takes)")
    }

    // MARK: words

    /// The parts between commas that stand outside quotes and have no backslash before them, without these.
    private static func split(_ word: String) throws(BroadcastError) -> [String] {
        var parts: [String] = []
        var part = ""
        var quote: Character?
        var rest = word[...]
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.first, "\\,\"'".contains(next) {
                part.append(next)
                rest.removeFirst()
            } else if let open = quote {
                if character == open { quote = nil } else { part.append(character) }
            } else if character == "\"" || character == "'", part.isEmpty || part.hasSuffix("=") {
                // Elsewhere it is an apostrophe.
                quote = character
            } else if character == "," {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        guard quote == nil else {
            throw BroadcastError(.usage, "a quote in the plugin \"\(word)\" has no end", advice: "close it")
        }
        return parts + [part]
    }

    /// A path from the root, where the identity is a path; other identities as they are.
    /// - Throws: kind `plugin` where there is no such file.
    private static func absolute(_ identity: String, in folder: String) throws(BroadcastError) -> String {
        let isPath = identity.contains("/") || identity.hasSuffix(".so")
        guard isPath, !identity.hasPrefix("frei0r:"), !identity.hasPrefix("ladspa:") else { return identity }
        let path = FilePaths.absolute(identity, in: folder)
        let file = path.lastIndex(of: "#").map { String(path[..<$0]) } ?? path
        if let problem = FilePaths.readingProblem(path), FilePaths.readingProblem(file) != nil {
            throw BroadcastError(
                .plugin, "the plugin \(identity) can't be read: \(problem.phrase)",
                advice: "it takes the path of a shared library, or a name that `bulkhead plugin list` lists")
        }
        return path
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
