/// A change of the links on air. Links go by their numbers or names.
package enum LinkChange: Codable, Hashable, Sendable {
    case add(DestinationSettings)
    /// It sends what waits, says goodbye and is no more.
    case remove(String)
    /// It says goodbye, and nothing waits for it.
    case pause(String)
    /// It goes over to another of its servers at the next IDR.
    case move(String, server: String)
    /// A paused one comes back; one that waits tries at once; one that has failed begins anew. A paused one begins with the
    /// next IDR, or with the one at or before `from`, in seconds of the timeline, as far as that is kept.
    case retry(String, from: Double? = nil)
}
