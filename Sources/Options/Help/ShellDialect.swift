/// How a shell's function says what the word at the cursor may become.
protocol ShellDialect {
    /// A command that offers words.
    func offer(_ words: [String]) -> String
    /// A command that offers the names of files.
    var offerFiles: String { get }
}

struct BashDialect: ShellDialect {
    func offer(_ words: [String]) -> String {
        "mapfile -t COMPREPLY < <(compgen -W '\(words.joined(separator: " "))' -- \"$current\")"
    }

    var offerFiles: String {
        "mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); compopt -o filenames 2>/dev/null"
    }
}

struct ZshDialect: ShellDialect {
    func offer(_ words: [String]) -> String { "compadd -- \(words.joined(separator: " "))" }

    var offerFiles: String { "_files" }
}
