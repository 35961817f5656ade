import BulkheadSwitcher
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServerStatusTests {
    /// A page of nginx-rtmp 1.2.2 (`rtmp_stat all`), with what isn't read left out.
    private static func page(_ clients: String, app: String = "live", stream: String = "x") -> String {
        """
        <?xml version="1.0" encoding="utf-8" ?>
        <rtmp><nginx_version>1.22.1</nginx_version><bytes_in>147881</bytes_in><server>
        <application><name>other</name><live><stream><name>x</name><bytes_in>7</bytes_in>
        <client><id>9</id><publishing/></client></stream></live></application>
        <application><name>\(app)</name><live><stream><name>y</name><client><publishing/></client></stream>
        <stream><name>\(stream)</name><time>10758</time><bytes_in>125289</bytes_in>\(clients)
        <meta><video><frame_rate>30</frame_rate></video></meta><nclients>3</nclients></stream></live></application>
        </server></rtmp>
        """
    }

    private static let pulled =
        "<client><id>8</id><flashver>ngx-local-relay</flashver><publishing/><active/></client>"
    private static let pushed = "<client><id>8</id><flashver>FMLE/3.0</flashver><publishing/></client>"
    private static let viewer = "<client><id>1</id><flashver>LNX 9,0,124,2</flashver><active/></client>"

    static let pages: [(String, ServerStatus)] = [
        (
            page(pulled + viewer + viewer),
            ServerStatus(isPublished: true, isPulled: true, byteCount: 125_289, players: 2)
        ),
        (page(pushed), ServerStatus(isPublished: true, isPulled: false, byteCount: 125_289, players: 0)),
        (page(viewer), ServerStatus(isPublished: false, isPulled: nil, byteCount: 125_289, players: 1)),
        (page(pushed, stream: "z"), ServerStatus(isPublished: false, players: 0)),
        (page(pushed, app: "vod"), ServerStatus(isPublished: false, players: 0)),
    ]

    @Test(arguments: pages) func nginxPageIsRead(page: String, status: ServerStatus) {
        #expect(ServerStatus(.nginxRTMP, page, app: "live", stream: "x") == status)
    }

    @Test func streamsOfABulkheadServerAreRead() {
        let page =
            #"{"streams":[{"app":"live","name":"x","seconds":3,"bytes":700,"pictures":9,"players":2,"publisher":"pull"},"#
            + #"{"app":"live","name":"y","bytes":1,"players":0,"publisher":"peer"}]}"#
        func status(_ stream: String, _ page: String) -> ServerStatus? {
            ServerStatus(.bulkhead, page, app: "live", stream: stream)
        }
        #expect(status("x", page) == ServerStatus(isPublished: true, isPulled: true, byteCount: 700, players: 2))
        #expect(status("y", page) == ServerStatus(isPublished: true, isPulled: false, byteCount: 1, players: 0))
        #expect(status("z", page) == ServerStatus(isPublished: false, players: 0))
        #expect(status("x", "{}") == nil && status("x", "") == nil)
    }

    @Test func namesAreComparedAsThePageEscapesThem() {
        let page = Self.page(Self.pushed, stream: "a&amp;b&lt;c")
        #expect(ServerStatus(.nginxRTMP, page, app: "live", stream: "a&b<c")?.isPublished == true)
    }

    static let answers: [(String, ServerStatus?)] = [
        (
            #"{"name":"x","source":{"type":"rtmpSource","id":""},"ready":true,"bytesReceived":12,"readers":[{"type":"a"}]}"#,
            ServerStatus(isPublished: true, isPulled: true, byteCount: 12, players: 1)
        ),
        (
            #"{"name":"x","source":{"type":"rtmpConn"},"available":true,"inboundBytes":5}"#,
            ServerStatus(isPublished: true, isPulled: false, byteCount: 5)
        ),
        (#"{"name":"x","source":null,"ready":false,"readers":[]}"#, ServerStatus(isPublished: false, players: 0)),
        (#"{"error":"path not found"}"#, nil), ("", nil), ("<html>", nil), ("[1,2]", nil),
        (String(repeating: "[", count: 100_000), nil),
    ]

    @Test(arguments: answers) func mediaMTXAnswerIsRead(body: String, status: ServerStatus?) {
        #expect(ServerStatus(.mediaMTX, body, app: "live", stream: "x") == status)
    }

    @Test(arguments: ["", "<rtmp>", "</rtmp><rtmp>", "<html></html>"]) func whatIsNoPageIsNone(page: String) {
        let status = ServerStatus(.nginxRTMP, page, app: "live", stream: "x")
        #expect(status == nil || status?.isPublished == false)
    }
}
