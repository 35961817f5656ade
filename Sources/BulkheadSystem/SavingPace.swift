/// When a record is saved that changes all the time: at most once a second, what is urgent at once, and never two at a time.
package struct SavingPace {
    package enum Action: Hashable {
        case save
        /// Look again then.
        case wake(at: MonotonicTime)
        /// What was tried in vain is done now.
        case recovered
    }

    private static let interval = Duration.seconds(1)
    /// From one attempt to the next where the disk takes nothing.
    private static let pause = Duration.seconds(5)

    /// Something has changed since what is saved, or is being saved.
    private var isChanged = false
    private var isUrgent = false
    private var isSaving = false
    private var isWaking = false
    private var isFailing = false
    private var next: MonotonicTime?

    /// Nothing has changed yet.
    package init() {}

    /// Something is not on the disk yet.
    package var isBusy: Bool { isChanged || isSaving }

    /// Something has changed.
    package mutating func changed(isUrgent: Bool, at now: MonotonicTime) -> [Action] {
        isChanged = true
        self.isUrgent = self.isUrgent || isUrgent
        return proceed(at: now)
    }

    /// The time of a ``Action/wake(at:)`` has come.
    package mutating func woke(at now: MonotonicTime) -> [Action] {
        isWaking = false
        return proceed(at: now)
    }

    /// What was being saved is on the disk, or is not.
    package mutating func ended(isDone: Bool, at now: MonotonicTime) -> [Action] {
        isSaving = false
        let recovered: [Action] = isDone && isFailing ? [.recovered] : []
        isFailing = !isDone
        if !isDone { (isChanged, isUrgent) = (true, false) }
        next = now.advanced(by: isDone ? Self.interval : Self.pause)
        return recovered + proceed(at: now)
    }

    private mutating func proceed(at now: MonotonicTime) -> [Action] {
        guard isChanged, !isSaving else { return [] }
        if let next, now < next, !(isUrgent && !isFailing) {
            guard !isWaking else { return [] }
            isWaking = true
            return [.wake(at: next)]
        }
        (isChanged, isUrgent, isSaving) = (false, false, true)
        return [.save]
    }
}
