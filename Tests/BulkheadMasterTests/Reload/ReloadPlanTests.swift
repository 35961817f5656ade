import BulkheadDanmaku
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import Testing

/// What a configuration that was read again changes.
@Suite(.timeLimit(.minutes(1))) struct ReloadPlanTests {
    private static func settings(_ change: (inout BroadcastSettings) -> Void = { _ in }) throws -> BroadcastSettings {
        var settings = BroadcastSettings(
            inputs: [InputSettings(url: "test", name: "cam"), InputSettings(url: "/a.mp4")],
            destinations: [DestinationSettings(url: "rtmp://a/b/k")], canvas: try #require(Canvas("720p")),
            frameRate: try #require(FrameRate(30)))
        settings.scenes = [Scene("talk", [SceneItem("cam")])]
        var list = InputSettings(url: "/films", name: "list")
        (list.shuffleSeed, list.isAnyOrder) = (7, true)
        settings.inputs.append(list)
        settings.recordings = [RecordingSettings(path: "/r.mp4")]
        settings.room = RoomSettings("main")
        settings.chats = [chat("a")]
        settings.plugins = [PluginChoice("frei0r:glow", parameters: ["blur": "0.3"])]
        change(&settings)
        return settings
    }

    private static func chat(_ name: String) -> ChatTarget {
        ChatTarget(
            name, .lines, servers: [.init(host: "127.0.0.1", port: 7000, isSecure: false)], channel: name, nick: "")
    }

    /// "what: way", with " = value" for settings.
    private static func told(_ plan: ReloadPlan) -> [String] {
        plan.changes.map { change in
            "\(change.what): \(change.way.rawValue)" + (change.value.map { " = \($0)" } ?? "")
        }
    }

    private static let cases: [(String, @Sendable (inout BroadcastSettings) -> Void, [String])] = [
        ("nothing", { _ in }, []),
        ("in place", { $0.videoBitsPerSecond = 4_000_000 }, ["video-bitrate: in-place = 4M"]),
        ("takeover", { $0.preset = "fast" }, ["preset: takeover = fast"]),
        (
            "both", { ($0.profile, $0.congestion) = ("main", .none) },
            ["congestion: in-place = none", "profile: takeover = main"]
        ),
        ("at the start", { $0.slateAfterSeconds = 5 }, ["slate-after: at-start = 5.0"]),
        ("a setting that goes", { $0.bframes = nil }, []),
        ("input added", { $0.inputs.append(InputSettings(url: "/b.mp4", name: "b")) }, ["input b: added"]),
        ("input removed", { $0.inputs.remove(at: 1) }, ["input 2: removed"]),
        ("input replaced", { $0.inputs[0].url = "/c.mp4" }, ["input cam: replaced"]),
        ("input without a name", { $0.inputs[1].url = "/c.mp4" }, ["input 2: added", "input 2: removed"]),
        (
            "sound alone",
            { settings in
                var strip = StripSettings()
                strip.isMuted = true
                settings.inputs[0].strip = strip
            }, ["input cam: in-place"]
        ),
        (
            "backup", { $0.inputs[0].backup = BackupSettings([InputSettings(url: "/loop.mp4")]) },
            ["input cam: at-start"]
        ),
        ("scene added", { $0.scenes?.append(Scene("b", [SceneItem("cam")])) }, ["scene b: added"]),
        ("scene changed", { $0.scenes?[0].items[0].opacity = 0.5 }, ["scene talk: in-place"]),
        ("scene removed", { $0.scenes = nil }, ["scene talk: removed"]),
        ("plugin added", { $0.plugins.append(PluginChoice("ladspa:1")) }, ["plugin 1: takeover"]),
        ("plugin removed", { $0.plugins = [] }, ["plugin glow: removed"]),
        ("parameter", { $0.plugins[0].parameters["blur"] = "1" }, ["plugin glow: in-place"]),
        ("parameter gone", { $0.plugins[0].parameters = [:] }, ["plugin glow: removed", "plugin glow: takeover"]),
        ("plugin off", { $0.plugins[0].isEnabled = false }, ["plugin glow: in-place"]),
        ("link added", { $0.destinations.append(DestinationSettings(url: "rtmp://c/d/k")) }, ["link 2: added"]),
        ("link changed", { $0.destinations[0].backfillSeconds = 1 }, ["link: replaced"]),
        ("link moved", { $0.destinations[0].url = "rtmp://x/y/k" }, ["link: added", "link: removed"]),
        ("notify", { $0.notices = [NoticeTarget(url: "https://a/b")] }, ["notify: in-place"]),
        ("record", { $0.recordings?.append(RecordingSettings(path: "/s.mp4")) }, ["record: added"]),
        ("other files", { $0.recordings?[0].segmentSeconds = 60 }, ["record: replaced"]),
        ("no record", { $0.recordings = nil }, ["record: removed"]),
        ("origin", { $0.origin = ":8080" }, ["origin: at-start"]),
        ("room of another name", { $0.room = RoomSettings("other") }, ["room: at-start"]),
        (
            "room",
            { settings in
                settings.room?.fields.title = "Tonight"
                settings.room?.isInMetadata = true
            }, ["room: in-place"]
        ),
        ("chat", { $0.chats?.append(ReloadPlanTests.chat("b")) }, ["chat: added"]),
        ("other chat", { $0.chats = [ReloadPlanTests.chat("b")] }, ["chat: replaced"]),
        ("no chat", { $0.chats = nil }, ["chat: removed"]),
        ("slate", { ($0.slateText, $0.slateClock) = ("Soon", true) }, ["slate: in-place"]),
        ("slate's picture", { $0.slatePath = "/s.png" }, ["slate: in-place"]),
        ("order", { $0.inputs[2].shuffleSeed = 99 }, []),
        (
            "order that is asked for", { ($0.inputs[2].shuffleSeed, $0.inputs[2].isAnyOrder) = (8, nil) },
            ["input list: replaced"]
        ),
        ("no order", { ($0.inputs[2].shuffleSeed, $0.inputs[2].isAnyOrder) = (nil, nil) }, ["input list: replaced"]),
        (
            "sound of a list",
            { settings in
                var strip = StripSettings()
                strip.isMuted = true
                settings.inputs[2].strip = strip
                settings.inputs[2].shuffleSeed = 98
            }, ["input list: in-place"]
        ),
    ]

    @Test(arguments: cases.indices) func differencesAreTold(index: Int) throws {
        let (name, change, expected) = Self.cases[index]
        let plan = ReloadPlan(from: try Self.settings(), to: try Self.settings(change))
        #expect(Self.told(plan) == expected, "\(name)")
    }

    /// Whatever has been done is not done again, and what could not be done is named again.
    @Test(arguments: cases.indices) func whatIsDoneIsDone(index: Int) throws {
        let new = try Self.settings(Self.cases[index].1)
        let plan = ReloadPlan(from: try Self.settings(), to: new)
        let again = ReloadPlan(from: plan.base(without: []), to: new)
        #expect(again.items.isEmpty && again.pending == plan.pending, "\(Self.cases[index].0)")
        let afterFailure = ReloadPlan(from: plan.base(without: plan.items.map(\.step)), to: new)
        #expect(Set(afterFailure.changes) == Set(plan.changes), "\(Self.cases[index].0)")
    }

    /// And the way back is another reload.
    @Test(arguments: cases.indices) func fileThatIsAsBeforeUndoesIt(index: Int) throws {
        let (old, new) = (try Self.settings(), try Self.settings(Self.cases[index].1))
        let there = ReloadPlan(from: old, to: new)
        let back = ReloadPlan(from: there.base(without: []), to: old)
        // Whom any order will do goes on in the one that was asked for.
        let isLasting = there.items.isEmpty || Self.cases[index].0 == "order that is asked for"
        #expect(back.changes.isEmpty == isLasting, "\(Self.cases[index].0)")
        #expect(ReloadPlan(from: back.base(without: []), to: old).changes.isEmpty)
    }

    /// What is said to take effect later is never said without a reason.
    @Test func whatCannotChangeSaysWhy() throws {
        let new = try Self.settings { settings in
            settings.frameRate = FrameRate(25) ?? settings.frameRate
            settings.slateAfterSeconds = 5
            settings.origin = ":8080"
            settings.inputs[0].backup = BackupSettings([InputSettings(url: "/loop.mp4")])
            settings.room = nil
        }
        let plan = ReloadPlan(from: try Self.settings(), to: new)
        #expect(plan.pending.map(\.what) == ["input cam", "slate-after", "fps", "room", "origin"])
        #expect(plan.pending.allSatisfy { !($0.reason ?? "").isEmpty })
        #expect(plan.pending[2].reason == "every frame number and timestamp counts in it")
        // A stream that is copied has nothing that could be drawn anew.
        let copied = try Self.settings { $0.copies = true }
        let slate = ReloadPlan(
            from: copied,
            to: try Self.settings { settings in
                settings.copies = true
                settings.slateText = "Soon"
            })
        #expect(Self.told(slate) == ["slate: at-start"] && slate.pending[0].reason != nil)
    }

    @Test func timetableIsTakenAsAWhole() throws {
        let entry = TimetableEntry(at: try CronSchedule("@daily"), changes: [.mark("day")], text: "mark day")
        let new = try Self.settings { $0.timetable = Timetable(entries: [entry]) }
        let plan = ReloadPlan(from: try Self.settings(), to: new)
        #expect(plan.items.map(\.step) == [.timetable(new.timetable)])
    }

    @Test func whatIsReferredToComesFirst() throws {
        let new = try Self.settings { settings in
            settings.inputs.append(InputSettings(url: "/b.mp4", name: "b"))
            settings.inputs.removeFirst()
            settings.scenes = [Scene("talk", [SceneItem("b")])]
        }
        let plan = ReloadPlan(from: try Self.settings(), to: new)
        #expect(Self.told(plan) == ["input b: added", "scene talk: in-place", "input cam: removed"])
    }

    @Test func unsetSettingRestsWhereThereIsAWordForIt() throws {
        let old = try Self.settings { ($0.watch, $0.minimumVideoBitsPerSecond) = ([], 500_000) }
        let plan = ReloadPlan(
            from: try Self.settings {
                ($0.watch, $0.minimumVideoBitsPerSecond) = ([SwitchCondition(.black, milliseconds: 5000)], 500_000)
            }, to: try Self.settings())
        #expect(Self.told(plan) == ["watch: in-place = off", "min-bitrate: at-start"])
        #expect(old.watch == [])
    }

    /// A size that only the input decides is not to be taken for a wish.
    @Test func sizeOfTheInputIsNoWish() throws {
        let old = try Self.settings {
            $0.canvas = Canvas("1080p") ?? $0.canvas
        }
        let plan = ReloadPlan(from: old, to: try Self.settings { $0.sizeFollowsInput = true })
        #expect(Self.told(plan) == ["size: at-start"])
    }

    @Test func pluginsFindTheirOrder() throws {
        let names = ["a", "b", "c"].map { PluginChoice("frei0r:x", name: $0) }
        let old = try Self.settings { $0.plugins = names }
        let plan = ReloadPlan(from: old, to: try Self.settings { $0.plugins = [names[2], names[0], names[1]] })
        #expect(plan.items.map(\.step) == [.change(.plugin(.move(name: "c", position: 1)))])
    }
}
