import BulkheadChain
import BulkheadMedia
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct StandbyNewsTests {
    private var news = StandbyNews()

    private func event(_ number: Int64) -> RoomEvent {
        RoomEvent(.comment, at: MediaTime(nanoseconds: number), name: "show", [])
    }

    @Test mutating func aStandbyHearsOfWhatTheHostOnAirHasOutlived() {
        news.briefed(2)
        news.told(event(1))
        #expect(news.answered(for: 2) == [], "the host on air had no picture since")
        news.gavePicture()
        news.told(event(2))
        let outlived = news.answered(for: 2)
        #expect(outlived == [event(1)])
        #expect(news.answered(for: 2) == [])
        // What ended the host on air comes to the standby when it is on air, and nothing twice.
        let rest = news.wentOnAir(2)
        #expect(rest == [event(2)])
    }

    @Test mutating func anotherHostIsToldAll() {
        news.briefed(2)
        news.told(event(1))
        news.gavePicture()
        #expect(news.answered(for: 3) == [] && news.answered(for: nil) == [])
        #expect(news.wentOnAir(3) == nil)
        #expect(news.wentOnAir(2) == nil, "the standby of before knows nothing of what has been since")
    }

    @Test mutating func whatNoPictureConfirmsIsBounded() {
        news.briefed(2)
        for number in 0..<Int64(StandbyNews.mostWaiting) { news.told(event(number)) }
        let all = { (news: StandbyNews) in
            var news = news
            return news.wentOnAir(2)?.count
        }
        #expect(all(news) == StandbyNews.mostWaiting)
        news.told(event(0))
        #expect(all(news) == nil)
    }
}
