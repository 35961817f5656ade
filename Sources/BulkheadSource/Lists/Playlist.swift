import BulkheadMedia
import BulkheadSystem
import BulkheadWire

/// What a source plays: one input, or the files that a list names, one after the other.
///
/// Each file of a list is opened for itself, so that its codecs, size, rate and sound are its own. While one is played the next
/// is opened on another thread (``ListAhead``), so that it is there when the first ends, however long that takes. What can't be
/// opened is named and left out.
final class Playlist {
    private(set) var input: MediaInput
    private(set) var decoders: InputDecoders
    /// What is played of the input at hand.
    private(set) var entry: ListedFiles.Entry
    /// The input has been brought to where it begins, and its first picture and sound are decoded.
    private(set) var isPrepared = false
    /// What the inputs are together.
    private(set) var description: SourceDescription
    /// The input that is played now is the one that a source which takes over was told to go on in.
    let isResumed: Bool
    /// Nil where it is no list.
    let ahead: ListAhead?

    /// Files of a list that are looked into where the first has no picture or no sound, to find out whether others have.
    private static let mostLookedInto = 16

    init(_ address: InputAddress, settings: SourceSettings, link: MasterLink) throws(OpenFailure) {
        let files = settings.playlist.files
        guard let entries = files.isEmpty ? ListedFiles.entries(of: address) : ListedFiles.entries(of: files) else {
            entry = ListedFiles.Entry(address: address)
            isResumed = true
            ahead = nil
            input = try MediaInput(address, settings: settings, link: link)
            decoders = try InputDecoders(input, isResumed: settings.resume != nil)
            description = input.description
            return
        }
        let canChange = files.isEmpty && ListedFiles.mayChange(address)
        let list = ListAhead(canChange ? address : nil, entries, address.name, settings, link)
        let first = try list.openFirst()
        (ahead, entry, isResumed) = (list, first.entry, first.isResumed)
        (input, decoders) = (first.file.input, first.file.decoders)
        description = Self.describe(list, input, settings, link)
    }

    /// Files follow each other.
    var isList: Bool { ahead != nil }

    /// What the first file is, with picture and sound where a file behind it has one.
    private static func describe(
        _ list: ListAhead, _ input: MediaInput, _ settings: SourceSettings, _ link: MasterLink
    ) -> SourceDescription {
        var description = input.description
        let place = list.place(of: input)
        let seed = settings.playlist.shuffleSeed.map { " (shuffled, seed \($0))" } ?? ""
        description.summary = "list of \(place.count)\(seed), first: \(description.summary)"
        description.place = place
        description.duration = -1
        for entry in list.entriesBehind(atMost: mostLookedInto) {
            if description.hasVideo, description.hasAudio { break }
            guard
                let other = try? PreparedFile(opening: entry, settings: settings, link: link).input.description
            else { continue }
            if !description.hasVideo { (description.hasVideo, description.picture) = (other.hasVideo, other.picture) }
            if !description.hasAudio { (description.hasAudio, description.sound) = (other.hasAudio, other.sound) }
        }
        return description
    }

    /// Makes the file that was opened ahead the one at hand.
    /// - Returns: nil where none is there.
    func takeNext() -> PlaylistPlace? {
        guard let ahead, let next = ahead.take() else { return nil }
        (input, decoders, entry) = (next.file.input, next.file.decoders, next.entry)
        isPrepared = true
        input.interrupt.takeOver()
        return ahead.place(of: input)
    }
}
