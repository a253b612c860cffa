import CLinux

/// The heap of the C library, which Swift, LMDB and the parser of JSON take their memory from.
public enum Heap {
    /// Has the heap give back what a large body or batch has taken. Called before other threads start.
    public static func bound() {
        relay_bound_heap(Limits.mappedBlockBytes, Limits.freeArenaBytes)
    }

    /// Gives the pages back that are free in the midst of the heap.
    public static func trim() { relay_trim_heap() }
}
