import HTTP2
import RelayStore
import TestSupport

@testable import RelayServer

/// A whole service in this process, on an empty store in memory and a real Unix socket.
final class ServedStore {
    let store: Store
    let keys: TestKeys
    let client: ClientConnection
    private let directory = TemporaryDirectory()
    private let service: RelayService

    init(loops: Int = 1) throws {
        store = try Store.inMemory(options: .small)
        keys = try TestKeys(store)
        service = try RelayService(store: store, loops: loops)
        let path = directory.file("relay.sock")
        service.listen(try UnixSocket(path: path))
        try service.start()
        client = try ClientConnection(unix: path)
    }

    deinit { service.stop() }

    /// Bytes that its loops have lent up to their last turns.
    var lentBytes: UInt64 { service.lentBytes }

    func connect() throws -> ClientConnection {
        try ClientConnection(unix: directory.file("relay.sock"))
    }
}
