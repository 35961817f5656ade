/// What was said of an input that is not as it should be: each of it once.
struct Remarks {
    enum Subject { case damaged, readError, interleaving, format, cut, pictures, jump }

    private var said: Set<Subject> = []

    /// Whether it has not been said; it counts as said from then on.
    mutating func isNew(_ subject: Subject) -> Bool { said.insert(subject).inserted }
}
