import TestSupport
import Testing

@testable import contractgen

/// What contributing.md says of adding an operation, done with a toy in a copy of the tree.
@Suite("Adding a write")
struct AddingAWriteTests {
    @Test(
        "touches its contract, its handler, its change and its vectors, and nothing else by hand.")
    func places() throws {
        let added = try AddedOperation()
        try added.write()
        try added.generate()
        let touched = try touched(added.root)
        #expect(touched["proto-json", default: []].sorted() == ["NewToy.json", "openapi.json"])
        #expect(touched["RelayServer", default: []].count == 1)
        // The change's type with what it does, and the registry.
        #expect(touched["RelayRecords", default: []].count == 2)
        #expect(touched["RelayRecords", default: []].contains("ChangeKind.swift"))
        #expect(touched["vectors"]?.isEmpty == false)
        #expect(touched.count == 4, "\(touched)")
        let compiler = Typecheck(root: added.root)
        for module in ["RelayContract", "RelayRecords"] { try compiler.emit(module) }
        for module in ["RelayServer", "RelayClient"] {
            let output = compiler.check(module)
            #expect(output.code == 0, "\(module): \(output.output)")
        }
        // The compiler asks for the handler.
        let undone = ChildProcess.run(
            "cp", ["-r", "\(SourceTree.root)/Sources/RelayServer", "\(added.root)/Sources/"])
        try #require(undone.code == 0)
        var output = compiler.check("RelayServer")
        #expect(output.code != 0 && output.output.contains("createToy"), "\(output.output)")
        // And for the type of a kind of change: a log that has it could not be replayed.
        try added.unregister()
        output = compiler.check("RelayRecords")
        #expect(output.code != 0 && output.output.contains("createToy"), "\(output.output)")
    }

    @Test("leaves no other file of the server that names the operation.")
    func names() throws {
        for endpoint in try Generator(root: SourceTree.root).endpoints() where endpoint.isWrite {
            let words = [endpoint.id, endpoint.inputName, endpoint.admission]
            let files = SourceTree.files.filter { file in
                file.path.hasPrefix("Sources/RelayServer/")
                    && file.lines.contains { line in
                        line.code.split { !$0.isLetter && !$0.isNumber }
                            .contains { words.contains(String($0)) }
                    }
            }
            #expect(files.count == 1, "\(endpoint.id) is named in \(files.map(\.path))")
        }
    }

    /// The written files that differ, by place.
    private func touched(_ root: String) throws -> [String: [String]] {
        var touched: [String: [String]] = [:]
        for part in ["Sources", "proto-json", "Tests/RelayClientTests"] {
            let output = ChildProcess.run(
                "diff", ["-rqN", "\(SourceTree.root)/\(part)", "\(root)/\(part)"]
            ).output
            for line in output.split(separator: "\n") {
                // `Files A and B differ`
                let path = try #require(line.split(separator: " ").dropLast().last)
                if path.contains("/Generated/") { continue }
                let names = path.dropFirst(root.count + 1).split(separator: "/")
                let isVector = names.starts(with: ["proto-json", "vectors"])
                let place = names[0] == "proto-json" ? (isVector ? "vectors" : names[0]) : names[1]
                touched[String(place), default: []].append(String(names.last!))
            }
        }
        return touched
    }

}

/// The compiler, on modules of a copied tree; what they import and is not copied was built with the tests.
private struct Typecheck {
    private let root: String
    private let modules: TemporaryDirectory
    private let options: [String]

    init(root: String) {
        self.root = root
        modules = TemporaryDirectory()
        let built = ChildProcess.products
        var options = [
            "-swift-version", "6", "-enable-experimental-feature", "Lifetimes", "-wmo",
            "-parse-as-library", "-I", modules.path, "-I", "\(built)/Modules",
            "-I", "\(root)/Sources/CLinux/include",
        ]
        let maps =
            ["CLMDB", "CNghttp2", "CSodium", "CXXHash", "CZstd"].map { "\(root)/Sources/\($0)" }
            + ["CLinux", "CSimdjson"].map { "\(built)/\($0).build" }
        for map in maps { options += ["-Xcc", "-fmodule-map-file=\(map)/module.modulemap"] }
        self.options = options
    }

    /// Checks a module and writes it down for those that import it.
    func emit(_ module: String) throws {
        // The contract's bodies are generated: whoever calls them has no use for them here.
        let skip =
            module == "RelayContract"
            ? ["-Xfrontend", "-experimental-skip-non-inlinable-function-bodies"] : []
        let output = ChildProcess.run(
            "swiftc",
            ["-emit-module", "-module-name", module, "-o", modules.file("\(module).swiftmodule")]
                + skip + options + files(module))
        try #require(output.code == 0, "\(module): \(output.output)")
    }

    /// Checks a module.
    func check(_ module: String) -> (code: Int32, output: String) {
        ChildProcess.run(
            "swiftc", ["-typecheck", "-module-name", module] + options + files(module))
    }

    private func files(_ module: String) -> [String] {
        ChildProcess.run("find", ["\(root)/Sources/\(module)", "-name", "*.swift"]).output
            .split(separator: "\n").map(String.init)
    }
}
