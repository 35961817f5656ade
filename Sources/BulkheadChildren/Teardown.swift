/// How a child is brought to its end: steps that are taken in order until it has ended. The last one is always the
/// SIGKILL of its whole group, so that no child and no helper of a child outlives the list.
package struct Teardown: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        /// Close the socket to it, at which a child that works ends by itself.
        case hangUp
        /// Let it end by itself, for so long.
        case wait(Duration)
        /// End its group by SIGKILL.
        case kill
    }

    package let steps: [Step]

    /// - Parameter gentle: what is tried before the SIGKILL.
    package init(_ gentle: [Step] = []) { steps = gentle + [.kill] }

    /// For one that crashed, hung, lied or is in the way.
    package static let atOnce = Teardown()
    /// For one that has nothing left to do.
    package static let released = Teardown([.hangUp, .wait(.seconds(3))])
    /// For one that has closed its socket unasked and is about to end.
    package static let disconnected = Teardown([.wait(.seconds(1))])
}
