/// The packs of a repository while their sums are compared: each is opened once, each frame read
/// once, and each page that others are built on looked up once, however many snapshots need them.
///
/// So what is left to be done for a snapshot is to go through its page map.
final class CheckedPacks {
    private let repository: Repository
    private var packs: [String: Pack] = [:]
    /// Numbers of the pages that others are built on.
    private var bases: [PageAddress: Int] = [:]
    /// For each of them, the last snapshot that has it.
    private var lastWith: [Int] = []
    /// Addresses of pages that were looked up.
    private(set) var lookups = 0
    /// Snapshots that were begun.
    private var snapshots = 0

    /// A pack that can be used, or what is wrong with it.
    enum Pack {
        case usable(CheckedPack)
        case damaged(finding: String)
    }

    init(_ repository: Repository) { self.repository = repository }

    /// A pack of this name.
    func pack(_ name: String) throws(SnapshotError) -> Pack {
        if let pack = packs[name] { return pack }
        let pack: Pack
        do throws(PackReader.Damage) {
            pack = .usable(CheckedPack(try PackReader(repository, name: name)))
        } catch {
            try error.requireAccess()
            pack = .damaged(finding: error.finding)
        }
        packs[name] = pack
        return pack
    }

    /// The number of the next snapshot to be looked at.
    func beginSnapshot() -> Int {
        snapshots += 1
        return snapshots
    }

    /// Says that a snapshot has some pages that others are built on. Those that are not whole, or are
    /// damaged, are of no use to it.
    func note(_ pages: Range<Int>, of pack: CheckedPack, in snapshot: Int) {
        for page in pages {
            let frame = pack.frame(of: page)
            guard !pack.isBuilt[frame], pack.finding(ofFrame: frame) == nil
            else { continue }
            lastWith[pack.number(ofBase: page, number)] = snapshot
        }
    }

    /// Whether a snapshot has all that a frame is built on.
    func hasBases(ofFrame frame: Int, of pack: CheckedPack, in snapshot: Int) -> Bool {
        pack.numbers(ofBasesOf: frame, number).allSatisfy { lastWith[$0] == snapshot }
    }

    /// The number of a page that others are built on.
    private func number(_ address: PageAddress) -> Int {
        lookups += 1
        if let number = bases[address] { return number }
        bases[address] = lastWith.count
        lastWith.append(0)
        return lastWith.count - 1
    }
}

/// A pack whose frames are compared with their sums when they are first asked for.
final class CheckedPack {
    private enum State {
        case unknown, sound, damaged
    }

    private let reader: PackReader
    let index: PackIndex
    /// Whether a frame is built on others.
    let isBuilt: [Bool]
    private var states: [State]
    /// What is wrong with those that are damaged.
    private var findings: [Int: String] = [:]
    /// The frame that each page is in.
    private let frames: [UInt32]
    /// For each frame, the last snapshot that needs it.
    private var lastNeeded: [Int]
    /// Numbers of the bases of frames, for those that were asked for.
    private var basesOfFrames: [Int: [Int]] = [:]
    /// Numbers of pages as bases, -1 for those that were not asked for; empty if none was.
    private var numbers: [Int] = []
    /// Bytes that were compared.
    private(set) var bytes = 0

    var name: String { reader.name }

    fileprivate init(_ reader: PackReader) {
        self.reader = reader
        index = reader.index
        isBuilt = index.frames.map { !$0.bases.isEmpty }
        states = Array(repeating: .unknown, count: index.frames.count)
        lastNeeded = Array(repeating: 0, count: index.frames.count)
        frames = index.frames.enumerated().flatMap { number, frame in
            repeatElement(UInt32(number), count: frame.pages)
        }
    }

    /// Pages in it.
    var pageCount: Int { frames.count }

    /// The frame that holds a page.
    func frame(of page: Int) -> Int { Int(frames[page]) }

    /// What is wrong with a frame's bytes; nil if they are what they were.
    func finding(ofFrame number: Int) -> String? {
        if states[number] == .unknown {
            do throws(PackReader.Damage) {
                bytes += try reader.compressed(number).count
                states[number] = .sound
            } catch {
                findings[number] = error.finding
                states[number] = .damaged
            }
        }
        return states[number] == .sound ? nil : findings[number]
    }

    /// Says that a snapshot needs a frame; false if that was said before.
    func need(_ frame: Int, in snapshot: Int) -> Bool {
        if lastNeeded[frame] == snapshot { return false }
        lastNeeded[frame] = snapshot
        return true
    }

    /// Whether nothing is wrong with a frame's bytes as far as anybody knows: they were compared.
    func isKnownSound(_ frame: Int) -> Bool { states[frame] == .sound }

    /// What findings call a frame.
    func name(ofFrame number: Int) -> String { reader.name(ofFrame: number) }

    /// The number of a page as one that others are built on, which is looked up once.
    fileprivate func number(ofBase page: Int, _ lookUp: (PageAddress) -> Int) -> Int {
        if numbers.isEmpty { numbers = Array(repeating: -1, count: frames.count) }
        if numbers[page] < 0 { numbers[page] = lookUp(index.addresses[page]) }
        return numbers[page]
    }

    /// The numbers of what a frame is built on, which are looked up once.
    fileprivate func numbers(
        ofBasesOf frame: Int, _ lookUp: (PageAddress) -> Int
    ) -> [Int] {
        if let known = basesOfFrames[frame] { return known }
        let numbers = index.frames[frame].bases.map(lookUp)
        basesOfFrames[frame] = numbers
        return numbers
    }
}
