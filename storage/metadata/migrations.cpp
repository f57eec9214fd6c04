#include "storage/metadata/migrations.h"

#include <span>
#include <string>
#include <vector>

namespace storage {
namespace {

using common::ErrorCode;
using common::Result;

// What was released is never changed: a new version is a new list. `{serial}` is the database's
// own word.
const std::vector<std::vector<std::string>>& versions() {
    static const std::vector<std::vector<std::string>> kVersions{
        {
            "CREATE TABLE meetings (id TEXT PRIMARY KEY, room TEXT NOT NULL,"
            " began_ms BIGINT NOT NULL, ended_ms BIGINT)",
            "CREATE INDEX meetings_by_room ON meetings (room, id)",
            "CREATE TABLE calls (id TEXT PRIMARY KEY, meeting TEXT NOT NULL, room TEXT NOT NULL,"
            " name TEXT NOT NULL, uri TEXT NOT NULL, protocol TEXT NOT NULL,"
            " transport TEXT NOT NULL, remote_address TEXT NOT NULL, user_agent TEXT NOT NULL,"
            " joined_ms BIGINT NOT NULL, left_ms BIGINT, cause TEXT NOT NULL, ending TEXT NOT NULL,"
            " audio_codec TEXT NOT NULL, video_codec TEXT NOT NULL,"
            " packets_received BIGINT NOT NULL, packets_lost BIGINT NOT NULL,"
            " jitter_ms DOUBLE PRECISION NOT NULL, round_trip_ms DOUBLE PRECISION NOT NULL,"
            " remote_loss_percent DOUBLE PRECISION NOT NULL,"
            " concealed_percent DOUBLE PRECISION NOT NULL, freezes BIGINT NOT NULL)",
            "CREATE INDEX calls_by_meeting ON calls (meeting)",
            "CREATE INDEX calls_by_room ON calls (room, id)",
            "CREATE TABLE events (seq {serial}, id TEXT NOT NULL UNIQUE, room TEXT NOT NULL,"
            " meeting TEXT NOT NULL, at_ms BIGINT NOT NULL, kind TEXT NOT NULL,"
            " actor TEXT NOT NULL, participant TEXT NOT NULL, detail TEXT NOT NULL)",
            "CREATE INDEX events_by_room ON events (room, seq)",
        },
    };
    return kVersions;
}

std::string in_words_of(const SqlConnection& database, std::string sql) {
    constexpr std::string_view kSerial = "{serial}";
    if (const std::size_t at = sql.find(kSerial); at != std::string::npos) {
        sql.replace(at, kSerial.size(), database.serial_type());
    }
    return sql;
}

Result<int> version_of(SqlConnection& database) {
    const SqlStatement make{
        "CREATE TABLE IF NOT EXISTS tessera_schema (version BIGINT PRIMARY KEY)"};
    if (auto made = database.transact(std::span(&make, 1)); !made) {
        return tl::unexpected(made.error());
    }
    const auto rows = database.query({"SELECT version FROM tessera_schema ORDER BY version DESC"});
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return 0;
    const auto* version = std::get_if<std::int64_t>(&rows->front().front());
    if (version == nullptr)
        return common::fail(ErrorCode::Io, "database '" + database.name() + "': no version in it");
    return static_cast<int>(*version);
}

}  // namespace

int newest_schema_version() {
    return static_cast<int>(versions().size());
}

Result<void> migrate(SqlConnection& database) {
    const auto found = version_of(database);
    if (!found) return tl::unexpected(found.error());
    if (*found > newest_schema_version()) {
        return common::fail(ErrorCode::Unsupported,
                            "database '" + database.name() + "' is of version " +
                                std::to_string(*found) + ", this program knows versions up to " +
                                std::to_string(newest_schema_version()) +
                                ": start the newer program, or restore an older database");
    }
    for (int version = *found + 1; version <= newest_schema_version(); ++version) {
        std::vector<SqlStatement> steps;
        for (const std::string& sql : versions()[static_cast<std::size_t>(version - 1)]) {
            steps.push_back({in_words_of(database, sql)});
        }
        steps.push_back(
            {"INSERT INTO tessera_schema (version) VALUES ($1)", {std::int64_t{version}}});
        if (auto done = database.transact(steps); !done) {
            return common::fail_in("migration to version " + std::to_string(version), done.error());
        }
    }
    return {};
}

}  // namespace storage
