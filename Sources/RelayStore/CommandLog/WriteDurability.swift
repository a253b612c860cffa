/// What keeps a write before it is answered. None is weaker than the other: what was answered is there after
/// a power cut.
public enum WriteDurability: String, CaseIterable, Sendable {
    /// The store's log: one write to it and one wait for the disk for a group of commands.
    case log
    /// The store itself: each commit waits until its pages, and then its meta page, are on the disk.
    case syncedCommits = "synced-commits"
}
