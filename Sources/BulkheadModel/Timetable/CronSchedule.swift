/// The times of five fields as of crontab(5): minute, hour, day of the month, month, day of the week.
///
/// A field is `*`, a number, a name (`jan`, `fri`), a range (`mon-fri`), any of them with a step (`*/5`), or a list of
/// those. Where both days are restricted, either does. `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`
/// and `@annually` stand for their five fields.
package struct CronSchedule: Hashable, Sendable {
    /// As it was written.
    package let text: String
    private var minutes = Set<Int>()
    private var hours = Set<Int>()
    private var days = Set<Int>()
    private var months = Set<Int>()
    private var weekdays = Set<Int>()
    /// Its field begins with `*`.
    private var isAnyDay = false
    private var isAnyWeekday = false
    /// Its hours begin with `*`: it follows the time that passes, not the one that is shown.
    private var isAnyHour = false

    /// Beyond so many days nothing comes: leap days lie eight years apart at most.
    private static let horizon: Int64 = 366 * 9

    private static let words = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let daysOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    /// - Throws: kind `usage`: what is wrong with it, and what it takes.
    package init(_ text: String) throws(BroadcastError) {
        self.text = text
        let plain = text.lowercased()
        let shown = text.prefix(60)
        if plain.hasPrefix("@"), Self.words[plain] == nil {
            throw BroadcastError(
                .usage, "there is no time \"\(shown)\"",
                advice: "there are @hourly, @daily, @weekly, @monthly and @yearly, or five fields")
        }
        let fields = (Self.words[plain] ?? plain).split(whereSeparator: \.isWhitespace).map(String.init)
        guard fields.count == 5, text.utf8.count <= 256 else {
            throw BroadcastError(
                .usage, "the time \"\(shown)\" has \(fields.count) fields and not five",
                advice: "write minute, hour, day of the month, month and day of the week, such as \"30 20 * * fri\"")
        }
        minutes = try Self.field(fields[0], "minute", 0...59)
        hours = try Self.field(fields[1], "hour", 0...23)
        days = try Self.field(fields[2], "day of the month", 1...31)
        months = try Self.field(fields[3], "month", 1...12, Self.monthNames, firstName: 1)
        weekdays = Set(try Self.field(fields[4], "day of the week", 0...7, Self.weekdayNames).map { $0 % 7 })
        isAnyHour = fields[1].hasPrefix("*")
        isAnyDay = fields[2].hasPrefix("*")
        isAnyWeekday = fields[4].hasPrefix("*")
        guard !isAnyWeekday || months.contains(where: { month in days.contains { $0 <= Self.daysOfMonths[month - 1] } })
        else {
            throw BroadcastError(
                .usage, "the time \"\(shown)\" never comes: no such month has such a day",
                advice: "mend its days or months")
        }
    }

    private static func field(
        _ text: String, _ name: String, _ range: ClosedRange<Int>, _ names: [String] = [], firstName: Int = 0
    ) throws(BroadcastError) -> Set<Int> {
        func misfit(_ why: String) -> BroadcastError {
            BroadcastError(
                .usage, "the \(name) \"\(text.prefix(40))\" of a time \(why)",
                advice: "it takes \(range.lowerBound) to \(range.upperBound)"
                    + (names.isEmpty ? "" : " or \(names[0]) to \(names[names.count - 1])")
                    + ", *, lists, ranges and steps")
        }
        func number(_ word: Substring) throws(BroadcastError) -> Int {
            if let place = names.firstIndex(of: String(word)) { return place + firstName }
            guard !word.isEmpty, word.utf8.count <= 4, word.allSatisfy({ $0.isASCII && $0.isNumber }),
                let number = Int(word), range.contains(number)
            else { throw misfit("is out of range or no number") }
            return number
        }
        var values = Set<Int>()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard pieces.count <= 2, let span = pieces.first else { throw misfit("has two steps") }
            var (low, high) = (range.lowerBound, range.upperBound)
            let ends = span.split(separator: "-", omittingEmptySubsequences: false)
            if span != "*" {
                guard ends.count <= 2 else { throw misfit("is no range") }
                low = try number(ends[0])
                high = ends.count == 2 ? try number(ends[1]) : pieces.count == 2 ? high : low
                // Sunday ends a week as well as it begins one.
                if ends.count == 2, ends[1] == "sun" { high = 7 }
            } else if name == "day of the week" {
                high = 6
            }
            guard low <= high else { throw misfit("runs backwards") }
            var step = 1
            if pieces.count == 2 {
                guard let number = Int(pieces[1]), (1...range.upperBound).contains(number) else {
                    throw misfit("has no such step")
                }
                step = number
            }
            values.formUnion(stride(from: low, through: high, by: step))
        }
        return values
    }

    private func takes(_ day: CalendarDay) -> Bool {
        guard months.contains(day.month) else { return false }
        let (fits, fitsWeek) = (days.contains(day.day), weekdays.contains(day.weekday))
        return isAnyDay || isAnyWeekday ? fits && fitsWeek : fits || fitsWeek
    }

    /// The first moment behind `moment`, both in seconds since 1970.
    ///
    /// A time that the clock is put forward over comes at the moment at which it goes on; one that comes twice, the first
    /// time. Where the hour is `*`, each minute that passes counts, as often as it is shown.
    package func next(after moment: Int64, _ clock: LocalClock) -> Int64? {
        let first = clock.shown(at: moment).flooredQuotient(by: LocalClock.day) - 1
        for number in first...(first + Self.horizon) where takes(CalendarDay(number: number)) {
            let start = number * LocalClock.day
            let even = clock.isEven(around: start)
            var best: Int64?
            for hour in hours.sorted() {
                for minute in minutes.sorted() {
                    let time = start + Int64(hour * 3600 + minute * 60)
                    let moments = even.map { [time - $0] } ?? self.moments(of: time, clock)
                    for candidate in moments where candidate > moment && candidate < best ?? .max { best = candidate }
                }
                // On an even day, the first one is the earliest.
                if even != nil, best != nil { break }
            }
            if let best { return best }
        }
        return nil
    }

    private func moments(of time: Int64, _ clock: LocalClock) -> [Int64] {
        switch clock.moment(of: time) {
        case .once(let moment): [moment]
        case .twice(let first, let second): isAnyHour ? [first, second] : [first]
        case .never(let change): isAnyHour ? [] : [change]
        }
    }
}

extension CronSchedule: Codable {
    /// Reads what a person would write.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do { try self.init(try container.decode(String.self)) } catch let error as BroadcastError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.problem)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
