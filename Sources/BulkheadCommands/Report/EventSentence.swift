package import BulkheadEvents
package import BulkheadModel

/// What happened as one lowercase phrase for a person, without the part's name; never holds a stream key.
///
/// Advice that names flags and commands stands here and nowhere below.
package enum EventSentence {
    package static func text(_ happening: Happening, of part: Part) -> String {
        switch happening {
        case .child(let happening): child(happening, part)
        case .master(let happening): master(happening)
        case .timeline(let happening): timeline(happening)
        case .encoder(let happening): encoder(happening)
        case .source(let happening): source(happening)
        case .pluginHost(let happening): pluginHost(happening)
        case .plugin(let happening): plugin(happening, part)
        case .link(let happening): link(happening)
        case .recording(let happening): RecordingText.sentence(happening)
        case .viewer(let happening): viewer(happening)
        case .server(let happening): ServerSentence.text(happening)
        case .reporter(let happening): reporter(happening)
        case .notifier(let happening): notifier(happening)
        case .room(let happening): room(happening)
        case .channel(let happening): channel(happening)
        case .switch(let happening): way(happening)
        case .output(let happening): output(happening)
        case .timetable(let happening): timetable(happening)
        case .unknown(let happening): happening.code
        }
    }

    private static func child(_ happening: ChildHappening, _ part: Part) -> String {
        switch happening {
        case .started(_, let isForeign): isForeign ? "connected" : "started"
        case .ready(_, let plugins): ready(plugins)
        case .died(_, let cause, _, _, let plugin, let call, _): died(cause, plugin, call)
        case .recovered(let milliseconds, _, let cause): "working again after \(milliseconds) ms (\(cause))"
        case .tookOver(_, let was, let frame): tookOver(was, frame)
        case .notReplaced(_, let cause): "not replaced: the next process ended (\(cause))"
        case .refused(let reason, let plugin): (plugin.map { "can't load plugin \($0): " } ?? "refused: ") + reason.text
        case .turnedAway(let pid, let cause): "turned process \(pid) away: \(cause)"
        case .restarting: "restarting as requested"
        case .said(let text, _): text
        }
    }

    private static func master(_ happening: MasterHappening) -> String {
        switch happening {
        case .listening(let address): "listening at \(address)"
        case .broadcastFailed(let reason): reason.text
        case .launchFailed(let reason): "can't start a child process: \(reason.text)"
        case .wallsMissing(let text): "the kernel lacks walls around children: \(text); see `bulkhead doctor`"
        case .strangerRefused(let uid, let pid):
            "turned process \(pid) (uid \(uid)) away from the control socket: it is another user's, or a child of this master"
        case .unreachable(let reason): "can't be reached by other commands: \(reason.text)"
        case .resumed(let broadcast, let frame, let seconds, let timeline):
            "resuming \(broadcast), \(number(seconds)) s after it was last heard of: "
                + (timeline == "fresh" ? "on a fresh timeline" : "it goes on with frame \(frame)")
        case .notResumed(let input, let text):
            "input \(input) is not resumed: \(text); `bulkhead input add` adds another"
        case .resumeUnsaved(let path, let text):
            "could not be resumed at the moment: \(text) (\(path)); check that disk's space and permissions"
        case .resumeSaved: "can be resumed again"
        case .resumeDamaged(let path, let text):
            "begins anew: what was kept of the last broadcast can't be read, as \(text); it was put aside: \(path)"
        case .resumeReplaced(let path):
            "begins anew, although the last broadcast of this name was interrupted; its record was put aside: \(path)"
        case .controlRoomReady(let address): "the control room is at \(address)"
        case .controlRoomEnded(let text): "the control room has ended, and is started again: \(text)"
        case .reloaded(_, let text): "the configuration was read again: \(text)"
        case .reloadPending(_, let text): "takes effect at the next start: \(text)"
        case .reloadIncomplete(_, let reason): "not done of what changed in the configuration: \(reason.text)"
        case .reloadRefused(_, let reason):
            "the configuration was not taken, and nothing has changed: \(reason.text); mend it, and `bulkhead reload`"
        case .summary(let summary, _): SummarySentence.text(summary)
        case .settingsIgnored(let text): "\(text); the interrupted broadcast is resumed all the same, as it was"
        }
    }

    private static func timeline(_ happening: TimelineHappening) -> String {
        switch happening {
        case .picture(let canvas, let framesPerSecond, let source):
            "the picture is \(canvas) at \(DecimalText.short(framesPerSecond)) fps, after input \(source) (--size and --fps change that)"
        case .copied(let canvas, let framesPerSecond, let source):
            "input \(source) is copied as it is, not encoded: \(canvas) at \(DecimalText.short(framesPerSecond)) fps"
        case .onAir: "on air"
        case .ending: "ending"
        case .gaveUp(let frames, let seconds):
            "gave up: the last \(CountText.text(frames, "frame")) couldn't be encoded within \(number(seconds)) s"
        case .lag(let milliseconds): "nothing ran for \(milliseconds) ms; the timeline continues from now"
        case .skipping(let cause): skipping(cause)
        case .keepingUp(let skipped): "the encoder keeps up again; \(CountText.text(skipped, "frame")) skipped so far"
        case .uneven(let repeated, let leftOut):
            "the live picture came unevenly: \(CountText.text(repeated, "frame")) repeated, "
                + "\(CountText.text(leftOut, "picture")) left out"
        case .stillStandingIn(let seconds, let from):
            "the slate still stands in for the input after \(RecordingText.span(seconds))\(since(from))"
        case .unmixed(let frames):
            "\(CountText.text(frames, "frame")) showed the main input alone: no mixer was in time"
        case .showing(let picture, let isStandIn): showing(picture, isStandIn)
        case .marked(let text, let frame): "marked \(text) at frame \(frame)"
        case .taken(let scene, let frame): "showing \(scene) from frame \(frame) on"
        case .sceneLacks(let scene, let input): "\(scene) shows \(input), and there is no such input; it is left out"
        case .slateUnusable(let path, let reason):
            "can't use the slate \(path): \(reason.text); showing the built-in slate"
        case .slateReaderDied(let cause): "the slate's reader ended (\(cause)); showing the built-in slate"
        case .slateUndrawn(let reason): "the slate is shown in plain letters: \(reason.text)"
        case .cardNoted(let text): text
        }
    }

    private static func encoder(_ happening: EncoderHappening) -> String {
        switch happening {
        case .waiting(let address, let isOnAir): waiting(address, isOnAir)
        case .bitrateSet(let bitsPerSecond): "video bitrate set to \(rate(bitsPerSecond))"
        case .bitrateRaised(let bitsPerSecond, let wanted): raised(bitsPerSecond, wanted)
        case .changed(let canvas, let preset, let frame, _):
            "encoding \(canvas) with preset \(preset) from frame \(frame) on"
        case .notChanged(let reason): "settings not changed: \(reason.text)"
        case .frameSkipped(let frame, let deaths):
            "frame \(frame) crashed \(CountText.text(deaths, "encoder")); skipping it"
        case .safeSettings: "encoders keep crashing; using safe settings (veryfast, baseline, no look-ahead)"
        case .wantedSettings: "trying the wanted settings again"
        case .slateBegan: "no encoder works; the slate is on air until one does"
        case .slateEnded(let frames):
            "an encoder works again; the slate went off air after \(CountText.text(frames, "frame"))"
        case .inLockstep(let frame, _): "encoding in lockstep from frame \(frame) on"
        case .differs:
            "two encoders in lockstep wrote different access units for the same frames; one of them computed wrongly"
        case .lockstepGivenUp:
            "encoders don't write the same access units with these settings; using a warm standby instead of lockstep "
                + "(with a VBV buffer, --encoder-threads 1 makes them deterministic)"
        }
    }

    private static func source(_ happening: SourceHappening) -> String {
        switch happening {
        case .opened(let summary): summary
        case .ended: "the input has ended"
        case .stillDown(let seconds, let from):
            "still gives nothing after \(RecordingText.span(seconds))\(since(from))"
        case .missing: "gives no picture; a card with its name stands in its place in the scene"
        case .back: "its picture is in the scene again"
        case .removed: "removed"
        case .renamed(let former): "the new name of \(former)"
        case .gaveUp(let reason): "given up: \(reason.text); `bulkhead input reopen` tries it again"
        case .unused(let unused, let isClosed):
            "its \(unused.joined(separator: " and ")) \(unused.count == 1 ? "is" : "are") not used, because an input named "
                + "before it has \(unused.count == 1 ? "one" : "both")\(isClosed ? "; closed" : "")"
        case .skipped(let positionSeconds, _, let isRepeated, let goal, let goalSeconds):
            skipped(positionSeconds, isRepeated, goal, goalSeconds)
        case .playing(let file, let title, let number, let count, let next):
            "plays \(title.map { "\($0) (\(file))" } ?? file), \(number) of \(count)"
                + (next.map { "; next \($0)" } ?? "; nothing follows")
        case .leftOut(_, let reason): "\(reason.text); it is left out"
        }
    }

    private static func pluginHost(_ happening: PluginHostHappening) -> String {
        switch happening {
        case .late(let plugins): "on air without \(plugins.joined(separator: ", ")): not loaded yet"
        case .unexplained: "crashed again between two plugin calls; --plugin-isolation each shows which plugin does it"
        }
    }

    private static func plugin(_ happening: PluginHappening, _ part: Part) -> String {
        switch happening {
        case .added(let frame): "added; works from frame \(frame) on"
        case .reloaded(let frame): "reloaded; the new library works from frame \(frame) on"
        case .removed: "removed from the chain"
        case .moved(let position): "moved to position \(position) in the chain"
        case .enabled: "enabled"
        case .disabled: "disabled"
        case .set(let parameters): "set \(parameters.joined(separator: ", "))"
        case .refused(let reason): "can't be loaded: \(reason.text)"
        case .quarantined(let cause, _, let seconds): "ended its host (\(cause)); left out for \(seconds) s"
        case .switchedOff(let cause, _):
            "ended its host again (\(cause)); off until `bulkhead plugin pardon \(part.name)`"
        case .endedItsHost: "ended its host's process while it was taken out"
        case .readmitted: "quarantine over; trying it again"
        case .pardoned: "pardoned; back in the chain"
        case .said(let text, _): text
        }
    }

    private static func link(_ happening: LinkHappening) -> String {
        switch happening {
        case .added: "added to the broadcast"
        case .removed: "removed from the broadcast"
        case .failed(let reason): reason.text
        case .connected(let server): "publishing to \(server)"
        case .accepted: "the server has accepted the stream"
        case .lost(let reason): "\(reason.text); trying again"
        case .stillLost(let seconds, let from, let reason):
            "still off the air after \(RecordingText.span(Double(seconds)))\(since(from)): \(reason.text)"
        case .saved(let servers, let answering, _, let silence):
            saved(servers, answering) + (silence.map { ": \($0)" } ?? "")
        case .cleared(let server): "\(server) answers; the broken connection has been closed"
        case .selected(let server, let choice): "chose \(server): \(choice)"
        case .restored(_, let gapMilliseconds, let backfillMilliseconds):
            "on air again after \(span(gapMilliseconds)), with \(span(backfillMilliseconds)) to catch up"
        case .stalled(let sign): stalled(sign)
        case .recovered: "the connection carries the stream again"
        case .congested(let bitsPerSecond, _): "can't keep up; video bitrate lowered to \(rate(bitsPerSecond))"
        case .serverAnswers(let server, let milliseconds): "\(server) answers again, in \(number(milliseconds)) ms"
        case .serverFailed(_, let reason): reason.text
        case .prepared(let server): "\(server) is ready to take over"
        case .moving(let server, let choice): "moving to \(server) at the next IDR: \(choice)"
        case .notMoved(let reason): "not moved: \(reason.text)"
        case .redirected(let server, let text):
            "the server asks to reconnect to \(server)" + (text.map { ": \($0)" } ?? "")
        case .redirectUnusable: "the server asks to reconnect to an address that can't be used"
        case .redirectFailed(let reason):
            "couldn't follow the server's redirect: \(reason.text); staying connected for now"
        case .renewed: "RTMP timestamps are about to run out; publishing again from 0"
        case .paused: "paused"
        case .resumed: "resumed"
        case .listening(let address): "waits for its caller at \(address)"
        }
    }

    private static func viewer(_ happening: ViewerHappening) -> String {
        switch happening {
        case .connected(let server): "watching \(server)"
        case .disconnected(let text): text
        case .unpublished: "the publisher has left"
        case .silent(let seconds): "nothing has arrived for \(seconds) s; the stream has ended"
        case .video(let codec, let isChange): configured("video", codec, isChange)
        case .audio(let codec, let isChange): configured("audio", codec, isChange)
        case .gap(let milliseconds, let unit): "no picture for \(milliseconds) ms, up to access unit \(unit)"
        case .framesLost(let frame, let frames): lost(frame, frames)
        case .frameRepeated(let frame): "frame \(frame) is shown again"
        case .framesDisordered(let frame, let after): "frame \(frame) comes after frame \(after)"
        case .sourceRestarted(let frame, let after):
            "the source started again: frame \(frame) comes after frame \(after)"
        case .timestampsBackwards(let track, let milliseconds, _):
            "\(track.rawValue) timestamps go back by \(milliseconds) ms"
        case .timestampRepeated(let track, _): "a \(track.rawValue) timestamp comes twice"
        case .timestampsJumped(let track, let milliseconds, _):
            "\(track.rawValue) timestamps jump by \(milliseconds) ms"
        case .outOfSync(let milliseconds): outOfSync(milliseconds)
        case .undecodable(let unit): "access unit \(unit) can't be decoded; further ones are only counted"
        case .decoderTrouble(let text): text
        }
    }

    private static func notifier(_ happening: NotifierHappening) -> String {
        switch happening {
        case .failing(let target, let text): "\(target) takes no notices: \(text); they wait"
        case .back(let target): "\(target) takes notices again"
        case .rejected(let target, let text):
            "\(target) refuses notices: \(text); check where it leads and what it expects"
        case .dropped(let target, let events):
            "\(CountText.text(events, "notice")) for \(target) lost: too many waited"
        }
    }

    private static func room(_ happening: RoomHappening) -> String {
        switch happening {
        case .restored(let room, let comments):
            "\(room) goes on as it was left, with \(CountText.text(comments, "comment")) so far"
        case .changed(let fields): "\(fields.joined(separator: ", ")) set"
        case .pinned(let text): "pinned: \(text)"
        case .unpinned: "nothing is pinned any more"
        case .paid(let text, let amount): "\(amount) for: \(text)"
        case .cleared: "comments were taken off the picture"
        case .unsaved(let path, let text): "not saved at \(path): \(text); it is tried again"
        case .saved: "saved again"
        case .damaged(let path):
            "the record could not be read, or is another version's: the room begins anew, and the old record lies at \(path)"
        case .missing(let comments):
            "the record is gone: the room begins anew, behind \(CountText.text(comments, "comment")) of its log"
        }
    }

    private static func channel(_ happening: ChannelHappening) -> String {
        switch happening {
        case .joined(let server): "joined at \(server)"
        case .saved(let text): "lost: \(text); how far it has come is saved"
        case .cleared(let server): "\(server) answers again"
        case .selected(let server): "\(server) is chosen, and takes it in"
        case .restored(let server, let milliseconds, let comments):
            "back at \(server) after \(milliseconds) ms, with \(CountText.text(comments, "comment")) from before"
        case .failing(let server, let text): "\(server) can't be joined: \(text); it is tried again"
        case .rejected(let server, let text):
            "\(server) does not want it: \(text); it is tried again in minutes, check account and channel"
        case .moved(let server): "moved to \(server), without a gap"
        case .gap(let from, let until):
            "comments may be missing: \(Int((until - from).rounded())) s, from \(clock(from)) to \(clock(until))"
        case .removed: "the configuration names it no more"
        }
    }

    private static func way(_ happening: SwitchHappening) -> String {
        switch happening {
        case .ready(let address): "takes commands at \(address)"
        case .abnormal(let way, let condition): "the \(way) is abnormal: \(condition)"
        case .clear(let way): "the \(way) is well again"
        case .backupNotReady(let way): "the \(way) is not ready: nothing can take over"
        case .switching(let former, let way, let cause): "from \(former) to \(way) (\(cause))"
        case .stopUnconfirmed(let way): "the \(way) has not said that it stopped; the other way is started"
        case .working(let way, let cause, let milliseconds, let detect, let stop, let start, let idr):
            "the \(way) is at work after \(milliseconds) ms: "
                + "detect \(detect), stop \(stop), start \(start), first IDR \(idr) (\(cause))"
        case .startFailed(let way, let text): "the \(way) could not be started: \(text)"
        case .mode(let mode): "set to \(mode)"
        case .trouble(let text): text
        case .publisherRefused(let peer, let way): "refused a \(way) by \(peer): the other way is at work"
        case .stopped: "stopped; the way at work goes on"
        }
    }

    private static func output(_ happening: OutputHappening) -> String {
        func words(_ sign: OutputHappening.Sign) -> String {
            switch sign {
            case .black: "the picture is black"
            case .frozen: "the picture stands still"
            case .silence: "the sound is silent"
            case .clipping: "the sound is clipped"
            case .loudness: "the loudness is off its target"
            case .size: "the picture has another size than it should"
            case .keyframes: "keyframes are too far apart"
            case .bitrate: "the bitrate is out of its limits"
            }
        }
        func span(_ seconds: Double) -> String { "\((min(max(0, seconds), 1e9) * 10).rounded() / 10) s" }
        return switch happening {
        case .raised(let sign, let condition, let seconds, let text):
            "\(words(sign))\(text.map { ": \($0)" } ?? ""), for \(span(seconds)) now (\(condition))"
        case .cleared(let sign, let condition, let seconds):
            "\(words(sign)) no more; it lasted \(span(seconds)) (\(condition))"
        }
    }

    private static func timetable(_ happening: TimetableHappening) -> String {
        switch happening {
        case .ran(let entry, let text): "\(text) (\(entry))"
        case .failed(let entry, let text, let reason): "\(text) (\(entry)) failed: \(reason.text)"
        case .missed(let entry, let text, let from): "missed at \(clock(from)): \(text) (\(entry))"
        }
    }

    private static func since(_ time: Double?) -> String { time.map { ", since \(clock($0))" } ?? "" }

    private static func clock(_ seconds: Double) -> String {
        EventLine.timestamp(seconds)
    }

    private static func reporter(_ happening: ReporterHappening) -> String {
        switch happening {
        case .linesLost(let lines): "\(CountText.text(lines, "line")) dropped: the output didn't take them in time"
        }
    }

    // MARK: phrases

    private static func ready(_ plugins: [String]?) -> String {
        guard let plugins else { return "ready" }
        return plugins.isEmpty ? "ready, without plugins" : "ready with \(plugins.joined(separator: ", "))"
    }

    private static func died(_ cause: String, _ plugin: String?, _ call: PluginCall?) -> String {
        let place = plugin.map { " in plugin \($0)" + (call.map { ", \(phrase($0))" } ?? "") } ?? ""
        return "ended: \(cause)\(place)"
    }

    private static func phrase(_ call: PluginCall) -> String {
        switch call {
        case .open: "while loading its library"
        case .create: "while creating an instance"
        case .destroy: "while destroying an instance"
        case .setParameter: "while setting a parameter"
        case .video: "while processing a picture"
        case .audio: "while processing audio"
        case .event: "while handling an event"
        }
    }

    private static func tookOver(_ was: Duty, _ frame: Int64?) -> String {
        let position = frame.map { " from frame \($0) on" } ?? ""
        return switch was {
        case .standby: "the standby took over\(position)"
        case .twin: "the twin in lockstep took over\(position)"
        case .next: "the next process took over\(position)"
        case .onAir, .retired: "took over\(position)"
        }
    }

    private static func skipping(_ cause: OverloadCause) -> String {
        switch cause {
        case .slowEncoder:
            "skipping frames: the encoder can't keep up; try a faster --preset, a smaller --size or a lower --fps"
        case .noEncoder: "skipping frames: no encoder has worked for too long"
        }
    }

    private static func showing(_ picture: ShownPicture, _ isStandIn: Bool) -> String {
        switch picture {
        case .picture: "showing the input"
        case .lastPicture: "showing the input's last picture"
        case .slate: isStandIn ? "showing the slate instead of the input" : "showing the slate"
        }
    }

    private static func waiting(_ address: String, _ isOnAir: Bool) -> String {
        "waiting for an encoder at \(address)"
            + (isOnAir
                ? "; the stream stands still until one connects"
                : ": start one with bulkhead-encoder --connect \(address)")
    }

    private static func raised(_ bitsPerSecond: Int, _ wanted: Int) -> String {
        bitsPerSecond == wanted
            ? "video bitrate back at \(rate(bitsPerSecond))"
            : "the links can carry more; video bitrate raised to \(rate(bitsPerSecond))"
    }

    private static func skipped(
        _ positionSeconds: Double, _ isRepeated: Bool, _ goal: SkipGoal, _ goalSeconds: Double?
    ) -> String {
        let place =
            switch goal {
            case .position: goalSeconds.map { "\(number($0)) s" } ?? "a later position"
            case .nextPass: "the start of the next loop"
            case .nextFile: "the next file of the list"
            case .end: "its end"
            }
        return "crashed \(isRepeated ? "again" : "twice") at \(number(positionSeconds)) s; skipping to \(place)"
    }

    private static func saved(_ servers: Int, _ answering: Int) -> String {
        let state = "saved the stream's state"
        guard servers != 1 else { return state }
        return "\(state); \(answering) of \(servers) servers answer" + (answering < 2 ? ", fewer than two" : "")
    }

    private static func stalled(_ sign: StallSign) -> String {
        let sign =
            switch sign {
            case .noAnswer: "the server's host doesn't answer"
            case .notReading: "the server has stopped reading"
            case .notAcknowledging: "the server has stopped acknowledging"
            case .notAnswering: "the server has stopped answering"
            }
        return "\(sign); the connection may be lost"
    }

    private static func configured(_ track: String, _ codec: String, _ isChange: Bool) -> String {
        isChange ? "the \(track) configuration changed: \(codec)" : "the \(track) is \(codec)"
    }

    private static func lost(_ frame: Int64, _ frames: Int) -> String {
        guard frames > 1 else { return "frame \(frame) is missing" }
        return "frames \(frame) to \(frame.addingReportingOverflow(Int64(frames - 1)).partialValue) are missing"
    }

    private static func outOfSync(_ milliseconds: Int) -> String {
        "the audio is \(milliseconds.magnitude) ms \(milliseconds > 0 ? "late" : "early")"
    }

    // MARK: numbers

    private static func rate(_ bitsPerSecond: Int) -> String { "\(bitsPerSecond / 1000) kbit/s" }

    private static func span(_ milliseconds: Int) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\(number(Double(milliseconds) / 1000)) s"
    }

    /// At most one decimal place.
    private static func number(_ number: Double) -> String {
        let text = DecimalText.text(number, places: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
