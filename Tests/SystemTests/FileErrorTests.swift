import Glibc
import System
import TestSupport
import Testing

@Suite("A failure on a file")
struct FileErrorTests {
    @Test("names the directory that has to be made, if it is the directory that is missing.")
    func directory() {
        let directory = TemporaryDirectory()
        let (near, far) = (directory.file("file"), directory.file("no/file"))
        #expect(
            "\(FileError("open", path: near, errno: ENOENT))"
                == "cannot open \(near): No such file or directory")
        #expect(
            "\(FileError("open", path: far, errno: ENOENT))"
                == "cannot open \(far): No such file or directory: make the directory "
                + "\(directory.file("no")) first")
    }

    @Test("says who owns the nearest that can be looked at, if it is about permission.")
    func owner() {
        let directory = TemporaryDirectory()
        chmod(directory.path, 0o700)
        let path = directory.file("no/such/file")
        let (user, group) = (getuid(), getgid())
        #expect(
            "\(FileError("open", path: path, errno: EACCES))"
                == "cannot open \(path): Permission denied: \(directory.path) belongs to user "
                + "\(user) and group \(group) with mode 0700, and this is user \(user); run it as "
                + "user \(user), or change owner or mode")
    }

    @Test("knows the directory that a path lies in.")
    func parents() {
        let parents = ["a": ".", "/a": "/", "/a/b": "/a", "a/b": "a", "/": "/"]
        for (path, parent) in parents { #expect(FileError.directory(of: path) == parent) }
    }
}
