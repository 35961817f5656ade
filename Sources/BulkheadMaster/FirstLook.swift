import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// Takes the first picture and the first sound of each input, to see whether they can be had, and throws them away.
final class FirstLook: MediaOutlet {
    /// Processes that may end over an input before it is given up.
    private static let mostDeaths = 3

    /// What is still to come of each input.
    private var awaited: [InputID: MediaUse]
    private var deaths: [InputID: Int] = [:]
    /// Inputs whose readers end over them.
    private(set) var givenUp: Set<InputID> = []
    private let pools: FramePools
    private let ask: (MediaDemand, InputID) -> Void
    private let onDone: () -> Void
    private let onStillFailed: (_ path: String, _ reason: String) -> Void
    /// A picture that is to stand instead of an input is on its way.
    var awaitsStill = false

    /// - Parameters:
    ///   - awaited: what is wanted of each input.
    ///   - ask: called when an input is open, with what may come of it.
    ///   - onDone: called when nothing more is awaited of inputs, and when the still is there.
    ///   - onStillFailed: called when the still can't be had, with its path and why.
    init(
        _ awaited: [InputID: MediaUse], pools: FramePools, ask: @escaping (MediaDemand, InputID) -> Void,
        onDone: @escaping () -> Void, onStillFailed: @escaping (_ path: String, _ reason: String) -> Void
    ) {
        self.awaited = awaited.filter { !$0.value.isNothing }
        self.pools = pools
        self.ask = ask
        self.onDone = onDone
        self.onStillFailed = onStillFailed
    }

    /// Inputs of which not all has come that was wanted.
    var missing: [InputID] { awaited.keys.sorted() }

    private func came(_ input: InputID, _ change: (inout MediaUse) -> Void) {
        guard var use = awaited[input] else { return }
        change(&use)
        awaited[input] = use.isNothing ? nil : use
        if awaited.isEmpty { onDone() }
    }

    let hasBegun = false
    let slotCount = 4

    func expect(_ input: InputID, name: String, isKept: Bool) {}

    func opened(_ input: InputID, _ description: SourceDescription) {
        guard awaited[input] != nil else { return }
        ask(MediaDemand(pictures: slotCount, waiting: 0, soundEnd: Int64(AudioFormat.sampleRate)), input)
    }

    func take(_ picture: Picture, of input: InputID) -> Bool {
        pools.release(picture.slot)
        came(input) { $0.pictures = false }
        return true
    }

    func take(sound samples: [Float], from start: Int64, of input: InputID) -> Int64 {
        came(input) { $0.sound = false }
        return start.addingReportingOverflow(Int64(samples.count / AudioFormat.channelCount)).partialValue
    }

    func goesOn(_ input: InputID, from sample: Int64) {}
    func caughtUp(_ input: InputID) {}

    func renamed(_ input: InputID, to name: String) {}
    func beganAnew(_ input: InputID) {}
    func removed(_ input: InputID) {}
    func interrupted(_ input: InputID) {
        deaths[input, default: 0] += 1
        guard deaths[input, default: 0] >= Self.mostDeaths, awaited[input] != nil else { return }
        givenUp.insert(input)
        came(input) { $0 = MediaUse(pictures: false, sound: false) }
    }

    func ended(_ input: InputID) { came(input) { $0 = MediaUse(pictures: false, sound: false) } }

    func take(_ picture: StillPicture, for still: Still) {
        pools.release(picture.slot)
        awaitsStill = false
        onDone()
    }

    func failed(_ still: Still, _ failure: StillFailure) {
        awaitsStill = false
        guard case .slateFile(let path) = still else { return }
        switch failure {
        case .refused(let refusal): onStillFailed(path, "\(refusal)")
        case .readerEnded(let cause): onStillFailed(path, "its reader ended (\(cause))")
        }
    }

    func noted(_ still: Still, _ text: String) {}
}
