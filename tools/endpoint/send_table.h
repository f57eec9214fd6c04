#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "common/result.h"

namespace endpoint {

/// Who sent which picture when: a file that all endpoints of a machine map, so that a receiver can
/// say how old a picture is, whoever sent it (CLOCK_MONOTONIC is one for all processes).
///
/// Thread: one writer per identity, any number of readers. Holds the last 65536 pictures and 4096
/// bursts of each of 64 identities; two processes must not use one identity at a time.
class SendTable {
  public:
    [[nodiscard]] static common::Result<std::unique_ptr<SendTable>> open(
        const std::filesystem::path& file);
    ~SendTable();

    /// Forgets what that identity sent before.
    void begin(std::uint32_t identity, const std::filesystem::path& clip);
    void note_picture(std::uint32_t identity, std::uint32_t number, std::int64_t sent_ns);
    void note_burst(std::uint32_t identity, std::int64_t sent_ns);

    /// Empty when that identity never sent.
    [[nodiscard]] std::string clip_of(std::uint32_t identity) const;
    /// When picture `number` was sent for the last time before `seen_ns`.
    [[nodiscard]] std::optional<std::int64_t> picture_sent(std::uint32_t identity,
                                                           std::uint32_t number,
                                                           std::int64_t seen_ns) const;
    /// When that identity's last burst before `heard_ns` began.
    [[nodiscard]] std::optional<std::int64_t> burst_sent(std::uint32_t identity,
                                                         std::int64_t heard_ns) const;

  private:
    SendTable() = default;
    struct Mapped;
    Mapped* mapped_ = nullptr;
};

}  // namespace endpoint
