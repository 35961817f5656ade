package import BulkheadModel

/// Changes the sound as a user has written it: `gain=-6 mute=on pan=-0.3 delay=80ms duck=mic,depth=12`.
package enum AudioWords {
    /// What a strip has.
    static let stripKeys = ["gain", "mute", "solo", "pan", "mono", "delay", "duck"]
    /// What ducking has besides the input that is made room for.
    static let duckKeys = ["depth", "threshold", "attack", "hold", "release"]
    /// What people write for a key with a value.
    private static let bareWords = [
        "mute": ("mute", "on"), "unmute": ("mute", "off"), "solo": ("solo", "on"), "unsolo": ("solo", "off"),
        "mono": ("mono", "on"), "stereo": ("mono", "off"),
    ]
    private static let programKeys = ["limiter", "ceiling", "loudness"]

    // MARK: strips

    /// Changes what is done with an input's sound as a word says.
    /// - Throws: kind `usage`, with nothing changed.
    package static func change(_ settings: inout StripSettings, _ word: String) throws(BroadcastError) {
        if let (key, value) = bareWords[word.lowercased()] { return try change(&settings, "\(key)=\(value)") }
        let (key, value) = try pair(word, such: "gain=-6")
        switch key {
        case "gain": settings.gain = try decibels(key, value, SettingRange.gainDecibels, "at most 24 dB, or -inf")
        case "mute": settings.isMuted = try isOn(key, value)
        case "solo": settings.isSolo = try isOn(key, value)
        case "mono": settings.isMono = try isOn(key, value)
        case "pan": settings.pan = try pan(value)
        case "delay":
            guard let time = TimeSpan(value), SettingRange.soundDelaySeconds.contains(time.seconds) else {
                throw misfit(key, value, "0 to 2 seconds: 80ms")
            }
            settings.delaySeconds = time.seconds
        case "duck": settings.ducking = try ducking(value)
        default: throw unknown("an input's sound", key, stripKeys)
        }
    }

    private static func pan(_ value: String) throws(BroadcastError) -> Double {
        if let place = ["left": -1.0, "center": 0, "centre": 0, "right": 1][value.lowercased()] { return place }
        guard let number = Double(value), SettingRange.pan.contains(number) else {
            throw misfit("pan", value, "-1 to 1, or left, center, right")
        }
        return number
    }

    /// `mic`, `mic,depth=12,release=500ms`, or `off`.
    private static func ducking(_ value: String) throws(BroadcastError) -> DuckingSettings? {
        let parts = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard let under = parts.first, !under.isEmpty else {
            throw misfit("duck", value, "the input that is to be heard, or off")
        }
        if parts.count == 1, under == "off" || under == "none" { return nil }
        var ducking = DuckingSettings(under: under)
        for part in parts.dropFirst() {
            let (key, value) = try pair(part, such: "depth=12")
            switch key {
            case "depth":
                let range = SettingRange.duckingDepthDecibels
                ducking.depthDecibels = abs(
                    try decibels(key, value, -range.upperBound...range.upperBound, "0 to 90 dB").value)
            case "threshold":
                ducking.threshold = try decibels(key, value, SettingRange.duckingThresholdDecibels, "-90 to 0 dBFS")
            case "attack": ducking.attackSeconds = try duckingTime(key, value)
            case "hold": ducking.holdSeconds = try duckingTime(key, value)
            case "release": ducking.releaseSeconds = try duckingTime(key, value)
            default: throw unknown("ducking", key, duckKeys)
            }
        }
        return ducking
    }

    private static func duckingTime(_ key: String, _ value: String) throws(BroadcastError) -> Double {
        guard let time = TimeSpan(value), SettingRange.duckingSeconds.contains(time.seconds) else {
            throw misfit(key, value, "0 to 10 seconds: 500ms")
        }
        return time.seconds
    }

    // MARK: the program

    /// Changes what is done with all sounds together as a word says: `ceiling=-2`, `limiter=off`, `loudness=-16`.
    /// - Throws: kind `usage`, with nothing changed.
    package static func change(_ settings: inout ProgramSoundSettings, _ word: String) throws(BroadcastError) {
        let (key, value) = try pair(word, such: "ceiling=-1")
        switch key {
        case "limiter": settings.isLimited = try isOn(key, value)
        case "ceiling":
            settings.ceiling = try decibels(key, value, SettingRange.ceilingDecibels, "-20 to 0 dBTP")
        case "loudness":
            if value == "off" || value == "none" {
                settings.target = nil
                return
            }
            let text = value.lowercased().hasSuffix("lufs") ? String(value.dropLast(4)) : value
            var target = settings.target ?? LoudnessTarget()
            target.loudness = try decibels(key, text, SettingRange.targetLoudness, "-40 to -8 LUFS, or off")
            settings.target = target
        default: throw unknown("the program's sound", key, programKeys)
        }
    }

    // MARK: words

    private static func pair(_ word: String, such example: String) throws(BroadcastError) -> (String, String) {
        guard let equals = word.firstIndex(of: "=") else {
            throw BroadcastError(
                .usage, "\"\(word.prefix(40))\" is no key with a value", advice: "write it as \(example)")
        }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    private static func isOn(_ key: String, _ value: String) throws(BroadcastError) -> Bool {
        let words = ["on": true, "yes": true, "true": true, "off": false, "no": false, "false": false]
        guard let isOn = words[value.lowercased()] else { throw misfit(key, value, "on or off") }
        return isOn
    }

    private static func decibels(
        _ key: String, _ value: String, _ range: ClosedRange<Double>, _ takes: String
    ) throws(BroadcastError) -> Decibels {
        guard let number = Decibels(value), range.contains(number.value) else { throw misfit(key, value, takes) }
        return number
    }

    private static func misfit(_ key: String, _ value: String, _ takes: String) -> BroadcastError {
        BroadcastError(
            .usage, "\(key) \"\(value.prefix(40))\" is out of range or no such value", advice: "it takes \(takes)")
    }

    private static func unknown(_ what: String, _ key: String, _ keys: [String]) -> BroadcastError {
        BroadcastError(
            .usage, "\(what) has no key \"\(key.prefix(40))\"", advice: "it has \(keys.joined(separator: ", "))")
    }
}
