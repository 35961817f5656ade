package import ArgumentParser
import BulkheadChildren
import BulkheadMaster
import BulkheadModel
import BulkheadPluginCatalog
import BulkheadWire
import Glibc

/// `bulkhead plugin check`: whether a plugin is fit for a broadcast, for its author and for continuous integration.
package struct PluginCheckCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check whether a plugin is fit for a broadcast.",
        discussion: """
            Runs the plugin over test pictures of several sizes and over sound, each test in a process of its own: it \
            must not crash or hang, write or read outside of what it is given, leak, depend on what it has not been \
            given, or take longer than there is time. Exits with 0 when it is fit (warnings are no hindrance, but for \
            --strict), with 67 when it is not.
            """)

    @Argument(
        help: ArgumentHelp(
            "A library's path, or a plugin's name, with parameters.", valueName: "plugin[,name=value…]"),
        completion: .file())
    var plugin: String

    @Option(
        name: .customLong("size"),
        help: ArgumentHelp("Test pictures of this size only; may be repeated.", valueName: "WxH"))
    var sizes: [String] = []

    @Option(
        help: ArgumentHelp("How many seconds without an answer count as a hang.", valueName: "seconds"))
    var patience = 20

    @Flag(help: "Treat warnings as errors.")
    var strict = false

    @Flag(help: "Print one JSON object for each test, and a last one for all.")
    var json = false

    @Option(help: ArgumentHelp("The folder with Bulkhead's other programs.", visibility: .hidden))
    var libexec: String?

    package init() {}

    package func run() async throws {
        let programs = libexec.map { Programs(folder: FilePaths.absolute($0)) } ?? .find()
        var (identity, parameters) = try words()
        let description: PluginDescription
        do throws(PluginCatalogError) {
            description = try await programs.pluginCatalog(isFresh: true).describe(identity)
            for parameter in description.parameters where parameter.kind == .file {
                parameters[parameter.name] = parameters[parameter.name].map(Self.path)
            }
            try description.check(parameters)
        } catch {
            throw BroadcastError(error)
        }
        guard (1...3600).contains(patience) else {
            throw BroadcastError(.usage, "--patience \(patience) is not possible", advice: "it takes 1 to 3600 seconds")
        }
        let check = PluginCheck(
            plugin: description, parameters: parameters, launch: programs.launch(.pluginHost),
            patience: .seconds(patience))
        if !json { print(PluginCheckText.title(description)) }
        var summary = PluginCheckSummary(plugin: description.identity, path: description.path)
        for test in PluginCheck.tests(of: description, sizes: try pictureSizes()) {
            let result = await check.run(test)
            summary.add(result)
            print(json ? JSONLine.text(result) ?? "" : PluginCheckText.lines(result))
            // Each as it comes, also to a file.
            fflush(nil)
            // What can't be made once will not be made for the next test.
            if result.isRefused { break }
        }
        summary.isFit = summary.errors == 0 && (!strict || summary.warnings == 0)
        print(json ? JSONLine.text(summary) ?? "" : PluginCheckText.line(summary))
        fflush(nil)
        if !summary.isFit { throw BroadcastError(.plugin, "\(description.identity) is not fit for a broadcast") }
    }

    /// A file's path from the root; the empty one names no file.
    private static func path(_ text: String) -> String { text.isEmpty ? "" : FilePaths.absolute(text) }

    /// What is checked, and its parameters.
    private func words() throws(BroadcastError) -> (String, [String: String]) {
        let parts = plugin.split(separator: ",", omittingEmptySubsequences: false)
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "="), equals > part.startIndex else {
                throw BroadcastError(
                    .usage, "the plugin parameter \"\(part)\" has no value", advice: "write PLUGIN,name=value")
            }
            parameters[String(part[..<equals])] = String(part[part.index(after: equals)...])
        }
        var identity = parts.first.map(String.init) ?? ""
        if !identity.contains("/"), !identity.contains(":"), FilePaths.readingProblem(identity) == nil {
            identity = "./" + identity
        }
        return (identity, parameters)
    }

    private func pictureSizes() throws(BroadcastError) -> [(width: Int, height: Int)]? {
        guard !sizes.isEmpty else { return nil }
        var read: [(width: Int, height: Int)] = []
        for size in sizes {
            guard let canvas = PluginCheck.canvas(size) else {
                throw BroadcastError(
                    .usage, "there are no pictures of the size \"\(size)\"",
                    advice: "--size takes even numbers from 16 to 8192, such as 320x180")
            }
            read.append(canvas)
        }
        return read
    }
}
