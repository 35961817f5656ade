import Foundation

/// What `Package.swift` says of targets and layers, read from its text: a test must not build the package.
struct Manifest {
    struct Target {
        let name: String
        /// The number in front of the section's title; nil for plugins, tests and other targets outside the layers.
        let layer: Int?
        /// The comment above it, such as `4 rooms`.
        let section: String
        /// Targets of this package, without products of other packages.
        let dependencies: Set<String>

        var isRoom: Bool { section.hasSuffix(" rooms") }
    }

    let targets: [Target]

    /// Reads the elements of the array of targets below each `// MARK:`. An element stands eight columns in, which the
    /// format of the sources makes sure of; its first text is its name.
    init(_ text: String) {
        var found: [(name: String, section: String, words: Set<String>)] = []
        for section in text.components(separatedBy: "// MARK: ").dropFirst() {
            let title = section.prefix { $0 != "\n" }
            for element in section.split(separator: /\n {8}(?=\.?\w+\()/).dropFirst() {
                // The last element of the last section ends where the array does.
                let end = element.firstRange(of: "\n    ]")?.lowerBound ?? element.endIndex
                let words = element[..<end].matches(of: /"([^"]*)"/).map { String($0.1) }
                guard let name = words.first else { continue }
                found.append((name, String(title), Set(words.dropFirst())))
            }
        }
        let names = Set(found.map(\.name))
        targets = found.map { name, section, words in
            Target(
                name: name, layer: section.first?.wholeNumberValue, section: section,
                dependencies: words.intersection(names).subtracting([name]))
        }
    }

    subscript(name: String) -> Target? { targets.first { $0.name == name } }

    /// A sentence for each dependency that the layers forbid.
    var breaches: [String] {
        targets.flatMap { target -> [String] in
            guard let layer = target.layer else { return [] }
            return target.dependencies.sorted().compactMap { name -> String? in
                guard let other = self[name] else { return nil }
                guard let below = other.layer else { return "\(target.name) depends on \(name), which is in no layer" }
                if below > layer { return "\(target.name) (layer \(layer)) depends on \(name) (layer \(below))" }
                if target.isRoom, other.isRoom { return "the room \(target.name) depends on the room \(name)" }
                return nil
            }
        }
    }
}
