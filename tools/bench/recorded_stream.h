#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "mixer/video/frame_pool.h"
#include "tools/endpoint/bar_code.h"

namespace bench {

/// H.264 as one caller received it (`tessera-endpoint --dump-stream`), Annex B.
class RecordedStream {
  public:
    [[nodiscard]] static common::Result<RecordedStream> load(const std::string& file);
    [[nodiscard]] std::size_t size() const { return pictures_.size(); }
    [[nodiscard]] std::span<const std::uint8_t> access_unit(std::size_t index) const {
        return std::span(bytes_).subspan(pictures_[index].offset, pictures_[index].bytes);
    }

  private:
    struct Picture {
        std::size_t offset, bytes;
    };
    std::vector<std::uint8_t> bytes_;
    std::vector<Picture> pictures_;
};

}  // namespace bench
