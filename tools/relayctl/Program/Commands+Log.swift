import Options

/// Verbs about the log that a store is written through.
extension Commands {
    static let logShow = Verb(
        "log show", summary: "Show whether a store has a log, and whether it was left in order",
        options: [store.description, json.description])
    static let logVerify = Verb(
        "log verify",
        summary: "Read what a recovery would apply; exit code 3 if something is damaged",
        options: [store.description, json.description])
    static let logTrim = Verb(
        "log trim", summary: "Apply what the log has to the store, then remove the log's files",
        options: [store.description, json.description])
    static let force = Option<Bool>.flag(
        "force", help: "give up a log even if it is whole")
    static let logForget = Verb(
        "log forget", summary: "Go on without a log that cannot be read: its last writes are lost",
        options: [store.description, force.description, json.description])

    static let logVerbs = [logShow, logVerify, logTrim, logForget]
}
