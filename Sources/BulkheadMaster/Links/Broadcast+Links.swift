import BulkheadRTMP
import BulkheadRTMPTransport

/// The links that the settings ask for.
extension Broadcast {
    func makeLinks() throws(BroadcastError) -> [any Link] {
        let onRoom: @Sendable () -> Void = { [weak self] in
            guard let self else { return }
            // Nobody waits for it: the broadcast looks for room by itself when it has other reasons to.
            Task { await self.pump() }
        }
        var links: [any Link] = []
        for (index, destination) in settings.destinations.enumerated() {
            let name = settings.destinations.count == 1 ? "link" : "link \(index + 1)"
            if destination.url.hasPrefix("file:") {
                links.append(FileLink(name: name, path: String(destination.url.dropFirst(5)), onRoom: onRoom))
                continue
            }
            let target: IngestTarget
            do {
                target = try IngestTarget(
                    destination.url, key: destination.streamKey.isEmpty ? nil : destination.streamKey)
            } catch {
                throw BroadcastError(.usage, "the destination \(name) can't be used: \(error)")
            }
            var options = PublishOptions()
            if !destination.tlsAuthorityFile.isEmpty {
                options.connection.tls.authoritiesPath = destination.tlsAuthorityFile
            }
            links.append(
                RTMPLink(
                    name: name, part: name, target: target, options: options, events: events, onRoom: onRoom))
        }
        return links
    }
}
