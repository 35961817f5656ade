import BulkheadModel
import BulkheadSwitcher
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HookDeskTests {
    private final class News: Sendable {
        let told = Mutex<[HookDesk.News]>([])
    }

    private let news = News()

    private func desk() -> HookDesk {
        HookDesk(token: "t", source: "rtmp://10.0.0.1/live/x") { [news] item in news.told.withLock { $0.append(item) } }
    }

    /// What nginx-rtmp 1.2.2 has sent here, cut to the fields that matter.
    private static let player = "app=live&tcurl=rtmp://127.0.0.1:19350/live&addr=127.0.0.1&call=play&name=x"
    private static let pushed =
        "app=live&flashver=FMLE/3.0%20(compatible%3B%20Bulkhead)&addr=127.0.0.1&call=publish&name=x&type=live"
    private static let pulled = "app=&flashver=ngx-local-relay&addr=10.0.0.1:1935/live/x&call=publish&name=x&type="

    @Test func viewersAreNeverTurnedAway() {
        let desk = desk()
        for way in [Way.push, .pull, nil] {
            desk.want(way)
            #expect(desk.answer(HookDesk.fields(of: Self.player)) == .accept)
            #expect(desk.answer([:]) == .accept)
            #expect(desk.answer(["call": "play_done"]) == .accept)
        }
        #expect(news.told.withLock { $0 } == [])
    }

    @Test func ownPlayerMakesTheServerPullWhileThatIsWanted() {
        let desk = desk()
        let own = HookDesk.fields(of: Self.player + "&bulkhead-pull=t")
        #expect(desk.answer(own) == .refuse)
        desk.want(.pull)
        #expect(desk.answer(own) == .redirect("rtmp://10.0.0.1/live/x"))
        #expect(desk.answer(HookDesk.fields(of: Self.player + "&bulkhead-pull=other")) == .refuse)
        desk.want(.push)
        #expect(desk.answer(own) == .refuse)
    }

    @Test(arguments: [Way.push, .pull]) func onlyTheWayAtWorkMayPublish(way: Way) {
        let desk = desk()
        let call = HookDesk.fields(of: way == .push ? Self.pushed : Self.pulled)
        let peer = call["addr"] ?? ""
        #expect(desk.answer(call) == .refuse)
        desk.want((way == .push ? .pull : .push))
        #expect(desk.answer(call) == .refuse)
        desk.want(way)
        #expect(desk.answer(call) == .accept)
        #expect(desk.answer(call.merging(["call": "publish_done"]) { $1 }) == .accept)
        #expect(
            news.told.withLock { $0 } == [
                .refused(way, peer: peer), .refused(way, peer: peer), .accepted(way), .stopped(way),
            ])
    }

    @Test func fieldsAreDecoded() {
        #expect(HookDesk.fields(of: "a=1+2%20%C3%BC&b&a=9&c=%zz%4") == ["a": "1 2 ü", "b": "", "c": "%zz%4"])
        #expect(HookDesk.fields(of: "") == [:])
        #expect(HookDesk.fields(of: String(repeating: "&=", count: 10_000)) == ["": ""])
        #expect(HookDesk.fields(of: "%").count == 1)
    }
}
