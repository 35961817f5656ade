import BulkheadModel

/// `--copy` in words: what is said beside it.
enum CopyWords {
    /// Checks that nothing says how to encode what is copied.
    /// - Throws: kind `usage`, naming the first flag or key that does.
    static func check(_ words: BroadcastWords) throws(BroadcastError) {
        guard words.isOn(.copy) else { return }
        let told = Setting.all.first { $0.section == .encoding && words.last(BroadcastKey($0)) != nil }
        guard let told else { return }
        let key = BroadcastKey(told)
        let name = words.place(of: key).map { "\($0): \(told.name)" } ?? key.flag
        throw BroadcastError(
            .usage, "\(name) says how to encode, and with --copy nothing is encoded",
            advice: "leave one of them out")
    }
}
