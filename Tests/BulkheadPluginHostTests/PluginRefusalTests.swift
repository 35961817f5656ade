import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// What can't be loaded is refused with a code and a sentence; the host goes on. A master that breaks the rules ends it.
@Suite(.timeLimit(.minutes(2))) struct PluginRefusalTests {
    @Test func missingFileIsNotFound() throws {
        let host = try PluginHostChild()
        let refusal = try host.refusal("/nowhere/libNone.so")
        #expect(refusal == Refusal(.notFound, "there is no file at /nowhere/libNone.so"))
        #expect(try host.load("Border") == .loaded(id: 1, name: "Border", version: "1.0", abilities: .video))
    }

    @Test func otherFilesAreNoLibraries() throws {
        let host = try PluginHostChild()
        #expect(try host.refusal("/tmp") == Refusal(.notLibrary, "/tmp isn't a file"))
        let text = try TestLibrary(bytes: Array("#!/bin/sh\nexit 0\n# and more\n".utf8))
        #expect(
            try host.refusal(text.path)
                == Refusal(.notLibrary, "\(text.path) isn't a shared library (it is no ELF file)"))
        let program = productFolder + "/bulkhead-plugin-host"
        #expect(try host.refusal(program).code == .notLibrary)
    }

    @Test func libraryForAnotherMachineIsNamed() throws {
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: productFolder + "/libBorder.so")))
        // elf(5): e_machine; 8 is MIPS.
        bytes[18] = 8
        let library = try TestLibrary(bytes: bytes)
        let refusal = try PluginHostChild().refusal(library.path)
        #expect(refusal.code == .notLibrary)
        #expect(refusal.description.contains("was built for MIPS, but this host takes libraries for "))
    }

    @Test func libraryWithoutTheEntryIsNoPlugin() throws {
        let library = try TestLibrary(source: "int other(void) { return 0; }")
        let refusal = try PluginHostChild().refusal(library.path)
        #expect(refusal.code == .missingSymbol)
        #expect(
            refusal.description
                == "\(library.path) is no plugin: it exports neither bulkhead_plugin_entry (Bulkhead) nor "
                + "f0r_get_plugin_info (frei0r) nor ladspa_descriptor (LADSPA)")
    }

    @Test func libraryThatNeedsAnotherSymbolSaysWhich() throws {
        let library = try TestLibrary(source: "int missing_thing(void); int other(void) { return missing_thing(); }")
        let refusal = try PluginHostChild().refusal(library.path)
        #expect(refusal.code == .missingSymbol)
        #expect(refusal.description.contains("needs the symbol missing_thing, which no library"))
    }

    static let versions = [
        ("plugin.abi_version = 2;", "was built for version 2 of the plugin interface, but this host has version 1"),
        ("plugin.byte_count = 64;", "describes itself in 64 bytes, but version 1 of the plugin interface has 128"),
        ("return 0;", "does not work with version 1 of the plugin interface"),
        (
            "plugin.parameter_count = 1; plugin.parameter_byte_count = 8;",
            "describes a parameter in 8 bytes, but version 1 of the plugin interface has 64"
        ),
    ]

    @Test(arguments: versions)
    func otherVersionsAreNamed(_ entry: String, _ phrase: String) throws {
        let library = try TestLibrary(entry: entry)
        let refusal = try PluginHostChild().refusal(library.path)
        #expect(refusal.code == .wrongVersion)
        #expect(refusal.description.contains(phrase), "\(refusal)")
    }

    @Test func newerPluginWithMoreMembersIsTaken() throws {
        let library = try TestLibrary(entry: "plugin.byte_count = sizeof plugin + 64;")
        #expect(
            try PluginHostChild().load(library.path) == .loaded(id: 1, name: "Test", version: "1", abilities: .video))
    }

    static let breaches = [
        ("plugin.name = 0;", "its name is missing"),
        ("plugin.name = \"\";", "its name is missing"),
        ("plugin.process_video = 0;", "lacks process_video"),
        ("plugin.create = 0;", "lacks create"),
        ("plugin.destroy = 0; plugin.capabilities = BULKHEAD_EVENTS;", "lacks destroy and handle_event"),
        ("plugin.parameter_count = 1;", "its parameters are missing"),
        ("plugin.parameter_count = 70000;", "its parameters are missing or over 256"),
    ]

    @Test(arguments: breaches)
    func brokenDescriptionsAreRefused(_ entry: String, _ phrase: String) throws {
        let library = try TestLibrary(entry: entry)
        let refusal = try PluginHostChild().refusal(library.path)
        #expect(refusal.description.contains(phrase), "\(refusal)")
    }

    @Test func pluginThatCannotStartSaysWhy() throws {
        let host = try PluginHostChild()
        let silent = try TestLibrary(create: "return -ENODEV;")
        #expect(
            try host.refusal(silent.path) == Refusal(.settings, "plugin Test can't start: No such device"))
        let talking = try TestLibrary(create: "host->log(host->context, 3, \"the moon is\\nfull\"); return -EINVAL;")
        #expect(
            try host.refusal(talking.path) == Refusal(.settings, "plugin Test can't start: the moon is full"))
    }

    static let parameters: [(String, [String: String], String)] = [
        ("Border", ["color": "mauve"], "parameter color can't be mauve: it is a color such as #FF8000"),
        ("Border", ["width": "wide"], "parameter width can't be wide: it is a whole number from 2 to 4096 px"),
        ("Border", ["width": "1"], "parameter width can't be 1: it is a whole number from 2 to 4096 px"),
        ("Border", ["width": ""], "parameter width can't be empty: it is a whole number from 2 to 4096 px"),
        ("Border", ["heigth": "2"], "parameter heigth isn't known: there are width, color"),
        ("Invert", ["luma": "perhaps"], "parameter luma can't be perhaps: it is true or false"),
    ]

    @Test(arguments: 0..<parameters.count)
    func parametersAreChecked(_ index: Int) throws {
        let (plugin, parameters, phrase) = Self.parameters[index]
        #expect(try PluginHostChild().refusal(plugin, parameters) == Refusal(.settings, phrase))
    }

    @Test func idsAreUsedOnce() throws {
        let host = try PluginHostChild()
        _ = try host.load("Border")
        #expect(try host.refusal("Invert") == Refusal(.settings, "plugin 1 is loaded already"))
    }

    static let orders: [(String, [PluginRequest])] = [
        (
            "asked for confinement twice",
            [.confine(readablePaths: [], dataFolder: ""), .confine(readablePaths: [], dataFolder: "")]
        ),
        ("pool 3, which it hasn't announced", [.dropPool(id: 3)]),
        (
            "slot 2 of pool 7",
            [.process(frame: 0, pts: 0, input: SlotReference(pool: 7, slot: 2), result: 0)]
        ),
        (
            "slot 9 of pool 8",
            [.process(frame: 0, pts: 0, input: SlotReference(pool: 7, slot: 0), result: 9)]
        ),
        (
            "pool 7, which it hasn't announced",
            [.dropPool(id: 7), .process(frame: 0, pts: 0, input: SlotReference(pool: 7, slot: 0), result: 0)]
        ),
    ]

    @Test(arguments: 0..<orders.count)
    func ordersThatMakeNoSenseEndTheHostWithOneLine(_ index: Int) throws {
        let (phrase, requests) = Self.orders[index]
        let host = try PluginHostChild()
        for request in requests { try host.child.send(request) }
        let exit = try host.child.waitForExit()
        #expect(exit.status == 1 && !exit.isSignal)
        #expect(exit.lines.count == 1)
        #expect(exit.lines.first?.contains(phrase) == true, "\(exit.lines)")
    }

    @Test func workBeforeTheResultPoolEndsTheHost() throws {
        let child = try ChildUnderTest<PluginReply>(.pluginHost)
        try child.send(PluginRequest.load(PluginSettings(id: 1, path: "x", parameters: [:])))
        let exit = try child.waitForExit()
        #expect(
            exit
                == ChildExit(
                    status: 1,
                    lines: ["bulkhead-plugin-host: the master asked for work before it sent the result pool"]))
    }

    @Test func readOnlyResultPoolIsRefusedBySystem() throws {
        let child = try ChildUnderTest<PluginReply>(.pluginHost)
        let canvas = try #require(Canvas(width: 64, height: 64))
        let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: canvas.layout.byteCount)
        let reader = try memory.reopenedReadOnly()
        let shape = PoolShape(id: 1, slotCount: 1, slotByteCount: UInt32(canvas.layout.byteCount))
        try child.send(PluginRequest.resultPool(shape, canvas, #require(FrameRate(30))), passing: reader)
        reader.close()
        memory.close()
        let exit = try child.waitForExit()
        #expect(exit.status == 1)
        #expect(exit.lines.first?.contains("pool 1 can't be mapped") == true)
    }
}
