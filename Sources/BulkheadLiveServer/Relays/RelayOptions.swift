package import BulkheadHTTP
package import BulkheadRTMP

/// A stream that comes from another server.
package struct PullOptions: Hashable, Sendable {
    /// What it is called here.
    package var name: StreamName
    /// Tried in this order; at least one.
    package var sources: [PullSource]
    /// Only while somebody plays it.
    package var isOnDemand = false
    /// How long it goes on after the last player.
    package var linger = Duration.seconds(10)

    package init(_ name: StreamName, from sources: [PullSource]) {
        self.name = name
        self.sources = sources
    }

    /// A stream of servers that speak RTMP.
    package init(_ name: StreamName, from targets: [IngestTarget]) {
        self.init(name, from: targets.map { .rtmp($0) })
    }
}

/// Where a stream is pulled from.
package enum PullSource: Hashable, Sendable, CustomStringConvertible {
    case rtmp(IngestTarget)
    /// An address of HTTP-FLV.
    case flv(HTTPAddress)

    package var host: String {
        switch self {
        case .rtmp(let target): target.host
        case .flv(let address): address.host
        }
    }

    package var port: Int {
        switch self {
        case .rtmp(let target): target.port
        case .flv(let address): address.port
        }
    }

    /// Without what may be secret.
    package var description: String {
        switch self {
        case .rtmp(let target): target.description
        case .flv(let address): address.description
        }
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
