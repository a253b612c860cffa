import Glibc
import RelayStore
import Testing

/// A directory that is removed with its owner.
final class TemporaryDirectory {
    let path: String

    init() {
        var name = Array("/tmp/relay-store.XXXXXX".utf8CString)
        precondition(mkdtemp(&name) != nil)
        path = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        for name in ["data.mdb", "lock.mdb"] { unlink(store + "/" + name) }
        rmdir(store)
        rmdir(path)
    }

    var store: String { path + "/store" }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func array(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }

/// `#expect` cannot look into values that are not copyable; this compares what they yield.
func check<Value: Equatable>(
    _ found: Value?, _ wanted: Value?, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found == wanted, sourceLocation: sourceLocation)
}

/// `#expect(throws:)` for closures that change a value that is not copyable.
func checkThrows(
    _ wanted: StoreError, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws(StoreError) -> Void
) {
    do throws(StoreError) {
        try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect(error == wanted, sourceLocation: sourceLocation)
    }
}
