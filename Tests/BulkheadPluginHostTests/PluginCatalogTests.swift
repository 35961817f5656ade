import BulkheadPluginCatalog
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// Libraries are looked at by a process of their own, whatever they do to it.
@Suite(.timeLimit(.minutes(2))) struct PluginCatalogTests {
    private static let host = ChildLaunch(
        path: productFolder + "/bulkhead-plugin-host", arguments: [],
        environment: ["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"])

    private func catalog(
        _ searchPath: PluginSearchPath = PluginSearchPath(), cache: String? = nil, patience: Duration = .seconds(60)
    ) -> PluginCatalog {
        PluginCatalog(host: Self.host, searchPath: searchPath, cacheFile: cache, patience: patience)
    }

    private func folder(of library: TestLibrary) -> String { (library.path as NSString).deletingLastPathComponent }

    /// What `describe` says no with.
    private func refusal(_ identity: String, _ catalog: PluginCatalog) async -> String {
        do {
            let plugin = try await catalog.describe(identity)
            return "it was taken: \(plugin)"
        } catch {
            return "\(error)"
        }
    }

    @Test func shippedPluginIsDescribed() async throws {
        let plugin = try await catalog(PluginSearchPath(bulkhead: [productFolder], mixed: productFolder))
            .describe("Border")
        #expect(plugin.identity == "border" && plugin.kind == .bulkhead && plugin.takesVideo && !plugin.takesAudio)
        let width = try #require(plugin.parameters.first)
        #expect(width.name == "width" && width.kind == .integer && width.minimum == 2 && width.unit == "px")
        try plugin.check(["width": "8", "color": "#000000"])
        do throws(PluginCatalogError) {
            try plugin.check(["width": "1"])
            Issue.record("a value out of range was taken")
        } catch {
            #expect("\(error)" == "plugin border: parameter width can't be 1: it is a whole number from 2 to 4096 px")
        }
    }

    @Test func librariesThatDieAreListedWithTheReason() async throws {
        let crashing = try TestLibrary(
            source: "__attribute__((constructor)) static void start(void) { *(volatile int *)8 = 0; }")
        let ending = try TestLibrary(
            source: "#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { exit(0); }")
        let text = try TestLibrary(bytes: Array("#!/bin/sh\nexit 0\n# and more\n".utf8))
        let good = try TestLibrary()
        let catalog = catalog(
            PluginSearchPath(bulkhead: [crashing, ending, text, good].map { folder(of: $0) }))
        let listings = await catalog.all()
        #expect(listings.count == 4)
        func listing(_ library: TestLibrary) -> PluginListing? { listings.first { $0.path == library.path } }
        #expect(listing(crashing)?.problem == "it crashed while its library was opened: SIGSEGV")
        #expect(listing(ending)?.problem == "it ended the process while its library was opened: exit code 0")
        #expect(listing(text)?.problem?.hasSuffix("isn't a shared library (it is no ELF file)") == true)
        #expect(listing(good)?.plugin?.name == "Test")
        #expect(await refusal(crashing.path, catalog).contains("it crashed while its library was opened"))
    }

    @Test func libraryThatHangsIsGivenUp() async throws {
        let library = try TestLibrary(
            source: "#include <unistd.h>\n__attribute__((constructor)) static void start(void) { for (;;) pause(); }")
        let phrase = await refusal(library.path, catalog(patience: .seconds(1)))
        #expect(phrase.contains("it hung ") && phrase.contains("not done after 1 s"), "\(phrase)")
    }

    /// A library that talks over its process's socket without end: the program that looks at it does not keep it.
    @Test func libraryThatSaysTooMuchOfItselfIsGivenUp() async throws {
        let bytes = EnumeratorReply.calling(.open).frame.bytes
        let library = try TestLibrary(
            source: """
                #include <unistd.h>
                static const unsigned char frame[] = {\(bytes.map(String.init).joined(separator: ","))};
                __attribute__((constructor)) static void start(void) {
                    for (;;) if (write(3, frame, sizeof frame) < 0) _exit(1);
                }
                """)
        let phrase = await refusal(library.path, catalog())
        #expect(phrase.contains("more than 1 MiB of itself"), "\(phrase)")
    }

    @Test func namesThatAreNotThereLeadToThoseThatAre() async throws {
        let library = try TestLibrary(entry: "plugin.name = \"Film Grain\";")
        let catalog = catalog(PluginSearchPath(bulkhead: [folder(of: library)]))
        for name in ["film-grain", "Film Grain", library.path] {
            #expect(try await catalog.describe(name).name == "Film Grain")
        }
        #expect(await refusal("film-grian", catalog) == "there is no plugin film-grian; there is film-grain")
        #expect(await refusal("vst:film", catalog) == "there is no plugin vst:film")
        #expect(await refusal("/nowhere/x.so", catalog).contains("there is no file at /nowhere/x.so"))
        #expect(await refusal(library.path + "#label", catalog).contains("one plugin, which has no label"))
    }

    @Test func frei0rIsDescribedWithItsDefaults() async throws {
        let library = try TestLibrary(source: ForeignPluginTests.frei0r(type: 1, update: "out[i] = 0;"))
        let catalog = catalog(PluginSearchPath(frei0r: [folder(of: library)]))
        // The file is libTest.so; the plugin calls itself something else.
        for name in ["frei0r:Test", "frei0r:test-of-all"] {
            let plugin = try await catalog.describe(name)
            #expect(plugin.identity == "frei0r:Test" && plugin.role == .source && plugin.summary == "Tries all.")
            #expect(plugin.parameters.map(\.name) == ["flag", "the-number", "color", "place", "text"])
            #expect(plugin.parameters.map(\.defaultText) == ["true", "0.25", "#FF8000", "0.5/0.75", "hello"])
            #expect(plugin.parameters.map(\.kind) == [.boolean, .number, .color, .position, .text])
        }
    }

    @Test func ladspaIsDescribedByItsHints() async throws {
        let library = try TestLibrary(source: ForeignPluginTests.ladspa)
        let catalog = catalog(PluginSearchPath(ladspa: [folder(of: library)]))
        #expect(try await catalog.describe("ladspa:7001").identity == "ladspa:amp")
        #expect(try await catalog.describe(library.path + "#7002").label == "swap")
        #expect(await refusal(library.path, catalog).contains("may be any of 3 plugins: \(library.path)#amp"))
        #expect(await refusal("ladspa:amo", catalog) == "there is no plugin ladspa:amo; there is ladspa:amp")
        let parameters = try await catalog.describe("ladspa:hints").parameters
        #expect(
            parameters.map(\.name)
                == ["plain", "cutoff-frequency", "low", "log-high", "steps", "on", "least", "low-2"])
        // The defaults by the formulas of ladspa.h; log-high is 10000 ^ 0.75.
        #expect(parameters.map(\.defaultText) == ["0", "12000", "2", "1000", "2", "true", "2", "440"])
        #expect(parameters.map(\.minimum) == [nil, 0, 0, 1, 0, nil, 2, nil])
        #expect(parameters.map(\.maximum) == [nil, 12000, 8, 10000, 3, nil, nil, nil])
        #expect(parameters[1].unit == "Hz" && parameters[4].kind == .integer && parameters[5].kind == .boolean)
    }

    @Test func whatIsKnownIsKeptUntilTheFileChanges() async throws {
        let library = try TestLibrary()
        let file = folder(of: library) + "/cache/plugins.json"
        let searchPath = PluginSearchPath(bulkhead: [folder(of: library)])
        #expect(try await catalog(searchPath, cache: file).describe("Test").version == "1")
        // What stands in the cache is what is told, until the library is another.
        let kept = try String(contentsOfFile: file, encoding: .utf8)
        let changed = kept.replacingOccurrences(of: "\"version\":\"1\"", with: "\"version\":\"2\"")
        #expect(kept != changed)
        try changed.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await catalog(searchPath, cache: file).describe("Test").version == "2")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: library.path)
        #expect(try await catalog(searchPath, cache: file).describe("Test").version == "1")
        // A cache that makes no sense is passed over.
        try "{".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await catalog(searchPath, cache: file).describe("Test").version == "1")
    }

    @Test func missingEnumeratorIsSaid() async throws {
        let library = try TestLibrary()
        let catalog = PluginCatalog(
            host: ChildLaunch(path: "/nowhere/host", arguments: [], environment: [:]), searchPath: PluginSearchPath(),
            cacheFile: nil)
        #expect(
            await refusal(library.path, catalog).hasPrefix("plugins can't be looked at: /nowhere/host can't be started")
        )
    }

    @Test func standardFoldersComeInOrder() {
        let path = PluginSearchPath.standard(
            environment: ["HOME": "/h", "FREI0R_PATH": "/a:/b", "LADSPA_PATH": "", "BULKHEAD_PLUGIN_PATH": "/c"],
            programs: "/opt/bulkhead/libexec/bulkhead")
        #expect(path.frei0r.prefix(4) == ["/a", "/b", "/h/.frei0r-1/lib", "/h/.local/lib/frei0r-1"])
        #expect(path.frei0r.contains("/usr/lib/frei0r-1") && path.ladspa.first == "/h/.ladspa")
        #expect(
            path.bulkhead.prefix(3) == [
                "/c", "/h/.local/lib/bulkhead/plugins", "/opt/bulkhead/libexec/bulkhead/../../lib/bulkhead/plugins",
            ])
    }
}
