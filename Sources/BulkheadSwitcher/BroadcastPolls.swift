import BulkheadControl
import BulkheadModel
import BulkheadSystem
import Glibc
import SystemPackage

/// The broadcast whose link pushes, over its control socket.
final class BroadcastPolls: Sendable {
    let path: String
    let link: String
    /// Of its own each: a status must not wait behind a change, nor a change behind a status.
    private let reports: MasterPoll
    private let changes: MasterPoll

    init(_ push: SwitcherSettings.Push) {
        (path, link) = (push.broadcastPath, push.link)
        reports = MasterPoll(path: path, patienceSeconds: 1)
        changes = MasterPoll(path: path, patienceSeconds: 1)
    }

    func status() async -> BroadcastStatus?? { await reports.status() }

    /// Takes the link back to the air.
    /// - Parameter from: up to where viewers have the stream, in seconds of the timeline; nil where that is not known.
    /// - Returns: why it was refused; nil where it was done.
    func resume(from: Double?) async -> String? { await change(.retry(link, from: from)) }

    /// - Returns: why it was refused; nil where it was done.
    func pause() async -> String? { await change(.pause(link)) }

    private func change(_ change: LinkChange) async -> String? {
        switch await changes.reply(to: .link(change)) {
        case .done, .changed: nil
        case .failed(let error): error.problem
        case nil: "the broadcast does not answer"
        default: "the broadcast answers what was not asked"
        }
    }

    func linkIsOnAir() async -> Bool { Self.link(link, of: await changes.status() ?? nil)?.isOnAir ?? false }

    /// Without a broadcast, or such a link, there is nothing that pushes.
    func linkHasStopped() async -> Bool {
        guard let status = await changes.status() else { return false }
        return Self.link(link, of: status)?.hasStopped ?? true
    }

    /// No process listens at the socket any more: nothing pushes.
    var isGone: Bool {
        do {
            let connection = try LocalSocket.connect(to: path)
            connection.close()
            return false
        } catch { return error == .connectionRefused || error == .noSuchFileOrDirectory }
    }

    /// The link that `word` names, by its number or name; nil where there is none.
    static func link(_ word: String, of status: BroadcastStatus?) -> LinkStatus? {
        guard let links = status?.links else { return nil }
        if let named = links.first(where: { $0.name == word || $0.name == "link \(word)" }) { return named }
        guard let number = Int(word), links.indices.contains(number - 1) else { return nil }
        return links[number - 1]
    }
}

/// This process, for people.
enum ProcessNumber {
    static var own: Int32 { getpid() }
}
