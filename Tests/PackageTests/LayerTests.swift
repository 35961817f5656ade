import Foundation
import Testing

/// The layers of the package, which are declared in `Package.swift` and nowhere else.
@Suite(.timeLimit(.minutes(1))) struct LayerTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    private static func manifest() throws -> Manifest { Manifest(try text("Package.swift")) }

    /// The targets of the layers whose sources are below `Sources/`.
    private static let sourceFolders =
        (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Sources").path))?.sorted()
        ?? []

    @Test func noTargetDependsOnAHigherLayerOrARoomOnAnother() throws {
        let manifest = try Self.manifest()
        #expect(manifest.breaches.isEmpty)
        #expect(manifest.targets.count { $0.layer != nil } >= Self.sourceFolders.count)
    }

    @Test(arguments: Self.sourceFolders)
    func everyFolderOfSourcesIsATargetInALayer(name: String) throws {
        #expect(try Self.manifest()[name]?.layer != nil)
    }

    /// SwiftPM lets a target import what another one has built; the walls would then stand on paper only.
    @Test(arguments: Self.sourceFolders)
    func importsAreDeclared(name: String) throws {
        let manifest = try Self.manifest()
        let target = try #require(manifest[name])
        let folder = Self.root.appendingPathComponent("Sources/\(name)")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /(?m)^(?:@\w+ )*(?:\w+ )?import (\w+)/) {
                let module = String(match.1)
                guard manifest[module] != nil else { continue }
                #expect(target.dependencies.contains(module), "\(file.lastPathComponent) imports \(module)")
            }
        }
    }

    /// A room knows no command line: texts that name a flag are made where flags are read.
    @Test(arguments: sourceFolders) func roomsNameNoFlags(name: String) throws {
        guard try Self.manifest()[name]?.isRoom == true else { return }
        let folder = Self.root.appendingPathComponent("Sources/\(name)")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            let texts = source.matches(of: /"(?:[^"\\\n]|\\.)*(?:--[a-z]|bulkhead [a-z]+ )(?:[^"\\\n]|\\.)*"/)
            #expect(texts.isEmpty, "\(file.lastPathComponent): \(texts.map(\.output))")
        }
    }

    @Test func mapInTheArchitectureIsTheManifests() throws {
        let architecture = try Self.text("docs/architecture.md")
        let map = try #require(architecture.components(separatedBy: "## The map\n").last)
        var layers: [String: Int] = [:]
        for row in map.matches(of: /(?m)^\| (\d) [^|]*\|([^|]*)\|/) {
            for name in row.2.matches(of: /`([^`]+)`/) { layers[String(name.1)] = Int(row.1) }
        }
        for target in try Self.manifest().targets where target.layer != nil {
            #expect(layers[target.name] == target.layer, "\(target.name) in docs/architecture.md")
        }
    }

    // MARK: the rule itself

    private static let small = """
        let package = Package(
            targets: [
                // MARK: 0 C
                .systemLibrary(name: "CX"),
                // MARK: 1 values
                .target(name: "Values", dependencies: ["CX", nio], swiftSettings: swiftSettings),
                .target(
                    name: "Wrong",
                    dependencies: [
                        "Values", "Left",
                    ]),
                // MARK: 4 rooms
                room("Left", dependencies: ["Values"]),
                .target(name: "Right", dependencies: ["Left"]),
                // MARK: tests
                .testTarget(name: "LeftTests", dependencies: ["Left", "Right"]),
            ],
            swiftLanguageModes: [.v6]
        )
        """

    @Test func dependenciesUpwardsAndBetweenRoomsAreFound() {
        #expect(
            Manifest(Self.small).breaches == [
                "Wrong (layer 1) depends on Left (layer 4)", "the room Right depends on the room Left",
            ])
    }

    @Test func manifestIsReadWhole() {
        let manifest = Manifest(Self.small)
        #expect(manifest.targets.map(\.name) == ["CX", "Values", "Wrong", "Left", "Right", "LeftTests"])
        #expect(manifest["Values"]?.dependencies == ["CX"])
        #expect(manifest["LeftTests"]?.layer == nil)
    }
}
