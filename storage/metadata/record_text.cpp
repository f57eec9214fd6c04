#include "storage/metadata/record_text.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

namespace storage {
namespace {

using nlohmann::json;

constexpr std::size_t kChecksumDigits = 8;

std::uint32_t checksum(std::string_view text) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

/// Writes the members of a record into JSON, or reads them: one list for both ways.
class Writer {
  public:
    template <typename T>
    void operator()(const char* name, const T& member) {
        text[name] = member;
    }
    void operator()(const char* name, const std::optional<std::int64_t>& member) {
        text[name] = member ? json(*member) : json(nullptr);
    }
    json text = json::object();
};

class Reader {
  public:
    explicit Reader(const json& from) : text_(from) {}
    template <typename T>
    void operator()(const char* name, T& member) {
        member = text_.at(name).get<T>();
    }
    void operator()(const char* name, std::int64_t& member) {
        member = whole_number(text_.at(name));
    }
    void operator()(const char* name, std::optional<std::int64_t>& member) {
        const json& value = text_.at(name);
        if (!value.is_null()) member = whole_number(value);
    }

  private:
    // The library would convert fractions, too: one beyond the range has no defined value then.
    static std::int64_t whole_number(const json& value) {
        constexpr auto kLargest =
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (!value.is_number_integer() ||
            (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest))
            throw json::type_error::create(302, "no whole number of 64 bits", &value);
        return value.get<std::int64_t>();
    }

    const json& text_;
};

template <typename Visit, typename Meeting>
void members(Visit& visit, Meeting& record, const MeetingRecord*) {
    visit("id", record.id);
    visit("room", record.room);
    visit("began_ms", record.began_ms);
    visit("ended_ms", record.ended_ms);
}

template <typename Visit, typename Call>
void members(Visit& visit, Call& record, const CallRecord*) {
    visit("id", record.id);
    visit("meeting", record.meeting);
    visit("room", record.room);
    visit("name", record.name);
    visit("uri", record.uri);
    visit("protocol", record.protocol);
    visit("transport", record.transport);
    visit("remote_address", record.remote_address);
    visit("user_agent", record.user_agent);
    visit("joined_ms", record.joined_ms);
    visit("left_ms", record.left_ms);
    visit("cause", record.cause);
    visit("ending", record.ending);
    visit("audio_codec", record.audio_codec);
    visit("video_codec", record.video_codec);
    visit("packets_received", record.packets_received);
    visit("packets_lost", record.packets_lost);
    visit("jitter_ms", record.jitter_ms);
    visit("round_trip_ms", record.round_trip_ms);
    visit("remote_loss_percent", record.remote_loss_percent);
    visit("concealed_percent", record.concealed_percent);
    visit("freezes", record.freezes);
}

template <typename Visit, typename Event>
void members(Visit& visit, Event& record, const EventRecord*) {
    visit("id", record.id);
    visit("room", record.room);
    visit("meeting", record.meeting);
    visit("at_ms", record.at_ms);
    visit("kind", record.kind);
    visit("actor", record.actor);
    visit("participant", record.participant);
    visit("detail", record.detail);
}

template <typename Visit, typename Running>
void members(Visit& visit, Running& record, const MeetingsRunning*) {
    visit("ids", record.ids);
    visit("now_ms", record.now_ms);
}

constexpr std::array kTypes{"meeting", "call", "event", "running"};  // as Record has them

template <typename T>
Record read(const json& text) {
    T record;
    Reader reader(text);
    members(reader, record, &record);
    return record;
}

}  // namespace

std::string record_line(const Record& record) {
    Writer writer;
    std::visit([&writer](const auto& known) { members(writer, known, &known); }, record);
    writer.text["type"] = kTypes.at(record.index());
    const std::string text = writer.text.dump(-1, ' ', false, json::error_handler_t::replace);
    std::array<char, kChecksumDigits + 2> head{};
    std::snprintf(head.data(), head.size(), "%08x ", checksum(text));
    return head.data() + text + '\n';
}

std::optional<Record> parse_record_line(std::string_view line) {
    if (line.size() <= kChecksumDigits + 1 || line[kChecksumDigits] != ' ') return std::nullopt;
    std::uint32_t told = 0;
    const auto read_sum = std::from_chars(line.data(), line.data() + kChecksumDigits, told, 16);
    const std::string_view text = line.substr(kChecksumDigits + 1);
    if (read_sum.ptr != line.data() + kChecksumDigits || told != checksum(text))
        return std::nullopt;
    const json value = json::parse(text, nullptr, false);
    if (!value.is_object()) return std::nullopt;
    try {
        const auto type = value.at("type").get<std::string>();
        if (type == kTypes[0]) return read<MeetingRecord>(value);
        if (type == kTypes[1]) return read<CallRecord>(value);
        if (type == kTypes[2]) return read<EventRecord>(value);
        if (type == kTypes[3]) return read<MeetingsRunning>(value);
    } catch (const json::exception&) {
        return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace storage
