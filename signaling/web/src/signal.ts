/// Something that changes and tells whoever watches: what the parts of the page hang on.
export class Watched {
    private readonly watchers_ = new Set<() => void>();

    /// Returns what ends it.
    watch(watcher: () => void): () => void {
        this.watchers_.add(watcher);
        return () => this.watchers_.delete(watcher);
    }

    protected changed(): void {
        for (const watcher of [...this.watchers_]) watcher();
    }
}
