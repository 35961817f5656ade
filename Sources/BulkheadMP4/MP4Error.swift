/// Why bytes are no MP4 of a kind that is read here, or values can't become one.
package enum MP4Error: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes at `offset` could not be had: what the owner of the file says about it.
    case unreadable(offset: UInt64, reason: String)
    /// The file ends within the box that begins at `offset`.
    case boxCutShort(BoxType, offset: UInt64)
    /// A box is longer than what it lies in, shorter than its own head, or longer than any that is read.
    case boxSizeOutsideRange(BoxType, offset: UInt64, byteCount: UInt64)
    /// The contents of a box end before what they announce, or say something that can't be.
    case boxSpoiled(BoxType, offset: UInt64)
    /// There is no `ftyp` or no `moov` where one has to be.
    case notMP4
    /// It is an MP4 file that was not written in fragments.
    case notInFragments
    /// A sample lies outside the `mdat` of its fragment.
    case sampleOutsideData(offset: UInt64)
    /// More samples in a fragment, or in a track, than are written or read.
    case tooManySamples(limit: Int)
    /// A sample's track is none of the movie's.
    case unknownTrack(UInt32)
    /// A DTS before that of the sample before it in its track, or before the start of the file.
    case timeGoesBack(track: UInt32, dts: Int64)
    /// Two samples of a track are 2^31 ticks or more apart: 6 hours of pictures.
    case gapTooLong(track: UInt32, dts: Int64)
    /// A fragment of 2 GiB or more.
    case fragmentTooLong(byteCount: UInt64)
    /// Nothing to write in a fragment.
    case noSamples

    package var description: String {
        switch self {
        case .unreadable(let offset, let reason): "byte \(offset) can't be read: \(reason)"
        case .boxCutShort(let type, let offset): "the box \(type) at byte \(offset) is cut short"
        case .boxSizeOutsideRange(let type, let offset, let count):
            "the box \(type) at byte \(offset) can't be \(count) bytes long"
        case .boxSpoiled(let type, let offset): "the box \(type) at byte \(offset) is spoiled"
        case .notMP4: "the data doesn't begin like an MP4 file"
        case .notInFragments: "it is an MP4 file that was not written in fragments"
        case .sampleOutsideData(let offset): "a sample at byte \(offset) lies outside its fragment"
        case .tooManySamples(let limit): "there are more than \(limit) samples"
        case .unknownTrack(let track): "there is no track \(track)"
        case .timeGoesBack(let track, let dts): "the time goes back to \(dts) in track \(track)"
        case .gapTooLong(let track, let dts): "the gap before time \(dts) in track \(track) is too long"
        case .fragmentTooLong(let count): "a fragment of \(count) bytes is too long"
        case .noSamples: "a fragment has no samples"
        }
    }
}
