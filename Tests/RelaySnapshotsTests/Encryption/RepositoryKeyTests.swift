import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("The key of a repository") struct RepositoryKeyTests {
    private func refusal(_ path: String, _ key: RepositoryKey) -> String {
        do throws(SnapshotError) {
            _ = try Repository(path, key)
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    @Test("is asked for by name, and nothing else opens the repository.")
    func refusals() throws {
        let fixture = try EncryptedFixture(orders: 5)
        let (path, store) = (fixture.path, fixture.snapshots)
        let none = refusal(path, .none)
        #expect(none.contains("\(path) is encrypted by a key") && none.contains("--key-file FILE"))
        let (right, wrong) = (store.file("key"), store.file("wrong"))
        #expect(try RepositoryKey(.keyFile(wrong)).makeFile())
        #expect(readText(wrong) != readText(right))
        let other = refusal(path, RepositoryKey(.keyFile(wrong)))
        #expect(other.contains("\(wrong) does not open the repository \(path)"), "\(other)")
        let phrase = refusal(path, RepositoryKey(.passphraseFile(right)))
        #expect(phrase.contains("\(path) is encrypted by a key"), "\(phrase)")
        #expect(unlink(wrong) == 0)
        let lost = refusal(path, RepositoryKey(.keyFile(wrong)))
        #expect(lost.contains("there is no file \(wrong)"), "\(lost)")
        for text in [
            "", "\n", "secret\n", readText(right).dropLast(2) + "\n",
            String(repeating: "a", count: 9_000),
        ] {
            try Disk.write(Array(text.utf8), to: wrong)
            #expect(refusal(path, RepositoryKey(.keyFile(wrong))).hasPrefix("\(wrong): expected "))
        }
        // An end of line as Windows writes it, and none at all.
        for end in ["\r\n", ""] {
            try Disk.write(Array((readText(right).dropLast() + end).utf8), to: wrong)
            #expect(refusal(path, RepositoryKey(.keyFile(wrong))) == "nothing")
        }
        _ = try Repository(creating: store.file("plain"))
        #expect(refusal(store.file("plain"), fixture.key).contains("is not encrypted"))
        store.keep()
    }

    @Test("is made once, for its owner alone, and never replaced.")
    func file() throws {
        let fixture = try EncryptedFixture(orders: 5)
        let file = fixture.snapshots.file("key")
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let text = readText(file)
        #expect(text.count == 65 && text.hasSuffix("\n"))
        _ = try Repository(
            creating: fixture.snapshots.file("other"), fixture.key, makesKeyFile: true)
        #expect(readText(file) == text)
        // What is not to be made leaves no key behind.
        let none = fixture.snapshots.file("none")
        #expect(throws: SnapshotError.self) {
            try Repository(
                creating: fixture.path, RepositoryKey(.keyFile(none)), makesKeyFile: true)
        }
        #expect(try !Disk.exists(none))
        // Who only adds is told that the file is not there, and makes no repository.
        let path = fixture.snapshots.file("third")
        #expect(throws: SnapshotError.noKeyFile(path: none)) {
            try Repository(creating: path, RepositoryKey(.keyFile(none)))
        }
        #expect(try !Disk.exists(path))
        fixture.snapshots.keep()
    }

    @Test("can be a passphrase, whose salt and cost stand in the repository.")
    func passphrase() throws {
        let fixture = try EncryptedFixture(orders: 5, passphrase: "correct horse battery")
        let (path, store) = (fixture.path, fixture.snapshots)
        try fixture.fill()
        #expect(fixture.findings(.full) == [])
        let record = readText(path + "/key")
        #expect(record.contains(#""openedBy":"passphrase","passes":3,"memory":67108864,"salt":""#))
        let none = refusal(path, .none)
        #expect(none.contains("by a passphrase") && none.contains("--passphrase-file FILE"))
        let file = store.file("wrong")
        try Disk.write(Array("correct horse batterx\n".utf8), to: file)
        let wrong = refusal(path, RepositoryKey(.passphraseFile(file)))
        #expect(wrong.contains("does not open the repository \(path)"), "\(wrong)")
        try Disk.write(Array("too short\n".utf8), to: file)
        #expect(throws: SnapshotError.self) {
            try Repository(creating: store.file("other"), RepositoryKey(.passphraseFile(file)))
        }
        // What a stranger writes there takes no more memory than it may.
        for (from, to) in [("67108864", "99999999999"), ("\"passes\":3", "\"passes\":3000")] {
            let start = try #require(record.firstRange(of: from))
            let end = try #require(record.firstRange(of: ",\"checksum"))
            let body =
                record[..<start.lowerBound] + to + record[start.upperBound..<end.lowerBound]
            try Disk.write(Manifest.closed(Array(body.utf8)), to: path + "/key")
            #expect(
                refusal(path, RepositoryKey(fixture.key.source)).contains("is not what was written")
            )
        }
        let newer = Manifest.closed(Array(#"{"format":2"#.utf8))
        try Disk.write(newer, to: path + "/key")
        #expect(refusal(path, RepositoryKey(fixture.key.source)).contains("has format 2"))
        unlink(path + "/key")
        #expect(refusal(path, RepositoryKey(fixture.key.source)).contains("is missing"))
        store.keep()
    }

    @Test("can be changed, and no pack is written anew.")
    func change() throws {
        let fixture = try EncryptedFixture(orders: 60)
        try fixture.fill()
        let (path, store) = (fixture.path, fixture.snapshots)
        let before = fixture.files.filter { !$0.hasSuffix("/key") }.map { ($0, readBytes($0)) }
        try Disk.write(Array("correct horse battery\n".utf8), to: store.file("phrase"))
        let new = RepositoryKey(.passphraseFile(store.file("phrase")))
        try fixture.repository.changeKey(to: new)
        #expect(refusal(path, new) == "nothing")
        // Also for who has opened it before.
        #expect(refusal(path, fixture.key).contains("by a passphrase"))
        let next = RepositoryKey(.keyFile(store.file("next")))
        try Repository(path, new).changeKey(to: next, makesKeyFile: true)
        #expect(refusal(path, next) == "nothing")
        #expect(refusal(path, RepositoryKey(fixture.key.source)).contains("does not open"))
        for (file, bytes) in before { #expect(readBytes(file) == bytes, "\(file)") }
        #expect(try Repository(path, next).verifyAll(.full).findings == [])
        let plain = try Repository(creating: store.file("plain"))
        #expect(throws: SnapshotError.cannotChangeKey(path: plain.path)) {
            try plain.changeKey(to: next)
        }
        store.keep()
    }
}
