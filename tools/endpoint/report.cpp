#include "tools/endpoint/report.h"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "mixer/video/png.h"
#include "tools/endpoint/ideal_picture.h"
#include "tools/endpoint/sound_analysis.h"

namespace endpoint {
namespace {

using nlohmann::json;

double rounded(double value) {
    return std::round(value * 100) / 100;
}

double since(std::int64_t begin_ns, std::int64_t at_ns) {
    return std::round(static_cast<double>(at_ns - begin_ns) / 1e6) / 1e3;
}

json to_json(const Spread& spread) {
    return {{"p50", rounded(spread.p50)},
            {"p95", rounded(spread.p95)},
            {"worst", rounded(spread.worst)},
            {"mean", rounded(spread.mean)},
            {"count", spread.count}};
}

json to_json(const std::map<std::uint32_t, StreamCount>& streams) {
    json list = json::array();
    for (const auto& [ssrc, count] : streams) {
        const double seconds = static_cast<double>(count.last_ns - count.first_ns) / 1e9;
        list.push_back(
            {{"ssrc", ssrc},
             {"packets", count.packets},
             {"lost", count.lost()},
             {"jitter_ms", rounded(count.jitter_ms)},
             {"kbps",
              seconds > 0 ? std::round(static_cast<double>(count.bytes) * 8 / seconds / 1000) : 0},
             {"seconds", rounded(seconds)}});
    }
    return list;
}

json to_json(const std::vector<Freeze>& freezes, std::int64_t begin_ns) {
    json list = json::array();
    for (const Freeze& freeze : freezes) {
        list.push_back({{"begin_s", since(begin_ns, freeze.begin_ns)},
                        {"seconds", since(freeze.begin_ns, freeze.end_ns)}});
    }
    return list;
}

/// Decodes a recording once, as far as nobody did who received the same: codes of every picture,
/// PSNR of some.
struct Watched {
    Watched(const Options& opts, const SendTable& sent, PictureMemory& known)
        : options(opts), table(sent), memory(known) {}

    void watch(const Recording& recording);
    [[nodiscard]] std::size_t decoded_until(const Recording& recording) const;
    void decode(const ReceivedPicture& received, const std::string& hash, SeenPicture& picture);
    void compare(const mixer::FrameRef& picture, const SeenPicture& seen);

    const Options& options;
    const SendTable& table;
    PictureMemory& memory;
    mixer::FramePool pool{std::size_t{512} << 20U};
    AvVideoDecoder decoder{pool};
    IdealPicture ideal{pool};
    std::vector<SeenPicture> seen;
    std::vector<double> psnr;
    std::vector<std::string> hashes;
    mixer::FrameRef last;
    std::int64_t first_ns = 0;
    bool whole = true;  ///< nothing has been missing so far
};

void Watched::watch(const Recording& recording) {
    for (const ReceivedPicture& received : recording.pictures) {
        hashes.push_back(hash_of_nals(received.bytes));
    }
    const std::size_t decoded = decoded_until(recording);
    for (std::size_t i = 0; i < recording.pictures.size(); ++i) {
        const ReceivedPicture& received = recording.pictures[i];
        SeenPicture picture;
        picture.arrived_ns = received.arrived_ns;
        picture.released_ns = received.released_ns;
        picture.follows_gap = received.follows_gap;
        picture.key = has_idr(received.bytes);
        if (i < decoded) {
            decode(received, hashes[i], picture);
        } else if (auto known = memory.find(hashes[i])) {
            picture.decoded = true;
            picture.size = known->size;
            picture.codes = std::move(known->codes);
        }
        seen.push_back(std::move(picture));
    }
}

/// All of it where pictures themselves are wanted, or something was missing.
std::size_t Watched::decoded_until(const Recording& recording) const {
    const bool gap = std::any_of(recording.pictures.begin(), recording.pictures.end(),
                                 [](const ReceivedPicture& each) { return each.follows_gap; });
    if (options.psnr_every > 0 || !options.png.empty() || gap) return recording.pictures.size();
    return memory.unknown_until(hashes);
}

void Watched::decode(const ReceivedPicture& received, const std::string& hash,
                     SeenPicture& picture) {
    whole = whole && !received.follows_gap;
    const mixer::FrameRef frame = decoder.decode(received.bytes);
    if (!frame) return;
    const double aspect = static_cast<double>(options.clip.size.width) / options.clip.size.height;
    picture.decoded = true;
    picture.size = frame->size();
    picture.codes = find_bar_codes(
        {frame->y(), frame->stride_y(), frame->size().width, frame->size().height}, aspect);
    if (whole && decoder.error_count() == 0) memory.keep(hash, {picture.size, picture.codes});
    if (first_ns == 0) first_ns = picture.arrived_ns;
    const double age_s = since(first_ns, picture.arrived_ns);
    const bool wanted =
        options.psnr_every > 0 && seen.size() % static_cast<std::size_t>(options.psnr_every) == 0;
    if (wanted && age_s >= options.skip_seconds) compare(frame, picture);
    last = frame;
}

void Watched::compare(const mixer::FrameRef& picture, const SeenPicture& codes) {
    for (const FoundCode& found : codes.codes) {
        ideal.add_person(found.code.who, table.clip_of(found.code.who));
    }
    if (const auto value = ideal.psnr(*picture, codes.codes)) psnr.push_back(*value);
}

/// When each picture was there, and its bytes: rates of any time are worked out of these.
void add_arrivals(const Recording& recording, json& video) {
    video["arrivals_s"] = video["arrivals_bytes"] = json::array();
    for (const ReceivedPicture& picture : recording.pictures) {
        video["arrivals_s"].push_back(since(recording.invited_ns, picture.arrived_ns));
        video["arrivals_bytes"].push_back(picture.bytes.size());
    }
}

json video_json(const Recording& recording, const Watched& watched, const Options& options,
                const SendTable& table) {
    const PictureFindings found =
        judge_pictures(watched.seen, static_cast<std::int64_t>(options.skip_seconds * 1e9), &table);
    const std::int64_t begin = recording.invited_ns;
    json video{{"pictures", found.pictures},
               {"judged_seconds", rounded(found.seconds)},
               {"fps", rounded(found.fps)},
               {"arrival_fps", rounded(found.arrival_fps)},
               {"decoder_errors", watched.decoder.error_count()},
               {"latency_ms", to_json(found.latency_ms)},
               {"streams", to_json(recording.video_streams)},
               {"sha1", watched.hashes}};
    add_arrivals(recording, video);
    video["first_picture_s"] =
        found.first_picture_ns == 0 ? json() : json(since(begin, found.first_picture_ns));
    for (const char* list : {"key_frames_s", "sizes", "tiles"}) {
        video[list] = json::array();
    }
    video["freezes"] = to_json(found.freezes, begin);
    video["damages"] = to_json(found.damages, begin);
    const RepairCount& repair = recording.repair;
    video["repair"] = {{"asked", repair.asked},
                       {"repaired", repair.repaired},
                       {"never_came", repair.never_came},
                       {"asked_of_us", repair.asked_of_us},
                       {"sent_again", repair.sent_again}};
    video["latency_percentiles_ms"] = json::array();
    for (const double value : found.latency_percentiles_ms) {
        video["latency_percentiles_ms"].push_back(rounded(value));
    }
    video["advances_s"] = json::array();
    for (const std::int64_t at : found.advances_ns) {
        video["advances_s"].push_back(since(begin, at));
    }
    for (const std::int64_t at : found.key_frames_ns) {
        video["key_frames_s"].push_back(since(begin, at));
    }
    for (const common::PictureSize& size : found.sizes) {
        video["sizes"].push_back(std::to_string(size.width) + "x" + std::to_string(size.height));
    }
    for (const auto& [who, person] : found.people) {
        video["tiles"].push_back({{"identity", who},
                                  {"x", std::round(person.tile.left)},
                                  {"y", std::round(person.tile.top)},
                                  {"width", std::round(person.tile.width)},
                                  {"height", std::round(person.tile.height)},
                                  {"pictures", person.pictures},
                                  {"advances", person.advances},
                                  {"first_s", since(begin, person.first_ns)},
                                  {"last_s", since(begin, person.last_ns)},
                                  {"freezes", to_json(person.freezes, begin)},
                                  {"latency_ms", to_json(person.latency_ms)}});
    }
    if (!watched.psnr.empty()) {
        const Spread psnr = spread_of(watched.psnr);
        video["psnr_db"] = {
            {"mean", rounded(psnr.mean)},
            {"worst", rounded(*std::min_element(watched.psnr.begin(), watched.psnr.end()))},
            {"pictures", psnr.count}};
    }
    return video;
}

json audio_json(const Recording& recording, const HeardSound& heard, std::uint32_t identity,
                const Options& options, const SendTable& table) {
    const SoundFindings found = judge_sound(heard, identity, options.skip_seconds, &table);
    json audio{{"packets", heard.packets},
               {"undecodable", heard.undecodable},
               {"lost", heard.lost},
               {"lost_in_next", heard.in_next},
               {"concealed_s", json::array()},
               {"telephone_events", heard.telephone_events},
               {"judged_seconds", rounded(found.seconds)},
               {"own_heard", found.own_heard},
               {"own_level_dbfs", rounded(found.own_level_dbfs)},
               {"snr_db",
                {{"p50", rounded(found.snr_db.p50)},
                 {"p5", rounded(found.worst_snr_db)},
                 {"windows", found.snr_db.count}}},
               {"latency_ms", to_json(found.latency_ms)},
               {"streams", to_json(recording.audio_streams)}};
    audio["tones"] = json::array();
    for (const auto& [who, tone] : found.tones) {
        audio["tones"].push_back({{"identity", who},
                                  {"hz", tone_hz(who)},
                                  {"level_dbfs", rounded(tone.level_dbfs)},
                                  {"present", rounded(tone.present)},
                                  {"first_s", since(recording.invited_ns, tone.first_ns)},
                                  {"last_s", since(recording.invited_ns, tone.last_ns)}});
    }
    for (const std::int64_t at : heard.concealed_ns) {
        audio["concealed_s"].push_back(since(recording.invited_ns, at));
    }
    audio["bursts"] = json::array();
    for (const auto& burst : found.bursts) {
        audio["bursts"].push_back({{"at_s", since(recording.invited_ns, burst.arrived_ns)},
                                   {"latency_ms", rounded(burst.latency_ms)}});
    }
    audio["codecs"] = json::array();
    for (const auto& [type, codec] : recording.audio_codecs) {
        audio["codecs"].push_back(facts_of(codec).encoding);
    }
    return audio;
}

/// RIFF, 16 bits, mono.
bool write_wav(const std::string& file, const std::vector<float>& samples) {
    std::ofstream out(file, std::ios::binary);
    const auto u32 = [&out](std::uint32_t value) {
        for (int i = 0; i < 4; ++i) out.put(static_cast<char>(value >> (8 * i) & 0xff));
    };
    const auto u16 = [&out](std::uint32_t value) {
        for (int i = 0; i < 2; ++i) out.put(static_cast<char>(value >> (8 * i) & 0xff));
    };
    const auto bytes = static_cast<std::uint32_t>(2 * samples.size());
    out << "RIFF";
    u32(36 + bytes);
    out << "WAVEfmt ";
    u32(16);
    u16(1);
    u16(1);
    u32(HeardSound::kRate);
    u32(2 * HeardSound::kRate);
    u16(2);
    u16(16);
    out << "data";
    u32(bytes);
    for (const float sample : samples) {
        const long value = std::lround(std::clamp(sample, -1.0F, 1.0F) * 32767);
        u16(static_cast<std::uint32_t>(value) & 0xffff);
    }
    return static_cast<bool>(out.flush());
}

}  // namespace

std::string file_for(const std::string& name, std::uint32_t identity, int count) {
    if (count == 1) return name;
    const std::filesystem::path path(name);
    return (path.parent_path() /
            (path.stem().string() + "-" + std::to_string(identity) + path.extension().string()))
        .string();
}

std::string hash_of_nals(const std::vector<std::uint8_t>& annex_b) {
    GChecksum* sum = g_checksum_new(G_CHECKSUM_SHA1);
    std::size_t nal = annex_b.size();  // where the current one began
    const auto close = [&](std::size_t end) {
        while (end > nal && annex_b[end - 1] == 0) --end;  // trailing zeros, RFC 6184 has none
        if (end > nal) g_checksum_update(sum, annex_b.data() + nal, static_cast<gssize>(end - nal));
    };
    for (std::size_t i = 0; i + 2 < annex_b.size(); ++i) {
        if (annex_b[i] != 0 || annex_b[i + 1] != 0 || annex_b[i + 2] != 1) continue;
        if (nal < i) close(i);
        nal = i + 3;
        i += 2;
    }
    close(annex_b.size());
    const std::string text = g_checksum_get_string(sum);
    g_checksum_free(sum);
    return text;
}

common::Result<void> Report::write_files(std::uint32_t identity, const Recording& recording,
                                         const mixer::FrameRef& last,
                                         const std::vector<float>& samples) const {
    const auto cannot = [](const std::string& file) {
        return common::fail(common::ErrorCode::Io, "write '" + file + "'");
    };
    if (!options_.png.empty() && last) {
        const std::string file = file_for(options_.png, identity, options_.count);
        auto png = mixer::encode_png(*last);
        if (!png) return common::fail_in(file, png.error());
        std::ofstream out(file, std::ios::binary);
        out.write(reinterpret_cast<const char*>(png->data()),
                  static_cast<std::streamsize>(png->size()));
        if (!out.flush()) return cannot(file);
    }
    if (!options_.wav.empty()) {
        const std::string file = file_for(options_.wav, identity, options_.count);
        if (!write_wav(file, samples)) return cannot(file);
    }
    if (!options_.dump_stream.empty()) {
        const std::string file = file_for(options_.dump_stream, identity, options_.count);
        std::ofstream out(file, std::ios::binary);
        for (const ReceivedPicture& picture : recording.pictures) {
            out.write(reinterpret_cast<const char*>(picture.bytes.data()),
                      static_cast<std::streamsize>(picture.bytes.size()));
        }
        if (!out.flush()) return cannot(file);
    }
    return {};
}

common::Result<std::string> Report::judge(const std::string& name, std::uint32_t identity,
                                          const Recording& recording) const {
    json report{{"name", name},
                {"identity", identity},
                {"status", recording.status},
                {"phrase", recording.phrase},
                {"answered_s", recording.answered_ns == 0
                                   ? json()
                                   : json(since(recording.invited_ns, recording.answered_ns))},
                {"ended_s", since(recording.invited_ns, recording.ended_ns)},
                {"invited_monotonic_ns", recording.invited_ns},
                {"key_frame_requests_received", recording.key_frame_requests_received},
                {"fast_updates_received", recording.fast_updates_received},
                {"remote_offers", recording.remote_offers}};
    Watched watched(options_, table_, memory_);
    HeardSound heard;
    if (options_.analyse) {
        watched.watch(recording);
        report["video"] = video_json(recording, watched, options_, table_);
    } else {
        report["video"] = {{"pictures", recording.pictures.size()},
                           {"streams", to_json(recording.video_streams)}};
        add_arrivals(recording, report["video"]);
    }
    const std::uint32_t place = identity - static_cast<std::uint32_t>(options_.identity);
    if (options_.analyse && place < static_cast<std::uint32_t>(options_.judge_sound)) {
        heard = decode_sound(recording);
        report["audio"] = audio_json(recording, heard, identity, options_, table_);
    } else {
        report["audio"] = {{"packets", recording.sounds.size()},
                           {"latency_ms", to_json(Spread{})},
                           {"bursts", json::array()},
                           {"streams", to_json(recording.audio_streams)}};
    }
    if (auto written = write_files(identity, recording, watched.last, heard.samples); !written) {
        return tl::unexpected(written.error());
    }
    return report.dump(1);
}

}  // namespace endpoint
