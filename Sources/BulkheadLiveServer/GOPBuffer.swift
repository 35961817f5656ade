package import BulkheadRTMP

/// What a new player gets at once: metadata, sequence headers and everything since the last IDR.
package struct GOPBuffer<Element> {
    /// One message of the stream, with what decides whether it is kept.
    package struct Entry {
        /// What the message carries.
        package let kind: MediaKind
        /// The payload's length, as it counts against the limit.
        package let byteCount: Int
        /// The message's timestamp, modulo 2^32.
        package let timestampMilliseconds: UInt32
        /// The message itself.
        package let element: Element
    }

    /// What holds at a place in the stream.
    private struct Headers {
        var metadata: Entry?
        var video: Entry?
        var audio: Entry?
    }

    private let byteLimit: Int
    private var current = Headers()
    private var atIDR = Headers()
    private var entries: [Entry] = []
    private var byteCount = 0
    private var lastTimestamp: UInt32 = 0
    /// A video sequence header or a picture has come.
    package private(set) var hasVideo = false

    /// An empty buffer; a GOP of more than `byteLimit` bytes is not kept.
    package init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// A new player can start here and now: it gets an IDR, or there is no picture to wait for.
    package var isComplete: Bool { !hasVideo || !entries.isEmpty }

    /// Adds a message; an IDR begins the buffer anew.
    package mutating func append(
        _ element: Element, kind: MediaKind, byteCount: Int, timestampMilliseconds: UInt32
    ) {
        let entry = Entry(
            kind: kind, byteCount: byteCount, timestampMilliseconds: timestampMilliseconds, element: element)
        if kind != .metadata { lastTimestamp = timestampMilliseconds }
        switch kind {
        case .metadata: current.metadata = entry
        case .videoSequenceHeader: (current.video, hasVideo) = (entry, true)
        case .audioSequenceHeader: current.audio = entry
        case .idr:
            hasVideo = true
            atIDR = current
            entries.removeAll(keepingCapacity: true)
            self.byteCount = 0
            keep(entry)
            return
        case .video: hasVideo = true
        case .audio, .data: break
        }
        // Without an IDR at their start, entries would be of no use.
        if !entries.isEmpty { keep(entry) }
    }

    private mutating func keep(_ entry: Entry) {
        byteCount += entry.byteCount
        if byteCount > byteLimit {
            entries.removeAll()
            byteCount = 0
        } else {
            entries.append(entry)
        }
    }

    /// Forgets metadata (`@clearDataFrame`).
    package mutating func clearMetadata() { current.metadata = nil }

    /// The entries for a new player, and the time to write on the sequence headers, which hold from there on.
    package var start: (headers: [Entry], timestampMilliseconds: UInt32, entries: [Entry]) {
        let headers = entries.isEmpty ? current : atIDR
        let timestamp = entries.first?.timestampMilliseconds ?? lastTimestamp
        return ([headers.metadata, headers.video, headers.audio].compactMap { $0 }, timestamp, entries)
    }
}
