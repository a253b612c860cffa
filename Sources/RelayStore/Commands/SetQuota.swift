/// Gives an account a quota; counts what it uses if nobody has before.
public struct SetQuota: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.setQuota
    private let account: UInt32
    private let quota: UInt64?

    /// Asks for it: nil for none.
    public init(of account: UInt32, to quota: UInt64?) {
        self.account = account
        self.quota = quota
    }

    /// Writes it.
    public func write(to writer: inout CommandWriter) {
        writer.uint32(account)
        writer.word(ifAny: quota)
    }

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        account = try reader.uint32()
        quota = try reader.wordIfAny()
    }

    /// Sets the quota; gives what the account uses.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) -> AccountUse {
        try transaction.setQuota(of: account, to: quota)
    }
}
