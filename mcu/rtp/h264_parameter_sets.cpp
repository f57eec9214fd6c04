#include "mcu/rtp/h264_parameter_sets.h"

#include <algorithm>
#include <array>

#include "common/rbsp_reader.h"
#include "mcu/rtp/h264_nal.h"

namespace mcu {

using common::SpsError;

namespace {

constexpr std::array<std::uint8_t, 4> kStartCode{0, 0, 0, 1};

std::optional<std::uint32_t> base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
    if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
    if (c == '+') return 62;
    if (c == '/') return 63;
    return std::nullopt;
}

/// RFC 4648 4; some endpoints leave the padding out.
std::optional<std::vector<std::uint8_t>> decode_base64(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    if (text.size() % 4 == 1) return std::nullopt;
    std::vector<std::uint8_t> bytes;
    std::uint32_t pending = 0;
    int pending_bits = 0;
    for (const char c : text) {
        const auto value = base64_value(c);
        if (!value) return std::nullopt;
        pending = pending << 6 | *value;
        pending_bits += 6;
        if (pending_bits < 8) continue;
        pending_bits -= 8;
        bytes.push_back(static_cast<std::uint8_t>(pending >> pending_bits));
    }
    return bytes;
}

bool equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

bool H264ParameterSets::add_sprop(std::string_view value) {
    bool all_good = true;
    while (!value.empty()) {
        const std::string_view one = value.substr(0, value.find(','));
        value.remove_prefix(std::min(one.size() + 1, value.size()));
        if (one.empty()) continue;  // RFC 6184 8.2.2 puts a bare comma where a stream has no set
        const auto nal = decode_base64(one);
        if (!nal || !add(*nal)) all_good = false;
    }
    return all_good;
}

bool H264ParameterSets::add(std::span<const std::uint8_t> nal) {
    if (nal.empty()) return refuse(SpsError::TooShort);
    if (nal.size() > kMaxSetBytes) return refuse(SpsError::BadField);
    switch (nal_type(nal[0])) {
        case NalType::Sps:
            return add_sps(nal);
        case NalType::Pps:
            return add_pps(nal);
        default:
            return refuse(SpsError::NotAnSps);
    }
}

bool H264ParameterSets::add_sps(std::span<const std::uint8_t> nal) {
    // Most streams repeat the same set with every key frame.
    if (last_sps_ && equal(sps_[last_sps_->id], nal)) return true;
    const auto sps = common::parse_sps(nal);
    if (!sps) return refuse(sps.error());
    sps_[sps->id].assign(nal.begin(), nal.end());
    last_sps_ = *sps;
    return true;
}

bool H264ParameterSets::add_pps(std::span<const std::uint8_t> nal) {
    common::RbspReader reader(nal.subspan(1));
    const std::uint32_t id = reader.unsigned_exp_golomb();
    const std::uint32_t sps_id = reader.unsigned_exp_golomb();
    if (reader.failed()) return refuse(SpsError::TooShort);
    if (id > 255 || sps_id > 31) return refuse(SpsError::BadField);
    pps_[id].assign(nal.begin(), nal.end());
    return true;
}

bool H264ParameterSets::refuse(SpsError error) {
    refusal_ = error;
    ++refused_count_;
    return false;
}

void H264ParameterSets::prepend_to(std::vector<std::uint8_t>& annex_b) const {
    std::size_t bytes = 0;
    for (const auto* sets : {&sps_, &pps_}) {
        for (const auto& [id, nal] : *sets) bytes += kStartCode.size() + nal.size();
    }
    annex_b.insert(annex_b.begin(), bytes, 0);
    auto out = annex_b.begin();
    for (const auto* sets : {&sps_, &pps_}) {
        for (const auto& [id, nal] : *sets) {
            out = std::copy(kStartCode.begin(), kStartCode.end(), out);
            out = std::copy(nal.begin(), nal.end(), out);
        }
    }
}

}  // namespace mcu
