import BulkheadControl
import BulkheadControlFormats
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct OBSPlannerTests {
    @Test(
        arguments: [
            (nil, nil, 203), ("Nope", nil, 204), ("SetCurrentProgramScene", nil, 301),
            ("SetCurrentProgramScene", [:], 300),
            ("SetCurrentProgramScene", ["sceneName": "none"], 600), ("Sleep", ["sleepMillis": 1], 206),
            ("GetInputMute", ["inputName": "nobody"], 600), ("GetInputMute", ["inputName": "camera"], 604),
            ("SetInputVolume", ["inputName": "music \"live\"\\"], 300),
            ("SetInputVolume", ["inputName": "music \"live\"\\", "inputVolumeMul": 1, "inputVolumeDb": 0], 404),
            ("SetInputVolume", ["inputName": "music \"live\"\\", "inputVolumeDb": 27], 402),
            ("SetInputVolume", ["inputName": "music \"live\"\\", "inputVolumeDb": "loud"], 401),
            ("SetInputMute", ["inputName": "music \"live\"\\"], 300), ("StartStream", nil, 500),
            ("StopRecord", nil, 501),
            ("TriggerStudioModeTransition", nil, 506), ("GetReplayBufferStatus", nil, 604),
            ("SetSceneItemEnabled", ["sceneName": "both", "sceneItemId": 3, "sceneItemEnabled": true], 600),
            ("CallVendorRequest", ["vendorName": "other", "requestType": "status"], 600),
            ("CallVendorRequest", ["vendorName": "bulkhead", "requestType": "stop"], 400),
            ("CallVendorRequest", ["vendorName": "bulkhead", "requestType": "nope"], 400),
        ] as [(String?, JSONValue?, Int64)])
    func refusalsHaveTheCodesOfTheProtocol(type: String?, data: JSONValue?, code: Int64) {
        #expect(Sample.plan(type, data).result?.status.rawValue == code)
    }

    @Test func withoutABroadcastItIsToldToTryAgain() {
        #expect(Sample.plan("StartStream") { $0.status = nil }.result?.status == .notReady)
        let scenes = Sample.plan("GetSceneList") { $0.status = nil }.result?.data
        #expect(scenes?["currentProgramSceneName"] == "Main")
    }

    @Test func sceneListEndsWithTheFirstScene() {
        let data = Sample.plan("GetSceneList").result?.data
        let names = data?["scenes"]?.array?.map { $0["sceneName"]?.string }
        #expect(names == ["camera", "wide", "both"])
        #expect(data?["scenes"]?.array?.map { $0["sceneIndex"]?.integer } == [0, 1, 2])
        #expect(data?["currentProgramSceneName"] == "both")
        #expect(data?.object?["currentPreviewSceneName"] == .null)
    }

    private static func requests(_ plan: OBSPlan) -> [ControlRequest]? {
        if case .ask(let requests, _) = plan { requests } else { nil }
    }

    @Test func changesBecomeRequestsOfOurOwn() {
        #expect(
            Self.requests(Sample.plan("SetCurrentProgramScene", ["sceneName": "wide"])) == [.scene(.take("wide", .cut))]
        )
        #expect(Self.requests(Sample.plan("StopStream")) == [.link(.pause("main"))])
        #expect(
            Self.requests(Sample.plan("StartStream") { $0.status?.links[0].state = .paused }) == [.link(.retry("main"))]
        )
        var strip = StripSettings()
        (strip.gain, strip.isMuted) = (-6, true)
        #expect(
            Self.requests(Sample.plan("ToggleInputMute", ["inputName": "music \"live\"\\"]))
                == [.audio(.strip("2", strip))])
        let hidden = Scene("both", [SceneItem("camera"), SceneItem("guest", isVisible: false)])
        #expect(
            Self.requests(
                Sample.plan("SetSceneItemEnabled", ["sceneName": "both", "sceneItemId": 2, "sceneItemEnabled": false]))
                == [.scene(.set(hidden))])
        #expect(
            Self.requests(Sample.plan("SetCurrentPreviewScene", ["sceneName": "wide"]) { $0.desk.isStudioMode = true })
                == [.scene(.prepare("wide"))])
        #expect(Self.requests(Sample.plan("CreateRecordChapter", ["chapterName": "goal"])) == [.mark("goal")])
    }

    @Test func transitionOfTheDeskIsUsed() {
        let plan = Sample.plan("SetCurrentProgramScene", ["sceneName": "wide"]) { $0.desk.transition = .fade }
        #expect(Self.requests(plan) == [.scene(.take("wide", Transition(.fade, milliseconds: 300)))])
    }

    @Test func scenesAndInputsGoByTheirUUIDs() throws {
        let scenes = try #require(Sample.plan("GetSceneList").result?.data?["scenes"]?.array)
        let wide = try #require(scenes.first { $0["sceneName"] == "wide" }?["sceneUuid"])
        #expect(
            Self.requests(Sample.plan("SetCurrentProgramScene", ["sceneUuid": wide])) == [.scene(.take("wide", .cut))])
        let inputs = try #require(Sample.plan("GetInputList").result?.data?["inputs"]?.array)
        let music = try #require(inputs.last?["inputUuid"])
        #expect(Sample.plan("GetInputVolume", ["inputUuid": music]).result?.data?["inputVolumeDb"]?.number == -6)
    }

    @Test func silenceIsTheLowestVolumeOfOBS() {
        let data = Sample.plan("GetInputVolume", ["inputName": "music \"live\"\\"]) {
            $0.status?.sound?.strips[0].settings.gain = .silence
        }.result?.data
        #expect(data?["inputVolumeMul"]?.number == 0 && data?["inputVolumeDb"]?.number == -100)
    }

    @Test func streamIsTimedByFrames() {
        let data = Sample.plan("GetStreamStatus").result?.data
        #expect(data?["outputActive"] == true && data?["outputReconnecting"] == false)
        #expect(data?["outputTimecode"] == "01:01:01.500" && data?["outputDuration"] == 3_661_500)
        #expect(data?["outputSkippedFrames"] == 2 && data?["outputTotalFrames"] == 302)
    }

    /// Each request that is listed is known, and answered with something else than that it isn't.
    @Test func whatIsListedIsKnown() throws {
        let listed = try #require(Sample.plan("GetVersion").result?.data?["availableRequests"]?.array)
        #expect(listed.count > 45)
        for type in listed {
            #expect(Sample.plan(type.string, [:]).result?.status != .unknownRequestType, "\(type)")
        }
        // Never a list of formats that is none: clients give up.
        #expect(Sample.plan("GetVersion").result?.data?["supportedImageFormats"] == ["png", "jpg", "jpeg"])
    }
}

@Suite(.timeLimit(.minutes(1))) struct ControlRoomRequestTests {
    /// What holds keys, names files or ends the broadcast stays on this computer.
    @Test(arguments: [
        #"{"request":"stop"}"#, #"{"request":"events"}"#, #"{"request":"set","changes":{"preset":"fast"}}"#,
        #"{"request":"link.remove","link":"1"}"#, #"{"request":"recording.save-replay","path":"/home/me/a.mp4"}"#,
        #"{"request":"input.add","input":{"url":"/etc/passwd","format":"","loops":false}}"#,
        #"{"request":"input.skip","input":"1","file":"/etc/passwd"}"#,
        #"{"request":"plugin.set","name":"a","parameters":{"file":"/etc/passwd"}}"#, #"{"request":"program"}"#,
    ]) func refuses(line: String) {
        let request = ControlRoomRequest(json: Array(line.utf8))
        #expect(request?.isAllowed == false)
        #expect(request?.refusal(for: .init(maySteer: true, mayDrill: true)) == ControlRoomRequest.refusal)
    }

    /// Whoever may only look changes nothing, and drills need a right of their own.
    @Test(arguments: [
        (#"{"request":"status"}"#, [true, true, true]), (#"{"request":"deaths"}"#, [true, true, true]),
        (#"{"request":"room"}"#, [true, true, true]), (#"{"request":"servers"}"#, [true, true, true]),
        (#"{"request":"servers","isMeasured":true}"#, [false, true, true]),
        (#"{"request":"scene.take"}"#, [false, true, true]), (#"{"request":"room.unpin"}"#, [false, true, true]),
        (#"{"request":"drill","pid":4711,"fault":"kill"}"#, [false, false, true]),
    ]) func rightsDecide(line: String, expected: [Bool]) throws {
        let request = try #require(ControlRoomRequest(json: Array(line.utf8)))
        let rights = [(false, false), (true, false), (true, true)]
        #expect(rights.map { request.refusal(for: .init(maySteer: $0.0, mayDrill: $0.1)) == nil } == expected)
        // A drill is no right of those who look.
        if case .drill = request.request {
            #expect(request.refusal(for: .init(maySteer: false, mayDrill: true)) != nil)
        }
    }

    @Test(arguments: [
        #"{"request":"status"}"#, #"{"request":"scene.take","scene":"both"}"#, #"{"request":"link.pause","link":"1"}"#,
        #"{"request":"recording.save-replay"}"#, #"{"request":"input.skip","input":"1","file":"3"}"#,
    ]) func allows(line: String) {
        #expect(ControlRoomRequest(json: Array(line.utf8))?.isAllowed == true)
    }

    @Test func whatIsNoRequestIsNone() {
        for line in ["", "{}", "[]", #"{"request":"nope"}"#] {
            #expect(ControlRoomRequest(json: Array(line.utf8)) == nil)
        }
    }
}
