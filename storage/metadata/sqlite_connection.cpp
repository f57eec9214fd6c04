#include "storage/metadata/sqlite_connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

namespace storage {
namespace {

using common::ErrorCode;
using common::Result;

constexpr int kBusyMs = 500;  // somebody reads with another program

ErrorCode code_of(int sqlite) {
    switch (sqlite & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:  // a disk can be emptied
        case SQLITE_IOERR:
            return ErrorCode::Unavailable;
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG:
        case SQLITE_ERROR:
            return ErrorCode::InvalidArgument;
        default:
            return ErrorCode::Io;
    }
}

class SqliteConnection final : public SqlConnection {
  public:
    SqliteConnection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
    ~SqliteConnection() override {
        for (const auto& [sql, prepared] : prepared_) sqlite3_finalize(prepared);
        sqlite3_close(db_);
    }
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    Result<void> transact(std::span<const SqlStatement> statements) override {
        if (auto begun = run("BEGIN IMMEDIATE"); !begun) return begun;
        for (const SqlStatement& statement : statements) {
            if (auto done = query(statement); !done) return roll_back(done.error());
        }
        if (auto committed = run("COMMIT"); !committed) return roll_back(committed.error());
        return {};
    }

    Result<std::vector<SqlRow>> query(const SqlStatement& statement) override {
        auto prepared = prepare(statement.sql);
        if (!prepared) return tl::unexpected(prepared.error());
        bind(*prepared, statement.values);
        std::vector<SqlRow> rows;
        int step = sqlite3_step(*prepared);
        for (; step == SQLITE_ROW; step = sqlite3_step(*prepared)) {
            rows.push_back(row_of(*prepared));
        }
        sqlite3_reset(*prepared);
        sqlite3_clear_bindings(*prepared);
        if (step != SQLITE_DONE) return error(step);
        return rows;
    }

    [[nodiscard]] std::string_view serial_type() const override {
        return "INTEGER PRIMARY KEY AUTOINCREMENT";
    }
    [[nodiscard]] const std::string& name() const override { return path_; }

    Result<void> run(const char* sql) {
        const int result = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
        if (result != SQLITE_OK) return error(result);
        return {};
    }

  private:
    [[nodiscard]] tl::unexpected<common::Error> error(int result) const {
        return common::fail(code_of(result), "database '" + path_ + "': " + sqlite3_errmsg(db_));
    }
    tl::unexpected<common::Error> roll_back(const common::Error& why) {
        static_cast<void>(run("ROLLBACK"));  // SQLite may have done it already
        return tl::unexpected(why);
    }
    Result<sqlite3_stmt*> prepare(const std::string& sql) {
        if (const auto known = prepared_.find(sql); known != prepared_.end()) return known->second;
        sqlite3_stmt* made = nullptr;
        const int result = sqlite3_prepare_v2(db_, sql.c_str(), -1, &made, nullptr);
        if (result != SQLITE_OK) return error(result);
        prepared_[sql] = made;
        return made;
    }
    static void bind(sqlite3_stmt* prepared, const std::vector<SqlValue>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::string name = "$" + std::to_string(i + 1);
            const int at = sqlite3_bind_parameter_index(prepared, name.c_str());
            if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
                sqlite3_bind_int64(prepared, at, *number);
            } else if (const auto* real = std::get_if<double>(&values[i])) {
                sqlite3_bind_double(prepared, at, *real);
            } else if (const auto* text = std::get_if<std::string>(&values[i])) {
                sqlite3_bind_text(prepared, at, text->data(), static_cast<int>(text->size()),
                                  SQLITE_TRANSIENT);
            }
        }
    }
    static SqlRow row_of(sqlite3_stmt* prepared) {
        SqlRow row;
        for (int i = 0; i < sqlite3_column_count(prepared); ++i) {
            switch (sqlite3_column_type(prepared, i)) {
                case SQLITE_INTEGER:
                    row.emplace_back(std::int64_t{sqlite3_column_int64(prepared, i)});
                    break;
                case SQLITE_FLOAT:
                    row.emplace_back(sqlite3_column_double(prepared, i));
                    break;
                case SQLITE_NULL:
                    row.emplace_back();
                    break;
                default: {
                    const auto* text =
                        reinterpret_cast<const char*>(sqlite3_column_text(prepared, i));
                    row.emplace_back(std::string(
                        text, static_cast<std::size_t>(sqlite3_column_bytes(prepared, i))));
                }
            }
        }
        return row;
    }

    sqlite3* db_;
    std::string path_;
    std::map<std::string, sqlite3_stmt*> prepared_;
};

}  // namespace

Result<std::unique_ptr<SqlConnection>> open_sqlite(const std::string& path) {
    // Names and addresses of people stand in it. The files beside it get the same mode.
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return common::fail(ErrorCode::Io, "database '" + path + "': " + std::strerror(errno));
    }
    ::close(file);
    sqlite3* db = nullptr;
    const int opened =
        sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    auto connection = std::make_unique<SqliteConnection>(db, path);
    if (opened != SQLITE_OK) {
        return common::fail(code_of(opened), "database '" + path + "': " + sqlite3_errmsg(db));
    }
    sqlite3_busy_timeout(db, kBusyMs);
    for (const char* setting : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"}) {
        if (auto set = connection->run(setting); !set) return tl::unexpected(set.error());
    }
    return connection;
}

}  // namespace storage
