import BulkheadControlFormats
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct OBSChangesTests {
    private static func events(_ change: (inout OBSView) -> Void) -> [OBSEvent] {
        OBSChanges.events(from: Sample.view(), to: Sample.view(change))
    }

    private static func types(_ change: (inout OBSView) -> Void) -> [String] { events(change).map(\.type) }

    @Test func nothingIsToldOfTheFirstMomentNorOfWhatIsTheSame() {
        #expect(OBSChanges.events(from: nil, to: Sample.view()).isEmpty)
        #expect(Self.types { _ in } == [])
    }

    @Test func eachChangeIsTold() {
        #expect(Self.types { $0.status?.scene = "wide" } == ["CurrentProgramSceneChanged"])
        #expect(Self.types { $0.desk.isStudioMode = true } == ["StudioModeStateChanged"])
        #expect(Self.types { $0.status?.sound?.strips[0].settings.isMuted = true } == ["InputMuteStateChanged"])
        #expect(Self.types { $0.status?.sound?.strips[0].settings.gain = 3 } == ["InputVolumeChanged"])
        #expect(
            Self.types { $0.status?.scenes?[0].scene.items[1].isVisible = false } == ["SceneItemEnableStateChanged"])
        #expect(Self.types { $0.status?.inputs?[1].name = "song" } == ["InputNameChanged"])
        #expect(Self.types { $0.status?.inputs?.removeLast() } == ["InputRemoved"])
        #expect(Self.types { $0.status?.scenes?.removeLast() } == ["SceneRemoved", "SceneListChanged"])
        #expect(Self.types { $0.desk.lastReplay = "/a.mp4" } == ["ReplayBufferSaved"])
    }

    @Test func streamHasTheOrderOfOBS() {
        let stopped = Self.events { $0.status?.links[0].state = .paused }
        #expect(
            stopped.map { $0.data["outputState"]?.string } == [
                "OBS_WEBSOCKET_OUTPUT_STOPPING", "OBS_WEBSOCKET_OUTPUT_STOPPED",
            ])
        #expect(stopped.allSatisfy { $0.data["outputActive"] == false && $0.intent == .outputs })
        let broken = Self.events { $0.status?.links[0].state = .saved }
        #expect(broken.map { $0.data["outputState"]?.string } == ["OBS_WEBSOCKET_OUTPUT_RECONNECTING"])
        let back = OBSChanges.events(from: Sample.view { $0.status?.links[0].state = .saved }, to: Sample.view())
        #expect(back.map { $0.data["outputState"]?.string } == ["OBS_WEBSOCKET_OUTPUT_RECONNECTED"])
        #expect(back.first?.data["outputActive"] == true)
    }

    @Test func previewIsToldInStudioModeAlone() {
        #expect(Self.types { $0.status?.preparedScene = "wide" } == [])
        let before = Sample.view { $0.desk.isStudioMode = true }
        let after = Sample.view {
            $0.desk.isStudioMode = true
            $0.status?.preparedScene = "wide"
        }
        #expect(OBSChanges.events(from: before, to: after).map(\.type) == ["CurrentPreviewSceneChanged"])
    }
}
