import Zstd

@testable import RelaySnapshots

/// A page map before it is compressed.
enum MapTarget {
    static func run(_ bytes: [UInt8]) {
        guard var compressor = try? Compressor(level: 1) else { return }
        // SAFETY: compressed inside the closure.
        let file = bytes.withUnsafeBytes { try? compressor.compress($0) }
        guard let file, let map = PageMap(file, name: PageMap.name(of: file)) else { return }
        guard let (written, name) = try? map.encoded(), let again = PageMap(written, name: name)
        else { fatalError("broken: a page map is refused that was written") }
        Target.require(again.pageCount == map.pageCount, "a page map has other pages")
        var sum = 0
        for run in again.runs { sum += run.count }
        Target.require(sum == again.pageCount, "the runs of a page map are not its pages")
    }
}
