import BulkheadCommands
import BulkheadEvents
import BulkheadModel
import Testing

/// Each code of docs/events.md with real values: what a person reads holds the facts that matter.
@Suite(.timeLimit(.minutes(1))) struct EverySentenceTests {
    /// A code, its values as JSON, and what its sentence holds.
    struct Row: Sendable, CustomTestStringConvertible {
        let code: String
        let values: String
        let facts: [String]

        init(_ code: String, _ values: String = "", _ facts: String...) {
            self.code = code
            self.values = "{\(values)}"
            self.facts = facts
        }

        var testDescription: String { code }

        func event() throws -> Event {
            let role = code.split(separator: ".").first ?? ""
            let line = """
                {"time":1790000000.25,"part":{"role":"\(role)","id":7,"name":"\(role) 7"},"code":"\(code)",\
                "level":"notice","values":\(values)}
                """
            return try JSONLine.decode(Event.self, from: Array(line.utf8))
        }
    }

    private static let children = [
        "encoder", "slate-encoder", "source", "plugin-host", "mixer", "recorder", "notifier", "chat", "origin", "srt",
    ].flatMap { role in
        [
            Row("\(role).started", #""pid":4711,"isForeign":false"#, "started"),
            Row("\(role).started", #""pid":4711,"isForeign":true"#, "connected"),
            Row("\(role).ready", #""pid":4711"#, "ready"),
            Row("\(role).ready", #""pid":4711,"plugins":["logo","text"]"#, "ready", "logo, text"),
            Row("\(role).died", #""pid":4711,"cause":"SIGSEGV""#, "SIGSEGV"),
            Row(
                "\(role).died", #""pid":4711,"cause":"exit code 3","plugin":"logo","call":"audio""#, "exit code 3",
                "logo",
                "audio"),
            Row(
                "\(role).recovered", #""milliseconds":84,"framesLate":3,"cause":"SIGABRT""#, "84 ms", "SIGABRT",
                "working again"),
            Row("\(role).took-over", #""pid":4712,"was":"standby","frame":250"#, "standby", "250"),
            Row("\(role).took-over", #""pid":4712,"was":"next""#, "next"),
            Row("\(role).took-over", #""pid":4712,"was":"twin""#, "twin", "lockstep"),
            Row("\(role).not-replaced", #""pid":4712,"cause":"SIGKILL""#, "not replaced", "SIGKILL"),
            Row("\(role).refused", #""reason":"settings","text":"no such preset""#, "refused", "no such preset"),
            Row(
                "\(role).refused", #""reason":"settings","text":"no such width","plugin":"logo""#, "logo",
                "no such width"),
            Row("\(role).turned-away", #""pid":4713,"cause":"another version""#, "4713", "another version"),
            Row("\(role).restarting", "", "restarting", "requested"),
            Row("\(role).said", #""text":"the file is short","severity":"warning""#, "the file is short"),
        ]
    }

    private static let hub = [
        Row("master.listening", #""address":"unix:/run/b.sock""#, "unix:/run/b.sock"),
        Row("master.broadcast-failed", #""reason":"input","text":"there is no file a.mp4""#, "there is no file a.mp4"),
        Row("master.launch-failed", #""reason":"installation","text":"no memory""#, "child", "no memory"),
        Row("master.walls-missing", #""text":"no Landlock: x""#, "no Landlock: x", "doctor"),
        Row("master.stranger-refused", #""uid":1001,"pid":4711"#, "4711", "uid 1001"),
        Row(
            "timeline.picture", #""canvas":"640x360","framesPerSecond":29.97,"source":2"#, "640x360", "29.97 fps",
            "input 2", "--size", "--fps"),
        Row(
            "master.unreachable", #""reason":"control.address-unusable","text":"no space""#, "no space",
            "can't be reached"),
        Row(
            "master.resumed", #""broadcast":"evening","frame":4711,"seconds":12.5,"timeline":"continue""#, "evening",
            "4711", "12.5"),
        Row("master.not-resumed", #""input":"intro","text":"it was at its end""#, "intro", "at its end"),
        Row("master.resume-unsaved", #""path":"/s/e.json","text":"no space""#, "/s/e.json", "no space"),
        Row("master.resume-saved", "", "resumed again"),
        Row("master.resume-damaged", #""path":"/s/e.json.damaged","text":"it is torn""#, "/s/e.json.damaged", "torn"),
        Row("master.resume-replaced", #""path":"/s/e.json.before""#, "anew", "/s/e.json.before"),
        Row(
            "master.control-room-ready", #""address":"http://127.0.0.1:8087/""#, "control room",
            "http://127.0.0.1:8087/"),
        Row("master.control-room-ended", #""text":"SIGKILL""#, "SIGKILL", "started again"),
        Row("master.reloaded", #""path":"/a.yaml","text":"video-bitrate 4M""#, "read again", "video-bitrate 4M"),
        Row("master.reload-pending", #""path":"/a.yaml","text":"origin""#, "next start", "origin"),
        Row(
            "master.reload-incomplete", #""path":"/a.yaml","reason":"input.other","text":"input b: it is gone""#,
            "not done", "input b: it is gone"),
        Row(
            "master.reload-refused", #""path":"/a.yaml","reason":"usage.other","text":"a.yaml, line 3: no key x""#,
            "nothing has changed", "line 3: no key x", "bulkhead reload"),
        Row(
            "master.summary",
            #""at":"08:00","seconds":86400,"frames":2592000,"skipped":3,"slated":12,"died":["encoder 2"],"reconnected":["main 3"],"bytes":5000000000,"worst":"main: lost""#,
            "24:00:00", "2592000 frames", "3 skipped", "12 as the slate", "died: encoder 2", "reconnected: main 3",
            "5.0 GB", "worst trouble: main: lost"),
        Row(
            "master.summary",
            #""at":"08:00","seconds":60,"frames":1,"skipped":0,"slated":0,"died":[],"reconnected":[],"bytes":0"#,
            "1 frame,", "no process died", "no reconnection", "no trouble"),
        Row("master.settings-ignored", #""text":"no file b.mp4""#, "no file b.mp4", "resumed all the same"),
        Row(
            "timeline.copied", #""canvas":"640x360","framesPerSecond":25,"source":1"#, "copied",
            "not encoded", "640x360 at 25 fps"),
        Row("timeline.on-air", "", "on air"), Row("timeline.ending", "", "ending"),
        Row("timeline.gave-up", #""frames":12,"seconds":10"#, "12 frames", "10 s"),
        Row("timeline.gave-up", #""frames":1,"seconds":2.5"#, "1 frame ", "2.5 s"),
        Row("timeline.lag", #""milliseconds":2400"#, "2400 ms"),
        Row("timeline.skipping", #""cause":"slow-encoder""#, "skipping", "--preset", "--size"),
        Row("timeline.skipping", #""cause":"no-encoder""#, "skipping", "no encoder"),
        Row("timeline.keeping-up", #""skipped":31"#, "31 frames"),
        Row("timeline.keeping-up", #""skipped":1"#, "1 frame "),
        Row(
            "timeline.still-standing-in", #""seconds":600,"from":1790000000.25"#, "10 min",
            "since 2026-09-21T14:13:20.250Z", "slate"),
        Row("timeline.unmixed", #""frames":3"#, "3 frames", "main input"),
        Row("timeline.uneven", #""repeated":1,"leftOut":2"#, "1 frame repeated", "2 pictures left out"),
        Row("timeline.showing", #""picture":"picture","isStandIn":false"#, "input"),
        Row("timeline.showing", #""picture":"last-picture","isStandIn":false"#, "last picture"),
        Row("timeline.showing", #""picture":"slate","isStandIn":true"#, "slate", "instead of the input"),
        Row("timeline.showing", #""picture":"slate","isStandIn":false"#, "slate"),
        Row(
            "timeline.slate-unusable", #""path":"/a/slate.png","reason":"not-media","text":"not a picture""#,
            "/a/slate.png", "not a picture", "built-in"),
        Row("timeline.taken", #""scene":"guest","frame":250"#, "guest", "250"),
        Row("timeline.scene-lacks", #""scene":"talk","input":"logo""#, "talk", "logo", "left out"),
        Row("timeline.marked", #""text":"goal 1:0","frame":250"#, "goal 1:0", "250"),
        Row(
            "timeline.slate-undrawn", #""reason":"settings","text":"no typeface is installed""#, "plain letters",
            "no typeface is installed"),
        Row(
            "timeline.card-noted", #""text":"no installed typeface has 2 of the letters in \"x\"""#,
            "no installed typeface has 2"),
        Row("timeline.slate-reader-died", #""cause":"SIGSEGV""#, "SIGSEGV", "built-in"),
        Row("encoder.waiting", #""address":"unix:/t/e","isOnAir":true"#, "unix:/t/e", "stands still"),
        Row("encoder.waiting", #""address":"unix:/t/e","isOnAir":false"#, "bulkhead-encoder --connect unix:/t/e"),
        Row("encoder.bitrate-set", #""bitsPerSecond":1500000"#, "1500 kbit/s"),
        Row("encoder.bitrate-raised", #""bitsPerSecond":1800000,"wanted":2500000"#, "1800 kbit/s", "raised"),
        Row("encoder.bitrate-raised", #""bitsPerSecond":2500000,"wanted":2500000"#, "2500 kbit/s", "back"),
        Row(
            "encoder.changed", #""canvas":"1280x720","preset":"fast","frame":500,"pid":15"#, "1280x720", "fast", "500"),
        Row("encoder.not-changed", #""reason":"settings","text":"the level is too low""#, "the level is too low"),
        Row("encoder.frame-skipped", #""frame":250,"deaths":3"#, "250", "3 encoders"),
        Row("encoder.safe-settings", "", "safe settings"), Row("encoder.wanted-settings", "", "wanted settings"),
        Row("encoder.slate-began", #""frame":250"#, "slate", "no encoder"),
        Row("encoder.slate-ended", #""frames":120"#, "120 frames"),
        Row("encoder.slate-ended", #""frames":1"#, "1 frame"),
        Row("encoder.in-lockstep", #""frame":250,"pid":16"#, "lockstep", "250"),
        Row("encoder.differs", #""frame":250"#, "lockstep", "different"),
        Row("encoder.lockstep-given-up", "", "lockstep", "--encoder-threads 1"),
        Row("source.unused", #""unused":["picture"],"isClosed":false"#, "picture is not used"),
        Row("source.unused", #""unused":["picture","sound"],"isClosed":true"#, "picture and sound are", "closed"),
        Row("source.opened", #""summary":"h264 1280x720, 25 fps""#, "h264 1280x720, 25 fps"),
        Row("source.ended", "", "ended"),
        Row(
            "source.skipped",
            #""positionSeconds":12.5,"seconds":2,"isRepeated":true,"goal":"position","goalSeconds":14.5"#, "again",
            "12.5 s", "14.5 s"),
        Row("source.still-down", #""seconds":60,"from":1790000000.25"#, "60 s", "since 2026-09-21T14:13:20.250Z"),
        Row("source.missing", "", "no picture", "card"),
        Row(
            "source.playing", #""file":"b.mp4","title":"Bee","number":2,"count":12,"nextFile":"c.mp4""#,
            "Bee (b.mp4), 2 of 12", "next c.mp4"),
        Row("source.playing", #""file":"b.mp4","number":12,"count":12"#, "b.mp4, 12 of 12", "nothing follows"),
        Row(
            "source.left-out", #""file":"d.mp4","reason":"unplayable","text":"d.mp4 can't be read as media""#,
            "d.mp4 can't be read as media; it is left out"),
        Row("source.back", "", "again"),
        Row("source.removed", "", "removed"),
        Row("source.renamed", #""former":"guest""#, "guest"),
        Row("source.gave-up", #""reason":"input","text":"it is damaged""#, "given up", "it is damaged", "reopen"),
        Row(
            "source.skipped", #""positionSeconds":0,"seconds":0,"isRepeated":false,"goal":"next-file""#, "twice",
            "next file"),
        Row(
            "source.skipped", #""positionSeconds":60,"seconds":1,"isRepeated":false,"goal":"next-pass""#, "twice",
            "60 s", "next loop"),
        Row("source.skipped", #""positionSeconds":60,"seconds":1,"isRepeated":false,"goal":"end""#, "60 s", "end"),
    ]

    private static let plugins = [
        Row("plugin-host.late", #""plugins":["logo","text"]"#, "logo, text"),
        Row("plugin-host.unexplained", "", "--plugin-isolation each"), Row("plugin.added", #""frame":250"#, "250"),
        Row("plugin.reloaded", #""frame":250"#, "reloaded", "250"), Row("plugin.removed", "", "removed"),
        Row("plugin.moved", #""position":2"#, "2"), Row("plugin.enabled", "", "enabled"),
        Row("plugin.disabled", "", "disabled"), Row("plugin.set", #""parameters":["x=1","y=2"]"#, "x=1, y=2"),
        Row("plugin.refused", #""reason":"missing-symbol","text":"no entry point""#, "no entry point"),
        Row("plugin.quarantined", #""cause":"SIGSEGV","deaths":1,"seconds":5"#, "SIGSEGV", "5 s"),
        Row("plugin.ended-its-host", "", "taken out"),
        Row("plugin.switched-off", #""cause":"hang","deaths":4"#, "hang", "bulkhead plugin pardon plugin 7"),
        Row("plugin.readmitted", "", "quarantine"), Row("plugin.pardoned", "", "pardoned"),
        Row("plugin.said", #""text":"no font","severity":"error""#, "no font"),
    ]

    private static let links = [
        Row("link.added", "", "added"), Row("link.removed", "", "removed"),
        Row("link.failed", #""reason":"refused","text":"the key is wrong""#, "the key is wrong"),
        Row("link.connected", #""server":"a.example/live""#, "a.example/live"), Row("link.accepted", "", "accepted"),
        Row("link.lost", #""reason":"reset","text":"the connection was reset""#, "the connection was reset", "again"),
        Row(
            "link.still-lost", #""seconds":60,"from":1790000000.25,"reason":"unreachable","text":"connection refused""#,
            "60 s", "since 2026-09-21T14:13:20.250Z",
            "connection refused"),
        Row("link.saved", #""servers":1,"answering":0"#, "saved"),
        Row("link.saved", #""servers":3,"answering":1,"file":"/s/1.json""#, "1 of 3", "fewer than two"),
        Row("link.saved", #""servers":3,"answering":2"#, "2 of 3"),
        Row("link.cleared", #""server":"a.example""#, "a.example"),
        Row("link.selected", #""server":"a.example","choice":"the fastest of 3""#, "a.example", "the fastest of 3"),
        Row(
            "link.restored", #""server":"a","gapMilliseconds":1900,"backfillMilliseconds":400"#, "1.9 s", "400 ms"),
        Row("link.stalled", #""sign":"no-answer""#, "doesn't answer", "may be lost"),
        Row("link.stalled", #""sign":"not-reading""#, "stopped reading", "may be lost"),
        Row("link.stalled", #""sign":"not-acknowledging""#, "stopped acknowledging", "may be lost"),
        Row("link.stalled", #""sign":"not-answering""#, "stopped answering", "may be lost"),
        Row("link.recovered", "", "again"),
        Row("link.congested", #""bitsPerSecond":900000,"wanted":2500000"#, "900 kbit/s", "lowered"),
        Row("link.server-answers", #""server":"b.example","milliseconds":31"#, "b.example", "31 ms"),
        Row("link.server-failed", #""server":"b","reason":"timeout","text":"b didn't answer""#, "b didn't answer"),
        Row("link.prepared", #""server":"b.example""#, "b.example", "ready"),
        Row("link.moving", #""server":"b.example","choice":"12 ms against 80 ms""#, "b.example", "12 ms against 80 ms"),
        Row("link.not-moved", #""reason":"timeout","text":"b didn't answer""#, "not moved", "b didn't answer"),
        Row("link.redirected", #""server":"b.example","text":"maintenance""#, "b.example", "maintenance"),
        Row("link.redirected", #""server":"b.example""#, "b.example"),
        Row("link.redirect-unusable", "", "can't be used"),
        Row("link.redirect-failed", #""reason":"timeout","text":"b didn't answer""#, "redirect", "b didn't answer"),
        Row("link.renewed", #""originSeconds":2147000"#, "timestamps"), Row("link.paused", "", "paused"),
        Row("link.resumed", "", "resumed"),
        Row("link.listening", #""address":"srt://0.0.0.0:9000""#, "srt://0.0.0.0:9000", "waits"),
    ]

    private static let recordings = [
        Row("recording.opened", #""path":"/r/a.mp4","segment":0"#, "/r/a.mp4"),
        Row("recording.closed", #""path":"/r/a.mp4","bytes":2500000"#, "/r/a.mp4", "complete", "2.5 MB"),
        Row(
            "recording.trouble",
            #""trouble":"full","subject":"media","path":"/r/a.mp4","errno":28,"text":"no space","frames":3,"action":"retries""#,
            "/r/a.mp4", "disk full", "no space", "3 frames", "each second"),
        Row(
            "recording.trouble",
            #""trouble":"not-answering","subject":"index","path":"/r/a","frames":0,"action":"fallback""#, "index",
            "does not answer", "fallback"),
        Row(
            "recording.still-troubled",
            #""trouble":"read-only","subject":"media","seconds":3600,"from":1790000000.25"#, "read-only", "60 min",
            "since 2026-09-21T14:13:20.250Z"),
        Row(
            "recording.cleared", #""trouble":"read-only","subject":"media","path":"/r/a","seconds":12.5"#, "read-only",
            "12.5 s"),
        Row(
            "recording.left-out", #""frame":900,"frames":60,"cause":"memory-full""#, "60 frames", "900", "more waited"),
        Row("recording.left-out", #""frame":9,"frames":6,"cause":"ended""#, "6 frames", "at the end"),
        Row(
            "recording.report",
            #""path":"/r/a","seconds":61,"bytes":3000,"durableBytes":2000,"freeBytes":5000000000,"bytesPerSecond":1000,"fullInSeconds":600,"troubles":["slow"]"#,
            "00:01:01", "2.0 kB", "5.0 GB", "10 min", "slow"),
        Row("recording.full-soon", #""seconds":58,"freeBytes":180000000"#, "58 s", "180.0 MB"),
        Row(
            "recording.replay-saved", #""path":"/r/a.mp4","seconds":61.5,"frames":1845,"bytes":19000000"#, "/r/a.mp4",
            "61.5 s", "1845 frames", "19.0 MB"),
        Row(
            "recording.replay-failed",
            #""path":"/r/a.mp4","frames":1845,"reason":"file.disk-full","text":"no space is left for /r/a.mp4""#,
            "no space is left for /r/a.mp4", "1845 frames"),
        Row(
            "recording.removed", #""path":"/r/a.mp4","bytes":2500000,"removal":"age""#, "/r/a.mp4", "removed", "2.5 MB",
            "older"),
    ]

    private static let watching = [
        Row("viewer.connected", #""server":"a.example/live""#, "a.example/live"),
        Row("viewer.disconnected", #""text":"the connection was reset""#, "the connection was reset"),
        Row("viewer.unpublished", "", "publisher"), Row("viewer.silent", #""seconds":10"#, "10 s"),
        Row("viewer.video", #""codec":"H.264 High 3.1","isChange":false"#, "video", "H.264 High 3.1"),
        Row("viewer.video", #""codec":"H.264 High 3.1","isChange":true"#, "changed", "H.264 High 3.1"),
        Row("viewer.audio", #""codec":"AAC-LC 48000 Hz stereo","isChange":false"#, "audio", "AAC-LC 48000 Hz stereo"),
        Row("viewer.gap", #""milliseconds":800,"unit":90"#, "800 ms", "90"),
        Row("viewer.frames-lost", #""frame":100,"frames":3"#, "100", "102"),
        Row("viewer.frames-lost", #""frame":100,"frames":1"#, "frame 100 is"),
        Row("viewer.frame-repeated", #""frame":100"#, "100"),
        Row("viewer.frames-disordered", #""frame":100,"after":102"#, "frame 100", "after frame 102"),
        Row("viewer.source-restarted", #""frame":0,"after":102"#, "frame 0", "after frame 102"),
        Row("viewer.timestamps-backwards", #""track":"video","milliseconds":40,"unit":90"#, "video", "back", "40 ms"),
        Row("viewer.timestamp-repeated", #""track":"audio""#, "audio", "twice"),
        Row("viewer.timestamps-jumped", #""track":"audio","milliseconds":4000"#, "audio", "4000 ms"),
        Row("viewer.out-of-sync", #""milliseconds":-80"#, "80 ms early"),
        Row("viewer.out-of-sync", #""milliseconds":130"#, "130 ms late"),
        Row("viewer.undecodable", #""unit":90"#, "90", "decoded"),
        Row("viewer.decoder-trouble", #""text":"unsupported profile""#, "unsupported profile"),
        Row("server.accepting-paused", #""text":"too many open files""#, "too many open files", "connections"),
        Row("server.not-listening", #""text":"port 8080 is in use""#, "port 8080 is in use", "again"),
        Row("server.ready", #""address":"rtmp://127.0.0.1:1935","port":1935"#, "rtmp://127.0.0.1:1935"),
        Row("server.reconnect-requested", #""publishers":1"#, "1 publisher "),
        Row("server.reconnect-requested", #""publishers":2"#, "2 publishers"), Row("server.stopped", "", "stopped"),
        Row("server.publish-started", #""stream":"live/show","peer":"10.0.0.2:4000""#, "live/show", "10.0.0.2:4000"),
        Row(
            "server.publish-ended",
            #""stream":"live/show","peer":"10.0.0.2:4000","cause":"idle","videoMessages":250,"audioMessages":400,"bytes":1"#,
            "live/show", "10.0.0.2:4000", "250 pictures", "1 byte"),
        Row(
            "server.publish-ended",
            #""stream":"live/show","peer":"p","cause":"over-bitrate","videoMessages":1,"audioMessages":4,"bytes":90"#,
            "bitrate too high", "1 picture,", "90 bytes"),
        Row(
            "server.publish-refused", #""stream":"live/show","peer":"p","cause":"unknown-key""#, "live/show", "key"),
        Row(
            "server.publish-refused", #""stream":"live/show","peer":"p","cause":"already-publishing""#,
            "another publisher"
        ),
        Row(
            "server.publish-refused", #""stream":"live/show","peer":"p","cause":"too-many-streams""#, "too many streams"
        ),
        Row("server.play-started", #""stream":"live/show","peer":"10.0.0.3:4000""#, "live/show", "10.0.0.3:4000"),
        Row("server.play-ended", #""stream":"live/show","peer":"p","bytes":900,"shed":3"#, "900 bytes", "3 messages"),
        Row("server.play-ended", #""stream":"live/show","peer":"p","bytes":900,"shed":0"#, "900 bytes"),
        Row(
            "server.connection-failed", #""peer":"p","text":"the handshake took too long""#,
            "the handshake took too long"),
        Row(
            "server.connection-refused", #""peer":"10.0.0.4:4000","cause":"too-many-connections""#, "10.0.0.4:4000",
            "too many"),
        Row("server.connection-refused", #""peer":"p","cause":"too-many-of-address""#, "p", "from its address"),
        Row("server.connection-refused", #""peer":"p","cause":"too-many-failures""#, "p", "failed too often"),
        Row("server.connection-refused", #""peer":"p","cause":"too-often""#, "p", "connects too often"),
        Row("server.play-refused", #""stream":"live/show","peer":"p","cause":"unknown-key""#, "live/show", "key"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"no-token""#, "may not play", "no token"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"expired-token""#, "expired"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"wrong-token""#, "not for this"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"refused-by-hook""#, "the hook refused"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"hook-silent""#, "did not answer"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"too-often""#, "too often"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"too-many-players""#, "too many players"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"too-many-players-of-stream""#, "of the stream"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"no-bandwidth""#, "bandwidth"),
        Row("server.play-refused", #""stream":"s","peer":"p","cause":"loop""#, "its own stream"),
        Row("server.secrets-read", "", "secrets"),
        Row("server.secrets-unusable", #""text":"it holds no secret""#, "old secrets", "it holds no secret"),
        Row("server.hook-failed", #""text":"a.example has not answered""#, "hook", "a.example has not answered"),
        Row("server.pull-started", #""stream":"live/show","server":"rtmp://a/live""#, "live/show", "rtmp://a/live"),
        Row("server.pull-ended", #""stream":"s","server":"rtmp://a/live","text":"nobody plays it""#, "nobody plays it"),
        Row("server.pull-failed", #""stream":"s","server":"rtmp://a/live","text":"no answer""#, "no answer", "again"),
        Row("server.push-started", #""stream":"live/show","server":"rtmp://a/live""#, "live/show", "to rtmp://a/live"),
        Row("server.push-ended", #""stream":"s","server":"rtmp://a/live","text":"it has ended""#, "it has ended"),
        Row("server.push-failed", #""stream":"s","server":"rtmp://a/live","text":"no answer""#, "no answer", "again"),
        Row("server.certificate-read", "", "certificate"),
        Row("server.certificate-unusable", #""text":"it holds no key""#, "certificate", "it holds no key"),
        Row("server.events-left-out", #""events":12"#, "12 events"),
        Row("notifier.failing", #""target":"ops","text":"it answers HTTP 503""#, "ops", "HTTP 503"),
        Row("notifier.back", #""target":"ops""#, "ops"),
        Row("notifier.rejected", #""target":"ops","text":"it answers HTTP 404""#, "ops", "HTTP 404"),
        Row("notifier.dropped", #""target":"ops","events":3"#, "ops", "3 notices"),
        Row("channel.joined", #""server":"irc.example:6697""#, "irc.example:6697"),
        Row("channel.saved", #""text":"the server closed the connection""#, "closed the connection", "saved"),
        Row("channel.cleared", #""server":"irc.example:6697""#, "irc.example:6697"),
        Row("channel.selected", #""server":"irc.example:6697""#, "irc.example:6697", "chosen"),
        Row(
            "channel.restored", #""server":"a:1","milliseconds":1200,"comments":3"#, "a:1", "1200 ms", "3 comments"),
        Row("channel.failing", #""server":"a:1","text":"couldn't connect to server""#, "a:1", "couldn't connect"),
        Row("channel.rejected", #""server":"a:1","text":"no such channel""#, "a:1", "no such channel"),
        Row("channel.moved", #""server":"a:1""#, "a:1"),
        Row("channel.gap", #""from":1790000000.25,"until":1790000060"#, "60 s"),
        Row("channel.removed", "", "configuration"),
        Row("switch.ready", #""address":"unix:/run/s.socket""#, "unix:/run/s.socket"),
        Row("switch.abnormal", #""way":"pull","condition":"no-data 1s""#, "pull", "no-data 1s"),
        Row("switch.clear", #""way":"pull""#, "pull", "well"),
        Row("switch.backup-not-ready", #""way":"push""#, "push", "not ready"),
        Row(
            "switch.switching", #""formerWay":"pull","way":"push","cause":"no-data 1s""#, "from pull to push", "no-data"
        ),
        Row("switch.stop-unconfirmed", #""way":"pull""#, "pull", "other way"),
        Row(
            "switch.working",
            #""way":"push","cause":"hand","milliseconds":1400,"detectMilliseconds":1100,"stopMilliseconds":20,"startMilliseconds":80,"idrMilliseconds":200"#,
            "push", "1400 ms", "detect 1100", "stop 20", "start 80", "first IDR 200", "hand"),
        Row("switch.start-failed", #""way":"push","text":"no IDR has come""#, "push", "no IDR has come"),
        Row("switch.mode", #""mode":"hold""#, "hold"),
        Row("switch.trouble", #""text":"the broadcast can't be reached""#, "can't be reached"),
        Row("switch.publisher-refused", #""peer":"10.0.0.3","way":"push""#, "10.0.0.3", "push"),
        Row("switch.stopped", "", "goes on"),
        Row("timetable.ran", #""entry":"0 1 * * *","action":"scene night""#, "scene night", "0 1 * * *"),
        Row(
            "timetable.failed",
            #""entry":"0 1 * * *","action":"scene night","reason":"usage.unknown-scene","text":"there is none""#,
            "scene night", "failed", "there is none"),
        Row(
            "timetable.missed", #""entry":"0 1 * * *","action":"scene night","from":1790000000"#, "missed",
            "scene night"),
        Row("output.black", #""condition":"black 5s","seconds":5.1"#, "black", "5.1 s", "black 5s"),
        Row("output.black-cleared", #""condition":"black 5s","seconds":8"#, "black no more", "8.0 s"),
        Row("output.frozen", #""condition":"frozen 5s","seconds":5"#, "stands still", "5.0 s"),
        Row("output.frozen-cleared", #""condition":"frozen 5s","seconds":8"#, "no more", "8.0 s"),
        Row("output.silence", #""condition":"silence 10s","seconds":10"#, "silent", "10.0 s"),
        Row("output.silence-cleared", #""condition":"silence 10s","seconds":12"#, "silent no more", "12.0 s"),
        Row("output.clipping", #""condition":"clipping 2s","seconds":2"#, "clipped", "2.0 s"),
        Row("output.clipping-cleared", #""condition":"clipping 2s","seconds":3"#, "clipped no more", "3.0 s"),
        Row(
            "output.loudness", #""condition":"loudness off -23 by 2 for 10s","seconds":10,"text":"-18.1 LUFS""#,
            "off its target", "-18.1 LUFS", "10.0 s", "loudness off -23 by 2 for 10s"),
        Row(
            "output.loudness-cleared", #""condition":"loudness off -23 by 2 for 10s","seconds":30"#, "no more",
            "30.0 s"),
        Row("output.size", #""condition":"size wrong 2s","seconds":2,"text":"640x360""#, "another size", "640x360"),
        Row("output.size-cleared", #""condition":"size wrong 2s","seconds":4"#, "no more", "4.0 s"),
        Row("output.keyframes", #""condition":"keyframes > 4s","seconds":0,"text":"4.2 s""#, "too far apart", "4.2 s"),
        Row("output.keyframes-cleared", #""condition":"keyframes > 4s","seconds":60"#, "no more", "60.0 s"),
        Row(
            "output.bitrate", #""condition":"bitrate > 6M for 10s","seconds":10,"text":"7100.0 kb/s""#,
            "out of its limits", "7100.0 kb/s", "bitrate > 6M"),
        Row("output.bitrate-cleared", #""condition":"bitrate > 6M for 10s","seconds":44"#, "no more", "44.0 s"),
        Row("room.restored", #""room":"main","comments":12"#, "main", "12 comments"),
        Row("room.changed", #""fields":["title","size"]"#, "title, size"),
        Row("room.pinned", #""text":"read the rules""#, "read the rules"), Row("room.unpinned", "", "pinned"),
        Row("room.paid", #""text":"well done","amount":"5.0 EUR""#, "well done", "5.0 EUR"),
        Row("room.cleared", "", "taken off"),
        Row("room.unsaved", #""path":"/s/main.json","text":"no space is left""#, "/s/main.json", "no space"),
        Row("room.missing", #""comments":12"#, "gone", "12 comments"),
        Row("room.missing", #""comments":1"#, "1 comment "),
        Row("room.saved", "", "saved"), Row("room.damaged", #""path":"/s/main.json.damaged""#, "/s/main.json.damaged"),
        Row("reporter.lines-lost", #""lines":12"#, "12 lines"), Row("reporter.lines-lost", #""lines":1"#, "1 line "),
    ]

    static let rows = children + hub + plugins + links + recordings + watching

    @Test func everyCodeHasARow() {
        let codes = Set(Self.rows.map(\.code))
        for description in Happening.all {
            if description.code.hasPrefix("*") {
                for role in Part.Role.allCases where role.isChild {
                    #expect(codes.contains(role.rawValue + description.code.dropFirst()), "\(description.code)")
                }
            } else {
                #expect(codes.contains(description.code), "\(description.code)")
            }
        }
    }

    /// A lowercase phrase in one line, without a period, that holds the facts.
    @Test(arguments: rows) func sentencesHoldTheFacts(row: Row) throws {
        let event = try row.event()
        if case .unknown = event.happening {
            Issue.record("\(row.code) can't be read from \(row.values)")
            return
        }
        let sentence = EventSentence.text(event.happening, of: event.part)
        for fact in row.facts { #expect(sentence.contains(fact), "\(sentence)") }
        #expect(!sentence.isEmpty && !sentence.hasSuffix(".") && !sentence.contains("\n"))
        #expect(!sentence.contains("nil") && !sentence.contains("Optional"))
        #expect(!sentence.contains("  ") && !sentence.contains(" ,") && !sentence.contains("()"))
        #expect(EventLine.sentence(event).hasPrefix("\(event.part): "))
    }

    /// The same code says the same to everybody, whatever its level; a code of another version is told as it is.
    @Test func unknownCodesAreToldAsTheyAre() throws {
        let event = try Row("recorder.disk-full", #""path":"/a""#).event()
        #expect(EventSentence.text(event.happening, of: event.part) == "recorder.disk-full")
    }

    /// What comes from another process steers no terminal, in whichever value it stands.
    @Test(arguments: rows) func controlCharactersSteerNoTerminal(row: Row) throws {
        let event = try row.event()
        for line in [EventLine.log(event), EventLine.short(event, colours: false)] {
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        }
        let colours = EventLine.short(event, colours: true)
        switch event.level {
        case .notice: #expect(!colours.contains("\u{1B}"))
        case .warning: #expect(colours.hasPrefix("\u{1B}[33m") && colours.hasSuffix("\u{1B}[0m"))
        case .error: #expect(colours.hasPrefix("\u{1B}[31m") && colours.hasSuffix("\u{1B}[0m"))
        }
    }
}
