package import BulkheadModel

/// Makes targets of notices of the libraries that a broadcaster has named: a library on this machine is told where a recording
/// begins and ends, and takes it from there.
package enum LibraryWords {
    /// The events by which a library learns of a recording.
    private static let codes = ["recording.opened", "recording.closed", "recording.removed"]

    /// - Parameters:
    ///   - recordings: what is recorded to, as written.
    ///   - noticeCount: how many targets there are besides.
    /// - Throws: kind `usage`.
    package static func targets(
        _ words: [String], recordings: [String], beside noticeCount: Int = 0
    ) throws(BroadcastError) -> [NoticeTarget] {
        let count = noticeCount + words.count
        guard count <= NoticeTarget.mostTargets else {
            throw BroadcastError(
                .usage,
                "--notify, --on-event, --log-file and --record-library are given \(count) times; \(NoticeTarget.mostTargets) together are possible"
            )
        }
        var targets: [NoticeTarget] = []
        for word in words {
            let address = word.hasSuffix("/") ? String(word.dropLast()) : word
            guard address.hasPrefix("http://") || address.hasPrefix("https://"),
                let host = NoticeTarget.host(of: address), address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
                !address.contains(where: { "?#".contains($0) }), address.utf8.count <= 1024
            else {
                throw BroadcastError(
                    .usage, "--record-library \"\(word)\" is no address of a library",
                    advice: "write what bulkhead library serve has printed, such as http://127.0.0.1:8090")
            }
            guard recordings.contains(where: { $0.hasSuffix(".mp4") }) else {
                throw BroadcastError(
                    .usage, "--record-library without a recording in MP4: nothing would come into the library",
                    advice: "add --record show.mp4")
            }
            targets.append(NoticeTarget(url: address + "/node/notices", name: "library \(host)", codes: codes))
        }
        return targets
    }
}
