/// The files of a new plugin. `@NAME@` and the like stand for what differs from project to project.
enum PluginTemplates {
    /// Names that a Swift plugin's type can't have, because the kit or the language has them.
    static let takenNames: Set<String> = [
        "AudioBlock", "AudioFilter", "BulkheadPluginKit", "CBulkheadPlugin", "Color", "EventHandler", "File", "Outcome",
        "Parameter", "Picture", "Plugin", "PluginError", "PluginEvent", "PluginFormat", "PluginInfo", "PluginLog",
        "PluginSetup", "Self", "Swift", "Testing", "Type", "VideoFilter", "VideoFrame",
    ]

    static func files(for language: PluginProject.Language) -> [(path: String, text: String)] {
        switch language {
        case .swift:
            [
                ("Package.swift", swiftPackage), ("Sources/@TYPE@/@TYPE@.swift", swiftSource),
                ("Tests/@TYPE@Tests/@TYPE@Tests.swift", swiftTest), ("Makefile", swiftMakefile),
                ("README.md", swiftReadme), (".gitignore", "/.build/\n"),
            ]
        case .c:
            [
                ("@NAME@.c", cSource), ("Makefile", cMakefile), ("README.md", cReadme), (".gitignore", "*.so\n*.o\n"),
            ]
        }
    }

    // MARK: Swift

    private static let swiftPackage = """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "@NAME@",
            products: [.library(name: "@NAME@", type: .dynamic, targets: ["@TYPE@"])],
            dependencies: [.package(path: Context.environment["BULKHEAD_KIT"] ?? "@KIT@")],
            targets: [
                .target(name: "@TYPE@", dependencies: [.product(name: "BulkheadPluginKit", package: "kit")]),
                .testTarget(name: "@TYPE@Tests", dependencies: ["@TYPE@"]),
            ]
        )

        """

    private static let swiftSource = """
        import BulkheadPluginKit

        /// Makes the picture brighter or darker.
        struct @TYPE@: VideoFilter {
            static let brightness = Parameter("brightness", 1.5, in: 0...4, "How bright: 1 changes nothing.")
            static let info = PluginInfo(
                name: "@NAME@", version: "0.1", description: "Makes the picture brighter or darker.",
                parameters: [brightness])

            private let brightness: Double

            init(_ setup: PluginSetup) { brightness = setup[Self.brightness] }

            mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
                guard brightness != 1 else { return .unchanged }
                // Luma is 16 for black and 235 for white. A whole number's product is faster than a number's.
                let factor = Int(brightness * 256)
                frame.forEachRow(of: .luma) { _, source, target in
                    for x in source.indices {
                        target[x] = UInt8(clamping: min(235, 16 + (Int(source[x]) - 16) * factor >> 8))
                    }
                }
                frame.copy(.cb)
                frame.copy(.cr)
                return .changed
            }
        }

        @c(bulkhead_plugin_entry)
        public func entry(hostVersion: UInt32) -> UnsafeRawPointer? { @TYPE@.pluginEntry(hostVersion: hostVersion) }

        """

    private static let swiftTest = """
        import BulkheadPluginKit
        import Testing

        @testable import @TYPE@

        @Test func brightnessMultipliesWhatIsAboveBlack() throws {
            var setup = PluginSetup()
            setup[@TYPE@.brightness] = 2
            var plugin = @TYPE@(setup)
            var picture = Picture(width: 16, height: 16)
            picture[.luma, 3, 5] = 66
            picture[.luma, 4, 5] = 200
            let result = try picture.filtered(by: &plugin)
            #expect(result[.luma, 0, 0] == 16, "black stays black")
            #expect(result[.luma, 3, 5] == 116)
            #expect(result[.luma, 4, 5] == 235, "nothing is whiter than white")
            #expect(result[.cb, 1, 2] == picture[.cb, 1, 2])
        }

        """

    private static let swiftMakefile = """
        # The command; BULKHEAD=/path/to/bulkhead names another one.
        BULKHEAD ?= @BULKHEAD@

        build:
        \tswift build -c release

        # Whether it is fit for a broadcast: this is what continuous integration runs, with the unit tests.
        check: build
        \t$(BULKHEAD) plugin check ./.build/release/lib@NAME@.so

        test: check
        \tswift test

        .PHONY: build check test

        """

    private static let swiftReadme = """
        # @NAME@

        A plugin for Bulkhead, the live broadcaster, in Swift.

            swift build -c release     # .build/release/lib@NAME@.so
            make check                 # runs it over test pictures: does it crash, leak, take too long?
            make test                  # that, and the unit tests in Tests/

        On air:

            @BULKHEAD@ broadcast test --plugin ./.build/release/lib@NAME@.so,brightness=0.5 --to rtmp://…

        To use it by its name, put it where Bulkhead looks:

            mkdir -p ~/.local/lib/bulkhead/plugins
            cp .build/release/lib@NAME@.so ~/.local/lib/bulkhead/plugins/

        The plugin is one type, in `Sources/@TYPE@`; `bulkhead_plugin_entry` is what the host looks for in the library.
        Build for release: in a debug build every pixel goes through checks that take a hundred times as long.

        The kit is taken from `@KIT@`; the environment variable `BULKHEAD_KIT` names another folder.

        """

    // MARK: C

    private static let cSource = """
        // @NAME@: makes the picture brighter or darker.
        #include "bulkhead_plugin.h"

        #include <errno.h>
        #include <stdlib.h>
        #include <string.h>

        enum { BRIGHTNESS };

        static const bulkhead_parameter parameters[] = {
            [BRIGHTNESS] = {
                .type = BULKHEAD_PARAMETER_NUMBER,
                .name = "brightness",
                .description = "How bright: 1 changes nothing.",
                .default_value = "1.5",
                .minimum = 0,
                .maximum = 4,
            },
        };

        // One instance of the plugin. It is called on one thread, one call after the other.
        typedef struct instance {
            uint8_t table[256]; // what becomes of each value of luma
            int changes;        // whether the table does anything
        } instance;

        static int32_t set_parameter(void *state, uint32_t index, const bulkhead_value *value) {
            instance *self = state;
            if (index != BRIGHTNESS) return -EINVAL;
            for (int luma = 0; luma < 256; luma++) {
                // Luma is 16 for black and 235 for white.
                double changed = 16 + (luma - 16) * value->number;
                self->table[luma] = changed < 0 ? 0 : changed > 235 ? 235 : (uint8_t)changed;
            }
            self->changes = value->number != 1;
            return 0;
        }

        static int32_t create(
            const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
            const bulkhead_value *values, void **state) {
            (void)host, (void)format;
            instance *self = calloc(1, sizeof *self);
            if (!self) return -ENOMEM;
            for (uint32_t index = 0; index < plugin->parameter_count; index++) set_parameter(self, index, &values[index]);
            *state = self;
            return 0;
        }

        static void destroy(void *state) { free(state); }

        static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
            const instance *self = state;
            if (!self->changes) return BULKHEAD_UNCHANGED;
            for (int plane = 0; plane < 3; plane++) {
                // Plane 0 is luma; 1 and 2 are chroma, at half the width and height.
                uint32_t width = plane ? frame->width / 2 : frame->width, height = plane ? frame->height / 2 : frame->height;
                for (uint32_t y = 0; y < height; y++) {
                    const uint8_t *input = frame->input[plane] + (size_t)y * frame->input_stride[plane];
                    uint8_t *output = frame->output[plane] + (size_t)y * frame->output_stride[plane];
                    if (plane == 0) {
                        for (uint32_t x = 0; x < width; x++) output[x] = self->table[input[x]];
                    } else {
                        memcpy(output, input, width);
                    }
                }
            }
            return 0;
        }

        BULKHEAD_PLUGIN(
            .capabilities = BULKHEAD_VIDEO,
            .name = "@NAME@",
            .version = "0.1",
            .description = "Makes the picture brighter or darker.",
            .parameters = parameters,
            .parameter_count = sizeof parameters / sizeof parameters[0],
            .create = create,
            .destroy = destroy,
            .set_parameter = set_parameter,
            .process_video = process_video)

        """

    private static let cMakefile = """
        # The command; BULKHEAD=/path/to/bulkhead names another one.
        BULKHEAD ?= @BULKHEAD@
        # Where bulkhead_plugin.h is: as pkg-config knows, else where it was when this project was made.
        HEADERS := $(or $(shell pkg-config --variable=includedir bulkhead-plugin 2>/dev/null),@HEADERS@)
        CFLAGS ?= -O2 -g -Wall -Wextra
        override CFLAGS += -std=c11 -fPIC -fvisibility=hidden -I$(HEADERS)

        lib@NAME@.so: @NAME@.c
        \t$(CC) $(CFLAGS) -shared -o $@ $< $(LDFLAGS) $(LDLIBS)

        # Whether it is fit for a broadcast: this is what continuous integration runs.
        check test: lib@NAME@.so
        \t$(BULKHEAD) plugin check ./lib@NAME@.so

        clean:
        \trm -f lib@NAME@.so

        .PHONY: check test clean

        """

    private static let cReadme = """
        # @NAME@

        A plugin for Bulkhead, the live broadcaster, in C.

            make           # lib@NAME@.so
            make check     # runs it over test pictures: does it crash, leak, take too long?

        On air:

            @BULKHEAD@ broadcast test --plugin ./lib@NAME@.so,brightness=0.5 --to rtmp://…

        To use it by its name, put it where Bulkhead looks:

            mkdir -p ~/.local/lib/bulkhead/plugins
            cp lib@NAME@.so ~/.local/lib/bulkhead/plugins/

        Everything that a plugin needs is in one header, `bulkhead_plugin.h`, which says what each call is for.

        """
}
