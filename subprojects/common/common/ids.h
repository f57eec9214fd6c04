#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace common {

/// An integer id that cannot be mixed up with another kind's. 0 means "none".
template <typename Tag>
struct Id {
    std::uint64_t value = 0;
    [[nodiscard]] constexpr bool valid() const { return value != 0; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

/// Something that can be shown or heard, unique within one mcud process.
using SourceId = Id<struct SourceTag>;

}  // namespace common

template <typename Tag>
struct std::hash<common::Id<Tag>> {
    std::size_t operator()(common::Id<Tag> id) const noexcept {
        return std::hash<std::uint64_t>{}(id.value);
    }
};
