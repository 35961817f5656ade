import BulkheadWire
import CFFmpeg
import Glibc

/// A file of a list that is open, with its first picture and its first sound decoded, so that it can take over between two
/// frames.
struct PreparedFile {
    let input: MediaInput
    let decoders: InputDecoders

    /// So much of a file is read at most until its first picture and sound are there.
    private static let mostBytes = 16 << 20

    /// Opens the file of `entry`.
    /// - Parameters:
    ///   - ahead: says that this is another thread than the one that plays, and when it is to give up.
    /// - Throws: why the file can't be played.
    init(
        opening entry: ListedFiles.Entry, settings: SourceSettings, link: MasterLink, ahead: Cancellation? = nil
    ) throws(OpenFailure) {
        guard entry.address.kind == .file else {
            // The cell of a list has no network, so that a list from a stranger reaches nobody.
            throw .refused(Refusal(.settings, "\(entry.address.name) is no file, which is all that a list can name"))
        }
        do throws(OpenFailure) {
            input = try MediaInput(entry.address, settings: settings, link: link, ahead: ahead)
        } catch {
            guard case .refused(let refusal) = error, refusal.code == .accessDenied, let path = entry.address.path,
                let target = ListedFiles.leadsAway(path)
            else { throw error }
            throw .refused(
                Refusal(
                    .accessDenied,
                    "\(path) is a link to \(target), outside the folder, and what plays a folder may read nothing else: "
                        + "copy the file, or name it in an M3U"))
        }
        input.outPoint = entry.outPoint
        decoders = try InputDecoders(input, isResumed: settings.resume != nil)
    }

    /// Goes to where what is played of the file begins, and decodes the first of it.
    /// - Parameters:
    ///   - position: where that is, behind the file's start; nil for the start.
    ///   - pictures, sound: what is wanted of the file.
    /// - Throws: where nothing can be decoded.
    func lookAhead(to position: Int64?, pictures: Bool, sound: Bool) throws(OpenFailure) {
        if let position { _ = try input.seek(to: position) }
        let video = pictures ? decoders.video : nil
        let audio = sound ? decoders.audio : nil
        var byteCount = 0
        while byteCount < Self.mostBytes {
            let hasVideo = video?.decodeAhead() ?? true
            let hasAudio = audio?.decodeAhead() ?? true
            if hasVideo, hasAudio { break }
            switch input.read() {
            case .packet(let packet, let isVideo):
                if bulkhead_av_is_encrypted(packet) != 0 {
                    throw .refused(Refusal(.other, "\(input.address.name) is encrypted"))
                }
                byteCount += Int(packet.pointee.size)
                let decoder = isVideo ? video : audio
                guard decoder?.queue.append(packet) ?? true else {
                    throw .refused(Refusal(.other, "memory is short"))
                }
                if isVideo, input.isCover { decoder?.endInput() }
            case .nothingYet: poll(nil, 0, 5)
            // Whoever plays it reads the end once more, and says what is wrong.
            case .end, .failed:
                video?.endInput()
                audio?.endInput()
            case .stopped(let stop): throw .stopped(stop)
            }
        }
        if (video?.frameCount ?? 0) + (audio?.frameCount ?? 0) == 0 {
            throw .refused(
                Refusal(.other, "nothing in \(input.address.name) can be decoded: \(PictureLimit.doubt)"))
        }
    }
}
