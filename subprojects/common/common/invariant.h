#pragma once

namespace common {
[[noreturn]] void invariant_failed(const char* condition, const char* file, int line);
}  // namespace common

/// A condition that only our own mistake can break. Checked in release too; crashes naming the
/// condition.
#define INVARIANT(condition)               \
    (static_cast<bool>(condition) ? void() \
                                  : ::common::invariant_failed(#condition, __FILE__, __LINE__))
