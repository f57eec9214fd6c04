#include "tools/endpoint/clip.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "mixer/video/frame_pool.h"
#include "tools/endpoint/clip_painter.h"

namespace endpoint {
namespace {

// The file: the header below, then per picture its length and whether it is a key frame, then all
// bytes. Native byte order: a cache is never carried to another machine.
constexpr std::uint32_t kMagic = 0x54434c33;  // another number whenever the painting changes
struct FileHeader {
    std::uint32_t magic, pictures;
    std::int32_t width, height, fps, kbps, key_interval, most_slice_bytes;
};
struct FilePicture {
    std::uint32_t bytes, key;
};

std::string name_of(std::uint32_t identity, const ClipFormat& f, int seconds) {
    return "clip-" + std::to_string(kMagic & 0xff) + "-" + std::to_string(identity) + "-" +
           std::to_string(f.size.width) + "x" + std::to_string(f.size.height) + "-" +
           std::to_string(f.fps) + "fps-" + std::to_string(f.kbps) + "k-" +
           std::to_string(f.key_interval) + "g-" + std::to_string(f.most_slice_bytes) + "s-" +
           std::to_string(seconds) + "s.tclip";
}

template <typename T>
void write_raw(std::ostream& out, const T* values, std::size_t count) {
    out.write(reinterpret_cast<const char*>(values),
              static_cast<std::streamsize>(sizeof(T) * count));
}
template <typename T>
bool read_raw(std::istream& in, T* values, std::size_t count) {
    in.read(reinterpret_cast<char*>(values), static_cast<std::streamsize>(sizeof(T) * count));
    return static_cast<bool>(in);
}

}  // namespace

common::Result<std::shared_ptr<const Clip>> Clip::load_or_make(const std::filesystem::path& folder,
                                                               std::uint32_t identity,
                                                               const ClipFormat& format,
                                                               int seconds) {
    const std::filesystem::path file = folder / name_of(identity, format, seconds);
    if (std::filesystem::exists(file)) {
        if (auto clip = load(file)) return clip;  // a damaged one is made anew
    }
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    const std::shared_ptr<Clip> clip(new Clip);
    clip->format_ = format;
    clip->file_ = file;
    if (auto made = clip->make(identity, seconds); !made) {
        return common::fail_in("clip", made.error());
    }
    if (auto saved = clip->save(); !saved) return common::fail_in("clip", saved.error());
    return clip;
}

common::Result<void> Clip::make(std::uint32_t identity, int seconds) {
    auto encoder = AvVideoEncoder::create(format_);
    if (!encoder) return tl::unexpected(encoder.error());
    mixer::FramePool pool(64U << 20U);
    const ClipPainter painter(identity, format_.size);
    const auto total = static_cast<std::uint32_t>(seconds * format_.fps);
    for (std::uint32_t number = 0; number < total; ++number) {
        mixer::FrameWriter picture = pool.acquire(format_.size);
        if (!picture) return common::fail(common::ErrorCode::InvalidArgument, "picture too large");
        painter.paint(number, total, *picture);
        auto coded = (*encoder)->encode(*picture);
        if (!coded) return tl::unexpected(coded.error());
        pictures_.push_back({bytes_.size(), coded->bytes.size(), coded->key});
        bytes_.insert(bytes_.end(), coded->bytes.begin(), coded->bytes.end());
    }
    return {};
}

common::Result<void> Clip::save() const {
    const std::filesystem::path part = file_.string() + "." + std::to_string(getpid());
    {
        std::ofstream out(part, std::ios::binary);
        const FileHeader header{
            kMagic,      size(),       format_.size.width,   format_.size.height,
            format_.fps, format_.kbps, format_.key_interval, format_.most_slice_bytes};
        write_raw(out, &header, 1);
        for (const Picture& picture : pictures_) {
            const FilePicture entry{static_cast<std::uint32_t>(picture.bytes),
                                    picture.key ? 1U : 0U};
            write_raw(out, &entry, 1);
        }
        write_raw(out, bytes_.data(), bytes_.size());
        if (!out) return common::fail(common::ErrorCode::Io, "write '" + part.string() + "'");
    }
    std::error_code error;
    std::filesystem::rename(part, file_, error);
    if (error) return common::fail(common::ErrorCode::Io, file_.string() + ": " + error.message());
    return {};
}

common::Result<std::shared_ptr<const Clip>> Clip::load(const std::filesystem::path& file) {
    const auto damaged = [&] {
        return common::fail(common::ErrorCode::Io, "'" + file.string() + "' is no clip");
    };
    std::ifstream in(file, std::ios::binary);
    FileHeader header{};
    if (!read_raw(in, &header, 1) || header.magic != kMagic || header.pictures > 65536) {
        return damaged();
    }
    const std::shared_ptr<Clip> clip(new Clip);
    clip->file_ = file;
    clip->format_ = {{header.width, header.height},
                     header.fps,
                     header.kbps,
                     header.key_interval,
                     header.most_slice_bytes};
    std::size_t total = 0;
    for (std::uint32_t i = 0; i < header.pictures; ++i) {
        FilePicture entry{};
        if (!read_raw(in, &entry, 1) || entry.bytes > (16U << 20U)) return damaged();
        clip->pictures_.push_back({total, entry.bytes, entry.key != 0});
        total += entry.bytes;
    }
    clip->bytes_.resize(total);
    if (clip->pictures_.empty() || !read_raw(in, clip->bytes_.data(), total)) return damaged();
    return clip;
}

std::span<const std::uint8_t> Clip::access_unit(std::uint32_t number) const {
    const Picture& picture = pictures_[number];
    return std::span(bytes_).subspan(picture.offset, picture.bytes);
}

std::uint32_t Clip::next_key(std::uint32_t number) const {
    for (std::uint32_t i = 0; i < size(); ++i) {
        const std::uint32_t candidate = (number + i) % size();
        if (pictures_[candidate].key) return candidate;
    }
    return 0;
}

}  // namespace endpoint
