import BulkheadDanmaku

/// What is wrong with the comments beside a recording's file.
struct CommentFinding: Hashable {
    /// For scripts.
    enum Code: String, Hashable {
        case senseless = "comment-senseless"
        case half = "half-comment"
        case twice = "comment-twice"
        case beyondEnd = "comment-beyond-end"
    }

    let code: Code
    /// From 1; nil where it is about several.
    let line: Int?
    let phrase: String

    /// A writer that was killed leaves such, and the recording has lost nothing by it.
    var isHarmless: Bool { code == .half || code == .beyondEnd }

    /// What is late by less than this belongs to the last picture.
    private static let tolerance = 1.0

    /// All that is wrong.
    /// - Parameter mediaSeconds: how long the media file is.
    static func all(of track: CommentTrack, mediaSeconds: Double) -> [CommentFinding] {
        var findings = track.oddities.map { oddity in
            oddity.isHalf
                ? CommentFinding(code: .half, line: oddity.line, phrase: "half a comment at the end")
                : CommentFinding(code: .senseless, line: oddity.line, phrase: "this is no comment")
        }
        let numbers = track.comments.map(\.number)
        let twice = numbers.count - Set(numbers).count
        if twice > 0 {
            findings.append(
                CommentFinding(code: .twice, line: nil, phrase: "\(CountText.text(twice, "comment")) stand there twice")
            )
        }
        let beyond = track.comments.count { $0.seconds > mediaSeconds + tolerance }
        if beyond > 0 {
            findings.append(
                CommentFinding(
                    code: .beyondEnd, line: nil,
                    phrase: "\(CountText.text(beyond, "comment")) came after the last picture of this file"))
        }
        return findings
    }
}
