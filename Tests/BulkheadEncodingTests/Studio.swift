import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// A machine with scripted encoders and a scripted clock: all that `Encoding` is for it, without a process.
struct Studio {
    var machine: EncodingMachine
    var kind: ScriptedEncoder.Kind
    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000)
    /// Those that have not ended, by their number.
    var encoders: [ChildID: ScriptedEncoder] = [:]
    private(set) var settings: [ChildID: EncodingSettings] = [:]
    /// Launched, and not open yet.
    private(set) var opening: [ChildID] = []
    /// Encoders open as soon as they are launched.
    var opensAtOnce = true
    /// Encoders end before they are open.
    var fails = false
    private var pending: [EncodingMachine.Action] = []
    private var isPerforming = false
    private var doomed: [(child: ChildID, cause: String)] = []
    private var timers: [(due: MonotonicTime, event: Timer)] = []
    private var children = IdentityCounter<ChildSubject>()
    private var nextFrame: FrameNumber = 0
    private var nextBlock: Int64 = 0

    // What has come of it.
    private(set) var packets: [Packet] = []
    private(set) var happenings: [(part: Part, happening: Happening)] = []
    private(set) var released: [SlotReference] = []
    private(set) var given: [SlotReference] = []
    private(set) var configurations: [Int] = []
    private(set) var answers: [BroadcastError?] = []
    private(set) var resizes: [Canvas] = []
    private(set) var failure: BroadcastError?
    private(set) var isDrained = false
    private(set) var turnedAway: [ChildID] = []
    private(set) var dismissals: [ChildID: String] = [:]
    private(set) var rates: [ChildID: UInt32] = [:]
    private(set) var recoveries: [Duty?] = []

    private enum Timer {
        case launch(EncodingMachine.Place)
        case alarm(EncodingMachine.Alarm)
    }

    /// All but the slate's.
    var programEncoders: [ChildID] { encoders.keys.filter { !machine.slate.maker.employs($0) }.sorted() }

    /// 25 frames a second: one each 40 ms.
    static let interval = Duration.milliseconds(40)

    init(_ kind: ScriptedEncoder.Kind = .zerolatency, _ wanted: WantedEncoding) {
        self.kind = kind
        machine = EncodingMachine(wanted, encoderAddress: wanted.isForeign ? "/run/encoder" : "")
    }

    init(
        _ kind: ScriptedEncoder.Kind = .zerolatency, standby: StandbyChoice = .off,
        _ change: (inout WantedEncoding) -> Void = { _ in }
    ) throws {
        var wanted = WantedEncoding(
            BroadcastSettings(
                inputs: [], destinations: [], canvas: try #require(Canvas(width: 320, height: 180)),
                frameRate: try #require(FrameRate(25, 1)), tune: kind == .zerolatency ? "zerolatency" : "",
                standby: standby))
        change(&wanted)
        self.init(kind, wanted)
    }

    /// On air, with every encoder that belongs beside the first, and the slate encoded where `hasSlate` says so.
    static func onAir(
        _ kind: ScriptedEncoder.Kind = .zerolatency, standby: StandbyChoice = .off, hasSlate: Bool = false
    ) throws -> Studio {
        var studio = try Studio(kind, standby: standby)
        studio.tell(.begin)
        studio.tell(.onAir)
        if hasSlate {
            studio.tell(.slateDrawn(SlotReference(pool: 99, slot: 0), studio.machine.wanted.canvas))
            studio.pass(.milliseconds(1100))
            studio.deliverAll()
        }
        return studio
    }

    // MARK: what happens

    mutating func tell(_ event: EncodingMachine.Event) {
        pending += machine.handle(event, at: now)
        guard !isPerforming else { return }
        isPerforming = true
        while !pending.isEmpty { perform(pending.removeFirst()) }
        isPerforming = false
        // Those that are ended or let go are gone a moment later.
        while let (child, cause) = doomed.first.map({ ($0.child, $0.cause) }) {
            doomed.removeFirst()
            kill(child, cause: cause)
        }
        if opensAtOnce, let child = opening.first { open(child) }
    }

    mutating func giveFrame(pool: UInt32 = 1, canvas: Canvas? = nil) {
        let slot = SlotReference(pool: pool, slot: UInt32(nextFrame))
        given.append(slot)
        tell(.frame(CommitLedger.Entry(frame: nextFrame, slot: slot), canvas: canvas ?? machine.wanted.canvas))
        nextFrame += 1
    }

    mutating func giveBlock() {
        tell(.block(AudioLedger.Block(number: nextBlock, samples: [])))
        nextBlock += 1
    }

    /// Lets time pass; timers and launches that fall due have their turn, and the machine looks around each 100 ms.
    mutating func pass(_ duration: Duration) {
        let end = now.advanced(by: duration)
        while now < end {
            now = min(end, now.advanced(by: .milliseconds(20)))
            while let index = timers.firstIndex(where: { $0.due <= now }) { fire(timers.remove(at: index).event) }
            if now.nanoseconds % 100_000_000 == 0 { tell(.tick) }
        }
    }

    private mutating func fire(_ timer: Timer) {
        switch timer {
        case .alarm(let alarm): tell(.alarm(alarm))
        case .launch(let place): launch(place)
        }
    }

    private mutating func launch(_ place: EncodingMachine.Place) {
        guard let settings = machine.order(for: place) else { return }
        let child = children.next()
        encoders[child] = ScriptedEncoder(settings.video.tune == "zerolatency" ? .zerolatency : kind)
        self.settings[child] = settings
        opening.append(child)
        if fails { doomed.append((child, "SIGSEGV")) }
        tell(.launched(child, pid: Int32(child.number), place, settings))
    }

    mutating func open(_ child: ChildID) {
        guard opening.contains(child), let encoder = encoders[child], let settings = settings[child] else { return }
        opening.removeAll { $0 == child }
        tell(.replied(child, encoder.ready(settings.video.canvas)))
    }

    mutating func openAll() { for child in opening { open(child) } }

    /// Delivers the encoder's next answer.
    mutating func deliver(from child: ChildID) {
        guard let reply = encoders[child]?.replies.first else { return }
        encoders[child]?.replies.removeFirst()
        tell(.replied(child, reply))
    }

    mutating func deliverAll() {
        while let child = encoders.keys.sorted().first(where: { !(encoders[$0]?.replies.isEmpty ?? true) }) {
            deliver(from: child)
        }
    }

    /// Ends a child.
    /// - Parameter isItsOwn: by a fault of its own.
    mutating func kill(_ child: ChildID?, isItsOwn: Bool = true, cause: String = "SIGSEGV") {
        guard let child, encoders.removeValue(forKey: child) != nil else { return }
        opening.removeAll { $0 == child }
        tell(.ended(child, EncodingMachine.End(cause: cause, isItsOwn: isItsOwn)))
    }

    /// A process that was started by hand says hello.
    @discardableResult
    mutating func connect() -> ChildID {
        let child = children.next()
        tell(.connected(child, pid: Int32(child.number)))
        return child
    }

    /// Gives `count` frames in real time; everything that is answered is delivered.
    mutating func run(_ count: Int) {
        for _ in 0..<count {
            giveFrame()
            deliverAll()
            pass(Self.interval)
        }
        deliverAll()
    }

    /// The end: encoders work well, and hand out what they hold.
    mutating func end() {
        opensAtOnce = true
        fails = false
        openAll()
        tell(.ending)
        tell(.finish)
        for _ in 0..<500 where !isDrained {
            deliverAll()
            pass(Self.interval)
        }
    }

    // MARK: what is decided

    private mutating func perform(_ action: EncodingMachine.Action) {
        switch action {
        case .launch(let place, .zero): launch(place)
        case .launch(let place, let delay): timers.append((now.advanced(by: delay), .launch(place)))
        case .wake(let alarm, let delay): timers.append((now.advanced(by: delay), .alarm(alarm)))
        case .employ(let child, let settings):
            encoders[child] = ScriptedEncoder(kind)
            self.settings[child] = settings
            opening.append(child)
        case .turnAway(let child, _): turnedAway.append(child)
        case .mapPools: break
        case .encode(let child, let entry, let isForced): encoders[child]?.encode(entry.frame, isForced: isForced)
        case .encodeSound(let child, let block): encoders[child]?.encode(block)
        case .reconfigure(let child, let rate): rates[child] = rate
        case .flush(let child): encoders[child]?.flush()
        case .probe(let child): encoders[child]?.replies.append(.alive)
        case .dismiss(let child, let reason):
            dismissals[child] = reason
            doomed.append((child, reason))
        case .hangUp(let child): doomed.append((child, "released"))
        case .release(let slot): released.append(slot)
        case .configure(_, let number): configurations.append(number)
        case .send(let packet): packets.append(packet)
        case .post(let part, let happening): happenings.append((part, happening))
        case .died(_, let part, let frame, let uncommitted, _):
            happenings.append(
                (
                    part,
                    .child(
                        .died(
                            pid: nil, cause: "", frame: frame, uncommitted: uncommitted, plugin: nil, call: nil,
                            standardError: nil))
                ))
        case .recovered(let part): recoveries.append(part.duty)
        case .progressed: break
        case .resize(let canvas): resizes.append(canvas)
        case .answer(let error): answers.append(error)
        case .fail(let error): failure = failure ?? error
        case .drained: isDrained = true
        }
    }
}
