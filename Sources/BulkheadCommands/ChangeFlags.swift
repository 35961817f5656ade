import ArgumentParser
import BulkheadControl
import BulkheadModel

/// What commands that change something on air have in common: which broadcast they are for, and whether it is to change.
package struct ChangeFlags: ParsableArguments {
    @Flag(help: "Say what would happen, and change nothing.")
    var dryRun = false

    @OptionGroup var master: MasterFlags

    package init() {}

    /// Asks for something to be done, and returns when it is; or says what would be.
    func ask(_ request: ControlRequest) throws(BroadcastError) {
        if dryRun { return try master.foresee(request) }
        try master.ask(request)
    }
}
