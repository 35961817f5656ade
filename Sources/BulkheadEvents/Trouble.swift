package import BulkheadModel

/// Something that is wrong for a while, with one event at its beginning and one at its end.
package struct Trouble: Hashable, Sendable {
    /// The role of the part that has it.
    package let role: Part.Role
    /// The part's number; 0 where another process with another number may end the trouble.
    package let id: Int
    /// Tells parts apart that numbers don't: processes of one role, lanes of a link.
    package let place: String
    /// What is wrong: one part may have several troubles.
    package let kind: String

    package init(_ part: Part, _ kind: String) {
        role = part.role
        self.kind = kind
        switch part.role {
        case .encoder, .slateEncoder, .pluginHost, .mixer, .recorder, .notifier, .chat, .origin, .srt:
            (id, place) = (0, part.name)
        default: (id, place) = (part.id, part.lane.map { "lane \($0)" } ?? "")
        }
    }
}

/// What an event says of troubles that last.
package struct TroubleNews: Hashable, Sendable {
    /// It begins, or is told in other words.
    package var begins: Trouble?
    /// One that has begun before is still there.
    package var goesOn = false
    /// They are over.
    package var ends: [Trouble] = []

    package init(begins: Trouble? = nil, goesOn: Bool = false, ends: [Trouble] = []) {
        self.begins = begins
        self.goesOn = goesOn
        self.ends = ends
    }
}

extension Event {
    /// What the event says of troubles that last; nothing for an event that stands for itself.
    package var trouble: TroubleNews {
        switch happening {
        case .child(let happening): child(happening)
        case .master(let happening): master(happening)
        case .timeline(let happening): timeline(happening)
        case .encoder(let happening): encoder(happening)
        case .source(let happening): source(happening)
        case .plugin(let happening): plugin(happening)
        case .link(let happening): link(happening)
        case .recording(let happening): recording(happening)
        case .notifier(let happening): notifier(happening)
        case .room(.unsaved): begins("unsaved")
        case .room(.saved): ends("unsaved")
        case .channel(.saved), .channel(.failing), .channel(.rejected): begins("down")
        case .channel(.joined), .channel(.restored), .channel(.removed): ends("down")
        case .switch(.abnormal(let way, _)): begins("abnormal \(way)")
        case .switch(.clear(let way)): ends("abnormal \(way)")
        case .output(.raised(let sign, let condition, _, _)): begins("\(sign.rawValue) \(condition)")
        case .output(.cleared(let sign, let condition, _)): ends("\(sign.rawValue) \(condition)")
        case .room, .channel, .switch, .pluginHost, .timetable, .viewer, .server, .reporter, .unknown: TroubleNews()
        }
    }

    private func begins(_ kind: String, ending ended: String...) -> TroubleNews {
        TroubleNews(begins: Trouble(part, kind), ends: ended.map { Trouble(part, $0) })
    }

    private func ends(_ kinds: String...) -> TroubleNews { TroubleNews(ends: kinds.map { Trouble(part, $0) }) }

    private func child(_ happening: ChildHappening) -> TroubleNews {
        switch happening {
        // What stands by and dies is missed by nobody. That an SRT sender has died is its link's trouble.
        case .died where part.duty == .onAir && part.role != .srt: begins("ended")
        case .recovered where part.duty == .onAir: ends("ended")
        case .refused where part.role == .source: begins("ended")
        default: TroubleNews()
        }
    }

    private func master(_ happening: MasterHappening) -> TroubleNews {
        switch happening {
        case .resumeUnsaved: begins("resume-unsaved")
        case .resumeSaved: ends("resume-unsaved")
        case .controlRoomEnded: begins("control-room")
        case .controlRoomReady: ends("control-room")
        case .reloadRefused, .reloadIncomplete: begins("reload")
        case .reloaded: ends("reload")
        default: TroubleNews()
        }
    }

    private func timeline(_ happening: TimelineHappening) -> TroubleNews {
        switch happening {
        case .showing(_, isStandIn: true): begins("stand-in")
        case .showing(_, isStandIn: false): ends("stand-in")
        case .stillStandingIn: TroubleNews(goesOn: true)
        case .skipping: begins("skipping")
        case .keepingUp: ends("skipping")
        default: TroubleNews()
        }
    }

    private func encoder(_ happening: EncoderHappening) -> TroubleNews {
        switch happening {
        case .slateBegan: begins("slate")
        case .slateEnded: ends("slate")
        case .safeSettings: begins("safe-settings")
        case .wantedSettings: ends("safe-settings")
        default: TroubleNews()
        }
    }

    private func source(_ happening: SourceHappening) -> TroubleNews {
        switch happening {
        case .missing: begins("missing")
        case .back: ends("missing")
        case .stillDown: TroubleNews(goesOn: true)
        case .gaveUp: begins("gave-up", ending: "ended")
        case .opened: ends("ended", "gave-up")
        case .removed, .ended: ends("ended", "missing", "gave-up")
        default: TroubleNews()
        }
    }

    private func plugin(_ happening: PluginHappening) -> TroubleNews {
        switch happening {
        case .refused: begins("refused")
        case .quarantined: begins("quarantine")
        case .switchedOff: begins("off", ending: "quarantine")
        case .readmitted: ends("quarantine")
        case .pardoned, .removed, .reloaded: ends("quarantine", "off", "refused")
        default: TroubleNews()
        }
    }

    private func link(_ happening: LinkHappening) -> TroubleNews {
        switch happening {
        case .lost: begins("down", ending: "stalled")
        // How it goes on is the same trouble in other words, where it is worth a word.
        case .saved where level > .notice: begins("down")
        case .stillLost: TroubleNews(goesOn: true)
        case .failed: begins("failed", ending: "down", "stalled")
        case .connected, .restored, .paused: ends("down", "stalled")
        case .removed:
            // What wrote its file has gone with it.
            TroubleNews(
                ends: ["down", "stalled", "failed"].map { Trouble(part, $0) } + [
                    Trouble(.recorder(0, name: "recorder of \(part.name)"), "ended")
                ])
        case .added: ends("failed")
        case .stalled: begins("stalled")
        case .recovered: ends("stalled")
        default: TroubleNews()
        }
    }

    private func recording(_ happening: RecordingHappening) -> TroubleNews {
        func kind(_ trouble: RecordingTrouble, _ subject: RecordingSubject) -> String {
            "\(subject.rawValue) \(trouble.rawValue)"
        }
        return switch happening {
        case .trouble(let trouble, let subject, _, _, _, _, _): begins(kind(trouble, subject))
        case .stillTroubled: TroubleNews(goesOn: true)
        case .cleared(let trouble, let subject, _, _): ends(kind(trouble, subject))
        default: TroubleNews()
        }
    }

    private func notifier(_ happening: NotifierHappening) -> TroubleNews {
        switch happening {
        case .failing(let target, _), .rejected(let target, _): begins("target \(target)")
        case .back(let target): ends("target \(target)")
        case .dropped: TroubleNews()
        }
    }
}
