import BulkheadChain
import BulkheadChildren
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChainPluginTests {
    /// What happened to a plugin, and the state that a user sees.
    @Test func statesAreSeenAsTheyAre() {
        var plugin = Sample.plugin(1)
        func state(host: Int32? = 7) -> PluginStatus.State { plugin.status(at: Sample.moment(0), host: host).state }
        #expect(state() == .working && state(host: nil) == .waiting)
        plugin.refusal = Refusal(.notLibrary, "no ELF file")
        #expect(state(host: nil) == .refused && !plugin.isActive)
        plugin.choice.isEnabled = false
        #expect(state() == .disabled)
        _ = plugin.charge(at: Sample.moment(0))
        #expect(state() == .quarantined)
    }

    @Test func callsAreCountedAndTheirTimeIsAveraged() {
        var plugin = Sample.plugin(1)
        for index in 1...100 {
            plugin.note(
                PluginTime(
                    id: 1, microseconds: index <= 50 ? 100 : 200, hasFailed: index == 3, isLate: index % 50 == 0))
        }
        let status = plugin.status(at: Sample.moment(0), host: nil)
        #expect(status.calls == 100 && status.failures == 1 && status.misses == 2)
        #expect(status.microsecondsPerFrame > 150 && status.microsecondsPerFrame < 200, "newer calls weigh more")
    }

    @Test func itsHostMayReadItsLibraryAndItsFiles() {
        let plugin = Sample.plugin(3, "logo", ["picture": "/home/a.png", "width": "4"])
        #expect(plugin.readablePaths == ["/plugins/logo.so", "/home/a.png"])
        #expect(plugin.settings.id == 3 && plugin.settings.path == "/plugins/logo.so" && plugin.settings.isEnabled)
        #expect(plugin.abilities == .video)
        #expect(PluginID(onWire: plugin.id.onWire) == 3)
    }

    // MARK: limits

    /// Deadlines in microseconds, 0 for none, at 25 pictures a second, and the time for one picture in milliseconds.
    @Test(
        arguments: [
            ([], 40), ([0], 40), ([0, 0], 40), ([5000], 5), ([5000, 7000], 12), ([5000, 0], 45),
        ] as [([UInt32], Int64)])
    func deadlinesAddUp(deadlines: [UInt32], milliseconds: Int64) throws {
        let plugins = deadlines.enumerated().map { index, deadline in
            var plugin = Sample.plugin(PluginID(index + 1))
            plugin.choice.deadlineMicroseconds = deadline
            return plugin
        }
        let rate = try #require(FrameRate("25"))
        let limits = PostLimits(plugins, frameRate: rate, isPatient: false)
        #expect(limits.deadline == .milliseconds(milliseconds))
        #expect(limits.patience == .seconds(1))
        #expect(PostLimits(plugins, frameRate: rate, isPatient: true).deadline == .seconds(1))
    }

    @Test func pluginsThatDoNotWorkNeedNoTime() throws {
        var plugins = [Sample.plugin(1), Sample.plugin(2)]
        plugins[0].choice.deadlineMicroseconds = 5000
        plugins[1].choice.isEnabled = false
        let rate = try #require(FrameRate("25"))
        #expect(PostLimits(plugins, frameRate: rate, isPatient: false).deadline == .milliseconds(5))
    }

    @Test func fastFrameRatesLeaveAtLeast20Milliseconds() throws {
        let rate = try #require(FrameRate("120"))
        #expect(PostLimits([], frameRate: rate, isPatient: false).deadline == .milliseconds(20))
    }

    @Test func aHostThatMayBeSlowIsAwaitedLonger() throws {
        var plugin = Sample.plugin(1)
        plugin.choice.deadlineMicroseconds = 2_000_000
        let rate = try #require(FrameRate("25"))
        #expect(PostLimits([plugin], frameRate: rate, isPatient: false).patience == .seconds(4))
    }

    /// MiB that plugins may take, 0 for those that don't say, and MiB that their host may grow.
    @Test func aHostMayHaveAQuarterOfTheThreadsOfItsGroup() {
        #expect(PostLimits.mostThreads(processors: 8, groupLimit: nil) == 80)
        #expect(PostLimits.mostThreads(processors: 8, groupLimit: 10_000) == 80)
        #expect(PostLimits.mostThreads(processors: 8, groupLimit: 200) == 50)
        // What a library takes that computes on every processor.
        #expect(PostLimits.mostThreads(processors: 8, groupLimit: 40) == 20)
    }

    @Test(arguments: [([], 512), ([0], 512), ([100], 100), ([100, 200], 300), ([100, 0], 612)] as [([UInt32], Int)])
    func memoryAddsUp(mebibytes: [UInt32], limit: Int) throws {
        let plugins = mebibytes.enumerated().map { index, mebibytes in
            var plugin = Sample.plugin(PluginID(index + 1))
            plugin.choice.memoryMebibytes = mebibytes
            return plugin
        }
        let rate = try #require(FrameRate("25"))
        #expect(PostLimits(plugins, frameRate: rate, isPatient: false).memoryByteCount == limit << 20)
    }

    // MARK: parameters

    private static let logo = Sample.description("logo", parameters: [Sample.width, Sample.picture])

    /// Changes of a plugin with `width=4`, and the parameters that it has then.
    @Test(
        arguments: [
            (["width": "6"], ["width": "6"]), (["Width": "6"], ["width": "6"]),
            (["picture": "a.png"], ["width": "4", "picture": "/home/a.png"]),
            (["picture": "/a.png"], ["width": "4", "picture": "/a.png"]),
            (["picture": ""], ["width": "4", "picture": ""]),
        ] as [([String: String], [String: String])])
    func changesAreMerged(changes: [String: String], parameters: [String: String]) throws {
        let found = try PluginFinder.change(
            PluginChoice("logo", parameters: ["width": "4"]), by: changes, in: "/home", of: Self.logo)
        #expect(found.choice.parameters == parameters)
        #expect(found.library.fileParameters == ["picture"])
    }

    @Test(arguments: [(["wdth": "6"], "width"), (["width": "x"], "2 to 4096"), (["width": "1"], "2 to 4096")])
    func whatDoesNotFitIsRefusedWithWhatWould(changes: [String: String], words: String) {
        #expect {
            try PluginFinder.change(PluginChoice("logo"), by: changes, in: "", of: Self.logo)
        } throws: { error in
            guard let error = error as? BroadcastError else { return false }
            return error.kind == .plugin && error.problem.contains(words)
        }
    }

    @Test func relativeFilesKeepTheFolderThatTheyCameWith() throws {
        let choice = PluginChoice("logo", parameters: ["picture": "a.png"], folder: "/first")
        let found = try PluginFinder.change(choice, by: ["width": "8"], in: "/second", of: Self.logo)
        #expect(found.choice.parameters == ["picture": "/first/a.png", "width": "8"])
    }
}
