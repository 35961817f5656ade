package import BulkheadModel
import Foundation
import Glibc

extension LocalClock {
    /// The clock of a zone of the time zone database; nil where there is none of that name. The first call may read files.
    package static func zone(_ name: String) -> LocalClock? {
        guard Timetable.isZoneName(name), let zone = TimeZone(identifier: name) else { return nil }
        return LocalClock { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))) }
    }

    /// The machine's own clock, as `TZ` or `/etc/localtime` set it.
    package static let local = LocalClock { moment in
        var (time, parts) = (time_t(moment), tm())
        return localtime_r(&time, &parts) == nil ? 0 : Int64(parts.tm_gmtoff)
    }
}
