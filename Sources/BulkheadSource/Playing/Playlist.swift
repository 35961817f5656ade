import BulkheadMedia
import BulkheadWire

/// What a source plays: one input, or the files that a list names, one after the other.
///
/// Each file of a list is opened for itself, so that its codecs, size, rate and sound are its own. One that can't be opened is
/// named and left out. Before a file is opened the master is told which it is: should it bring the process down, the next one
/// knows where not to begin again.
final class Playlist {
    private(set) var input: MediaInput
    private(set) var decoders: InputDecoders
    /// What the inputs are together.
    private(set) var description: SourceDescription
    /// The input that is played now is the one that a source which takes over was told to go on in.
    let isResumed: Bool
    private let entries: [ListedFiles.Entry]
    private let name: String
    private let settings: SourceSettings
    private let link: MasterLink
    private var index: Int
    private var toldOf: Set<String> = []
    /// So many files in a row gave nothing.
    private var emptyCount = 0

    /// Files of a list that are looked into where the first has no picture or no sound, to find out whether others have.
    private static let mostLookedInto = 16

    init(_ address: InputAddress, settings: SourceSettings, link: MasterLink) throws(OpenFailure) {
        self.settings = settings
        self.link = link
        name = address.name
        let listed = ListedFiles.entries(of: address)
        entries = listed ?? [ListedFiles.Entry(address: address)]
        guard listed != nil else {
            index = 0
            isResumed = true
            input = try MediaInput(address, settings: settings, link: link)
            decoders = try InputDecoders(input)
            description = input.description
            return
        }
        let wanted = Int(settings.resume?.entry ?? 0)
        let start = wanted < entries.count ? wanted : 0
        let first = try Self.firstPlayable(entries, from: start, of: name, settings, link)
        (input, decoders, index) = (first.input, first.decoders, first.index)
        isResumed = index == start
        toldOf = first.toldOf
        description = Self.describe(entries, input, at: index, settings, link)
    }

    /// Files follow each other.
    var isList: Bool { entries.count > 1 || description.entryCount > 1 }

    /// What is played of the input at hand.
    var entry: ListedFiles.Entry { entries[index] }

    /// A file follows the one at hand.
    var goesOn: Bool { isList && (settings.loops || index + 1 < entries.count) }

    private struct First {
        var input: MediaInput
        var decoders: InputDecoders
        var index: Int
        var toldOf: Set<String>
    }

    private static func firstPlayable(
        _ entries: [ListedFiles.Entry], from start: Int, of name: String, _ settings: SourceSettings,
        _ link: MasterLink
    ) throws(OpenFailure) -> First {
        var toldOf: Set<String> = []
        for step in entries.indices {
            let index = (start + step) % entries.count
            do throws(OpenFailure) {
                let input = try open(entries[index], settings, link)
                return First(input: input, decoders: try InputDecoders(input), index: index, toldOf: toldOf)
            } catch {
                guard case .refused(let refusal) = error else { throw error }
                toldOf.insert(entries[index].address.name)
                try tell(refusal, link)
            }
        }
        throw .refused(Refusal(.other, "no file of the list \(name) can be played"))
    }

    private static func open(
        _ entry: ListedFiles.Entry, _ settings: SourceSettings, _ link: MasterLink
    ) throws(OpenFailure) -> MediaInput {
        guard entry.address.kind == .file else {
            // The cell of a list has no network, so that a list from a stranger reaches nobody.
            throw .refused(Refusal(.settings, "\(entry.address.name) is no file, which is all that a list can name"))
        }
        let input = try MediaInput(entry.address, settings: settings, link: link)
        input.outPoint = entry.outPoint
        return input
    }

    private static func tell(_ refusal: Refusal, _ link: MasterLink) throws(OpenFailure) {
        do throws(SourceStop) { try link.send(.notice("\(refusal.description); it is left out")) } catch {
            throw .stopped(error)
        }
    }

    /// What the first file is, with picture and sound where a file behind it has one.
    private static func describe(
        _ entries: [ListedFiles.Entry], _ input: MediaInput, at index: Int, _ settings: SourceSettings,
        _ link: MasterLink
    ) -> SourceDescription {
        var description = input.description
        description.summary = "list of \(entries.count), first: \(description.summary)"
        description.entryCount = UInt32(clamping: entries.count)
        description.duration = -1
        for entry in entries[(index + 1)...].prefix(mostLookedInto) {
            if description.hasVideo, description.hasAudio { break }
            guard let other = try? open(entry, settings, link).description else { continue }
            if !description.hasVideo { (description.hasVideo, description.picture) = (other.hasVideo, other.picture) }
            if !description.hasAudio { (description.hasAudio, description.sound) = (other.hasAudio, other.sound) }
        }
        return description
    }

    /// Goes on with what comes next: the same input from its start, or the next file of a list that can be opened.
    ///
    /// - Parameters:
    ///   - time: where it begins in source time, in nanoseconds.
    ///   - gaveNothing: nothing of the input before could be decoded.
    /// - Returns: false at the end.
    func advance(at time: Int64, gaveNothing: Bool) throws(OpenFailure) -> Bool {
        guard isList else {
            guard settings.loops else { return false }
            try input.rewind()
            return true
        }
        if gaveNothing { try leaveOut(Refusal(.other, "nothing in \(input.address.name) can be decoded")) }
        var failed = gaveNothing ? emptyCount + 1 : 0
        while failed < entries.count {
            guard index + 1 < entries.count || settings.loops else { return false }
            index = (index + 1) % entries.count
            emptyCount = failed
            do throws(SourceStop) { try link.send(.entered(entry: UInt32(clamping: index), at: time)) } catch {
                throw .stopped(error)
            }
            do throws(OpenFailure) {
                let next = try Self.open(entries[index], settings, link)
                decoders = try InputDecoders(next)
                input = next
                return true
            } catch {
                guard case .refused(let refusal) = error else { throw error }
                try leaveOut(refusal)
                failed += 1
            }
        }
        throw .refused(Refusal(.other, "no file of the list \(name) can be played"))
    }

    /// Says once that a file is not played.
    private func leaveOut(_ refusal: Refusal) throws(OpenFailure) {
        if toldOf.insert(entries[index].address.name).inserted { try Self.tell(refusal, link) }
    }
}
