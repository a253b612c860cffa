import Glibc
import System
import TestSupport
import Testing

@Suite("A lock file")
struct LockFileTests {
    @Test("belongs to one at a time, and is gone when nobody has it.")
    func ownership() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("lock")
        var first = try LockFile(path)
        #expect(first != nil)
        #expect(try LockFile(path) == nil)
        withExtendedLifetime(first) {}
        first = nil
        #expect(access(path, F_OK) != 0)
        #expect(try LockFile(path) != nil)
    }

    @Test("of which somebody has removed the name is not removed under its new owner.")
    func replaced() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("lock")
        var first = try LockFile(path)
        unlink(path)
        let second = try LockFile(path)
        #expect(first != nil && second != nil)
        first = nil
        #expect(access(path, F_OK) == 0)
        #expect(try LockFile(path) == nil)
        withExtendedLifetime(second) {}
    }

    @Test("that cannot be made says why and what to do.")
    func nowhere() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("no/lock")
        let error = #expect(throws: FileError.self) { try LockFile(path) }
        #expect(
            error?.description
                == "cannot open \(path): No such file or directory: make the directory "
                + "\(directory.file("no")) first")
        #expect(throws: FileError("open", path: directory.path, errno: EISDIR)) {
            try LockFile(directory.path)
        }
    }
}
