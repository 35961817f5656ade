/// What a child's own report of its crash says: a line with the signal, then a line for each call, the innermost first,
/// which begins with the path of the library that it is in (backtrace_symbols(3)).
///
/// It comes through a process that may be hostile, and is a hint like a breadcrumb.
package enum CrashReport {
    private static let heading = "crashed by "

    /// The innermost of `libraries` that the crash in `text`, the last words of a process, went through.
    package static func library(in text: String, among libraries: Set<String>) -> String? {
        let lines = text.split(separator: "\n")
        guard let start = lines.lastIndex(where: { $0.hasPrefix(heading) }) else { return nil }
        return lines[lines.index(after: start)...].lazy
            .compactMap { line in line.lastIndex(of: "(").map { String(line[..<$0]) } }
            .first { libraries.contains($0) }
    }
}
