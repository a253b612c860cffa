import TestSupport
import Testing

@testable import RelaySnapshots

@Suite struct PageSketchTests {
    private var random = SplitMix(state: 5)

    private mutating func page() -> [UInt8] {
        (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private func sketch(_ page: [UInt8]) -> PageSketch {
        page.withUnsafeBytes { PageSketch(of: $0) }
    }

    @Test("A page is found after a part of it has changed and all behind that has moved.")
    mutating func moved() {
        let pages = (0..<50).map { _ in page() }
        var similar = SimilarPages()
        for page in pages { similar.append(sketch(page)) }
        for (number, page) in pages.enumerated() {
            var later = page
            later.replaceSubrange(1_000..<1_010, with: "changed text".utf8)
            later.removeLast(2)
            #expect(similar.best(for: sketch(later)) == number)
        }
        // Another one of the kind is like none of them.
        #expect(similar.best(for: sketch(page())) == nil)
    }

    @Test("What all pages share tells nothing, and a page of zeros has one window.")
    mutating func common() {
        var similar = SimilarPages()
        let frame = page()
        for number in 0..<200 {
            // The same page but for its first words.
            var page = frame
            page.replaceSubrange(0..<8, with: "\(number)       ".utf8.prefix(8))
            similar.append(sketch(page))
        }
        #expect(similar.best(for: sketch(frame)) == nil)
        #expect(sketch([UInt8](repeating: 0, count: 4096)).features.max() == .max)
    }
}
