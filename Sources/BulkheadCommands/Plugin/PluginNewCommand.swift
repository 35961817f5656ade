package import ArgumentParser
import BulkheadMaster
import BulkheadModel
import Foundation

/// `bulkhead plugin new`: a project for a plugin that builds, loads and has a test.
package struct PluginNewCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Create a plugin project that builds, loads and has a test.",
        discussion: "Prints what to do next. The project is a folder of the plugin's name, which must not exist yet.")

    @Argument(help: ArgumentHelp("The plugin's name: letters, digits and hyphens.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("The language: swift or c.", valueName: "language"))
    var language: String

    @Option(help: ArgumentHelp("The folder in which the project's folder is made.", valueName: "folder"))
    var folder = "."

    package init() {}

    package func run() throws {
        guard let language = PluginProject.Language(rawValue: language.lowercased()) else {
            throw BroadcastError(
                .usage, "there is no beginning for a plugin in \"\(language)\"",
                advice: "--language takes swift or c; docs/plugins.md shows the same in C++ and Rust")
        }
        let project = try PluginProject(name: name, language: language, installation: .find())
        let path = FilePaths.absolute(folder + "/" + name)
        try project.write(to: path)
        print(project.nextSteps(folder: folder == "." ? name : path))
    }
}
