import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem

extension Broadcast {
    /// The child that `name` stands for, until its room knows it by its identity.
    func child(_ name: String) -> Part {
        switch name {
        case "encoder": return .encoder(0)
        case "standby encoder": return .encoder(0, .standby)
        case "next encoder": return .encoder(0, .next)
        case "slate encoder": return .slateEncoder(0)
        default:
            if let index = sources.firstIndex(where: { $0.slot.name == name }) {
                return .source(InputID(index + 1), name: name)
            }
            let standby = "standby "
            return name.hasPrefix(standby)
                ? .pluginHost(0, .standby, name: String(name.dropFirst(standby.count))) : .pluginHost(0, name: name)
        }
    }

    /// Says how a child ended, and keeps it.
    func postDeath(
        _ name: String, _ end: ChildEnd, pid: Int32?, lastSign: MonotonicTime? = nil, frame: Int64? = nil,
        framesLate: Int = 0, uncommitted: Int? = nil, plugin: String? = nil, call: PluginCall? = nil
    ) {
        let part = child(name)
        let tail = end.standardErrorTail
        post(
            part,
            .child(
                .died(
                    pid: pid, cause: "\(end.cause)", frame: frame, uncommitted: uncommitted, plugin: plugin, call: call,
                    standardError: tail.isEmpty ? nil : tail)))
        let now = MonotonicTime.now
        deaths.add(
            DeathRecord(
                time: EventLog.wallClock(), mediaSeconds: origin == nil ? nil : frameRate.time(of: nextFrame).seconds,
                part: part, pid: pid ?? 0, cause: "\(end.cause)", frame: frame,
                detectedWithinMilliseconds: lastSign.map { Double(now.since($0)) / 1e6 } ?? 0,
                recoveredAfterMilliseconds: nil, framesLate: framesLate, standardError: end.standardErrorTail,
                plugin: plugin),
            of: .name(name), at: now)
    }

    /// The part works again.
    func closeDeathRecords(of name: String) {
        let records = deaths.close(.name(name), at: .now)
        DeathArchive.standard.appendLater(records)
        for record in records {
            let span = record.recoveredAfterMilliseconds ?? 0
            post(
                child(name),
                .child(
                    .recovered(
                        milliseconds: Int(span.rounded()), framesLate: record.framesLate, cause: record.cause)))
        }
    }

    // MARK: starting again

    /// Starts a child again after `delay`; where that fails, tries on.
    func restart(
        after delay: Duration, _ launch: @escaping @Sendable (isolated Broadcast) throws(BroadcastError) -> Void
    ) {
        guard delay > .zero else { return attempt(launch) }
        reactor.schedule(at: .now.advanced(by: delay)) { [weak self] in
            self?.assumeIsolated { $0.attempt(launch) }
        }
    }

    private func attempt(_ launch: @escaping @Sendable (isolated Broadcast) throws(BroadcastError) -> Void) {
        guard state != .ended else { return }
        do throws(BroadcastError) {
            try launch(self)
            launchProblems.removeAll()
        } catch {
            // It is tried on for as long as it takes; it is said once.
            if launchProblems.insert(error.description).inserted {
                post(.master, .master(.launchFailed(reason: Reason(error.kind.rawValue, error.problem))))
            }
            reactor.schedule(at: .now.advanced(by: .seconds(1))) { [weak self] in
                self?.assumeIsolated { $0.attempt(launch) }
            }
        }
    }
}
