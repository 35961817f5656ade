import BulkheadControlFormats
import BulkheadEvents
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct MetricsTests {
    private static func text(_ status: BroadcastStatus?) -> String {
        var counts = EventCounts()
        for cause in ["SIGSEGV", "SIGSEGV", "exit code 1"] {
            let died = ChildHappening.died(
                pid: 1, cause: cause, frame: nil, uncommitted: nil, plugin: nil, call: nil, standardError: nil)
            counts.take(Event(.encoder(1), .child(died), time: 0))
        }
        return BroadcastMetrics.text(
            status, isReached: status != nil, counts: counts, clients: [("page", 2)], lastFrameTime: 12.5, version: "1")
    }

    /// A line of the text format, read strictly: name, labels, value.
    private static func sample(_ line: Substring) -> (name: String, labels: String, value: Double)? {
        guard
            let match = line.wholeMatch(
                of: /([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)+\})? (NaN|[-+]Inf|-?[0-9.e+-]+)/)
        else { return nil }
        let value: Double? =
            match.3 == "+Inf" ? .infinity : match.3 == "-Inf" ? -.infinity : match.3 == "NaN" ? .nan : Double(match.3)
        return value.map { (String(match.1), String(match.2 ?? ""), $0) }
    }

    @Test(arguments: [Sample.status, nil]) func formIsThatOfPrometheus(status: BroadcastStatus?) throws {
        let text = Self.text(status)
        #expect(text.hasSuffix("\n") && !text.contains("\n\n"))
        var types: [String: String] = [:]
        var (current, series) = ("", Set<String>())
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                current = String(line.split(separator: " ")[2])
                #expect(types[current] == nil, "\(current) is there twice")
            } else if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                #expect(words[2] == current && words.count == 4)
                types[current] = String(words[3])
            } else {
                let sample = try #require(Self.sample(line), "\(line)")
                #expect(sample.name == current && types[current] != nil)
                #expect(series.insert(sample.name + sample.labels).inserted, "\(line) is there twice")
                // Counters end in _total, and only they do; units are base units.
                #expect(sample.name.hasSuffix("_total") == (types[current] == "counter"), "\(sample.name)")
                #expect(sample.name.hasPrefix("bulkhead_") && !sample.name.contains("milli"))
            }
        }
        #expect(types.count >= (status == nil ? 6 : 26))
    }

    @Test func figuresAreThoseOfTheStatus() {
        let text = Self.text(Sample.status)
        for line in [
            "bulkhead_on_air 1", "bulkhead_up 1", "bulkhead_frames_total{stage=\"encoder\"} 300",
            "bulkhead_link_up{link=\"main\"} 1", "bulkhead_link_queue_seconds{link=\"main\"} 0.04",
            "bulkhead_link_round_trip_seconds{link=\"main\"} 0.0125",
            "bulkhead_child_deaths_total{role=\"encoder\",cause=\"SIGSEGV\"} 2",
            "bulkhead_child_deaths_total{role=\"encoder\",cause=\"exit code 1\"} 1",
            "bulkhead_last_frame_timestamp_seconds 12.5", "bulkhead_control_clients{kind=\"page\"} 2",
            "bulkhead_input_peak_dbfs{input=\"music \\\"live\\\"\\\\\"} -6",
            "bulkhead_loudness_lufs{window=\"momentary\"} -Inf",
        ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
        #expect(!text.contains("a.example"))
    }

    @Test func causesOfOthersDoNotGrowForEver() {
        var counts = EventCounts()
        for number in 0..<2000 {
            let died = ChildHappening.died(
                pid: 1, cause: "cause \(number)", frame: nil, uncommitted: nil, plugin: nil, call: nil,
                standardError: nil)
            counts.take(Event(.encoder(1), .child(died), time: 0))
        }
        let text = BroadcastMetrics.text(
            nil, isReached: false, counts: counts, clients: [], lastFrameTime: nil, version: "1")
        #expect(text.split(separator: "\n").count { $0.hasPrefix("bulkhead_child_deaths_total") } <= 257)
        #expect(text.contains("cause=\"other\"} 1744"))
    }
}
