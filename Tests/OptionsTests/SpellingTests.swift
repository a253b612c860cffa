import Testing

@testable import Options

@Suite struct SpellingTests {
    @Test(
        "The distance counts insertions, deletions, substitutions and swaps.",
        arguments: [
            ("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("abc", "ab", 1), ("abc", "axc", 1),
            ("sokcet", "socket", 1), ("ca", "abc", 3), ("kitten", "sitting", 3),
        ])
    func distance(a: String, b: String, edits: Int) {
        #expect(Spelling.distance(Array(a), Array(b)) == edits)
        #expect(Spelling.distance(Array(b), Array(a)) == edits)
    }

    @Test("A word that is too far from every other has no nearest one.")
    func tooFar() {
        #expect(Spelling.nearest(to: "--verbose", among: ["--store", "--socket"]) == nil)
        #expect(Spelling.nearest(to: "--stroe", among: ["--store", "--socket"]) == "--store")
    }
}
