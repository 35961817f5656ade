import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// Which inputs there are, what they are called and which stand in for others.
struct InputRoster {
    var directory = InputDirectory()
    private var lines: [InputID: InputLine] = [:]

    /// Nil where there is no such input.
    subscript(id: InputID) -> InputLine? {
        get { lines[id] }
        set { lines[id] = newValue }
    }

    /// In the order in which they came.
    var ids: [InputID] { lines.keys.sorted() }

    /// Whether none of them is read any more.
    var hasEnded: Bool { lines.allSatisfy { $0.value.machine.isEnded } }

    // MARK: names

    func name(_ id: InputID) -> String { directory[id]?.name ?? "source \(id)" }

    func part(_ id: InputID) -> Part { .source(id, name: name(id)) }

    /// One that has a name may be wanted later, and one with backups is gone back to.
    func isKept(_ id: InputID) -> Bool {
        guard let settings = directory[id]?.settings else { return false }
        return settings.name != nil || settings.backup != nil
    }

    /// What an input with these settings would be called; whether it can be opened shows when it is.
    /// - Throws: why it would be refused.
    func foresee(adding settings: InputSettings) throws(BroadcastError) -> String {
        try check(settings)
        var directory = directory
        return try directory.add(settings, isAlone: false).name
    }

    /// What a change of the inputs would do.
    /// - Throws: why it would be refused.
    func foresee(_ change: InputChange) throws(BroadcastError) -> ChangeOutcome {
        let (word, way): (String, ChangeOutcome.Way)
        switch change {
        case .add(let settings): return ChangeOutcome("input \(try foresee(adding: settings))", .added)
        case .remove(let input): (word, way) = (input, .removed)
        case .rename(let input, let name):
            var directory = directory
            try directory.rename(try directory.find(input).id, to: name)
            (word, way) = (input, .inPlace)
        case .reopen(let input): (word, way) = (input, .replaced)
        case .choose(let input, _): (word, way) = (input, .inPlace)
        case .skip(let input, _):
            let entry = if let input { try directory.find(input) } else { try onlyPlaylist() }
            _ = try playlist(entry)
            (word, way) = (entry.name, .inPlace)
        }
        return ChangeOutcome("input \(try directory.find(word).name)", way)
    }

    /// Whether an input may be added on air.
    /// - Throws: why it may not.
    func check(_ settings: InputSettings) throws(BroadcastError) {
        guard lines.count < SettingRange.mostInputs else {
            throw BroadcastError(
                code: .tooManyInputs, ["maximum": "\(SettingRange.mostInputs)"],
                "the broadcast has \(SettingRange.mostInputs) inputs already", advice: "remove one first")
        }
        guard settings.backup == nil else {
            throw BroadcastError(
                .usage, "an input that is added on air can't have backups",
                advice: "begin the next broadcast with them")
        }
        guard settings.url != "-" else {
            throw BroadcastError(.usage, "standard input can't be added on air", advice: "name a file or a pipe")
        }
    }

    /// The playlist that is meant where none is named.
    func onlyPlaylist() throws(BroadcastError) -> InputDirectory.Entry {
        let playlists = directory.entries.filter { lines[$0.id]?.machine.playlist != nil }
        guard let entry = playlists.first, playlists.count == 1 else {
            guard !playlists.isEmpty else {
                throw BroadcastError(
                    code: .notInList, ["name": ""], "no input is a playlist",
                    advice: "add a folder or a list as an input")
            }
            let names = playlists.map(\.name).joined(separator: ", ")
            throw BroadcastError(
                code: .notInList, ["name": names], "several inputs are playlists", advice: "name one of them: \(names)")
        }
        return entry
    }

    /// A playlist that is being played, and the process that does.
    /// - Throws: kind `control`, where it is not open or no playlist.
    func playlist(_ entry: InputDirectory.Entry) throws(BroadcastError) -> (InputLine, ChildID) {
        guard let line = lines[entry.id], let child = line.machine.child, line.machine.isOpen else {
            throw BroadcastError(
                code: .inputNotOpen, ["name": entry.name], "input \(entry.name) is not open",
                advice: "try again when it is")
        }
        guard line.machine.playlist != nil else {
            throw BroadcastError(
                code: .notInList, ["name": entry.name], "input \(entry.name) is no playlist",
                advice: "its files are skipped; an input of another kind can be reopened or removed")
        }
        return (line, child)
    }

    // MARK: backups

    func backups(of main: InputID) -> [InputID] {
        lines.filter { $0.value.main == main }.keys.sorted()
    }

    /// The inputs that have backups, with these in their order.
    var backed: [(input: InputID, backups: [InputID], settings: BackupSettings)] {
        directory.entries.compactMap { entry in
            guard let settings = entry.settings.backup else { return nil }
            return (entry.id, backups(of: entry.id), settings)
        }
    }

    // MARK: what they are

    /// What the inputs are that were opened, in the order in which they were named; nil for one that is not open yet.
    /// - Parameter isPatient: an input that is not open yet is waited for; else its backup stands in for it.
    func descriptions(isPatient: Bool) -> [SourceDescription?] {
        lines.filter { $0.value.main == nil }.sorted { $0.key < $1.key }.map { id, line in
            if isPatient || line.machine.description != nil { return line.machine.description }
            return backups(of: id).lazy.compactMap { self.lines[$0]?.machine.description }.first
        }
    }

    /// Where each input goes on in a later broadcast; those that would begin, or are live, are left out.
    /// - Parameter places: how far the program has shown and heard them.
    func resumes(behind places: [InputID: FeedPlace]) -> [InputID: SourceResume] {
        lines.reduce(into: [:]) { $0[$1.key] = $1.value.machine.resume(behind: places[$1.key]) }
    }

    /// What is said of them in a status.
    /// - Parameter stub: of a process.
    func snapshot(_ stub: (ChildID) -> SourceStub?) -> InputsSnapshot {
        InputsSnapshot(
            inputs: directory.entries.compactMap { entry in
                guard let line = lines[entry.id] else { return nil }
                let record = line.machine.record
                let stub = line.machine.child.flatMap(stub)
                return InputsSnapshot.Input(
                    id: entry.id, name: entry.name, settings: entry.settings,
                    summary: line.machine.description?.summary,
                    hasPicture: line.machine.description?.hasVideo, failure: line.machine.failure,
                    child: ChildStatus(
                        part: part(entry.id), pid: stub?.pid, state: record.state, restarts: record.restarts,
                        lastEnd: record.lastEnd, build: stub?.build),
                    playlist: line.machine.playlist, backupOf: line.main,
                    bitsPerSecond: line.count.arrival?.bitsPerSecond, packetsDropped: line.count.arrival?.drops,
                    roundTripMilliseconds: line.count.roundTripMilliseconds, srt: line.count.srt,
                    resume: line.machine.resume)
            })
    }
}

extension InputSettings {
    /// What this backup is called, and how it sounds, where that is not said.
    /// - Parameter index: among the backups of `main`.
    func asBackup(_ index: Int, of main: InputDirectory.Entry) -> InputSettings {
        var settings = self
        settings.backup = nil
        settings.name = settings.name ?? "\(main.name) backup" + (index == 0 ? "" : " \(index + 1)")
        settings.strip = settings.strip ?? main.settings.strip
        return settings
    }
}
