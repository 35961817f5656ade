/// The clock on a wall somewhere: which time it shows at each moment, and at which moments it shows a time.
package struct LocalClock: Sendable {
    private let offset: @Sendable (Int64) -> Int64

    /// - Parameter offset: how many seconds the clock is ahead of UTC at a moment, in seconds since 1970.
    package init(offset: @escaping @Sendable (Int64) -> Int64) { self.offset = offset }

    /// UTC.
    package static let universal = LocalClock { _ in 0 }

    /// What it shows at `moment`, as seconds since 1970 of a clock that is never put forward or back.
    package func shown(at moment: Int64) -> Int64 { moment &+ offset(moment) }

    /// When a time is shown.
    package enum Moment: Hashable, Sendable {
        case once(Int64)
        /// The clock is put back over it.
        case twice(Int64, Int64)
        /// The clock is put forward over it: it goes on at this moment.
        case never(Int64)
    }

    /// When the clock shows `time`.
    package func moment(of time: Int64) -> Moment {
        let (before, after) = (offset(time &- Self.day), offset(time &+ Self.day))
        let moments = Set([before, after]).map { time &- $0 }.filter { shown(at: $0) == time }.sorted()
        switch moments.count {
        case 1: return .once(moments[0])
        case 2: return .twice(moments[0], moments[1])
        default: return .never(change(between: time &- Self.day, and: time &+ Self.day, to: after))
        }
    }

    /// Whether nothing is put forward or back on the day that begins with the time `start`, nor on the days beside it.
    package func isEven(around start: Int64) -> Int64? {
        let (before, after) = (offset(start &- Self.day), offset(start &+ 2 &* Self.day))
        return before == after && offset(start) == before ? before : nil
    }

    private func change(between low: Int64, and high: Int64, to offset: Int64) -> Int64 {
        var (low, high) = (low, high)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if self.offset(middle) == offset { high = middle } else { low = middle }
        }
        return high
    }

    static let day: Int64 = 86_400
}

/// A day of the Gregorian calendar.
package struct CalendarDay: Hashable, Sendable {
    package let year: Int64
    /// From 1.
    package let month: Int
    /// From 1.
    package let day: Int
    /// From 0, which is Sunday.
    package let weekday: Int

    /// - Parameter number: days since 1970-01-01. After Howard Hinnant's `civil_from_days`.
    package init(number: Int64) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        weekday = Int(((number + 4) % 7 + 7) % 7)
    }

    /// A time that a clock shows, such as `2026-11-30 20:30`.
    package static func text(of time: Int64) -> String {
        let number = time.flooredQuotient(by: LocalClock.day)
        let (day, minute) = (CalendarDay(number: number), (time - number * LocalClock.day) / 60)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(day.year)-\(two(Int64(day.month)))-\(two(Int64(day.day))) \(two(minute / 60)):\(two(minute % 60))"
    }
}

extension Int64 {
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
