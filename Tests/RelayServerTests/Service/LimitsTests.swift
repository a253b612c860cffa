import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore
import Testing

@testable import RelayServer

/// Whatever is accepted can be read: each limit on reading is wider than the limit on writing that it
/// has to do with.
@Suite("Limits on reading")
struct LimitsTests {
    @Test("Stored texts may be nested further than bodies, whatever is put around them.")
    func depth() {
        // A line of a dump puts a document around a list around an element around metadata.
        #expect(JSON.Limits.depth >= JSON.Limits.bodyDepth + 8)
    }

    @Test("A line holds the largest document, and a load the longest line.")
    func lines() {
        // What a line says of a record besides, and as hexadecimal what the store keeps of one.
        #expect(DumpWriter.lineBytes >= RelayStore.Limits.documentBytes + (1 << 20))
        #expect(RelayServer.Limits.loadBodyBytes > DumpWriter.lineBytes)
        #expect(HTTP2.Limits.bodyBytesPerConnection > RelayServer.Limits.loadBodyBytes)
        #expect(HTTP2.Limits.bodyBytes > HTTP2.Limits.bodyBytesPerConnection)
    }

    @Test("A change record holds the largest load and the largest body, and the queue takes both.")
    func changes() {
        let largest = max(
            RelayServer.Limits.loadBodyBytes,
            Operation.allCases.filter { !$0.streamsBody }.map(\.maxBodyBytes).max() ?? 0)
        #expect(RelayStore.Limits.changeRecordBytes > largest)
        #expect(RelayStore.Limits.queuedBytes > largest)
    }

    @Test("A document has room for what a body brings, twice over.")
    func documents() {
        let largest = Operation.allCases.filter { !$0.streamsBody }.map(\.maxBodyBytes).max() ?? 0
        #expect(RelayStore.Limits.documentBytes >= 2 * largest)
        #expect(
            RelayStore.Limits.documentBytes > 2 * RelayServer.Limits.attachmentMemberBytes
                + RelayServer.Limits.formMemberBytes)
    }

    @Test("A text that is remembered is bounded by the room that there is for it.")
    func remembered() {
        #expect(
            RelayServer.Limits.rememberedTargetBytes
                == MemoryLayout<RelayServer.Limits.RememberedTarget>.size)
        for entries in [
            RelayServer.Limits.rememberedPages, RelayServer.Limits.rememberedKeys,
        ] {
            #expect(entries.nonzeroBitCount == 1, "an index is taken from the bits of a hash")
        }
        // `Bearer `, `relay_` and a key.
        #expect(RelayServer.Limits.rememberedKeyBytes >= 2 * (7 + 6 + 40))
    }

    @Test("A cursor of either kind is one that the contract takes, and fits a remembered target.")
    func cursors() {
        for characters in [PageCursor.characters, SelectionCursor.characters] {
            #expect(characters <= RelayContract.Limits.cursorBytes)
            #expect(characters < RelayServer.Limits.rememberedTargetBytes / 2)
        }
        let characters = [UInt8](
            repeating: UInt8(ascii: "A"), count: RelayContract.Limits.cursorBytes)
        func isTaken(_ characters: [UInt8]) -> Bool {
            characters.withUnsafeBytes { Cursor($0)?.count == $0.count }
        }
        #expect(isTaken(characters) && !isTaken(characters + [UInt8(ascii: "A")]))
    }

    @Test("Uploads fit what the store keeps and what a form may bring.")
    func uploads() {
        #expect(BlobRecord.chunks(of: RelayServer.Limits.fileBytes) <= 1 << 16)
        #expect(RelayServer.Limits.fileBytes == RelayRecords.Limits.fileBytes)
        #expect(RelayServer.Limits.partHeadBytes < RelayServer.Limits.formMemberBytes)
        #expect(
            RelayServer.Limits.fileNameCharacters * 9 + RelayServer.Limits.mediaTypeBytes
                < RelayServer.Limits.partHeadBytes)
    }

    @Test("The longest page of the contract is what a selection has room for.")
    func pages() throws {
        let json = OpenAPIDocument.json
        // SAFETY: a StaticString's bytes are constants of the program.
        let bytes = UnsafeRawBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount)
        var maxima: [Int64] = []
        try JSONParser().parse(Array(bytes)) { document in
            guard let parameters = document["components"]?["parameters"] else { return }
            for parameter in parameters.members
            where parameter.value["name"]?.string.map({ String($0) }) == "limit" {
                if let maximum = parameter.value["schema"]?["maximum"]?.integer {
                    maxima.append(maximum)
                }
            }
        }
        #expect(maxima.count == 2 && maxima.allSatisfy { $0 == RelayServer.Limits.selectedRecords })
    }
}
