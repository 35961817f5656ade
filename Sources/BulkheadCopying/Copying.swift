import BulkheadEvents
import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Passes one input on to the outputs without decoding or encoding it.
///
/// It stands in the place of program, chain and encoding. In: the packets of one input (``MediaOutlet``), the picture of a
/// slate, and the slate encoded. Out: packets to a `PacketOutlet`, in DTS order and each once; and how far the source may be
/// ahead, to a `MediaSupply`. What goes out when is decided by ``CopyMachine``; the only timer is here. It belongs to the
/// broadcast and is confined to the reactor's thread.
package final class Copying {
    /// What is asked of the broadcast.
    package struct Requests {
        /// The first picture is about to go out.
        package var began: () -> Void
        /// The last packet has gone out.
        package var ended: () -> Void
        /// A slate of this size is to be drawn, and then encoded for this rate and with this profile.
        package var wantsSlate: (Canvas, FrameRate, String) -> Void
        /// The slate is drawn: its slot is held once, for the receiver.
        package var drewSlate: (StillPicture) -> Void
        /// Another size or rate goes out.
        package var changed: (Canvas, FrameRate) -> Void
        /// The broadcast can't go on.
        package var failed: (BroadcastError) -> Void

        package init(
            began: @escaping () -> Void, ended: @escaping () -> Void,
            wantsSlate: @escaping (Canvas, FrameRate, String) -> Void, drewSlate: @escaping (StillPicture) -> Void,
            changed: @escaping (Canvas, FrameRate) -> Void, failed: @escaping (BroadcastError) -> Void
        ) {
            self.began = began
            self.ended = ended
            self.wantsSlate = wantsSlate
            self.drewSlate = drewSlate
            self.changed = changed
            self.failed = failed
        }
    }

    /// Told how far the input may be ahead. It knows this room, so that it holds it weakly.
    package weak var supply: (any MediaSupply)?
    /// Called behind each picture that goes out, with how far the stream has come.
    package var onSent: ((CopyMachine.Place) -> Void)?
    private let context: RoomContext
    private let outlet: any PacketOutlet
    private let requests: Requests
    private var machine: CopyMachine
    private var input: InputID?
    private var timer: (token: Reactor.Token, time: MonotonicTime)?
    private var isClosed = false
    private let work = ActionQueue<CopyMachine.Action>()

    package init(
        _ terms: CopyMachine.Terms, in context: RoomContext, outlet: any PacketOutlet, requests: Requests
    ) {
        self.context = context
        self.outlet = outlet
        self.requests = requests
        machine = CopyMachine(terms, at: .now)
    }

    /// Looks after what shows only as time passing.
    package func watch() { handle(.tick) }

    /// The outputs have room again.
    package func pump() { handle(.tick) }

    /// The slate is encoded.
    package func take(_ loop: SlateLoop) { handle(.slate(loop)) }

    /// Ends the stream where it is.
    package func end() { handle(.end) }

    /// Nothing goes out any more.
    package func close() {
        isClosed = true
        stopTimer()
    }

    private func stopTimer() {
        if let timer { context.reactor.cancel(timer.token) }
        timer = nil
    }

    package var snapshot: CopyingSnapshot {
        CopyingSnapshot(
            framesCopied: machine.figures.copied, framesSlated: machine.figures.slated,
            framesLeftOut: machine.figures.leftOut, isSlateOnAir: machine.isSlateOnAir, reached: machine.reached,
            framesPerSecond: machine.picture?.frameRate.framesPerSecond, input: input)
    }

    // MARK: carrying out

    private func handle(_ event: CopyMachine.Event) {
        guard !isClosed else { return }
        carryOut(machine.handle(event, at: .now, hasRoom: hasRoom))
    }

    /// Only what goes out as fast as it can asks.
    private var hasRoom: Bool { machine.isFast ? outlet.hasRoom : true }

    private func carryOut(_ actions: [CopyMachine.Action]) {
        work.append(contentsOf: actions)
        work.run { carryOut($0) }
        armTimer()
    }

    private func carryOut(_ action: CopyMachine.Action) {
        switch action {
        case .begin:
            context.post(.timeline, .timeline(.onAir))
            requests.began()
        case .configure(let configuration, let number):
            outlet.configure(configuration, number: number)
            requests.changed(configuration.canvas, configuration.frameRate)
        case .send(let packet):
            outlet.take(packet)
            if packet.isVideo { onSent?(machine.place) }
        case .credit(let time): if let input { supply?.copy(until: time, of: input) }
        case .makeSlate(let canvas, let frameRate, let profile): requests.wantsSlate(canvas, frameRate, profile)
        case .post(let happening): context.post(.timeline, .timeline(happening))
        case .ended:
            close()
            requests.ended()
        }
    }

    private func armTimer() {
        let wake = machine.wake
        guard wake != timer?.time else { return }
        stopTimer()
        guard !isClosed, let wake else { return }
        timer = (
            context.schedule(at: wake) { [weak self] in
                self?.timer = nil
                self?.handle(.tick)
            }, wake
        )
    }
}

/// A stream that is passed on, at one moment.
package struct CopyingSnapshot: Hashable, Sendable {
    /// Pictures of the input that went out.
    package let framesCopied: Int
    /// Pictures of the slate that went out.
    package let framesSlated: Int
    /// Pictures of the input that are in no stream.
    package let framesLeftOut: Int
    package let isSlateOnAir: Bool
    /// Where the timeline has come to.
    package let reached: MediaTime
    /// As the input says; nil before the first picture.
    package let framesPerSecond: Double?
    /// What is passed on.
    package let input: InputID?
}

extension Copying: MediaOutlet {
    package var hasBegun: Bool { machine.hasBegun }
    package var slotCount: Int { 0 }

    package func expect(_ input: InputID, name: String, isKept: Bool) {}
    package func renamed(_ input: InputID, to name: String) {}
    package func goesOn(_ input: InputID, from sample: Int64) {}

    package func opened(_ input: InputID, _ description: SourceDescription) {
        let isFirst = self.input == nil
        self.input = input
        let picture = description.picture
        let rate = picture.flatMap { FrameRate($0.rateNumerator, $0.rateDenominator) } ?? FrameRate(30)
        guard let rate else { return }
        if isFirst, let picture {
            let perSecond = (rate.framesPerSecond * 1000).rounded() / 1000
            context.post(
                .timeline,
                .timeline(
                    .copied(
                        canvas: "\(picture.width)x\(picture.height)", framesPerSecond: perSecond,
                        source: input.number)))
        }
        handle(.opened(isLive: description.isLive, rate))
    }

    package func take(_ format: CopiedFormat, of input: InputID) -> String? {
        do throws(CopyFault) {
            carryOut(try machine.take(format))
            return nil
        } catch { return "\(error)" }
    }

    package func take(_ packet: CopiedPacket, of input: InputID) -> String? {
        guard !isClosed else { return nil }
        do throws(CopyFault) {
            carryOut(try machine.take(packet, at: .now, hasRoom: hasRoom))
            return nil
        } catch { return "\(error)" }
    }

    package func take(_ picture: Picture, of input: InputID) -> Bool { false }
    package func take(sound samples: [Float], from start: Int64, of input: InputID) -> Int64 { start }
    package func caughtUp(_ input: InputID) {}
    package func interrupted(_ input: InputID) { handle(.interrupted) }
    package func beganAnew(_ input: InputID) { handle(.beganAnew) }
    package func ended(_ input: InputID) { handle(.inputEnded) }
    package func removed(_ input: InputID) { handle(.inputEnded) }

    package func take(_ picture: StillPicture, for still: Still) {
        guard case .name = still else { return requests.drewSlate(picture) }
        context.pools.release(picture.slot)
    }

    package func failed(_ still: Still, _ failure: StillFailure) {
        let cause: String
        switch failure {
        case .refused(let refusal): cause = "\(refusal)"
        case .readerEnded(let end): cause = "what reads it ended (\(end))"
        }
        guard case .slateFile(let path) = still else {
            return context.post(.timeline, .timeline(.slateUndrawn(reason: Reason("unusable", cause))))
        }
        guard !hasBegun else {
            return context.post(
                .timeline, .timeline(.slateUnusable(path: path, reason: Reason("unusable", cause))))
        }
        requests.failed(
            BroadcastError(
                .input, "the slate \(path) can't be used: \(cause)", advice: "name a picture, such as a PNG file"))
    }

    package func noted(_ still: Still, _ text: String) {
        context.post(.timeline, .timeline(.cardNoted(text: text)))
    }
}
