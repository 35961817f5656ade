package import BulkheadMedia

/// One input of a broadcast.
package struct InputSettings: Codable, Hashable, Sendable {
    /// A file's absolute path, a URL, a device, `test`, or `-`.
    package var url: String
    /// A libavformat demuxer's name, or empty to probe.
    package var format: String
    /// Play it again from the start when it ends.
    package var loops: Bool
    /// What people call it; nil for `source 1` and so on.
    package var name: String?
    /// Which track gives the picture; nil to leave it to the input.
    package var video: TrackChoice? = nil
    /// Which track gives the sound; nil to leave it to the input.
    package var audio: TrackChoice? = nil
    /// What the mix does with its sound from the start; nil for sound as it is.
    package var strip: StripSettings? = nil
    /// Files that are played one after the other, as absolute paths, where no list names them; `url` is the first.
    package var files: [String]? = nil
    /// What the files of a list are shuffled by; nil for the order of the list.
    package var shuffleSeed: UInt32? = nil
    /// ``shuffleSeed`` was drawn and not asked for: another one is no other wish; nil for not.
    package var isAnyOrder: Bool? = nil
    /// What stands in for it where it can't be shown; nil for nothing.
    package var backup: BackupSettings? = nil

    /// An input at `url`; an empty format is detected.
    package init(url: String, format: String = "", loops: Bool = false, name: String? = nil) {
        self.url = url
        self.format = format
        self.loops = loops
        self.name = name
    }

    /// Whether an input can be called `name`: 1 to 64 characters, no number, no layout, no comma and no control character.
    package static func isName(_ name: String) -> Bool {
        (1...64).contains(name.count) && name.utf8.count <= 256 && !name.allSatisfy(\.isNumber)
            && !name.contains(",") && name.first?.isWhitespace == false && name.last?.isWhitespace == false
            && SceneLayout(rawValue: name.lowercased()) == nil
            && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}

/// A change of the inputs on air. Inputs go by their numbers or names.
package enum InputChange: Codable, Hashable, Sendable {
    /// It is opened, and kept until it is removed; it is not shown before it is taken.
    case add(InputSettings)
    /// It is closed and forgotten. Where its picture is shown, the next input's follows.
    case remove(String)
    case rename(String, name: String)
    /// It begins anew: a file at its start, a live input with a new connection.
    case reopen(String)
    /// The next file of a list is played, or the one of that number or name.
    case skip(String?, file: String?)
    /// What is shown of an input and its backups is chosen, or left to conditions.
    case choose(String, SwitchMode)
}

/// How far a list of files has come, as a user sees it.
package struct PlaylistStatus: Codable, Hashable, Sendable {
    /// The name of the file that is played.
    package var file: String
    /// What the list calls it; nil where it says nothing.
    package var title: String?
    /// Its place in the order, from 1, of ``count`` files.
    package var number: Int
    package var count: Int
    /// The name of the file that follows; nil where none does.
    package var next: String?
    /// How long the file goes on; nil where that is not known.
    package var secondsLeft: Double?

    package init(
        file: String, title: String? = nil, number: Int, count: Int, next: String? = nil, secondsLeft: Double? = nil
    ) {
        self.file = file
        self.title = title
        self.number = number
        self.count = count
        self.next = next
        self.secondsLeft = secondsLeft
    }
}

/// One input as a user sees it.
package struct InputStatus: Codable, Hashable, Sendable {
    /// Its number, which no other input of the broadcast ever has.
    package var id: InputID
    /// What people call it.
    package var name: String
    /// How it is read.
    package var state: ChildState
    /// What it is: format, codecs, size, rate; nil as long as it has not been opened.
    package var summary: String?
    /// The program shows its picture.
    package var isShown: Bool
    /// It gives no picture, and a card stands in its place in the scene.
    package var isMissing: Bool
    /// The program's sound is its own.
    package var isHeard: Bool
    /// It has a picture that can be shown; nil as long as it has not been opened.
    package var hasPicture: Bool?
    /// Why it is read no more, where its state is ``ChildState/failed``.
    package var failure: String?
    /// How far a list of files has come; nil for all else.
    package var playlist: PlaylistStatus?
    /// What stands in for it; nil for an input without backups.
    package var backup: InputBackupStatus? = nil
    /// The input that it is a backup of, by its number; nil for none.
    package var backupOf: InputID? = nil
    /// What a live input from the network has brought in the last two seconds, by the second; nil for all else.
    package var bitsPerSecond: Int? = nil
    /// Packets of it that were damaged, or never came, since it was opened last; nil for all else.
    package var packetsDropped: Int? = nil
    /// The time to whoever sends it and back; nil where it was not measured.
    package var roundTripMilliseconds: Double? = nil
    /// Of its connection, where it is by SRT.
    package var srt: SRTStatus? = nil

    package init(
        id: InputID, name: String, state: ChildState, summary: String?, isShown: Bool = false,
        isMissing: Bool = false, isHeard: Bool = false, hasPicture: Bool? = nil, failure: String? = nil,
        playlist: PlaylistStatus? = nil
    ) {
        self.hasPicture = hasPicture
        self.failure = failure
        self.id = id
        self.name = name
        self.state = state
        self.summary = summary
        self.isShown = isShown
        self.isMissing = isMissing
        self.isHeard = isHeard
        self.playlist = playlist
    }
}
