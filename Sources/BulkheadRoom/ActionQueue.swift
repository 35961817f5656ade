/// What a room's machines have decided: carried out one after the other, on the room's thread. What an action brings about
/// comes behind what is there already.
///
///     work.append(contentsOf: machine.handle(event, at: .now))
///     work.run { carryOut($0) }
package final class ActionQueue<Action> {
    private var actions: [Action] = []
    /// An action is being carried out.
    package private(set) var isWorking = false

    /// An empty queue.
    package init() {}

    package func append(_ action: Action) { actions.append(action) }
    package func append(contentsOf new: [Action]) { actions.append(contentsOf: new) }

    /// Carries out all that is there, and all that is appended meanwhile. Within an action it does nothing: the run that is
    /// under way comes to what was appended.
    package func run(_ carryOut: (Action) -> Void) {
        guard !isWorking else { return }
        isWorking = true
        var index = 0
        while index < actions.count {
            let action = actions[index]
            index += 1
            carryOut(action)
        }
        actions.removeAll(keepingCapacity: true)
        isWorking = false
    }
}
