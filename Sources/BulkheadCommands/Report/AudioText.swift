package import BulkheadModel

/// The sound of a broadcast for a person.
package enum AudioText {
    private static let programName = "program"
    /// The lowest level that a bar shows, in dBFS.
    private static let floor = -60.0

    // MARK: lines

    /// One line for each input that has sound, and one for the program.
    package static func list(_ sound: ProgramSoundStatus) -> [String] {
        let width = nameWidth(sound)
        let strips = sound.strips.map { strip in
            "\(padded(strip.name, width))  \(words(strip).joined(separator: ", ")); \(levels(strip.levels))"
        }
        return
            (strips + [
                "\(padded(programName, width))  \(words(sound).joined(separator: ", ")); \(levels(sound.levels))"
            ])
            .map(EventLine.clean)
    }

    /// What is done with an input's sound: its gain, and all that is not as it comes.
    package static func words(_ strip: StripStatus) -> [String] {
        let isUnheard = !strip.isHeard && !strip.settings.isMuted
        return words(strip.settings, isUnheard: isUnheard)
    }

    /// What is asked for of an input's sound: its gain, and all that is not as it comes.
    static func words(_ settings: StripSettings, isUnheard: Bool = false) -> [String] {
        var words = ["gain \(decibels(settings.gain))"]
        if settings.isMuted { words.append("muted") }
        if settings.isSolo { words.append("solo") }
        if isUnheard { words.append("not heard") }
        if settings.pan != 0 {
            words.append("pan \(percent(abs(settings.pan))) \(settings.pan < 0 ? "left" : "right")")
        }
        if settings.isMono { words.append("mono") }
        if settings.delaySeconds > 0 { words.append("delay \(Int((settings.delaySeconds * 1000).rounded())) ms") }
        if let ducking = settings.ducking {
            words.append("\(DecimalText.short(ducking.depthDecibels)) dB down under \(ducking.under)")
        }
        return words
    }

    /// What is done with the sound of the program.
    private static func words(_ sound: ProgramSoundStatus) -> [String] {
        let settings = sound.settings
        let limiter = settings.isLimited ? "limiter \(number(settings.ceiling)) dBTP" : "no limiter"
        return [limiter] + (settings.target.map { ["target \(number($0.loudness)) LUFS"] } ?? [])
    }

    private static func levels(_ levels: StripLevels) -> String {
        guard levels.peak != .silence else { return "silent" }
        return "peak \(number(levels.peak)), RMS \(number(levels.rms)), M \(number(levels.momentary)) LUFS"
    }

    private static func levels(_ levels: ProgramLevels) -> String {
        "\(self.levels(levels.now)), S \(number(levels.shortTerm)), I \(number(levels.integrated)) LUFS, "
            + "true peak \(number(levels.truePeak)) dBTP"
    }

    // MARK: bars

    /// The same as bars over `width` columns, for a terminal that shows them again and again.
    package static func bars(_ sound: ProgramSoundStatus, width: Int) -> [String] {
        let nameWidth = min(nameWidth(sound), 20)
        let room = max(10, min(60, width - nameWidth - 36))
        let strips = sound.strips.map { strip in
            let flags = words(strip).dropFirst()
            let ducked = strip.duckedDecibels >= 0.1 ? ["ducked \(number(Decibels(-strip.duckedDecibels)))"] : []
            return
                "\(padded(strip.name, nameWidth)) \(bar(strip.levels, room)) \((flags + ducked).joined(separator: ", "))"
        }
        let limited = sound.limitedDecibels >= 0.1 ? ", limited \(number(Decibels(-sound.limitedDecibels)))" : ""
        let levels = sound.levels
        let program =
            "\(padded(programName, nameWidth)) \(bar(levels.now, room)) M \(number(levels.now.momentary)) "
            + "S \(number(levels.shortTerm)) I \(number(levels.integrated)) LUFS, "
            + "true peak \(number(levels.truePeak))\(limited)"
        return (strips + [program]).map { String(EventLine.clean($0).prefix(max(1, width - 1))) }
    }

    /// RMS as `=`, up to the peak as `-`: `[=======---     ]  -9.1`.
    private static func bar(_ levels: StripLevels, _ room: Int) -> String {
        let (loud, peak) = (place(levels.rms, room), place(levels.peak, room))
        let cells =
            String(repeating: "=", count: loud) + String(repeating: "-", count: max(0, peak - loud))
            + String(repeating: " ", count: room - max(loud, peak))
        let text = number(levels.peak)
        return "[\(cells)] \(String(repeating: " ", count: max(0, 5 - text.count)))\(text)"
    }

    private static func place(_ level: Decibels, _ room: Int) -> Int {
        let share = (max(level.value, floor) - floor) / -floor
        return min(room, max(0, Int((share * Double(room)).rounded())))
    }

    // MARK: words

    private static func nameWidth(_ sound: ProgramSoundStatus) -> Int {
        (sound.strips.map(\.name.count) + [programName.count]).max() ?? 0
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text.count >= width ? String(text.prefix(width)) : text + String(repeating: " ", count: width - text.count)
    }

    private static func decibels(_ gain: Decibels) -> String { "\(gain.value > 0 ? "+" : "")\(number(gain)) dB" }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    /// With one decimal place: `-9.1`, `-inf`.
    private static func number(_ level: Decibels) -> String {
        guard level != .silence else { return "-inf" }
        let text = DecimalText.text(abs(level.value), places: 1)
        return level.value < 0 && text != "0.0" ? "-" + text : text
    }
}
