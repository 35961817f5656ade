package import SystemPackage

extension Errno {
    /// The result of a call that answers with a negative errno value on failure.
    @discardableResult
    package static func check<Result: SignedInteger & Sendable>(_ result: Result) throws(Errno) -> Result {
        guard result >= 0 else { throw Errno(rawValue: CInt(-result)) }
        return result
    }
}
