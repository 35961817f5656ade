import BulkheadModel
import BulkheadPluginCatalog
import BulkheadWire
import Foundation
import Testing

/// What the catalog makes of what libraries say, true or not.
@Suite(.timeLimit(.minutes(2))) struct CatalogTests {
    private func error(_ identity: String, _ catalog: PluginCatalog) async -> PluginCatalogError? {
        do throws(PluginCatalogError) {
            _ = try await catalog.describe(identity)
            return nil
        } catch { return error }
    }

    /// Where a plugin lies, and so how it is called, is not for its library to say.
    @Test func libraryDoesNotNameItself() async throws {
        let files = try FakeLibraries()
        let path = try files.add("libGrain.so", calledItself: "Film Grain")
        let catalog = files.catalog(PluginSearchPath(bulkhead: [files.folder]))
        for name in ["film-grain", "Film Grain", "grain", "Grain", path] {
            let plugin = try await catalog.describe(name)
            #expect(plugin.name == "Film Grain" && plugin.path == path)
            #expect(plugin.identity == (name == path ? path : "film-grain"))
        }
        #expect(files.looks == [path])
    }

    @Test func listingIsSortedByKindAndName() async throws {
        let files = try FakeLibraries()
        try files.add("b/zoom.so", calledItself: "Zoom")
        try files.add("b/alpha.so", calledItself: "Alpha")
        try files.add("f/sub/glow.so", kind: .frei0r, calledItself: "Glow it")
        try files.add("f/blur.so", kind: .frei0r, calledItself: "Blur it")
        try files.add("f/notes.txt", calledItself: "never looked at")
        let catalog = files.catalog(
            PluginSearchPath(bulkhead: [files.folder + "/b"], frei0r: [files.folder + "/f", "/nowhere"]))
        let all = await catalog.all()
        #expect(all.map(\.identity) == ["alpha", "zoom", "frei0r:blur", "frei0r:glow"])
        #expect(all.allSatisfy { $0.problem == nil && $0.plugin != nil })
        #expect(await catalog.all(of: [.frei0r]).count == 2 && files.looks.count == 4)
    }

    /// Of plugins with one identity, the first keeps it; the others go by their paths.
    @Test func secondOfOneNameGoesByItsPath() async throws {
        let files = try FakeLibraries()
        let first = try files.add("one/glow.so", kind: .frei0r, calledItself: "Glow", version: "1")
        let second = try files.add("two/glow.so", kind: .frei0r, calledItself: "Glow", version: "2")
        let catalog = files.catalog(PluginSearchPath(frei0r: [files.folder + "/one", files.folder + "/two"]))
        let all = await catalog.all()
        #expect(Set(all.map(\.identity)) == ["frei0r:glow", second])
        #expect(all.first { $0.identity == second }?.plugin?.identity == second)
        #expect(try await catalog.describe("frei0r:glow").path == first)
        #expect(try await catalog.describe(second).version == "2")
    }

    /// The same file on two ways is one library.
    @Test func linkedFileIsOneLibrary() async throws {
        let files = try FakeLibraries()
        let path = try files.add("real/glow.so", calledItself: "Glow")
        try FileManager.default.createDirectory(
            atPath: files.folder + "/linked", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: files.folder + "/linked/other.so", withDestinationPath: path)
        let searchPath = PluginSearchPath(bulkhead: [
            files.folder + "/real", files.folder + "/linked", files.folder + "/real",
        ])
        #expect(searchPath.libraries(of: .bulkhead) == [path])
        #expect(searchPath.libraries(of: .ladspa).isEmpty)
    }

    @Test func severalPluginsOfOneLibraryGoByTheirLabels() async throws {
        let files = try FakeLibraries()
        func plugin(_ label: String, _ number: UInt32) -> EnumeratorReply {
            .plugin(
                PluginDescription(
                    identity: "", kind: .ladspa, path: "", label: label, uniqueID: number, name: "The \(label)",
                    version: "", takesAudio: true))
        }
        let path = try files.add(
            "amp.so",
            [
                .calling(.open), plugin("amp_mono", 1048), plugin("amp_stereo", 1049),
                .refused(path: "/x", label: "broken", Refusal(.settings, "it has no ports")), .finished(path: ""),
            ])
        let catalog = files.catalog(PluginSearchPath(ladspa: [files.folder]))
        for (identity, label) in [
            ("ladspa:amp_mono", "amp_mono"), ("ladspa:1049", "amp_stereo"), ("ladspa:amp-mono", "amp_mono"),
            ("ladspa:the-amp-stereo", "amp_stereo"), (path + "#amp_mono", "amp_mono"), (path + "#1049", "amp_stereo"),
        ] {
            #expect(try await catalog.describe(identity).label == label, "\(identity)")
        }
        #expect(
            await error(path, catalog)
                == .ambiguous(identity: path, choices: ["amp_mono", "amp_stereo", "broken"].map { path + "#" + $0 }))
        #expect(
            await error("ladspa:broken", catalog) == .unusable(identity: "ladspa:broken", reason: "it has no ports"))
        guard case .notFound(_, let near)? = await error(path + "#amp_mona", catalog) else {
            Issue.record("a label that is not there was found")
            return
        }
        #expect(near.first == path + "#amp_mono")
    }

    // MARK: libraries that harm

    static let ends: [(String, [EnumeratorReply], String)] = [
        ("kill -SEGV $$", [.calling(.open)], "it crashed while its library was opened: SIGSEGV"),
        ("kill -KILL $$", [], "it crashed before its library was opened: SIGKILL"),
        ("exit 3", [.calling(.create)], "it ended the process while it was made: exit code 3"),
        ("exit 0", [.calling(.open)], "it ended the process while its library was opened: exit code 0"),
    ]

    @Test(arguments: ends) func deathOfALookIsNamed(end: String, replies: [EnumeratorReply], problem: String)
        async throws
    {
        let files = try FakeLibraries()
        let harm = PluginDescription(identity: "", kind: .bulkhead, path: "", name: "Harm", version: "1")
        // What it has said of itself before is not believed.
        let path = try files.add("harm.so", [.plugin(harm)] + replies, end: end)
        let good = try files.add("good.so", calledItself: "Good")
        let catalog = files.catalog(PluginSearchPath(bulkhead: [files.folder]))
        let all = await catalog.all()
        #expect(all.map(\.path) == [good, path] && all[0].plugin?.name == "Good")
        #expect(all[1].plugin == nil && all[1].problem == problem && all[1].identity == "harm")
        #expect(await error(path, catalog) == .unusable(identity: path, reason: problem))
    }

    @Test func libraryThatHangsIsGivenUpAfterItsPatience() async throws {
        let files = try FakeLibraries()
        let path = try files.add("hang.so", [.calling(.destroy)], end: "exec sleep 60")
        let catalog = files.catalog(PluginSearchPath(bulkhead: [files.folder]), patience: .milliseconds(300))
        let problem = await catalog.all().first { $0.path == path }?.problem
        #expect(problem?.hasPrefix("it hung while it was ended: ") == true, "\(problem ?? "")")
    }

    @Test func bytesThatAreNoMessageAreABreach() async throws {
        let files = try FakeLibraries()
        let path = try files.add("liar.so", [.calling(.open)], raw: [UInt8](repeating: 0xA5, count: 64))
        let catalog = files.catalog(PluginSearchPath(bulkhead: [files.folder]))
        let problem = await catalog.all().first { $0.path == path }?.problem
        #expect(problem?.hasPrefix("it has interfered with the process that looks at it") == true, "\(problem ?? "")")
    }

    // MARK: what is kept

    @Test func whatIsKnownIsLookedAtOnce() async throws {
        let files = try FakeLibraries()
        let path = try files.add("a.so", calledItself: "A")
        let deadly = try files.add("b.so", [], end: "kill -SEGV $$")
        let lacking = try files.add(
            "c.so",
            [.refused(path: "", label: "", Refusal(.missingSymbol, "libz.so.9 is missing")), .finished(path: "")])
        let cache = files.folder + "/deep/er/plugins.json"
        let searchPath = PluginSearchPath(bulkhead: [files.folder])
        #expect(await files.catalog(searchPath, cache: cache).all().count == 3)
        #expect(files.looks.sorted() == [path, deadly, lacking])
        // Another package may have brought what is missing; what killed a process is believed for an hour.
        let again = await files.catalog(searchPath, cache: cache).all()
        #expect(again.count == 3 && files.looks.sorted() == [path, deadly, lacking, lacking].sorted())
        #expect(again.first { $0.path == deadly }?.problem?.contains("SIGSEGV") == true)
        // A fresh look is one at everything.
        #expect(await files.catalog(searchPath, cache: cache, isFresh: true).all().count == 3)
        #expect(files.looks.count == 7)
    }

    @Test func anotherFileIsLookedAtAgain() async throws {
        let files = try FakeLibraries()
        let path = try files.add("a.so", calledItself: "A", version: "1")
        let cache = files.folder + "/plugins.json"
        let searchPath = PluginSearchPath(bulkhead: [files.folder])
        #expect(try await files.catalog(searchPath, cache: cache).describe("a").version == "1")
        try files.add("a.so", calledItself: "A", version: "2")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
        #expect(try await files.catalog(searchPath, cache: cache).describe("a").version == "2")
        #expect(files.looks.count == 2)
        // What is gone is not told from memory.
        try FileManager.default.removeItem(atPath: path)
        #expect(await files.catalog(searchPath, cache: cache).all().isEmpty)
    }

    @Test(arguments: ["", "{", "[]", "null", #"{"format":99}"#])
    func cacheThatMakesNoSenseIsPassedOver(text: String) async throws {
        let files = try FakeLibraries()
        try files.add("a.so", calledItself: "A")
        let cache = files.folder + "/plugins.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: cache))
        #expect(
            try await files.catalog(PluginSearchPath(bulkhead: [files.folder]), cache: cache).describe("a").name == "A")
    }

    @Test func cacheThatCanNotBeWrittenCostsNothingElse() async throws {
        let files = try FakeLibraries()
        try files.add("a.so", calledItself: "A")
        let catalog = files.catalog(PluginSearchPath(bulkhead: [files.folder]), cache: "/dev/null/plugins.json")
        #expect(try await catalog.describe("a").name == "A")
    }

    /// In the folder where everything was built, what is no plugin is nobody's fault.
    @Test func otherLibrariesInAMixedFolderAreNotListed() async throws {
        let files = try FakeLibraries()
        try files.add(
            "libOther.so", [.refused(path: "", label: "", Refusal(.missingSymbol, "no entry")), .finished(path: "")])
        try files.add("libMine.so", calledItself: "Mine")
        let mixed = files.catalog(PluginSearchPath(bulkhead: [files.folder], mixed: files.folder))
        #expect(await mixed.all().map(\.identity) == ["mine"])
        let plain = files.catalog(PluginSearchPath(bulkhead: [files.folder]))
        #expect(await plain.all().map(\.identity) == ["mine", "other"])
    }
}

@Suite(.timeLimit(.minutes(1))) struct CatalogNameTests {
    @Test(arguments: [
        ("/a/libGlow.so", "Glow"), ("/a/glow.so", "glow"), ("glow", "glow"), ("/a/lib.so", "lib"), ("/a/b/", "b"),
        ("/a/libx", "x"), ("/a/amp_1181.so", "amp_1181"),
    ]) func fileNames(path: String, name: String) { #expect(PluginIdentity.fileName(path) == name) }

    @Test(arguments: [
        (PluginDescription.Kind.bulkhead, "", "Film Grain", "film-grain"), (.bulkhead, "", "", "glow"),
        (.frei0r, "", "Whatever", "frei0r:Glow"), (.ladspa, "amp", "The amp", "ladspa:amp"),
        (.ladspa, "", "x", "ladspa:Glow"),
    ]) func identities(kind: PluginDescription.Kind, label: String, name: String, identity: String) {
        #expect(PluginIdentity.of(kind: kind, path: "/a/libGlow.so", label: label, name: name) == identity)
    }

    @Test(
        arguments: [
            ("glow", nil, ""), ("frei0r:glow", nil, ""), ("/a/glow.so", "/a/glow.so", ""), ("glow.so", "glow.so", ""),
            ("./glow", "./glow", ""), ("/a/amp.so#mono", "/a/amp.so", "mono"), ("/a#b/amp.so", "/a#b/amp.so", ""),
            ("/a/amp.so#", "/a/amp.so", ""), ("amp.so#1048", "amp.so", "1048"),
        ] as [(String, String?, String)])
    func pathsAreToldFromNames(identity: String, path: String?, label: String) {
        let found = PluginIdentity.path(in: identity)
        #expect(found?.path == path && (found?.label ?? "") == label)
    }

    /// frei0r 1.2 and ladspa.h: variables first, then the user's folders, then the system's.
    @Test func foldersOfAUserWithoutAHome() {
        let path = PluginSearchPath.standard(environment: [:], programs: "/opt/libexec")
        #expect(path.frei0r.first == "/usr/local/lib/frei0r-1" && path.ladspa.first == "/usr/local/lib/ladspa")
        #expect(path.bulkhead.first == "/opt/libexec/../../lib/bulkhead/plugins" && path.mixed == "/opt/libexec")
        let empty = PluginSearchPath.standard(environment: ["HOME": "", "FREI0R_PATH": "::/a:"], programs: "/p")
        #expect(empty.frei0r.first == "/a" && empty.frei0r[1] == "/usr/local/lib/frei0r-1")
        for kind in PluginDescription.Kind.allCases { #expect(!path[kind].isEmpty && PluginSearchPath()[kind].isEmpty) }
    }

    /// Kind `plugin` for what can't be used, with codes of their own for an unknown one and for a broken installation.
    @Test(arguments: [
        (PluginCatalogError.notFound(identity: "a", near: []), ErrorCode.unknownPlugin, "there is no plugin a"),
        (.notFound(identity: "a", near: ["b", "c"]), .plugin, "there is no plugin a; there is b, c"),
        (.ambiguous(identity: "a", choices: ["x#1", "x#2"]), .plugin, "a may be any of 2 plugins: x#1, x#2"),
        (.unusable(identity: "a", reason: "it hung"), .plugin, "plugin a can't be used: it hung"),
        (
            .parameter(identity: "a", Refusal(.settings, "parameter x isn't known")), .plugin,
            "plugin a: parameter x isn't known"
        ),
        (.noEnumerator(reason: "it is missing"), .noEnumerator, "plugins can't be looked at: it is missing"),
    ]) func errorsHaveTheirCodes(error: PluginCatalogError, code: ErrorCode, text: String) {
        let told = BroadcastError(error)
        #expect(told.code == code && told.problem == text && "\(error)" == text)
        #expect(told.kind == (code == .noEnumerator ? .installation : .plugin))
    }

    @Test func longListsOfChoicesAreCut() {
        let text = "\(PluginCatalogError.ambiguous(identity: "a", choices: (1...20).map { "c\($0)" }))"
        #expect(text.contains("20 plugins") && text.hasSuffix("c12, …") && !text.contains("c13"))
    }
}
