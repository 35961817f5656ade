import BulkheadCommands
import BulkheadHTTP
import BulkheadModel
import BulkheadRTMP
import BulkheadSwitch
import BulkheadSwitcher
import Testing

@Suite(.timeLimit(.minutes(1))) struct SwitchFileTests {
    private static func settings(_ text: String) throws(BroadcastError) -> SwitcherSettings {
        try SwitchFile.settings(in: text, named: "switch.yml", findBroadcast: { () throws(BroadcastError) in "/run/b" })
    }

    private static let nginx = """
        watch: rtmp://server/live/show
        when: [no-data 1s, fps < 80% for 3s]
        push: {link: main, when: queue > 3s}
        pull: {source: "rtmp://10.0.0.1:1936/live/show", when: [failures > 3 in 30s]}
        hook: 127.0.0.1:8935
        """

    @Test func everyKeyIsRead() throws {
        let settings = try Self.settings(
            Self.nginx + """

                name: show
                broadcast: unix:/run/c.sock
                control: unix:/run/s.socket
                preferred: pull
                policy: best
                status: {kind: nginx-rtmp, url: "http://server:8080/stat?app=${app}", headers: {X-A: "${stream}"}}
                times: {period: 500ms, clear: 1s, dwell: 2s, longest-dwell: 1m, stop: 4s, start: 20s, settle: 0s, keyframe: 1s}
                """)
        var rules = SwitchRules()
        rules.preferred = .pull
        rules.policy = .best
        rules.push = try [
            SwitchCondition("no-data 1s"), SwitchCondition("fps < 80% for 3s"), SwitchCondition("queue > 3s"),
        ]
        rules.pull = try [
            SwitchCondition("no-data 1s"), SwitchCondition("fps < 80% for 3s"), SwitchCondition("failures > 3 in 30s"),
        ]
        (rules.periodMilliseconds, rules.clearMilliseconds, rules.dwellMilliseconds) = (500, 1000, 2000)
        (rules.longestDwellMilliseconds, rules.stopMilliseconds, rules.startMilliseconds) = (60_000, 4000, 20_000)
        (rules.settleMilliseconds, rules.keyframeMilliseconds) = (0, 1000)
        #expect(settings.rules == rules)
        #expect(settings.name == "show" && settings.push.link == "main")
        #expect(settings.push.broadcastPath == "/run/c.sock" && settings.controlPath == "/run/s.socket")
        #expect(settings.pull?.address == "rtmp://10.0.0.1:1936/live/show")
        #expect(settings.hook?.host == "127.0.0.1" && settings.hook?.port == 8935)
        #expect(settings.statusPage?.kind == .nginxRTMP)
        #expect(settings.statusPage?.request.address.path == "/stat?app=live")
        #expect(settings.statusPage?.request.headers == ["X-A": "show"])
    }

    private static let bulkhead = """
        watch: rtmp://server/live/a%20b?x=y
        when: no-data 1s
        pull: {source: "rtmp://origin.example/live/show", kind: bulkhead, url: "http://server:1935/"}
        """

    @Test func aBulkheadServerIsToldByItsInterface() throws {
        let settings = try Self.settings(Self.bulkhead)
        guard case .requests(let start, let stop) = settings.pull?.system else {
            Issue.record("the pull is no request")
            return
        }
        #expect(start.method == "POST" && start.address.path == "/api/relays")
        #expect(start.body == #"{"name":"live/a%20b","pull":"rtmp://origin.example/live/show"}"#)
        #expect(start.headers == ["Content-Type": "application/json"])
        #expect(stop.method == "DELETE" && stop.address.path == "/api/relays/live/a%2520b" && stop.body.isEmpty)
        #expect(settings.statusPage?.kind == .bulkhead)
        #expect(settings.statusPage?.request.address.path == "/api/streams")
    }

    @Test(
        arguments: [
            ("kind: bulkhead", "kind: srs", "\"kind\" is bulkhead"),
            (", url: \"http://server:1935/\"", "", "there is no \"url\""),
            ("http://server:1935/", "rtmp://server", "is no address of HTTP"),
            ("kind: bulkhead", "kind: bulkhead, token-file: /nonexistent/token", "can't be read"),
            ("kind: bulkhead, ", "", "belongs to"),
            ("kind: bulkhead", "kind: bulkhead, start: {url: \"http://a/\"}", "by its own interface"),
        ])
    func whatABulkheadServerDoesNotTakeIsSaid(word: String, other: String, problem: String) {
        #expect {
            try Self.settings(Self.bulkhead.replacing(word, with: other))
        } throws: { ($0 as? BroadcastError)?.problem.contains(problem) == true }
    }

    @Test func ownPlayerHasASecretOfItsOwn() throws {
        guard case .trigger(let first, let token) = try Self.settings(Self.nginx).pull?.system,
            case .trigger(_, let other) = try Self.settings(Self.nginx).pull?.system
        else {
            Issue.record("the pull is no trigger")
            return
        }
        #expect(token != other && token.count >= 16)
        #expect(first.app == "live")
        let (settings, words) = (try Self.settings(Self.nginx), "show?bulkhead-pull=\(token)")
        #expect(settings.push.broadcastPath == "/run/b" && first.key == words)
    }

    @Test func requestsAreFilledIn() throws {
        let settings = try Self.settings(
            """
            watch: rtmp://server/live/show
            when: no-data 1s
            pull:
              source: rtmp://origin/live/show
              start: {url: "http://server:9997/v3/add/${app}/${stream}", body: '{"source":"${source}"}'}
              stop: {method: DELETE, url: "http://server:9997/v3/delete/${app}/${stream}"}
            """)
        guard case .requests(let start, let stop) = settings.pull?.system else {
            Issue.record("the pull is no request")
            return
        }
        #expect(start.method == "POST" && start.body == #"{"source":"rtmp://origin/live/show"}"#)
        #expect(start.address.path == "/v3/add/live/show")
        #expect(stop.method == "DELETE" && stop.address.path == "/v3/delete/live/show")
    }

    @Test func anotherBroadcastIsAWayOfItsOwn() throws {
        let settings = try Self.settings(
            """
            broadcast: unix:/run/a.sock
            watch: rtmp://server/live/show
            when: no-data 1s
            backup: {broadcast: "unix:/run/b.sock", link: main, when: black 5s}
            """)
        #expect(settings.pull == nil && settings.backup == .init(broadcastPath: "/run/b.sock", link: "main"))
        #expect(settings.rules.ways == [.push, .backup] && settings.rules.conditions(of: .push).count == 1)
        #expect(settings.rules.conditions(of: .backup).count == 2)
        #expect(throws: BroadcastError.self) { try Self.settings("watch: rtmp://s/live/show\nwhen: no-data 1s") }
    }

    @Test func broadcastOfTheCommandLineWins() throws {
        let settings = try SwitchFile.settings(
            in: Self.nginx + "\nbroadcast: unix:/run/c.sock", named: "switch.yml", broadcast: "unix:/run/d.sock",
            findBroadcast: { () throws(BroadcastError) in "/run/b" })
        #expect(settings.push.broadcastPath == "/run/d.sock")
    }

    static let wrong: [(change: (String, String), problem: String)] = [
        (("watch:", "wach:"), "switch.yml, line 1: there is no key \"wach\""),
        (("watch: rtmp://server/live/show\n", ""), "there is no \"watch\""),
        (("rtmp://server/live/show", "http://server/x"), "\"watch\" is no address of a stream"),
        (("no-data 1s", "no-data 1"), "switch.yml, line 2: the condition \"no-data 1\" can't be read"),
        (("no-data 1s", "black 5s"), ""),
        (("pull: {", "backup: {broadcast: \"unix:/run/b\", link: main}\npull: {"), "the backup is the push itself"),
        (("pull: {", "backup: {link: main}\npull: {"), "there is no \"broadcast\""),
        (("hook: 127.0.0.1:8935", ""), "nothing tells the server to pull"),
        (("127.0.0.1:8935", "8935"), "\"hook\" wants an address and a port"),
        (("10.0.0.1:1936", "origin.example"), "an IP address only"),
        (("link: main", "link: [1]"), "\"link\" takes one value"),
        (("hook:", "preferred: both\nhook:"), "\"preferred\" is push or pull"),
        (("hook:", "policy: go\nhook:"), "\"policy\" is stay, return or best"),
        (("hook:", "name: a/b\nhook:"), "a switch's name has letters"),
        (("hook:", "times: {dwell: soon}\nhook:"), "\"dwell\" is no time"),
        (("hook:", "times: {start: 0s}\nhook:"), "\"start\" is no time from 1.0 to 300.0 s"),
        (("hook:", "status: {kind: srs, url: \"http://a/\"}\nhook:"), "\"kind\" is nginx-rtmp, mediamtx or bulkhead"),
        (("hook:", "status: {kind: mediamtx, url: \"a\"}\nhook:"), "the url is no address of HTTP"),
        (("hook:", "broadcast: /run/b\nhook:"), "is no address of a master"),
        (("when: [no-data 1s, fps < 80% for 3s]\npush: {link: main, when: queue > 3s}", "push: {link: main}"), ""),
        (("when: [failures", "start: {url: \"http://a/\"}, when: [failures"), "is started and stopped"),
    ]

    @Test(arguments: wrong) func whatIsWrongIsToldInOneLine(row: (change: (String, String), problem: String)) {
        let text = Self.nginx.replacing(row.change.0, with: row.change.1, maxReplacements: 1)
        #expect(text != Self.nginx)
        do {
            _ = try Self.settings(text)
            // The pull's own condition is enough.
            #expect(row.problem.isEmpty, "\(text) was taken")
        } catch {
            #expect(error.kind == .usage)
            #expect(!row.problem.isEmpty && error.problem.contains(row.problem), "\(error.problem)")
            #expect(!error.problem.contains("\n"))
        }
    }

    @Test(arguments: ["", "- a", "a: [", "watch"]) func whatIsNoMappingIsRefused(text: String) {
        #expect(throws: BroadcastError.self) { try Self.settings(text) }
    }
}
