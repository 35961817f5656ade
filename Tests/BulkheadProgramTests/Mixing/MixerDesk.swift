import BulkheadChildren
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// Plays the room: carries actions out, and counts who holds which slot.
struct MixerDesk {
    private(set) var machine = MixerMachine(MixerMachine.Terms(deadline: .milliseconds(40)))
    private(set) var now = MonotonicTime(nanoseconds: 5_000_000_000)
    private(set) var left: [TimelineFrame] = []
    private(set) var unmixed: [FrameNumber] = []
    private(set) var deaths = 0
    /// What the program and the machine hold, by slot.
    private(set) var holders: [SlotReference: Int] = [:]
    /// What mixers have been given and not answered.
    private(set) var hands: [ChildID: MixFrame] = [:]
    private(set) var living: Set<ChildID> = []
    /// Those that are to end, by themselves or not.
    private(set) var doomed: Set<ChildID> = []
    private(set) var launches: [Duty] = []
    private(set) var log: [MixerMachine.Action] = []
    private(set) var breaches: [String] = []
    private var lastFrame: FrameNumber = -1
    private var lastSlot: UInt32 = 0
    private var lastChild = 0

    mutating func handle(_ event: MixerMachine.Event) {
        for action in machine.handle(event, at: now) { carryOut(action) }
        for (child, frame) in hands {
            for slot in frame.pictures where holders[slot, default: 0] < 1 {
                breaches.append("\(slot) is let go of while \(child) has it")
            }
        }
    }

    private mutating func carryOut(_ action: MixerMachine.Action) {
        log.append(action)
        switch action {
        case .launch(let duty, _): launches.append(duty)
        case .retire(let child), .dismiss(let child, _): doomed.insert(child)
        case .compose(let child, let frame):
            if hands[child] != nil || !living.contains(child) {
                breaches.append("\(child) can't be given anything")
            }
            hands[child] = frame
        case .leave(let frame):
            if frame.frame != Int64(left.count) { breaches.append("frame \(frame.frame) out of order") }
            left.append(frame)
            // The next room takes the hold over, and lets go at once.
            release(frame.slot)
        case .release(let slot): release(slot)
        case .unmixed(let frame): unmixed.append(frame)
        case .tookOver, .onAir, .standbyReady, .worked, .progress: break
        }
    }

    private mutating func release(_ slot: SlotReference) {
        holders[slot, default: 0] -= 1
        if holders[slot] == 0 {
            holders[slot] = nil
        } else if holders[slot, default: 0] < 0 {
            breaches.append("\(slot) is let go of twice")
        }
    }

    private mutating func newSlot(_ pool: UInt32) -> SlotReference {
        lastSlot += 1
        let slot = SlotReference(pool: pool, slot: lastSlot)
        holders[slot, default: 0] += 1
        return slot
    }

    /// The next frame, of two pictures, the first of which is the main input's.
    mutating func frame(isMixed: Bool = true) {
        lastFrame += 1
        let main = newSlot(1)
        guard isMixed else { return handle(.frame(MixFrame(lastFrame, nil, fallback: main))) }
        let other = newSlot(2)
        holders[main, default: 0] += 1
        let place = PictureLayer(
            source: PixelRectangle(x: 0, y: 0, width: 16, height: 16),
            target: PixelRectangle(x: 0, y: 0, width: 16, height: 16))
        typealias Slots = Composition<SlotReference>
        let group = Slots.Group([Slots.Layer(main, place), Slots.Layer(other, place)], clip: place.target)
        handle(.frame(MixFrame(lastFrame, Slots([group]), fallback: main)))
    }

    /// All launches that were asked for are made.
    mutating func launch() {
        let asked = launches
        launches.removeAll()
        for duty in asked {
            guard machine.wants(duty) else {
                handle(.notLaunched(duty))
                continue
            }
            lastChild += 1
            living.insert(ChildID(lastChild))
            handle(.launched(ChildID(lastChild), duty))
        }
    }

    mutating func ready(_ child: ChildID) { if living.contains(child) { handle(.ready(child)) } }

    /// Two mixers, the first of which is on air.
    mutating func open() {
        handle(.want(true))
        launch()
        ready(1)
        launch()
        ready(2)
    }

    mutating func answer(_ child: ChildID) {
        guard let frame = hands.removeValue(forKey: child) else { return }
        handle(.composed(child, frame.frame, newSlot(100 + UInt32(child.number))))
    }

    mutating func end(_ child: ChildID) {
        guard living.remove(child) != nil else { return }
        doomed.remove(child)
        deaths += 1
        hands[child] = nil
        handle(.ended(child, "SIGSEGV"))
    }

    mutating func wait(_ milliseconds: Int64) {
        now = now.advanced(by: .milliseconds(milliseconds))
        if let deadline = machine.deadline, deadline <= now { handle(.timeout) }
    }

    mutating func clearLog() { log.removeAll() }

    /// Everybody answers or ends, and nothing is left.
    mutating func finish() {
        handle(.stop)
        for child in living.sorted() where !doomed.contains(child) { answer(child) }
        for child in living.sorted() { end(child) }
    }

    /// What is wrong when all is over; empty where nothing is.
    var faults: [String] {
        var faults = breaches
        if left.map(\.frame) != Array(0..<(lastFrame + 1)) { faults.append("frames left: \(left.map(\.frame))") }
        if !holders.isEmpty { faults.append("still held: \(holders)") }
        if !machine.isEmpty || machine.deadline != nil { faults.append("not empty") }
        return faults
    }

    /// By frame: the pool that it left in; 1 is the main input's.
    var pools: [UInt32] { left.map(\.slot.pool) }
}
