package import ArgumentParser

/// `bulkhead doctor`: what is installed, what can be opened, and what is missing.
package struct DoctorCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tell what is installed, what can be opened and what is missing.")

    package init() {}

    package func run() async throws {}
}
