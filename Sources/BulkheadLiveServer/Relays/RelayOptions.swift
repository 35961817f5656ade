package import BulkheadRTMP
package import BulkheadStreamPlayer

/// A stream that comes from another server.
package struct PullOptions: Hashable, Sendable {
    /// What it is called here.
    package var name: StreamName
    /// Tried in this order; at least one.
    package var sources: [StreamSource]
    /// Only while somebody plays it.
    package var isOnDemand = false
    /// How long it goes on after the last player.
    package var linger = Duration.seconds(10)

    package init(_ name: StreamName, from sources: [StreamSource]) {
        self.name = name
        self.sources = sources
    }

    /// A stream of servers that speak RTMP.
    package init(_ name: StreamName, from targets: [IngestTarget]) {
        self.init(name, from: targets.map { .rtmp($0) })
    }
}

/// A server that streams go to.
package struct PushOptions: Hashable, Sendable {
    /// Which one; nil for each.
    package var name: StreamName?
    /// An empty key stands for the stream's own name.
    package var target: IngestTarget

    package init(_ name: StreamName?, to target: IngestTarget) {
        self.name = name
        self.target = target
    }
}
