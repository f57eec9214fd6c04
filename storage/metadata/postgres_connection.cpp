#include "storage/metadata/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace storage {
namespace {

using common::ErrorCode;
using common::Result;
using SteadyClock = std::chrono::steady_clock;

// Of pg_type.dat; they never change.
constexpr Oid kInt8 = 20, kInt4 = 23, kText = 25, kFloat8 = 701;

struct ResultDeleter {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;
struct ConnectionDeleter {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionPtr = std::unique_ptr<PGconn, ConnectionDeleter>;

/// The values of a statement as libpq takes them: text, each with its type.
class Parameters {
  public:
    explicit Parameters(const std::vector<SqlValue>& values) {
        texts_.reserve(values.size());
        for (const SqlValue& value : values) add(value);
    }
    bool send(PGconn* connection, const std::string& sql) const {
        return PQsendQueryParams(connection, sql.c_str(), static_cast<int>(types_.size()),
                                 types_.data(), pointers_.data(), nullptr, nullptr, 0) == 1;
    }

  private:
    void add(const SqlValue& value) {
        std::string text;
        Oid type = 0;
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            text = std::to_string(*number);
            type = kInt8;
        } else if (const auto* real = std::get_if<double>(&value)) {
            std::array<char, 40> digits{};  // the shortest that reads as the same number
            const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *real);
            text.assign(digits.data(), end.ptr);
            type = kFloat8;
        } else if (const auto* words = std::get_if<std::string>(&value)) {
            text = *words;
            type = kText;
        }
        texts_.push_back(std::move(text));
        types_.push_back(type);
        pointers_.push_back(type == 0 ? nullptr : texts_.back().c_str());
    }
    std::vector<std::string> texts_;
    std::vector<Oid> types_;
    std::vector<const char*> pointers_;
};

SqlValue value_of(const PGresult* result, int row, int column) {
    if (PQgetisnull(result, row, column) != 0) return {};
    const std::string_view text(PQgetvalue(result, row, column),
                                static_cast<std::size_t>(PQgetlength(result, row, column)));
    const Oid type = PQftype(result, column);
    if (type == kInt8 || type == kInt4) {
        std::int64_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        return number;
    }
    if (type == kFloat8) {
        double real = 0;
        std::from_chars(text.data(), text.data() + text.size(), real);
        return real;
    }
    return std::string(text);
}

// PostgreSQL, appendix A: the first two characters are the class.
ErrorCode code_of(std::string_view state) {
    const std::string_view kind = state.substr(0, 2);
    for (const std::string_view refused : {"0A", "21", "22", "23", "42"}) {
        if (kind == refused) return ErrorCode::InvalidArgument;
    }
    return ErrorCode::Unavailable;
}

std::string without_line_end(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

class PostgresConnection final : public SqlConnection {
  public:
    PostgresConnection(std::string url, std::string name, std::chrono::milliseconds patience)
        : url_(std::move(url)), name_(std::move(name)), patience_(patience) {}

    Result<void> transact(std::span<const SqlStatement> statements) override {
        auto rows = run(statements);
        if (!rows) return tl::unexpected(rows.error());
        return {};
    }
    Result<std::vector<SqlRow>> query(const SqlStatement& statement) override {
        return run(std::span(&statement, 1));
    }
    [[nodiscard]] std::string_view serial_type() const override {
        return "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
    }
    [[nodiscard]] const std::string& name() const override { return name_; }

  private:
    [[nodiscard]] tl::unexpected<common::Error> fail(ErrorCode code, const std::string& why) const {
        return common::fail(code, "database '" + name_ + "': " + without_line_end(why));
    }
    // What is under way is not known any more: the connection goes with it.
    tl::unexpected<common::Error> lose(const std::string& why) {
        auto failure = fail(ErrorCode::Unavailable, why);
        connection_.reset();
        return failure;
    }

    Result<std::vector<SqlRow>> run(std::span<const SqlStatement> statements) {
        const auto deadline = SteadyClock::now() + patience_;
        if (auto there = connect(deadline); !there) return tl::unexpected(there.error());
        PGconn* connection = connection_.get();
        // All up to the sync is one transaction; after a failure the rest is skipped.
        for (const SqlStatement& statement : statements) {
            if (!Parameters(statement.values).send(connection, statement.sql))
                return lose(PQerrorMessage(connection));
        }
        if (PQpipelineSync(connection) != 1) return lose(PQerrorMessage(connection));
        return receive(deadline);
    }

    Result<std::vector<SqlRow>> receive(SteadyClock::time_point deadline) {
        PGconn* connection = connection_.get();
        std::vector<SqlRow> rows;
        std::optional<common::Error> failure;
        while (true) {
            if (auto ready = wait_for_result(deadline); !ready)
                return tl::unexpected(ready.error());
            const ResultPtr result(PQgetResult(connection));
            if (result == nullptr) continue;  // the next statement's
            switch (PQresultStatus(result.get())) {
                case PGRES_PIPELINE_SYNC:
                    if (failure) return tl::unexpected(*std::move(failure));
                    return rows;
                case PGRES_TUPLES_OK:
                    add_rows(result.get(), rows);
                    break;
                case PGRES_COMMAND_OK:
                case PGRES_PIPELINE_ABORTED:
                    break;
                default: {
                    if (PQstatus(connection) != CONNECTION_OK)
                        return lose(PQerrorMessage(connection));
                    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
                    failure = fail(code_of(state == nullptr ? "" : state),
                                   PQresultErrorMessage(result.get()))
                                  .value();
                }
            }
        }
    }

    static void add_rows(const PGresult* result, std::vector<SqlRow>& rows) {
        for (int i = 0; i < PQntuples(result); ++i) {
            SqlRow& row = rows.emplace_back();
            for (int column = 0; column < PQnfields(result); ++column)
                row.push_back(value_of(result, i, column));
        }
    }

    // Sends what is left to be sent, meanwhile: the server may wait for us to read.
    Result<void> wait_for_result(SteadyClock::time_point deadline) {
        PGconn* connection = connection_.get();
        while (true) {
            const int unsent = PQflush(connection);
            if (unsent < 0) return lose(PQerrorMessage(connection));
            if (unsent == 0 && PQisBusy(connection) == 0) return {};
            const short events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
            if (!wait(events, deadline)) return lose("no answer in time");
            if (PQconsumeInput(connection) != 1) return lose(PQerrorMessage(connection));
        }
    }

    Result<void> connect(SteadyClock::time_point deadline) {
        if (connection_ != nullptr && PQstatus(connection_.get()) == CONNECTION_OK) return {};
        connection_.reset(PQconnectStart(url_.c_str()));
        if (connection_ == nullptr) return fail(ErrorCode::Unavailable, "out of memory");
        PGconn* connection = connection_.get();
        PostgresPollingStatusType step = PGRES_POLLING_WRITING;
        while (PQstatus(connection) != CONNECTION_BAD && step != PGRES_POLLING_OK &&
               step != PGRES_POLLING_FAILED) {
            const short events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT;
            if (!wait(events, deadline)) return lose("no connection in time");
            step = PQconnectPoll(connection);
        }
        if (PQstatus(connection) != CONNECTION_OK) return lose(PQerrorMessage(connection));
        PQsetNoticeProcessor(
            connection, [](void*, const char*) {}, nullptr);
        if (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1)
            return lose(PQerrorMessage(connection));
        return {};
    }

    [[nodiscard]] bool wait(short events, SteadyClock::time_point deadline) const {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
        pollfd watched{PQsocket(connection_.get()), events, 0};
        return left.count() > 0 && poll(&watched, 1, static_cast<int>(left.count())) > 0;
    }

    std::string url_;
    std::string name_;
    std::chrono::milliseconds patience_;
    ConnectionPtr connection_;  // null: to be made
};

struct Place {
    std::string host = "local", port, database;
    bool has_password = false;
};

Result<Place> place_of(const std::string& url) {
    char* problem = nullptr;
    PQconninfoOption* options = PQconninfoParse(url.c_str(), &problem);
    if (options == nullptr) {
        std::string why = problem == nullptr ? "it cannot be read" : without_line_end(problem);
        PQfreemem(problem);
        return common::fail(ErrorCode::InvalidArgument, "metadata: " + why);
    }
    Place place;
    for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const std::string_view key = option->keyword;
        if (key == "host") place.host = option->val;
        if (key == "port") place.port = std::string(":") + option->val;
        if (key == "dbname") place.database = std::string("/") + option->val;
        if (key == "password") place.has_password = true;
    }
    PQconninfoFree(options);
    return place;
}

}  // namespace

Result<std::unique_ptr<SqlConnection>> open_postgres(const std::string& url,
                                                     std::chrono::milliseconds patience) {
    const auto place = place_of(url);
    if (!place) return tl::unexpected(place.error());
    if (place->has_password) {
        return common::fail(ErrorCode::InvalidArgument,
                            "metadata: no password here, but in a file of mode 0600: "
                            "?passfile=FILE, with lines HOST:PORT:DATABASE:USER:PASSWORD");
    }
    return std::make_unique<PostgresConnection>(
        url, "postgresql://" + place->host + place->port + place->database, patience);
}

}  // namespace storage
