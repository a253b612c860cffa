/// A generated file that is not what it should be.
enum Change {
    /// Missing, or with other bytes.
    case outdated(Generator.File)
    /// There, but nothing generates it any more.
    case stray(String)

    var path: String {
        switch self {
        case .outdated(let file): file.path
        case .stray(let path): path
        }
    }

    /// What separates the repository's files from what the generator makes of its proto-json.
    static func all(root: String) throws(GeneratorFault) -> [Change] {
        let files = try Generator(root: root).files()
        var changes: [Change] = []
        for file in files {
            let present = try? Directory.read("\(root)/\(file.path)")
            if present != Array(file.text.utf8) { changes.append(.outdated(file)) }
        }
        for directory in Generator.directories {
            for name in Directory.names(in: "\(root)/\(directory)", ending: ".swift") {
                let path = "\(directory)/\(name)"
                if !files.contains(where: { $0.path == path }) { changes.append(.stray(path)) }
            }
        }
        return changes
    }

    func apply(root: String) throws(GeneratorFault) {
        switch self {
        case .outdated(let file):
            try Directory.write(Array(file.text.utf8), to: "\(root)/\(file.path)")
        case .stray(let path): try Directory.remove("\(root)/\(path)")
        }
    }
}
