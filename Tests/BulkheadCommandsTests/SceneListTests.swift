import BulkheadCommands
import BulkheadModel
import Testing

/// What `bulkhead scene` lists, and what follows what.
@Suite(.timeLimit(.minutes(1))) struct SceneListTests {
    private static func status(
        scenes: [String] = [], inputs: [String] = ["cam", "guest"], shown: String? = nil, prepared: String? = nil
    ) -> BroadcastStatus {
        var status = BroadcastStatus(
            state: .onAir, children: [], links: [], secondsOnAir: 1, frames: 30, framesCommitted: 30,
            framesUncommitted: 0, framesRepeated: 0, framesSkipped: 0, framesUnfiltered: 0, framesSlated: 0,
            standby: "off", framesPerSecond: 30, bitsPerSecond: 0, showing: .picture, encoderAddress: "", plugins: [])
        status.scenes = scenes.map { name in
            SceneStatus(
                scene: Scene(name, [SceneItem("cam"), SceneItem("guest")]), isShown: name == shown,
                isPrepared: name == prepared)
        }
        status.inputs = inputs.enumerated().map { index, name in
            InputStatus(
                id: InputID(index + 1), name: name, state: .ready, summary: nil, isShown: index == 0,
                hasPicture: name != "mic")
        }
        (status.scene, status.preparedScene) = (shown, prepared)
        return status
    }

    private static func lines(_ status: BroadcastStatus) -> [String] { SceneText.list(SceneList(status)) }

    @Test func scenesHaveNumbersAndSayWhatIsOnAir() {
        #expect(
            Self.lines(Self.status(scenes: ["talk", "both"], shown: "talk", prepared: "both"))
                == ["1  talk: cam, guest  [on air]", "2  both: cam, guest  [prepared]"])
        #expect(
            Self.lines(Self.status(scenes: ["talk"], shown: "grid", prepared: "guest"))
                == ["1  talk: cam, guest", "   grid (layout)  [on air]", "   guest (input)  [prepared]"])
    }

    @Test func withoutScenesInputsHaveNumbers() {
        let status = Self.status(inputs: ["cam", "mic", "guest"], prepared: "guest")
        #expect(Self.lines(status) == ["1  cam  [on air]", "3  guest  [prepared]"])
        #expect(
            Self.lines(Self.status(shown: "grid", prepared: "grid"))
                == ["1  cam", "2  guest", "   grid (layout)  [on air, prepared]"])
    }

    @Test func whatIsShownHasItsKind() {
        #expect(SceneList(Self.status(scenes: ["talk"], shown: "talk")).shown?.kind == .scene)
        #expect(SceneList(Self.status(shown: "grid")).shown?.kind == .layout)
        let list = SceneList(Self.status())
        #expect(list.shown?.kind == .input && list.shown?.name == "cam" && list.prepared == nil)
        #expect(list.kind(of: "GUEST") == .input && list.kind(of: "nobody") == nil)
    }

    @Test func stepsGoAroundTheList() {
        let list = SceneList(Self.status(scenes: ["a", "b", "c"], shown: "c"))
        #expect(list.names(from: 1) == ["a", "b", "c"] && list.names(from: -1) == ["b", "a", "c"])
        let other = SceneList(Self.status(scenes: ["a", "b"], shown: "grid"))
        #expect(other.names(from: 1) == ["a", "b"] && other.names(from: -1) == ["b", "a"])
        #expect(SceneList(Self.status()).names(from: 1) == ["guest", "cam"])
        #expect(SceneList(Self.status(inputs: [])).names(from: 1) == [])
    }

    @Test func scenesAreFoundByNameAndNumber() {
        let list = SceneList(Self.status(scenes: ["a", "b"]))
        #expect(list.scene(called: "B")?.name == "b" && list.scene(called: "2")?.name == "b")
        #expect(list.scene(called: "3") == nil && list.scene(called: "cam") == nil)
    }

    @Test func inputsSayWhatBecameOfThem() {
        func line(_ state: ChildState, isShown: Bool = false, failure: String? = nil) -> String {
            InputText.line(
                InputStatus(
                    id: 2, name: "pic", state: state, summary: "png", isShown: isShown, failure: failure))
        }
        #expect(line(.still) == "2, pic: still, png" && line(.still, isShown: true) == "2, pic: still, shown, png")
        #expect(line(.failed, failure: "it is damaged") == "2, pic: failed: it is damaged, png")
    }
}
