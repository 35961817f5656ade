import BulkheadEvents
import BulkheadModel

/// Gives one sample of each word; every optional payload is there.
protocol Sampled: HappeningSubject {
    static func sample(of word: Word) -> Self
}

extension Sampled {
    static var samples: [Self] { Word.allCases.map(sample) }
}

extension ChildHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .started: .started(pid: 12, isForeign: true)
        case .ready: .ready(pid: 12, plugins: ["logo", "text"])
        case .died:
            .died(
                pid: 12, cause: "SIGSEGV", frame: 250, uncommitted: 3, plugin: "logo", call: .video,
                standardError: "Segmentation fault")
        case .recovered: .recovered(milliseconds: 84, framesLate: 3, cause: "SIGSEGV")
        case .tookOver: .tookOver(pid: 13, was: .standby, frame: 250)
        case .notReplaced: .notReplaced(pid: 13, cause: "SIGABRT")
        case .refused: .refused(reason: Reason("not-found", "no such file"), plugin: "logo")
        case .turnedAway: .turnedAway(pid: 14, cause: "another version")
        case .restarting: .restarting
        case .said: .said(text: "the file is short", severity: .warning)
        }
    }
}

extension MasterHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .listening: .listening(address: "unix:/run/user/1000/bulkhead.sock")
        case .broadcastFailed: .broadcastFailed(reason: Reason("input", "no such file"))
        case .launchFailed: .launchFailed(reason: Reason("installation", "bulkhead-encoder is missing"))
        case .strangerRefused: .strangerRefused(uid: 1001, pid: 4711)
        case .wallsMissing: .wallsMissing(text: "no Landlock: children may read what this user may")
        case .unreachable: .unreachable(reason: Reason("control.address-unusable", "read-only file system"))
        case .resumed: .resumed(broadcast: "evening", frame: 4711, seconds: 12.5, timeline: "continue")
        case .notResumed: .notResumed(input: "intro", text: "it was at its end")
        case .resumeUnsaved: .resumeUnsaved(path: "/s/evening.json", text: "no space left on device")
        case .resumeSaved: .resumeSaved
        case .resumeDamaged: .resumeDamaged(path: "/s/evening.json.damaged", text: "it is torn")
        case .resumeReplaced: .resumeReplaced(path: "/s/evening.json.before")
        case .summary:
            .summary(
                DaySummary(
                    seconds: 86_400, frames: 2_592_000, skipped: 3, slated: 12, deaths: ["encoder 2"],
                    reconnections: ["main 3"], bytes: 5_000_000_000, worst: "main: connection lost, for 65 s"),
                at: "08:00")
        case .settingsIgnored: .settingsIgnored(text: "there is no file b.mp4")
        case .controlRoomReady: .controlRoomReady(address: "http://127.0.0.1:8087/")
        case .controlRoomEnded: .controlRoomEnded(text: "SIGKILL")
        case .reloaded: .reloaded(path: "/etc/bulkhead/show.yaml", text: "video-bitrate 4M")
        case .reloadPending: .reloadPending(path: "/etc/bulkhead/show.yaml", text: "origin")
        case .reloadIncomplete:
            .reloadIncomplete(path: "/etc/bulkhead/show.yaml", reason: Reason("input.other", "input b: no such file"))
        case .reloadRefused:
            .reloadRefused(
                path: "/etc/bulkhead/show.yaml", reason: Reason("usage.other", "show.yaml, line 3: there is no key x"))
        }
    }
}

extension TimelineHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .picture: .picture(canvas: "640x360", framesPerSecond: 29.97, source: 2)
        case .copied: .copied(canvas: "640x360", framesPerSecond: 29.97, source: 1)
        case .onAir: .onAir
        case .ending: .ending
        case .gaveUp: .gaveUp(frames: 12, seconds: 10)
        case .lag: .lag(milliseconds: 2400)
        case .skipping: .skipping(cause: .slowEncoder)
        case .keepingUp: .keepingUp(skipped: 31)
        case .uneven: .uneven(repeated: 3, leftOut: 1)
        case .unmixed: .unmixed(frames: 2)
        case .showing: .showing(picture: .slate, isStandIn: true)
        case .stillStandingIn: .stillStandingIn(seconds: 60, from: 1_790_000_000.25)
        case .taken: .taken(scene: "guest", frame: 250)
        case .marked: .marked(text: "goal 1:0", frame: 250)
        case .slateUndrawn: .slateUndrawn(reason: Reason("settings", "no typeface is installed"))
        case .sceneLacks: .sceneLacks(scene: "talk", input: "logo")
        case .cardNoted: .cardNoted(text: "no installed typeface has 2 of the letters in \"שלום\"")
        case .slateUnusable: .slateUnusable(path: "slate.png", reason: Reason("not-media", "not a picture"))
        case .slateReaderDied: .slateReaderDied(cause: "SIGSEGV")
        }
    }
}

extension EncoderHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .waiting: .waiting(address: "unix:/tmp/encoder.sock", isOnAir: true)
        case .bitrateSet: .bitrateSet(bitsPerSecond: 2_500_000)
        case .bitrateRaised: .bitrateRaised(bitsPerSecond: 1_800_000, wanted: 2_500_000)
        case .changed: .changed(canvas: "1280x720", preset: "veryfast", frame: 500, pid: 15)
        case .notChanged: .notChanged(reason: Reason("settings", "the level is too low"))
        case .frameSkipped: .frameSkipped(frame: 250, deaths: 3)
        case .safeSettings: .safeSettings
        case .wantedSettings: .wantedSettings
        case .slateBegan: .slateBegan(frame: 250)
        case .slateEnded: .slateEnded(frames: 120)
        case .inLockstep: .inLockstep(frame: 250, pid: 16)
        case .differs: .differs(frame: 250)
        case .lockstepGivenUp: .lockstepGivenUp
        }
    }
}

extension SourceHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .opened: .opened(summary: "1280x720, 25 fps, stereo")
        case .ended: .ended
        case .unused: .unused(unused: ["picture"], isClosed: false)
        case .missing: .missing
        case .stillDown: .stillDown(seconds: 600, from: 1_790_000_000.25)
        case .back: .back
        case .removed: .removed
        case .renamed: .renamed(former: "source 2")
        case .gaveUp: .gaveUp(reason: Reason("input", "nothing in a.mp4 can be decoded"))
        case .playing: .playing(file: "b.mp4", title: "Bee", number: 2, count: 12, next: "c.mp4")
        case .leftOut: .leftOut(file: "d.mp4", reason: Reason("unplayable", "d.mp4 can't be read as media"))
        case .skipped: .skipped(positionSeconds: 12.5, seconds: 2, isRepeated: true, goal: .position, goalSeconds: 14.5)
        }
    }
}

extension PluginHostHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .late: .late(plugins: ["logo", "text"])
        case .unexplained: .unexplained
        }
    }
}

extension PluginHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .added: .added(frame: 250)
        case .reloaded: .reloaded(frame: 250)
        case .removed: .removed
        case .moved: .moved(position: 2)
        case .enabled: .enabled
        case .disabled: .disabled
        case .set: .set(parameters: ["x=1", "y=2"])
        case .refused: .refused(reason: Reason("missing-symbol", "no entry point"))
        case .quarantined: .quarantined(cause: "SIGSEGV", deaths: 1, seconds: 30)
        case .switchedOff: .switchedOff(cause: "SIGSEGV", deaths: 4)
        case .endedItsHost: .endedItsHost
        case .readmitted: .readmitted
        case .pardoned: .pardoned
        case .said: .said(text: "no font", severity: .warning)
        }
    }
}

extension LinkHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .added: .added
        case .removed: .removed
        case .failed: .failed(reason: Reason("refused", "the key is wrong"))
        case .connected: .connected(server: "a.example")
        case .accepted: .accepted
        case .lost: .lost(reason: Reason("reset", "the connection was reset"))
        case .stillLost:
            .stillLost(
                seconds: 60, from: 1_790_000_000.25, reason: Reason("unreachable", "a.example could not be reached"))
        case .saved: .saved(servers: 3, answering: 1, file: "link-1.json", silence: "b.example didn't answer")
        case .cleared: .cleared(server: "a.example")
        case .selected: .selected(server: "a.example", choice: "the fastest of 3")
        case .restored: .restored(server: "a.example", gapMilliseconds: 1900, backfillMilliseconds: 1500)
        case .stalled: .stalled(sign: .notReading)
        case .recovered: .recovered
        case .congested: .congested(bitsPerSecond: 900_000, wanted: 2_500_000)
        case .serverAnswers: .serverAnswers(server: "b.example", milliseconds: 31)
        case .serverFailed: .serverFailed(server: "b.example", reason: Reason("timeout", "b.example didn't answer"))
        case .prepared: .prepared(server: "b.example")
        case .moving: .moving(server: "b.example", choice: "12 ms against 80 ms")
        case .notMoved: .notMoved(reason: Reason("timeout", "b.example didn't answer"))
        case .redirected: .redirected(server: "b.example", text: "maintenance")
        case .redirectUnusable: .redirectUnusable
        case .redirectFailed: .redirectFailed(reason: Reason("timeout", "b.example didn't answer"))
        case .renewed: .renewed(originSeconds: 2_147_000)
        case .paused: .paused
        case .resumed: .resumed
        case .listening: .listening(address: "srt://0.0.0.0:9000")
        }
    }
}

extension RecordingHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .opened: .opened(path: "/r/show.mp4", segment: 2)
        case .closed: .closed(path: "/r/show.mp4", bytes: 1 << 33)
        case .trouble:
            .trouble(
                trouble: .full, subject: .index, path: "/r/show.mp4", errno: 28, text: "No space left on device",
                frames: 31, action: .retries)
        case .cleared: .cleared(trouble: .full, subject: .index, path: "/r/show.mp4", seconds: 12.5)
        case .stillTroubled:
            .stillTroubled(trouble: .full, subject: .media, seconds: 3600, from: 1_790_000_000.25)
        case .leftOut: .leftOut(frame: 900, frames: 60, cause: .memoryFull)
        case .report:
            .report(
                path: "/r/show.mp4", seconds: 60, bytes: 19_000_000, durableBytes: 18_800_000, freeBytes: 1 << 33,
                bytesPerSecond: 315_000, fullInSeconds: 27_000, troubles: ["slow"])
        case .fullSoon: .fullSoon(seconds: 600, freeBytes: 180_000_000)
        case .replaySaved: .replaySaved(path: "/r/replay.mp4", seconds: 61.5, frames: 1845, bytes: 19_000_000)
        case .replayFailed:
            .replayFailed(
                path: "/r/replay.mp4", frames: 1845, reason: Reason("file.disk-full", "no space is left for it"))
        case .removed: .removed(path: "/r/show-1.mp4", bytes: 1 << 31, removal: .size)
        }
    }
}

extension ViewerHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .connected: .connected(server: "a.example")
        case .disconnected: .disconnected(text: "the connection was reset")
        case .unpublished: .unpublished
        case .silent: .silent(seconds: 10)
        case .video: .video(codec: "H.264, 1280x720", isChange: true)
        case .audio: .audio(codec: "AAC, 48 kHz", isChange: true)
        case .gap: .gap(milliseconds: 800, unit: 90)
        case .framesLost: .framesLost(frame: 100, frames: 3)
        case .frameRepeated: .frameRepeated(frame: 100)
        case .framesDisordered: .framesDisordered(frame: 100, after: 102)
        case .sourceRestarted: .sourceRestarted(frame: 0, after: 102)
        case .timestampsBackwards: .timestampsBackwards(track: .video, milliseconds: 40, unit: 90)
        case .timestampRepeated: .timestampRepeated(track: .video, unit: 90)
        case .timestampsJumped: .timestampsJumped(track: .audio, milliseconds: 4000, unit: 90)
        case .outOfSync: .outOfSync(milliseconds: -80)
        case .undecodable: .undecodable(unit: 90)
        case .decoderTrouble: .decoderTrouble(text: "unsupported profile")
        }
    }
}

extension ServerHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .ready: .ready(address: "rtmp://127.0.0.1:1935/live", port: 1935)
        case .reconnectRequested: .reconnectRequested(publishers: 2)
        case .stopped: .stopped
        case .publishStarted: .publishStarted(stream: "live/show", peer: "127.0.0.1:40000")
        case .publishEnded:
            .publishEnded(
                stream: "live/show", peer: "127.0.0.1:40000", cause: .unpublished, videoMessages: 250,
                audioMessages: 400, bytes: 900_000)
        case .publishRefused: .publishRefused(stream: "live/show", peer: "127.0.0.1:40000", cause: .unknownKey)
        case .playStarted: .playStarted(stream: "live/show", peer: "127.0.0.1:40000")
        case .playEnded: .playEnded(stream: "live/show", peer: "127.0.0.1:40000", bytes: 900_000, shed: 3)
        case .connectionFailed: .connectionFailed(peer: "127.0.0.1:40000", text: "the handshake took too long")
        case .connectionRefused: .connectionRefused(peer: "127.0.0.1:40000", cause: .tooManyOfAddress)
        case .acceptingPaused: .acceptingPaused(text: "Too many open files")
        case .notListening: .notListening(text: "port 8080 is in use")
        case .certificateRead: .certificateRead
        case .certificateUnusable: .certificateUnusable(text: "it holds no key")
        case .playRefused: .playRefused(stream: "live/show", peer: "127.0.0.1:40000", cause: .expiredToken)
        case .secretsRead: .secretsRead
        case .secretsUnusable: .secretsUnusable(text: "it holds no secret")
        case .hookFailed: .hookFailed(text: "127.0.0.1:8000 has not answered in time")
        case .pullStarted: .pullStarted(stream: "live/show", server: "rtmp://a.example/live")
        case .pullEnded: .pullEnded(stream: "live/show", server: "rtmp://a.example/live", text: "nobody plays it")
        case .pullFailed: .pullFailed(stream: "live/show", server: "rtmp://a.example/live", text: "it does not answer")
        case .pushStarted: .pushStarted(stream: "live/show", server: "rtmp://a.example/live")
        case .pushEnded: .pushEnded(stream: "live/show", server: "rtmp://a.example/live", text: "it has ended here")
        case .pushFailed: .pushFailed(stream: "live/show", server: "rtmp://a.example/live", text: "it does not answer")
        case .eventsLeftOut: .eventsLeftOut(events: 1200)
        }
    }
}

extension ReporterHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .linesLost: .linesLost(lines: 12)
        }
    }
}

extension RoomHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .restored: .restored(room: "main", comments: 12)
        case .changed: .changed(fields: ["title", "size"])
        case .pinned: .pinned(text: "read the rules")
        case .unpinned: .unpinned
        case .paid: .paid(text: "well done", amount: "5.0 EUR")
        case .cleared: .cleared
        case .unsaved: .unsaved(path: "/state/main.json", text: "no space is left")
        case .saved: .saved
        case .damaged: .damaged(path: "/state/main.json.damaged")
        case .missing: .missing(comments: 12)
        }
    }
}

extension ChannelHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .joined: .joined(server: "irc.example:6697")
        case .saved: .saved(text: "the server closed the connection")
        case .cleared: .cleared(server: "irc.example:6697")
        case .selected: .selected(server: "irc.example:6697")
        case .restored: .restored(server: "irc.example:6697", milliseconds: 1200, comments: 3)
        case .failing: .failing(server: "irc.example:6697", text: "couldn't connect to server")
        case .rejected: .rejected(server: "irc.example:6697", text: "no such channel")
        case .moved: .moved(server: "irc.example:6697")
        case .gap: .gap(from: 1_790_000_000.25, until: 1_790_000_060)
        case .removed: .removed
        }
    }
}

extension SwitchHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .ready: .ready(address: "unix:/run/user/1000/bulkhead/switch-main.socket")
        case .abnormal: .abnormal(way: "pull", condition: "no-data 1s")
        case .clear: .clear(way: "pull")
        case .backupNotReady: .backupNotReady(way: "push")
        case .switching: .switching(former: "pull", way: "push", cause: "no-data 1s")
        case .stopUnconfirmed: .stopUnconfirmed(way: "pull")
        case .working:
            .working(way: "push", cause: "no-data 1s", milliseconds: 1400, detect: 1100, stop: 20, start: 80, idr: 200)
        case .startFailed: .startFailed(way: "push", text: "no IDR has come within 10 s")
        case .mode: .mode(mode: "hold")
        case .trouble: .trouble(text: "the broadcast can't be reached")
        case .publisherRefused: .publisherRefused(peer: "10.0.0.3", way: "push")
        case .stopped: .stopped
        }
    }
}

extension TimetableHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .ran: .ran(entry: "0 1 * * *", text: "scene night")
        case .failed:
            .failed(
                entry: "0 1 * * *", text: "scene night",
                reason: Reason("usage.unknown-scene", "there is no scene night"))
        case .missed: .missed(entry: "0 1 * * *", text: "scene night", from: 1_790_000_000)
        }
    }
}

extension OutputHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .black: .raised(.black, condition: "black 5s", seconds: 5.1, text: nil)
        case .frozen: .raised(.frozen, condition: "frozen 5s", seconds: 5.2, text: nil)
        case .silence: .raised(.silence, condition: "silence 10s", seconds: 10, text: nil)
        case .clipping: .raised(.clipping, condition: "clipping 2s", seconds: 2, text: nil)
        case .blackCleared: .cleared(.black, condition: "black 5s", seconds: 6)
        case .frozenCleared: .cleared(.frozen, condition: "frozen 5s", seconds: 6)
        case .silenceCleared: .cleared(.silence, condition: "silence 10s", seconds: 12)
        case .clippingCleared: .cleared(.clipping, condition: "clipping 2s", seconds: 3)
        case .loudness:
            .raised(.loudness, condition: "loudness off -23 by 2 for 10s", seconds: 10, text: "-18.1 LUFS")
        case .size: .raised(.size, condition: "size wrong 2s", seconds: 2, text: "640x360")
        case .keyframes: .raised(.keyframes, condition: "keyframes > 4s", seconds: 0, text: "4.2 s")
        case .bitrate: .raised(.bitrate, condition: "bitrate > 6M for 10s", seconds: 10, text: "7100.0 kb/s")
        case .loudnessCleared: .cleared(.loudness, condition: "loudness off -23 by 2 for 10s", seconds: 30)
        case .sizeCleared: .cleared(.size, condition: "size wrong 2s", seconds: 4)
        case .keyframesCleared: .cleared(.keyframes, condition: "keyframes > 4s", seconds: 60)
        case .bitrateCleared: .cleared(.bitrate, condition: "bitrate > 6M for 10s", seconds: 44)
        }
    }
}

extension NotifierHappening: Sampled {
    static func sample(of word: Word) -> Self {
        switch word {
        case .failing: .failing(target: "ops", text: "it answers HTTP 503")
        case .back: .back(target: "ops")
        case .rejected: .rejected(target: "ops", text: "it answers HTTP 404")
        case .dropped: .dropped(target: "ops", events: 3)
        }
    }
}
