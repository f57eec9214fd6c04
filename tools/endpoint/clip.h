#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "common/result.h"
#include "tools/endpoint/av_video.h"

namespace endpoint {

/// A loop of H.264, encoded once: sending it costs next to nothing. Immutable, shared by threads.
class Clip {
  public:
    struct Picture {
        std::size_t offset, bytes;
        bool key;
    };

    /// Reads the clip from `folder`, or paints, encodes and keeps it there (some seconds).
    [[nodiscard]] static common::Result<std::shared_ptr<const Clip>> load_or_make(
        const std::filesystem::path& folder, std::uint32_t identity, const ClipFormat& format,
        int seconds);
    [[nodiscard]] static common::Result<std::shared_ptr<const Clip>> load(
        const std::filesystem::path& file);

    /// How many pictures until it begins again; picture n carries the number n.
    [[nodiscard]] std::uint32_t size() const {
        return static_cast<std::uint32_t>(pictures_.size());
    }
    /// Annex B.
    [[nodiscard]] std::span<const std::uint8_t> access_unit(std::uint32_t number) const;
    [[nodiscard]] bool is_key(std::uint32_t number) const { return pictures_[number].key; }
    /// The next picture, from `number` on, that a decoder can start with.
    [[nodiscard]] std::uint32_t next_key(std::uint32_t number) const;
    [[nodiscard]] const ClipFormat& format() const { return format_; }
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  private:
    Clip() = default;
    [[nodiscard]] common::Result<void> make(std::uint32_t identity, int seconds);
    [[nodiscard]] common::Result<void> save() const;

    ClipFormat format_;
    std::filesystem::path file_;
    std::vector<std::uint8_t> bytes_;
    std::vector<Picture> pictures_;
};

}  // namespace endpoint
