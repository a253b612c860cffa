import LMDB
import RelayStore

/// Which pages of each pack some snapshots need.
struct PackUsage {
    /// Packs that none of them needs.
    private(set) var unneeded: [String] = []
    /// Packs of which they need so little that the rest is worth copying for.
    private(set) var sparse: [String] = []

    init(
        _ repository: Repository, _ manifests: [(id: String, manifest: Manifest)]
    ) throws(SnapshotError) {
        let names = repository.packNames()
        var numbers: [String: Int] = [:]
        for (number, name) in names.enumerated() { numbers[name] = number }
        var used = names.map { name in
            // Without its index a pack is of no use to anybody.
            PageSet(
                below: (try? PackReader(repository, name: name).index.addresses.count) ?? 0)
        }
        for (id, manifest) in manifests {
            let map = try repository.map(of: manifest, id)
            let packs = map.packs.map { numbers[$0] }
            for run in map.needed {
                let first = Int(run.location.index)
                guard let pack = packs[Int(run.location.pack)],
                    first + run.count <= used[pack].bound
                else {
                    let name = map.packs[Int(run.location.pack)]
                    throw .damaged(
                        findings: ["\(id): pack \(name) lacks pages that it needs"])
                }
                used[pack].insert(first..<first + run.count)
            }
        }
        for (name, pages) in zip(names, used) {
            if pages.count == 0 {
                unneeded.append(name)
            } else if pages.count * 100 < pages.bound * Limits.neededPercent {
                sparse.append(name)
            }
        }
    }
}
