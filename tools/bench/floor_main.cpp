// tessera-bench-floor: what a perfect bridge would have sent and paid, for a stream that a caller
// recorded. Composes the ideal pictures out of the senders' clips, encodes them as the mixer would,
// and compares; times decoding, scaling and encoding on one thread, best of three.

#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "mixer/codec/video_decoder.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/video/scaler.h"
#include "tools/bench/recorded_stream.h"
#include "tools/endpoint/av_video.h"
#include "tools/endpoint/clip.h"
#include "tools/endpoint/ideal_picture.h"
#include "tools/endpoint/send_table.h"

namespace {

using endpoint::FoundCode;
using mixer::FrameRef;
using nlohmann::json;

constexpr int kTimes = 3;
constexpr double kAspect = 16.0 / 9;

struct Options {
    std::string stream, table;
    int people = 9, most_pictures = 240, settle_pictures = 60, every = 5;
    int kbps = 1000, fps = 30;
};

struct Watched {
    std::size_t index;  ///< in the recording
    std::vector<FoundCode> codes;
    std::optional<double> psnr;
};

/// CPU time of this thread: what others do on the machine hardly shows.
double cpu_ms() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

template <typename Work>
double best_ms(const Work& work) {
    double best = 1e300;
    for (int i = 0; i < kTimes; ++i) {
        const double began = cpu_ms();
        work();
        best = std::min(best, cpu_ms() - began);
    }
    return best;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

json quality_of(const std::vector<double>& values) {
    if (values.empty()) return {};
    return {{"mean", std::accumulate(values.begin(), values.end(), 0.0) /
                         static_cast<double>(values.size())},
            {"worst", *std::min_element(values.begin(), values.end())},
            {"pictures", values.size()}};
}

class Floor {
  public:
    Floor(const Options& options, const endpoint::SendTable& table,
          const bench::RecordedStream& stream)
        : options_(options), table_(table), stream_(stream) {}

    [[nodiscard]] common::Result<json> measure() {
        watch();
        if (watched_.size() < static_cast<std::size_t>(2 * options_.settle_pictures)) {
            return common::fail(common::ErrorCode::InvalidArgument,
                                "only " + std::to_string(watched_.size()) + " pictures show " +
                                    std::to_string(options_.people) + " people");
        }
        if (auto found = find_tiles(); !found) return tl::unexpected(found.error());
        compose();
        return judge();
    }

  private:
    struct Person {
        std::shared_ptr<const endpoint::Clip> clip;
        mixer::PixelRect tile;
    };

    /// The longest beginning of the recording's part in which exactly `people` are seen.
    void watch() {
        endpoint::AvVideoDecoder decoder(pool_);
        const auto most = static_cast<std::size_t>(options_.most_pictures);
        for (std::size_t i = 0; i < stream_.size() && watched_.size() < most; ++i) {
            const FrameRef picture = decoder.decode(stream_.access_unit(i));
            if (!picture) continue;
            size_ = picture->size();
            auto codes = endpoint::find_bar_codes(
                {picture->y(), picture->stride_y(), size_.width, size_.height}, kAspect);
            if (codes.size() != static_cast<std::size_t>(options_.people)) {
                // An unread code in the middle is no change of people.
                if (watched_.size() < static_cast<std::size_t>(options_.settle_pictures)) {
                    watched_.clear();
                }
                continue;
            }
            Watched now{i, std::move(codes), {}};
            if (judged(watched_.size())) {
                for (const FoundCode& found : now.codes) {
                    received_.add_person(found.code.who, table_.clip_of(found.code.who));
                }
                now.psnr = received_.psnr(*picture, now.codes);
            }
            watched_.push_back(std::move(now));
        }
    }

    [[nodiscard]] bool judged(std::size_t n) const {
        return n >= static_cast<std::size_t>(options_.settle_pictures) &&
               n % static_cast<std::size_t>(options_.every) == 0;
    }

    [[nodiscard]] common::Result<void> find_tiles() {
        struct Edges {
            std::vector<double> left, top, width, height;
        };
        std::map<std::uint32_t, Edges> seen;
        for (const Watched& picture : watched_) {
            for (const FoundCode& found : picture.codes) {
                Edges& edges = seen[found.code.who];
                edges.left.push_back(found.frame.left);
                edges.top.push_back(found.frame.top);
                edges.width.push_back(found.frame.width);
                edges.height.push_back(found.frame.height);
            }
        }
        const auto even = [](double value) { return static_cast<int>(std::lround(value / 2)) * 2; };
        for (auto& [who, edges] : seen) {
            auto clip = endpoint::Clip::load(table_.clip_of(who));
            if (!clip) return common::fail_in("person " + std::to_string(who), clip.error());
            people_[who] = {*clip,
                            {even(median(edges.left)), even(median(edges.top)),
                             even(median(edges.width)), even(median(edges.height))}};
        }
        return {};
    }

    [[nodiscard]] mixer::PixelRect inside(const mixer::PixelRect& tile) const {
        const int x = std::clamp(tile.x, 0, size_.width - 2);
        const int y = std::clamp(tile.y, 0, size_.height - 2);
        return {x, y, std::min(tile.width, size_.width - x),
                std::min(tile.height, size_.height - y)};
    }

    /// Tiles on grey; without labels and borders, which makes it a little cheaper than the real
    /// picture: the floor is not flattered.
    void compose() {
        std::map<std::uint32_t, endpoint::ClipReader> readers;
        for (const auto& [who, person] : people_) {
            readers.emplace(who, endpoint::ClipReader(person.clip, pool_));
        }
        mixer::Scaler scaler;
        for (const Watched& picture : watched_) {
            mixer::FrameWriter canvas = pool_.acquire(size_);
            if (!canvas) return;
            const auto height = static_cast<std::size_t>(size_.height);
            std::memset(canvas->writable_y(), 32,
                        height * static_cast<std::size_t>(canvas->stride_y()));
            for (std::uint8_t* plane : {canvas->writable_u(), canvas->writable_v()}) {
                std::memset(plane, 128, height / 2 * static_cast<std::size_t>(canvas->stride_uv()));
            }
            for (const FoundCode& found : picture.codes) {
                const auto reader = readers.find(found.code.who);
                if (reader == readers.end()) continue;
                const FrameRef from = reader->second.picture(found.code.frame);
                if (!from) continue;
                const mixer::PixelRect tile = inside(people_.at(found.code.who).tile);
                scaler.scale(*from, mixer::crop_to_shape(from->size(), tile.size()), *canvas, tile);
            }
            ideal_.push_back(std::move(canvas).publish());
        }
    }

    struct Encoded {
        std::vector<std::vector<std::uint8_t>> pictures;
        std::size_t settled_bytes = 0;
    };

    [[nodiscard]] common::Result<Encoded> encode() const {
        const mixer::StreamFormat format{.size = size_, .frames_per_second = options_.fps};
        auto encoder = mixer::make_x264_encoder(format, common::Bitrate::from_kbps(options_.kbps));
        if (!encoder) return tl::unexpected(encoder.error());
        Encoded all;
        for (const FrameRef& picture : ideal_) {
            auto coded = (*encoder)->encode(*picture, mixer::PictureType::Predicted);
            if (!coded) return tl::unexpected(coded.error());
            std::vector<std::uint8_t> bytes;
            for (const auto nal : coded->nals) {
                bytes.insert(bytes.end(), {0, 0, 0, 1});
                bytes.insert(bytes.end(), nal.begin(), nal.end());
            }
            keep(all, std::move(bytes));
        }
        return all;
    }

    /// What anybody gets of x264 superfast, zerolatency, at the same rate: none of our settings.
    [[nodiscard]] common::Result<Encoded> encode_by_stock() const {
        constexpr int kNeverAgain = 1'000'000;
        auto encoder = endpoint::AvVideoEncoder::create({.size = size_,
                                                         .fps = options_.fps,
                                                         .kbps = options_.kbps,
                                                         .key_interval = kNeverAgain});
        if (!encoder) return tl::unexpected(encoder.error());
        Encoded all;
        for (const FrameRef& picture : ideal_) {
            auto coded = (*encoder)->encode(*picture);
            if (!coded) return tl::unexpected(coded.error());
            keep(all, std::move(coded->bytes));
        }
        return all;
    }

    void keep(Encoded& all, std::vector<std::uint8_t> picture) const {
        if (all.pictures.size() >= static_cast<std::size_t>(options_.settle_pictures)) {
            all.settled_bytes += picture.size();
        }
        all.pictures.push_back(std::move(picture));
    }

    [[nodiscard]] json rate_and_quality(const Encoded& encoded) {
        const auto settle = static_cast<std::size_t>(options_.settle_pictures);
        return {{"kbps", kbps(encoded.settled_bytes, ideal_.size() - settle)},
                {"psnr_db", quality_of(quality_against_ideal(encoded))}};
    }

    [[nodiscard]] std::vector<double> quality_against_ideal(const Encoded& encoded) {
        endpoint::AvVideoDecoder decoder(pool_);
        endpoint::IdealPicture ideal(pool_);
        for (const auto& [who, person] : people_) ideal.add_person(who, table_.clip_of(who));
        std::vector<double> values;
        for (std::size_t i = 0; i < encoded.pictures.size(); ++i) {
            const FrameRef picture = decoder.decode(encoded.pictures[i]);
            if (!picture || !judged(i)) continue;
            if (const auto psnr = ideal.psnr(*picture, watched_[i].codes)) values.push_back(*psnr);
        }
        return values;
    }

    [[nodiscard]] double kbps(std::size_t bytes, std::size_t pictures) const {
        return static_cast<double>(bytes) * 8 * options_.fps / static_cast<double>(pictures) / 1000;
    }

    [[nodiscard]] double received_kbps() const {
        const auto settle = static_cast<std::size_t>(options_.settle_pictures);
        std::size_t bytes = 0;
        const std::size_t first = watched_[settle].index, last = watched_.back().index;
        for (std::size_t i = first; i <= last; ++i) bytes += stream_.access_unit(i).size();
        return kbps(bytes, last - first + 1);
    }

    [[nodiscard]] common::Result<double> decode_ms() {
        double total = 0;
        for (const auto& [who, person] : people_) {
            const std::uint32_t pictures = std::min(person.clip->size(), 120U);
            std::vector<common::EncodedFrame> frames(pictures);
            for (std::uint32_t i = 0; i < pictures; ++i) {
                const auto bytes = person.clip->access_unit(i);
                frames[i].key_frame = person.clip->is_key(i);
                frames[i].bytes.assign(bytes.begin(), bytes.end());
            }
            auto decoder = mixer::make_h264_decoder(pool_);
            if (!decoder) return tl::unexpected(decoder.error());
            const double ms = best_ms([&] {
                for (const auto& frame : frames) (void)(*decoder)->decode(frame);
            });
            total += ms / pictures;
        }
        return total;
    }

    [[nodiscard]] double scale_ms() {
        mixer::Scaler scaler;
        double total = 0;
        for (const auto& [who, person] : people_) {
            const FrameRef from = endpoint::ClipReader(person.clip, pool_).picture(0);
            const mixer::PixelRect tile = inside(person.tile);
            mixer::FrameWriter canvas = pool_.acquire(size_);
            if (!from || !canvas) continue;
            constexpr int kPictures = 60;
            total += best_ms([&] {
                         for (int i = 0; i < kPictures; ++i) {
                             scaler.scale(*from, mixer::crop_to_shape(from->size(), tile.size()),
                                          *canvas, tile);
                         }
                     }) /
                     kPictures;
        }
        return total;
    }

    [[nodiscard]] common::Result<json> judge() {
        common::Result<Encoded> encoded;
        const double encode_all_ms = best_ms([&] { encoded = encode(); });
        if (!encoded) return tl::unexpected(encoded.error());
        const auto stock = encode_by_stock();
        if (!stock) return tl::unexpected(stock.error());
        const auto decode_all_ms = decode_ms();
        if (!decode_all_ms) return tl::unexpected(decode_all_ms.error());
        std::vector<double> received;
        for (const Watched& picture : watched_) {
            if (picture.psnr) received.push_back(*picture.psnr);
        }
        const double encode_ms = encode_all_ms / static_cast<double>(ideal_.size());
        const double scale_all_ms = scale_ms();
        const double people = static_cast<double>(people_.size());
        json result;
        result["people"] = people_.size();
        result["pictures"] = ideal_.size();
        result["received"] = {{"kbps", received_kbps()}, {"psnr_db", quality_of(received)}};
        result["reference"] = rate_and_quality(*stock);
        result["own_encoder"] = rate_and_quality(*encoded);
        result["cpu_ms"] = {{"decode_one", *decode_all_ms / people},
                            {"scale_one", scale_all_ms / people},
                            {"encode", encode_ms}};
        result["floor_cores"] = (*decode_all_ms + encode_ms) * options_.fps / 1000;
        result["floor_with_scaling_cores"] =
            (*decode_all_ms + scale_all_ms + encode_ms) * options_.fps / 1000;
        return result;
    }

    const Options& options_;
    const endpoint::SendTable& table_;
    const bench::RecordedStream& stream_;
    mixer::FramePool pool_{std::size_t{1200} << 20U};
    endpoint::IdealPicture received_{pool_};
    common::PictureSize size_;
    std::vector<Watched> watched_;
    std::map<std::uint32_t, Person> people_;
    std::vector<FrameRef> ideal_;
};

int fail(const common::Error& error) {
    std::cerr << "tessera-bench-floor: " << error.message << "\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("What a perfect bridge would have sent and paid for a recorded stream.");
    app.add_option("stream", options.stream, "H.264 as received, Annex B")->required();
    app.add_option("--table", options.table, "the endpoints' send table")->required();
    app.add_option("--people", options.people, "seen at a time")->capture_default_str();
    app.add_option("--pictures", options.most_pictures)->capture_default_str();
    app.add_option("--kbps", options.kbps, "the rung's rate")->capture_default_str();
    app.add_option("--fps", options.fps)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    auto table = endpoint::SendTable::open(options.table);
    if (!table) return fail(table.error());
    auto stream = bench::RecordedStream::load(options.stream);
    if (!stream) return fail(stream.error());
    auto result = Floor(options, **table, *stream).measure();
    if (!result) return fail(result.error());
    std::cout << result->dump(1) << "\n";
    return 0;
}
