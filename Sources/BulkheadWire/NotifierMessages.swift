/// Where notices go, as a notifier is told.
package struct NoticeAddress: Hashable, Sendable {
    /// What takes notices.
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// An address of HTTP: a POST for each.
        case http = 1
        /// A command of the shell, which is run for each.
        case command = 2
        /// A file, which gets a line for each.
        case file = 3
    }

    /// What takes the notices. All addresses of a notifier are of one kind.
    package var kind: Kind
    /// `https://…` or `http://…`, a command, or an absolute path.
    package var url: String
    /// The key of signatures; empty for none.
    package var secret: [UInt8]
    /// How long a command may run, in milliseconds.
    package var limitMilliseconds: UInt32
    /// From which size on a file is put aside, in bytes.
    package var byteCount: UInt64
    /// How many files that were put aside are kept.
    package var keptFiles: UInt16

    package init(
        _ kind: Kind = .http, url: String, secret: [UInt8] = [], limitMilliseconds: UInt32 = 0, byteCount: UInt64 = 0,
        keptFiles: UInt16 = 0
    ) {
        self.kind = kind
        self.url = url
        self.secret = secret
        self.limitMilliseconds = limitMilliseconds
        self.byteCount = byteCount
        self.keptFiles = keptFiles
    }
}

/// One event on its way to others.
package struct Notice: Hashable, Sendable {
    /// Counts all notices of a broadcast.
    package var number: UInt64
    /// The same wherever and however often the notice is sent: who gets it twice tells by this.
    package var id: String
    /// JSON, sent as it is.
    package var body: [UInt8]

    package init(number: UInt64, id: String, body: [UInt8]) {
        self.number = number
        self.id = id
        self.body = body
    }
}

/// What the master asks of a notifier.
package enum NotifierRequest: WireMessage, Hashable {
    /// The addresses, which are counted from 0 from then on. `origin` names the master in what the notifier says of itself.
    case configure([NoticeAddress], origin: String)
    /// Deliver this to the targets with these numbers, each in the order in which notices come.
    case notice(Notice, targets: [UInt8])
    /// Nobody waits for this notice any more.
    case forget(number: UInt64)
    /// The end of the socket is meant: the master has not died.
    case finish

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .configure(let addresses, let origin):
            WireFrame(.notifierConfigure) {
                $0.write(origin, atMost: 256)
                $0.write(UInt8(clamping: addresses.count))
                for address in addresses.prefix(Int(UInt8.max)) {
                    $0.write(address.kind.rawValue)
                    $0.write(address.url, atMost: 4096)
                    $0.write(address.secret)
                    $0.write(address.limitMilliseconds)
                    $0.write(address.byteCount)
                    $0.write(address.keptFiles)
                }
            }
        case .notice(let notice, let targets):
            WireFrame(.notifierNotice, reserving: notice.body.count + 128) {
                $0.write(notice.number)
                $0.write(notice.id, atMost: 256)
                $0.write(notice.body)
                $0.write(targets)
            }
        case .forget(let number): WireFrame(.notifierForget) { $0.write(number) }
        case .finish: WireFrame(.notifierFinish) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .notifierConfigure?:
            let origin = try reader.readString(atMost: 256, "origin")
            var addresses: [NoticeAddress] = []
            for _ in 0..<(try reader.read(UInt8.self)) {
                guard let kind = NoticeAddress.Kind(rawValue: try reader.read()) else {
                    throw reader.outsideRange("kind")
                }
                addresses.append(
                    NoticeAddress(
                        kind, url: try reader.readString(atMost: 4096, "address"),
                        secret: try reader.readBytes(atMost: 4096, "secret"),
                        limitMilliseconds: try reader.read(), byteCount: try reader.read(),
                        keptFiles: try reader.read()))
            }
            self = .configure(addresses, origin: origin)
        case .notifierNotice?:
            self = .notice(
                Notice(
                    number: try reader.read(), id: try reader.readString(atMost: 256, "id"),
                    body: try reader.readBytes(atMost: 65_536, "body")),
                targets: try reader.readBytes(atMost: Int(UInt8.max), "targets"))
        case .notifierForget?: self = .forget(number: try reader.read())
        case .notifierFinish?: self = .finish
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

/// What became of a notice at one target.
package enum NoticeOutcome: UInt8, Hashable, Sendable {
    case delivered = 1
    /// The target does not want it; asking again would change nothing.
    case refused = 2
}

/// What a notifier answers.
package enum NotifierReply: WireMessage, Hashable {
    case ready
    /// A notice is done with at one target; `text` says why where it was refused.
    case settled(number: UInt64, target: UInt8, NoticeOutcome, text: String)
    /// A target can't be reached, or takes nothing; it is tried again.
    case trouble(target: UInt8, text: String)
    /// The process works; comes each second.
    case alive

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready: WireFrame(.notifierReady) { _ in }
        case .settled(let number, let target, let outcome, let text):
            WireFrame(.notifierSettled) {
                $0.write(number)
                $0.write(target)
                $0.write(outcome.rawValue)
                $0.write(text, atMost: 512)
            }
        case .alive: WireFrame(.notifierAlive) { _ in }
        case .trouble(let target, let text):
            WireFrame(.notifierTrouble) {
                $0.write(target)
                $0.write(text, atMost: 512)
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .notifierReady?: self = .ready
        case .notifierSettled?:
            let number = try reader.read(UInt64.self)
            let target = try reader.read(UInt8.self)
            guard let outcome = NoticeOutcome(rawValue: try reader.read()) else {
                throw reader.outsideRange("outcome")
            }
            self = .settled(number: number, target: target, outcome, text: try reader.readString(atMost: 512, "text"))
        case .notifierAlive?: self = .alive
        case .notifierTrouble?:
            self = .trouble(target: try reader.read(), text: try reader.readString(atMost: 512, "text"))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
