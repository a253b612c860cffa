/// The packs of a repository while their sums are compared: each is opened once, and each frame read
/// once, however many snapshots need it.
final class CheckedPacks {
    private let directory: String
    private var packs: [String: Pack] = [:]

    /// A pack that can be used, or what is wrong with it.
    enum Pack {
        case usable(CheckedPack)
        case damaged(finding: String)
    }

    init(_ directory: String) { self.directory = directory }

    /// A pack of this name.
    func pack(_ name: String) -> Pack {
        if let pack = packs[name] { return pack }
        let pack: Pack
        do throws(PackReader.Damage) {
            pack = .usable(CheckedPack(try PackReader(directory, name: name)))
        } catch {
            pack = .damaged(finding: error.finding)
        }
        packs[name] = pack
        return pack
    }
}

/// A pack whose frames are compared with their sums when they are first asked for.
final class CheckedPack {
    private let reader: PackReader
    /// What is wrong with frames, an empty text for nothing; nil before they were compared.
    private var findings: [String?]
    /// Bytes that were compared.
    private(set) var bytes = 0

    var name: String { reader.name }
    var index: PackIndex { reader.index }

    fileprivate init(_ reader: PackReader) {
        self.reader = reader
        findings = Array(repeating: nil, count: reader.index.frames.count)
    }

    /// What is wrong with a frame's bytes; nil if they are what they were.
    func finding(ofFrame number: Int) -> String? {
        if findings[number] == nil {
            do throws(PackReader.Damage) {
                bytes += try reader.compressed(number).count
                findings[number] = ""
            } catch {
                findings[number] = error.finding
            }
        }
        return findings[number] == "" ? nil : findings[number]
    }

    /// What findings call a frame.
    func name(ofFrame number: Int) -> String { reader.name(ofFrame: number) }
}
