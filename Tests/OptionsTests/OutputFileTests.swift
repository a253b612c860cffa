import Glibc
import TestSupport
import Testing

@testable import Options

@Suite("Where output goes")
struct OutputFileTests {
    private let directory = TemporaryDirectory()
    private let text = Array("new\n".utf8)

    private func status(_ path: String) -> stat {
        var status = stat()
        #expect(lstat(path, &status) == 0, "\(path)")
        return status
    }

    private func kind(_ path: String) -> mode_t { status(path).st_mode & S_IFMT }

    private func make(_ name: String, mode: mode_t) -> String {
        let path = directory.file(name)
        close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        chmod(path, mode)
        return path
    }

    @Test("A new file gets what the umask leaves, and nothing else is left in its directory.")
    func new() throws {
        let path = directory.file("new")
        try OutputFile.write(text, to: path)
        let usual = directory.file("usual")
        close(open(usual, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666))
        #expect(readText(path) == "new\n")
        #expect(status(path).st_mode == status(usual).st_mode)
        let names = TemporaryDirectory.names(in: directory.path).filter { !$0.hasPrefix(".") }
        #expect(names.sorted() == ["new", "usual"])
    }

    @Test("A file that is replaced is another file with its mode and its owner.")
    func replaced() throws {
        let path = make("old", mode: 0o640)
        if geteuid() == 0 { #expect(chown(path, 4_242, 4_243) == 0) }
        let before = status(path)
        try OutputFile.write(text, to: path)
        let after = status(path)
        #expect(readText(path) == "new\n")
        #expect(after.st_ino != before.st_ino)
        #expect(after.st_mode == before.st_mode)
        #expect(after.st_uid == before.st_uid && after.st_gid == before.st_gid)
    }

    @Test("Until it is published the old file stands, and then too if it never is.")
    func unpublished() throws {
        let path = directory.file("file")
        try OutputFile.write(Array("old".utf8), to: path)
        do {
            let file = try OutputFile(path)
            try text.withUnsafeBytes { try file.write($0) }
            #expect(readText(path) == "old")
        }
        #expect(readText(path) == "old")
        let names = TemporaryDirectory.names(in: directory.path).filter { !$0.hasPrefix(".") }
        #expect(names == ["file"])
    }

    @Test("A symbolic link stays; what it leads to is replaced, or made.")
    func links() throws {
        let target = make("target", mode: 0o644)
        #expect(symlink("target", directory.file("second")) == 0)
        #expect(symlink(directory.file("second"), directory.file("first")) == 0)
        try OutputFile.write(text, to: directory.file("first"))
        #expect(readText(target) == "new\n")
        #expect(kind(directory.file("first")) == S_IFLNK)
        #expect(kind(directory.file("second")) == S_IFLNK)
        #expect(symlink("absent", directory.file("dangling")) == 0)
        try OutputFile.write(text, to: directory.file("dangling"))
        #expect(readText(directory.file("absent")) == "new\n")
        #expect(symlink("circle", directory.file("circle")) == 0)
        #expect(throws: OutputError.self) {
            try OutputFile.write(text, to: directory.file("circle"))
        }
    }

    @Test("A pipe is written to and stays one.")
    func pipe() throws {
        let path = directory.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        // Open on both sides, so that neither waits for the other.
        let reader = open(path, O_RDWR | O_CLOEXEC)
        defer { close(reader) }
        try OutputFile.write(text, to: path)
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(read(reader, &bytes, 16) == text.count)
        #expect(kind(path) == S_IFIFO)
    }

    @Test("A socket is written to and stays one; one that nobody listens on is named.")
    func socket() throws {
        let path = directory.file("socket")
        let listener = Glibc.socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0)
            }
        }
        #expect(listen(listener, 1) == 0)
        try OutputFile.write(text, to: path)
        let accepted = accept(listener, nil, nil)
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(read(accepted, &bytes, 16) == text.count)
        close(accepted)
        close(listener)
        #expect(kind(path) == S_IFSOCK)
        #expect(throws: OutputError.nobodyListens(path: path)) {
            try OutputFile.write(text, to: path)
        }
    }

    @Test("A device is written to and stays one, and one that is full is an error.")
    func device() throws {
        let (null, full) = (directory.file("null"), directory.file("full"))
        // Nodes of the test's own: only root can make them, and only where devices are allowed.
        guard mknod(null, S_IFCHR | 0o666, 1 << 8 | 3) == 0,
            mknod(full, S_IFCHR | 0o666, 1 << 8 | 7) == 0, access(null, W_OK) == 0
        else { return }
        let before = status(null)
        try OutputFile.write(text, to: null)
        try OutputFile.check(null)
        #expect(status(null).st_mode == before.st_mode && status(null).st_ino == before.st_ino)
        #expect(throws: OutputError.system(call: "write", path: full, errno: ENOSPC)) {
            try OutputFile.write(text, to: full)
        }
        #expect(kind(full) == S_IFCHR)
    }

    @Test("What cannot be written is refused by name, and before the work too.")
    func refused() throws {
        let missing = directory.file("none/file")
        let faults: [(String, OutputError)] = [
            (directory.path, .directory(path: directory.path)),
            (directory.file("new/"), .directory(path: directory.file("new/"))),
            (missing, .noDirectory(directory.file("none"), path: missing)),
        ]
        for (path, fault) in faults {
            #expect(throws: fault) { try OutputFile.check(path) }
            #expect(throws: fault) { try OutputFile.write(text, to: path) }
        }
    }

    @Test("A name of 255 bytes has room for its unfinished part.")
    func longName() throws {
        let path = directory.file(String(repeating: "ü", count: 127) + "x")
        try OutputFile.write(text, to: path)
        #expect(readText(path) == "new\n")
    }
}
