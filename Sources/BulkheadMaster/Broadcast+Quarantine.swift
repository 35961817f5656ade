import BulkheadChildren
import BulkheadEvents
import BulkheadSystem
import BulkheadWire
import Glibc

/// Who has brought a host down, and what becomes of it.
extension Broadcast {
    /// The plugin in whose library its host crashed, or that was in a call when its host ended, where that is its doing.
    /// It is left out from now on.
    ///
    /// Where the crash happened says more than who was called: a plugin's own thread may crash while another is at work.
    /// A signal from outside may hit any call; the second one in a row that hits the same plugin's comes from it. So does
    /// the second end in a row between calls, of a host with one plugin: a thread of the plugin's crashes there.
    func charge(_ place: PluginPlace, _ stub: PluginStub, _ end: ChildEnd) -> ChainPlugin? {
        let known =
            plugin(in: place, whoseLibraryCrashed: end, called: stub.breadcrumb?.plugin)
            ?? stub.breadcrumb.flatMap { crumb in place.plugins.first { $0.id == crumb.plugin } }
            ?? stub.suspect.flatMap { id in place.plugins.first { $0.id == id } }
        let active = place.plugins.filter(\.isActive)
        let culprit = known ?? (active.count == 1 && end.cause.isItsOwn ? active.first : nil)
        if known == nil, end.cause.isItsOwn, active.count > 1 { noteUnexplainedDeath(place) }
        let wasInKill = culprit?.wasInKill ?? false
        for plugin in place.plugins { plugin.wasInKill = false }
        guard let culprit else { return nil }
        guard (known != nil && end.cause.isItsOwn) || wasInKill else {
            culprit.wasInKill = true
            return nil
        }
        culprit.deaths += 1
        // A host that had it loaded already dies of it once more: that is one misdeed, not two.
        guard culprit.quarantine.isFree else { return culprit }
        quarantine(culprit, in: place, because: "\(end.cause)")
        return culprit
    }

    private func plugin(in place: PluginPlace, whoseLibraryCrashed end: ChildEnd, called: UInt32?) -> ChainPlugin? {
        guard end.cause.isItsOwn,
            let path = CrashReport.library(in: end.standardErrorTail, among: Set(place.plugins.map(\.library.path)))
        else { return nil }
        let suspects = place.plugins.filter { $0.library.path == path }
        return suspects.first { $0.id == called } ?? (suspects.count == 1 ? suspects.first : nil)
    }

    /// A host of several plugins that ends by itself between two calls, again and again, does so for one that works behind
    /// its back; which, only a host for each can show.
    private func noteUnexplainedDeath(_ place: PluginPlace) {
        let last = place.lastUnexplainedDeath
        place.lastUnexplainedDeath = .now
        guard let last, MonotonicTime.now.since(last) < RestartPolicy.window.nanoseconds else { return }
        post(child(place.name), .pluginHost(.unexplained))
    }

    /// Leaves a plugin out, and lets it in again when its time has come.
    func quarantine(_ plugin: ChainPlugin, in place: PluginPlace, because cause: String) {
        plugin.quarantine.charge(at: .now)
        guard let seconds = plugin.quarantine.secondsLeft(at: .now) else {
            return post(plugin.part, .plugin(.switchedOff(cause: cause, deaths: plugin.deaths)))
        }
        post(
            plugin.part,
            .plugin(.quarantined(cause: cause, deaths: plugin.deaths, seconds: Int(seconds.rounded(.up)))))
        let id = plugin.id
        reactor.schedule(at: .now.advanced(by: .nanoseconds(Int64(seconds * 1e9)))) { [weak self] in
            self?.assumeIsolated { $0.readmit(id) }
        }
    }

    /// Tries a plugin again whose quarantine is over, in a next host.
    private func readmit(_ id: UInt32) {
        guard state == .onAir || state == .starting, let place = place(of: id),
            let plugin = place.plugins.first(where: { $0.id == id }), case .until = plugin.quarantine.state,
            plugin.quarantine.isDue(at: .now)
        else { return }
        guard place.next == nil, !chainIsChanging else {
            // After the change that is under way, which may take it in itself.
            reactor.schedule(at: .now.advanced(by: .milliseconds(250))) { [weak self] in
                self?.assumeIsolated { $0.readmit(id) }
            }
            return
        }
        post(plugin.part, .plugin(.readmitted))
        renew(place, with: place.plugins, isAsked: false)
    }

    // MARK: watching

    /// Looks after hosts that do not answer, and once a second after their memory.
    func watchPluginHosts(_ now: MonotonicTime) {
        let looksAtMemory = now.since(lastMemoryLook) > 1_000_000_000
        if looksAtMemory { lastMemoryLook = now }
        for place in allPlaces {
            for stub in place.stubs where !place.retired.contains(where: { $0 === stub }) {
                let patience = stub.isLoaded ? place.hostPatience : Deadlines.opening
                if let since = stub.owesSince, now.since(since) > patience.nanoseconds {
                    stub.child.dismiss("no answer within \(patience.inWords)")
                }
                if looksAtMemory { watchMemory(of: stub, in: place) }
            }
        }
    }

    /// Ends a host that has grown beyond what its plugins may take.
    private func watchMemory(of stub: PluginStub, in place: PluginPlace) {
        guard stub.isLoaded, let bytes = ProcessMemory.privateByteCount(of: stub.child.pid) else { return }
        guard let base = stub.firstByteCount else { return stub.firstByteCount = bytes }
        let limit = place.memoryLimit
        guard bytes - base > limit else { return }
        // With several plugins only the one in a call can be suspected.
        if place.plugins.filter(\.isActive).count == 1 { stub.suspect = place.plugins.first(where: \.isActive)?.id }
        stub.child.dismiss(
            "it has taken \((bytes - base) >> 20) MiB more memory than at first, and may take \(limit >> 20)")
    }
}
