/// How loud the sound of one input is.
package struct StripLevels: Codable, Hashable, Sendable {
    /// The largest sample of the last 400 ms, in dBFS.
    package var peak: Decibels
    /// Over both channels and the last 400 ms, in dBFS: −3.01 for a sine at full scale.
    package var rms: Decibels
    /// Of the last 400 ms, in LUFS (EBU Tech 3341).
    package var momentary: Decibels

    /// Levels of silence, but for what is given.
    package init(peak: Decibels = .silence, rms: Decibels = .silence, momentary: Decibels = .silence) {
        self.peak = peak
        self.rms = rms
        self.momentary = momentary
    }

    /// The levels behind a gain.
    package func raised(by gain: Decibels) -> StripLevels {
        StripLevels(peak: peak + gain, rms: rms + gain, momentary: momentary + gain)
    }
}

/// How loud the program is.
package struct ProgramLevels: Codable, Hashable, Sendable {
    /// Peak, RMS and momentary loudness.
    package var now: StripLevels
    /// Of the last 3 s, in LUFS (EBU Tech 3341); silence until there are so many.
    package var shortTerm: Decibels
    /// Of all that was measured, with the gates of ITU-R BS.1770-4, in LUFS.
    package var integrated: Decibels
    /// In LU (EBU Tech 3342); 0 until it can be said.
    package var range: Double
    /// The largest true peak of all that was measured, in dBTP (ITU-R BS.1770-4, annex 2).
    package var truePeak: Decibels
    /// How much was measured, to a tenth of a second.
    package var seconds: Double

    /// Levels of a program of which nothing was measured, but for what is given.
    package init(
        now: StripLevels = StripLevels(), shortTerm: Decibels = .silence, integrated: Decibels = .silence,
        range: Double = 0, truePeak: Decibels = .silence, seconds: Double = 0
    ) {
        self.now = now
        self.shortTerm = shortTerm
        self.integrated = integrated
        self.range = range
        self.truePeak = truePeak
        self.seconds = seconds
    }
}

/// The sound of one input as a user sees it.
package struct StripStatus: Codable, Hashable, Sendable {
    /// Whose sound it is.
    package var input: InputID
    /// The input's name.
    package var name: String
    /// What was asked for.
    package var settings: StripSettings
    /// Behind the gain, whether it is heard or not.
    package var levels: StripLevels
    /// Neither muted, nor silent for one that is solo, nor on its way out.
    package var isHeard: Bool
    /// By how much it is turned down under another input at the moment, in dB.
    package var duckedDecibels: Double

    /// The status of a strip, by default of one that makes no room for another.
    package init(
        input: InputID, name: String, settings: StripSettings, levels: StripLevels, isHeard: Bool,
        duckedDecibels: Double = 0
    ) {
        self.input = input
        self.name = name
        self.settings = settings
        self.levels = levels
        self.isHeard = isHeard
        self.duckedDecibels = duckedDecibels
    }
}

/// The sound of the program as a user sees it.
package struct ProgramSoundStatus: Codable, Hashable, Sendable {
    /// What was asked for.
    package var settings: ProgramSoundSettings
    /// What goes out.
    package var levels: ProgramLevels
    /// By how much the limiter turns down at the moment, in dB.
    package var limitedDecibels: Double
    /// By how much the program is raised towards the target, in dB; negative where it is lowered.
    package var leveledDecibels: Double
    /// The inputs' sound, in the order in which they came.
    package var strips: [StripStatus]

    /// The status of a program, by default of one that is neither limited nor leveled.
    package init(
        settings: ProgramSoundSettings = ProgramSoundSettings(), levels: ProgramLevels, limitedDecibels: Double = 0,
        leveledDecibels: Double = 0, strips: [StripStatus] = []
    ) {
        self.settings = settings
        self.levels = levels
        self.limitedDecibels = limitedDecibels
        self.leveledDecibels = leveledDecibels
        self.strips = strips
    }
}
