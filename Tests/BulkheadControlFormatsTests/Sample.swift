import BulkheadControlFormats
import BulkheadModel

/// A broadcast with two scenes, two inputs, a link and a recording.
enum Sample {
    static var status: BroadcastStatus {
        var link = LinkStatus(
            name: "main", destination: "rtmp://a.example/live", state: .publishing, bitsPerSecond: 2_500_000,
            queuedMilliseconds: 40, queuedBytes: 12_500, framesSent: 300, framesShed: 2, reconnects: 1)
        link.roundTripMilliseconds = 12.5
        var status = BroadcastStatus(
            state: .onAir,
            children: [
                ChildStatus(part: .encoder(1), pid: 7, state: .ready, restarts: 2, lastEnd: "SIGSEGV")
            ], links: [link], secondsOnAir: 3661.5, frames: 310, framesCommitted: 300, framesUncommitted: 3,
            framesRepeated: 4, framesSkipped: 5, framesUnfiltered: 0, framesSlated: 0, standby: "warm",
            framesPerSecond: 30, bitsPerSecond: 2_500_000, showing: .picture, encoderAddress: "", plugins: [])
        status.inputs = [
            InputStatus(id: 1, name: "camera", state: .ready, summary: nil, isShown: true, hasPicture: true),
            InputStatus(id: 2, name: "music \"live\"\\", state: .ready, summary: nil, isHeard: true, hasPicture: false),
        ]
        status.scenes = [
            SceneStatus(
                scene: Scene("both", [SceneItem("camera"), SceneItem("guest")]), isShown: true, isPrepared: false),
            SceneStatus(scene: Scene("wide", [SceneItem("camera")]), isShown: false, isPrepared: false),
        ]
        status.scene = "both"
        var strip = StripStatus(
            input: 2, name: "music \"live\"\\", settings: StripSettings(), levels: StripLevels(peak: -6), isHeard: true)
        strip.settings.gain = -6
        status.sound = ProgramSoundStatus(levels: ProgramLevels(), strips: [strip])
        return status
    }

    static func view(_ change: (inout OBSView) -> Void = { _ in }) -> OBSView {
        var view = OBSView(status: status, desk: OBSDesk())
        change(&view)
        return view
    }

    static func plan(
        _ type: String?, _ data: JSONValue? = nil, isInBatch: Bool = false, _ change: (inout OBSView) -> Void = { _ in }
    ) -> OBSPlan {
        OBSPlanner(OBSCall(id: 1, type: type, data: data), view(change), isInBatch: isInBatch).plan
    }
}

extension OBSPlan {
    var result: OBSResult? {
        if case .answer(let result) = self { result } else { nil }
    }
}
