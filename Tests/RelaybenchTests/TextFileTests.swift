import Testing

@testable import relaybench

@Suite("Files of a report")
struct TextFileTests {
    @Test("A path that cannot be written to is refused before the run.")
    func writable() throws {
        #expect(throws: BenchError.self) { try TextFile.requireWritable("/nonexistent/x.json") }
        #expect(throws: BenchError.self) { try TextFile.requireWritable("/dev/null/x.json") }
        try TextFile.requireWritable("-")
        try TextFile.requireWritable("/dev/null")
        try TextFile.requireWritable("new-\(Int.random(in: 0..<Int.max)).json")
    }

    @Test("Appointments of a week are not expected in the order of their ids.")
    func order() {
        #expect(!Scenario.Filter.week.isInOrderOfIDs)
        #expect(Scenario.Filter.status.isInOrderOfIDs)
    }
}
