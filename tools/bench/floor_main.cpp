// tessera-bench-floor: what a perfect bridge would have sent and paid, for a stream that a caller
// recorded. Composes the ideal pictures out of the senders' clips, encodes them as the mixer would,
// and compares; and times decoding, scaling and encoding (codec_floor.h, sound_floor.h).

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "mixer/codec/video_encoder.h"
#include "mixer/video/scaler.h"
#include "tools/bench/codec_floor.h"
#include "tools/bench/recorded_stream.h"
#include "tools/bench/sound_floor.h"
#include "tools/endpoint/av_video.h"
#include "tools/endpoint/clip.h"
#include "tools/endpoint/ideal_picture.h"
#include "tools/endpoint/send_table.h"

namespace {

using endpoint::FoundCode;
using mixer::FrameRef;
using nlohmann::json;

constexpr std::size_t kLeastPictures = 60;
constexpr double kAspect = 16.0 / 9;
constexpr int kPacketsPerSecond = 50;  // of sound

/// So many encoders of one kind.
struct Rung {
    common::PictureSize size;
    int kbps = 1000, count = 1;
};

struct Options {
    std::string stream, table;
    int people = 9, senders = 0, from = 0, most_pictures = 300, settle_pictures = 120, every = 5;
    int kbps = 1000;
    int fps = 30;                  ///< of the senders, and of a bridge with time for everything
    int drawn_fps = 0;             ///< what the bridge set out to draw; 0: `fps`
    double received_fps = 0;       ///< what came of it; 0: `drawn_fps`
    int voices = 0;                ///< who sends sound
    double sounds_per_second = 0;  ///< packets of sound that are encoded
    std::vector<std::string> encoders;
    std::vector<Rung> rungs;  ///< `encoders`, read
};

/// "1280x720@1000*9"; false when it says something else.
bool read_rungs(Options& options) {
    for (const std::string& text : options.encoders) {
        Rung rung;
        char end = 0;
        if (std::sscanf(text.c_str(), "%dx%d@%d*%d%c", &rung.size.width, &rung.size.height,
                        &rung.kbps, &rung.count, &end) != 4 ||
            rung.size.width < 64 || rung.size.height < 64 || rung.kbps < 16 || rung.count < 1) {
            return false;
        }
        options.rungs.push_back(rung);
    }
    return true;
}

struct Watched {
    std::size_t index;  ///< in the recording
    std::vector<FoundCode> codes;
    FrameRef picture;  ///< until the ideal one was made of it
};

/// Luma PSNR of the judged pictures, as received and as two encoders make them of the ideal ones.
struct Judged {
    double received = 0, own = 0, stock = 0;
};

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
        if (watched_.size() < kLeastPictures) {
            return common::fail(common::ErrorCode::InvalidArgument,
                                "only " + std::to_string(watched_.size()) + " pictures show " +
                                    std::to_string(options_.people) + " people");
        }
        // A bridge far beyond its load showed too few: half of them is left to judge.
        options_.settle_pictures =
            std::min(options_.settle_pictures, static_cast<int>(watched_.size() / 2));
        if (auto found = find_tiles(); !found) return tl::unexpected(found.error());
        if (auto judged = compose_and_judge(); !judged) return tl::unexpected(judged.error());
        return figures();
    }

  private:
    struct Person {
        std::shared_ptr<const endpoint::Clip> clip;
        mixer::PixelRect tile;
    };

    /// From picture `from` on the longest beginning of the part in which exactly `people` are seen.
    void watch() {
        endpoint::AvVideoDecoder decoder(pool_);
        const auto from = static_cast<std::size_t>(options_.from);
        const auto most = static_cast<std::size_t>(options_.most_pictures);
        for (std::size_t i = 0; i < stream_.size() && watched_.size() < most; ++i) {
            const FrameRef picture = decoder.decode(stream_.access_unit(i));
            if (!picture || i < from) continue;
            // Another size is another stream; the last one counts.
            if (picture->size() != size_) watched_.clear();
            size_ = picture->size();
            auto codes = endpoint::find_bar_codes(
                {picture->y(), picture->stride_y(), size_.width, size_.height}, kAspect);
            if (codes.size() != static_cast<std::size_t>(options_.people)) {
                // An unread code in the middle is no change of people.
                const bool few =
                    static_cast<double>(codes.size()) < 0.9 * static_cast<double>(options_.people);
                if (few && watched_.size() < static_cast<std::size_t>(options_.settle_pictures)) {
                    watched_.clear();
                }
                continue;
            }
            watched_.push_back({i, std::move(codes), picture});
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
            clips_->add_person(who, table_.clip_of(who));
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

    /// What the bridge drew: names, borders, the ring around who speaks and what lies between tiles
    /// as received (what stands still costs nearly nothing to encode again), all else ideal.
    [[nodiscard]] FrameRef compose(const Watched& picture) {
        mixer::FrameWriter canvas = pool_.acquire(size_);
        if (!canvas) return {};
        copy({*picture.picture, {}}, *canvas, {0, 0, size_.width, size_.height});
        for (const FoundCode& found : picture.codes) {
            const auto person = people_.find(found.code.who);
            if (person == people_.end()) continue;
            const FrameRef from = clips_->picture(found.code.who, found.code.frame);
            if (!from) continue;
            const mixer::PixelRect tile = inside(person->second.tile);
            mixer::FrameWriter scaled = pool_.acquire(tile.size());
            if (!scaled) return {};
            scaler_.scale(*from, mixer::crop_to_shape(from->size(), tile.size()), *scaled,
                          {0, 0, tile.width, tile.height});
            for (const mixer::PixelRect& part : beside_the_name(tile)) {
                copy({*scaled, {tile.x, tile.y}}, *canvas, part);
            }
        }
        return std::move(canvas).publish();
    }

    struct Placed {
        const mixer::VideoFrame& picture;
        struct {
            int x = 0, y = 0;
        } at;  ///< on the canvas
    };

    /// `part`: on the canvas, even.
    static void copy(const Placed& from, mixer::VideoFrame& to, const mixer::PixelRect& part) {
        const auto plane = [&](const std::uint8_t* source, int source_stride, std::uint8_t* target,
                               int target_stride, int share) {
            for (int y = part.y / share; y < (part.y + part.height) / share; ++y) {
                std::memcpy(
                    target + static_cast<std::ptrdiff_t>(y) * target_stride + part.x / share,
                    source + static_cast<std::ptrdiff_t>(y - from.at.y / share) * source_stride +
                        (part.x - from.at.x) / share,
                    static_cast<std::size_t>(part.width / share));
            }
        };
        const mixer::VideoFrame& source = from.picture;
        plane(source.y(), source.stride_y(), to.writable_y(), to.stride_y(), 1);
        plane(source.u(), source.stride_uv(), to.writable_u(), to.stride_uv(), 2);
        plane(source.v(), source.stride_uv(), to.writable_v(), to.stride_uv(), 2);
    }

    /// A tile without its border, and without the left lower corner, where the name stands.
    static std::array<mixer::PixelRect, 2> beside_the_name(const mixer::PixelRect& tile) {
        constexpr double kBorder = 0.025, kNameWidth = 0.35, kNameHeight = 0.16;
        const auto even = [](double value) { return static_cast<int>(std::lround(value / 2)) * 2; };
        const int edge = even(tile.height * kBorder) + 2;
        const int name_width = even(tile.width * kNameWidth);
        const int name_height = even(tile.height * kNameHeight);
        return {mixer::PixelRect{tile.x + edge, tile.y + edge, tile.width - 2 * edge,
                                 tile.height - edge - name_height},
                mixer::PixelRect{tile.x + name_width, tile.y + tile.height - name_height,
                                 tile.width - name_width - edge, name_height - edge}};
    }

    /// An encoder, and what a viewer of it sees.
    struct Compared {
        std::function<common::Result<std::vector<std::uint8_t>>(const mixer::VideoFrame&)> encode;
        endpoint::AvVideoDecoder decoder;
        endpoint::IdealPicture ideal;
        std::size_t settled_bytes = 0;

        Compared(mixer::FramePool& pool, const std::shared_ptr<endpoint::ClipShelf>& clips)
            : decoder(pool), ideal(pool, clips) {}
    };

    /// The mixer's own, with nothing but ideal pictures before it.
    [[nodiscard]] common::Result<void> open_own(Compared& compared) const {
        const mixer::StreamFormat format{.size = size_, .frames_per_second = options_.fps};
        auto made = mixer::make_x264_encoder(format, common::Bitrate::from_kbps(options_.kbps));
        if (!made) return tl::unexpected(made.error());
        std::shared_ptr<mixer::VideoEncoder> encoder = std::move(*made);
        encoder->set_pictures_per_second(options_.drawn_fps);
        compared.encode =
            [encoder](
                const mixer::VideoFrame& picture) -> common::Result<std::vector<std::uint8_t>> {
            auto coded = encoder->encode(picture, mixer::PictureType::Predicted);
            if (!coded) return tl::unexpected(coded.error());
            std::vector<std::uint8_t> bytes;
            for (const auto nal : coded->nals) {
                bytes.insert(bytes.end(), {0, 0, 0, 1});
                bytes.insert(bytes.end(), nal.begin(), nal.end());
            }
            return bytes;
        };
        return {};
    }

    /// What anybody gets of x264 superfast, zerolatency, at the same rate: none of our settings.
    [[nodiscard]] common::Result<void> open_stock(Compared& compared) const {
        constexpr int kNeverAgain = 1'000'000;
        auto made = endpoint::AvVideoEncoder::create({.size = size_,
                                                      .fps = options_.drawn_fps,
                                                      .kbps = options_.kbps,
                                                      .key_interval = kNeverAgain});
        if (!made) return tl::unexpected(made.error());
        std::shared_ptr<endpoint::AvVideoEncoder> encoder = std::move(*made);
        compared.encode =
            [encoder](
                const mixer::VideoFrame& picture) -> common::Result<std::vector<std::uint8_t>> {
            auto coded = encoder->encode(picture);
            if (!coded) return tl::unexpected(coded.error());
            return std::move(coded->bytes);
        };
        return {};
    }

    /// The ideal pictures; and each that is judged against what was received and what both
    /// encoders make of it. One walk, as decoding everybody's clip is most of the work.
    [[nodiscard]] common::Result<void> compose_and_judge() {
        Compared own(pool_, clips_), stock(pool_, clips_);
        if (auto opened = open_own(own); !opened) return opened;
        if (auto opened = open_stock(stock); !opened) return opened;
        for (std::size_t i = 0; i < watched_.size(); ++i) {
            FrameRef ideal = compose(watched_[i]);
            if (!ideal) return common::fail(common::ErrorCode::Internal, "no memory for pictures");
            const auto by_own = next(own, *ideal, i), by_stock = next(stock, *ideal, i);
            if (!by_own) return tl::unexpected(by_own.error());
            if (!by_stock) return tl::unexpected(by_stock.error());
            ideal_.push_back(std::move(ideal));
            const FrameRef seen = std::move(watched_[i].picture);
            if (!judged(i) || !*by_own || !*by_stock) continue;
            const auto received = received_.psnr(*seen, watched_[i].codes);
            if (received) judged_.push_back({*received, **by_own, **by_stock});
        }
        own_kbps_ = kbps(own.settled_bytes, settled());
        stock_kbps_ = kbps(stock.settled_bytes, settled());
        return {};
    }

    /// PSNR of the next picture, where it is judged.
    [[nodiscard]] common::Result<std::optional<double>> next(Compared& compared,
                                                             const mixer::VideoFrame& ideal,
                                                             std::size_t i) const {
        const auto coded = compared.encode(ideal);
        if (!coded) return tl::unexpected(coded.error());
        if (i >= static_cast<std::size_t>(options_.settle_pictures)) {
            compared.settled_bytes += coded->size();
        }
        const FrameRef seen = compared.decoder.decode(*coded);
        if (!seen || !judged(i)) return std::optional<double>();
        return compared.ideal.psnr(*seen, watched_[i].codes);
    }

    [[nodiscard]] std::size_t settled() const {
        return watched_.size() - static_cast<std::size_t>(options_.settle_pictures);
    }

    [[nodiscard]] json rate_and_quality(double rate_kbps, double Judged::*which) const {
        std::vector<double> values;
        for (const Judged& each : judged_) values.push_back(each.*which);
        return {{"kbps", rate_kbps}, {"psnr_db", quality_of(values)}};
    }

    [[nodiscard]] double kbps(std::size_t bytes, std::size_t pictures) const {
        return static_cast<double>(bytes) * 8 * options_.received_fps /
               static_cast<double>(pictures) / 1000;
    }

    [[nodiscard]] double received_kbps() const {
        const auto settle = static_cast<std::size_t>(options_.settle_pictures);
        std::size_t bytes = 0;
        const std::size_t first = watched_[settle].index, last = watched_.back().index;
        for (std::size_t i = first; i <= last; ++i) bytes += stream_.access_unit(i).size();
        return kbps(bytes, last - first + 1);
    }

    /// Everybody whose picture comes in, also those whom this viewer does not see.
    [[nodiscard]] common::Result<void> add_senders() {
        const mixer::PixelRect tile = people_.begin()->second.tile;
        const auto senders = static_cast<std::uint32_t>(options_.senders);
        for (std::uint32_t who = 1; who <= senders; ++who) {
            if (people_.contains(who)) continue;
            auto clip = endpoint::Clip::load(table_.clip_of(who));
            if (!clip) return common::fail_in("person " + std::to_string(who), clip.error());
            people_[who] = {*clip, tile};
        }
        return {};
    }

    [[nodiscard]] std::vector<FrameRef> smaller(common::PictureSize size) {
        std::vector<FrameRef> all;
        mixer::Scaler scaler;
        for (const FrameRef& picture : ideal_) {
            mixer::FrameWriter canvas = pool_.acquire(size);
            if (!canvas) break;
            scaler.scale(*picture, {0, 0, size_.width, size_.height}, *canvas,
                         {0, 0, size.width, size.height});
            all.push_back(std::move(canvas).publish());
        }
        return all;
    }

    /// By how much the worst received picture lies below the reference's of the same moment.
    [[nodiscard]] json worst_loss_db() const {
        std::optional<double> worst;
        for (const Judged& each : judged_) {
            worst = std::max(worst.value_or(-100), each.own - each.received);
        }
        return worst ? json(*worst) : json();
    }

    [[nodiscard]] common::Result<json> figures() {
        json result;
        result["people"] = people_.size();
        result["pictures"] = ideal_.size();
        result["received"] = rate_and_quality(received_kbps(), &Judged::received);
        result["reference"] = rate_and_quality(stock_kbps_, &Judged::stock);
        result["own_encoder"] = rate_and_quality(own_kbps_, &Judged::own);
        result["worst_loss_db"] = worst_loss_db();
        if (options_.rungs.empty()) options_.rungs.push_back({size_, options_.kbps, 1});
        if (auto added = add_senders(); !added) return tl::unexpected(added.error());
        std::vector<bench::Sender> senders;
        for (const auto& [who, person] : people_) {
            senders.push_back({person.clip, inside(person.tile)});
        }
        std::vector<bench::EncoderGroup> groups;
        for (const Rung& rung : options_.rungs) {
            groups.push_back({rung.size, rung.kbps, rung.count,
                              rung.size == size_ ? ideal_ : smaller(rung.size)});
        }
        const auto costs = bench::codec_floor(senders, size_, groups, options_.fps, pool_);
        if (!costs) return tl::unexpected(costs.error());
        json rungs = json::array();
        for (std::size_t i = 0; i < groups.size(); ++i) {
            rungs.push_back({{"width", groups[i].size.width},
                             {"height", groups[i].size.height},
                             {"kbps", groups[i].kbps},
                             {"encoders", groups[i].count},
                             {"encode_ms", costs->encode_ms[i] / groups[i].count}});
        }
        const double count = static_cast<double>(senders.size());
        result["senders"] = senders.size();
        result["rungs"] = rungs;
        result["cpu_ms"] = {{"decode_one", costs->decode_ms / count},
                            {"scale_one", costs->scale_ms / count}};
        const double picture_cores = costs->all_ms() * options_.fps / 1000;
        result["picture_floor_cores"] = picture_cores;
        result["floor_cores"] = picture_cores;
        if (options_.voices > 0) {
            const auto sound = bench::sound_floor(options_.voices);
            if (!sound) return tl::unexpected(sound.error());
            result["cpu_ms"]["decode_one_sound"] = sound->decode_one_ms;
            result["cpu_ms"]["encode_one_sound"] = sound->encode_one_ms;
            const double decoded_per_second = kPacketsPerSecond * options_.voices;
            result["floor_cores"] =
                picture_cores + (sound->decode_one_ms * decoded_per_second +
                                 sound->encode_one_ms * options_.sounds_per_second) /
                                    1000;
        }
        return result;
    }

    Options options_;
    const endpoint::SendTable& table_;
    const bench::RecordedStream& stream_;
    mixer::FramePool pool_{std::size_t{1200} << 20U};
    std::shared_ptr<endpoint::ClipShelf> clips_ = std::make_shared<endpoint::ClipShelf>(pool_);
    endpoint::IdealPicture received_{pool_, clips_};
    mixer::Scaler scaler_;
    common::PictureSize size_;
    std::vector<Watched> watched_;
    std::map<std::uint32_t, Person> people_;
    std::vector<FrameRef> ideal_;
    std::vector<Judged> judged_;
    double own_kbps_ = 0, stock_kbps_ = 0;
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
    app.add_option("--fps", options.fps, "of the senders")->capture_default_str();
    app.add_option("--drawn-fps", options.drawn_fps,
                   "what the bridge set out to draw, where it is not --fps");
    app.add_option("--received-fps", options.received_fps, "what came of it");
    app.add_option("--from", options.from, "pictures before this one are decoded, no more")
        ->capture_default_str();
    app.add_option("--senders", options.senders,
                   "identities 1 to this are decoded and scaled, too");
    app.add_option("--voices", options.voices, "identities 1 to this send sound, which is decoded");
    app.add_option("--sounds-per-second", options.sounds_per_second,
                   "packets of sound that are encoded for all of them");
    app.add_option("--encoders", options.encoders,
                   "what is encoded for the floor: WIDTHxHEIGHT@KBPS*COUNT; one as received");
    CLI11_PARSE(app, argc, argv);
    if (options.drawn_fps <= 0) options.drawn_fps = options.fps;
    if (options.received_fps <= 0) options.received_fps = options.drawn_fps;
    if (!read_rungs(options)) return fail({common::ErrorCode::InvalidArgument, "--encoders"});
    auto table = endpoint::SendTable::open(options.table);
    if (!table) return fail(table.error());
    auto stream = bench::RecordedStream::load(options.stream);
    if (!stream) return fail(stream.error());
    auto result = Floor(options, **table, *stream).measure();
    if (!result) return fail(result.error());
    std::cout << result->dump(1) << "\n";
    return 0;
}
