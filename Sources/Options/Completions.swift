/// A shell whose completion can be told what a program understands.
public enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish
}

extension Program {
    /// A script that makes a shell complete this program's verbs, options and their values.
    public func completions(for shell: Shell) -> String {
        switch shell {
        case .bash: bashScript
        // zsh understands bash's scripts once it is told to.
        case .zsh:
            "#compdef \(name)\nautoload -U +X bashcompinit && bashcompinit\n" + bashScript
        case .fish: fishScript
        }
    }

    /// The words that can follow some words of a verb, with all verbs taken together.
    private func next(after words: [String]) -> [String] {
        var next: [String] = []
        for verb in verbs where verb.words.count > words.count && verb.words.starts(with: words) {
            let word = verb.words[words.count]
            if !next.contains(word) { next.append(word) }
        }
        return next
    }

    /// All beginnings of verbs that have something to follow, the empty one first.
    private var beginnings: [[String]] {
        var result: [[String]] = []
        for verb in verbs {
            for count in 0..<verb.words.count {
                let words = Array(verb.words.prefix(count))
                if !result.contains(words) { result.append(words) }
            }
        }
        return result
    }

    // MARK: bash

    private var bashScript: String {
        """
        # Completion of \(name) for bash; source it, or put it where bash-completion looks.
        _\(name)() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
            local words="" index word
            for ((index = 1; index < COMP_CWORD; index++)); do
                word=${COMP_WORDS[index]}
                [[ $word == -* ]] && break
                words+=" $word"
            done
            COMPREPLY=()
            case "$words " in
        \(verbs.filter { !$0.name.isEmpty }.map(bashCase).joined())\
        \(beginnings.filter { !$0.isEmpty }.map(bashGroup).joined())    *)
        \(onlyVerb.map { bashOptions($0) } ?? bashWords(next(after: []) + ["--help", "--version"]))
                ;;
            esac
        }
        complete -F _\(name) \(name)

        """
    }

    private func bashCase(_ verb: Verb) -> String {
        "    \" \(verb.name) \"*)\n\(bashOptions(verb))\n        ;;\n"
    }

    private func bashGroup(_ words: [String]) -> String {
        "    \" \(words.joined(separator: " ")) \"*)\n"
            + bashWords(next(after: words)) + "\n        ;;\n"
    }

    private func bashWords(_ words: [String]) -> String {
        "        mapfile -t COMPREPLY < "
            + "<(compgen -W '\(words.joined(separator: " "))' -- \"$current\")"
    }

    private static let bashFiles =
        "mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); "
        + "compopt -o filenames 2>/dev/null; return"

    private func bashOptions(_ verb: Verb) -> String {
        var lines: [String] = []
        lines.append("        case $previous in")
        for option in verb.options {
            let typed = "--\(option.name)" + (option.letter.map { " | -\($0)" } ?? "")
            switch option.kind {
            case .flag: continue
            case .path: lines.append("        \(typed)) \(Self.bashFiles) ;;")
            case .choice(let words):
                lines.append("        \(typed))")
                lines.append("    \(bashWords(words))")
                lines.append("            return ;;")
            default: lines.append("        \(typed)) return ;;")
            }
        }
        lines.append("        esac")
        switch verb.operands.first?.kind {
        case .path: lines.append("        [[ $current == -* ]] || { \(Self.bashFiles); }")
        case .choice(let words):
            lines.append("        if [[ $current != -* ]]; then")
            lines.append("    \(bashWords(words))")
            lines.append("            return")
            lines.append("        fi")
        default: break
        }
        let names = verb.options.map { "--" + $0.name } + ["--help", "--man"]
        lines.append(bashWords(names))
        return lines.joined(separator: "\n")
    }

    // MARK: fish

    private var fishScript: String {
        var lines = [
            "# Completion of \(name) for fish; put it into ~/.config/fish/completions.",
            "function __\(name)_at",
            "    set -l words (commandline -opc | string match -rv '^-')[2..]",
            "    test \"$words\" = \"$argv\"",
            "end",
            "function __\(name)_in",
            "    set -l words (commandline -opc | string match -rv '^-')[2..]",
            "    string match -q -- \"$argv *\" \"$words \"",
            "end",
            "complete -c \(name) -f",
        ]
        for words in beginnings {
            let at = "__\(name)_at \(words.joined(separator: " "))"
            for word in next(after: words) {
                let verb = verbs.first { $0.words == words + [word] }
                let text = verb.map { " -d \(Self.fishQuoted($0.summary))" } ?? ""
                lines.append("complete -c \(name) -n \"\(at)\" -a \(word)\(text)")
            }
        }
        for verb in verbs {
            let place = verb.name.isEmpty ? "" : " -n \"__\(name)_in \(verb.name)\""
            for option in verb.options {
                lines.append("complete -c \(name)\(place) \(Self.fish(option))")
            }
            switch verb.operands.first?.kind {
            case .path: lines.append("complete -c \(name)\(place) -F")
            case .choice(let words):
                lines.append("complete -c \(name)\(place) -a \"\(words.joined(separator: " "))\"")
            default: break
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func fish(_ option: OptionDescription) -> String {
        let letter = option.letter.map { "-s \($0) " } ?? ""
        let name = "\(letter)-l \(option.name) -d \(fishQuoted(option.help))"
        return switch option.kind {
        case .flag: name
        case .path: "\(name) -r -F"
        case .choice(let words): "\(name) -x -a \"\(words.joined(separator: " "))\""
        default: "\(name) -x"
        }
    }

    private static func fishQuoted(_ text: String) -> String {
        let escaped = text.map { $0 == "\\" || $0 == "'" ? "\\\($0)" : String($0) }.joined()
        return "'\(escaped)'"
    }
}
