import Glibc
import LMDB
import Testing

/// A directory that is removed with its owner.
final class TemporaryDirectory {
    let path: String

    init() {
        var name = Array("/tmp/relay-lmdb.XXXXXX".utf8CString)
        precondition(mkdtemp(&name) != nil)
        path = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        for name in ["store/data.mdb", "store/lock.mdb", "data.mdb", "lock.mdb", "other.mdb"] {
            unlink(path + "/" + name)
        }
        rmdir(path + "/store")
        rmdir(path)
    }

    var store: String { path + "/store" }
}

let numbers = "numbers"
let names = "names"
let schema = Schema(integer: [numbers], bytes: [names])

func makeEnvironment(
    _ directory: TemporaryDirectory, options: EnvironmentOptions = .init(mapBytes: 64 << 20)
) throws(LMDBError) -> Environment {
    try Environment.create(at: directory.store, options: options, schema: schema) { _, _ in }
}

func fileSize(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_size : nil
}

extension Array where Element == UInt8 {
    init(_ span: RawSpan) {
        self = span.withUnsafeBytes { Array($0) }
    }
}

/// `#expect` cannot look into values that are not copyable; this compares what they yield.
func check<Value: Equatable>(
    _ found: Value?, _ wanted: Value?, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found == wanted, sourceLocation: sourceLocation)
}

/// `#expect(throws:)` for closures that change a value that is not copyable.
func checkThrows(
    _ wanted: LMDBError, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws(LMDBError) -> Void
) {
    do throws(LMDBError) {
        try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect(error == wanted, sourceLocation: sourceLocation)
    }
}
