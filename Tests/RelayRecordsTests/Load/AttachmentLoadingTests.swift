import JSON
import RelayContract
import Testing

@testable import RelayRecords
@testable import RelayStore

@Suite("Loading attachments")
struct AttachmentLoadingTests {
    private static let files = [150_000, 0, 65_512].map { count in
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 9) }
    }

    /// A store with an order whose comment has three files.
    private func filled() throws -> RecordFixture {
        let fixture = try RecordFixture()
        _ = try fixture.must(CreateOrder(NewOrder(title: "x")))
        // Contents here have other numbers than where they are loaded.
        _ = try fixture.upload([1, 2, 3])
        let files = try Self.files.map { try fixture.upload($0) }
        _ = try fixture.must(CreateComment(1, NewComment(text: "t", authorName: "a"), files))
        return fixture
    }

    private func load(_ lines: some Sequence<String>, _ target: RecordFixture) throws -> LoadOutcome
    {
        try DumpedLines(Array(lines)).load(into: target)
    }

    @Test("A dump carries files, and loading it gives the same dump.")
    func whole() throws {
        let dump = try DumpedLines(filled().store)
        // Header and end, order, three attachments, and chunks: three, none and one.
        #expect(dump.lines.count - dump.counters == 2 + 1 + 3 + 4)
        let target = try RecordFixture()
        let outcome = try dump.load(into: target)
        #expect(outcome.faults == [])
        #expect(outcome.created == 4)
        #expect(try target.store.check().faults == [])
        #expect(try DumpedLines(target.store).records == dump.records)
        let again = try dump.load(into: target)
        #expect(again.unchanged == 4 && again.created + again.updated == 0)
        #expect(again.faults == [])
        let dryRun = try dump.dryRun(in: target)
        #expect(dryRun.unchanged == 4 && dryRun.faults == [])
    }

    @Test("A load that was cut off anywhere is mended by loading again.")
    func cutOff() throws {
        let dump = try DumpedLines(filled().store)
        for count in 0..<dump.lines.count {
            let target = try RecordFixture()
            #expect(try load(dump.lines.prefix(count), target).faults == [])
            #expect(try dump.load(into: target).faults == [])
            #expect(try target.store.check().faults == [])
            #expect(try DumpedLines(target.store).records == dump.records)
        }
    }

    @Test("An attachment whose bytes are missing, others or out of order waits.")
    func damaged() throws {
        let lines = try DumpedLines(filled().store).lines
        let isChunk = { (line: String) in line.contains("\"chunk\":") }
        let chunks = lines.indices.filter { isChunk(lines[$0]) }
        for chunk in chunks {
            var damaged = lines
            damaged[chunk] = damaged[chunk].replacing("\"bytes\":\"A", with: "\"bytes\":\"B")
            if damaged == lines { damaged.remove(at: chunk) }
            let target = try RecordFixture()
            let outcome = try load(damaged, target)
            #expect(!outcome.faults.isEmpty)
            #expect(outcome.faults.filter { !$0.waits }.isEmpty)
            #expect(try target.store.check().faults == [])
            // The right bytes take the place of the wrong ones.
            #expect(try load(lines, target).faults == [])
            #expect(try target.store.check().faults == [])
        }
    }

    @Test("An attachment that is there with another file is refused, and stays.")
    func other() throws {
        let dump = try DumpedLines(filled().store)
        let target = try RecordFixture()
        _ = try target.must(CreateOrder(NewOrder(title: "y")))
        let file = try target.upload([4, 5])
        _ = try target.must(CreateComment(1, NewComment(text: "t", authorName: "a"), [file]))
        let faults = try dump.load(into: target).faults
        #expect(faults.map(\.detail) == ["id: the account has another file as attachment 1"])
        #expect(faults.map(\.waits) == [false])
        #expect(try target.store.check().faults == [])
    }

    @Test("Lines with wrong chunks are named.")
    func lines() throws {
        let start = #"{"account":1,"resource":"attachment","id":1,"#
        let outcome = try load(
            [
                start + #""chunk":0,"bytes":"QQ="}"#, start + #""chunk":-1,"bytes":"QQ=="}"#,
                start + #""chunk":99999,"bytes":"QQ=="}"#, start + #""bytes":"QQ=="}"#,
                start + #""chunk":0,"bytes":""}"#, start + #""chunk":3,"bytes":"QQ=="}"#,
                start.replacing("attachment", with: "order") + #""chunk":0,"bytes":"QQ=="}"#,
                start.replacing("1,\"r", with: "2,\"r") + #""chunk":0,"bytes":"QQ=="}"#,
            ], try RecordFixture())
        #expect(outcome.faults.map(\.line).sorted() == Array(0...6))
        #expect(outcome.faults.filter(\.waits).map(\.line) == [5])
    }

    @Test("A change that adds files says so, for their bytes are in no change record.")
    func replay() throws {
        let source = try filled()
        let target = try RecordFixture()
        _ = try DumpedLines(source.store).load(into: target)
        for fixture in [source, target] {
            let changes = try RecordedChange.all(of: fixture.store).compactMap(\.change)
            #expect(changes.last?.adoptsFiles == true)
        }
    }
}
