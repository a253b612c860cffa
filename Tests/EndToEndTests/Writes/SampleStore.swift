import Glibc
import TestSupport
import Testing

/// A sample store that relayd serves, and keys to it.
struct SampleStore {
    /// Orders in it: enough for pages of 1 000 at different places.
    static let orders = 3_000

    let directory = TemporaryDirectory()
    let store: String

    init() throws {
        store = directory.file("store")
        let made = ChildProcess.run(
            "relayctl", ["sample", "--store", store, "--orders", "\(Self.orders)"])
        try #require(made.code == 0, "\(made.output)")
    }

    /// A key to account 1, made while nothing serves the store.
    /// - Parameter limits: options of `keys create`.
    func makeKey(_ limits: [String] = []) throws -> String {
        let made = ChildProcess.run(
            "relayctl", ["keys", "create", "--store", store, "--account", "1", "--json"] + limits)
        let key = made.output.split(separator: "\"").first { $0.hasPrefix("relay_") }
        return String(try #require(key, "\(made.output)"))
    }

    /// Serves it with one loop.
    func serve(
        _ program: String = "relayd", arguments: [String] = [], environment: [String] = []
    ) throws -> Relayd {
        try Relayd(
            store: store, in: directory, arguments: ["--loops", "1"] + arguments,
            environment: environment, program: program)
    }

    /// Bytes of the data file.
    var fileBytes: Int {
        var status = stat()
        return stat(store + "/data.mdb", &status) == 0 ? Int(status.st_size) : 0
    }
}
