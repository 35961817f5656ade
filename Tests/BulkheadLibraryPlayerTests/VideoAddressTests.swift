import BulkheadHTTP
import BulkheadLibraryPlayer
import Testing

/// What people copy out of a browser or out of a tracker's answer.
@Suite(.timeLimit(.minutes(1))) struct VideoAddressTests {
    @Test(arguments: [
        "http://a:8090/#0123-0", "http://a:8090/find/0123-0", "http://a:8090/watch/0123-0.m3u8",
        "http://a:8090/watch/0123-0.mp4?x=1",
    ])
    func addressesOfAVideoAreRead(text: String) throws {
        let address = try #require(VideoAddress(text, others: ["http://b:8090/", "http://a:8090"]))
        #expect(address.id == "0123-0")
        #expect(address.trackers.map(\.authority) == ["a:8090", "b:8090"])
        #expect(VideoAddress.isOne(text))
    }

    @Test(arguments: [
        "http://a:8090/", "http://a:8090/#", "http://a:8090/#A", "http://a:8090/media/0123-0", "rtmp://a/live/x",
        "show.flv",
        "http://a:8090/find/../x", "http://a:99999/#0123-0", "",
    ])
    func othersAreNone(text: String) {
        #expect(VideoAddress(text) == nil)
        #expect(!VideoAddress.isOne(text))
    }

    @Test func strangeTrackersAreRefused() {
        #expect(VideoAddress("http://a/#0123-0", others: ["b:8090"]) == nil)
    }
}
