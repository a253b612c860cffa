// contractgen: writes the Generated directories of the contract, the client and its tests from proto-json.
import Glibc

let usage = """
    usage: contractgen [--check | --bundle]
      (nothing)  write the generated files that are missing or differ
      --check    write nothing; name the files that differ and exit 1 if there are any
      --bundle   print the OpenAPI document complete in itself
    Run it in the repository's root.

    """

/// stderr is a mutable global of C, which Swift 6 does not let through; its descriptor is not.
func complain(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}

let arguments = Array(CommandLine.arguments.dropFirst())
do throws(GeneratorFault) {
    switch arguments {
    case []:
        for directory in Generator.directories { try Directory.create(directory) }
        for change in try Change.all(root: ".") {
            try change.apply(root: ".")
            print(change.path)
        }
    case ["--check"]:
        let changes = try Change.all(root: ".")
        for change in changes { print("differs: \(change.path)") }
        if !changes.isEmpty {
            complain("contractgen: run it and commit what it writes\n")
            exit(1)
        }
    case ["--bundle"]:
        print(try Generator(root: ".").bundle.text(), terminator: "")
    case ["--help"], ["-h"]:
        print(usage, terminator: "")
    default:
        complain(usage)
        exit(2)
    }
} catch {
    complain("contractgen: \(error)\n")
    exit(1)
}
