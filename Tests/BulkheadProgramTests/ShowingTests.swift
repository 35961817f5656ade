import BulkheadEvents
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct ShowingTests {
    private static let start = MonotonicTime(nanoseconds: 3_000_000_000)

    static let choices: [(hasPicture: Bool, isStarved: Bool, isLate: Bool, isFast: Bool, shown: ShownPicture)] = [
        (false, false, false, false, .slate), (false, true, true, false, .slate), (false, true, true, true, .slate),
        (true, false, false, false, .picture), (true, true, false, false, .lastPicture),
        (true, true, false, true, .picture),
        // A still picture by its own will is none that is late.
        (true, false, true, false, .picture), (true, true, true, false, .slate), (true, true, true, true, .lastPicture),
    ]

    @Test(arguments: choices)
    func choice(hasPicture: Bool, isStarved: Bool, isLate: Bool, isFast: Bool, shown: ShownPicture) {
        var showing = Showing(patience: .seconds(3), isFast: isFast, at: Self.start)
        showing.advanced(at: Self.start.advanced(by: .seconds(1)))
        let now = Self.start.advanced(by: .milliseconds(isLate ? 4001 : 4000))
        let isChange = showing.choose(hasPicture: hasPicture, isStarved: isStarved, at: now)
        #expect(showing.shown == shown)
        #expect(isChange == (shown != .picture))
        #expect(showing.choose(hasPicture: hasPicture, isStarved: isStarved, at: now) == false)
    }

    /// A picture that stands for a second is called the last one, until there is another, or the slate.
    @Test func pictureThatStandsIsTheLastOne() {
        var showing = Showing(patience: .seconds(3), isFast: false, at: Self.start)
        var shown: [ShownPicture] = []
        for milliseconds in [500, 1000, 1100, 2900, 3100] as [Int64] {
            let now = Self.start.advanced(by: .milliseconds(milliseconds))
            _ = showing.choose(hasPicture: true, isStarved: true, at: now)
            shown.append(showing.shown)
        }
        #expect(shown == [.picture, .picture, .lastPicture, .lastPicture, .slate])
        let back = Self.start.advanced(by: .seconds(4))
        showing.advanced(at: back)
        #expect(showing.choose(hasPicture: true, isStarved: true, at: back) && showing.shown == .picture)
    }

    @Test func newPictureEndsTheSlate() {
        var showing = Showing(patience: .seconds(3), isFast: false, at: Self.start)
        let later = Self.start.advanced(by: .seconds(9))
        #expect(showing.choose(hasPicture: true, isStarved: true, at: later) == true)
        showing.advanced(at: later)
        #expect(showing.choose(hasPicture: true, isStarved: true, at: later) == true)
        #expect(showing.shown == .picture)
    }

    @Test func inputsAreChosenInTheOrderOfTheirNames() {
        var selection = Selection()
        selection.offer(3, hasPicture: true, hasSound: true)
        #expect(selection == Selection(picture: 3, sound: 3))
        selection.offer(2, hasPicture: false, hasSound: true)
        #expect(selection == Selection(picture: 3, sound: 2))
        selection.offer(4, hasPicture: true, hasSound: true)
        #expect(selection == Selection(picture: 3, sound: 2))
        selection.offer(1, hasPicture: true, hasSound: false)
        #expect(selection == Selection(picture: 1, sound: 2))
    }
}
