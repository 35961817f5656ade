import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import BulkheadSRT
import BulkheadSystem
import SystemPackage

/// Makes inputs of what a broadcaster has written.
enum InputWords {
    /// The inputs in their order, files with absolute paths.
    /// - Throws: kind `usage`, or `input` for a file that can't be read.
    static func inputs(_ words: BroadcastWords, attaching: Bool) throws(BroadcastError) -> [InputSettings] {
        let isFromFile = words[.input].isEmpty && !words.inputs.isEmpty
        let entries = isFromFile ? words.inputs : words[.input].map { InputEntry(input: $0, isWord: true) }
        let urls = entries.map(\.input)
        guard !urls.isEmpty else {
            throw BroadcastError(
                .usage, "there is no input", advice: "name a file, a device, an address, or test for the test picture")
        }
        let formats = words[.inputFormat]
        guard formats.isEmpty || formats.count == urls.count else {
            throw BroadcastError(
                .usage, "\(urls.count) inputs but \(formats.count) times --input-format",
                advice: "give one for each input in order, \"auto\" where it is to be found out")
        }
        // RTMP can be played as well, but not while it is unclear where to; and the word may hold a key.
        if !isFromFile, words[.to].isEmpty, words[.record].isEmpty, words[.origin].isEmpty,
            let index = urls.firstIndex(where: { $0.lowercased().hasPrefix("rtmp") })
        {
            throw BroadcastError(
                .usage, "there is no destination, and input \(index + 1) looks like one", advice: "write --to before it"
            )
        }
        if attaching, urls.contains("-") {
            throw BroadcastError(
                .usage, "standard input can't be used with --attach: the master has another one",
                advice: "name a file or a pipe, or leave --attach away")
        }
        guard urls.filter({ $0 == "-" }).count <= 1 else {
            throw BroadcastError(.usage, "standard input is named twice", advice: "keep one of them")
        }
        if urls.contains("-"), ProcessSetup.standardInputIsClosed {
            throw BroadcastError(.input, "standard input is closed", advice: "pipe something into it: … | bulkhead …")
        }
        // Taken for a file, it would be named, and it may hold a key.
        if let index = urls.firstIndex(where: DestinationWords.isAddressWithOneSlash) {
            throw BroadcastError(
                .usage, "input \(index + 1) is an address with one slash behind its colon", advice: "write rtmp://"
            )
        }
        var inputs: [InputSettings] = []
        // Films that nothing but their place on the command line is said of.
        var films: [Int] = []
        for (index, entry) in entries.enumerated() {
            let format = entry.format ?? (index < formats.count ? formats[index] : "")
            let isBare = entry.isWord && format.isEmpty && parted(entry.input).options.isEmpty
            inputs.append(
                try entry.located { () throws(BroadcastError) in
                    let settings = try settings(
                        of: entry, format: format == "auto" ? "" : format, loops: words.isOn(.loop))
                    if isBare, FilmFiles.isFilm(settings.url, named: entry.input) { films.append(index) }
                    guard let name = settings.name?.lowercased(),
                        inputs.contains(where: { $0.name?.lowercased() == name })
                    else { return settings }
                    throw BroadcastError(
                        code: .inputName, ["name": name], "two inputs are called \(settings.name ?? name)",
                        advice: "choose another name")
                })
        }
        let isList = films.count > 1 && words.last(.layout) == nil && words.scenes.isEmpty
        for (index, entry) in entries.enumerated() {
            try entry.located { () throws(BroadcastError) in
                // An empty file among several is left out, as any that can't be played.
                if !isList || !films.contains(index) { try checkContent(inputs[index], named: entry.input) }
                try inputs.checkStrip(of: index)
            }
        }
        if isList { inputs = try FilmFiles.listed(films, of: inputs) }
        for (index, entry) in entries.enumerated() where inputs.indices.contains(index) {
            inputs[index].backup = try entry.located { () throws(BroadcastError) in
                try backup(entry.backup, attaching: attaching)
            }
        }
        let flags = BackupWords(words)
        if !flags.isEmpty {
            guard inputs.count == 1, inputs[0].backup == nil else {
                throw BroadcastError(
                    .usage, "--backup does not say which of \(inputs.count) inputs it stands in for",
                    advice: "write \"backups:\" to the input in a configuration file")
            }
            inputs[0].backup = try backup(flags, attaching: attaching)
        }
        if words.isOn(.fast), inputs.contains(where: { $0.backup != nil }) {
            throw BroadcastError(
                .usage, "--fast has no use for a backup: no viewer waits for an input that is late",
                advice: "leave one of them away")
        }
        if words.isOn(.loop), !inputs.contains(where: \.loops) {
            throw BroadcastError(
                .usage, "none of the inputs is a file that could be played again", advice: "leave --loop away")
        }
        return inputs
    }

    private static func settings(
        of entry: InputEntry, format: String, loops: Bool
    ) throws(BroadcastError) -> InputSettings {
        let (url, options) = entry.isWord ? parted(entry.input) : (entry.input, [])
        var settings = try input(url, format: format, loops: entry.loops ?? loops)
        for option in options.reversed() { try set(option, of: &settings, url) }
        for option in entry.options {
            do { try set((option.key, option.value), of: &settings, url) } catch {
                throw BroadcastError(
                    code: error.code, error.parameters, "\(option.place): \(error.problem)", advice: error.advice)
            }
        }
        settings.strip = entry.strip
        return settings
    }

    private static func backup(_ words: BackupWords, attaching: Bool) throws(BroadcastError) -> BackupSettings? {
        try words.settings { (word) throws(BroadcastError) in
            let settings = try settings(of: InputEntry(input: word, isWord: true), format: "", loops: false)
            try checkContent(settings, named: word)
            return settings
        }
    }

    /// Whether the input never ends by itself.
    static func isEndless(_ input: InputSettings) -> Bool { input.loops || input.url == "test" }

    /// Whether the input is drawn, and stands as long as there are others.
    static func isDrawn(_ input: InputSettings) -> Bool { drawnPrefixes.contains { input.url.hasPrefix($0) } }

    private static let drawnPrefixes = ["color:", "title:"]

    /// Checks an input that is drawn.
    private static func drawn(_ url: String) throws(BroadcastError) -> InputSettings {
        let words = String(url.drop { $0 != ":" }.dropFirst())
        guard url.hasPrefix("title:") else {
            guard PaintColor(words) != nil else {
                throw BroadcastError(
                    .usage, "\(url) is no colour",
                    advice: "write color:#1e90ff, color:#1e90ff80 (half transparent) or a name such as color:black")
            }
            return InputSettings(url: url)
        }
        let text = words.replacing("\\n", with: "\n")
        guard Card.areWords(text), text.contains(where: { !$0.isWhitespace }) else {
            throw BroadcastError(
                .usage, words.isEmpty ? "a title has no words" : "\"\(words.prefix(40))\" can't be a title",
                advice: "write up to \(Card.longestWords) characters behind title:; \\n begins another line")
        }
        return InputSettings(url: "title:" + text)
    }

    /// What may stand behind an input: `talk.mkv,audio=fra,name=talk`.
    static let optionKeys = ["name", "audio", "video", "shuffle"]

    /// An input's address, and the options behind it, the last first. A file that is called so is one.
    private static func parted(_ word: String) -> (url: String, options: [(key: String, value: String)]) {
        var (url, options) = (word, [(key: String, value: String)]())
        while let comma = url.lastIndex(of: ",") {
            if let path = filePath(url, format: ""), FilePaths.readingProblem(FilePaths.absolute(path)) == nil { break }
            let option = url[url.index(after: comma)...]
            guard let equals = option.firstIndex(of: "="), optionKeys.contains(String(option[..<equals])) else { break }
            options.append((String(option[..<equals]), String(option[option.index(after: equals)...])))
            url = String(url[..<comma])
        }
        return (url, options)
    }

    /// - Parameter url: the input as it was written.
    private static func set(
        _ option: (key: String, value: String), of settings: inout InputSettings, _ url: String
    ) throws(BroadcastError) {
        if option.key == "shuffle" { return try shuffle(option.value, url, &settings) }
        guard option.key != "name" else {
            guard InputSettings.isName(option.value) else {
                throw BroadcastError(
                    code: .inputName, ["name": option.value], "\"\(option.value)\" is no name of an input",
                    advice: "a name has 1 to 64 characters, is no number and no layout, and has no comma")
            }
            settings.name = option.value
            return
        }
        guard let choice = TrackChoice(option.value) else {
            throw BroadcastError(
                .usage, "\(option.key)=\(option.value) is no track",
                advice: "it takes a number from 1, a language such as fra, none or auto")
        }
        if option.key == "audio" { settings.audio = choice } else { settings.video = choice }
    }

    /// The order of a playlist: `true` for any, or the number that an earlier one was told by.
    private static func shuffle(
        _ value: String, _ url: String, _ settings: inout InputSettings
    ) throws(BroadcastError) {
        guard url.hasPrefix("playlist:") else {
            throw BroadcastError(
                .usage, "shuffle=\(value) stands behind \(url), which is no playlist",
                advice: "write playlist:FOLDER,shuffle=true")
        }
        switch value.lowercased() {
        case "true", "on", "yes":
            (settings.shuffleSeed, settings.isAnyOrder) = (UInt32.random(in: 1...999_999), true)
        case "false", "off", "no": (settings.shuffleSeed, settings.isAnyOrder) = (nil, nil)
        default:
            guard let seed = UInt32(value) else {
                throw BroadcastError(
                    .usage, "shuffle=\(value) is no order", advice: "it takes true, false, or the number of an order")
            }
            (settings.shuffleSeed, settings.isAnyOrder) = (seed, nil)
        }
    }

    private static func input(_ url: String, format: String, loops: Bool) throws(BroadcastError) -> InputSettings {
        // A folder or a list that is meant to be one; a picture that is meant to stand.
        let isPlaylist = url.hasPrefix("playlist:")
        let url = ["playlist:", "image:"].first { url.hasPrefix($0) }.map { String(url.dropFirst($0.count)) } ?? url
        if format.isEmpty, drawnPrefixes.contains(where: { url.hasPrefix($0) }) { return try drawn(url) }
        if SRTAddress.isMeantAsInput(url) {
            do throws(SRTAddressError) { _ = try SRTAddress(input: url) } catch {
                throw BroadcastError(
                    .usage, "an input can't be used: \(error)",
                    advice: "write 'srt://HOST:PORT?latency=120&passphrase=…&streamid=…', or listen: before it")
            }
        }
        guard let path = filePath(url, format: format) else {
            guard !url.isEmpty else { throw BroadcastError(.usage, "an input is empty", advice: "name a file") }
            return InputSettings(url: url, format: format, loops: false)
        }
        let absolute = FilePaths.absolute(path)
        if let problem = FilePaths.readingProblem(absolute) {
            switch problem {
            case .noSuchFileOrDirectory, .notDirectory:
                let hasOption = path.split(separator: ",").dropFirst().last?.contains("=") ?? false
                throw BroadcastError(
                    .input, "there is no file \(path)",
                    advice: hasOption
                        ? "check its name and folder; behind an input may stand \(optionKeys.joined(separator: "=, "))="
                        : "check its name and folder")
            case .permissionDenied:
                throw BroadcastError(
                    .input, "\(path) may not be read by this user", advice: "change its permissions, or copy it")
            default: throw BroadcastError(.input, "\(path) can't be read: \(problem.phrase)")
            }
        }
        if FilePaths.isFolder(absolute) {
            guard isPlaylist else {
                throw BroadcastError(
                    .input, "\(path) is a folder",
                    advice: "name one file in it, or write playlist:\(path) to play all of them")
            }
            return InputSettings(url: absolute, format: format, loops: loops)
        }
        return InputSettings(url: absolute, format: format, loops: loops)
    }

    /// - Parameter word: the input as it was written.
    /// - Throws: kind `input` for a file without a byte.
    private static func checkContent(_ settings: InputSettings, named word: String) throws(BroadcastError) {
        guard settings.url.hasPrefix("/"), FilePaths.isEmptyFile(settings.url) else { return }
        // Files of the kernel's say nothing of their size.
        guard !settings.url.hasPrefix("/proc/"), !settings.url.hasPrefix("/sys/") else {
            throw BroadcastError(.input, "\(word) is no file with media", advice: "name a video or a sound file")
        }
        throw BroadcastError(.input, "\(word) is empty", advice: "check that it was copied or recorded to its end")
    }

    /// The path of an input that is a file; nil for addresses, devices, standard input and the test picture.
    static func filePath(_ url: String, format: String) -> String? {
        if url.hasPrefix("file://") { return String(url.dropFirst(7)) }
        if url.hasPrefix("file:") { return String(url.dropFirst(5)) }
        if url.isEmpty || url == "-" || url == "test" || url.hasPrefix("pipe:") || url.hasPrefix("/dev/") { return nil }
        if url.contains("://") || deviceFormats.contains(format) { return nil }
        if format.isEmpty, drawnPrefixes.contains(where: { url.hasPrefix($0) }) { return nil }
        if let colon = url.firstIndex(of: ":"), devicePrefixes.contains(String(url[..<colon])) { return nil }
        return url
    }

    /// What `bulkhead-source` takes for a device: before a colon, and as an input's format.
    static let devicePrefixes: Set<String> = ["v4l2", "x11", "x11grab", "alsa", "pulse", "lavfi"]
    static let deviceFormats: Set<String> = [
        "video4linux2", "v4l2", "x11grab", "alsa", "pulse", "oss", "jack", "fbdev", "kmsgrab", "dv1394", "iec61883",
        "lavfi",
    ]
}
