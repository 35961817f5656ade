/// What stands in for an input, and when.
package struct BackupSettings: Codable, Hashable, Sendable {
    /// In the order in which they are tried. They have no backups of their own.
    package var inputs: [InputSettings]
    /// They are opened only once they are needed.
    package var isCold = false
    /// When the input, or the backup that stands in for it, is left.
    package var conditions: [SwitchCondition] = BackupSettings.standardConditions
    /// Whether the program goes back to the input once it could.
    package var policy = ReturnPolicy.return
    /// How long the input has to be well before the program returns to it, in milliseconds.
    package var clearMilliseconds = 5000
    /// How long what is shown is shown at least, in milliseconds; up to where that grows with each automatic switch.
    package var dwellMilliseconds = 10_000
    package var longestDwellMilliseconds = 300_000
    /// How long what is to be shown may take until its first picture, in milliseconds.
    package var startMilliseconds = 5000

    package static let mostInputs = 8
    package static let standardConditions = [SwitchCondition(.noData, milliseconds: 1000)]

    package init(_ inputs: [InputSettings]) { self.inputs = inputs }

    /// Whether what another process says of it makes sense.
    package var isInRange: Bool {
        (1...Self.mostInputs).contains(inputs.count) && inputs.allSatisfy { $0.backup == nil && $0.url != "-" }
            && conditions.count <= 64 && conditions.allSatisfy(\.fitsInputs)
            && [clearMilliseconds, dwellMilliseconds, longestDwellMilliseconds].allSatisfy {
                (0...86_400_000).contains($0)
            } && (100...300_000).contains(startMilliseconds)
    }

    /// By what a switch over the input and its backups decides.
    package var rules: SwitchRules {
        var rules = SwitchRules()
        rules.ways = [.main] + inputs.indices.map { Way.backup($0 + 1) }
        rules.preferred = .main
        rules.policy = policy
        for way in rules.ways { rules.conditions[way] = conditions }
        rules.periodMilliseconds = 250
        rules.clearMilliseconds = clearMilliseconds
        rules.dwellMilliseconds = dwellMilliseconds
        rules.longestDwellMilliseconds = longestDwellMilliseconds
        rules.startMilliseconds = startMilliseconds
        rules.settleMilliseconds = 2000
        rules.idleAreWatched = true
        rules.awaited = "picture"
        return rules
    }
}

extension SwitchCondition {
    /// Whether it is known of an input whether it meets the condition.
    package var fitsInputs: Bool {
        switch sign {
        case .noData, .offAir, .black, .frozen, .silence, .clipping, .framesPerSecond, .failures, .drops: true
        case .loudness, .integratedLoudness, .keyframes, .size(.not), .size(.over): true
        case .bitrate(.number), .excessBitrate(.number): true
        // No input says what its bitrate or its size should be, its process answers for it, and nothing of it waits.
        case .bitrate(.percent), .excessBitrate(.percent), .size(.wrong), .reportMissing, .queue: false
        }
    }

    /// Whether it is about what a program looks and sounds like.
    package var isOfContent: Bool {
        switch sign {
        case .black, .frozen, .silence, .clipping, .loudness, .integratedLoudness: true
        case .noData, .offAir, .framesPerSecond, .failures, .bitrate, .excessBitrate, .size, .keyframes, .drops,
            .reportMissing, .queue:
            false
        }
    }

    /// Whether it is about the encoded stream of a program.
    package var isOfStream: Bool {
        switch sign {
        case .size, .keyframes, .bitrate, .excessBitrate: true
        case .black, .frozen, .silence, .clipping, .loudness, .integratedLoudness, .noData, .offAir, .framesPerSecond,
            .failures, .drops, .reportMissing, .queue:
            false
        }
    }

    /// Whether it is known of what goes out whether it meets the condition.
    package var fitsOutput: Bool { isOfContent || isOfStream }

    /// Whether it is about the loudness, which costs more to know than the rest.
    package var isOfLoudness: Bool {
        switch sign {
        case .loudness, .integratedLoudness: true
        default: false
        }
    }

    /// Whether it is known of what goes to one platform whether it meets the condition: what that has limits for.
    package var fitsLinks: Bool { isOfStream }

    /// Reads several, with commas between them: `black 5s, silence 10s`; `off` for none.
    /// - Returns: nil where one of them can't be read.
    package static func list(_ text: String) -> [SwitchCondition]? {
        if text == "off" { return [] }
        var conditions: [SwitchCondition] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard conditions.count < 64, let condition = try? SwitchCondition(String(word)) else { return nil }
            if !conditions.contains(condition) { conditions.append(condition) }
        }
        return conditions
    }
}

/// What stands in for an input at the moment, as a user sees it.
package struct InputBackupStatus: Codable, Hashable, Sendable {
    /// What is shown: `main`, `backup`, `backup-2`.
    package var way: Way
    /// `auto`, `hold`, or the way that a person has chosen.
    package var mode: SwitchMode
    /// `working`, or what a switch is about to do.
    package var phase: String
    /// The condition that what is shown meets; missing for none.
    package var abnormal: SwitchCondition?
    /// Which of the ways could be shown at once.
    package var ready: [Way]
    /// How long the last switch took; missing before the first.
    package var last: SwitchTimes?

    package init(
        way: Way, mode: SwitchMode, phase: String, abnormal: SwitchCondition?, ready: [Way], last: SwitchTimes?
    ) {
        self.way = way
        self.mode = mode
        self.phase = phase
        self.abnormal = abnormal
        self.ready = ready
        self.last = last
    }
}
