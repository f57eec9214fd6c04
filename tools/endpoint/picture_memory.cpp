#include "tools/endpoint/picture_memory.h"

namespace endpoint {

void PictureMemory::keep(const std::string& hash, const Seen& seen) {
    const common::MutexLock lock(mutex_);
    seen_.emplace(hash, seen);
}

std::optional<PictureMemory::Seen> PictureMemory::find(const std::string& hash) const {
    const common::MutexLock lock(mutex_);
    const auto found = seen_.find(hash);
    if (found == seen_.end()) return std::nullopt;
    return found->second;
}

std::size_t PictureMemory::unknown_until(const std::vector<std::string>& hashes) const {
    const common::MutexLock lock(mutex_);
    std::size_t count = hashes.size();
    while (count > 0 && seen_.contains(hashes[count - 1])) --count;
    return count;
}

}  // namespace endpoint
