import RelayClient
import RelayContract
import TestSupport
import Testing

/// Files that the client sends and fetches, through a real relayd.
@Suite("A file")
struct RelayFileTests {
    private let directory = TemporaryDirectory()
    private let relayd: Relayd
    private let relay: RelayClient

    init() throws {
        relayd = try Relayd(store: ":memory:", in: directory)
        relay = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        try relay.createOrder(NewOrder(title: "Dach undicht"))
    }

    @Test("goes with a comment, and comes back under its name, whole or in part.")
    func comment() throws {
        let photo = RelayUpload(
            name: "größe \"50\" %41;\\x.jpg", mediaType: "image/jpeg",
            bytes: (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) })
        let empty = RelayUpload(name: "leer.txt", bytes: [])
        // What would end a part, if the boundary were not the form's own.
        let comment = NewComment(
            text: "--relay\r\nZwei Dateien \"mit\" \\ Umlauten: äöü", authorName: "Jana",
            status: .inProgress)
        let created = try relay.createOrderComment(1, comment, files: [photo, empty])
        let read = try #require(try relay.getOrderComments(1).records.first)
        #expect(read.id == created.value.id)
        #expect(read.text == comment.text && read.statusChange == .inProgress)
        // A path is left out of a name, and a backslash ends one.
        #expect(read.attachments.map(\.name) == ["x.jpg", "leer.txt"])
        let id = try #require(read.attachments[0].id)
        let whole = try relay.getAttachment(id)
        #expect(whole.bytes == photo.bytes && whole.mediaType == "image/jpeg")
        #expect(whole.name == "x.jpg" && whole.range == 0..<200_000)
        for (range, place) in [
            (ByteRange.bytes(5..<100), 5..<100), (.from(199_990), 199_990..<200_000),
            (.last(3), 199_997..<200_000), (.bytes(199_999..<300_000), 199_999..<200_000),
        ] {
            let part = try relay.getAttachment(id, range: range, ifRange: whole.tag)
            #expect(part.range == place && part.byteCount == 200_000)
            #expect(part.bytes == Array(photo.bytes[place]))
        }
        // Of another version, the whole file counts.
        let other = try relay.getAttachment(id, range: .last(3), ifRange: "\"other\"")
        #expect(other.bytes == photo.bytes && other.range == 0..<200_000)
        #expect(try relay.getAttachment(id, ifNoneMatch: try #require(whole.tag)) == nil)
        let second = try #require(read.attachments[1].id)
        #expect(try relay.getAttachment(second).bytes == [])
        #expect(throws: RelayClientError.self) {
            try relay.getAttachment(second, range: .bytes(0..<1))
        }
    }

    @Test("has the name that it was sent with, quotes and all.")
    func names() throws {
        for name in ["a \"b\".txt", "größe.bin", "50 % of; it.txt", "'%41'.txt"] {
            let comment = NewComment(text: "Datei", authorName: "Jana")
            let file = RelayUpload(name: name, mediaType: "text/plain", bytes: [65])
            try relay.createOrderComment(1, comment, files: [file])
            let last = try #require(try relay.getOrderComments(1).records.last)
            #expect(last.attachments.map(\.name) == [name])
            #expect(try relay.getAttachment(try #require(last.attachments[0].id)).name == name)
        }
    }

    @Test("that comes as a form is tried out like any write.")
    func dryRun() throws {
        let comment = NewComment(text: "Datei", authorName: "Jana")
        let file = RelayUpload(name: "a.txt", bytes: [65])
        #expect(try relay.dryRun.createOrderComment(1, comment, files: [file]).status == 201)
        #expect(try relay.getOrderComments(1).records == [])
    }
}
