import BulkheadTestSupport
import Foundation
import Testing

/// `bulkhead plugin check` and `bulkhead plugin new`, as plugin authors use them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PluginCheckTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    /// A plugin in C whose functions contain these statements.
    private static func build(
        in folder: TemporaryFolder, create: String = "", process: String, capabilities: String = "BULKHEAD_VIDEO",
        handle: String = ""
    ) async throws -> String {
        let text = """
            #include "bulkhead_plugin.h"
            #include <errno.h>
            #include <stdlib.h>
            #include <string.h>
            #include <unistd.h>
            static void copy(const bulkhead_video_frame *frame) {
                for (int plane = 0; plane < 3; plane++)
                    for (uint32_t y = 0; y < frame->height >> !!plane; y++)
                        memcpy(frame->output[plane] + y * frame->output_stride[plane],
                               frame->input[plane] + y * frame->input_stride[plane], frame->width >> !!plane);
            }
            static int32_t create(const bulkhead_plugin *plugin, const bulkhead_host *host,
                                  const bulkhead_format *format, const bulkhead_value *values, void **state) {
                (void)plugin, (void)values, (void)format, (void)host, (void)state;
                \(create)
                return 0;
            }
            static void destroy(void *state) { (void)state; }
            static int32_t process(void *state, const bulkhead_video_frame *frame) {
                (void)state, (void)copy;
                \(process)
                return 0;
            }
            static void handle(void *state, const bulkhead_event *event) { (void)state, (void)event; \(handle) }
            BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t host_abi_version) {
                (void)host_abi_version;
                static bulkhead_plugin plugin = {
                    .abi_version = BULKHEAD_PLUGIN_ABI_VERSION, .byte_count = sizeof(bulkhead_plugin),
                    .parameter_byte_count = sizeof(bulkhead_parameter), .capabilities = \(capabilities),
                    .name = "Test", .version = "1", .create = create, .destroy = destroy, .process_video = process,
                    .handle_event = handle};
                return &plugin;
            }
            """
        let file = folder.path("plugin.c")
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let library = folder.path("libTest.so")
        let compiler = try RunningProcess(
            "cc",
            [
                "-std=gnu11", "-Wall", "-Werror", "-g", "-fPIC", "-shared", "-I",
                sources.appendingPathComponent("Sources/CBulkheadPlugin/include").path, "-o", library, file,
            ])
        let status = await compiler.wait(timeout: .seconds(60))
        try #require(status == 0, "\(compiler.errorText)")
        return library
    }

    private static func check(_ arguments: [String]) async throws -> (text: String, status: Int32) {
        let program = try BulkheadProgram.start(["plugin", "check"] + arguments)
        let status = await program.wait(timeout: .seconds(90))
        return (program.outputText + program.errorText, status)
    }

    static let defects: [(process: String, said: String)] = [
        (
            "copy(frame); frame->output[0][(size_t)frame->height * frame->output_stride[0]] = 1;",
            "it wrote behind the end of the output's luma plane"
        ),
        ("copy(frame); frame->output[1][-1] = 1;", "it has written before the start of the output's Cb plane"),
        ("copy(frame); frame->output[2][frame->width / 2] = 1;", "behind the end of row 0 of the output's Cr plane"),
        (
            "copy(frame); ((uint8_t *)frame->input[0])[5] = 1;",
            "it wrote in the input's luma plane, which may only be read"
        ),
        ("copy(frame); frame->output[0][0] = frame->input[0][-4097];", "it read before the start of the input's luma"),
        ("(void)frame;", "it leaves pixels of its output unwritten"),
        ("copy(frame); static int n; frame->output[0][0] = 16 + n++;", "come out different in a fresh instance"),
        ("copy(frame); memset(malloc(1000), 1, 1000);", "its memory grows by about 10"),
        ("return -EIO;", "it could not change a picture: Input/output error"),
        ("abort();", "SIGABRT"),
        ("_exit(3);", "it ended the process at work on a picture"),
        ("for (;;) usleep(1000);", "it hangs at work on a picture"),
    ]

    @Test(arguments: defects)
    func defectIsNamed(_ defect: (process: String, said: String)) async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let library = try await Self.build(in: folder, process: defect.process)
        // Where nothing but a hang can come, it need not be waited for long.
        let patience = defect.process.contains("usleep") ? "1" : "30"
        let (text, status) = try await Self.check([library, "--size", "18x34", "--patience", patience, "--strict"])
        #expect(text.contains(defect.said), "\(text)")
        #expect(status == 67, "\(text)")
    }

    @Test func eventsAreTold() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let library = try await Self.build(
            in: folder, process: "copy(frame);", capabilities: "BULKHEAD_VIDEO | BULKHEAD_EVENTS",
            handle: "if (event->kind > 3) abort();")
        let (text, status) = try await Self.check([library, "--size", "18x34"])
        #expect(text.contains("it crashed while it was told of an event (kind 4000000000"), "\(text)")
        #expect(status == 67)
    }

    @Test(arguments: ["Bars", "Border", "Dynamics", "Invert", "Text,clock=off"])
    func shippedPluginIsFit(_ plugin: String) async throws {
        let parts = plugin.split(separator: ",", maxSplits: 1)
        let word = ([BulkheadProgram.path("lib\(parts[0]).so")] + parts.dropFirst().map(String.init))
        let (text, status) = try await Self.check(
            [word.joined(separator: ","), "--size", "18x34", "--json"])
        #expect(status == 0, "\(text)")
        #expect(text.contains("\"isFit\":true"), "\(text)")
    }

    @Test func whatIsNoPluginIsRefused() async throws {
        let (text, status) = try await Self.check(["/dev/null"])
        #expect(status == 67)
        #expect(text.hasPrefix("bulkhead: "), "\(text)")
    }

    @Test func aNewPluginInCIsFit() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let program = try BulkheadProgram.start(
            ["plugin", "new", "my-sun", "--language", "c", "--folder", folder.url.path])
        #expect(await program.wait(timeout: .seconds(30)) == 0, "\(program.errorText)")
        let project = folder.path("my-sun")
        #expect(program.outputText.contains("cd \(project)\n"), "\(program.outputText)")
        let make = try RunningProcess("make", ["-C", project, "BULKHEAD=\(BulkheadProgram.path("bulkhead"))", "check"])
        #expect(await make.wait(timeout: .seconds(90)) == 0, "\(make.outputText)\(make.errorText)")
        #expect(make.outputText.contains("libmy-sun.so is fit for a broadcast"), "\(make.outputText)")
        let again = try BulkheadProgram.start(
            ["plugin", "new", "my-sun", "--language", "c", "--folder", folder.url.path])
        #expect(await again.wait(timeout: .seconds(30)) == 73)
    }

    /// What docs/plugins.md shows in C++, as its reader has it.
    @Test func thePluginInCppOfTheManualIsFit() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let manual = try String(contentsOf: Self.sources.appendingPathComponent("docs/plugins.md"), encoding: .utf8)
        let start = try #require(manual.range(of: "```cpp\n")).upperBound
        let end = try #require(manual.range(of: "```", range: start..<manual.endIndex)).lowerBound
        let file = folder.path("plugin.cpp")
        try Data(manual[start..<end].utf8).write(to: URL(fileURLWithPath: file))
        let compiler = try RunningProcess(
            "c++",
            [
                "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", "-I",
                Self.sources.appendingPathComponent("Sources/CBulkheadPlugin/include").path, "-o",
                folder.path("libCpp.so"), file,
            ])
        #expect(await compiler.wait(timeout: .seconds(60)) == 0, "\(compiler.errorText)")
        let (text, status) = try await Self.check([folder.path("libCpp.so"), "--size", "18x34"])
        #expect(status == 0, "\(text)")
    }
}
