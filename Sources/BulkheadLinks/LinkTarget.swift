package import BulkheadModel
package import BulkheadRTMP
package import BulkheadSRT

/// Where one server of a link is, and by which protocol.
package enum LinkTarget: Hashable, Sendable {
    case rtmp(IngestTarget)
    case srt(SRTAddress)

    /// Reads what a user has written.
    /// - Throws: ``IngestTargetError`` or ``SRTAddressError``, neither of which repeats a key.
    package init(_ settings: ServerSettings) throws {
        let key = settings.streamKey.isEmpty ? nil : settings.streamKey
        if SRTAddress.isMeant(by: settings.url) {
            self = .srt(try SRTAddress(settings.url, passphrase: key))
        } else {
            self = .rtmp(try IngestTarget(settings.url, key: key))
        }
    }

    /// What must not be shown.
    package var secrets: [String] {
        switch self {
        case .rtmp(let target): [target.key]
        case .srt(let address): address.secrets
        }
    }

    /// Host and port for a person.
    package var authority: String {
        switch self {
        case .rtmp(let target): target.authority
        case .srt(let address): address.authority
        }
    }

    /// The other side makes the connection.
    package var isCalled: Bool { if case .srt(let address) = self { address.mode == .listener } else { false } }

    /// The server by RTMP; nil for others.
    package var ingest: IngestTarget? { if case .rtmp(let target) = self { target } else { nil } }
}

extension LinkTarget: CustomStringConvertible {
    /// The address without what may be secret.
    package var description: String {
        switch self {
        case .rtmp(let target): "\(target)"
        case .srt(let address): "\(address)"
        }
    }
}
