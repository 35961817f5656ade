/// How the sound of one input is turned down while another input is heard.
package struct DuckingSettings: Codable, Hashable, Sendable {
    /// The name of the input that is to be heard.
    package var under: String
    /// From this level on, behind its gain, the other input counts as heard: a sample's peak against full scale.
    package var threshold = Decibels(-40)
    /// By how much this input is turned down, in dB.
    package var depthDecibels = 12.0
    /// How long turning down takes.
    package var attackSeconds = 0.05
    /// How long this input stays turned down when the other one falls silent.
    package var holdSeconds = 0.5
    /// How long turning up again takes.
    package var releaseSeconds = 1.0

    /// Standard values for all but the name of the other input.
    package init(under: String) { self.under = under }

    /// What is not said has its standard value.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let standard = Self(under: try container.decode(String.self, forKey: .under))
        under = standard.under
        threshold = try container.decodeIfPresent(Decibels.self, forKey: .threshold) ?? standard.threshold
        depthDecibels = try container.decodeIfPresent(Double.self, forKey: .depthDecibels) ?? standard.depthDecibels
        attackSeconds = try container.decodeIfPresent(Double.self, forKey: .attackSeconds) ?? standard.attackSeconds
        holdSeconds = try container.decodeIfPresent(Double.self, forKey: .holdSeconds) ?? standard.holdSeconds
        releaseSeconds = try container.decodeIfPresent(Double.self, forKey: .releaseSeconds) ?? standard.releaseSeconds
    }

    /// Whether its numbers can be counted with.
    package var isInRange: Bool {
        SettingRange.duckingThresholdDecibels.contains(threshold.value)
            && SettingRange.duckingDepthDecibels.contains(depthDecibels)
            && [attackSeconds, holdSeconds, releaseSeconds].allSatisfy(SettingRange.duckingSeconds.contains)
    }
}

/// What the mix does with the sound of one input.
package struct StripSettings: Codable, Hashable, Sendable {
    /// −∞ to +24 dB.
    package var gain = Decibels(0)
    /// It is not heard.
    package var isMuted = false
    /// All inputs without it are not heard, as long as one has it.
    package var isSolo = false
    /// From −1, left alone, to 1, right alone. Stereo is balanced: the far side is turned down. Of an input that is mono,
    /// the one sound is placed, with the same power everywhere.
    package var pan = 0.0
    /// Both channels are taken as one: for a microphone that is on one side only.
    package var isMono = false
    /// How much later it is heard.
    package var delaySeconds = 0.0
    /// Whom it makes room for; nil for nobody.
    package var ducking: DuckingSettings?

    /// Sound as it is.
    package init() {}

    /// What is not said has its standard value.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        gain = try container.decodeIfPresent(Decibels.self, forKey: .gain) ?? 0
        isMuted = try container.decodeIfPresent(Bool.self, forKey: .isMuted) ?? false
        isSolo = try container.decodeIfPresent(Bool.self, forKey: .isSolo) ?? false
        pan = try container.decodeIfPresent(Double.self, forKey: .pan) ?? 0
        isMono = try container.decodeIfPresent(Bool.self, forKey: .isMono) ?? false
        delaySeconds = try container.decodeIfPresent(Double.self, forKey: .delaySeconds) ?? 0
        ducking = try container.decodeIfPresent(DuckingSettings.self, forKey: .ducking)
    }

    /// Whether its numbers can be counted with.
    package var isInRange: Bool {
        SettingRange.gainDecibels.contains(gain.value) && SettingRange.pan.contains(pan)
            && SettingRange.soundDelaySeconds.contains(delaySeconds) && ducking?.isInRange ?? true
    }
}

/// The loudness that the program is slowly brought to.
package struct LoudnessTarget: Codable, Hashable, Sendable {
    /// In LUFS: −23 is EBU R128's, −14 what large live servers play at.
    package var loudness = Decibels(-23)
    /// The program is raised by no more, in dB.
    package var mostRaisedDecibels = 6.0
    /// The program is lowered by no more, in dB.
    package var mostLoweredDecibels = 12.0
    /// How fast the program is brought there.
    package var decibelsPerSecond = 0.5

    /// Standard values.
    package init() {}

    /// What is not said has its standard value.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let standard = Self()
        loudness = try container.decodeIfPresent(Decibels.self, forKey: .loudness) ?? standard.loudness
        mostRaisedDecibels =
            try container.decodeIfPresent(Double.self, forKey: .mostRaisedDecibels) ?? standard.mostRaisedDecibels
        mostLoweredDecibels =
            try container.decodeIfPresent(Double.self, forKey: .mostLoweredDecibels) ?? standard.mostLoweredDecibels
        decibelsPerSecond =
            try container.decodeIfPresent(Double.self, forKey: .decibelsPerSecond) ?? standard.decibelsPerSecond
    }

    /// Whether its numbers can be counted with.
    package var isInRange: Bool {
        SettingRange.targetLoudness.contains(loudness.value)
            && SettingRange.levelingDecibels.contains(mostRaisedDecibels)
            && SettingRange.levelingDecibels.contains(mostLoweredDecibels)
            && SettingRange.levelingDecibelsPerSecond.contains(decibelsPerSecond)
    }
}

/// What is done with the sound of all inputs together.
package struct ProgramSoundSettings: Codable, Hashable, Sendable {
    /// Whether the ceiling is kept.
    package var isLimited = true
    /// What the program's true peak stays below, in dBTP.
    package var ceiling = Decibels(-1)
    /// Nil leaves the loudness as it is.
    package var target: LoudnessTarget?

    /// A limiter at −1 dBTP, and no target.
    package init() {}

    /// What is not said has its standard value.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        isLimited = try container.decodeIfPresent(Bool.self, forKey: .isLimited) ?? true
        ceiling = try container.decodeIfPresent(Decibels.self, forKey: .ceiling) ?? -1
        target = try container.decodeIfPresent(LoudnessTarget.self, forKey: .target)
    }

    /// Whether its numbers can be counted with.
    package var isInRange: Bool {
        SettingRange.ceilingDecibels.contains(ceiling.value) && target?.isInRange ?? true
    }
}
