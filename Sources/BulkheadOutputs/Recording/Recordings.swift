package import BulkheadModel

/// What is recorded of the program besides the links, and how that changes on air. It decides, and makes and ends nothing.
package struct Recordings {
    /// One recording.
    package struct Entry {
        package let settings: RecordingSettings
        /// Among the files of the broadcast, from 1.
        package let number: Int
        package let sink: RecorderSink

        package init(settings: RecordingSettings, number: Int, sink: RecorderSink) {
            self.settings = settings
            self.number = number
            self.sink = sink
        }
    }

    /// One that is to be made.
    package struct Coming: Hashable {
        package let settings: RecordingSettings
        package let number: Int
        /// The number of one that has written under the same name up to now: it is the same recording, and this its next file.
        package let former: Int?

        package init(settings: RecordingSettings, number: Int, former: Int?) {
            self.settings = settings
            self.number = number
            self.former = former
        }
    }

    package init() {}

    /// In the order of the settings.
    package private(set) var entries: [Entry] = []
    /// Taken out, with something to write.
    package private(set) var leaving: [Entry] = []

    /// Those that are given what comes.
    package var sinks: [RecorderSink] { entries.map(\.sink) }
    /// Those that have not ended.
    package var allSinks: [RecorderSink] { (entries + leaving).map(\.sink) }
    package var keepsMarks: Bool { entries.contains { $0.settings.isMP4 } }

    package mutating func append(_ entry: Entry) { entries.append(entry) }

    /// What has to be made where `wanted` is recorded.
    package func coming(_ wanted: [RecordingSettings]) -> [Coming] {
        var numbers = Set((entries + leaving).map(\.number))
        var staying = entries
        var going = entries.filter { !wanted.contains($0.settings) }
        return wanted.compactMap { settings in
            if let index = staying.firstIndex(where: { $0.settings == settings }) {
                staying.remove(at: index)
                return nil
            }
            var number = 1
            while numbers.contains(number) { number += 1 }
            numbers.insert(number)
            let former = going.firstIndex { $0.settings.path == settings.path }.map { going.remove(at: $0).number }
            return Coming(settings: settings, number: number, former: former)
        }
    }

    /// Records `wanted` from now on, of which `made` has been made.
    /// - Returns: those that are to end.
    package mutating func change(to wanted: [RecordingSettings], _ made: [Entry]) -> [Entry] {
        var all = entries + made
        entries = wanted.compactMap { settings in
            all.firstIndex { $0.settings == settings }.map { all.remove(at: $0) }
        }
        leaving += all
        return all
    }

    /// One has ended.
    /// - Returns: what it was, where it was taken out before.
    package mutating func ended(_ sink: RecorderSink) -> Entry? {
        leaving.firstIndex { $0.sink === sink }.map { leaving.remove(at: $0) }
    }
}
