import BulkheadCommands
import BulkheadMaster
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct PluginWordTests {
    static let words: [(String, String, [String: String])] = [
        ("frei0r:glow", "frei0r:glow", [:]),
        ("frei0r:glow,blur=0.3", "frei0r:glow", ["blur": "0.3"]),
        ("ladspa:1423,room=0.5,damping=1", "ladspa:1423", ["room": "0.5", "damping": "1"]),
        ("text,text=\"a, b\",size=3", "text", ["text": "a, b", "size": "3"]),
        ("text,text='say \"hi\", you'", "text", ["text": "say \"hi\", you"]),
        ("text,text=a\\, b\\\\c", "text", ["text": "a, b\\c"]),
        ("text,text=it's,x=y=z", "text", ["text": "it's", "x": "y=z"]),
        ("text,text=", "text", ["text": ""]),
        ("text, size = 3", "text", ["size": " 3"]),
        ("text,path=C:\\dir", "text", ["path": "C:\\dir"]),
    ]

    @Test(arguments: words)
    func wordsAreRead(word: String, identity: String, parameters: [String: String]) throws {
        let choice = try PluginWord.choice(word, folder: "/home/x")
        #expect(choice == PluginChoice(identity, parameters: parameters, folder: "/home/x"))
    }

    @Test func whatIsBulkheadsOwnIsNotTheirs() throws {
        let choice = try PluginWord.choice(
            "frei0r:glow,@name=soft,@deadline=8ms,@memory=1G,@data=true,@enabled=false,name=x", folder: "/")
        #expect(choice.name == "soft" && choice.parameters == ["name": "x"])
        #expect(choice.deadlineMicroseconds == 8000 && choice.memoryMebibytes == 1024 && !choice.isEnabled)
        // Nothing is written unless somebody says so.
        #expect(choice.mayWrite)
        #expect(try PluginWord.choice("frei0r:glow", folder: "/").mayWrite == false)
    }

    @Test(arguments: [
        ("", "has no name"), (",a=b", "has no name"), ("text,size", "has no value"), ("text,=3", "has no value"),
        ("text,text=\"a", "has no end"), ("text,@nmae=x", "there are @name"), ("text,@deadline=0", "8ms"),
        ("text,@deadline=1h", "8ms"), ("text,@memory=0", "256M"), ("text,@memory=lots", "256M"),
        ("text,@name=a b", "letters"), ("text,@enabled=perhaps", "true or false"),
        ("text,@data=on", "true or false"),
        ("/nonexistent/p.so", "can't be read"),
    ])
    func nonsenseIsRefusedWithAdvice(word: String, part: String) {
        let error = #expect(throws: BroadcastError.self) { try PluginWord.choice(word, folder: "/") }
        #expect(error?.description.contains(part) ?? false, "\(String(describing: error))")
    }

    @Test func whatIsWrittenIsRead() throws {
        let values = [("text", "a, \"b\" \\, 'c'"), ("size", "3")]
        let choice = try PluginWord.choice(PluginWord.word("te,xt", values), folder: "/")
        #expect(choice.identity == "te,xt" && choice.parameters == Dictionary(uniqueKeysWithValues: values))
    }

    @Test func configurationListsPlugins() throws {
        let text = """
            plugins:
              - frei0r:glow,blur=0.3
              - plugin: "ladspa:1423"
                name: gate
                parameters: {room: 0.5, text: "a, b"}
                deadline: 8ms
                memory: 256M
                enabled: false
            """
        let words = try ConfigurationFile.words(in: text, named: "c.yaml")
        let choices = try words[.plugin].map { try PluginWord.choice($0, folder: "/") }
        #expect(
            choices == [
                PluginChoice("frei0r:glow", parameters: ["blur": "0.3"], folder: "/"),
                PluginChoice(
                    "ladspa:1423", name: "gate", parameters: ["room": "0.5", "text": "a, b"],
                    deadlineMicroseconds: 8000, memoryMebibytes: 256, isEnabled: false, folder: "/"),
            ])
    }

    @Test(arguments: [
        "plugins: 3", "plugins: [{name: x}]", "plugins: [{plugin: a, colour: b}]", "plugins: [[a]]",
        "plugins: [{plugin: a, parameters: 3}]", "plugins: [{plugin: a, parameters: {\"@name\": b}}]",
        "plugin: a\nplugins: [b]",
    ])
    func nonsenseInTheConfigurationIsRefused(text: String) {
        let error = #expect(throws: BroadcastError.self) { try ConfigurationFile.words(in: text, named: "c.yaml") }
        #expect(error?.kind == .usage)
    }
}
