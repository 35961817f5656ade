import BulkheadMedia
import BulkheadTimeline
import Testing

/// "m v s" are headers of metadata, pictures and sound, "I P b" pictures (b disposable), "a" sound, "o" other data.
private typealias Queue = GOPQueue<Int>

private func kind(_ letter: Character) -> Queue.Kind {
    switch letter {
    case "m": .header(0)
    case "v": .header(1)
    case "s": .header(2)
    case "I": .idr
    case "P": .picture(isDisposable: false)
    case "b": .picture(isDisposable: true)
    case "a": .sound
    default: .other
    }
}

extension Queue {
    /// Elements count from 0; each has `byteCount` bytes and comes 100 ms after the one before it.
    fileprivate mutating func add(_ letters: String, byteCount: Int = 10) {
        for letter in letters {
            append(end, kind(letter), byteCount: byteCount, at: MediaTime(milliseconds: Int64(end) * 100))
        }
    }

    fileprivate init(_ letters: String) {
        self.init(pictureHeader: 1)
        add(letters)
    }

    fileprivate var elements: [Int] { (start..<end).compactMap { self[$0]?.element } }
}

@Suite(.timeLimit(.minutes(2))) struct GOPQueueTests {
    @Test func placesStayWhenTheFrontGoes() {
        var queue = Queue("IPPIPP")
        queue.forget(before: 2)
        #expect(queue.start == 2 && queue.end == 6 && queue.elements == [2, 3, 4, 5])
        #expect(queue[1] == nil && queue[2]?.element == 2 && queue[6] == nil)
        #expect(queue.byteCount == 40 && queue.byteCount(from: 4) == 20 && queue.byteCount(from: 0) == 40)
        #expect(queue.duration(from: 4) == MediaTime(milliseconds: 100))
        queue.forget(before: 1)
        #expect(queue.start == 2)
        queue.forget(before: 99)
        #expect(queue.isEmpty && queue.end == 6 && queue.byteCount == 0 && queue.duration(from: 0) == .zero)
        queue.add("I")
        #expect(queue.elements == [6])
    }

    /// Elements are 100 ms apart: what ends at 400 ms has been read up to the fourth.
    @Test(arguments: [
        // In the GOP in which it lies, at its beginning, in one that has gone, and beyond the end.
        ("vIPPIPP", 0, 500, [5, 6]), ("vIPPIPP", 0, 400, [4, 5, 6]), ("vIPPIPP", 4, 300, [4, 5, 6]),
        ("vIPPIPP", 0, 900, [9, 10]),
        // Sound of the time before is passed over, sound alone has no IDR.
        ("vIPaIaP", 0, 450, [5, 6]), ("saaaaaa", 0, 300, []),
    ])
    func whoComesBackGoesOnWhereItWas(letters: String, first: Int, milliseconds: Int64, expected: [Int]) {
        var queue = Queue(letters)
        queue.forget(before: first)
        var reader = Queue.Reader(
            at: queue, from: MediaTime(milliseconds: milliseconds), reach: MediaTime(milliseconds: 1000))
        var seen: [Int] = []
        while let (element, _, isRepeated) = reader.next(in: queue) { if !isRepeated { seen.append(element) } }
        if milliseconds > 600 {
            #expect(seen.isEmpty)
            queue.add("PPIP")
            while let (element, _, _) = reader.next(in: queue) { seen.append(element) }
        }
        #expect(seen == expected)
        #expect(reader.shedCount == 0)
        // From then on it is a reader like any other.
        queue.add("P")
        let isReadAtOnce = reader.read(from: queue.end - 1, to: queue.end)
        #expect(isReadAtOnce)
    }

    /// Nothing has come yet of a stream that begins with what is old, or in a time of its own.
    @Test(arguments: [(300, [3, 4, 5]), (9000, [1, 2, 3, 4, 5])] as [(Int64, [Int])])
    func whoComesBackMayBeAheadOfTheStream(milliseconds: Int64, expected: [Int]) {
        var queue = Queue("")
        var reader = Queue.Reader(
            at: queue, from: MediaTime(milliseconds: milliseconds), reach: MediaTime(milliseconds: 1000))
        queue.add("vIPPPP")
        var seen: [Int] = []
        while let (element, _, _) = reader.next(in: queue) { seen.append(element) }
        #expect(seen.filter { $0 > 0 } == expected)
    }

    @Test func startsAreFoundFromBothSides() {
        var queue = Queue("PIPIIP")
        let starts = (0...6).map { queue.firstIDR(from: $0) }
        #expect(starts == [1, 1, 3, 3, 4, nil, nil])
        let before = (0...6).map { queue.lastIDR(through: $0) }
        #expect(before == [nil, 1, 1, 3, 4, 4, 4])
        #expect(queue.newestIDR == 4)
        // A GOP that has lost its IDR is no start.
        queue.forget(before: 2)
        #expect(queue.firstIDR(from: 0) == 3 && queue.lastIDR(through: 2) == nil)
        queue.forget(before: 5)
        #expect(queue.newestIDR == nil && queue.elements == [5])
    }

    @Test func disposablePicturesAreLeftOutBehindAPlace() {
        var queue = Queue("IbPbIbP")
        let count = queue.removeDisposable(from: 2)
        #expect(count == 2)
        #expect(queue.elements == [0, 1, 2, 4, 6])
        #expect(queue.byteCount == 50 && queue.byteCount(from: 2) == 30 && queue.newestIDR == 3)
        let again = queue.removeDisposable(from: 2)
        #expect(again == 0)
    }

    @Test func clearedQueueUsesNoPlaceTwice() {
        var queue = Queue("vIP")
        queue.clear()
        #expect(queue.isEmpty && queue.start == 3 && !queue.hasPictures && queue.newestIDR == nil)
        queue.add("a")
        #expect(queue.elements == [3])
    }

    /// What the owner gives all readers together is read as it stands, or not at all.
    @Test func whatIsGivenTogetherIsReadAtOnce() {
        var queue = Queue("vIPa")
        var reader = Queue.Reader(at: queue)
        // The header comes first, and by itself.
        let tooSoon = reader.read(from: 1, to: 4)
        #expect(!tooSoon && reader.position == 1)
        _ = reader.next(in: queue)
        let elsewhere = reader.read(from: 0, to: 4)
        #expect(!elsewhere && reader.position == 1)
        let read = reader.read(from: 1, to: 4)
        #expect(read && reader.position == 4 && reader.hasCaughtUp(with: queue) && reader.next(in: queue) == nil)
        let nothing = reader.read(from: 4, to: 4)
        #expect(!nothing && reader.hasRead(before: 4) && !reader.hasRead(before: 5))
        // One that waits for an IDR leaves out.
        var waiting = Queue.Reader(before: queue)
        queue.add("PI")
        let waits = waiting.read(from: 4, to: 6)
        #expect(!waits && waiting.next(in: queue)?.element == 5)
        let again = reader.read(from: 4, to: 6)
        #expect(again && reader.position == 6 && reader.shedCount == 0)
    }

    /// Random changes against an array of all that was ever added.
    @Test(arguments: 0..<10) func countsAgreeWithASimpleModel(_ seed: UInt64) {
        var state = seed &* 6_364_136_223_846_793_005 &+ 1
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var queue = Queue(pictureHeader: 1)
        var model: [(place: Int, kind: Queue.Kind, byteCount: Int)] = []
        for _ in 0..<1500 {
            if random(20) == 0 {
                let place = queue.start + random(12)
                queue.forget(before: place)
                model.removeAll { $0.place < place }
            } else {
                let letter = Array("IPPPbaamo")[random(9)]
                let byteCount = random(50)
                model.append((queue.end, kind(letter), byteCount))
                queue.add(String(letter), byteCount: byteCount)
            }
            #expect(queue.elements == model.map(\.place))
            let place = queue.start + random(20)
            let rest = model.filter { $0.place >= place }
            #expect(queue.byteCount(from: place) == rest.reduce(0) { $0 + $1.byteCount })
            #expect(queue.firstIDR(from: place) == rest.first { $0.kind == .idr }?.place)
            #expect(queue.lastIDR(through: place) == model.last { $0.kind == .idr && $0.place <= place }?.place)
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct GOPReaderTests {
    private func drain(_ reader: inout Queue.Reader, _ queue: Queue, _ count: Int = .max) -> [Int] {
        var elements: [Int] = []
        while elements.count < count, let next = reader.next(in: queue) { elements.append(next.element) }
        return elements
    }

    @Test func newReaderStartsAtTheNewestIDR() {
        let queue = Queue("mvsIaPIPa")
        var reader = Queue.Reader(at: queue)
        // The headers hold from the IDR's time on.
        let first = reader.next(in: queue)
        #expect(first?.element == 0 && first?.time == MediaTime(milliseconds: 600) && first?.isRepeated == true)
        #expect(drain(&reader, queue) == [1, 2, 6, 7, 8])
        #expect(reader.hasCaughtUp(with: queue) && reader.shedCount == 0)
    }

    /// The header that came after the IDR holds for what follows it only, and stays in its place.
    @Test func headersAreThoseAtTheIDR() {
        let queue = Queue("vIPvm")
        var reader = Queue.Reader(at: queue)
        #expect(drain(&reader, queue) == [0, 1, 2, 3, 4])
    }

    @Test func headersComeInTheirOwnOrder() {
        let queue = Queue("svmI")
        var reader = Queue.Reader(at: queue)
        #expect(drain(&reader, queue) == [2, 1, 0, 3])
    }

    @Test func withoutAKeptGOPPicturesWaitForAnIDR() {
        var queue = Queue("vsIP")
        queue.forgetStarts()
        var reader = Queue.Reader(at: queue)
        queue.add("PaIP")
        #expect(drain(&reader, queue) == [0, 1, 5, 6, 7])
        #expect(reader.shedCount == 1)
    }

    @Test func soundAloneNeedsNoIDR() {
        var queue = Queue("saaa")
        var reader = Queue.Reader(at: queue)
        queue.add("a")
        #expect(drain(&reader, queue) == [0, 4])
        // A header of pictures announces them: they are waited for, and sound is not.
        var announced = Queue("va")
        var other = Queue.Reader(at: announced)
        announced.add("PaI")
        #expect(drain(&other, announced) == [0, 3, 4])
    }

    @Test func forgottenMetadataIsNotGivenOut() {
        var queue = Queue("ms")
        queue.forgetHeader(0)
        var reader = Queue.Reader(at: queue)
        #expect(drain(&reader, queue) == [1])
    }

    @Test func readersDoNotDisturbEachOther() {
        let queue = Queue("IPPPP")
        var slow = Queue.Reader(at: queue)
        var fast = Queue.Reader(at: queue)
        #expect(drain(&slow, queue, 1) == [0])
        #expect(drain(&fast, queue) == [0, 1, 2, 3, 4])
        #expect(drain(&slow, queue) == [1, 2, 3, 4])
    }

    @Test func slowReaderSkipsToTheNewestIDR() {
        var queue = Queue("vIPPvmmIP")
        var reader = Queue.Reader(at: Queue(""))
        #expect(drain(&reader, queue, 2) == [0, 1])
        reader.bound(to: 60, in: queue)
        // The headers on the way are given, of each kind the newest.
        #expect(reader.shedCount == 2 && !reader.isHopeless)
        queue.add("P")
        #expect(drain(&reader, queue) == [6, 4, 7, 8, 9])
    }

    @Test func withoutAnIDRNearEverythingGoes() {
        var queue = Queue("IPPPPPPPP")
        var reader = Queue.Reader(at: queue)
        reader.bound(to: 80, in: queue)
        #expect(reader.hasCaughtUp(with: queue) && reader.shedCount == 9)
        queue.add("PaI")
        #expect(drain(&reader, queue) == [10, 11])
    }

    @Test func readerThatNeverCatchesUpIsHopeless() {
        var queue = Queue("")
        var reader = Queue.Reader(before: queue)
        for number in 0..<1000 {
            queue.add(number % 10 == 0 ? "I" : "P")
            reader.bound(to: 100, in: queue)
            #expect(queue.byteCount(from: reader.position) <= 100)
        }
        #expect(reader.isHopeless)
        // One that catches up in between is not.
        var patient = Queue.Reader(at: queue)
        for number in 0..<1000 {
            queue.add(number % 10 == 0 ? "I" : "P")
            patient.bound(to: 100, in: queue)
            if number % 30 == 0 { _ = drain(&patient, queue) }
        }
        #expect(!patient.isHopeless && patient.shedCount > 0)
    }

    @Test func readerWhosePlaceIsGoneGoesOnWithAnIDR() {
        var queue = Queue("vIPP")
        var reader = Queue.Reader(at: queue)
        queue.forget(before: 3)
        queue.add("PIP")
        #expect(drain(&reader, queue) == [0])
        queue.add("PI")
        #expect(drain(&reader, queue) == [8])
    }

    @Test func pausedReaderComesBackWithAnIDR() {
        var queue = Queue("vIP")
        var reader = Queue.Reader(at: queue)
        #expect(drain(&reader, queue) == [0, 1, 2])
        queue.add("PvP")
        reader.restart(in: queue, isShed: false)
        queue.add("PI")
        #expect(drain(&reader, queue) == [4, 7])
        #expect(reader.shedCount == 1)
    }
}
