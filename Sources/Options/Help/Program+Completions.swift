/// A shell whose completion can be told what a program understands.
public enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish
}

extension Program {
    /// A script that makes a shell complete this program's verbs, options and their values.
    public func completions(for shell: Shell) -> String {
        switch shell {
        case .bash: bashScript
        case .zsh: zshScript
        case .fish: fishScript
        }
    }

    /// All beginnings of verbs that have something to follow, the empty one first.
    var beginnings: [[String]] {
        var result: [[String]] = []
        for verb in verbs {
            for count in 0..<verb.words.count {
                let words = Array(verb.words.prefix(count))
                if !result.contains(words) { result.append(words) }
            }
        }
        return result
    }

    /// The options of a verb as they are typed, with those that every verb has.
    static func optionNames(_ verb: Verb) -> [String] {
        verb.options.map { "--" + $0.name } + ["--help", "--man"]
    }

    // MARK: bash and zsh

    private var bashScript: String {
        """
        # Completion of \(name) for bash; source it, or put it where bash-completion looks.
        _\(name)() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
            local line="" index word
            for ((index = 1; index < COMP_CWORD; index++)); do
                word=${COMP_WORDS[index]}
                [[ $word == -* ]] && break
                line+=" $word"
            done
            COMPREPLY=()
        \(cases(BashDialect()))
        }
        complete -F _\(name) \(name)

        """
    }

    private var zshScript: String {
        """
        #compdef \(name)
        # Completion of \(name) for zsh; source it behind compinit, or put it into fpath as _\(name).
        _\(name)() {
            local current=${words[CURRENT]} previous=${words[CURRENT - 1]} line="" index word
            for ((index = 2; index < CURRENT; index++)); do
                word=${words[index]}
                [[ $word == -* ]] && break
                line+=" $word"
            done
        \(cases(ZshDialect()))
        }
        if [[ ${funcstack[1]} == _\(name) ]]; then _\(name) "$@"; else compdef _\(name) \(name); fi

        """
    }

    /// What both shells decide in the same words: by the verb so far, then by the word before.
    private func cases(_ dialect: some ShellDialect) -> String {
        var lines = ["    case \"$line \" in"]
        for verb in verbs where !verb.name.isEmpty {
            lines.append("    \" \(verb.name) \"*)")
            lines += branch(verb, dialect)
            lines.append("        ;;")
        }
        for words in beginnings where !words.isEmpty {
            lines.append("    \" \(words.joined(separator: " ")) \"*)")
            lines.append("        " + dialect.offer(nextWords(after: words)))
            lines.append("        ;;")
        }
        lines.append("    *)")
        if let onlyVerb {
            lines += branch(onlyVerb, dialect)
        } else {
            let words = nextWords(after: []) + ["help", "--help", "--version"]
            lines.append("        " + dialect.offer(words))
        }
        return (lines + ["        ;;", "    esac"]).joined(separator: "\n")
    }

    private func branch(_ verb: Verb, _ dialect: some ShellDialect) -> [String] {
        var lines = ["        case $previous in"]
        for option in verb.options {
            let typed = "--\(option.name)" + (option.letter.map { " | -\($0)" } ?? "")
            switch option.kind {
            case .flag: continue
            case .path: lines.append("        \(typed)) \(dialect.offerFiles); return ;;")
            case .choice(let words):
                lines.append("        \(typed)) \(dialect.offer(words)); return ;;")
            default: lines.append("        \(typed)) return ;;")
            }
        }
        lines.append("        esac")
        switch verb.operands.first?.kind {
        case .path:
            lines.append("        [[ $current == -* ]] || { \(dialect.offerFiles); return; }")
        case .choice(let words):
            lines.append("        [[ $current == -* ]] || { \(dialect.offer(words)); return; }")
        default: break
        }
        return lines + ["        " + dialect.offer(Self.optionNames(verb))]
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
            "complete -c \(name) -s h -l help -d 'explain this'",
            "complete -c \(name) -s V -l version -d 'print the version'",
            "complete -c \(name) -l man -d 'print the manual page'",
        ]
        for words in beginnings {
            let at = "__\(name)_at \(words.joined(separator: " "))"
            for word in nextWords(after: words) {
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
