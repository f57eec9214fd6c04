#include "common/heap_rest.h"

#include <malloc.h>

namespace common {

bool HeapRest::look(Timestamp now, std::size_t in_use, const std::function<void()>& release_first) {
    if (in_use < before_) {
        if (!soon_) soon_ = now + kSoon;
        at_last_ = now + kAtLast;
    }
    before_ = in_use;
    const bool due_soon = soon_ && now >= *soon_;
    const bool due_at_last = at_last_ && now >= *at_last_;
    if (due_soon) soon_.reset();
    if (due_at_last) at_last_.reset();
    if (!due_soon && !due_at_last) return false;
    if (release_first) release_first();
    malloc_trim(0);
    return true;
}

}  // namespace common
