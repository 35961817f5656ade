/// A change of how the program sounds.
package enum SoundChange: Codable, Hashable, Sendable {
    /// What is done with the sound of an input, which goes by its number or name; whether it is heard now or later.
    case strip(String, StripSettings)
    /// What is done with all sounds together.
    case program(ProgramSoundSettings)
}

extension StripSettings {
    /// Checks what the control socket brought.
    /// - Throws: kind `control`, naming the first number that is out of range.
    package func check() throws(BroadcastError) {
        let outside =
            !SettingRange.gainDecibels.contains(gain.value)
            ? ("gain", "at most 24 dB")
            : !SettingRange.pan.contains(pan)
                ? ("pan", "-1 (left) to 1 (right)")
                : !SettingRange.soundDelaySeconds.contains(delaySeconds)
                    ? ("delay", "0 to 2 seconds")
                    : ducking?.isInRange == false ? ("duck", "0 to 90 dB of depth, and 0 to 10 seconds") : nil
        if let (name, range) = outside { throw .outOfRange(name, range) }
    }
}

extension ProgramSoundSettings {
    /// Checks what the control socket brought.
    /// - Throws: kind `control`, naming the first number that is out of range.
    package func check() throws(BroadcastError) {
        guard SettingRange.ceilingDecibels.contains(ceiling.value) else {
            throw .outOfRange("ceiling", "-20 to 0 dBTP")
        }
        guard target?.isInRange ?? true else { throw .outOfRange("loudness", "-40 to -8 LUFS") }
    }
}

extension BroadcastError {
    fileprivate static func outOfRange(_ name: String, _ range: String) -> BroadcastError {
        BroadcastError(
            code: .settingOutOfRange, ["setting": name], "\(name) is outside its range", advice: "it takes \(range)")
    }
}
