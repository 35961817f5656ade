import BulkheadHTTP
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPRequestTests {
    static let addresses: [(text: String, usesTLS: Bool, host: String, port: Int, path: String, shown: String)] = [
        ("http://a.example", false, "a.example", 80, "/", "http://a.example/"),
        ("https://a.example/x?y=1#z", true, "a.example", 443, "/x?y=1", "https://a.example/x"),
        ("http://127.0.0.1:9997/v3", false, "127.0.0.1", 9997, "/v3", "http://127.0.0.1:9997/v3"),
        ("http://[::1]:80/", false, "::1", 80, "/", "http://[::1]/"),
        ("http://[fe80::1]/s", false, "fe80::1", 80, "/s", "http://[fe80::1]/s"),
        ("http://a?token=secret", false, "a", 80, "/?token=secret", "http://a/"),
    ]

    @Test(arguments: addresses)
    func addressIsTakenApart(
        row: (text: String, usesTLS: Bool, host: String, port: Int, path: String, shown: String)
    ) throws {
        let address = try #require(HTTPAddress(row.text))
        #expect(address.usesTLS == row.usesTLS && address.host == row.host && address.port == row.port)
        #expect(address.path == row.path)
        #expect("\(address)" == row.shown)
    }

    @Test(arguments: [
        "", "http://", "ftp://a/", "a.example", "http://a:0/", "http://a:65536/", "http://a:x/", "http://u:p@a/",
        "http://a/ b", "http://a/\r\nX: y", "http://[::1", "http://a/ü",
    ]) func whatIsNoAddressIsNone(text: String) { #expect(HTTPAddress(text) == nil) }

    @Test(
        arguments: [
            ("http://a/live/show.flv", "live", "show"),
            ("https://a:8443/app/instance/show.flv?token=x/y", "app/instance", "show"),
            ("http://a/live/show.mp4", "", ""), ("http://a/show.flv", "", ""), ("http://a/live/.flv", "", ""),
            ("http://a/", "", ""), ("http://a/live/show?x=.flv", "", ""),
        ])
    func addressOfFLVNamesAStream(text: String, app: String, name: String) throws {
        let stream = try #require(HTTPAddress(text)).flvStream
        #expect((stream?.app ?? "", stream?.name ?? "") == (app, name))
    }

    @Test func valuesAreFilledIn() throws {
        let request = try HTTPRequest(
            method: "POST", url: "http://a/v3/add/${stream}", headers: ["Authorization": "Bearer ${stream}"],
            body: #"{"source":"${source}","note":"$5 {x}"}"#, values: ["stream": "x", "source": "rtmp://o/live/x"],
            place: "switch.yml")
        #expect(request.address.path == "/v3/add/x")
        #expect(request.headers == ["Authorization": "Bearer x"])
        #expect(request.body == #"{"source":"rtmp://o/live/x","note":"$5 {x}"}"#)
    }

    static let wrong: [(method: String, url: String, header: (String, String), part: String)] = [
        ("post", "http://a/", ("A", ""), "\"post\" is no method"), ("", "http://a/", ("A", ""), "no method"),
        ("GET", "a/", ("A", ""), "no address of HTTP"),
        ("GET", "http://a/${nothing}", ("A", ""), "nothing is known to stand for \"${nothing}"),
        ("GET", "http://a/${stream", ("A", ""), "nothing is known"),
        ("GET", "http://a/", ("A b", ""), "\"A b\" is no header"), ("GET", "http://a/", ("A", "b\nC: d"), "no header"),
    ]

    @Test(arguments: wrong)
    func whatIsWrongIsTold(row: (method: String, url: String, header: (String, String), part: String)) {
        do {
            _ = try HTTPRequest(
                method: row.method, url: row.url, headers: [row.header.0: row.header.1], values: ["stream": "x"],
                place: "switch.yml, line 3")
            Issue.record("it was taken")
        } catch {
            #expect(error.kind == .usage && error.problem.contains(row.part), "\(error)")
            #expect(error.problem.hasPrefix("switch.yml, line 3: "))
        }
    }
}
