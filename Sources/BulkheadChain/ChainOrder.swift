package import BulkheadModel
package import BulkheadTimeline

/// The order in which frames pass the posts of the chain, and how that order changes: at a border, where nothing is in
/// any post. What comes meanwhile waits before the chain, no longer than the posts' deadlines.
package struct ChainOrder: Sendable {
    /// A change of the order.
    package enum Step: Hashable, Sendable {
        case insert(PostID, at: Int)
        case remove(PostID)
        case move(PostID, to: Int)
    }

    /// From the first post to the last.
    package private(set) var posts: [PostID]
    /// What waits before the chain, in order.
    package private(set) var frames: [TimelineFrame] = []
    package private(set) var blocks: [AudioLedger.Block] = []
    private var steps: [Step] = []

    package init(_ posts: [PostID] = []) { self.posts = posts }

    /// Something waits for the border: nothing enters the chain.
    package var isWaiting: Bool { !steps.isEmpty }
    /// Nothing waits before the chain.
    package var isEmpty: Bool { frames.isEmpty && blocks.isEmpty }

    package var first: PostID? { posts.first }

    /// Where to go on from `post`; nil for the way out.
    package func next(after post: PostID) -> PostID? {
        guard let index = posts.firstIndex(of: post), index + 1 < posts.count else { return nil }
        return posts[index + 1]
    }

    package mutating func wait(_ frame: TimelineFrame) { frames.append(frame) }
    package mutating func wait(_ block: AudioLedger.Block) { blocks.append(block) }

    /// Has the order changed at the next border.
    package mutating func ask(_ step: Step) { steps.append(step) }

    /// Changes the order: nothing is in the chain.
    /// - Returns: what enters now.
    package mutating func cross() -> (frames: [TimelineFrame], blocks: [AudioLedger.Block]) {
        for step in steps {
            switch step {
            case .insert(let post, let index): posts.insert(post, at: min(max(0, index), posts.count))
            case .remove(let post): posts.removeAll { $0 == post }
            case .move(let post, let index):
                guard posts.contains(post) else { continue }
                posts.removeAll { $0 == post }
                posts.insert(post, at: min(max(0, index), posts.count))
            }
        }
        steps = []
        defer { (frames, blocks) = ([], []) }
        return (frames, blocks)
    }
}
