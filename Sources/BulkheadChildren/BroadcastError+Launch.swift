package import BulkheadModel

extension BroadcastError {
    /// A child's program is of another version than its master.
    ///
    /// - Parameters:
    ///   - child: what it is called, such as `the source`.
    ///   - words: names both versions.
    package init(otherVersionOf child: String, _ words: String) {
        self.init(
            code: .childVersion, ["child": child], "\(child) can't work with this master: \(words)",
            advice: "reinstall Bulkhead, so that its programs are of one version")
    }

    /// A child can't be started.
    ///
    /// - Parameters:
    ///   - child: what it is called, such as `the source`.
    ///   - error: a ``ChildLaunchError``, or what the system said when its pool was made.
    package init(starting child: String, _ error: any Error) {
        let problem = "\(child) can't be started: \(error)"
        if let error = error as? ChildLaunchError, case .system = error {
            self.init(.installation, problem, advice: "see what this machine lacks: ulimit -a, free -m")
        } else {
            self.init(code: .noProgram, problem, advice: "reinstall Bulkhead")
        }
    }
}
