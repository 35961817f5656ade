package import BulkheadModel

/// What is known of each encoder. They are few, and looked at for each frame and each answer: a state is read and changed
/// where it lies, at its place in ``states``, and nothing of it is copied, as a dictionary would.
package struct EncoderTable: Sendable {
    /// In order.
    package private(set) var ids: [ChildID] = []
    /// In the order of ``ids``. They are changed here, but none is added or taken away.
    package var states: [EncoderState] = []

    /// A table without encoders.
    package init() {}

    /// Where the state of `child` lies, until one is added or taken away; nil for an encoder that has ended.
    package func place(of child: ChildID) -> Int? { ids.firstIndex(of: child) }

    /// A copy of the state of `child`. Setting nil takes it away.
    package subscript(child: ChildID) -> EncoderState? {
        get { place(of: child).map { states[$0] } }
        set {
            let place = place(of: child)
            switch (place, newValue) {
            case (let place?, let state?): states[place] = state
            case (let place?, nil):
                ids.remove(at: place)
                states.remove(at: place)
            case (nil, let state?):
                let place = ids.firstIndex { $0 > child } ?? ids.count
                ids.insert(child, at: place)
                states.insert(state, at: place)
            case (nil, nil): break
            }
        }
    }
}
