import BulkheadHTTP
import BulkheadLibraryPlayer
import Testing

/// Addresses of live rooms, as they are copied out of a browser or written by hand.
@Suite(.timeLimit(.minutes(1))) struct RoomAddressTests {
    @Test(arguments: [
        ("http://a:8090/#live/live/show", ["live/show", "live/live/show"]), ("http://a:8090/#live/show", ["live/show"]),
        ("http://a:8090/#studio/show", ["studio/show"]), ("http://a:8090/live/studio/show", ["studio/show"]),
        ("http://a:8090/#live/live/%E5%A4%A9", ["live/天", "live/live/天"]),
        ("http://a:8090/#live/live/天", ["live/天", "live/live/天"]),
    ])
    func addressesOfARoomAreRead(text: String, names: [String]) throws {
        let address = try #require(RoomAddress(text, others: ["https://b:8443/", "http://a:8090"]))
        #expect(address.names == names)
        #expect(address.trackers.map(\.authority) == ["a:8090", "b:8443"])
        #expect(VideoAddress(text) == nil)
    }

    @Test(arguments: [
        "http://a:8090/#0123-0", "http://a:8090/#", "http://a:8090/", "http://a/live/show", "http://a/live/show.flv",
        "http://a/live/live/show.flv", "http://a/live/live/show.m3u8", "http://a/#live/../show", "http://a/#live//show",
        "http://a/#live/%zz/x", "rtmp://a/live/show", "http://a/find/0123-0", "http://a:99999/#live/show",
    ])
    func othersAreNone(text: String) { #expect(RoomAddress(text) == nil) }

    @Test func strangeTrackersAreRefused() {
        #expect(RoomAddress("http://a/#live/show", others: ["b:8090"]) == nil)
    }
}
