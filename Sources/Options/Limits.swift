/// What the command line refuses or wraps at, each with its unit and its reason.
public enum Limits {
    /// Columns of a help text. 80 is what an unresized terminal and a mail both show unwrapped.
    public static let helpColumns = 80

    /// Column at which the help of an option begins; longer names put it on the next line.
    public static let helpIndent = 28

    /// Bytes of one argument. Linux itself stops at 128 KiB (MAX_ARG_STRLEN); nothing that a person
    /// or a script hands to these programs is longer than a path.
    public static let argumentBytes = 4096

    /// Bytes of a settings file: a thousand times what all options of relayd take.
    static let settingsBytes = 1 << 20

    /// Edits between a mistyped word and the suggestion, as a share of its length: one per this many
    /// characters. A looser bound proposes words that the user did not mean.
    public static let charactersPerEdit = 3

    /// Symbolic links in a row at the end of a path that is written: what Linux follows (MAXSYMLINKS).
    static let symbolicLinks = 40

    /// Bytes of a file's name that the name of its unfinished part begins with. A name has at most
    /// 255 (NAME_MAX), and a dot, seven digits and ".part" follow.
    static let partNameBytes = 240
}
