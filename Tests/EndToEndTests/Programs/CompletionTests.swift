import Glibc
import TestSupport
import Testing

/// Each program's script in each real shell.
@Suite("Completion in real shells", .serialized) struct CompletionTests {
    /// A line, and the words that its last one may become.
    static let lines: [(line: String, words: [String])] = [
        ("relayctl ke", ["keys"]), ("relayctl keys re", ["revoke"]),
        ("relayctl snapshot ver", ["verify"]), ("relayctl dump --resource prop", ["property"]),
        ("relayctl load --dry", ["--dry-run"]), ("relayctl completions f", ["fish"]),
        ("relayctl dump --store /etc/hostna", ["/etc/hostname"]),
        ("relaybench com", ["compare"]), ("relaybench run --warm", ["--warm-up"]),
        ("relayd --allow-", ["--allow-gid", "--allow-uid"]), ("relayd --war", ["--warm"]),
    ]

    private let directory = TemporaryDirectory()

    private func script(_ program: String, _ shell: String) -> String {
        let path = directory.file("\(program).\(shell)")
        #expect(ChildProcess(program, ["--completions", shell], output: path).wait() == 0)
        return path
    }

    private func program(_ line: String) -> String { String(line.prefix { $0 != " " }) }

    private func has(_ shell: String) -> Bool {
        ChildProcess.run("which", [shell]).code == 0
    }

    /// Runs a shell on a text that is no argument, so that nothing in it has to be quoted.
    private func run(_ shell: [String], _ text: String) -> String {
        let file = directory.file("test")
        let output = fopen(file, "we")
        fputs(text, output)
        fclose(output)
        return ChildProcess.run(shell[0], shell.dropFirst() + [file]).output
    }

    @Test("bash completes verbs, options and their values.")
    func bash() {
        for (line, words) in Self.lines {
            let name = program(line)
            let output = run(
                ["bash"],
                """
                source \(script(name, "bash"))
                COMP_WORDS=(\(line)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                [[ $(complete -p \(name)) == *_\(name)* ]] && _\(name)
                printf '%s\\n' "${COMPREPLY[@]}" | sort
                """)
            #expect(output == words.joined(separator: "\n") + "\n", "\(line)")
        }
    }

    @Test("zsh completes verbs, options and their values.")
    func zsh() {
        guard has("zsh") else { return }
        for (line, words) in Self.lines {
            // A zsh with a terminal, in which Tab is pressed; another key shows what the line is. What
            // is typed is shown as well, so no command has the text in it that its output is known by.
            let output = run(
                ["zsh", "-f"],
                """
                zmodload zsh/zpty
                zpty shell zsh -f -i
                zpty -w shell 'PS1= PS2= RPS1=; autoload -Uz compinit; compinit -u -D'
                zpty -w shell 'source \(script(program(line), "zsh"))'
                zpty -w shell 'say() { print -r -- "<""<$BUFFER>"">"; BUFFER= }'
                zpty -w shell 'zle -N say; bindkey "^X" say; setopt no_beep no_auto_menu'
                zpty -w shell 'print -r r"eady"'
                zpty -r shell text '*ready*'
                zpty -n -w shell $'\(line)\\t\\x18'
                zpty -r shell text '*<<*>>*'
                print -r -- ${${text##*<<}%%>>*}
                zpty -d shell
                """)
            // Of several words what they have in common is completed.
            let common = words.dropFirst().reduce(words[0]) { $0.common(with: $1) }
            let stem = line.prefix(line.count - line.split(separator: " ").last!.count)
            let completed = output.split(separator: "\n").last.map(String.init) ?? ""
            let wanted = stem + common
            #expect(completed == wanted || completed == wanted + " ", "\(line): \(output)")
        }
    }

    @Test("fish completes verbs, options and their values.")
    func fish() {
        guard has("fish") else { return }
        for (line, words) in Self.lines {
            let output = run(
                ["fish", "--no-config"],
                """
                source \(script(program(line), "fish"))
                complete -C '\(line)'
                """)
            // The explanation stands behind a tab.
            let found = output.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
            #expect(found.map(String.init).sorted() == words, "\(line): \(output)")
        }
    }

    @Test("A script that is parsed by its shell alone has no fault in it.")
    func syntax() {
        for (shell, arguments) in [
            ("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-config", "-n"]),
        ] where has(shell) {
            for name in ["relayd", "relayctl", "relaybench"] {
                let checked = ChildProcess.run(shell, arguments + [script(name, shell)])
                #expect(checked.code == 0 && checked.output.isEmpty, "\(name): \(checked.output)")
            }
        }
    }
}

extension String {
    fileprivate func common(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}
