import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// Libraries of frei0r and LADSPA, written for the tests from the two specifications.
@Suite(.timeLimit(.minutes(2))) struct ForeignPluginTests {
    /// A frei0r plugin with one parameter of each type. `@update@` stands for what it does.
    static func frei0r(
        type: Int = 0, model: Int = 1, update: String, leavingOut: String = "", version: Int = 1
    ) -> String {
        """
        #include <stdlib.h>
        typedef struct { const char *name, *author; int type, model, frei0r, major, minor, count; const char *text; } info;
        typedef struct { const char *name; int type; const char *text; } parameter;
        typedef struct { double flag, number; float color[3]; double place[2]; char *text; unsigned width, height; } plugin;
        int f0r_init(void) { return 1; }
        void f0r_deinit(void) {}
        void f0r_get_plugin_info(info *it) {
            *it = (info){"Test of All", "Ann", \(type), \(model), \(version), 2, 5, 5, "Tries all."};
        }
        void f0r_get_param_info(parameter *it, int index) {
            static const char *const names[] = {"Flag", "The Number", "Color", "Place", "Text"};
            *it = (parameter){names[index], index, "one"};
        }
        void *f0r_construct(unsigned width, unsigned height) {
            plugin *it = calloc(1, sizeof(plugin));
            *it = (plugin){1, 0.25, {1, 0.5f, 0}, {0.5, 0.75}, strdup("hello"), width, height};
            return it;
        }
        \(leavingOut == "f0r_destruct" ? "" : "void f0r_destruct(void *it) { free(it); }")
        void f0r_set_param_value(void *of, void *value, int index) {
            plugin *it = of;
            if (index == 0) it->flag = *(double *)value;
            if (index == 1) it->number = *(double *)value;
            if (index == 2) memcpy(it->color, value, sizeof it->color);
            if (index == 3) memcpy(it->place, value, sizeof it->place);
            if (index == 4) it->text = strdup(*(char **)value);
        }
        void f0r_get_param_value(void *of, void *value, int index) {
            plugin *it = of;
            if (index == 0) *(double *)value = it->flag;
            if (index == 1) *(double *)value = it->number;
            if (index == 2) memcpy(value, it->color, sizeof it->color);
            if (index == 3) memcpy(value, it->place, sizeof it->place);
            if (index == 4) *(char **)value = it->text;
        }
        void f0r_update2(void *of, double time, const uint32_t *a, const uint32_t *b, const uint32_t *c, uint32_t *out) {
            plugin *it = of;
            (void)time, (void)a, (void)b, (void)c;
            if (it->width % 8 || it->height % 8) abort();
            for (unsigned i = 0; i < it->width * it->height; i++) { \(update) }
        }
        void f0r_update(void *of, double time, const uint32_t *in, uint32_t *out) { f0r_update2(of, time, in, 0, 0, out); }
        """
    }

    /// Gray in limited range (ITU-R BT.601-7, 2.5.4): full-range v is 16 + 219 v / 255.
    private static func gray(_ canvas: Canvas, _ level: UInt8) -> Picture {
        Picture(canvas).mapped { plane, _, _, _ in plane == 0 ? level : 128 }
    }

    private static let loaded = PluginReply.loaded(id: 1, name: "Test of All", version: "2.5", abilities: .video)

    @Test func frei0rFilterThatCopiesLeavesThePictureAsItWas() throws {
        let library = try TestLibrary(source: Self.frei0r(update: "out[i] = a[i];"))
        // Neither side is a multiple of 8.
        let host = try PluginHostChild(width: 74, height: 46)
        #expect(try host.load(library.path) == Self.loaded)
        let colors: [[UInt8]] = [
            [145, 54, 34], [81, 90, 240], [41, 240, 110], [16, 128, 128], [235, 128, 128], [100, 140, 120],
        ]
        for color in colors {
            let picture = Picture(host.canvas).mapped { plane, _, _, _ in color[plane] }
            let result = try #require(try host.process(picture))
            for (plane, rows) in result.planes.enumerated() {
                for row in rows { #expect(row.allSatisfy { abs(Int($0) - Int(color[plane])) <= 1 }, "\(color)") }
            }
        }
    }

    @Test(arguments: [0, 1, 2])
    func frei0rColorsComeInTheOrderThatThePluginWants(_ model: Int) throws {
        // Red, whatever comes in; BGRA has it in the third byte.
        let red = model == 0 ? "0xFFFF0000u" : "0xFF0000FFu"
        let library = try TestLibrary(source: Self.frei0r(model: model, update: "out[i] = \(red);"))
        let host = try PluginHostChild()
        _ = try host.load(library.path)
        let result = try #require(try host.process(Picture(host.canvas)))
        // Red of full range in BT.601: Y 81, Cb 90, Cr 240.
        #expect(result == Picture(host.canvas).mapped { plane, _, _, _ in [81, 90, 240][plane] })
    }

    @Test func frei0rParametersAreGivenByName() throws {
        let update = """
            out[i] = it->flag < 0.5 && it->number == 0.5 && it->color[2] == 1 && it->place[0] == 0.25
                && !strcmp(it->text, "a,b") ? 0xFFFFFFFFu : 0xFF000000u;
            """
        let library = try TestLibrary(source: Self.frei0r(update: update))
        let host = try PluginHostChild()
        let parameters = ["flag": "false", "The Number": "0.5", "color": "#0000FF", "place": "0.25/1", "text": "a,b"]
        #expect(try host.load(library.path, parameters) == Self.loaded)
        #expect(try host.process(Picture(host.canvas)) == Self.gray(host.canvas, 235))
        #expect(
            try host.ask(.setParameter(id: 1, name: "the-number", value: "1"))
                == .parameterSet(id: 1, name: "the-number"))
        #expect(try host.process(Picture(host.canvas)) == Self.gray(host.canvas, 16))
        #expect(
            try host.ask(.setParameter(id: 1, name: "the-number", value: "1.5"))
                == .refused(id: 1, Refusal(.settings, "parameter the-number can't be 1.5: it is a number from 0 to 1")))
    }

    @Test func frei0rSourceIsLaidOverThePicture() throws {
        // White on the left, nothing on the right.
        let update = "out[i] = i % it->width < it->width / 2 ? 0xFFFFFFFFu : 0x00FFFFFFu;"
        let library = try TestLibrary(source: Self.frei0r(type: 1, update: update))
        let host = try PluginHostChild()
        _ = try host.load(library.path)
        let picture = Picture(host.canvas)
        let half = host.canvas.width / 2
        let expected = picture.mapped { plane, x, _, pixel in
            x < (plane == 0 ? half : half / 2) ? [235, 128, 128][plane] : pixel
        }
        #expect(try host.process(picture) == expected)
    }

    @Test func frei0rMixerSeesThePictureBefore() throws {
        let library = try TestLibrary(source: Self.frei0r(type: 2, update: "out[i] = b[i];"))
        let host = try PluginHostChild()
        _ = try host.load(library.path)
        let pictures = [UInt8(40), 80, 120].map { Self.gray(host.canvas, $0) }
        let results = try pictures.map { try host.process($0)?.planes[0][0][0] }
        #expect(results == [40, 40, 80])
    }

    @Test func librariesThatBreakFrei0rSayHow() throws {
        let host = try PluginHostChild()
        let partial = try TestLibrary(source: Self.frei0r(update: "", leavingOut: "f0r_destruct"))
        let refusal = try host.refusal(partial.path)
        #expect(refusal.code == .missingSymbol)
        #expect(refusal.description.contains("it doesn't export f0r_destruct"), "\(refusal)")
        let newer = try TestLibrary(source: Self.frei0r(update: "", version: 3))
        #expect(try host.refusal(newer.path).code == .wrongVersion)
    }

    // MARK: LADSPA

    /// Three plugins: `amp`, one to one, `swap`, two to two, and `hints`, which has a control of each sort.
    static let ladspa = """
        #include <stdlib.h>
        typedef struct { int hints; float lower, upper; } range;
        typedef struct descriptor {
            unsigned long id; const char *label; int properties; const char *name, *maker, *copyright;
            unsigned long count; const int *ports; const char *const *names; const range *ranges; void *data;
            void *(*instantiate)(const struct descriptor *, unsigned long);
            void (*connect)(void *, unsigned long, float *); void (*activate)(void *);
            void (*run)(void *, unsigned long); void (*run_adding)(void *, unsigned long);
            void (*set_gain)(void *, float); void (*deactivate)(void *); void (*cleanup)(void *);
        } descriptor;
        typedef struct { float *port[5]; float last; } plugin;
        static void *make(const descriptor *of, unsigned long rate) {
            (void)of;
            return rate == 48000 ? calloc(1, sizeof(plugin)) : 0;
        }
        static void connect(void *of, unsigned long port, float *to) { ((plugin *)of)->port[port] = to; }
        static void end(void *of) { free(of); }
        // An echo of one sample, so that the two sides must not share an instance.
        static void amplify(void *of, unsigned long count) {
            plugin *it = of;
            for (unsigned long i = 0; i < count; i++) {
                it->port[2][i] = *it->port[0] * it->port[1][i] + it->last;
                it->last = it->port[1][i];
            }
            *it->port[3] = 5;
        }
        static void swap(void *of, unsigned long count) {
            plugin *it = of;
            for (unsigned long i = 0; i < count; i++) it->port[2][i] = it->port[1][i], it->port[3][i] = it->port[0][i];
        }
        const descriptor *ladspa_descriptor(unsigned long index) {
            static const int mono[] = {5, 9, 10, 6}, stereo[] = {9, 9, 10, 10};
            static const char *const names[] = {"Gain (dB)", "In", "Out", "Level"};
            static const range ranges[] = {{0x3 | 0x240, 0, 4}};
            static const range none[4];
            static range all[4];
            all[0] = ranges[0];
            // ladspa.h 1.1: 1 bounded below, 2 above, 4 toggled, 8 of the sample rate, 0x10 logarithmic, 0x20 integer.
            static const int many[] = {9, 10, 5, 5, 5, 5, 5, 5, 5, 5};
            static const char *const hinted[] = {
                "In", "Out", "Plain", "Cutoff Frequency (Hz)", "Low", "Log High", "Steps", "On", "Least", "Low"};
            static const range hints[] = {
                {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0x1 | 0x2 | 0x8 | 0x140, 0, 0.25f}, {0x3 | 0x80, 0, 8},
                {0x3 | 0x10 | 0x100, 1, 10000}, {0x3 | 0x20 | 0xC0, -0.5f, 3.5f}, {0x4 | 0x240, 0, 0}, {0x1, 2, 0},
                {0x2C0, 0, 0}};
            static const descriptor plugins[] = {
                {7001, "amp", 0, "Amplifier", "Ann", "None", 4, mono, names, all, 0, make, connect, 0, amplify, 0, 0, 0, end},
                {7003, "hints", 0, "Hints", "Ann", "None", 10, many, hinted, hints, 0, make, connect, 0, amplify, 0, 0, 0, end},
                {7002, "swap", 0, "Swapper", "Ann", "None", 4, stereo, names, none, 0, make, connect, 0, swap, 0, 0, 0, end}};
            return index < 3 ? &plugins[index] : 0;
        }
        """

    @Test func ladspaPluginsAreChosenByLabelAndRunOnStereo() throws {
        let library = try TestLibrary(source: Self.ladspa)
        let host = try PluginHostChild()
        let refusal = try host.refusal(library.path)
        #expect(refusal.description.hasSuffix("holds 3 plugins: name one of amp, hints, swap"), "\(refusal)")
        func load(_ label: String, _ id: UInt32, _ parameters: [String: String] = [:]) throws -> PluginReply {
            try host.ask(.load(PluginSettings(id: id, path: library.path, label: label, parameters: parameters)))
        }
        #expect(
            try load("amp", 1, ["gain": "3"]) == .loaded(id: 1, name: "Amplifier", version: "", abilities: .audio))
        let reply = try host.ask(.processAudio(firstSample: 0, samples: [0.25, 0.5, 0, 0]))
        guard case .processedAudio(0, true, let samples, _) = reply else { throw ChildTestFailure.unexpected(reply) }
        #expect(samples == [0.75, 1.5, 0.25, 0.5])
        #expect(try load("7002", 2) == .loaded(id: 2, name: "Swapper", version: "", abilities: .audio))
        #expect(
            try host.ask(.setParameter(id: 1, name: "Gain (dB)", value: "1")) == .parameterSet(id: 1, name: "Gain (dB)")
        )
        let swapped = try host.ask(.processAudio(firstSample: 2, samples: [0.25, 0.5]))
        guard case .processedAudio(2, true, let samples, _) = swapped else {
            throw ChildTestFailure.unexpected(swapped)
        }
        #expect(samples == [0.5, 0.25])
        #expect(
            try load("amp", 3, ["gain": "9"])
                == .refused(id: 3, Refusal(.settings, "parameter gain can't be 9: it is a number from 0 to 4 dB")))
        guard case .refused(4, let unknown) = try load("none", 4) else {
            Issue.record("a label that isn't there was taken")
            return
        }
        #expect(unknown.description.hasSuffix("holds no plugin none: there are amp, hints, swap"))
    }
}
