/// The number of one thing for as long as its master runs: never given to another thing, and never its position.
package struct Identity<Subject>: Hashable, Comparable, Sendable {
    /// From 1; 0 stands for a thing of which there is one.
    package let number: Int

    /// The identity with that number; only counters and decoders make one.
    package init(_ number: Int) { self.number = number }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// Subjects keep the numbers of different things apart; they have no values.
package enum ChildSubject {}
/// Keeps the numbers of inputs apart.
package enum InputSubject {}
/// Keeps the numbers of links apart.
package enum LinkSubject {}
/// Keeps the numbers of plugins apart.
package enum PluginSubject {}
/// Keeps the numbers of posts apart.
package enum PostSubject {}

/// One child process; its successor at the same post has another number.
package typealias ChildID = Identity<ChildSubject>
/// One input that a user has named, whichever source child reads it.
package typealias InputID = Identity<InputSubject>
/// One destination, whichever server it publishes to.
package typealias LinkID = Identity<LinkSubject>
/// One plugin of the chain, whichever plugin host runs it.
package typealias PluginID = Identity<PluginSubject>

/// One post that children hold one after another: the encoders', a source's, a plugin host's.
package typealias PostID = Identity<PostSubject>

extension Identity: ExpressibleByIntegerLiteral {
    package init(integerLiteral number: Int) { self.init(number) }
}

extension Identity: CustomStringConvertible {
    package var description: String { "\(number)" }
}

/// A plain number in JSON.
extension Identity: Codable {
    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Int.self)) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

/// Hands out the identities of one kind of thing, from 1 on.
package struct IdentityCounter<Subject>: Sendable {
    private var last = 0

    /// A counter whose first identity is 1.
    package init() {}

    /// An identity that this counter has not given before.
    package mutating func next() -> Identity<Subject> {
        last += 1
        return Identity(last)
    }

    /// Counts on, so that the next identity is `identity`; one that lies behind is not given again.
    package mutating func skip(to identity: Identity<Subject>) { last = max(last, identity.number - 1) }
}
