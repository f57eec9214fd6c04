#include "storage/metadata/sql_metadata_store.h"

#include <utility>

#include "common/log.h"
#include "storage/metadata/clean_text.h"
#include "storage/metadata/migrations.h"
#include "storage/metadata/postgres_connection.h"
#include "storage/metadata/sqlite_connection.h"

namespace storage {
namespace {

using common::ErrorCode;
using common::Result;

SqlValue value_of(const std::optional<std::int64_t>& number) {
    return number ? SqlValue(*number) : SqlValue();
}

/// Takes the columns of a row in order. What is of another type counts as empty: the tables are
/// ours.
class RowReader {
  public:
    explicit RowReader(const SqlRow& row) : row_(row) {}
    std::string text() {
        const auto* value = next<std::string>();
        return value == nullptr ? std::string() : *value;
    }
    std::int64_t number() { return optional_number().value_or(0); }
    std::optional<std::int64_t> optional_number() {
        const auto* value = next<std::int64_t>();
        return value == nullptr ? std::nullopt : std::optional(*value);
    }
    double real() {
        const auto* value = next<double>();
        return value == nullptr ? 0 : *value;
    }

  private:
    template <typename T>
    const T* next() {
        return at_ < row_.size() ? std::get_if<T>(&row_[at_++]) : nullptr;
    }
    const SqlRow& row_;
    std::size_t at_ = 0;
};

SqlStatement statement(const MeetingRecord& meeting) {
    // What ended stays ended, in whatever order records come again.
    return {
        "INSERT INTO meetings (id, room, began_ms, ended_ms) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (id) DO UPDATE SET ended_ms = excluded.ended_ms"
        " WHERE meetings.ended_ms IS NULL",
        {meeting.id, meeting.room, meeting.began_ms, value_of(meeting.ended_ms)}};
}

constexpr const char* kCallColumns =
    "id, meeting, room, name, uri, protocol, transport, remote_address, user_agent, joined_ms,"
    " left_ms, cause, ending, audio_codec, video_codec, packets_received, packets_lost, jitter_ms,"
    " round_trip_ms, remote_loss_percent, concealed_percent, freezes";

SqlStatement statement(const CallRecord& call) {
    return {
        std::string("INSERT INTO calls (") + kCallColumns +
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
            " $18, $19, $20, $21, $22) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " left_ms = excluded.left_ms, cause = excluded.cause, ending = excluded.ending,"
            " audio_codec = excluded.audio_codec, video_codec = excluded.video_codec,"
            " packets_received = excluded.packets_received, packets_lost = excluded.packets_lost,"
            " jitter_ms = excluded.jitter_ms, round_trip_ms = excluded.round_trip_ms,"
            " remote_loss_percent = excluded.remote_loss_percent,"
            " concealed_percent = excluded.concealed_percent, freezes = excluded.freezes"
            " WHERE calls.left_ms IS NULL",
        {call.id,
         call.meeting,
         call.room,
         call.name,
         call.uri,
         call.protocol,
         call.transport,
         call.remote_address,
         call.user_agent,
         call.joined_ms,
         value_of(call.left_ms),
         call.cause,
         call.ending,
         call.audio_codec,
         call.video_codec,
         call.packets_received,
         call.packets_lost,
         call.jitter_ms,
         call.round_trip_ms,
         call.remote_loss_percent,
         call.concealed_percent,
         call.freezes}};
}

SqlStatement statement(const EventRecord& event) {
    return {
        "INSERT INTO events (id, room, meeting, at_ms, kind, actor, participant, detail)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        {event.id, event.room, event.meeting, event.at_ms, event.kind, event.actor,
         event.participant, event.detail}};
}

void add_statements(const MeetingsRunning& running, std::vector<SqlStatement>& into) {
    std::string others = "(''";
    std::vector<SqlValue> values{running.now_ms};
    for (const std::string& id : running.ids) {
        values.emplace_back(id);
        others += ", $" + std::to_string(values.size());
    }
    others += ")";
    into.push_back(
        {"UPDATE calls SET left_ms = $1, cause = 'lost', ending = 'the server was not there when"
         " it ended' WHERE left_ms IS NULL AND meeting NOT IN " +
             others,
         values});
    into.push_back(
        {"UPDATE meetings SET ended_ms = $1 WHERE ended_ms IS NULL AND id NOT IN " + others,
         std::move(values)});
}

CallRecord call_of(const SqlRow& row) {
    RowReader read(row);
    CallRecord call;
    for (std::string* text :
         {&call.id, &call.meeting, &call.room, &call.name, &call.uri, &call.protocol,
          &call.transport, &call.remote_address, &call.user_agent}) {
        *text = read.text();
    }
    call.joined_ms = read.number();
    call.left_ms = read.optional_number();
    for (std::string* text : {&call.cause, &call.ending, &call.audio_codec, &call.video_codec}) {
        *text = read.text();
    }
    call.packets_received = read.number();
    call.packets_lost = read.number();
    for (double* real : {&call.jitter_ms, &call.round_trip_ms, &call.remote_loss_percent,
                         &call.concealed_percent}) {
        *real = read.real();
    }
    call.freezes = read.number();
    return call;
}

EventRecord event_of(const SqlRow& row) {
    RowReader read(row);
    EventRecord event;
    event.seq = read.number();
    for (std::string* text : {&event.id, &event.room, &event.meeting}) *text = read.text();
    event.at_ms = read.number();
    for (std::string* text : {&event.kind, &event.actor, &event.participant, &event.detail}) {
        *text = read.text();
    }
    return event;
}

MeetingRecord meeting_of(const SqlRow& row) {
    RowReader read(row);
    MeetingRecord meeting;
    meeting.id = read.text();
    meeting.room = read.text();
    meeting.began_ms = read.number();
    meeting.ended_ms = read.optional_number();
    return meeting;
}

class SqlMetadataStore final : public MetadataStore {
  public:
    explicit SqlMetadataStore(std::unique_ptr<SqlConnection> database)
        : database_(std::move(database)) {}

    Result<void> write(std::span<const Record> records) override {
        std::vector<SqlStatement> statements;
        for (const Record& record : records) {
            std::visit(
                [&](const auto& known) {
                    if constexpr (std::is_same_v<decltype(known), const MeetingsRunning&>) {
                        add_statements(known, statements);
                    } else {
                        statements.push_back(statement(known));
                    }
                },
                record);
        }
        for (SqlStatement& each : statements) {
            for (SqlValue& value : each.values) {
                if (auto* text = std::get_if<std::string>(&value)) *text = clean_text(*text);
            }
        }
        if (auto ready = reach(); !ready) return ready;
        return database_->transact(statements);
    }

    /// The database is there and of the newest version.
    Result<void> reach() {
        if (migrated_) return {};
        auto migrated = migrate(*database_);
        migrated_ = migrated.has_value();
        return migrated;
    }

    Result<std::vector<EventRecord>> events(const EventQuery& query) override {
        return read_all(
            {"SELECT seq, id, room, meeting, at_ms, kind, actor, participant, detail FROM events"
             " WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3",
             {query.room, query.after_seq, std::int64_t{query.limit}}},
            event_of);
    }

    Result<std::vector<CallRecord>> calls(const CallQuery& query) override {
        SqlStatement ask{
            std::string("SELECT ") + kCallColumns + " FROM calls WHERE id > $1 AND joined_ms >= $2",
            {query.after_id, query.joined_from_ms}};
        const auto add = [&ask](const char* condition, SqlValue value) {
            ask.values.push_back(std::move(value));
            ask.sql += condition + std::to_string(ask.values.size());
        };
        if (!query.room.empty()) add(" AND room = $", query.room);
        if (query.joined_before_ms) add(" AND joined_ms < $", *query.joined_before_ms);
        ask.sql += " ORDER BY id";
        add(" LIMIT $", std::int64_t{query.limit});
        return read_all(ask, call_of);
    }

    Result<std::vector<MeetingRecord>> meetings(const std::string& room) override {
        return read_all(
            {"SELECT id, room, began_ms, ended_ms FROM meetings WHERE room = $1 ORDER BY id",
             {room}},
            meeting_of);
    }

  private:
    template <typename T>
    Result<std::vector<T>> read_all(const SqlStatement& ask, T (*read)(const SqlRow&)) {
        if (auto ready = reach(); !ready) return tl::unexpected(ready.error());
        const auto rows = database_->query(ask);
        if (!rows) return tl::unexpected(rows.error());
        std::vector<T> all;
        for (const SqlRow& row : *rows) all.push_back(read(row));
        return all;
    }

    std::unique_ptr<SqlConnection> database_;
    bool migrated_ = false;
};

}  // namespace

Result<std::unique_ptr<MetadataStore>> open_sql_store(std::unique_ptr<SqlConnection> database,
                                                      WhenAway when_away) {
    auto store = std::make_unique<SqlMetadataStore>(std::move(database));
    const auto reached = store->reach();
    if (reached) return store;
    if (when_away == WhenAway::Fail || reached.error().code != ErrorCode::Unavailable)
        return tl::unexpected(reached.error());
    LOG_WARNING("{}", reached.error().message);
    return store;
}

Result<std::unique_ptr<MetadataStore>> open_metadata_store(const std::string& where) {
    constexpr std::string_view kSqlite = "sqlite:";
    const bool is_file = where.starts_with(kSqlite);
    if (!is_file && !where.starts_with("postgresql://")) {
        return common::fail(
            ErrorCode::InvalidArgument,
            "'" + where + "' is no metadata store: expected sqlite:PATH or postgresql://...");
    }
    auto database = is_file ? open_sqlite(where.substr(kSqlite.size())) : open_postgres(where);
    if (!database) return tl::unexpected(database.error());
    return open_sql_store(*std::move(database), is_file ? WhenAway::Fail : WhenAway::Wait);
}

}  // namespace storage
