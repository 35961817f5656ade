import BulkheadEvents
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSystem
import BulkheadTimeline

/// A link in its place in the broadcast.
struct LinkSlot: Sendable {
    /// From 1; never given to another one.
    let number: Int
    /// `link` where there is one, `link 2`, or `link` and the name that the user gave it.
    let name: String
    let link: any Link
    /// It does its work; one that has failed does not.
    var isRunning = true

    var part: Part { .link(LinkID(number), name: name) }

    /// Whether a person means it by `word`: its number, its name, or both.
    func isMeant(by word: String) -> Bool {
        let word = word.lowercased()
        return [name.lowercased(), "link \(number)", "\(number)"].contains(word) || name.lowercased() == "link \(word)"
    }
}

/// The links of a broadcast: those that the settings ask for, and changes on air.
extension Broadcast {
    func makeLinks() throws(BroadcastError) {
        for destination in settings.destinations {
            linkSlots.append(try makeLink(destination, isAlone: settings.destinations.count == 1, isOnAir: false))
        }
        linksAlive = linkSlots.count
    }

    private func makeLink(
        _ destination: DestinationSettings, isAlone: Bool, isOnAir: Bool
    ) throws(BroadcastError) -> LinkSlot {
        let onRoom: @Sendable () -> Void = { [weak self] in
            guard let self else { return }
            // Nobody waits for it: the broadcast looks for room by itself when it has other reasons to.
            Task { await self.pump() }
        }
        let number = lastLinkNumber + 1
        let name = destination.name.isEmpty ? isAlone ? "link" : "link \(number)" : "link \(destination.name)"
        if linkSlots.contains(where: { $0.name == name }) {
            throw BroadcastError(.usage, "there are two links with the name \(destination.name)")
        }
        let link: any Link
        if destination.isFile {
            link = FileLink(
                name: name, path: String(destination.url.dropFirst(5)), awaitsIDR: isOnAir, onRoom: onRoom)
        } else {
            let servers = try LinkServers(destination, name: name, clock: .system)
            var limits = LinkQueue.Limits()
            limits.backfill = MediaTime(nanoseconds: Int64(destination.backfillSeconds * 1e9))
            // What is sent again after a break waits too, and is no reason to shed.
            limits.duration = max(limits.duration, limits.backfill + MediaTime(milliseconds: 10_000))
            let lanes = (0..<(destination.isRedundant ? 2 : 1)).map { lane in
                RTMPLink(
                    name: name, number: number, servers: servers, lane: lane,
                    mailbox: LinkMailbox(limits: limits, awaitsIDR: isOnAir, onRoom: onRoom), events: events,
                    archive: .standard)
            }
            link = lanes.count == 1 ? lanes[0] : RedundantLink(lanes)
        }
        lastLinkNumber = number
        return LinkSlot(number: number, name: name, link: link)
    }

    // MARK: their course

    func run(_ slot: LinkSlot) async {
        do {
            try await slot.link.run()
            linkEnded(slot, with: nil)
        } catch { linkEnded(slot, with: error) }
    }

    private func linkEnded(_ slot: LinkSlot, with error: BroadcastError?) {
        linksAlive -= 1
        if let index = linkSlots.firstIndex(where: { $0.number == slot.number }) { linkSlots[index].isRunning = false }
        guard let error else { return }
        post(slot.part, .link(.failed(reason: Reason(error.kind.rawValue, error.problem))))
        if linksAlive == 0, state != .ended { fail(error) }
    }

    // MARK: changes on air

    /// Changes the links; what takes time goes on by itself.
    /// - Throws: kind `control` or `usage`, when nothing has been changed.
    func change(_ change: LinkChange) throws(BroadcastError) {
        guard state == .starting || state == .onAir else {
            throw BroadcastError(.control, "the broadcast is not on air", advice: "try again when it is")
        }
        switch change {
        case .add(let destination): try addLink(destination)
        case .remove(let word): try removeLink(try slot(word))
        case .pause(let word):
            let slot = linkSlots[try slot(word)]
            guard !(slot.link is FileLink) else {
                throw BroadcastError(.control, "a file can't be paused", advice: "remove it and add another one")
            }
            guard slot.isRunning else { throw BroadcastError(.control, "\(slot.name) has ended") }
            slot.link.pause(true)
        case .retry(let word): retryLink(try slot(word))
        }
    }

    private func slot(_ word: String) throws(BroadcastError) -> Int {
        if let index = linkSlots.firstIndex(where: { $0.isMeant(by: word) }) { return index }
        let names = linkSlots.map(\.name).joined(separator: ", ")
        throw BroadcastError(.control, "there is no link \(word)", advice: "there are: \(names)")
    }

    private func addLink(_ destination: DestinationSettings) throws(BroadcastError) {
        guard destination.isInRange, linkSlots.count < SettingRange.mostLinks else {
            throw BroadcastError(.control, "the new link is outside what a broadcast takes")
        }
        let slot = try makeLink(destination, isAlone: false, isOnAir: origin != nil)
        for (number, configuration) in configurations.known { slot.link.configure(configuration, number: number) }
        linkSlots.append(slot)
        linksAlive += 1
        settings.destinations.append(destination)
        post(slot.part, .link(.added))
        linkRuns.continuation.yield(slot)
    }

    private func removeLink(_ index: Int) throws(BroadcastError) {
        let slot = linkSlots[index]
        guard linkSlots.contains(where: { $0.isRunning && $0.number != slot.number }) else {
            throw BroadcastError(
                .control, "\(slot.name) is the last link of the broadcast",
                advice: "add another one first, or end the broadcast with: bulkhead stop")
        }
        linkSlots.remove(at: index)
        post(slot.part, .link(.removed))
        slot.link.finish()
        // A server that reads no more must not keep it.
        reactor.schedule(at: .now.advanced(by: .seconds(3))) { slot.link.abort() }
    }

    private func retryLink(_ index: Int) {
        let slot = linkSlots[index]
        slot.link.pause(false)
        slot.link.retry()
        guard !slot.isRunning else { return }
        linkSlots[index].isRunning = true
        linksAlive += 1
        linkRuns.continuation.yield(slot)
    }

    // MARK: servers and the network

    /// What a link, or each of all, knows of its servers; with `isMeasured` after a handshake with each.
    func servers(of word: String?, isMeasured: Bool) async throws(BroadcastError) -> [LinkServersReport] {
        let asked: [any Link]
        if let word { asked = [links[try slot(word)]] } else { asked = links.filter { !($0 is FileLink) } }
        return await withTaskGroup(of: (Int, LinkServersReport).self) { group in
            for (index, link) in asked.enumerated() {
                group.addTask { (index, await link.servers(isMeasured: isMeasured)) }
            }
            var reports: [(Int, LinkServersReport)] = []
            for await report in group { reports.append(report) }
            return reports.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Links that wait for the network hear of it when something has changed there. Without that they ask, which is slower.
    func watchNetwork() {
        networkWatch = try? NetworkWatch(on: reactor) { [weak self] in
            self?.assumeIsolated { $0.networkChanged() }
        }
    }

    /// Changes come in swarms: one word to the links for all of them.
    private func networkChanged() {
        guard networkTimer == nil else { return }
        networkTimer = reactor.schedule(at: .now.advanced(by: .milliseconds(50))) { [weak self] in
            self?.assumeIsolated { broadcast in
                broadcast.networkTimer = nil
                broadcast.links.forEach { $0.networkChanged() }
            }
        }
    }
}
