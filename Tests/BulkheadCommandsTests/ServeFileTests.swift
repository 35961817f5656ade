import BulkheadCommands
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServeFileTests {
    private static func settings(_ text: String) throws(BroadcastError) -> OriginSettings {
        try ServeFile.settings(in: text, named: "serve.yml")
    }

    @Test func everyKeyIsRead() throws {
        let settings = try Self.settings(
            """
            listen: "[::]:1936"
            stream-keys: [one, two]
            publisher-timeout: 5s
            publisher-grace: 1m
            hold-players: true
            move-to: /other
            tls-cert: c.pem
            tls-key: k.pem
            relays:
              - pull: [rtmp://a.example/live/show?key=x, rtmps://b.example/live/show]
                name: live/here
                on-demand: true
                linger: 30s
              - pull: rtmp://a.example/live/other
              - pull: "http://a.example:8080/live/third.flv?token=x"
              - push: rtmp://c.example/live
              - {push: rtmp://d.example/live/there, name: live/here}
            hooks:
              on_publish: http://127.0.0.1:8000/p
              on_update: https://a.example/u
              format: json
              timeout: 500ms
              without-answer: accept
              update-interval: 10s
            publish-secret-file: p
            play-secret-file: q
            api-token-file: t
            limits: {connections: 10, connections-per-address: 5, connections-per-minute: 4, publishes-per-minute: 3,
              plays-per-minute: 2, players: 8, players-per-stream: 7, bandwidth: 100M}
            """)
        var expected = OriginSettings()
        (expected.host, expected.port, expected.streamKeys) = ("::", 1936, ["one", "two"])
        (expected.publisherTimeout, expected.publisherGrace, expected.holdsPlayers) = (5, 60, true)
        (expected.moveTo, expected.certificate, expected.key) = ("/other", "c.pem", "k.pem")
        var pull = OriginPull(
            stream: "live/here", sources: ["rtmp://a.example/live/show?key=x", "rtmps://b.example/live/show"])
        (pull.isOnDemand, pull.lingerSeconds) = (true, 30)
        expected.pulls = [
            pull, OriginPull(stream: "live/other", sources: ["rtmp://a.example/live/other"]),
            OriginPull(stream: "live/third", sources: ["http://a.example:8080/live/third.flv?token=x"]),
        ]
        expected.pushes = [
            OriginPush(stream: nil, target: "rtmp://c.example/live"),
            OriginPush(stream: "live/here", target: "rtmp://d.example/live/there"),
        ]
        var hooks = OriginHooks()
        hooks.addresses = ["on_publish": "http://127.0.0.1:8000/p", "on_update": "https://a.example/u"]
        (hooks.isJSON, hooks.timeoutSeconds, hooks.admitsWithoutAnswer, hooks.updateSeconds) = (true, 0.5, true, 10)
        expected.hooks = hooks
        (expected.publishSecretFile, expected.playSecretFile, expected.interfaceTokenFile) = ("p", "q", "t")
        (expected.connectionLimit, expected.addressConnectionLimit) = (10, 5)
        expected.limits.connectionsPerMinute = 4
        expected.limits.publishesPerMinute = 3
        expected.limits.playsPerMinute = 2
        (expected.limits.players, expected.limits.playersPerStream) = (8, 7)
        expected.limits.bitsPerSecond = 100_000_000
        #expect(settings == expected)
    }

    @Test(
        arguments: [
            ("listen: nowhere", "serve.yml, line 1: \"listen\" wants"), ("listen: 1", "line 1"),
            ("publisher-timeout: 0s", "\"publisher-timeout\" is no time"), ("tls-cert: a", "go together"),
            ("relays: x", "\"relays\" is a list"), ("relays: [{name: live/x}]", "either \"pull\" or \"push\""),
            ("relays: [{pull: rtmp://a/b/c, push: rtmp://a/b}]", "either"),
            ("relays: [{pull: http://a/b/c}]", "address of an FLV stream"),
            ("relays: [{pull: rtmp://a/b}]", "can't be used"),
            ("relays: [{pull: rtmp://a/b/c, name: x}]", "is no stream's name"),
            ("relays: [{pull: rtmp://a/b/c, linger: soon}]", "\"linger\" is no time"),
            ("relays: [{push: rtmp://a/b/c}]", "has a stream's name"), ("relays: [{push: x}]", "no address of RTMP"),
            ("relays: [{push: rtmp://a/b, on-demand: true}]", "are for pulls"),
            ("relays: [{pull: rtmp://a/b/c, on-demand: perhaps}]", "true or false"),
            ("relays: [{from: rtmp://a/b/c}]", "no key \"from\""),
            ("hooks: {on_fire: http://a/}", "no key \"on_fire\""),
            ("hooks: {on_play: rtmp://a/}", "no address of HTTP"), ("hooks: {format: xml}", "form or json"),
            ("hooks: {without-answer: wait}", "refuse or accept"), ("hooks: {timeout: 2h}", "\"timeout\" is no time"),
            ("limits: {players: 0}", "a number above 0"), ("limits: {bandwidth: much}", "no bitrate"),
        ])
    func whatDoesNotFitIsSaidWithItsLine(text: String, problem: String) {
        #expect {
            try Self.settings(text)
        } throws: { error in
            let error = error as? BroadcastError
            return error?.problem.contains(problem) == true && error?.problem.contains("serve.yml") == true
        }
    }

    @Test func noKeyIsRepeated() {
        #expect {
            try Self.settings("relays: [{pull: 'rtmp://:9x/live/secret-key', name: live/x}]")
        } throws: { !"\($0)".contains("secret-key") }
    }
}
