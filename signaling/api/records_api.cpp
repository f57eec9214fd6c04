#include "signaling/api/records_api.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

namespace signaling {
namespace {

using nlohmann::json;
using storage::CallRecord;
using storage::EventRecord;

constexpr std::int64_t kMostRows = 1000;
constexpr std::int64_t kAnyNumber = std::int64_t{1} << 53;  // what JSON's readers can all hold

/// The numbers of a query; remembers the first one that is none.
class QueryReader {
  public:
    explicit QueryReader(const ApiRequest& request) : request_(request) {}

    std::optional<std::int64_t> number(const char* name, std::int64_t most) {
        const auto given = request_.query.find(name);
        if (given == request_.query.end()) return std::nullopt;
        const std::string& text = given->second;
        std::int64_t value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
        if (whole && value >= 0 && value <= most) return value;
        if (problem_.empty()) {
            problem_ = std::string(name) + ": expected a number from 0 to " + std::to_string(most);
        }
        return std::nullopt;
    }
    std::string text(const char* name) {
        const auto given = request_.query.find(name);
        return given == request_.query.end() ? std::string() : given->second;
    }
    /// Empty: all is well.
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    const ApiRequest& request_;
    std::string problem_;
};

json number_or_null(const std::optional<std::int64_t>& number) {
    return number ? json(*number) : json(nullptr);
}

json to_json(const EventRecord& event) {
    json detail = json::parse(event.detail, nullptr, false);
    if (detail.is_discarded()) detail = nullptr;
    return {{"seq", event.seq},
            {"id", event.id},
            {"meeting", event.meeting},
            {"at_ms", event.at_ms},
            {"kind", event.kind},
            {"actor", event.actor},
            {"participant", event.participant},
            {"detail", std::move(detail)}};
}

json to_json(const CallRecord& call) {
    return {{"id", call.id},
            {"meeting", call.meeting},
            {"room", call.room},
            {"name", call.name},
            {"uri", call.uri},
            {"protocol", call.protocol},
            {"transport", call.transport},
            {"remote_address", call.remote_address},
            {"user_agent", call.user_agent},
            {"joined_ms", call.joined_ms},
            {"left_ms", number_or_null(call.left_ms)},
            {"cause", call.cause},
            {"ending", call.ending},
            {"audio_codec", call.audio_codec},
            {"video_codec", call.video_codec},
            {"packets_received", call.packets_received},
            {"packets_lost", call.packets_lost},
            {"jitter_ms", call.jitter_ms},
            {"round_trip_ms", call.round_trip_ms},
            {"remote_loss_percent", call.remote_loss_percent},
            {"concealed_percent", call.concealed_percent},
            {"freezes", call.freezes}};
}

// One page of rows under `name`; `next` is where the page after it begins, null when there is none.
template <typename T>
void answer_rows(const common::Result<std::vector<T>>& rows, const char* name, int limit,
                 json (*next_of)(const T&), const Respond& respond) {
    if (!rows) return respond(api_error(rows.error()));
    json list = json::array();
    for (const T& row : *rows) list.push_back(to_json(row));
    const bool full = std::cmp_equal(rows->size(), limit);
    const json body = {{name, std::move(list)},
                       {"next", full ? next_of(rows->back()) : json(nullptr)}};
    respond(
        {200, "application/json", body.dump(-1, ' ', false, json::error_handler_t::replace), ""});
}

void nothing_is_kept(const Respond& respond) {
    respond(api_error(409, "nothing_is_kept", "metadata is off: no records are kept"));
}

void answer_events(storage::RecordArchive& archive, const ApiRequest& request,
                   const std::string& room, const Respond& respond) {
    QueryReader read(request);
    storage::EventQuery query;
    query.room = room;
    query.after_seq = read.number("after", kAnyNumber).value_or(0);
    query.limit =
        static_cast<int>(std::max<std::int64_t>(1, read.number("limit", kMostRows).value_or(500)));
    if (!read.problem().empty()) return respond(api_error(400, "invalid_argument", read.problem()));
    archive.events(query, [respond, limit = query.limit](const auto& rows) {
        answer_rows<EventRecord>(
            rows, "events", limit, [](const EventRecord& last) { return json(last.seq); }, respond);
    });
}

void answer_calls(storage::RecordArchive& archive, const ApiRequest& request,
                  const Respond& respond) {
    QueryReader read(request);
    storage::CallQuery query;
    query.room = read.text("room");
    query.after_id = read.text("after");
    query.joined_from_ms = read.number("from_ms", kAnyNumber).value_or(0);
    query.joined_before_ms = read.number("before_ms", kAnyNumber);
    query.limit =
        static_cast<int>(std::max<std::int64_t>(1, read.number("limit", kMostRows).value_or(500)));
    if (!read.problem().empty()) return respond(api_error(400, "invalid_argument", read.problem()));
    archive.calls(query, [respond, limit = query.limit](const auto& rows) {
        answer_rows<CallRecord>(
            rows, "calls", limit, [](const CallRecord& last) { return json(last.id); }, respond);
    });
}

}  // namespace

void add_records_api(Router& router, storage::RecordArchive* archive) {
    router.add(
        "GET", "/v1/rooms/{room}/events",
        [archive](const ApiRequest& request, const Router::Parameters& p, const Respond& respond) {
            if (archive == nullptr) return nothing_is_kept(respond);
            answer_events(*archive, request, p.at("room"), respond);
        });
    router.add("GET", "/v1/calls",
               [archive](const ApiRequest& request, const auto&, const Respond& respond) {
                   if (archive == nullptr) return nothing_is_kept(respond);
                   answer_calls(*archive, request, respond);
               });
}

}  // namespace signaling
