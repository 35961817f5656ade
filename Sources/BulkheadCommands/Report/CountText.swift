/// Counts in words, the same wherever people read them.
enum CountText {
    /// `1 frame`, `2 frames`.
    static func text(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// `once`, `2 times`.
    static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
}
