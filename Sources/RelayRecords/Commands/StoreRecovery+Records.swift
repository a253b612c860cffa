import RelayStore

extension StoreRecovery {
    /// A recovery with commands of every kind.
    public static func records(
        progress: @escaping (RecoveryProgress) -> Void = { _ in }
    ) -> StoreRecovery {
        let decoder = CommandDecoder(RecordApplier())
        return StoreRecovery(progress: progress) { encoding throws(CommandFault) in
            try decoder.pending(encoding) { _ in }
        }
    }
}
