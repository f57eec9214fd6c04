#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace signaling {

/// SIP messages of one direction, counted as they were on the wire: those sent again, too.
///
/// Shape:  peers name methods as they like; those that no standard of ours names count as "other",
///         so there are at most sixteen.
/// Thread: one.
class SipTraffic {
  public:
    void add_request(std::string_view method);
    void add_response(int status);

    /// By method.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& requests() const { return requests_; }
    /// Of `status / 100`: 1 to 6. Others are nobody's and count as 0.
    [[nodiscard]] std::uint64_t responses(std::size_t hundreds) const {
        return responses_.at(hundreds);
    }

  private:
    std::map<std::string, std::uint64_t> requests_;
    std::array<std::uint64_t, 7> responses_{};
};

}  // namespace signaling
