import Glibc
import TestSupport
import Testing

/// tools/bootstrap on machines that lack something: it says what, and what would help.
@Suite("A machine that is not ready")
struct BootstrapTests {
    private static let script =
        "/" + "\(#filePath)".split(separator: "/").dropLast(4).joined(separator: "/")
        + "/tools/bootstrap"

    /// Programs that stand first in PATH.
    private let programs = TemporaryDirectory()

    private func install(_ name: String, _ script: String) throws {
        try writeBytes(programs.file(name), Array("#!/bin/sh\n\(script)\n".utf8))
        chmod(programs.file(name), 0o755)
        chmod(programs.path, 0o755)
    }

    /// Runs it with nothing but a PATH.
    private func bootstrap(
        path: String = ":/usr/bin:/bin", as user: [String] = []
    ) -> (code: Int32, output: String) {
        ChildProcess.run(
            "env", ["-i", "PATH=\(programs.path)\(path)"] + user + ["/bin/bash", Self.script])
    }

    @Test("without Swift is told where Swift is, before anything is installed.")
    func noSwift() throws {
        try install("apt-get", "echo apt-get was called; exit 1")
        let run = bootstrap(path: "")
        #expect(run.code == 1)
        #expect(run.output.hasPrefix("bootstrap: no swift in PATH; get Swift 6.3"))
        #expect(!run.output.contains("apt-get"))
    }

    @Test("on which Swift does not start shows Swift's own words.")
    func brokenSwift() throws {
        let words = "swift: error while loading shared libraries: libncurses.so.6"
        try install("swift", "echo '\(words)' >&2; exit 127")
        try install("dpkg-query", "echo 'ii '")
        let run = bootstrap()
        #expect(run.code == 1)
        #expect(run.output == "bootstrap: swift --version exits with 127:\nbootstrap: \(words)\n")
    }

    @Test(
        "with another Swift is told its version.",
        arguments: [
            ("Swift version 5.10.1 (swift-5.10.1-RELEASE)", "Swift 5.10 is too old"),
            ("Swift version 6.2.4 (swift-6.2.4-RELEASE)", "Swift 6.2 is too old"),
            ("swift-driver 1.0", "swift --version names no version"),
            ("Swift version 6.3 (swift-6.3-RELEASE)", nil),
            ("Apple Swift version 7.0-dev", nil),
        ])
    func otherSwift(version: String, fault: String?) throws {
        try install("swift", "echo '\(version)'")
        try install("dpkg-query", "echo 'ii '")
        let run = bootstrap()
        #expect(run.code == (fault == nil ? 0 : 1))
        #expect(run.output.contains(fault ?? ""))
        #expect(fault != nil || run.output.isEmpty, "\(run.output)")
    }

    @Test("on which nobody may install is told what root has to run.")
    func noRoot() throws {
        try install("swift", "echo 'Swift version 6.3.1'")
        try install("dpkg-query", "exit 1")
        try install("apt-get", "echo apt-get was called; exit 1")
        let user =
            geteuid() == 0
            ? ["/usr/bin/setpriv", "--reuid=23456", "--regid=23456", "--clear-groups"] : []
        // No sudo is to be found here.
        let run = bootstrap(path: "", as: user)
        #expect(run.code == 1)
        #expect(run.output.contains("only root can install them; as root, run"))
        #expect(run.output.contains("apt-get install --no-install-recommends libnghttp2-dev"))
        #expect(run.output.contains("libncurses6") && !run.output.contains("apt-get was called"))
    }
}
